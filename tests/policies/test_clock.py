"""The request clock: opening, stops, ends, and the time that is left."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from policies.clock import (
    Disregarded,
    Ended,
    ExtensionLimits,
    RequestClock,
    TimeLeft,
    is_overdue,
    problems_of,
    reckon,
    request_due,
    working_time_left,
)
from policies.clock_events import (
    Acknowledged,
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
    shows_receipt,
)
from policies.deadline import Due, Elapsed, Stop, Stopped, Terms
from schemas.problems import Code, Problem
from tests.builders.clocks import (
    CALENDAR,
    LIST,
    REQUESTER,
    SUPERVISOR,
    answered,
    asked_days,
    clock,
    due_day,
    given_days,
    happened,
    nov,
)

HOUR = timedelta(hours=1)
NAIVE = datetime(2026, 11, 16, 9)  # noqa: DTZ001 - a naive datetime is what is to be refused


# ------------------------------------------------------------------------------------- opening
def test_a_request_as_it_is_opened():
    """Nothing has happened: it is due by its terms, nobody has acknowledged it."""
    standing = reckon(clock(), CALENDAR)
    assert standing.due == standing.unstopped == Due(date(2026, 11, 16), nov("23T17:00"), False)
    assert standing.open_questions == {"E1", "E3"}
    assert not standing.acknowledged
    assert (standing.stops, standing.queries, standing.extension_days) == ((), 0, 0)
    assert (standing.ended, standing.outcomes, standing.disregarded) == (None, {}, ())
    assert request_due(clock(), CALENDAR) == standing.due


def test_opened_again_keeps_the_first_day():
    """A duplicate delivery never resets day 0, whichever of the two is heard of first."""
    again = happened(Opened, "18T09:00")
    assert clock(again) == clock()
    assert clock(happened(Opened, "16T09:00"), opened="18T09:00") == clock()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RequestClock(NAIVE, frozenset({"E1"})), "must be aware"),
        (lambda: RequestClock(nov("16T09:00"), frozenset()), "at least one question"),
        (lambda: clock(terms=Terms(11)), "too long together"),
        (lambda: ExtensionLimits(4, 3), "0 to 10 days"),
        (lambda: ExtensionLimits(3, 11), "0 to 10 days"),
        (lambda: ExtensionLimits(-1, 3), "0 to 10 days"),
        (lambda: Replied(id="x", at=NAIVE), "must be aware"),
        (lambda: TimeAsked(id="x", at=NAIVE, days=1), "must be aware"),
        (lambda: asked_days("17T09:00", 0), "at least one day"),
        (lambda: given_days("17T09:00", -1), "take time away"),
        (lambda: given_days("17T09:00", 1, case_due_at=NAIVE), "must be aware"),
        (lambda: TimeDecided(id="x", at=NAIVE, days=1, by=REQUESTER), "must be aware"),
    ],
)
def test_what_makes_no_clock(make, says):
    """Values without a meaning are refused where they are made."""
    with pytest.raises(ValueError, match=says):
        make()


def test_the_longest_terms_that_can_be():
    """Ten days and ten of extension can still be counted."""
    made = clock(given_days("17T09:00", 10, SUPERVISOR), terms=Terms(10))
    assert request_due(made, CALENDAR).due_at == datetime(2026, 12, 14, 17, tzinfo=UTC)


# --------------------------------------------------------------------------------- clarifying
@pytest.mark.parametrize(
    ("events", "day", "queries"),
    [
        # one close of business lost; asked and answered the same day
        ([happened(Queried, "18T11:00"), happened(Replied, "19T15:00")], 24, 1),
        ([happened(Queried, "18T11:00"), happened(Replied, "18T16:00")], 23, 1),
        # a pause opened twice: the second was not agreed to; or was
        (
            [
                happened(Queried, "18T11:00"),
                happened(Queried, "18T12:00"),
                happened(Replied, "19T15:00"),
            ],
            24,
            1,
        ),
        (
            [
                happened(Queried, "18T11:00"),
                happened(Queried, "19T12:00", accepted=True),
                happened(Replied, "20T15:00"),
            ],
            25,
            2,
        ),
        # a second one afterwards
        (
            [
                happened(Queried, "17T11:00"),
                happened(Replied, "18T09:00"),
                happened(Queried, "18T11:00"),
                happened(Replied, "20T15:00"),
            ],
            24,
            1,
        ),
        (
            [
                happened(Queried, "17T11:00"),
                happened(Replied, "18T09:00"),
                happened(Queried, "18T11:00", accepted=True),
                happened(Replied, "20T15:00"),
            ],
            26,
            2,
        ),
        # a reply to nothing, a second reply
        ([happened(Replied, "18T15:00")], 23, 0),
        (
            [
                happened(Queried, "18T11:00"),
                happened(Replied, "19T15:00"),
                happened(Replied, "23T15:00"),
            ],
            24,
            1,
        ),
        # asked when it was too late to stop anything
        ([happened(Queried, "24T11:00"), happened(Replied, "30T15:00")], 23, 1),
    ],
)
def test_what_clarifying_costs(events, day, queries):
    """Once per request the clock stands from a query to its reply, by the close of business."""
    standing = reckon(clock(*events), CALENDAR)
    assert standing.due.due_at.day == day
    assert standing.queries == queries
    assert standing.unstopped.due_at == nov("23T17:00")


def test_while_a_query_waits_nothing_is_due():
    """A clock that stands names no due instant and nothing is overdue, however long."""
    made = clock(happened(Queried, "18T11:00"))
    standing = reckon(made, CALENDAR)
    assert isinstance(standing.due, Stopped)
    assert standing.due.since == nov("18T11:00")
    assert standing.due.earliest.due_at == nov("23T17:00")
    assert standing.stops == (Stop(nov("18T11:00"), None),)
    assert not is_overdue(made, CALENDAR, nov("30T17:00"))


def test_a_second_query_needs_agreement():
    """It is named with its reason, so that the gate can refuse it before it goes on."""
    second = happened(Queried, "19T11:00")
    made = clock(happened(Queried, "18T11:00"))
    reason = Problem(Code.CLOCK_ALREADY_STOPPED)
    assert problems_of(made, CALENDAR, second) == (reason,)
    assert reckon(made.with_event(second), CALENDAR).disregarded == (
        Disregarded(second.id, reason),
    )
    assert problems_of(made, CALENDAR, replace(second, accepted=True)) == ()
    assert problems_of(clock(), CALENDAR, second) == ()


# -------------------------------------------------------------------------------------- holds
def test_a_hold_stops_the_clock_until_it_is_lifted():
    """Deconfliction may hold as often as it must; holds that overlap end together."""
    made = clock(happened(HoldBegan, "17T11:00"), happened(HoldBegan, "18T11:00"))
    assert reckon(made, CALENDAR).held
    assert isinstance(request_due(made, CALENDAR), Stopped)
    made = made.with_event(happened(HoldLifted, "19T11:00"))
    assert not reckon(made, CALENDAR).held
    assert due_day(made) == 25
    made = made.with_event(happened(HoldLifted, "20T11:00"))
    assert due_day(made) == 25
    assert reckon(made.with_event(happened(HoldBegan, "25T11:00")), CALENDAR).held
    assert reckon(made, CALENDAR).queries == 0


def test_a_reply_lifts_no_hold():
    """Clarification and hold are two stops, each with its own end; together they count once."""
    made = clock(
        happened(HoldBegan, "17T11:00"),
        happened(Queried, "17T12:00"),
        happened(Replied, "18T09:00"),
    )
    assert reckon(made, CALENDAR).held
    assert due_day(made.with_event(happened(HoldLifted, "18T10:00"))) == 24


# ------------------------------------------------------------------------------------- the end
def test_part_of_an_answer_leaves_the_rest_due():
    """Questions answered are closed; the others keep the due instant they had."""
    made = clock(answered("18T10:00", "E1"))
    standing = reckon(made, CALENDAR)
    assert standing.open_questions == {"E3"}
    assert standing.outcomes == {"E1": Outcome.ANSWERED}
    assert standing.ended is None
    assert standing.due == reckon(clock(), CALENDAR).due
    assert is_overdue(made, CALENDAR, nov("24T10:00"))
    ended = reckon(made.with_event(answered("24T10:00", "E3", outcome=Outcome.REFUSED)), CALENDAR)
    assert ended.ended == Ended(Outcome.REFUSED, nov("24T10:00"), True, 6)
    assert ended.outcomes == {"E1": Outcome.ANSWERED, "E3": Outcome.REFUSED}
    assert not ended.overdue


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize(("at", "late"), [("23T17:00", False), ("23T17:00:00.000001", True)])
def test_each_end(outcome, at, late):
    """Any end stops the clock for good; the due instant itself is in time."""
    made = clock(answered(at, outcome=outcome))
    standing = reckon(made, CALENDAR, nov("30T10:00"))
    assert standing.ended == Ended(outcome, nov(at), late, 5)
    assert standing.open_questions == set()
    assert not standing.overdue
    assert not is_overdue(made, CALENDAR, nov(at))
    assert is_overdue(made, CALENDAR, nov("23T17:00:00.000001")) is False


def test_what_comes_after_the_end_changes_nothing():
    """A withdrawal after the response, a late question, more time: the first end stands."""
    made = clock(answered("18T10:00"))
    after = [
        answered("19T10:00", outcome=Outcome.WITHDRAWN),
        happened(Queried, "19T10:00"),
        happened(HoldBegan, "19T10:00"),
        given_days("19T10:00", 2),
        happened(Recalculated, "19T10:00", calendar_version="x", kept=frozenset()),
    ]
    assert reckon(clock(answered("18T10:00"), *after), CALENDAR) == reckon(made, CALENDAR)


def test_withdrawn_in_part():
    """A question withdrawn after its answer stays answered; the others are withdrawn."""
    made = clock(answered("18T10:00", "E1"), answered("19T10:00", outcome=Outcome.WITHDRAWN))
    standing = reckon(made, CALENDAR)
    assert standing.ended.outcome is Outcome.WITHDRAWN
    assert standing.outcomes == {"E1": Outcome.ANSWERED, "E3": Outcome.WITHDRAWN}


def test_a_question_never_asked_ends_nothing():
    """An answer to something else does not close the request."""
    assert reckon(clock(answered("18T10:00", "E9")), CALENDAR).outcomes == {}


def test_redirected_within_the_organisation():
    """The clock runs on: finding the right colleague is the organisation's own affair."""
    standing = reckon(clock(happened(Redirected, "18T10:00", same_organisation=True)), CALENDAR)
    assert standing.ended is None
    assert standing.acknowledged
    assert standing.due.due_at == nov("23T17:00")


def test_redirected_elsewhere():
    """Another organisation gets a request of its own; this one has ended."""
    standing = reckon(clock(happened(Redirected, "18T10:00", same_organisation=False)), CALENDAR)
    assert standing.ended == Ended(Outcome.REDIRECTED, nov("18T10:00"), False, 2)
    assert standing.outcomes == {"E1": Outcome.REDIRECTED, "E3": Outcome.REDIRECTED}


def test_answered_before_day_0():
    """Asked on a Saturday and answered at once: in 0 working days, not in minus one."""
    made = clock(answered("21T11:00"), opened="21T10:00")
    assert reckon(made, CALENDAR).ended.working_days == 0


@pytest.mark.parametrize(
    ("event", "shows"),
    [
        (happened(Opened, "17T10:00"), False),
        (happened(Acknowledged, "17T10:00"), True),
        (happened(Queried, "17T10:00"), True),
        (happened(Replied, "17T10:00"), False),
        (happened(HoldBegan, "17T10:00"), False),
        (asked_days("17T10:00", 1), True),
        (given_days("17T10:00", 1), False),
        (happened(Redirected, "17T10:00", same_organisation=True), True),
        (answered("17T10:00", "E1"), True),
        (answered("17T10:00", "E1", outcome=Outcome.WITHDRAWN), False),
    ],
)
def test_what_shows_that_it_arrived(event, shows):
    """Whatever only the responder can do acknowledges the request."""
    assert shows_receipt(event) is shows
    assert reckon(clock(event), CALENDAR).acknowledged is shows


# --------------------------------------------------------------------------------------- hours
def test_a_limit_in_hours():
    """Stops hold it to the microsecond; days of extension do not fit on it."""
    made = clock(terms=Elapsed(4))
    assert request_due(made, CALENDAR).due_at == nov("16T13:00")
    asked = [happened(Queried, "16T10:00"), happened(Replied, "16T11:00")]
    assert request_due(clock(*asked, terms=Elapsed(4)), CALENDAR).due_at == nov("16T14:00")
    too_long = (Problem(Code.EXTENSION_TOO_LONG),)
    assert problems_of(made, CALENDAR, asked_days("16T10:00", 1)) == too_long
    assert problems_of(made, CALENDAR, given_days("16T10:00", 1)) == too_long
    assert problems_of(made, CALENDAR, given_days("16T10:00", 0)) == ()
    ended = reckon(made.with_event(answered("17T13:00")), CALENDAR).ended
    assert ended == Ended(Outcome.ANSWERED, nov("17T13:00"), True, 1)


# ----------------------------------------------------------------------------------- time left
@pytest.mark.parametrize(
    ("at", "days", "hours"),
    [
        ("16T09:00", 5, 48),
        ("17T09:00", 4, 40),
        ("19T18:00", 2, 16),
        ("21T12:00", 1, 8),  # a Saturday
        ("23T09:00", 0, 8),
        ("23T17:00", 0, 0),
        ("23T18:00", 0, 0),
        ("24T10:00", -1, -1),
        ("26T17:00", -3, -24),
    ],
)
def test_time_left(at, days, hours):
    """Whole working days for words, working time for sorting (console 4.1)."""
    left = working_time_left(clock(), CALENDAR, nov(at))
    assert left == TimeLeft(days, hours * HOUR, stopped=False, provisional=False)


def test_time_left_stands_with_the_clock():
    """While it is paused the figures stay as they were when it was."""
    made = clock(happened(Queried, "18T11:00"))
    paused = TimeLeft(3, 30 * HOUR, stopped=True, provisional=False)
    assert working_time_left(made, CALENDAR, nov("18T11:00")) == paused
    assert working_time_left(made, CALENDAR, nov("27T11:00")) == paused
    before = working_time_left(made, CALENDAR, nov("18T10:00"))
    assert before == TimeLeft(3, 31 * HOUR, stopped=False, provisional=False)


def test_no_time_is_left_of_what_has_ended():
    """An ended request tells its end instead: "answered in 2 working days"."""
    made = clock(answered("18T11:00"))
    end = Ended(Outcome.ANSWERED, nov("18T11:00"), False, 2)
    assert working_time_left(made, CALENDAR, nov("19T11:00")) == end
    assert isinstance(working_time_left(made, CALENDAR, nov("17T11:00")), TimeLeft)


def test_time_left_past_the_list_is_provisional():
    """What rests on unknown bank holidays says so wherever it is shown."""
    short = replace(CALENDAR, holidays=replace(LIST, known_until=date(2026, 11, 20)))
    assert working_time_left(clock(), short, nov("17T09:00")).provisional
