"""Working days: which days count, in which part of the United Kingdom, and until when we know.

Decision 0006. Civil dates only: no instants, no zone, no clock. The list of bank holidays is data
(``data/bank_holidays.json``); past ``known_until`` weekdays are assumed to be worked, and every due
day that rests on such an assumption is marked provisional by ``deadline``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas.encoding import JsonValue, parse_json
from schemas.fields.exchange import CalendarVersion
from schemas.identifiers import CivilDate
from schemas.problems import Problem

__all__ = [
    "MAX_LIST_BYTES",
    "REFUSE_BELOW_DAYS",
    "WARN_BELOW_DAYS",
    "BankHolidays",
    "CalendarChoice",
    "CalendarDataError",
    "Division",
    "Horizon",
    "NotWorked",
    "WorkingCalendar",
    "calendar_for",
    "horizon",
    "parse_bank_holidays",
    "shipped_bank_holidays",
]

MAX_LIST_BYTES = 256 * 1024  # four times the list of 2012 to 2028
REFUSE_BELOW_DAYS = 60  # domain 4.3 (d)
WARN_BELOW_DAYS = 180  # domain 4.3 (d)
# New Year, Good Friday, early May, spring, summer, Christmas, Boxing Day and one more: each
# division has had at least these every year since 1978, so a year with fewer was cut off.
_LEAST_A_YEAR = 8
_SATURDAY = 5
_DAY = timedelta(days=1)


class Division(StrEnum):
    """A part of the United Kingdom with bank holidays of its own, as gov.uk names it."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


class CalendarDataError(ValueError):
    """A list of bank holidays cannot be used; says what is wrong with it, in our words."""


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """A list of bank holidays.

    Attributes:
        version: Names the list in records and notices; lists are told apart by it.
        read_on: When the list was last read at its source. What was proclaimed later is not in it.
        known_until: The last day that it covers.
        days: For each division, each bank holiday and what it is called. Weekdays only: a
            holiday on a weekend is listed as its substitute.

    """

    version: str
    read_on: date
    known_until: date
    days: Mapping[Division, Mapping[date, str]]


@dataclass(frozen=True, slots=True)
class NotWorked:
    """A weekday that does not count, what it is called, and where; no division: a local closure."""

    day: date
    title: str
    divisions: tuple[Division, ...]


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Working days of one or several divisions: Monday to Friday, no bank holiday in any of them.

    Attributes:
        holidays: The list it rests on.
        divisions: At least one. A bank holiday of any of them is no working day.
        closures: Further days that do not count: local closures, only where the area enables
            them (domain 4.2 rule 2), and days that an earlier list kept free for a request that
            was open then. School holidays are not among them.

    Raises:
        ValueError: There is no division.

    """

    holidays: BankHolidays
    divisions: frozenset[Division]
    closures: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.divisions:
            raise ValueError("a working calendar needs at least one division")

    @property
    def known_until(self) -> date:
        """The last day for which the bank holidays are known."""
        return self.holidays.known_until

    @property
    def version(self) -> str:
        """The version of the list it rests on."""
        return self.holidays.version

    @property
    def free_days(self) -> frozenset[date]:
        """All listed weekdays that do not count; weekends are not listed."""
        return self.closures.union(*(self.holidays.days[d] for d in self.divisions))

    def is_working_day(self, day: date) -> bool:
        """Tell whether a day counts. Past ``known_until`` every weekday not closed does."""
        if day.weekday() >= _SATURDAY or day in self.closures:
            return False
        return not any(day in self.holidays.days[d] for d in self.divisions)

    def next_working_day(self, day: date, *, including: bool) -> date:
        """Give the first working day after ``day``, or ``day`` itself if it is one and included."""
        if including and self.is_working_day(day):
            return day
        return next(self.working_days_after(day))

    def nth_working_day_after(self, day: date, n: int) -> date:
        """Give the n-th working day after a day, which itself is never counted.

        Raises:
            ValueError: ``n`` is not at least 1.

        """
        if n < 1:
            raise ValueError("the n-th working day after a day needs n of at least 1")
        days = self.working_days_after(day)
        for _ in range(n - 1):
            next(days)
        return next(days)

    def working_days_after(self, day: date) -> Iterator[date]:
        """Give the working days after a day, in order, without end."""
        while True:
            day += _DAY
            if self.is_working_day(day):
                yield day

    def working_days_between(self, after: date, until: date) -> int:
        """Count the working days after one day up to and with another; negative the other way.

        Returns:
            0 for the same day. From Friday to Monday 1, and so from Saturday to Monday;
            from Monday to Friday before it -1: the sign follows the order, the later day counts.

        """
        if until < after:
            return -self.working_days_between(until, after)
        span = (until - after).days
        return sum(self.is_working_day(after + _DAY * n) for n in range(1, span + 1))

    def skipped(self, after: date, until: date) -> tuple[NotWorked, ...]:
        """Name the weekdays after one day and up to another that do not count, for people."""
        found = []
        for day in sorted(self.free_days):
            if after < day <= until and day.weekday() < _SATURDAY:
                where = tuple(d for d in Division if d in self.divisions and self._title(d, day))
                title = self._title(where[0], day) if where else "Closed"
                found.append(NotWorked(day, title, where))
        return tuple(found)

    def closing(self, days: frozenset[date]) -> "WorkingCalendar":
        """Give the same calendar with further days that do not count."""
        return replace(self, closures=self.closures | days)

    def _title(self, division: Division, day: date) -> str:
        return self.holidays.days[division].get(day, "")


class CalendarChoice(StrEnum):
    """Whose bank holidays count for a request (domain 4.2 rule 7)."""

    RESPONDER = "responder"
    REQUESTER = "requester"
    UNION = "union"
    ANY_UK = "any_uk"


def calendar_for(
    choice: CalendarChoice,
    requester: Division,
    responder: Division,
    holidays: BankHolidays,
    closures: frozenset[date] = frozenset(),
) -> WorkingCalendar:
    """Give the calendar by which a request is counted.

    Args:
        choice: As the area has it; ``RESPONDER`` unless it says otherwise.
        requester: The division of who asks.
        responder: The division of who answers.
        holidays: The list in force.
        closures: The responder's local closures, if the area enables them.

    """
    divisions = {
        CalendarChoice.RESPONDER: frozenset({responder}),
        CalendarChoice.REQUESTER: frozenset({requester}),
        CalendarChoice.UNION: frozenset({requester, responder}),
        CalendarChoice.ANY_UK: frozenset(Division),
    }[choice]
    return WorkingCalendar(holidays, divisions, closures)


class Horizon(StrEnum):
    """Whether a list reaches far enough to start with."""

    ENOUGH = "enough"
    WARN = "warn"
    REFUSE = "refuse"


def horizon(holidays: BankHolidays, today: date) -> Horizon:
    """Tell whether to start with a list: refuse below 60 days, warn below 180.

    Args:
        holidays: The list.
        today: The civil date in London.

    """
    left = (holidays.known_until - today).days
    if left < REFUSE_BELOW_DAYS:
        return Horizon.REFUSE
    return Horizon.WARN if left < WARN_BELOW_DAYS else Horizon.ENOUGH


# ------------------------------------------------------------------------------- bytes to values
_Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Event(_Closed):
    title: _Text
    date: CivilDate
    notes: Literal["", "Substitute day", "Extra bank holiday"]
    bunting: bool


class _Division(_Closed):
    division: str
    events: Annotated[list[_Event], Field(min_length=1)]


class _List(_Closed):
    format: Literal["dovetail.bank-holidays/1"]
    version: CalendarVersion
    source: _Text
    licence: _Text
    read_on: CivilDate
    known_until: CivilDate
    divisions: dict[str, _Division]


def parse_bank_holidays(data: bytes) -> BankHolidays:
    """Read a list of bank holidays strictly.

    Args:
        data: UTF-8 JSON of ours, at most ``MAX_LIST_BYTES``; per division as gov.uk publishes it,
            so that an operator can lay the two side by side.

    Raises:
        CalendarDataError: Not JSON, a member too many or too few, a division missing or unknown,
            days out of order, twice, at a weekend or past ``known_until``, or a year cut off.

    """
    value = parse_json(data, limit_bytes=MAX_LIST_BYTES)
    if isinstance(value, Problem):
        raise CalendarDataError(f"cannot be read: {value.code}")
    read = _model(value)
    if set(read.divisions) != set(Division):
        raise CalendarDataError("divisions: must be the three of gov.uk")
    days = {division: _days(division, read) for division in Division}
    return BankHolidays(read.version, read.read_on, read.known_until, MappingProxyType(days))


def shipped_bank_holidays() -> BankHolidays:
    """Give the list that comes with the program; what is in force may be a newer one."""
    return parse_bank_holidays(
        files("policies.data").joinpath("bank_holidays.json").read_bytes(),
    )


def _model(value: JsonValue) -> _List:
    try:
        return _List.model_validate(value)
    except ValidationError as error:
        # The first complaint, without its input and cause: our own words are loc and type.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CalendarDataError(f"{place or 'the whole'}: {first['type']}") from None


def _days(division: Division, read: _List) -> Mapping[date, str]:
    """Give one division's days, once they have been found to be in order and complete."""
    listed = read.divisions[division]
    if listed.division != division:
        raise CalendarDataError(f"{division}: stands under another name")
    days = [event.date for event in listed.events]
    for earlier, later in pairwise(days):
        if later <= earlier:
            raise CalendarDataError(f"{division}: {later} does not follow {earlier}")
    for day in days:
        if day.weekday() >= _SATURDAY:
            raise CalendarDataError(f"{division}: {day} is at a weekend")
        if day > read.known_until:
            raise CalendarDataError(f"{division}: {day} is past known_until")
    first = min(event.date.year for each in read.divisions.values() for event in each.events)
    for year in range(first, (read.known_until + _DAY).year):  # the years that it covers whole
        if sum(day.year == year for day in days) < _LEAST_A_YEAR:
            raise CalendarDataError(f"{division}: {year} is not complete")
    return MappingProxyType({event.date: event.title for event in listed.events})
