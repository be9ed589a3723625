"""CSV files as systems export them, read strictly: one doubt, and the whole file is refused.

UTF-8 (a byte order mark is allowed), comma, double quotes, a header line with exactly the columns
that are documented, in any order. Columns that nobody asked for are refused and not skipped: an
extract should leave the system without them, and a misspelt column must not look like an empty one.
No value holds a line break, so that one missing quote cannot swallow the lines after it; every
line, the last one too, ends with one, so that a file cut off inside a line is known as such.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from adapters.agency import SourceError
from adapters.sources.days import to_day
from adapters.sources.folder import read_bytes
from schemas.fields.forms import tidy

__all__ = ["MAX_ROWS", "Column", "Row", "parse", "read"]

MAX_ROWS = 1_000_000  # a large academy's marks of two school years
MAX_VALUE_CHARS = 4_000
_WHOLE = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_YES_NO = {"yes": True, "no": False}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a documented file.

    Attributes:
        name: As in the header, lower case.
        required: Whether the column must be there; a value may still be empty.

    """

    name: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line. Its readers raise ``SourceError`` with file, line and column, never the value."""

    file: str
    line: int
    values: Mapping[str, str]

    def wrong(self, column: str, says: str) -> SourceError:
        """Make the error for one value of this line."""
        return SourceError(self.file, f"line {self.line}, column {column}", says)

    def maybe(self, column: str) -> str | None:
        """The tidied text; None when it is empty or the column is not in the file."""
        return tidy(self.values.get(column, "")) or None

    def text(self, column: str) -> str:
        """The tidied text, which must be there."""
        value = self.maybe(column)
        if value is None:
            raise self.wrong(column, "It is empty.")
        return value

    def day(self, column: str) -> date | None:
        """A day written YYYY-MM-DD; None when empty."""
        value = self.maybe(column)
        return None if value is None else self._as(column, value, _to_day)

    def needed_day(self, column: str) -> date:
        """A day that must be there."""
        return self._as(column, self.text(column), _to_day)

    def whole(self, column: str) -> int | None:
        """A whole number from 0, at most nine digits; None when empty."""
        value = self.maybe(column)
        return None if value is None else self._as(column, value, _to_whole)

    def yes_no(self, column: str) -> bool | None:
        """``yes`` or ``no``; None when empty."""
        value = self.maybe(column)
        return None if value is None else self.choice_of(column, value, _YES_NO)

    def choice(self, column: str, choices: Mapping[str, T]) -> T | None:
        """One of the given words, in their exact spelling; None when empty."""
        value = self.maybe(column)
        return None if value is None else self.choice_of(column, value, choices)

    def choice_of(self, column: str, value: str, choices: Mapping[str, T]) -> T:
        """Look one word up."""
        if value not in choices:
            raise self.wrong(column, f"It is none of: {', '.join(choices)}.")
        return choices[value]

    def fitting(self, column: str, holds: Callable[[str], bool], what: str) -> str | None:
        """A text for which ``holds`` is true (an identifier); None when empty."""
        value = self.maybe(column)
        if value is not None and not holds(value):
            raise self.wrong(column, f"It is no {what}.")
        return value

    def _as(self, column: str, value: str, convert: Callable[[str], T | None]) -> T:
        converted = convert(value)
        if converted is None:
            kind = "day written YYYY-MM-DD" if convert is _to_day else "whole number"
            raise self.wrong(column, f"It is no {kind}.")
        return converted


def read(path: Path, columns: tuple[Column, ...]) -> tuple[Row, ...]:
    """Read a CSV file of a documented shape; see ``parse``."""
    return parse(path.name, read_bytes(path), columns)


def parse(name: str, data: bytes, columns: tuple[Column, ...]) -> tuple[Row, ...]:
    """Turn the bytes of a CSV file into lines.

    Args:
        name: Of the file, for errors.
        data: All of it.
        columns: Which may be there; those that are required must be.

    Returns:
        A row for each line after the header; none for a file that has a header alone, which
        says "nobody", as an empty file does not.

    Raises:
        SourceError: With the line of whatever is not as documented.

    """
    *lines, rest = _decode(name, data).split("\n")
    if rest:
        says = "It does not end with a line break: the file may be cut off."
        raise SourceError(name, f"line {len(lines) + 1}", says)
    header: tuple[str, ...] | None = None
    rows: list[Row] = []
    for line, written in enumerate(lines, start=1):
        cells = _cells(name, line, written.removesuffix("\r"))
        if header is None:
            header = _header(name, cells, columns)
        else:
            if len(cells) != len(header):
                says = f"It has {len(cells)} values where the header has {len(header)}."
                raise SourceError(name, f"line {line}", says)
            rows.append(Row(name, line, dict(zip(header, cells, strict=True))))
            if len(rows) > MAX_ROWS:
                raise SourceError(name, f"line {line}", f"More than {MAX_ROWS} lines.")
    if header is None:
        raise SourceError(name, "line 1", "It has no header.")
    return tuple(rows)


def _decode(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(name, f"line {line}", "It is not written in UTF-8.") from None
    place = next((i for i, c in enumerate(text) if _unfit(c)), None)
    if place is not None:
        line = text.count("\n", 0, place) + 1
        raise SourceError(name, f"line {line}", "It holds a control character.")
    return text


def _unfit(c: str) -> bool:
    return (c < " " and c not in "\t\r\n") or c == "\x7f"


def _cells(name: str, line: int, written: str) -> list[str]:
    """Split one line; line breaks in quotes are refused, because the line then ends in a quote."""
    try:
        found = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    except csv.Error:
        raise SourceError(name, f"line {line}", "Its quotes do not close on the line.") from None
    if len(found) > 1:  # a bare carriage return inside
        raise SourceError(name, f"line {line}", "It holds a stray line break.")
    cells = found[0] if found else []
    if any("\r" in cell for cell in cells):
        raise SourceError(name, f"line {line}", "It holds a stray line break.")
    if any(len(cell) > MAX_VALUE_CHARS for cell in cells):
        raise SourceError(
            name, f"line {line}", f"A value has more than {MAX_VALUE_CHARS} characters."
        )
    return cells


def _header(name: str, cells: list[str], columns: tuple[Column, ...]) -> tuple[str, ...]:
    if len(set(cells)) != len(cells):
        raise SourceError(name, "line 1", "The header names a column twice.")
    known = {column.name for column in columns}
    unknown = [place for place, cell in enumerate(cells, start=1) if cell not in known]
    if unknown:
        says = f"Column {unknown[0]} of the header is none of: {', '.join(sorted(known))}."
        raise SourceError(name, "line 1", says)
    missing = [c.name for c in columns if c.required and c.name not in cells]
    if missing:
        raise SourceError(name, "line 1", f"The header lacks: {', '.join(missing)}.")
    return tuple(cells)


def _to_day(value: str) -> date | None:
    try:
        return to_day(value)
    except ValueError:
        return None


def _to_whole(value: str) -> int | None:
    return int(value) if _WHOLE.fullmatch(value) else None
