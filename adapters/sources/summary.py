"""Summary sheets: CSV files in which a professional states, per person, what is known.

An empty cell says nothing: the field is then put before a person. A cell with ``-`` alone says
that somebody looked and nothing is held. The difference is the whole point of the sheet, since
a spreadsheet's empty cell may as well mean that nobody got round to it.
"""

from collections.abc import Callable
from typing import TypeVar, get_args

from adapters.answering import Stated
from adapters.sources.csv_drop import Row
from schemas.encoding import JsonValue
from schemas.fields.item import NotHeld

__all__ = ["NOTHING_HELD", "chosen", "pair", "points", "stated", "words"]

T = TypeVar("T")

NOTHING_HELD = "-"


def stated(row: Row, column: str, read: Callable[[str], T | None]) -> Stated[T]:
    """Read a cell: nothing, "nothing held", or what ``read`` (a reader of the row) makes of it."""
    value = row.maybe(column)
    if value is None:
        return None
    return NotHeld() if value == NOTHING_HELD else read(column)


def words(form: object) -> dict[str, str]:
    """The words that a ``Literal`` of the catalogue allows, for readers that look words up."""
    return {word: word for word in get_args(form)}


def chosen(row: Row, column: str, allowed: dict[str, str]) -> Stated[str]:
    """Read a cell that holds one of some words, or ``-``, or nothing."""
    return stated(row, column, lambda name: row.choice(name, allowed))


def points(row: Row, columns: tuple[str, ...]) -> Stated[list[JsonValue]]:
    """Read up to five cells as a list of short points; ``-`` in the first says nothing is held."""
    if row.maybe(columns[0]) == NOTHING_HELD:
        return NotHeld()
    found: list[JsonValue] = [text for text in map(row.maybe, columns) if text is not None]
    return found or None


def pair(row: Row, first: str, second: str, names: tuple[str, str]) -> Stated[dict[str, JsonValue]]:
    """Read two cells that make one value: both, or the first alone when the second is empty."""
    held = stated(row, first, row.text)
    if held is None or isinstance(held, NotHeld):
        return held
    other = row.maybe(second)
    value: dict[str, JsonValue] = {names[0]: held}
    return value | ({names[1]: other} if other is not None else {})
