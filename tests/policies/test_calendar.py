"""Which days are worked, where, and until when the list knows."""

import json
from datetime import date, timedelta
from importlib.resources import files
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.calendar import (
    MAX_LIST_BYTES,
    BankHolidays,
    CalendarChoice,
    CalendarDataError,
    Division,
    Horizon,
    NotWorked,
    WorkingCalendar,
    calendar_for,
    horizon,
    parse_bank_holidays,
    shipped_bank_holidays,
)
from schemas import directory_entry

EW, SCO, NI = Division.ENGLAND_AND_WALES, Division.SCOTLAND, Division.NORTHERN_IRELAND
LIST = shipped_bank_holidays()
DAYS = st.dates(date(2012, 1, 1), date(2028, 12, 1))


def calendar(*divisions, closures=()):
    return WorkingCalendar(LIST, frozenset(divisions or {EW}), frozenset(closures))


def text(**changes):
    """The shipped list with members changed; None takes a member out."""
    value = json.loads(files("policies.data").joinpath("bank_holidays.json").read_bytes())
    value |= changes
    return json.dumps({k: v for k, v in value.items() if v is not None}).encode()


def division(name, change):
    """The shipped list with the events of one division changed."""
    value = json.loads(text())
    change(value["divisions"][name]["events"])
    return text(divisions=value["divisions"])


def event(day, **changes):
    return {"title": "A day", "date": day, "notes": "", "bunting": False} | changes


# ------------------------------------------------------------------------------------ the list
def test_the_shipped_list_is_the_one_described():
    """What decision 0006 says of the list holds: its dates, and the holiday added to it."""
    assert (LIST.version, LIST.read_on, LIST.known_until) == (
        "2026-02-25.1",
        date(2026, 2, 25),
        date(2028, 12, 31),
    )
    assert {d: len(days) for d, days in LIST.days.items()} == {EW: 140, SCO: 158, NI: 174}
    world_cup = date(2026, 6, 15)
    assert [d for d in Division if world_cup in LIST.days[d]] == [SCO]


def test_divisions_are_those_of_the_directory():
    """The directory says where an agency is in the calendar's words."""
    assert tuple(Division) == get_args(directory_entry.Division)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cannot be read"),
        (b'{"format":1,"format":2}', "cannot be read"),
        (b" " * (MAX_LIST_BYTES + 1), "cannot be read"),
        (b"[]", "the whole: model_type"),
        (text(more="x"), "more: extra_forbidden"),
        (text(source=None), "source: missing"),
        (text(licence=""), "licence: string_too_short"),
        (text(read_on="2026-2-25"), "read_on"),
        (text(known_until="31/12/2028"), "known_until"),
        (text(version="Two Words"), "version: string_pattern_mismatch"),
        (text(format="dovetail.bank-holidays/2"), "format: literal_error"),
        (text(divisions={}), "divisions: must be the three"),
        (text(known_until="2028-12-25"), "2028-12-26 is past known_until"),
        (text(known_until="2029-12-31"), "england-and-wales: 2029 is not complete"),
        (division("scotland", lambda e: e.clear()), "divisions.scotland.events: too_short"),
        (division("scotland", lambda e: e.insert(0, event("2030-01-01"))), "does not follow"),
        (division("scotland", lambda e: e.insert(1, e[0])), "2012-01-02 does not follow"),
        (division("scotland", lambda e: e.insert(0, event("2012-01-01"))), "at a weekend"),
        (division("scotland", lambda e: e.insert(-2, event("2028-12-23"))), "at a weekend"),
        (division("scotland", lambda e: e.insert(0, event("2011-12-27"))), "2011 is not complete"),
        (division("scotland", lambda e: e[0].update(notes="?")), "events.0.notes: literal_error"),
        (division("scotland", lambda e: e[0].update(bunting=1)), "events.0.bunting: bool_type"),
    ],
)
def test_each_reason_to_refuse_a_list(data, says):
    """A list that is good but for one thing is refused, and the error names that thing."""
    with pytest.raises(CalendarDataError) as error:
        parse_bank_holidays(data)
    assert says in str(error.value)


def test_a_year_cut_short_is_refused():
    """Seven bank holidays are fewer than any division has had in a year."""

    def drop(events):
        events[:] = [e for e in events if not e["date"].startswith(("2020-1", "2020-08"))]

    with pytest.raises(CalendarDataError, match="scotland: 2020 is not complete"):
        parse_bank_holidays(division("scotland", drop))


def test_a_list_that_ends_within_a_year_is_good_up_to_there():
    """A list to the end of March is complete for the year before only."""

    def add(events):
        events.append(event("2029-01-01"))

    value = json.loads(text())
    for each in value["divisions"].values():
        add(each["events"])
    found = parse_bank_holidays(text(divisions=value["divisions"], known_until="2029-03-31"))
    assert date(2029, 1, 1) in found.days[EW]


def test_a_division_under_another_name_is_refused():
    """Two divisions exchanged would count every cross-border deadline wrongly."""
    value = json.loads(text())["divisions"]
    value["scotland"], value["northern-ireland"] = value["northern-ireland"], value["scotland"]
    with pytest.raises(CalendarDataError, match="scotland: stands under another name"):
        parse_bank_holidays(text(divisions=value))


@pytest.mark.parametrize(
    ("left", "found"),
    [
        (-1, Horizon.REFUSE),
        (59, Horizon.REFUSE),
        (60, Horizon.WARN),
        (179, Horizon.WARN),
        (180, Horizon.ENOUGH),
    ],
)
def test_how_far_a_list_must_reach(left, found):
    """Less than 60 days ahead nothing starts, less than 180 warns (domain 4.3 d)."""
    assert horizon(LIST, LIST.known_until - timedelta(days=left)) is found


# ----------------------------------------------------------------------------------- the days
@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-11-30", {EW, NI}),  # St Andrew's
        ("2026-07-13", {EW, SCO}),  # substitute for 12 July
        ("2026-08-03", {EW, NI}),  # Scotland's summer holiday
        ("2026-08-31", {SCO}),  # the others'
        ("2026-06-15", {EW, NI}),  # Scotland, once
        ("2026-12-26", set()),  # a Saturday
        ("2026-12-28", set()),  # its substitute
        ("2027-12-27", set()),
        ("2027-12-28", set()),
        ("2024-02-29", set(Division)),
        ("2022-09-19", set()),  # State Funeral
        ("2026-11-22", set()),  # a Sunday
    ],
)
def test_who_works_on_a_day(day, worked):
    """Each division keeps its own days, and substitutes stand for weekends."""
    assert {d for d in Division if calendar(d).is_working_day(date.fromisoformat(day))} == worked


def test_past_the_list_weekdays_count():
    """Nothing is known of 2029, so its weekdays are assumed to be worked, and marked elsewhere."""
    assert calendar().is_working_day(date(2029, 1, 1))


@pytest.mark.parametrize(
    ("day", "including", "found"),
    [
        ("2026-11-20", True, "2026-11-20"),
        ("2026-11-20", False, "2026-11-23"),
        ("2026-11-21", True, "2026-11-23"),
        ("2026-12-25", True, "2026-12-29"),
    ],
)
def test_the_next_working_day(day, including, found):
    """A day stands for itself only where it is included and worked."""
    there = calendar().next_working_day(date.fromisoformat(day), including=including)
    assert there == date.fromisoformat(found)


def test_the_nth_working_day_after():
    """The day itself is not counted; the fifth after a Friday is the next Friday."""
    assert calendar().nth_working_day_after(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert calendar().nth_working_day_after(date(2026, 11, 20), 5) == date(2026, 11, 27)
    with pytest.raises(ValueError, match="at least 1"):
        calendar().nth_working_day_after(date(2026, 11, 20), 0)


@pytest.mark.parametrize(
    ("after", "until", "count"),
    [
        ("2026-11-20", "2026-11-20", 0),
        ("2026-11-20", "2026-11-23", 1),
        ("2026-11-21", "2026-11-23", 1),
        ("2026-11-23", "2026-11-20", -1),
        ("2026-12-18", "2026-12-29", 5),
    ],
)
def test_counting_between_days(after, until, count):
    """The later day counts and the earlier does not, whichever is given first."""
    between = calendar().working_days_between(date.fromisoformat(after), date.fromisoformat(until))
    assert between == count


def test_days_skipped_have_names():
    """A page says which bank holidays were left out, where they are, and what was closed."""
    both = calendar(EW, SCO, closures={date(2026, 12, 24), date(2026, 12, 27)})
    assert both.skipped(date(2026, 11, 29), date(2026, 12, 25)) == (
        NotWorked(date(2026, 11, 30), "St Andrew’s Day", (SCO,)),
        NotWorked(date(2026, 12, 24), "Closed", ()),
        NotWorked(date(2026, 12, 25), "Christmas Day", (EW, SCO)),
    )
    assert both.skipped(date(2026, 12, 26), date(2026, 12, 27)) == ()
    assert both.skipped(date(2026, 12, 25), date(2026, 12, 27)) == ()


def test_a_local_closure_is_not_worked():
    """Closures count only for the calendar they are given to."""
    day = date(2026, 11, 23)
    assert not calendar(closures={day}).is_working_day(day)
    assert not calendar().closing(frozenset({day})).is_working_day(day)


def test_no_division_no_calendar():
    """A calendar of nowhere would count every weekday."""
    with pytest.raises(ValueError, match="at least one division"):
        WorkingCalendar(LIST, frozenset())


@pytest.mark.parametrize(
    ("choice", "divisions"),
    [
        (CalendarChoice.RESPONDER, {SCO}),
        (CalendarChoice.REQUESTER, {EW}),
        (CalendarChoice.UNION, {EW, SCO}),
        (CalendarChoice.ANY_UK, set(Division)),
    ],
)
def test_whose_calendar(choice, divisions):
    """An English requester and a Scottish responder, by each of the area's choices."""
    found = calendar_for(choice, EW, SCO, LIST, frozenset({date(2026, 11, 23)}))
    assert found.divisions == divisions
    assert found.closures == {date(2026, 11, 23)}
    assert (found.version, found.known_until) == (LIST.version, LIST.known_until)


@given(DAYS, st.integers(1, 20), st.sets(st.sampled_from(Division), min_size=1))
def test_the_nth_day_is_worked_and_the_nth(day, n, divisions):
    """Landing is always on a working day, and counting back gives the same number."""
    there = calendar(*divisions).nth_working_day_after(day, n)
    assert calendar(*divisions).is_working_day(there)
    assert calendar(*divisions).working_days_between(day, there) == n


@given(DAYS, st.sets(st.sampled_from(Division), min_size=1))
def test_a_union_works_when_all_do(day, divisions):
    """A day counts in a union exactly if it counts in each part."""
    assert calendar(*divisions).is_working_day(day) == all(
        calendar(d).is_working_day(day) for d in divisions
    )


def test_a_stale_list_is_another_value():
    """Lists are told apart by version, so a recalculation knows what it went from and to."""
    stale = BankHolidays("older", LIST.read_on, LIST.known_until, LIST.days)
    assert calendar_for(CalendarChoice.RESPONDER, EW, EW, stale).version == "older"
