"""A field's value, and its form, as a person reads them: no braces, no quotes, no underscores.

The words follow the field's JSON Schema: a code of a list loses its underscores, a day and a month
are spelled, and free text stays as it is. For screens and printed documents, never for the wire.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from schemas.encoding import JsonValue
from schemas.fields.field import Field

__all__ = ["form_words", "value_words"]

_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MONTH = "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"
_ADDRESS = "AddressParts"

Schema = Mapping[str, Any]  # a part of a JSON Schema: whatever pydantic wrote


def value_words(field: Field, value: JsonValue) -> str:
    """Say a value in words: ``current: 64, previous: 96``; ``early help``; ``2 June 2026``.

    Args:
        field: The field whose form the value has.
        value: A decoded JSON value that ``field.check`` accepts.

    Returns:
        One text; free text keeps its line breaks. A list without anything in it is ``none``.

    """
    schema = field.json_schema()
    return _words(value, schema, schema.get("$defs", {}))


def form_words(field: Field) -> str:
    """Say what values a field takes: ``one of: good, partial, did_not_attend``."""
    schema = field.json_schema()
    return _form(schema, schema.get("$defs", {}))


def _words(value: JsonValue, schema: Schema, defs: Mapping[str, Schema]) -> str:
    part = _resolved(schema, defs)
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case dict():
            return _members(value, part, defs)
        case list():
            said = [_words(one, part.get("items", {}), defs) for one in value]
            return "; ".join(said) or "none"
        case str():
            return _text(value, part)
        case _:
            return str(value)


def _members(value: Mapping[str, JsonValue], part: Schema, defs: Mapping[str, Schema]) -> str:
    known = part.get("properties", {})
    if part.get("title") == _ADDRESS:
        lines = [str(line) for line in cast("list[str]", value.get("lines", []))]
        code = [str(value["postcode"])] if "postcode" in value else []
        uprn = [f"UPRN {value['uprn']}"] if "uprn" in value else []
        return ", ".join((*lines, *code, *uprn))
    return ", ".join(
        f"{name.replace('_', ' ')}: {_words(value[name], known.get(name, {}), defs)}"
        for name in (*(n for n in known if n in value), *(n for n in value if n not in known))
    )


def _text(value: str, part: Schema) -> str:
    if "enum" in part or "const" in part:
        return value.replace("_", " ")
    if part.get("pattern") == _DAY:
        day = date.fromisoformat(value)
        return f"{day.day} {day:%B %Y}"
    if part.get("pattern") == _MONTH:
        return f"{date.fromisoformat(value + '-01'):%B %Y}"
    return value


def _resolved(schema: Schema, defs: Mapping[str, Schema]) -> Schema:
    ref = schema.get("$ref")
    return schema if ref is None else defs[str(ref).rpartition("/")[2]]


def _form(schema: Schema, defs: Mapping[str, Schema]) -> str:
    part = _resolved(schema, defs)
    if "enum" in part:
        return f"one of: {', '.join(map(str, part['enum']))}"
    if "const" in part:
        return "a fixed text"
    match part.get("type"):
        case "object":
            needed = part.get("required", ())
            members = (
                f"{name}{'' if name in needed else ' (may be left out)'}: {_form(one, defs)}"
                for name, one in part["properties"].items()
            )
            return f"an object with {'; '.join(members)}"
        case "array":
            return f"a list of at most {part['maxItems']}, each {_form(part['items'], defs)}"
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number from {part['minimum']} to {part['maximum']}"
        case _:
            return _text_form(part)


def _text_form(part: Schema) -> str:
    if part.get("pattern") == _DAY:
        return "a date, YYYY-MM-DD"
    if part.get("pattern") == _MONTH:
        return "a month, YYYY-MM"
    if "maxLength" in part:
        return f"a text of at most {part['maxLength']} characters"
    return "a text of a fixed form"
