"""How every command speaks: data on stdout, prose on stderr, one JSON document with ``--json``.

Exit codes (kept for ever, scripts rely on them): 0 done, 1 failed, 2 wrong usage, 3 not found,
4 refused by policy, 5 verification failed, 69 unavailable, 75 try again, 77 not permitted,
130 interrupted.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from schemas.problems import Problem

__all__ = [
    "Exit",
    "as_json",
    "console",
    "emit",
    "explain_problems",
    "fail",
    "json_option",
    "local_time",
    "prose",
    "table",
]

_LONDON = ZoneInfo("Europe/London")


class Exit(IntEnum):
    """What a command ended with."""

    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    NOT_VERIFIED = 5
    UNAVAILABLE = 69
    TRY_AGAIN = 75
    NOT_PERMITTED = 77


def console() -> Console:
    """Rich console on stdout; it leaves colour out when stdout is no terminal or NO_COLOR is set."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def prose(text: str) -> None:
    """Say something to the person, on stderr."""
    click.echo(text, err=True)


def fail(code: Exit, text: str) -> NoReturn:
    """Say what is wrong and what to do, and end with the code."""
    prose(text)
    raise SystemExit(int(code))


def as_json(schema: str, facts: Mapping[str, Any]) -> str:
    """One document with its schema name and sorted members."""
    document = {"schema": f"dovetail.{schema}/1", **facts}
    return json.dumps(document, sort_keys=True, ensure_ascii=False, indent=2, default=_plain)


def emit(
    schema: str, facts: Mapping[str, Any], show: Callable[[], None], *, json_wanted: bool
) -> None:
    """Print the facts as one JSON document, or show them to a person."""
    if json_wanted:
        click.echo(as_json(schema, facts))
    else:
        show()


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json`` to a command; it arrives as ``json_wanted``."""
    return click.option("--json", "json_wanted", is_flag=True, help="Print one JSON document.")(
        command
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A plain table for a person."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def local_time(at: datetime | None) -> str:
    """An instant as people in London write it: ``Mon 23 Nov 2026 5:00pm``; a dash for none."""
    if at is None:
        return "–"
    local = at.astimezone(_LONDON)
    hour = local.hour % 12 or 12
    return (
        f"{local:%a} {local.day} {local:%b %Y} {hour}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
    )


def explain_problems(problems: Iterable[Problem]) -> str:
    """Each problem in words: place, what is wrong, what to do, rule and code."""
    lines = []
    for problem in problems:
        place = f"{problem.where}: " if problem.where else ""
        rule = f"{problem.rule}, " if problem.rule else ""
        lines.append(
            f"  {place}{problem.meaning.says} {problem.meaning.remedy} ({rule}{problem.code})"
        )
    return "\n".join(lines)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
