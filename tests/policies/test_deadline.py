"""When an answer is due: the worked examples, the edges around them, and what holds for all."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policies.calendar import BankHolidays, Division, WorkingCalendar, shipped_bank_holidays
from policies.deadline import (
    LONDON,
    Convention,
    Due,
    Elapsed,
    Stop,
    Stopped,
    Terms,
    civil_date,
    counted_days,
    due,
    due_elapsed,
    instant_of,
    working_time,
)

LIST = shipped_bank_holidays()
EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "vectors" / "working_day_examples.json").read_text("utf-8")
)
EW = Division.ENGLAND_AND_WALES
HOUR = timedelta(hours=1)


def calendar(*divisions):
    return WorkingCalendar(LIST, frozenset(divisions or {EW}))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def london(text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold)


def words(at):
    """As the examples write it: Mon 23 Nov 2026 17:00 GMT."""
    return at.astimezone(LONDON).strftime("%a %d %b %Y %H:%M %Z")


# ------------------------------------------------------------------------- the worked examples
def of_example(row, convention):
    return due(
        datetime.fromisoformat(row["received_utc"]),
        calendar(*map(Division, row["divisions"])),
        Terms(row["working_days"], convention=convention),
        [Stop(*map(datetime.fromisoformat, ends)) for ends in row["clock_stops"]],
    )


def test_no_example_is_missing():
    """The file is the one that was handed over: 21 rows."""
    assert len(EXAMPLES) == 21


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['id']}-{row['note']}")
def test_each_example_with_cut_off(row):
    """Domain 4.6, the default convention."""
    found = of_example(row, Convention.CUT_OFF)
    assert found.day_0.isoformat() == row["day0"]
    assert found.due_at == datetime.fromisoformat(row["due_utc"])
    assert found.due_at.tzinfo is UTC
    assert words(found.due_at) == row["due_local"]
    assert not found.provisional


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['id']}-{row['note']}")
def test_each_example_by_calendar_receipt(row):
    """Domain 4.6, the FOIA-like convention: day 0 is the civil date."""
    found = of_example(row, Convention.CALENDAR_RECEIPT)
    received = datetime.fromisoformat(row["received_utc"])
    assert words(received) == row["received_local"]
    assert found.day_0 == civil_date(received)
    assert words(found.due_at) == row["due_alt_calendar_receipt"]


@pytest.mark.parametrize(
    ("received", "hours", "ends"),
    [
        ("2026-10-24T12:00", 24, "Sun 25 Oct 2026 11:00 GMT"),
        ("2026-10-23T18:00", 72, "Mon 26 Oct 2026 17:00 GMT"),
        ("2027-03-26T18:00", 72, "Mon 29 Mar 2027 19:00 BST"),
    ],
)
def test_each_example_in_hours(received, hours, ends):
    """Domain 4.5: hours are counted in UTC, through changes of the clocks."""
    found = due_elapsed(london(received), hours)
    assert words(found.due_at) == ends
    assert found == due(london(received), calendar(), Elapsed(hours))
    assert (found.day_0, found.provisional) == (london(received).date(), False)


# -------------------------------------------------------------------------------- edge cases
@pytest.mark.parametrize(
    ("received", "division", "n", "found"),
    [
        # the last microsecond, and the first too late
        ("2026-11-20T16:59:59.999999", EW, 5, "Fri 27 Nov 2026 17:00 GMT"),
        ("2026-11-20T17:00:00.000000", EW, 5, "Mon 30 Nov 2026 17:00 GMT"),
        # 29 February counts
        ("2028-02-25T10:00", EW, 2, "Tue 29 Feb 2028 17:00 GMT"),
        ("2028-02-29T10:00", EW, 1, "Wed 01 Mar 2028 17:00 GMT"),
        # two bank holidays inside one window
        ("2027-03-24T10:00", Division.NORTHERN_IRELAND, 5, "Fri 02 Apr 2027 17:00 BST"),
        ("2026-12-30T10:00", Division.SCOTLAND, 2, "Tue 05 Jan 2027 17:00 GMT"),
        # clocks: the hour that is twice, and the hour after the one that is not
        ("2026-10-25T01:30", EW, 1, "Tue 27 Oct 2026 17:00 GMT"),
        ("2027-03-28T02:30", EW, 1, "Wed 31 Mar 2027 17:00 BST"),
        # Scotland's holiday of one year only
        ("2026-06-12T10:00", Division.SCOTLAND, 1, "Tue 16 Jun 2026 17:00 BST"),
        # the last working day before and the first after the turn of the year
        ("2026-12-31T17:00", EW, 1, "Tue 05 Jan 2027 17:00 GMT"),
    ],
)
def test_each_edge(received, division, n, found):
    """The edges named after the examples in domain 4.6."""
    assert words(due(london(received), calendar(division), Terms(n)).due_at) == found


def test_receipt_in_the_hour_that_is_twice():
    """Both halves past one on 25 October 2026 are that Sunday; in hours they are one hour apart."""
    first, second = london("2026-10-25T01:30"), london("2026-10-25T01:30", fold=1)
    assert due(first, calendar(), Terms()) == due(second, calendar(), Terms())
    assert due_elapsed(second, 4).due_at - due_elapsed(first, 4).due_at == HOUR


def test_any_zone_of_the_same_instant_gives_the_same():
    """Zones are how an instant is shown; only London decides."""
    at = utc("2026-07-06T16:30")
    shown = at.astimezone(timezone(timedelta(hours=-10)))
    assert due(at, calendar(), Terms()) == due(shown, calendar(), Terms())


@pytest.mark.parametrize(
    ("wall", "day", "instant"),
    [
        (time(9), date(2027, 3, 26), "2027-03-26T09:00"),
        (time(9), date(2027, 3, 29), "2027-03-29T08:00"),
        (time(1, 30), date(2027, 3, 28), "2027-03-28T01:30"),  # skipped: shown as 02:30
        (time(1, 30), date(2026, 10, 25), "2026-10-25T00:30"),  # twice: the first
        (time(1, 30, fold=1), date(2026, 10, 25), "2026-10-25T00:30"),
    ],
)
def test_what_a_wall_clock_means(wall, day, instant):
    """A skipped time comes as much later as the night skipped, a repeated one at its first."""
    assert instant_of(day, wall) == utc(instant)


def test_past_the_list_it_is_provisional():
    """The last day of the list is certain; the first past it is not (domain 4.3 c)."""
    last = WorkingCalendar(
        BankHolidays("short", LIST.read_on, date(2026, 11, 23), LIST.days), frozenset({EW})
    )
    assert due(utc("2026-11-16T09:00"), last, Terms()).provisional is False
    assert due(utc("2026-11-17T09:00"), last, Terms()).provisional is True


def test_a_cut_off_of_its_own():
    """An area may close at another time; it divides receipt and ends the due day."""
    terms = Terms(1, cut_off=time(16, 30))
    assert words(due(utc("2026-11-16T16:29"), calendar(), terms).due_at).endswith(
        "17 Nov 2026 16:30 GMT"
    )
    assert words(due(utc("2026-11-16T16:30"), calendar(), terms).due_at).endswith(
        "18 Nov 2026 16:30 GMT"
    )


def test_another_zone():
    """The zone is the terms': a day is the one on that wall."""
    terms = Terms(1, zone=ZoneInfo("Indian/Christmas"))
    assert due(utc("2026-11-16T23:00"), calendar(), terms).day_0 == date(2026, 11, 17)


# -------------------------------------------------------------------------------------- stops
MONDAY = utc("2026-11-02T10:00")  # examples 51 and 52: due Mon 9 November without a stop


def stop(begins, ends):
    return Stop(utc(f"2026-11-{begins}"), ends and utc(f"2026-11-{ends}"))


@pytest.mark.parametrize(
    ("stops", "day"),
    [
        ([], 9),
        ([stop("04T11:00", "05T15:00")], 10),
        ([stop("04T11:00", "04T16:00")], 9),
        ([stop("04T11:00", "04T16:59:59.999999")], 9),
        ([stop("04T11:00", "04T17:00")], 10),  # answered at the cut-off: on the next day
        ([stop("04T17:00", "05T10:00")], 10),  # asked at the cut-off: in time
        ([stop("04T17:00:00.000001", "05T10:00")], 9),
        ([stop("04T17:00", "04T17:00")], 9),  # no time at all
        ([stop("06T11:00", "09T10:00")], 10),  # over a weekend: Friday alone
        ([stop("07T11:00", "08T10:00")], 9),  # at a weekend
        ([stop("04T11:00", "05T15:00"), stop("04T12:00", "05T16:00")], 10),  # overlapping
        ([stop("06T11:00", "06T18:00"), stop("03T11:00", "03T18:00")], 11),  # in any order
        ([stop("01T11:00", "02T18:00")], 9),  # on day 0
        ([stop("09T17:00", "10T18:00")], 11),  # at the due instant: still in time
        ([stop("09T17:00:00.000001", "20T18:00")], 9),  # after it
        ([stop("09T17:00:00.000001", None)], 9),
    ],
)
def test_what_a_stop_costs(stops, day):
    """A working day counts unless the clock stands at its cut-off (domain 4.4)."""
    assert due(MONDAY, calendar(), Terms(), stops).due_at == utc(f"2026-11-{day:02}T17:00")


def test_a_clock_that_stands_has_no_due_instant():
    """The type says so; it still tells since when, and the best that can come."""
    stops = [stop("05T09:00", None), stop("04T11:00", None), stop("03T11:00", "03T18:00")]
    found = due(MONDAY, calendar(), Terms(), stops)
    earliest = Due(date(2026, 11, 2), utc("2026-11-10T17:00"), provisional=False)
    assert found == Stopped(date(2026, 11, 2), utc("2026-11-04T11:00"), earliest)


def test_a_stop_that_stands_from_the_due_instant():
    """The due instant is still in time, so a question asked then stops the clock."""
    assert isinstance(due(MONDAY, calendar(), Terms(), [stop("09T17:00", None)]), Stopped)


def test_days_end_where_the_clock_stands():
    """There is no next day to count while a stop stands."""
    days = counted_days(MONDAY, calendar(), Terms(), [stop("04T11:00", None)])
    assert list(days) == [date(2026, 11, 3)]
    days = counted_days(MONDAY, calendar(), Terms(), [stop("04T17:00", None)])
    assert list(days) == [date(2026, 11, 3)]
    days = counted_days(MONDAY, calendar(), Terms(), [stop("04T11:00", "05T15:00")])
    assert [d.day for d in islice(days, 4)] == [3, 5, 6, 9]


@pytest.mark.parametrize(
    ("stops", "ends"),
    [
        ([stop("02T11:00", "02T12:00")], "02T15:00"),
        ([stop("02T11:00", "02T12:00"), stop("02T11:30", "02T12:30")], "02T15:30"),
        ([stop("02T11:00", "02T13:00"), stop("02T11:30", "02T12:30")], "02T16:00"),
        ([stop("02T14:30", "02T16:00"), stop("02T11:00", "02T12:00")], "02T16:30"),
        ([stop("02T08:00", "02T09:00")], "02T14:00"),
        ([stop("02T09:00", "02T11:00")], "02T15:00"),
        ([stop("02T14:00", "02T15:00")], "02T15:00"),  # at the due instant
        ([stop("02T14:01", "02T15:00")], "02T14:00"),
        ([stop("02T14:01", None)], "02T14:00"),
    ],
)
def test_hours_stand_for_as_long_as_a_stop(stops, ends):
    """Four hours from 10:00; a stop holds them to the microsecond, overlaps once."""
    assert due_elapsed(MONDAY, 4, stops).due_at == utc(f"2026-11-{ends}")


def test_hours_that_stand():
    """A stop that stands leaves hours without an end, too."""
    found = due(MONDAY, calendar(), Elapsed(4), [stop("02T14:00", None)])
    earliest = Due(date(2026, 11, 2), utc("2026-11-02T14:00"), provisional=False)
    assert found == Stopped(date(2026, 11, 2), utc("2026-11-02T14:00"), earliest)


# ------------------------------------------------------------------------------- working time
@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("16T09:00", "16T17:00", 8),
        ("16T08:00", "16T18:00", 8),
        ("16T12:00", "17T10:00", 6),
        ("20T16:00", "23T10:00", 2),
        ("21T10:00", "22T10:00", 0),
        ("16T17:30", "16T18:00", 0),
        ("23T10:00", "20T16:00", -2),
    ],
)
def test_working_time(start, end, hours):
    """Between opening and cut-off of working days, and negative backwards."""
    found = working_time(utc(f"2026-11-{start}"), utc(f"2026-11-{end}"), calendar(), Terms())
    assert found == hours * HOUR


def test_time_of_a_limit_in_hours():
    """Day and night, at weekends too."""
    found = working_time(utc("2026-11-21T10:00"), utc("2026-11-22T10:00"), calendar(), Elapsed(4))
    assert found == 24 * HOUR


# ------------------------------------------------------------------------- what cannot be said
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Terms(0), "1 to 20 working days"),
        (lambda: Terms(21), "1 to 20 working days"),
        (lambda: Terms(opens=time(17)), "open before its cut-off"),
        (lambda: Terms(cut_off=time(17, tzinfo=UTC)), "without a zone"),
        (lambda: Terms(opens=time(9, tzinfo=UTC)), "without a zone"),
        (lambda: Elapsed(0), "1 to 720 hours"),
        (lambda: Elapsed(721), "1 to 720 hours"),
        (lambda: stop("04T11:00", "04T10:59"), "ends before it begins"),
    ],
)
def test_each_limit(make, says):
    """A time limit or a stop that means nothing is refused where it is made."""
    with pytest.raises(ValueError, match=says):
        make()


def test_the_ends_of_each_limit():
    """What is just allowed is allowed."""
    assert (Terms(1).working_days, Terms(20).working_days) == (1, 20)
    assert (Elapsed(1).hours, Elapsed(720).hours) == (1, 720)


NAIVE = datetime(2026, 11, 16, 9)  # noqa: DTZ001 - a naive datetime is what is to be refused


@pytest.mark.parametrize(
    "use",
    [
        lambda: due(NAIVE, calendar(), Terms()),
        lambda: due(NAIVE, calendar(), Elapsed(4)),
        lambda: due(NAIVE, calendar(), Terms(convention=Convention.CALENDAR_RECEIPT)),
        lambda: Stop(NAIVE, None),
        lambda: Stop(MONDAY, NAIVE),
        lambda: working_time(NAIVE, MONDAY, calendar(), Terms()),
    ],
)
def test_a_naive_instant_is_refused(use):
    """Without a zone nobody knows which instant is meant; a guess would cost an hour in summer."""
    with pytest.raises(ValueError, match="must be aware"):
        use()
