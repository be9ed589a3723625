"""What holds for every receipt, calendar, time limit and stop."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.calendar import Division, WorkingCalendar, shipped_bank_holidays
from policies.deadline import (
    LONDON,
    Convention,
    Due,
    Elapsed,
    Stop,
    Stopped,
    Terms,
    due,
    working_time,
)

LIST = shipped_bank_holidays()


def calendar(*divisions):
    return WorkingCalendar(LIST, frozenset(divisions or {Division.ENGLAND_AND_WALES}))


INSTANTS = st.datetimes(datetime(2012, 1, 1), datetime(2028, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of Hypothesis are naive
DIVISIONS = st.sets(st.sampled_from(Division), min_size=1)
LENGTHS = st.timedeltas(timedelta(), timedelta(days=12))
TERMS = st.builds(
    Terms,
    st.integers(1, 20),
    st.sampled_from([time(17), time(12, 30)]),
    st.sampled_from(Convention),
)
LIMITS = TERMS | st.builds(Elapsed, st.integers(1, 96))


@st.composite
def around(draw, received):
    """Closed stops near an instant."""
    offsets = st.timedeltas(timedelta(days=-3), timedelta(days=20))
    begins = [received + one for one in draw(st.lists(offsets, max_size=3))]
    return [Stop(at, at + draw(LENGTHS)) for at in begins]


@given(st.data(), INSTANTS, LENGTHS, DIVISIONS, LIMITS)
def test_who_is_asked_later_is_due_no_earlier(data, received, later, divisions, terms):
    """Due is monotone in receipt, whatever stops there are."""
    stops = data.draw(around(received))
    first = due(received, calendar(*divisions), terms, stops)
    assert first.due_at <= due(received + later, calendar(*divisions), terms, stops).due_at


@given(st.data(), INSTANTS, DIVISIONS, TERMS)
def test_due_at_the_cut_off_of_a_working_day(data, received, divisions, terms):
    """Never on a weekend or a bank holiday, and never while the clock stands."""
    stops = data.draw(around(received))
    found = due(received, calendar(*divisions), terms, stops)
    local = found.due_at.astimezone(LONDON)
    assert calendar(*divisions).is_working_day(local.date())
    assert local.time() == terms.cut_off
    assert not any(one.holds_at(found.due_at) for one in stops)
    assert found.due_at > received


@given(INSTANTS, DIVISIONS, TERMS)
def test_a_union_is_due_no_earlier_than_any_part(received, divisions, terms):
    """More free days never bring a due instant forward."""
    union = due(received, calendar(*divisions), terms)
    assert all(union.due_at >= due(received, calendar(d), terms).due_at for d in divisions)


@given(st.data(), INSTANTS, DIVISIONS, LIMITS)
def test_a_further_stop_never_hastens(data, received, divisions, terms):
    """Nor does the order matter in which stops are given."""
    stops = data.draw(around(received))
    dues = [
        due(received, calendar(*divisions), terms, stops[:n]).due_at for n in range(len(stops) + 1)
    ]
    assert dues == sorted(dues)
    assert due(received, calendar(*divisions), terms, stops[::-1]).due_at == dues[-1]


@given(st.data(), INSTANTS, LENGTHS, LENGTHS, LIMITS)
def test_a_restart_gives_the_earliest_or_later(data, received, after, length, terms):
    """What a standing clock calls its earliest due is no promise that a restart would break."""
    stops = data.draw(around(received))
    begins = received + after
    standing = due(received, calendar(), terms, [*stops, Stop(begins, None)])
    restarted = due(received, calendar(), terms, [*stops, Stop(begins, begins + length)])
    expected = standing.earliest if isinstance(standing, Stopped) else standing
    assert isinstance(restarted, Due)
    assert expected.due_at <= restarted.due_at
    assert expected.day_0 == restarted.day_0
    if isinstance(standing, Due):
        assert standing == restarted


@given(INSTANTS, LENGTHS, DIVISIONS)
def test_working_time_adds_up(start, length, divisions):
    """From here to there and on is from here on; and back is the same, negative."""
    middle, end = start + length / 3, start + length
    there = calendar(*divisions)
    whole = working_time(start, end, there, Terms())
    parts = working_time(start, middle, there, Terms()) + working_time(middle, end, there, Terms())
    assert whole == parts == -working_time(end, start, there, Terms())
    assert timedelta() <= whole <= length
