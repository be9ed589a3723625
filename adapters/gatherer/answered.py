"""What agencies answered in a case, field by field, with where each value comes from.

Values come from letters that were opened and believed, and from no other: of a rejected one nothing
is shown, whatever the store may hold of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from adapters.edge import Edge
from adapters.gatherer.cases import find_case
from adapters.gatherer.reading import agency_name, body_of
from adapters.mailbox import Letter, letters
from adapters.request_facts import manifest_of
from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.item import Held, Item, NotHeld, Withheld
from schemas.fields.refusal_reason import RefusalReason
from schemas.identifiers import agency_id
from schemas.messages.body import answers_of
from schemas.messages.information.response import Response

__all__ = ["Answer", "Provenance", "answers"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an answer comes from, and what it may be used for.

    Attributes:
        message: The answer's id.
        request: The request's id.
        agency: Directory id of who answered.
        name: Its name.
        received_at: Its arrival at the broker; aware UTC.
        late: Whether it came after the due time.
        confidence: How surely the person was found: ``exact`` or ``probable``; None for a refusal.
        onward: Whether it may be passed on.
        retain_until: The last day on which it may be held.
        conditions: How the sender wants it handled, in its words, or None.

    """

    message: str
    request: str
    agency: str
    name: str
    received_at: datetime
    late: bool
    confidence: str | None
    onward: str
    retain_until: date
    conditions: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """One field as an agency answered it.

    Attributes:
        field: Its id.
        label: What it is, in a few words.
        question: The question that it answers.
        state: ``held``, ``not_held`` or ``withheld``.
        value: The value; None unless held.
        kind: ``fact``, ``opinion`` or ``assessment``; None unless held.
        as_at: The day for which it was last known to be right; None unless held.
        source: The system or log that it comes from; None unless held.
        reason: Why it is withheld; None unless it is.
        provenance: Which message it came in.

    """

    field: str
    label: str
    question: str
    state: str
    value: JsonValue
    kind: str | None
    as_at: date | None
    source: str | None
    reason: RefusalReason | None
    provenance: Provenance


def answers(edge: Edge, reference: str) -> tuple[Answer, ...]:
    """Every field that was answered in a case, from letters that were opened and believed alone.

    Returns:
        In the order of arrival, within a message in that of the catalogue; nothing for an unknown
        case.

    """
    with edge.store.read() as c:
        case = find_case(edge, c, reference)
        came = () if case is None else letters(c, way="in", conv=case.conv)
    opened = sorted(
        (one for one in came if one.state == "opened"),
        key=lambda one: (one.arrived_at or one.at, one.jti),
    )
    return tuple(answer for one in opened for answer in _answers(edge, one))


def _answers(edge: Edge, found: Letter) -> list[Answer]:
    body = body_of(edge, found)
    items: Mapping[str, Item] = {} if body is None else answers_of(body)
    if not items:
        return []
    claims = manifest_of(found)
    given = body if isinstance(body, Response) else None
    provenance = Provenance(
        message=found.jti,
        request=found.request,
        agency=agency_id(found.iss),
        name=agency_name(edge, found.iss),
        received_at=found.arrived_at or found.at,
        late=found.late,
        confidence=None if given is None else given.match_confidence,
        onward=claims.onward,
        retain_until=claims.retain_until,
        conditions=None if given is None else given.handling_conditions,
    )
    order = {name: place for place, name in enumerate(CATALOGUE)}
    names = sorted(items, key=lambda name: order[name])
    return [_answer(name, items[name], provenance) for name in names]


def _answer(name: str, item: Item, provenance: Provenance) -> Answer:
    field = CATALOGUE[name]
    head = (name, field.label, field.question or "")
    match item:
        case Held(value=value, kind=kind, as_at=as_at, source=source):
            return Answer(*head, "held", value, kind, as_at, source, None, provenance)
        case NotHeld():
            return Answer(*head, "not_held", None, None, None, None, None, provenance)
        case Withheld(reason=reason):
            return Answer(*head, "withheld", None, None, None, None, reason, provenance)
