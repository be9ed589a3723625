"""Where the time of a stored request stands: its values, handed to ``policies.clock``. Pure."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from broker.requests import Given, Request
from policies.calendar import BankHolidays, WorkingCalendar
from policies.clock import RequestClock, Standing, calendar_of, reckon
from policies.clock_extension import ExtensionLimits, expected
from policies.deadline import (
    Due,
    Elapsed,
    Stopped,
    Terms,
    civil_date,
    due,
    instant_of,
)
from schemas.receipt import Due as WireDue

__all__ = [
    "RELEASE_DAYS",
    "Timing",
    "calendar_for",
    "clock_of",
    "end_of_first_day",
    "release_until",
    "timing",
    "wire_due",
]

RELEASE_DAYS = 20  # working days after due for which content is handed out; design 10.1
_CUT_OFF = Terms().cut_off


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time of a request stands.

    Attributes:
        standing: As the policies reckon it.
        due: As receipts and records say it.

    """

    standing: Standing
    due: WireDue

    @property
    def due_at(self) -> datetime:
        """The last instant in time, as it is known now."""
        return self.due.due_at


def calendar_for(given: Given, holidays: BankHolidays) -> WorkingCalendar:
    """The working days by which a request is counted."""
    return WorkingCalendar(holidays, frozenset(given.divisions))


def clock_of(request: Request) -> RequestClock:
    """The request as the policies count it."""
    given = request.given
    terms = (
        Elapsed(given.hours)
        if given.hours is not None
        else Terms(working_days=given.working_days or 1, convention=given.convention)
    )
    return RequestClock(
        opened_at=request.opened_at,
        questions=frozenset(request.wants),
        terms=terms,
        limits=ExtensionLimits(given.more, given.most),
        events=MappingProxyType({event.id: event for event in request.counting}),
    )


def timing(request: Request, holidays: BankHolidays, at: datetime | None = None) -> Timing:
    """Tell where the time of a request stands, at an instant or after all that has happened."""
    clock, calendar = clock_of(request), calendar_for(request.given, holidays)
    standing = reckon(clock, calendar, at)
    kept = calendar_of(clock, calendar, at)
    return Timing(standing, wire_due(request.given, standing.due, kept))


def wire_due(given: Given, found: Due | Stopped, calendar: WorkingCalendar) -> WireDue:
    """Spell what is due as receipts and records do."""
    until = expected(found)
    return WireDue(
        day_0=found.day_0,
        due_at=until.due_at,
        convention=given.convention.value if given.hours is None else "elapsed",
        calendar=tuple(division.value for division in given.divisions),
        calendar_version=calendar.version,
        provisional=until.provisional,
        stopped=isinstance(found, Stopped),
    )


def release_until(due_at: datetime, calendar: WorkingCalendar) -> datetime:
    """Until when the content is handed out: the cut-off twenty working days after it is due."""
    last = calendar.nth_working_day_after(civil_date(due_at), RELEASE_DAYS)
    return instant_of(last, _CUT_OFF)


def end_of_first_day(at: datetime, calendar: WorkingCalendar) -> datetime:
    """The cut-off of the first working day after the day of receipt: by then it is collected."""
    found = due(at, calendar, Terms(working_days=1))
    return expected(found).due_at if isinstance(found, Stopped) else found.due_at
