"""A newer list of bank holidays: later, never earlier without a supervisor."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from policies.calendar import Division
from policies.clock import RequestClock, calendar_of, request_due, working_time_left
from policies.clock_events import Queried, Recalculated
from policies.recalculation import recalculation
from tests.builders.clocks import (
    CALENDAR,
    FRIDAY,
    answered,
    clock,
    given_days,
    happened,
    nov,
    with_days,
)

HOUR = timedelta(hours=1)


def moved(made, was, now, **more):
    return recalculation(made, was, now, event_id="newer", at=nov("18T10:00"), **more)


def test_a_bank_holiday_proclaimed_meanwhile():
    """Between reminder and due: the due instant moves on, and both sides are to be told."""
    found = moved(clock(), CALENDAR, with_days("more", more=[FRIDAY]))
    assert (found.old.due_at, found.new.due_at) == (nov("23T17:00"), nov("24T17:00"))
    assert found.moved
    assert found.event == Recalculated(id="newer", at=nov("18T10:00"), calendar_version="more")


def test_the_funeral_of_2022():
    """Examples 26 and 27: proclaimed on 10 September for the 19th, the request of the 9th moves."""
    funeral = date(2022, 9, 19)
    made = RequestClock(datetime(2022, 9, 9, 16, 30, tzinfo=UTC), frozenset({"E1"}))
    found = moved(made, with_days("before", fewer=[funeral]), CALENDAR)
    assert found.old.due_at == datetime(2022, 9, 19, 16, tzinfo=UTC)
    assert found.new.due_at == datetime(2022, 9, 20, 16, tzinfo=UTC)


def test_a_stale_list_and_scotland():
    """The holiday of 15 June 2026 was missing from the list of February: later, never earlier."""
    world_cup = date(2026, 6, 15)
    made = RequestClock(datetime(2026, 6, 10, 9, tzinfo=UTC), frozenset({"E1"}))
    divisions = frozenset({Division.SCOTLAND})
    stale = replace(with_days("stale", fewer=[world_cup]), divisions=divisions)
    fresh = replace(CALENDAR, divisions=divisions)
    assert moved(made, stale, fresh).new.due_at == datetime(2026, 6, 18, 16, tzinfo=UTC)
    assert moved(made, stale, fresh).moved
    assert not moved(made, fresh, stale).moved


def test_a_bank_holiday_taken_back():
    """The day stays free for a request that was open, through later lists and extensions."""
    was, now = with_days("more", more=[FRIDAY]), with_days("taken-back")
    found = moved(clock(), was, now)
    assert not found.moved
    assert found.event.kept == {FRIDAY}
    made = clock(found.event)
    assert calendar_of(made, now).closures == {FRIDAY}
    assert calendar_of(made, now, nov("17T10:00")).closures == set()
    assert request_due(made, now).due_at == nov("24T17:00")
    third = recalculation(made, now, CALENDAR, event_id="third", at=nov("19T10:00"))
    assert third.event.kept == {FRIDAY}
    made = made.with_event(third.event).with_event(given_days("19T11:00", 2))
    assert request_due(made, CALENDAR).due_at == nov("26T17:00")
    left = working_time_left(made, CALENDAR, nov("19T12:00"))
    assert (left.working_days, left.working_time) == (4, 37 * HOUR)


def test_a_supervisor_may_let_it_be_due_earlier():
    """Only then does a day taken back count, also one that was kept before."""
    was, now = with_days("more", more=[FRIDAY]), with_days("taken-back")
    kept = clock(moved(clock(), was, now).event)
    found = recalculation(
        kept, now, CALENDAR, event_id="third", at=nov("19T10:00"), earlier_allowed=True
    )
    assert found.event.kept == frozenset()
    assert found.moved
    assert (found.old.due_at, found.new.due_at) == (nov("24T17:00"), nov("23T17:00"))


def test_days_before_the_request_are_not_kept():
    """A request keeps what it could have rested on, from the day it came."""
    days = [date(2026, 11, 13), date(2026, 11, 16)]
    assert moved(clock(), with_days("more", more=days), CALENDAR).event.kept == {days[1]}


def test_an_ended_request_does_not_move():
    """It is history: nobody is told of another due instant."""
    made = clock(answered("17T10:00"))
    assert not moved(made, CALENDAR, with_days("more", more=[FRIDAY])).moved


def test_a_recalculation_while_the_clock_stands():
    """What moves is the earliest instant that it can be due."""
    made = clock(happened(Queried, "17T10:00"))
    found = moved(made, CALENDAR, with_days("more", more=[FRIDAY]))
    assert found.moved
    assert found.new.earliest.due_at == nov("24T17:00")


def test_time_given_stays_given_when_the_list_moves():
    """A newer list takes the request past its case: the extension is not taken back by that."""
    decided = given_days("17T10:00", 1, case_due_at=nov("24T17:00"))
    found = moved(clock(decided), CALENDAR, with_days("more", more=[FRIDAY]))
    assert found.new.due_at == nov("25T17:00")
