"""When an answer is due: from the instant of receipt to the last instant that is in time.

Decision 0006. Instants go in aware and come out in UTC; only in between are they London's wall
clock. Comparisons are made in UTC: two Python datetimes of one zone compare by their wall clocks,
which is wrong in the hour that an autumn night has twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import assert_never
from zoneinfo import ZoneInfo

from policies.calendar import WorkingCalendar

__all__ = [
    "LONDON",
    "MAX_HOURS",
    "MAX_WORKING_DAYS",
    "Convention",
    "Due",
    "Elapsed",
    "Stop",
    "Stopped",
    "Terms",
    "as_utc",
    "civil_date",
    "counted_days",
    "day_zero",
    "due",
    "due_elapsed",
    "instant_of",
    "working_time",
]

LONDON = ZoneInfo("Europe/London")
MAX_WORKING_DAYS = 20  # ten that a pack may give and ten of extension (domain 4.4)
MAX_HOURS = 720  # thirty days: longer is a matter for working days


class Convention(StrEnum):
    """How the day of receipt is found.

    ``CUT_OFF``: received strictly before the cut-off of a working day is received that day;
    otherwise on the next working day. ``CALENDAR_RECEIPT``: received on its civil date, at any
    hour and even on a Saturday, as under FOIA s.10. They differ out of hours only.
    """

    CUT_OFF = "cut_off"
    CALENDAR_RECEIPT = "calendar_receipt"


@dataclass(frozen=True, slots=True)
class Terms:
    """A time limit in working days.

    Attributes:
        working_days: 1 to ``MAX_WORKING_DAYS``, extension included.
        cut_off: Wall clock; the due instant, and what divides one day of receipt from the next.
        convention: How the day of receipt is found.
        opens: Wall clock, before the cut-off; when a working day begins, and reminders go out.
        zone: Whose wall clock.

    Raises:
        ValueError: A number or a time out of range.

    """

    working_days: int = 5
    cut_off: time = time(17)
    convention: Convention = Convention.CUT_OFF
    opens: time = time(9)
    zone: ZoneInfo = LONDON

    def __post_init__(self) -> None:
        if not 1 <= self.working_days <= MAX_WORKING_DAYS:
            raise ValueError(f"a time limit has 1 to {MAX_WORKING_DAYS} working days")
        if self.opens.tzinfo is not None or self.cut_off.tzinfo is not None:
            raise ValueError("opening and cut-off are wall clock times, without a zone")
        if self.opens >= self.cut_off:
            raise ValueError("a working day must open before its cut-off")


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A time limit in hours, day and night: emergency duty only (domain 4.2 rule 9).

    Attributes:
        hours: 1 to ``MAX_HOURS``.
        opens: Wall clock; when escalations go out on working days.
        zone: Whose wall clock.

    Raises:
        ValueError: The hours are out of range.

    """

    hours: int
    opens: time = time(9)
    zone: ZoneInfo = LONDON

    def __post_init__(self) -> None:
        if not 1 <= self.hours <= MAX_HOURS:
            raise ValueError(f"a time limit has 1 to {MAX_HOURS} hours")


@dataclass(frozen=True, slots=True)
class Stop:
    """A time for which the clock does not run; both ends belong to it.

    Attributes:
        from_at: When it stopped; aware.
        to_at: When it ran again, or None while it stands. The same instant: no stop at all.

    Raises:
        ValueError: An instant is naive, or the end comes before the beginning.

    """

    from_at: datetime
    to_at: datetime | None

    def __post_init__(self) -> None:
        if self.to_at is not None and as_utc(self.to_at) < as_utc(self.from_at):
            raise ValueError("a stop ends before it begins")
        as_utc(self.from_at)

    def holds_at(self, at: datetime) -> bool:
        """Tell whether the clock stands at an instant because of this stop.

        Whatever happens at the very instant of a cut-off falls to the responder's good: asked at
        17:00 is asked in time, and answered at 17:00 is answered on the next day, as with receipt.
        """
        begins, now = as_utc(self.from_at), as_utc(at)
        if self.to_at is None:
            return begins <= now
        ends = as_utc(self.to_at)
        return begins != ends and begins <= now <= ends


@dataclass(frozen=True, slots=True)
class Due:
    """When an answer is due.

    Attributes:
        day_0: The day of receipt, which is not counted.
        due_at: The last instant in time: an answer accepted at it is in time. Aware UTC.
        provisional: Whether it rests on days past the end of the list of bank holidays.

    """

    day_0: date
    due_at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """The clock stands, so nothing is due at any instant that could be named.

    Attributes:
        day_0: The day of receipt.
        since: When it stopped; aware UTC.
        earliest: What would be due had it run again at once; every later restart gives the
            same or later.

    """

    day_0: date
    since: datetime
    earliest: Due


def as_utc(at: datetime) -> datetime:
    """Give an instant in UTC.

    Raises:
        ValueError: It is naive, so it is no instant.

    """
    if at.utcoffset() is None:
        raise ValueError("an instant must be aware: this datetime has no zone")
    return at.astimezone(UTC)


def civil_date(at: datetime, zone: ZoneInfo = LONDON) -> date:
    """Give the date on the wall at an instant."""
    return as_utc(at).astimezone(zone).date()


def instant_of(day: date, wall: time, zone: ZoneInfo = LONDON) -> datetime:
    """Give the instant at which a wall clock shows a time.

    Returns:
        Aware UTC. A time that the night skips stands for the one as long after the gap began: 01:30 on
        28 March 2027 is 01:30 UTC, shown as 02:30. A time that it has twice is the first of the two.

    """
    return datetime.combine(day, wall.replace(fold=0), zone).astimezone(UTC)


def day_zero(received: datetime, calendar: WorkingCalendar, terms: Terms) -> date:
    """Tell on which day something counts as received; under ``CUT_OFF`` always a working day."""
    day = civil_date(received, terms.zone)
    match terms.convention:
        case Convention.CUT_OFF:
            in_time = as_utc(received) < instant_of(day, terms.cut_off, terms.zone)
            return calendar.next_working_day(day, including=in_time)
        case Convention.CALENDAR_RECEIPT:
            return day
        case _:
            assert_never(terms.convention)


def counted_days(
    received: datetime, calendar: WorkingCalendar, terms: Terms, stops: Sequence[Stop] = ()
) -> Iterator[date]:
    """Give the days that count: working days after day 0 at whose cut-off the clock runs.

    Returns:
        Day 1, day 2 and so on. Without end, unless a stop still stands: then up to it.

    """
    days = calendar.working_days_after(day_zero(received, calendar, terms))
    while True:
        day = next(days)
        closes = instant_of(day, terms.cut_off, terms.zone)
        holding = [stop for stop in stops if stop.holds_at(closes)]
        if any(stop.to_at is None for stop in holding):
            return
        if not holding:
            yield day


def due(
    received: datetime,
    calendar: WorkingCalendar,
    terms: Terms | Elapsed,
    stops: Sequence[Stop] = (),
) -> Due | Stopped:
    """Tell when an answer is due.

    It is in time when ``accepted_at <= due_at``. For a case rather than a request give the instant
    of transfer, the case's working days with what a supervisor added, and holds as stops.

    Args:
        received: When the broker accepted the request; aware, any zone.
        calendar: Whose working days; not looked at for a limit in hours.
        terms: The time limit.
        stops: In any order; they may overlap. Those that began after the due instant change nothing.

    Returns:
        ``Stopped`` while a stop stands that began at or before the due instant.

    Raises:
        ValueError: An instant is naive.

    Source:
        Decision 0006: no statute fixes the five days or how they are counted.

    """
    match terms:
        case Terms():
            return _due_in_days(received, calendar, terms, stops)
        case Elapsed():
            return due_elapsed(received, terms.hours, stops, zone=terms.zone)
        case _:
            assert_never(terms)


def due_elapsed(
    received: datetime, hours: int, stops: Sequence[Stop] = (), *, zone: ZoneInfo = LONDON
) -> Due | Stopped:
    """Tell when a limit in hours ends, which runs day and night and across changes of the clocks.

    Args:
        received: When it began; aware, any zone.
        hours: How many; also 72 for a breach (UK GDPR Article 33, DPA 2018 s.67).
        stops: For as long as any of them holds the time does not run, to the microsecond.
        zone: Whose calendar names the day of receipt.

    """
    day_0 = civil_date(received, zone)
    end = as_utc(received) + timedelta(hours=hours)
    reached = as_utc(received)  # up to here stops have been reckoned with
    for stop in sorted(stops, key=lambda stop: as_utc(stop.from_at)):
        begins = as_utc(stop.from_at)
        if begins > end:
            break
        if stop.to_at is None:
            return Stopped(day_0, begins, Due(day_0, end, provisional=False))
        ends = as_utc(stop.to_at)
        end += max(ends - max(begins, reached), timedelta())
        reached = max(reached, ends)
    return Due(day_0, end, provisional=False)


def working_time(
    start: datetime, end: datetime, calendar: WorkingCalendar, terms: Terms | Elapsed
) -> timedelta:
    """Measure the working time from one instant to another, to sort by urgency.

    Returns:
        Between opening and cut-off of working days; for a limit in hours all time. Negative when
        ``end`` comes first.

    """
    begins, ends = as_utc(start), as_utc(end)
    if isinstance(terms, Elapsed):
        return ends - begins
    if ends < begins:
        return -working_time(ends, begins, calendar, terms)
    total = timedelta()
    day, last = civil_date(begins, terms.zone), civil_date(ends, terms.zone)
    while day <= last:
        if calendar.is_working_day(day):
            opens = instant_of(day, terms.opens, terms.zone)
            closes = instant_of(day, terms.cut_off, terms.zone)
            total += max(min(ends, closes) - max(begins, opens), timedelta())
        day += timedelta(days=1)
    return total


def _due_in_days(
    received: datetime, calendar: WorkingCalendar, terms: Terms, stops: Sequence[Stop]
) -> Due | Stopped:
    day_0 = day_zero(received, calendar, terms)

    ended = [stop for stop in stops if stop.to_at is not None]
    last = next(
        islice(counted_days(received, calendar, terms, ended), terms.working_days - 1, None)
    )
    due_at = instant_of(last, terms.cut_off, terms.zone)
    found = Due(day_0, due_at, provisional=last > calendar.known_until)
    since = min((as_utc(stop.from_at) for stop in stops if stop.to_at is None), default=None)
    return found if since is None or since > due_at else Stopped(day_0, since, found)
