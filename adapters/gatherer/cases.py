"""A case as its gatherer keeps it: a local reference, a random name for messages, the person sealed.

``conv`` is derived from nothing, so that whoever sees it learns nothing; only this store binds it
to the local reference, and only under the storage key to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row, insert, select, update

from adapters.edge import Edge
from adapters.mailbox import instant
from adapters.store import CASES
from schemas.encoding import JsonValue, instant_text
from schemas.fields.catalogue import CATALOGUE
from schemas.identifiers import Reference, make_conv
from schemas.manifest import SubjectClass
from schemas.problems import Code, Problem

__all__ = ["Case", "case_of", "cases", "find_case", "keep_case", "person_of"]

_CONV_BYTES = 16
#: If one of these differs, it is not the same person.
_WHO = ("id.family_name", "id.given_names", "id.dob")


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """A case.

    Attributes:
        conv: Its name in messages.
        reference: Its name here: what the coordinator's own register calls it.
        due_at: When the case itself is due, or None.
        opened_at: When its first request was made.
        subject: Every identity field known of the person, ``id.*`` to JSON values.
        subject_class: ``child``, ``adult_at_risk``, ``adult`` or ``unknown``.

    """

    conv: str
    reference: str
    due_at: datetime | None
    opened_at: datetime
    subject: Mapping[str, JsonValue]
    subject_class: SubjectClass


def person_of(
    reference: str, known: Case | None, subject: Mapping[str, JsonValue]
) -> Mapping[str, JsonValue] | tuple[Problem, ...]:
    """Put together what was known of a case's person and what is said now.

    Args:
        reference: The case's local reference: letters, digits, ``.``, ``/`` and ``-``. Spaces are
            refused because it stands in lists, where no person's name may stand.
        known: The case as it is, or None for a new one.
        subject: Identity fields said now; those known before and not said now stay.

    Returns:
        All identity fields; or every problem: the reference is none, a field is not an identity
        field or not of its form, the least is missing, or it is another person than before.

    """
    problems: list[Problem] = []
    try:
        _reference().validate_python(reference)
    except ValidationError:
        problems.append(Problem(Code.FIELD_INVALID, "case.reference"))
    before = {} if known is None else known.subject
    whole = {**before, **subject}
    for name, value in whole.items():
        field = CATALOGUE.get(name)
        if field is None or not field.is_identity:
            problems.append(Problem(Code.FIELD_UNKNOWN, "id"))  # the name was typed: not repeated
        else:
            problems += field.check(value)
    problems += [Problem(Code.FIELD_MISSING, name) for name in _WHO if name not in whole]
    problems += [
        Problem(Code.SUBJECT_MORE_THAN_ONE, name, "POL-20")
        for name in _WHO
        if name in before and before[name] != whole[name]
    ]
    return tuple(dict.fromkeys(problems)) or whole


def find_case(edge: Edge, c: Connection, reference: str) -> Case | None:
    """Find a case by its local reference."""
    row = c.execute(select(CASES).where(CASES.c.reference == reference)).one_or_none()
    return None if row is None else _case(edge, row)


def case_of(edge: Edge, c: Connection, conv: str) -> Case | None:
    """Find a case by its name in messages; None for one that somebody else leads."""
    row = c.execute(select(CASES).where(CASES.c.conv == conv)).one_or_none()
    return None if row is None else _case(edge, row)


def cases(edge: Edge, c: Connection) -> tuple[Case, ...]:
    """Every case, the oldest first."""
    query = select(CASES).order_by(CASES.c.opened_at, CASES.c.conv)
    return tuple(_case(edge, row) for row in c.execute(query))


def keep_case(
    edge: Edge,
    c: Connection,
    reference: str,
    subject: Mapping[str, JsonValue],
    subject_class: SubjectClass | None,
    due_at: datetime | None,
) -> Case | tuple[Problem, ...]:
    """Make a case once, or add to it what is newly known.

    Args:
        edge: Whose case it is.
        c: The transaction.
        reference: The local reference; one reference, one case, one person.
        subject: Identity fields, see ``person_of``.
        subject_class: The newest one counts; None leaves it as it was, ``unknown`` at first.
        due_at: When the case is due; None leaves it as it was.

    Returns:
        The case, or the problems of ``person_of``, and nothing changes.

    """
    known = find_case(edge, c, reference)
    whole = person_of(reference, known, subject)
    if isinstance(whole, tuple):
        return whole
    if known is None:
        conv = make_conv(edge.random(_CONV_BYTES))
        opened_at = edge.clock.now()
        made = Case(conv, reference, due_at, opened_at, whole, subject_class or "unknown")
        c.execute(insert(CASES).values(**_row(edge, made)))
        return made
    made = replace(
        known,
        due_at=due_at or known.due_at,
        subject=whole,
        subject_class=subject_class or known.subject_class,
    )
    c.execute(update(CASES).where(CASES.c.conv == made.conv).values(**_row(edge, made)))
    return made


def _row(edge: Edge, case: Case) -> dict[str, object]:
    value = {"subject": dict(case.subject), "subject_class": case.subject_class}
    return {
        "conv": case.conv,
        "reference": case.reference,
        "due_at": None if case.due_at is None else instant_text(case.due_at),
        "opened_at": instant_text(case.opened_at),
        "subject": edge.keys.vault.seal(value, _place(case.conv)),
    }


def _case(edge: Edge, row: Row[tuple[object, ...]]) -> Case:
    value = edge.keys.vault.open(row.subject, _place(row.conv))
    return Case(
        row.conv,
        row.reference,
        None if row.due_at is None else instant(row.due_at),
        instant(row.opened_at),
        value["subject"],
        value["subject_class"],
    )


def _place(conv: str) -> str:
    return f"cases/{conv}/subject"


@cache
def _reference() -> TypeAdapter[str]:
    return TypeAdapter(Reference)
