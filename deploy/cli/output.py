"""How every command speaks: data on stdout, prose on stderr, one JSON document with ``--json``.

Exit codes (kept for ever, scripts rely on them): 0 done, 1 failed, 2 wrong usage, 3 not found,
4 refused by policy, 5 verification failed, 69 unavailable, 75 try again, 77 not permitted,
130 interrupted.

What a person reads is wrapped: at the terminal's width, at most 100; where there is none, at 80.
"""

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from itertools import zip_longest
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from adapters.gatherer.wording import clock_time
from policies.deadline import LONDON

__all__ = [
    "Exit",
    "as_json",
    "brief_time",
    "console",
    "day_words",
    "emit",
    "fail",
    "heading",
    "json_option",
    "local_time",
    "one_of",
    "prose",
    "say",
    "show_table",
    "wrapped",
]

_NARROW, _WIDE = 80, 100
_SHORT_CELL = 20
_GAP = 2


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


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDE) if sys.stdout.isatty() else _NARROW


def console(*, markup: bool = False) -> Console:
    """Rich console on stdout; it leaves colour out when stdout is no terminal or NO_COLOR is set.

    Args:
        markup: Whether ``[bold]`` in a text is a mark; never for texts that others wrote.

    """
    return Console(highlight=False, markup=markup, soft_wrap=True, width=_width())


def wrapped(text: str, indent: int = 0, hanging: int = 0) -> str:
    """Break a text into lines; line breaks of its own stay.

    Args:
        text: Words.
        indent: Columns before every line.
        hanging: Further columns before every line but the first.

    """
    first, rest = " " * indent, " " * (indent + hanging)
    lines = text.splitlines() or [""]
    made = [
        textwrap.fill(
            line,
            _width(),
            initial_indent=first if number == 0 else rest,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(lines)
    ]
    return "\n".join(made)


def say(text: str = "", indent: int = 0, hanging: int = 0) -> None:
    """Print a paragraph of data for a person, on stdout."""
    click.echo(wrapped(text, indent, hanging))


def heading(text: str, *, red: bool = False) -> None:
    """Print a line that stands out, on stdout."""
    console().print(Text(wrapped(text), style="bold red" if red else "bold"), soft_wrap=True)


def prose(text: str) -> None:
    """Say something to the person, on stderr."""
    click.echo(wrapped(text), err=True)


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


def one_of(
    name: str,
    values: Iterable[str],
    says: str,
    *,
    metavar: str,
    **more: Any,  # noqa: ANN401 - whatever else an option of click takes
) -> Callable[..., Any]:
    """Give an option with a choice, whose values stand in the help's text, where they can wrap."""
    listed = list(values)
    return click.option(
        name,
        type=click.Choice(listed),
        metavar=metavar,
        help=f"{says} One of: {', '.join(listed)}.",
        **more,
    )


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a plain table for a person: no column wider than it needs, words kept whole."""
    listed = [tuple(row) for row in rows]
    widths = _widths([tuple(columns), *listed])
    heading("\n".join(_laid_out(columns, widths)))
    for row in listed:
        click.echo("\n".join(_laid_out(row, widths)))


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Each column as wide as its longest word; what is left goes to those that need it, evenly."""
    full = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    widths = [
        max((len(word) for cell in column for word in cell.split()), default=1)
        for column in zip(*rows, strict=True)
    ]
    left = _width() - sum(widths) - _GAP * (len(widths) - 1)
    while left > 0 and widths != full:
        needy = [n for n, width in enumerate(widths) if width < full[n]]
        narrow = min(needy, key=lambda n: (full[n] > _SHORT_CELL, widths[n] / full[n]))
        widths[narrow] += 1
        left -= 1
    return widths


def _laid_out(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    lines = zip_longest(*cells, fillvalue="")
    gap = " " * _GAP
    return [
        gap.join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def local_time(at: datetime | None) -> str:
    """An instant as people in London write it: ``Mon 23 Nov 2026, 5pm``; a dash for none."""
    if at is None:
        return "–"
    return f"{day_words(at)}, {clock_time(at)}"


def day_words(at: datetime) -> str:
    """The day of an instant in London: ``Mon 23 Nov 2026``."""
    local = at.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b %Y}"


def brief_time(at: datetime | None) -> str:
    """An instant in a table whose year is plain: ``Mon 23 Nov 5pm``; a dash for none."""
    if at is None:
        return "–"
    local = at.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b} {clock_time(at)}"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
