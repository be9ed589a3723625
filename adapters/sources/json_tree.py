"""JSON files as values that know their place (RFC 6901 pointer). A name twice is refused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from adapters.agency import SourceError
from adapters.sources.days import to_day
from schemas.fields.forms import tidy

__all__ = ["MAX_DEPTH", "Place", "parse"]

MAX_DEPTH = 64  # FHIR nests about twenty deep
NEWLINE = b"\n"

T = TypeVar("T")


class _TwiceError(ValueError):
    """A member name stands twice in one object."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a file. Its readers raise ``SourceError`` with the pointer, never the value."""

    file: str
    pointer: str
    value: Any  # decoded JSON: every reader below looks at its type first

    def wrong(self, says: str) -> SourceError:
        """Make the error for this place."""
        return SourceError(self.file, self.pointer.removesuffix(", ") or "/", says)

    def member(self, name: str) -> "Place":
        """A member of an object; its value is None when it is not there."""
        if not isinstance(self.value, dict):
            raise self.wrong("It is no object.")
        return Place(self.file, f"{self.pointer}/{name}", self.value.get(name))

    def only(self, names: frozenset[str]) -> None:
        """Refuse members that are not documented; the pointer stops before them."""
        if not isinstance(self.value, dict):
            raise self.wrong("It is no object.")
        if not names >= self.value.keys():
            raise self.wrong(f"It has a member that is none of: {', '.join(sorted(names))}.")

    def items(self) -> tuple["Place", ...]:
        """The elements of a list; none when it is not there."""
        if self.value is None:
            return ()
        if not isinstance(self.value, list):
            raise self.wrong("It is no list.")
        return tuple(Place(self.file, f"{self.pointer}/{i}", v) for i, v in enumerate(self.value))

    def maybe(self) -> str | None:
        """The tidied text; None when it is not there or empty."""
        if self.value is None:
            return None
        if not isinstance(self.value, str):
            raise self.wrong("It is no text.")
        return tidy(self.value) or None

    def text(self) -> str:
        """The tidied text, which must be there."""
        value = self.maybe()
        if value is None:
            raise self.wrong("It is not there, or empty.")
        return value

    def flag(self) -> bool | None:
        """True or false; None when it is not there."""
        if self.value is not None and not isinstance(self.value, bool):
            raise self.wrong("It is neither true nor false.")
        return self.value

    def day(self) -> date | None:
        """A day written YYYY-MM-DD, also as the beginning of an instant; None when not there."""
        value = self.maybe()
        if value is None:
            return None
        try:
            return to_day(value.partition("T")[0])
        except ValueError:
            raise self.wrong("It is no day written YYYY-MM-DD.") from None

    def needed_day(self) -> date:
        """A day that must be there."""
        day = self.day()
        if day is None:
            raise self.wrong("It is not there, or empty.")
        return day

    def choice(self, choices: Mapping[str, T]) -> T | None:
        """One of the given words; None when it is not there."""
        value = self.maybe()
        if value is None:
            return None
        if value not in choices:
            raise self.wrong(f"It is none of: {', '.join(choices)}.")
        return choices[value]

    def needed(self, choices: Mapping[str, T]) -> T:
        """One of the given words, which must be there."""
        return choices[self.text()] if self.text() in choices else _none_of(self, choices)

    def fitting(self, holds: Callable[[str], bool], what: str) -> str | None:
        """A text for which ``holds`` is true; None when it is not there."""
        value = self.maybe()
        if value is not None and not holds(value):
            raise self.wrong(f"It is no {what}.")
        return value


def _none_of(place: Place, choices: Mapping[str, T]) -> T:
    raise place.wrong(f"It is none of: {', '.join(choices)}.")


def parse(name: str, data: bytes, *, line: int | None = None) -> Place:
    """Decode JSON bytes: UTF-8, no name twice in an object, no NaN, at most 64 levels.

    Args:
        name: Of the file, for errors.
        data: One JSON text.
        line: Its line in a file that has one JSON text per line (NDJSON); else None.

    Raises:
        SourceError: With the line where it breaks off.

    """
    base = f"line {line}" if line is not None else ""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = base or f"line {error.lineno}"
        raise SourceError(name, where, "It is not well-formed JSON.") from None
    except UnicodeDecodeError as error:
        where = base or f"line {data.count(NEWLINE, 0, error.start) + 1}"
        raise SourceError(name, where, "It is not written in UTF-8.") from None
    except _TwiceError:
        raise SourceError(name, base or "/", "A member stands twice in an object.") from None
    except (ValueError, RecursionError):
        says = "It holds a number that is none, or is nested too deep."
        raise SourceError(name, base or "/", says) from None
    if _depth_passes(value, MAX_DEPTH):
        raise SourceError(name, base or "/", "It is nested too deep.")
    return Place(name, f"{base}, " if line is not None else "", value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: decoded JSON
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _depth_passes(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
