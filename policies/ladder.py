"""Reminders before an answer is due and escalations after it: which, when, to whom.

Domain 4.5, design 10.11. All go out when a working day opens (09:00 in London), and none carries
personal data. What was sent already is for the caller to know: name a message by the request and
``Rung.key``, so that a due day that moved is announced anew and a repetition is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from policies.calendar import WorkingCalendar
from policies.clock import RequestClock, Standing, calendar_of, reckon
from policies.deadline import (
    Due,
    Elapsed,
    civil_date,
    counted_days,
    instant_of,
)

__all__ = ["Addressee", "Rung", "RungKind", "ladder", "reached"]


class RungKind(StrEnum):
    """A step of the ladder; the wire's names (``dl.rung``)."""

    ACK = "ack"
    R1 = "r1"
    R2 = "r2"
    R3 = "r3"
    E1 = "e1"
    E2 = "e2"
    E3 = "e3"


class Addressee(StrEnum):
    """Who is told: a post on one side, for the directory to find. The two sides may be two areas."""

    AIO = "responder.aio"
    AIO_DEPUTY = "responder.aio_deputy"
    AIO_SUPERVISOR = "responder.aio_supervisor"
    PREVENT_LEAD = "responder.prevent_lead"
    GATHERER = "requester.gatherer"
    LACC_SUP = "requester.lacc_sup"
    CHAIR = "requester.chair"


_TO = {
    RungKind.ACK: (Addressee.AIO_DEPUTY, Addressee.GATHERER),
    RungKind.R1: (Addressee.AIO,),
    RungKind.R2: (Addressee.AIO,),
    RungKind.R3: (Addressee.AIO,),
    RungKind.E1: (Addressee.AIO_SUPERVISOR, Addressee.GATHERER),
    RungKind.E2: (Addressee.LACC_SUP, Addressee.PREVENT_LEAD),
    RungKind.E3: (Addressee.CHAIR,),
}
_REMINDERS = ((RungKind.R1, 2), (RungKind.R2, 1), (RungKind.R3, 0))  # days left
_ESCALATIONS = (RungKind.E1, RungKind.E2, RungKind.E3)
_ACK_DAY = 2


@dataclass(frozen=True, slots=True)
class Rung:
    """One step.

    Attributes:
        kind: Which.
        at: When to say it; aware UTC.
        until: The first instant at which it would tell nothing any more, or None: escalations
            are said however late, since each goes to someone else.
        to: To whom.
        due_at: The due instant that it is about.
        working_days: Left after that day, 0 on the due day; -1 for the first escalation.

    """

    kind: RungKind
    at: datetime
    until: datetime | None
    to: tuple[Addressee, ...]
    due_at: datetime
    working_days: int

    @property
    def key(self) -> tuple[RungKind, datetime]:
        """What tells it from the others of the same request."""
        return self.kind, self.due_at


def ladder(
    clock: RequestClock, calendar: WorkingCalendar, at: datetime | None = None
) -> tuple[Rung, ...]:
    """Give the steps of a request as it stands, past ones too, in order of time.

    Args:
        clock: The request.
        calendar: By the list in force.
        at: Stand at this instant; None: after all events.

    Returns:
        Empty once the request has ended (a refusal ends it), while its clock stands, and while
        deconfliction holds the case, even past the due instant. No
        acknowledgement alarm once the responder has shown any sign of having it, or when the second
        day comes after the due day, where the first escalation says more. While a request for time
        is undecided escalations wait until even that time would be over.

    """
    standing = reckon(clock, calendar, at)
    if standing.ended or standing.held or not isinstance(standing.due, Due):
        return ()
    kept = calendar_of(clock, calendar, at)
    due = standing.due
    found = [*_before(clock, kept, standing, due), *_after(clock, kept, standing, due)]
    return tuple(sorted(found, key=lambda rung: rung.at))


def reached(rungs: tuple[Rung, ...], at: datetime) -> tuple[Rung, ...]:
    """Give the steps to have been said by an instant: after an outage the last reminder, not three."""
    return tuple(r for r in rungs if r.at <= at and (r.until is None or at < r.until))


def _before(
    clock: RequestClock, calendar: WorkingCalendar, standing: Standing, due: Due
) -> Iterator[Rung]:
    """Give the alarm and the reminders; none for a limit in hours, which has no such days."""
    terms = clock.terms
    if isinstance(terms, Elapsed):
        return
    n = terms.working_days + standing.extension_days
    days = islice(counted_days(clock.opened_at, calendar, terms, standing.stops), n)
    opens = [instant_of(day, terms.opens, terms.zone) for day in days]
    if n >= _ACK_DAY and not standing.acknowledged:
        yield _rung(RungKind.ACK, opens[_ACK_DAY - 1], due.due_at, due, n - _ACK_DAY)
    for kind, left in _REMINDERS:
        if n - left >= 1:
            until = opens[n - left] if left else due.due_at
            yield _rung(kind, opens[n - left - 1], until, due, left)


def _after(
    clock: RequestClock, calendar: WorkingCalendar, standing: Standing, due: Due
) -> Iterator[Rung]:
    """Give the escalations: the first three openings of a working day after the last instant."""
    zone = clock.terms.zone
    due_day = civil_date(due.due_at, zone)
    last = standing.shielded_until or due.due_at
    day_before = civil_date(last, zone) - timedelta(days=1)
    days = calendar.working_days_after(day_before)
    opens = ((day, instant_of(day, clock.terms.opens, zone)) for day in days)
    late = ((day, at) for day, at in opens if at > last)
    for kind, (day, at) in zip(_ESCALATIONS, late, strict=False):
        gone = max(calendar.working_days_between(due_day, day), 1)
        yield _rung(kind, at, None, due, -gone)


def _rung(kind: RungKind, at: datetime, until: datetime | None, due: Due, left: int) -> Rung:
    return Rung(kind, at, until, _TO[kind], due.due_at, left)
