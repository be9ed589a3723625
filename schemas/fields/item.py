"""How one field is answered: held, not held, or withheld (protocol 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal, NotRequired, assert_never

from pydantic import StringConstraints, ValidationError
from typing_extensions import TypedDict

from schemas.encoding import JsonValue
from schemas.fields.exchange import RefusalReasonCode
from schemas.fields.field import Field, adapter, problems_of
from schemas.fields.forms import STRICT, CivilDate, Text80
from schemas.fields.refusal_reason import RefusalReason
from schemas.problems import Code, Problem

__all__ = ["Held", "Item", "Kind", "NotHeld", "Part3", "Withheld", "item_json", "read_item"]

Kind = Literal["fact", "opinion", "assessment"]
SubjectCategory = Literal["suspect", "convicted", "victim", "witness", "none"]


class _Part3Json(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    subject_category: SubjectCategory
    fact_or_assessment: Literal["fact", "assessment"]
    # 3x5x2: source 1-3, information A-E, handling P or C.
    reliability: Annotated[str, StringConstraints(pattern=r"^([1-3][A-E][PC]|unassessed)$")]
    as_at: CivilDate


class _HeldJson(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    state: Literal["held"]
    kind: Kind
    as_at: CivilDate
    source: Text80
    p3: NotRequired[_Part3Json]


class _NotHeldJson(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    state: Literal["not_held"]


class _WithheldJson(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    state: Literal["withheld"]
    reason: RefusalReasonCode


@dataclass(frozen=True, slots=True)
class Part3:
    """What the Data Protection Act 2018 wants said of law enforcement data (section 38).

    Attributes:
        subject_category: Section 38(3): what the person is in the matter.
        fact_or_assessment: Section 38(2): an opinion counts as assessment.
        reliability: 3x5x2 grading such as ``1AP``, or ``unassessed``.
        as_at: The day for which the data was last known to be right (section 38(5)(b)).

    """

    subject_category: SubjectCategory
    fact_or_assessment: Literal["fact", "assessment"]
    reliability: str
    as_at: date


@dataclass(frozen=True, slots=True)
class Held:
    """The agency holds an answer and shares it.

    Attributes:
        value: The JSON value, as the field's form wants it.
        kind: Whether it is a fact, somebody's opinion, or a professional assessment.
        as_at: The day for which it was last known to be right.
        source: The system or log it comes from, at most 80 characters; never a person.
        p3: Present exactly when the sender processes under Part 3.

    """

    value: JsonValue = field(repr=False)  # nothing that shows an item in passing shows this
    kind: Kind
    as_at: date
    source: str = field(repr=False)
    p3: Part3 | None = None


@dataclass(frozen=True, slots=True)
class NotHeld:
    """The agency looked and holds nothing for this field."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The agency lawfully does not share this field. It does not say whether it holds one."""

    reason: RefusalReason


Item = Held | NotHeld | Withheld


def read_item(field: Field, json: JsonValue) -> Item | tuple[Problem, ...]:
    """Read the answer to one field.

    Args:
        field: A field for which ``is_answer`` holds.
        json: The decoded JSON of the item.

    Returns:
        The item, or every problem: of its form ``item.invalid`` at ``<field id>/<member>``, of
        its law enforcement particulars ``item.part3`` at ``<field id>/p3``, of its value as
        ``Field.check`` says, at the field id.

    """
    if not isinstance(json, dict):
        return (Problem(Code.ITEM_INVALID, field.id),)
    state = json.get("state")
    if state == "held":
        return _read_held(field, json)
    if state == "withheld":
        problems = _form_problems(field, _WithheldJson, json)
        return problems or Withheld(RefusalReason(str(json["reason"])))
    return _form_problems(field, _NotHeldJson, json) or NotHeld()


def _read_held(field: Field, json: Mapping[str, JsonValue]) -> Held | tuple[Problem, ...]:
    rest = {name: member for name, member in json.items() if name != "value"}
    problems = list(_form_problems(field, _HeldJson, rest))
    if "value" not in json:
        problems.append(Problem(Code.ITEM_INVALID, f"{field.id}/value"))
    else:
        problems.extend(field.check(json["value"]))
    if problems:
        return tuple(problems)
    read: _HeldJson = adapter(_HeldJson).validate_python(rest)
    p3 = _part3(read["p3"]) if "p3" in read else None
    if p3 is not None and (p3.fact_or_assessment == "fact") != (read["kind"] == "fact"):
        return (Problem(Code.ITEM_PART3, f"{field.id}/p3"),)
    return Held(json["value"], read["kind"], date.fromisoformat(read["as_at"]), read["source"], p3)


def _part3(json: _Part3Json) -> Part3:
    return Part3(
        json["subject_category"],
        json["fact_or_assessment"],
        json["reliability"],
        date.fromisoformat(json["as_at"]),
    )


def _form_problems(field: Field, form: type, json: Mapping[str, JsonValue]) -> tuple[Problem, ...]:
    try:
        adapter(form).validate_python(json)
    except ValidationError as error:
        found = problems_of(error, field.id)
        return tuple(dict.fromkeys(_as_item_problem(field.id, problem) for problem in found))
    return ()


def _as_item_problem(field_id: str, problem: Problem) -> Problem:
    where = problem.where or field_id
    if where.startswith(f"{field_id}/p3"):
        return Problem(Code.ITEM_PART3, f"{field_id}/p3")
    return Problem(Code.ITEM_INVALID, where)


def item_json(item: Item) -> JsonValue:
    """Write an item as the JSON value that ``read_item`` reads back to the same item."""
    match item:
        case Held(value=value, kind=kind, as_at=as_at, source=source, p3=p3):
            held: dict[str, JsonValue] = {
                "state": "held",
                "value": value,
                "kind": kind,
                "as_at": as_at.isoformat(),
                "source": source,
            }
            if p3 is not None:
                held["p3"] = {
                    "subject_category": p3.subject_category,
                    "fact_or_assessment": p3.fact_or_assessment,
                    "reliability": p3.reliability,
                    "as_at": p3.as_at.isoformat(),
                }
            return held
        case NotHeld():
            return {"state": "not_held"}
        case Withheld(reason=reason):
            return {"state": "withheld", "reason": reason.value}
        case _:
            assert_never(item)
