"""How a body and its fields on the wire become each other.

A body is a frozen dataclass. Each attribute says in its metadata where its value stands: ``at``
one field of the catalogue, or ``answers``/``identity``: whichever fields of that group came. The
form of a value is the catalogue's and is written nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeVar

from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.item import Item, item_json, read_item
from schemas.problems import Code, Problem

__all__ = [
    "ANSWERS",
    "CIVIL_DATE",
    "IDENTITY",
    "INSTANT",
    "Body",
    "Conversion",
    "answers_of",
    "at",
    "plain_fields",
    "read_fields",
    "takes_answers",
    "takes_identity",
    "wire_names",
    "write_fields",
]


class Body(Protocol):
    """A body: a frozen dataclass whose values fit the catalogue one by one."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def problems(self) -> tuple[Problem, ...]:
        """Tell where values that are right one by one contradict each other."""
        ...


B = TypeVar("B", bound=Body)
_Read = Callable[[Any], Any]  # JSON that was checked, to the attribute's type, and back


class Conversion:
    """How the JSON value of a field, already checked, becomes the attribute, and back."""

    __slots__ = ("read", "write")

    def __init__(self, read: _Read, write: _Read) -> None:
        self.read = read
        self.write = write


def _rfc3339(at: datetime) -> str:
    if at.microsecond:
        raise ValueError("an instant in a body has whole seconds")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_SAME = Conversion(lambda value: value, lambda value: value)
CIVIL_DATE = Conversion(date.fromisoformat, date.isoformat)
INSTANT = Conversion(datetime.fromisoformat, _rfc3339)

_FIELD = "field"
_GROUP = "group"
_CONVERSION = "conversion"


def at(field_id: str, conversion: Conversion = _SAME) -> Mapping[str, object]:
    """Metadata of an attribute that stands at one field; one with a default is optional."""
    return {_FIELD: field_id, _CONVERSION: conversion}


# Metadata of an attribute that takes all answers (as items), or all identity fields, that came.
ANSWERS: Mapping[str, object] = {_GROUP: "answers"}
IDENTITY: Mapping[str, object] = {_GROUP: "identity"}


@cache
def _slots(body: type[Body]) -> Mapping[str, Field[Any]]:
    return MappingProxyType({f.metadata[_FIELD]: f for f in fields(body) if _FIELD in f.metadata})


@cache
def _group(body: type[Body]) -> tuple[str, str] | None:
    """Give the attribute that takes a group, and which group; no body takes both."""
    found = ((f.name, f.metadata[_GROUP]) for f in fields(body) if _GROUP in f.metadata)
    return next(found, None)


def _is_required(slot: Field[Any]) -> bool:
    return slot.default is MISSING


def wire_names(body: type[Body], *, required: bool) -> frozenset[str]:
    """Give the fixed field ids that a body must have, or those that it may have."""
    return frozenset(name for name, slot in _slots(body).items() if _is_required(slot) is required)


def takes_answers(body: type[Body]) -> bool:
    """Whether answers of the catalogue may stand in it."""
    group = _group(body)
    return group is not None and group[1] == "answers"


def takes_identity(body: type[Body]) -> bool:
    """Whether identity fields may stand in it."""
    group = _group(body)
    return group is not None and group[1] == "identity"


def read_fields(body: type[B], came: Mapping[str, JsonValue]) -> B | tuple[Problem, ...]:
    """Read a body from its fields.

    Args:
        body: The class to read.
        came: Field names to decoded JSON values, as opened.

    Returns:
        The body, or all problems. A name that is not in the catalogue is not repeated: one
        ``field.unknown`` without a place stands for all of them. Contradictions between
        values are looked for once every value is right by itself.

    """
    problems: list[Problem] = []
    attributes: dict[str, Any] = {}
    group: dict[str, Any] = {}
    for name, value in came.items():
        slot = _slots(body).get(name)
        if slot is not None:
            found = CATALOGUE[name].check(value)
            problems.extend(found)
            if not found:
                attributes[slot.name] = slot.metadata[_CONVERSION].read(value)
        else:
            group[name], found = _read_grouped(body, name, value)
            problems.extend(found)
    missing = sorted(wire_names(body, required=True) - came.keys())
    problems.extend(Problem(Code.FIELD_MISSING, name) for name in missing)
    if problems:
        return tuple(dict.fromkeys(problems))
    place = _group(body)
    if place is not None:
        attributes[place[0]] = MappingProxyType(group)
    made = body(**attributes)
    return made.problems() or made


def _read_grouped(
    body: type[Body], name: str, value: JsonValue
) -> tuple[object, tuple[Problem, ...]]:
    """Read a field that has no attribute of its own: its value or item, and its problems."""
    field = CATALOGUE.get(name)
    if field is None:
        return None, (Problem(Code.FIELD_UNKNOWN),)
    if field.is_answer and takes_answers(body):
        item = read_item(field, value)
        return (None, item) if isinstance(item, tuple) else (item, ())
    if field.is_identity and takes_identity(body):
        return value, field.check(value)
    return None, (Problem(Code.FIELD_NOT_FOR_TYPE, name),)


def write_fields(body: Body) -> dict[str, JsonValue]:
    """Write a body as the fields that ``read_fields`` reads back to the same body.

    Args:
        body: Any body; its values are not checked here, ``read_fields`` does that.

    Raises:
        ValueError: An instant has a fraction of a second.

    """
    items = {name: item_json(item) for name, item in answers_of(body).items()}
    return {**plain_fields(body), **items}


def plain_fields(body: Body) -> dict[str, JsonValue]:
    """Give what a body holds beside answers: field ids to JSON values."""
    written: dict[str, JsonValue] = {}
    for name, slot in _slots(type(body)).items():
        value = getattr(body, slot.name)
        if value is not None:
            written[name] = slot.metadata[_CONVERSION].write(value)
    place = _group(type(body))
    if place is not None and takes_identity(type(body)):
        written.update(getattr(body, place[0]))
    return written


def answers_of(body: Body) -> Mapping[str, Item]:
    """Give the answers that a body holds: field ids to items; empty for most types."""
    place = _group(type(body))
    if place is None or not takes_answers(type(body)):
        return {}
    answers: Mapping[str, Item] = getattr(body, place[0])
    return answers
