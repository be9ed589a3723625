"""Where a request stands on the ladder: what to say now, to whom, and when to look again. Pure.

A step's ``jti`` derives from the request, the step and its addressee, so that saying it again is
saying the same; which steps were said stands in the request itself, written by the gate.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broker.requests import Request
from broker.timing import calendar_for, clock_of
from policies.calendar import BankHolidays
from policies.clock import reckon
from policies.clock_events import Closed, Outcome
from policies.clock_extension import expected
from policies.ladder import Addressee, Rung, RungKind, ladder, reached
from policies.recalculation import Recalculation, recalculation
from schemas.directory_entry import Role
from schemas.identifiers import AgencyId, Jti, make_jti
from schemas.messages.body import Body
from schemas.messages.deadline.escalation import Escalation
from schemas.messages.deadline.recalculated import Recalculated
from schemas.messages.deadline.reminder import Reminder

__all__ = ["FORGET_AFTER", "Look", "Step", "look", "recount"]

FORGET_AFTER = timedelta(days=40)  # after its last date; longer than a message may lie parked
_ESCALATIONS = frozenset({RungKind.E1, RungKind.E2, RungKind.E3})
_POSTS: dict[Addressee, Role | None] = {
    Addressee.AIO: None,
    Addressee.AIO_DEPUTY: None,
    Addressee.AIO_SUPERVISOR: Role.SIGNOFF,
    Addressee.PREVENT_LEAD: Role.SIGNOFF,
    Addressee.GATHERER: None,
    Addressee.LACC_SUP: Role.LACC_SUP,
    Addressee.CHAIR: Role.CHAIR,
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something to say to one agency.

    Attributes:
        jti: The same whenever this step is made for this addressee.
        to: Directory id.
        role: The post addressed; the one that the request itself names where ``fallback``.
        fallback: The post to address where the agency does not hold ``role`` for the area.
        body: What to say.

    """

    jti: Jti
    to: AgencyId
    role: Role
    fallback: Role
    body: Body


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a request finds.

    Attributes:
        steps: To be said now, in order.
        again_at: When to look again; something that happens to the request comes before it.
        forget: Whether the request is past all use.

    """

    steps: tuple[Step, ...]
    again_at: datetime
    forget: bool


def look(request: Request, holidays: BankHolidays, now: datetime) -> Look:
    """Tell what is to be said about a request by now and was not said yet.

    Args:
        request: As stored.
        holidays: The list in force, by which it has been counted.
        now: Domain instant.

    """
    ends = request.release_until + FORGET_AFTER
    if now >= ends:
        return Look((), ends, forget=True)
    rungs = ladder(clock_of(request), calendar_for(request.given, holidays), now)
    steps = tuple(
        step
        for rung in reached(rungs, now)
        for step in _steps(request, rung)
        if step.jti not in request.said
    )
    # Also of a request that is answered: an answer that is rejected later opens it again.
    unanswered = ladder(clock_of(_unanswered(request)), calendar_for(request.given, holidays), now)
    coming = min((rung.at for rung in unanswered if rung.at > now), default=ends)
    return Look(steps, min(coming, ends), forget=False)


def _unanswered(request: Request) -> Request:
    """The request as it would stand if none of its answers counted."""
    answers = [
        event.id
        for event in request.events
        if isinstance(event, Closed) and event.outcome is not Outcome.WITHDRAWN
    ]
    return replace(request, void=(*request.void, *answers))


def recount(
    request: Request, was: BankHolidays, now: BankHolidays, at: datetime
) -> tuple[Recalculation, tuple[Step, ...]]:
    """Count an open request by a newer list, and tell both sides when that moves the due instant.

    Args:
        request: As stored.
        was: The list that it was counted by.
        now: The list in force.
        at: Domain instant.

    """
    clock = clock_of(request)
    found = recalculation(
        clock,
        calendar_for(request.given, was),
        calendar_for(request.given, now),
        event_id=f"calendar:{now.version}",
        at=at,
    )
    if not found.moved or reckon(clock, calendar_for(request.given, was)).ended is not None:
        return found, ()
    old, new = _told(expected(found.old).due_at), _told(expected(found.new).due_at)
    body = Recalculated(old_due_at=old, new_due_at=new, calendar_version=now.version)
    ends = ((request.aud, request.to_role), (request.iss, request.from_role))
    return found, tuple(
        Step(
            _jti(request, f"recalculated {now.version}", to, new, post),
            to,
            Role(post),
            Role(post),
            body,
        )
        for to, post in ends
    )


def _steps(request: Request, rung: Rung) -> Iterator[Step]:
    """One step for each addressee; a rung has at most one on each side, so nobody hears it twice."""
    for addressee in rung.to:
        responder = addressee.value.startswith("responder.")
        to = request.aud if responder else request.iss
        usual = Role(request.to_role if responder else request.from_role)
        role = _POSTS[addressee] or usual
        jti = _jti(request, rung.kind.value, to, rung.due_at, role.value)
        yield Step(jti, to, role, usual, _body(rung))


def _body(rung: Rung) -> Body:
    kind = Escalation if rung.kind in _ESCALATIONS else Reminder
    return kind(
        rung=rung.kind.value,  # type: ignore[arg-type] # the two classes split the kinds between them
        due_at=_told(rung.due_at),
        working_days=rung.working_days,
    )


def _told(due_at: datetime) -> datetime:
    """A due time as messages tell it: a limit in hours ends within a second, and the end of it is kept."""
    return due_at.replace(microsecond=0)


def _jti(request: Request, what: str, to: AgencyId, due_at: datetime, post: str) -> Jti:
    """A name that belongs to this step alone; its first half tells when it is about, as a UUIDv7 does."""
    seed = f"{request.h}\n{what}\n{to}\n{due_at.isoformat()}\n{post}"
    return make_jti(due_at, hashlib.sha256(seed.encode()).digest()[:10])
