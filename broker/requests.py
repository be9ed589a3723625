"""What the broker must know of a request while it is open: its terms and what has happened since.

The gate writes it, gathering reads it (and notes when the calendar changed). The key is ``h``,
b64u(SHA-256(P)) of the request and never the ``jti`` alone, which its sender chose: nobody can take
another's place. Only names, codes and instants stand here; no value, no person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from policies.calendar import Division
from policies.clock_events import Closed, Event, Outcome, Queried, TimeDecided
from policies.deadline import Convention
from schemas.manifest import SubjectClass

__all__ = [
    "BUCKET",
    "Given",
    "Request",
    "closed_questions",
    "days_granted",
    "is_open",
    "is_withdrawn",
    "queries",
    "with_event",
    "with_said",
    "without_answer",
]

BUCKET = "requests"
_UNDONE_BY_REJECTION = frozenset({Outcome.ANSWERED, Outcome.NIL, Outcome.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """How much time a request gives, and by whose calendar it is counted.

    Attributes:
        working_days: None when ``hours`` is given.
        hours: Elapsed hours, day and night: emergency duty only.
        divisions: Whose bank holidays do not count.
        convention: How the day of receipt is found.
        more: Working days that the requester may add in all; ``most`` its supervisor.

    """

    working_days: int | None
    hours: int | None
    divisions: tuple[Division, ...]
    convention: Convention
    more: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as forwarded.

    Attributes:
        h: b64u(SHA-256(P)).
        id: Message id, hex.
        iss: Who asked; ``aud`` who was asked; both directory ids.
        area: Area addressed; ``to_role`` and ``service`` the post; ``from_role`` who asked.
        wants: Question id to field ids.
        opened_at: Domain instant of the first Forward verdict: its clock begins (design 4.4).
        arrived_at: When it came into the ingress.
        given: How much time it gives.
        pack: ``pol.h``.
        release_until: After this nothing about it is taken any more.
        calendar: Version of the list of bank holidays that its due instant was last told by.
        events: What its clock must know: a set, in the order in which it was folded in.
        said: ``jti`` of each message of the broker's own about it that the gate let through.
        void: Ids of events that do not count: answers that their recipient could not believe.

    """

    v: Literal[1] = 1
    h: str
    id: str
    jti: str
    iss: str
    aud: str
    conv: str
    purpose: str
    subject_class: SubjectClass
    public_task_statement: bool
    from_role: str
    to_role: str
    area: str
    service: str | None
    wants: Mapping[str, tuple[str, ...]]
    opened_at: datetime
    arrived_at: datetime
    given: Given
    pack: str
    release_until: datetime
    calendar: str
    events: tuple[Event, ...] = ()
    said: tuple[str, ...] = ()
    void: tuple[str, ...] = ()

    @property
    def counting(self) -> tuple[Event, ...]:
        """The events that count."""
        return tuple(event for event in self.events if event.id not in self.void)

    def counted_by(self, version: str) -> "Request":
        """The same, its due instant told by another list of bank holidays."""
        return replace(self, calendar=version)


def with_event(request: Request, event: Event) -> Request:
    """Fold a message in; the same request when it is in already."""
    if any(known.id == event.id for known in request.events):
        return request
    return replace(request, events=(*request.events, event))


def with_said(request: Request, jti: str) -> Request:
    """Note that the broker said something about it; the same request when that is noted."""
    return request if jti in request.said else replace(request, said=(*request.said, jti))


def without_answer(request: Request, message_id: str) -> Request:
    """Let an answer not count, since its recipient rejected it: its questions are open again.

    Only what closed questions can be undone so: nobody moves a clock by rejecting.
    """
    answers = {
        event.id
        for event in request.events
        if isinstance(event, Closed) and event.outcome in _UNDONE_BY_REJECTION
    }
    if message_id not in answers or message_id in request.void:
        return request
    return replace(request, void=(*request.void, message_id))


def closed_questions(request: Request) -> frozenset[str]:
    """Questions that were answered, refused or searched without a find."""
    closed: set[str] = set()
    for event in request.counting:
        if isinstance(event, Closed) and event.outcome is not Outcome.WITHDRAWN:
            closed |= request.wants.keys() if event.questions is None else event.questions
    return frozenset(closed)


def queries(request: Request) -> int:
    """Clarification queries so far."""
    return sum(isinstance(event, Queried) for event in request.counting)


def days_granted(request: Request) -> int:
    """Working days of extension so far."""
    return sum(event.days for event in request.counting if isinstance(event, TimeDecided))


def is_withdrawn(request: Request) -> bool:
    """Whether the requester took it back."""
    return any(
        isinstance(event, Closed) and event.outcome is Outcome.WITHDRAWN
        for event in request.counting
    )


def is_open(request: Request, at: datetime) -> bool:
    """Whether messages about it are still taken: late ones are, until its last date (design 4.8)."""
    return not is_withdrawn(request) and at <= request.release_until
