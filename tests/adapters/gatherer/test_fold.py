"""Where a request stands: one row for every standing, in words, and the order of urgency."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.gatherer.fold import stand
from adapters.gatherer.standing import (
    NEEDS_YOU,
    SETTLED,
    Facts,
    Said,
    Spoken,
    Stand,
    Standing,
    Told,
)
from adapters.gatherer.wording import clock_time, day, deadline, happened, moment
from policies.calendar import Division, shipped_bank_holidays
from policies.clock_events import Outcome
from policies.deadline import Elapsed
from schemas.fields.refusal_reason import RefusalReason
from schemas.messages.message_type import Effect
from schemas.problems import Code, Problem
from tests.builders.messages import AT

HOLIDAYS = shipped_bank_holidays()
DUE = datetime(2026, 11, 23, 17, tzinfo=UTC)
ALL = frozenset({"E1", "E2"})
TOLD = Told(
    DUE, stopped=False, provisional=False, divisions=frozenset({Division.ENGLAND_AND_WALES})
)


def on(text: str) -> datetime:
    """An instant of November 2026 in UTC: ``17 09:00``."""
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00")


def facts(*messages: Said, **changes: Any) -> Facts:
    """A request that the school collected at once on Monday the 16th at nine."""
    members: dict[str, Any] = {
        "jti": "request-1",
        "conv": "case",
        "agency": "oakfield-school",
        "questions": ("E1", "E2"),
        "state": "opened",
        "opened_at": AT,
        "delivered_at": AT + timedelta(minutes=1),
        "told": TOLD,
        "messages": messages,
    }
    return Facts(**(members | changes))


def came(effect: Effect, at: str = "17 10:00", **changes: Any) -> Said:
    """A message of the agency that was opened; ``changes`` replace members."""
    members: dict[str, Any] = {
        "jti": f"{effect} {at}",
        "effect": effect,
        "inbound": True,
        "state": "opened",
        "at": on(at),
    }
    return Said(**(members | changes))


def went(effect: Effect, at: str = "17 12:00", **changes: Any) -> Said:
    """A message of the gatherer that the agency opened."""
    return came(effect, at, **{"inbound": False, **changes})


def stands(found: Facts, now: str = "17 15:00") -> Standing:
    """Where it stands at an instant of November."""
    return stand(found, on(now), HOLIDAYS)


ANSWER = came(Effect.ANSWERS, closes=ALL)
PART = came(Effect.ANSWERS, closes=frozenset({"E1"}))
NIL = came(Effect.HOLDS_NOTHING, closes=ALL)
WHY = {"E1": RefusalReason.EXCESSIVE, "E2": RefusalReason.EXCESSIVE}
REFUSAL = came(Effect.REFUSES, closes=ALL, reasons=WHY)
QUERY = came(Effect.STOPS_CLOCK)
REPLY = went(Effect.RESUMES_CLOCK)
MORE = came(Effect.ASKS_TIME, days=3)
GIVEN = went(Effect.DECIDES_TIME, days=3)
NOT_GIVEN = went(Effect.DECIDES_TIME, days=0)
HERE = came(Effect.REDIRECTS, same_organisation=True)
ELSEWHERE = came(Effect.REDIRECTS)
ACK = came(Effect.ACKNOWLEDGES)
WITHDRAWAL = went(Effect.WITHDRAWS)
SMUGGLED = came(Effect.ANSWERS, closes=ALL, state="rejected", proof=True)
EXCESSIVE = "The request asks for more than the purpose needs"
QUEUED = {"state": "queued", "opened_at": None, "delivered_at": None, "told": None}
SENT = {"state": "submitted", "delivered_at": None}

# What is known | when it is looked at | where it stands | in words | its time in words
ROWS: list[tuple[Facts, str, Stand, str, str]] = [
    (facts(**QUEUED), "17 15:00", Stand.QUEUED, "Waiting here to be sent", ""),
    (facts(**{**QUEUED, "state": "refused"}, problems=(Problem(Code.AGREEMENT_MISSING),)), "17 15:00",
     Stand.REFUSED_BY_GATE, "Not sent: the policy check refused it", ""),
    (facts(**SENT), "16 15:00", Stand.SUBMITTED, "Sent; the agency has not collected it yet", "5 working days left"),
    (facts(**SENT), "17 17:00", Stand.SUBMITTED, "Sent; the agency has not collected it yet", "4 working days left"),
    (facts(**SENT), "17 17:01", Stand.NOT_COLLECTED, "Not collected by the agency: telephone it", "4 working days left"),
    (facts(**SENT, known=False), "17 17:01", Stand.NOT_CONNECTED,
     "The agency is not connected: nothing has ever come from it; telephone it", "4 working days left"),
    (facts(**SENT), "24 09:00", Stand.NOT_COLLECTED, "Not collected by the agency: telephone it", "Overdue by 1 working day"),
    (facts(state="rejected"), "17 15:00", Stand.NOT_ACCEPTED, "The agency's system could not accept the request", "4 working days left"),
    (facts(), "17 15:00", Stand.DELIVERED, "Collected by the agency", "4 working days left"),
    (facts(came(Effect.TELLS)), "17 15:00", Stand.DELIVERED, "Collected by the agency", "4 working days left"),
    (facts(delivered_at=None), "17 15:00", Stand.DELIVERED, "Collected by the agency", "4 working days left"),
    (facts(), "18 09:00", Stand.SILENT, "Collected, but not acknowledged: it may have the wrong contact", "3 working days left"),
    (facts(ACK), "20 09:00", Stand.ACKNOWLEDGED, "Acknowledged by the agency", "1 working day left"),
    (facts(ACK), "21 12:00", Stand.ACKNOWLEDGED, "Acknowledged by the agency", "1 working day left"),
    (facts(ACK), "23 09:00", Stand.ACKNOWLEDGED, "Acknowledged by the agency", "Due today by 5pm"),
    (facts(ACK), "23 17:00", Stand.ACKNOWLEDGED, "Acknowledged by the agency", "Due today by 5pm"),
    (facts(ACK), "23 17:01", Stand.OVERDUE, "Not answered", "Overdue since 5pm on Monday 23 November 2026"),
    (facts(ACK), "26 09:00", Stand.OVERDUE, "Not answered", "Overdue by 3 working days"),
    (facts(PART), "26 09:00", Stand.OVERDUE, "Not answered; still open: E2", "Overdue by 3 working days"),
    (facts(PART), "18 09:00", Stand.ANSWERED_IN_PART, "Answered in part; still open: E2", "3 working days left"),
    (facts(ANSWER), "18 09:00", Stand.ANSWERED, "Answered", "Answered in 1 working day"),
    (facts(replace(ANSWER, at=on("25 09:00"), late=True)), "26 09:00", Stand.ANSWERED, "Answered", "Answered in 7 working days, late"),
    (facts(replace(ANSWER, state="announced")), "18 09:00", Stand.ANSWER_ARRIVED, "An answer has arrived and is being opened", ""),
    (facts(NIL), "18 09:00", Stand.NOTHING_HELD, "Nothing held", "Answered in 1 working day"),
    (facts(PART, replace(NIL, at=on("18 10:00"))), "18 12:00", Stand.ANSWERED, "Answered", "Answered in 2 working days"),
    (facts(REFUSAL), "18 09:00", Stand.REFUSED,
     f"The agency does not share. {EXCESSIVE}", "Answered in 1 working day"),
    (facts(replace(REFUSAL, reasons={"E1": RefusalReason.EXCESSIVE, "E2": RefusalReason.COURT_ORDER})), "18 09:00", Stand.REFUSED,
     f"The agency does not share; E1: {EXCESSIVE}; E2: An order of a court forbids sharing", "Answered in 1 working day"),
    (facts(replace(ANSWER, at=on("16 12:00"))), "17 15:00", Stand.ANSWERED, "Answered", "Answered the same day"),
    (facts(PART, came(Effect.REFUSES, "18 09:00", closes=frozenset({"E2"}), reasons={"E2": RefusalReason.COURT_ORDER})), "18 10:00",
     Stand.ANSWERED, "Answered; E2: An order of a court forbids sharing", "Answered in 2 working days"),
    (facts(QUERY), "18 09:00", Stand.ASKED, "The agency asks for clarification: reply to it", "Clock paused: agency asked for clarification"),
    (facts(QUERY), "26 09:00", Stand.ASKED, "The agency asks for clarification: reply to it", "Clock paused: agency asked for clarification"),
    (facts(PART, replace(QUERY, at=on("18 09:00"))), "18 10:00", Stand.ASKED,
     "The agency asks for clarification: reply to it; still open: E2", "Clock paused: agency asked for clarification"),
    (facts(QUERY, REPLY), "18 09:00", Stand.ACKNOWLEDGED, "Acknowledged by the agency", "3 working days left"),
    (facts(MORE), "18 09:00", Stand.TIME_ASKED, "The agency asks for 3 more working days: decide on it", "3 working days left"),
    (facts(MORE), "24 09:00", Stand.TIME_ASKED, "The agency asks for 3 more working days: decide on it",
     "Was due on Monday 23 November 2026; more time is asked for"),
    (facts(MORE), "27 09:00", Stand.TIME_ASKED, "The agency asks for 3 more working days: decide on it", "Overdue by 4 working days"),
    (facts(MORE, GIVEN, told=replace(TOLD, due_at=DUE + timedelta(days=3))), "24 09:00", Stand.EXTENDED, "Extended by 3 working days", "2 working days left"),
    (facts(MORE, NOT_GIVEN), "18 09:00", Stand.ACKNOWLEDGED, "Acknowledged by the agency", "3 working days left"),
    (facts(HERE), "18 09:00", Stand.REDIRECTED, "The agency says that somebody else must be asked", "3 working days left"),
    (facts(HERE, redirect_followed=True), "18 09:00", Stand.ACKNOWLEDGED, "Acknowledged by the agency", "3 working days left"),
    (facts(ELSEWHERE), "18 09:00", Stand.REDIRECTED, "The agency says that somebody else must be asked", "3 working days left"),
    (facts(ELSEWHERE, redirect_followed=True), "26 09:00", Stand.REDIRECTED, "The agency says that somebody else must be asked", ""),
    (facts(SMUGGLED), "18 09:00", Stand.ANSWER_REJECTED, "A message of the agency was rejected: it is not shown; proof is kept", "3 working days left"),
    (facts(replace(SMUGGLED, proof=False)), "26 09:00", Stand.ANSWER_REJECTED,
     "A message of the agency was rejected: it is not shown", "Overdue by 3 working days"),
    (facts(SMUGGLED, replace(ANSWER, at=on("18 09:00"))), "18 10:00", Stand.ANSWERED, "Answered", "Answered in 2 working days"),
    (facts(spoken=(Spoken(on("18 09:00"), ALL),)), "26 09:00", Stand.BY_TELEPHONE, "Answered by telephone, written down by hand", ""),
    (facts(PART, spoken=(Spoken(on("18 09:00"), frozenset({"E2"})),)), "26 09:00", Stand.BY_TELEPHONE,
     "Answered by telephone, written down by hand", ""),
    (facts(spoken=(Spoken(on("18 09:00"), frozenset({"E2"})),)), "26 09:00", Stand.OVERDUE, "Not answered", "Overdue by 3 working days"),
    (facts(WITHDRAWAL), "26 09:00", Stand.WITHDRAWN, "Withdrawn", ""),
    (facts(replace(WITHDRAWAL, state="refused")), "17 15:00", Stand.DELIVERED, "Collected by the agency", "4 working days left"),
    (facts(WITHDRAWAL, state="recalled"), "26 09:00", Stand.RECALLED, "Recalled before it was collected; destroyed unread", ""),
]  # fmt: skip


@pytest.mark.parametrize(("found", "now", "expected", "said", "time"), ROWS)
def test_each_standing(found: Facts, now: str, expected: Stand, said: str, time: str):
    """What is known of a request gives one standing, in words that a coordinator reads."""
    standing = stands(found, now)
    assert standing.stand is expected
    assert happened(standing) == said
    assert deadline(standing) == time


def test_every_standing_has_a_row():
    """A standing that is added must be shown how it comes about."""
    assert {row[2] for row in ROWS} == set(Stand)


def test_a_limit_in_hours_is_told_in_hours():
    """An urgent request runs day and night."""
    told = replace(TOLD, due_at=AT + timedelta(hours=4))
    urgent = facts(terms=Elapsed(4), told=told)
    assert (
        deadline(stands(urgent, "16 09:30")) == "3 hours left, until 1pm on Monday 16 November 2026"
    )
    assert deadline(stands(urgent, "16 12:15")) == (
        "45 minutes left, until 1pm on Monday 16 November 2026"
    )
    assert deadline(stands(urgent, "16 14:30")) == "Overdue by 1 hour"
    assert stands(urgent, "16 14:30").stand is Stand.OVERDUE


def test_a_provisional_due_day_says_so():
    """Past the list of bank holidays the day may move."""
    standing = stands(facts(told=replace(TOLD, provisional=True)))
    assert deadline(standing) == "4 working days left (provisional)"


def test_what_the_broker_says_is_due_stands():
    """The broker counted with its newest calendar: a day that moved there is the day shown."""
    moved = replace(TOLD, due_at=DUE + timedelta(days=1))
    assert stands(facts(told=moved)).due_at == moved.due_at
    assert stands(facts(told=None)).due_at == DUE


def test_the_working_days_are_those_of_the_agencys_nation():
    """St Andrew's Day is no working day in Scotland: one day fewer is left."""
    scotland = replace(TOLD, due_at=on("30 17:00"), divisions=frozenset({Division.SCOTLAND}))
    england = replace(scotland, divisions=TOLD.divisions)
    assert stands(facts(told=england), "27 09:00").working_days == 1
    assert stands(facts(told=scotland), "27 09:00").working_days == 0
    unsaid = facts(told=None, division=Division.SCOTLAND)
    assert stands(unsaid).due_at == DUE


def test_working_time_left_counts_working_hours_alone():
    """From Friday noon to Monday five: five hours on Friday and eight on Monday."""
    assert stands(facts(), "20 12:00").working_left == timedelta(hours=13)


def test_a_paused_clock_does_not_run():
    """While the agency waits for a reply nothing becomes overdue, and the time left stays."""
    early, late = stands(facts(QUERY), "18 09:00"), stands(facts(QUERY), "30 09:00")
    assert early.working_left == late.working_left
    assert (late.paused, late.overdue) == (True, False)


def test_a_rejected_message_has_no_effect():
    """A rejected answer closes nothing, a rejected query stops nothing."""
    for one in (ANSWER, NIL, REFUSAL, QUERY, MORE, ELSEWHERE, ACK):
        standing = stands(facts(replace(one, state="rejected")))
        assert standing.open_questions == ("E1", "E2")
        assert (standing.outcomes, standing.reasons, standing.paused) == ({}, {}, False)
        assert standing.rejected == (one.jti,)


def test_a_part_answer_leaves_the_rest_open():
    """Each question has its own end; the others keep the due time."""
    standing = stands(facts(PART))
    assert standing.outcomes == {"E1": Outcome.ANSWERED}
    assert standing.open_questions == ("E2",)
    assert standing.due_at == DUE


def test_sets_do_not_overlap():
    """Nothing that is settled needs the coordinator."""
    assert not SETTLED & NEEDS_YOU


STANDINGS = [stands(row[0], row[1]) for row in ROWS]
OTHERS = st.builds(
    lambda place, jti, agency: replace(STANDINGS[place], jti=jti, agency=agency),
    st.integers(0, len(STANDINGS) - 1),
    st.text("abc", min_size=1, max_size=4),
    st.sampled_from(["a", "b"]),
)


@given(st.lists(OTHERS, max_size=12, unique_by=lambda one: one.jti), st.randoms())
def test_the_order_of_urgency_is_total_and_stable(listed: list[Standing], chance: Any):
    """However the requests come, they are shown in one and the same order."""
    shuffled = list(listed)
    chance.shuffle(shuffled)
    by_urgency = sorted(listed, key=lambda one: one.urgency)
    assert sorted(shuffled, key=lambda one: one.urgency) == by_urgency
    assert len({one.urgency for one in listed}) == len(listed)


def test_what_is_urgent_comes_first():
    """Overdue, then what waits for the coordinator, then by time left, then paused, then settled."""
    listed = {
        "settled": stands(facts(ANSWER), "26 09:00"),
        "paused": stands(facts(QUERY, REPLY, came(Effect.STOPS_CLOCK, "18 09:00", accepted=True)), "18 10:00"),
        "ample": stands(facts(ACK), "17 09:00"),
        "tight": stands(facts(ACK), "23 09:00"),
        "asked": stands(facts(MORE), "17 09:00"),
        "late": stands(facts(ACK), "24 09:00"),
        "later": stands(facts(ACK), "26 09:00"),
        "unsent": stands(facts(**QUEUED), "17 09:00"),
    }  # fmt: skip
    order = sorted(listed, key=lambda name: listed[name].urgency)
    assert order == ["later", "late", "paused", "asked", "tight", "ample", "unsent", "settled"]


def test_times_are_spelt_as_people_read_them():
    """London time, twelve hours, no noughts."""
    assert clock_time(datetime(2026, 7, 1, 13, 14, tzinfo=UTC)) == "2:14pm"
    assert clock_time(datetime(2026, 12, 1, 0, 5, tzinfo=UTC)) == "12:05am"
    assert clock_time(datetime(2026, 12, 1, 12, 0, tzinfo=UTC)) == "12pm"
    assert day(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "Thursday 2 July 2026"
    assert moment(DUE) == "5pm on Monday 23 November 2026"
