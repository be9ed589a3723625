"""One field of the catalogue: its id, form, limits, tags and the reason why it is needed.

A value is checked in the shape that it has in JSON. The forms are plain (``Literal``, bounded
``str`` and ``int``, ``list``, ``TypedDict``), so that an adapter can build values under the type
checker, and JSON Schema can be generated from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from schemas.encoding import JsonValue
from schemas.problems import Code, Problem

__all__ = ["Field", "JsonValue", "Tag", "adapter", "problems_of"]


class Tag(StrEnum):
    """What the data protection rules need to know about a field.

    ``special_category.*`` are data of Article 9; ``possible`` means that the value may be, which
    the sender says per message (``attest.special_category``). ``criminal`` likewise (Article 10).
    """

    SPECIAL_HEALTH = "special_category.health"
    SPECIAL_POSSIBLE = "special_category.possible"
    CRIMINAL = "criminal"
    CRIMINAL_POSSIBLE = "criminal.possible"
    THIRD_PARTY = "third_party"
    CHILD = "child"
    FREE_TEXT = "free_text"
    IDENTIFIER = "identifier"
    CONTACT = "contact"
    NAMES = "names"

    @property
    def special_category(self) -> bool:
        """Whether the tag says that Article 9 applies or may apply."""
        return self.value.startswith("special_category.")


@dataclass(frozen=True, slots=True)
class Field:
    """A field that may cross a boundary.

    Attributes:
        id: Its name on the wire: lower-case words joined by dots, at most 64 bytes.
        form: The type of its JSON value, with limits, as pydantic reads it. Opaque to callers.
        label: A few plain words for a person's screen.
        reason: Why it is needed, one sentence (domain 2.5); shown to whoever is asked for it.
        question: The question that it answers (``E3``), or None when it is no answer.
        tags: What the data protection rules need to know.

    """

    id: str
    form: Any  # a type expression: only pydantic reads it
    label: str
    reason: str
    question: str | None = None
    tags: frozenset[Tag] = field(default_factory=frozenset)

    @property
    def is_answer(self) -> bool:
        """Whether its value travels as an item (protocol 3) in an answer to a question."""
        return self.question is not None

    @property
    def is_identity(self) -> bool:
        """Whether it serves to find the person in a recipient's records."""
        return self.id.startswith("id.")

    def check(self, value: JsonValue) -> tuple[Problem, ...]:
        """Tell what is wrong with a value; nothing that was sent is repeated.

        Args:
            value: A decoded JSON value (never an item; ``item.read_item`` unwraps those).

        Returns:
            No problem, or all of them. ``where`` is the field id; for a part of the value
            ``<id>/<member>`` or ``<id>/<index>``, members being names of ours.

        """
        try:
            adapter(self.form).validate_python(value)
        except ValidationError as error:
            return problems_of(error, self.id)
        return ()

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the value, for the published schemas and for forms on a screen."""
        return adapter(self.form).json_schema()


@cache
def adapter(form: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a type expression, as in Field
    """Build the validator of a form once; a TypedDict brings its own strict configuration."""
    bare = form.__origin__ if get_origin(form) is Annotated else form
    if hasattr(bare, "__pydantic_config__"):
        return TypeAdapter(form)
    return TypeAdapter(form, config=ConfigDict(strict=True))


_CODES: Mapping[str, Code] = {
    "missing": Code.FIELD_MISSING,
    "string_too_long": Code.FIELD_TOO_LONG,
    "too_long": Code.FIELD_TOO_LONG,
    "string_too_short": Code.FIELD_TOO_SHORT,
    "too_short": Code.FIELD_TOO_SHORT,
    "literal_error": Code.FIELD_NOT_A_CHOICE,
    "greater_than_equal": Code.FIELD_OUT_OF_RANGE,
    "less_than_equal": Code.FIELD_OUT_OF_RANGE,
    "contradicts": Code.FIELD_CONTRADICTS,
    "check_digit": Code.FIELD_CHECK_DIGIT,
    "characters": Code.FIELD_CHARACTERS,
    "string_unicode": Code.FIELD_CHARACTERS,
}


def problems_of(error: ValidationError, field_id: str) -> tuple[Problem, ...]:
    """Turn what pydantic found into problems, each once, without anything that was sent."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(dict.fromkeys(_problem(field_id, e["type"], e["loc"]) for e in found))


def _problem(field_id: str, kind: str, place: tuple[int | str, ...]) -> Problem:
    # The name of an unknown member was chosen by the sender: the place stops before it.
    ours = place[:-1] if kind == "extra_forbidden" else place
    where = "/".join([field_id, *(str(step) for step in ours)])
    return Problem(_CODES.get(kind, Code.FIELD_INVALID), where)
