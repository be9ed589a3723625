"""The root of the ``dovetail`` command. Each command lives in the file that is named here."""

import errno
import importlib
from collections.abc import Mapping
from typing import Any, cast

import click

__all__ = ["main"]

#: command -> (file in this folder, one line for ``--help``). Files are imported when used, so that
#: ``dovetail --help`` starts at once.
_COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("world", "Run the whole story on this machine and verify its log."),
    "up": ("world", "Keep a small world of agencies running until stopped."),
    "clock": ("world", "Show or move the clock of a world made by `up`."),
    "request": ("request", "Ask agencies for information; follow and withdraw requests."),
    "inbox": ("inbox", "See what an agency was asked, and answer."),
    "case": ("case", "Show one case: who answered, who has not, time left."),
    "deadline": ("deadline", "Work out a due time, its reminders and escalations."),
    "policy": ("policy", "What may be asked of whom, and why; explain a decision."),
    "audit": ("audit", "Verify the log; show and prove single records."),
    "agency": ("agency", "Add an agency: keys, directory entry, connection."),
    "parked": ("parked", "List messages set aside after repeated faults; bring them back."),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"deploy.cli.{_COMMANDS[cmd_name][0]}")
        return cast("click.Command", getattr(module, cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run a command; a file that cannot be read or written is told in a sentence."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno in {None, errno.EPIPE}:  # click ends quietly when a pipe closes
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror}.") from None


@click.group(
    cls=_Lazy, context_settings={"auto_envvar_prefix": "DOVETAIL", "max_content_width": 100}
)
@click.version_option(package_name=None, version="0.1.0", prog_name="dovetail")
def main() -> None:
    """Ask the agencies around a Channel case for exactly what it needs, and prove what happened.

    Every command takes --json (one document on stdout). Data goes to stdout, prose to stderr.
    Ends with 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused by policy, 5 not verified,
    69 unavailable.
    """
