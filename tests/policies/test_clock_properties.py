"""What holds for a request clock whatever happens to it, in any order."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from policies.clock import is_overdue, reckon, request_due
from policies.clock_events import (
    Acknowledged,
    Closed,
    Decider,
    Event,
    HoldBegan,
    HoldLifted,
    Opened,
    Outcome,
    Queried,
    Recalculated,
    Redirected,
    Replied,
    TimeAsked,
    TimeDecided,
)
from policies.clock_extension import expected
from policies.deadline import Elapsed, Terms
from policies.recalculation import recalculation
from tests.builders.clocks import CALENDAR, clock, with_days

_AT = st.datetimes(datetime(2026, 11, 10), datetime(2026, 12, 20), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of Hypothesis are naive
_KINDS = [
    st.builds(Acknowledged, id=st.uuids().map(str), at=_AT),
    st.builds(Queried, id=st.uuids().map(str), at=_AT, accepted=st.booleans()),
    st.builds(Replied, id=st.uuids().map(str), at=_AT),
    st.builds(HoldBegan, id=st.uuids().map(str), at=_AT),
    st.builds(HoldLifted, id=st.uuids().map(str), at=_AT),
    st.builds(TimeAsked, id=st.uuids().map(str), at=_AT, days=st.integers(1, 12)),
    st.builds(
        TimeDecided,
        id=st.uuids().map(str),
        at=_AT,
        days=st.integers(0, 12),
        by=st.sampled_from(Decider),
        case_due_at=st.none() | _AT,
    ),
    st.builds(
        Closed,
        id=st.uuids().map(str),
        at=_AT,
        outcome=st.sampled_from(Outcome),
        questions=st.none() | st.frozensets(st.sampled_from(["E1", "E3"])),
    ),
    st.builds(Redirected, id=st.uuids().map(str), at=_AT, same_organisation=st.booleans()),
    st.builds(Opened, id=st.uuids().map(str), at=_AT),
    st.builds(
        Recalculated,
        id=st.uuids().map(str),
        at=_AT,
        calendar_version=st.just("x"),
        kept=st.frozensets(st.dates(date(2026, 11, 9), date(2026, 12, 20)), max_size=2),
    ),
]
EVENTS = st.lists(st.one_of(_KINDS), max_size=8)
TERMS = st.builds(Terms, st.integers(1, 10)) | st.builds(Elapsed, st.integers(1, 48))


@given(st.data(), EVENTS, TERMS)
def test_order_and_repetition_change_nothing(data, events, terms):
    """However the messages are delivered, and how often, the clock is the same value."""
    straight = clock(*events, terms=terms)
    again = data.draw(st.permutations([*events, *events]))
    assert clock(*again, terms=terms) == straight
    assert reckon(clock(*again, terms=terms), CALENDAR) == reckon(straight, CALENDAR)


@given(st.lists(_KINDS[1], min_size=2, max_size=3), st.data())
def test_of_two_with_one_id_the_earlier_stands(events, data):
    """A second delivery with another stamp moves nothing, whichever is heard of first."""
    same = [replace(event, id="x") for event in events]
    made = clock(*data.draw(st.permutations(same)))
    assert made == clock(min(same, key=lambda event: (event.at, repr(event))))


@given(EVENTS, TERMS, _AT)
def test_history_stays_as_it_was(events, terms, at):
    """What happens later never changes where the request stood at an instant."""
    whole = clock(*events, terms=terms)
    known = [e for e in events if e.at <= at and not isinstance(e, Opened)]
    then = replace(clock(*known, terms=terms), opened_at=whole.opened_at)
    assert reckon(whole, CALENDAR, at) == reckon(then, CALENDAR, at)


@given(EVENTS, TERMS, _AT, _AT)
def test_overdue_until_something_happens(events, terms, one, other):
    """Time alone makes a request overdue once, and it stays so unless time is given or it ends."""
    made = clock(*events, terms=terms)
    early, late = sorted((one, other))
    quiet = not any(early < event.at <= late for event in made.events.values())
    if quiet and is_overdue(made, CALENDAR, early):
        assert is_overdue(made, CALENDAR, late)


@given(EVENTS, TERMS)
def test_due_is_never_before_the_terms_say(events, terms):
    """Nothing that happens to a request brings its due instant forward."""
    made = clock(*events, terms=terms)
    plain = request_due(replace(made, events={}), CALENDAR)
    standing = reckon(made, CALENDAR)
    assert expected(standing.due).due_at >= plain.due_at
    assert standing.unstopped.due_at <= expected(standing.due).due_at
    assert 0 <= standing.extension_days <= made.limits.supervisor


@given(
    EVENTS,
    TERMS,
    st.frozensets(st.dates(date(2026, 11, 9), date(2026, 12, 20)), max_size=4),
    st.frozensets(st.dates(date(2026, 11, 9), date(2026, 12, 20)), max_size=4),
)
def test_a_recalculation_is_never_earlier(events, terms, before, after):
    """Whatever the older list had free and the newer has not (domain 4.3 b)."""
    was, now = with_days("was", more=before), with_days("now", more=after)
    # the latest of all events: history before it was counted by the older list
    made = clock(*events, terms=terms)
    at = datetime(2026, 12, 24, tzinfo=UTC)
    found = recalculation(made, was, now, event_id="newer", at=at)
    if reckon(made, was).ended is None:
        assert expected(found.new).due_at >= expected(found.old).due_at
    again = recalculation(made.with_event(found.event), now, now, event_id="again", at=at)
    assert not again.moved


@given(EVENTS)
def test_events_can_be_stored(events):
    """The bucket keeps them as JSON; ``kind`` tells them apart on the way back."""
    adapter = TypeAdapter(list[Event])
    assert adapter.validate_json(adapter.dump_json(events)) == events
