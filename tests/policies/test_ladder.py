"""Reminders and escalations: which, when, to whom; and when there are none."""

from datetime import UTC, date, datetime
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.calendar import Division, WorkingCalendar, shipped_bank_holidays
from policies.clock import RequestClock
from policies.clock_events import (
    Acknowledged,
    Closed,
    Decider,
    HoldBegan,
    HoldLifted,
    Outcome,
    Queried,
    Recalculated,
    Redirected,
    Replied,
    TimeAsked,
    TimeDecided,
)
from policies.deadline import LONDON, Convention, Elapsed, Terms
from policies.ladder import Addressee, RungKind, ladder, reached
from schemas.messages.deadline.escalation import Escalation
from schemas.messages.deadline.reminder import Reminder

CALENDAR = WorkingCalendar(shipped_bank_holidays(), frozenset({Division.ENGLAND_AND_WALES}))


def nov(text):
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def clock(*events, opened="2026-11-16T09:00", terms=None):
    """Example 1 unless said otherwise."""
    at = datetime.fromisoformat(opened).replace(tzinfo=LONDON)
    made = RequestClock(at, frozenset({"E1", "E3"}), terms or Terms())
    for event in events:
        made = made.with_event(event)
    return made


def happened(kind, at, **more):
    return kind(id=f"{kind.__name__} {at}", at=nov(at), **more)


def steps(made, at=None):
    """As the examples write it: ``r1 Thu 19 Nov 09:00``."""
    found = ladder(made, CALENDAR, at and nov(at))
    return [f"{r.kind} {r.at.astimezone(LONDON):%a %d %b %H:%M}" for r in found]


def said(*steps):
    """Steps as the tests below list them, each at nine."""
    return [f"{step} 09:00" for step in ", ".join(steps).split(", ")]


# ---------------------------------------------------------------------------------- the examples
@pytest.mark.parametrize(
    ("opened", "before", "after"),
    [
        (
            "2026-11-16T09:00",
            "ack Wed 18 Nov, r1 Thu 19 Nov, r2 Fri 20 Nov, r3 Mon 23 Nov",
            "e1 Tue 24 Nov, e2 Wed 25 Nov, e3 Thu 26 Nov",
        ),
        (
            "2026-12-18T12:00",
            "ack Tue 22 Dec, r1 Wed 23 Dec, r2 Thu 24 Dec, r3 Tue 29 Dec",
            "e1 Wed 30 Dec, e2 Thu 31 Dec, e3 Mon 04 Jan",
        ),
        # nine o'clock in London on both sides of a change of the clocks
        (
            "2027-03-24T10:00",
            "ack Tue 30 Mar, r1 Wed 31 Mar, r2 Thu 01 Apr, r3 Fri 02 Apr",
            "e1 Mon 05 Apr, e2 Tue 06 Apr, e3 Wed 07 Apr",
        ),
        (
            "2026-10-22T10:00",
            "ack Mon 26 Oct, r1 Tue 27 Oct, r2 Wed 28 Oct, r3 Thu 29 Oct",
            "e1 Fri 30 Oct, e2 Mon 02 Nov, e3 Tue 03 Nov",
        ),
    ],
)
def test_each_ladder_of_the_examples(opened, before, after):
    """Domain 4.5: examples 1 and 13, and two across changes of the clocks (31, 33)."""
    assert steps(clock(opened=opened)) == said(before, after)


def test_nine_in_london_is_eight_in_summer():
    """The instants are UTC, and an hour earlier under summer time."""
    found = {r.kind: r.at for r in ladder(clock(opened="2026-10-20T10:00"), CALENDAR)}
    assert found[RungKind.R1] == datetime(2026, 10, 23, 8, tzinfo=UTC)
    assert found[RungKind.R2] == datetime(2026, 10, 26, 9, tzinfo=UTC)


def test_who_is_told_and_what():
    """To whom each step goes, how many days it speaks of, and when it would say nothing new."""
    due = nov("23T17:00")
    found = [(r.kind, r.to, r.working_days, r.until) for r in ladder(clock(), CALENDAR)]
    assert found == [
        (RungKind.ACK, (Addressee.AIO_DEPUTY, Addressee.GATHERER), 3, due),
        (RungKind.R1, (Addressee.AIO,), 2, nov("20T09:00")),
        (RungKind.R2, (Addressee.AIO,), 1, nov("23T09:00")),
        (RungKind.R3, (Addressee.AIO,), 0, due),
        (RungKind.E1, (Addressee.AIO_SUPERVISOR, Addressee.GATHERER), -1, None),
        (RungKind.E2, (Addressee.LACC_SUP, Addressee.PREVENT_LEAD), -2, None),
        (RungKind.E3, (Addressee.CHAIR,), -3, None),
    ]
    assert {r.key for r in ladder(clock(), CALENDAR)} == {(kind, due) for kind in RungKind}


def test_the_names_are_those_on_the_wire():
    """Each step is a reminder or an escalation of ``schemas``, and none is missing."""
    wire = {
        *get_args(get_type_hints(Reminder)["rung"]),
        *get_args(get_type_hints(Escalation)["rung"]),
    }
    assert wire == set(RungKind)


# ------------------------------------------------------------------------------------- its length
@pytest.mark.parametrize(
    ("n", "says"),
    [
        (1, "r3 Tue 17, e1 Wed 18, e2 Thu 19, e3 Fri 20"),
        (2, "r2 Tue 17, ack Wed 18, r3 Wed 18, e1 Thu 19, e2 Fri 20, e3 Mon 23"),
        (3, "r1 Tue 17, ack Wed 18, r2 Wed 18, r3 Thu 19, e1 Fri 20, e2 Mon 23, e3 Tue 24"),
        (6, "ack Wed 18, r1 Fri 20, r2 Mon 23, r3 Tue 24, e1 Wed 25, e2 Thu 26, e3 Fri 27"),
    ],
)
def test_short_and_long_limits(n, says):
    """Days before the first have no reminder; the alarm never comes after the due day."""
    expected = [f"{step} Nov 09:00" for step in says.split(", ")]
    assert steps(clock(terms=Terms(n))) == expected


def test_by_calendar_receipt():
    """Day 0 is the Saturday itself, so Monday is day 1."""
    made = clock(opened="2026-11-21T10:00", terms=Terms(2, convention=Convention.CALENDAR_RECEIPT))
    assert steps(made)[:3] == ["r2 Mon 23 Nov 09:00", "ack Tue 24 Nov 09:00", "r3 Tue 24 Nov 09:00"]


@pytest.mark.parametrize(
    ("opened", "first"),
    [
        ("2026-11-16T10:00", "e1 Tue 17 Nov 09:00"),  # due 14:00
        ("2026-11-17T02:00", "e1 Tue 17 Nov 09:00"),  # due 06:00, before the day opens
        ("2026-11-17T05:00", "e1 Wed 18 Nov 09:00"),  # due 09:00: still in time at 09:00
        ("2026-11-21T10:00", "e1 Mon 23 Nov 09:00"),  # a Saturday
    ],
)
def test_a_limit_in_hours_has_escalations_only(opened, first):
    """They begin at the first opening of a working day after the due instant."""
    found = steps(clock(opened=opened, terms=Elapsed(4)))
    assert [step[:2] for step in found] == ["e1", "e2", "e3"]
    assert found[0] == first
    assert ladder(clock(opened=opened, terms=Elapsed(4)), CALENDAR)[0].working_days == -1


# ----------------------------------------------------------------------------- what happened to it
@pytest.mark.parametrize("outcome", Outcome)
def test_none_once_it_has_ended(outcome):
    """A refusal stops the chasing as an answer does (domain 4.5, design 10.11)."""
    made = clock(happened(Closed, "18T10:00", outcome=outcome))
    assert steps(made) == []
    assert steps(made, "18T09:59") != []


def test_part_of_an_answer_leaves_the_reminders():
    """The open question is still chased; the alarm has nothing to say any more."""
    part = {"outcome": Outcome.ANSWERED, "questions": frozenset({"E1"})}
    found = steps(clock(happened(Closed, "17T10:00", **part)))
    assert [step[:2] for step in found] == ["r1", "r2", "r3", "e1", "e2", "e3"]


@pytest.mark.parametrize(
    "event",
    [
        happened(Acknowledged, "17T10:00"),
        happened(TimeAsked, "17T10:00", days=1),
        happened(Redirected, "17T10:00", same_organisation=True),
    ],
)
def test_no_alarm_once_it_is_acknowledged(event):
    """Any sign that the responder has it is an acknowledgement."""
    assert not any(step.startswith("ack") for step in steps(clock(event)))


def test_none_while_the_clock_stands():
    """Nobody is chased for what somebody else must say first."""
    query = happened(Queried, "18T11:00")
    assert steps(clock(query)) == []
    assert steps(clock(query), "18T10:59") != []
    assert steps(clock(query, happened(Replied, "19T15:00"))) == said(
        "r1 Fri 20 Nov, r2 Mon 23 Nov, r3 Tue 24 Nov",
        "e1 Wed 25 Nov, e2 Thu 26 Nov, e3 Fri 27 Nov",
    )


def test_none_while_the_case_is_held():
    """A hold stops the chasing even of what is overdue; a late question does not."""
    held = clock(happened(HoldBegan, "24T11:00"))
    assert steps(held) == []
    assert steps(held.with_event(happened(HoldLifted, "25T10:00")))[-1] == "e3 Thu 26 Nov 09:00"
    assert steps(clock(happened(Queried, "24T11:00")))[-1] == "e3 Thu 26 Nov 09:00"


def test_an_extension_moves_all_that_is_to_come():
    """The steps speak of the new due instant, so they are others than those already sent."""
    given_ = happened(TimeDecided, "20T10:00", days=2, by=Decider.REQUESTER)
    before, after = ladder(clock(), CALENDAR), ladder(clock(given_), CALENDAR)
    assert steps(clock(given_))[1:5] == [
        "r1 Mon 23 Nov 09:00",
        "r2 Tue 24 Nov 09:00",
        "r3 Wed 25 Nov 09:00",
        "e1 Thu 26 Nov 09:00",
    ]
    assert not {r.key for r in before} & {r.key for r in after}


def test_escalations_wait_for_a_decision_on_time():
    """While it is undecided nobody's supervisor is called; the reminders stay."""
    asked = happened(TimeAsked, "23T16:59", days=2)
    waiting = steps(clock(asked))
    assert waiting[2:] == [
        "r3 Mon 23 Nov 09:00",
        "e1 Thu 26 Nov 09:00",
        "e2 Fri 27 Nov 09:00",
        "e3 Mon 30 Nov 09:00",
    ]
    assert [r.working_days for r in ladder(clock(asked), CALENDAR)][-3:] == [-3, -4, -5]
    refused = clock(asked, happened(TimeDecided, "24T10:00", days=0, by=Decider.REQUESTER))
    assert steps(refused)[3] == "e1 Tue 24 Nov 09:00"


def test_days_that_an_earlier_list_kept_free():
    """Reminders and escalations keep the days that were promised, as the due instant does."""
    kept = frozenset({date(2026, 11, 20), date(2026, 11, 25)})
    made = clock(happened(Recalculated, "17T10:00", calendar_version="x", kept=kept))
    assert steps(made) == said(
        "ack Wed 18 Nov, r1 Thu 19 Nov, r2 Mon 23 Nov, r3 Tue 24 Nov",
        "e1 Thu 26 Nov, e2 Fri 27 Nov, e3 Mon 30 Nov",
    )
    # before anybody knew of the newer list the days were those of the list in force
    assert steps(made, "16T10:00")[2] == "r2 Fri 20 Nov 09:00"


# ----------------------------------------------------------------------------------- what to say now
@pytest.mark.parametrize(
    ("at", "kinds"),
    [
        ("18T08:59:59.999999", []),
        ("18T09:00", ["ack"]),
        ("19T09:00", ["ack", "r1"]),
        ("20T09:00", ["ack", "r2"]),
        ("23T16:59", ["ack", "r3"]),
        ("23T17:00", []),
        ("24T09:00", ["e1"]),
        ("30T09:00", ["e1", "e2", "e3"]),
    ],
)
def test_what_an_outage_leaves_to_say(at, kinds):
    """Of several reminders missed the last is said, and every escalation, each to someone else."""
    assert [r.kind for r in reached(ladder(clock(), CALENDAR), nov(at))] == kinds


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 6, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds of Hypothesis are naive
    st.integers(1, 10),
    st.sampled_from(Convention),
)
def test_every_step_is_at_nine_on_a_working_day(opened, n, convention):
    """In order, reminders before the due instant, escalations after it, each one once."""
    made = RequestClock(opened, frozenset({"E1"}), Terms(n, convention=convention))
    found = ladder(made, CALENDAR)
    assert [r.at for r in found] == sorted(r.at for r in found)
    assert len({r.key for r in found}) == len(found)
    for rung in found:
        local = rung.at.astimezone(LONDON)
        assert CALENDAR.is_working_day(local.date())
        assert (local.hour, local.minute, local.second) == (9, 0, 0)
        early = rung.at < rung.due_at
        assert early == (rung.working_days >= 0)
        days = CALENDAR.working_days_between(local.date(), rung.due_at.astimezone(LONDON).date())
        assert days == rung.working_days
        assert rung.until is None or rung.at < rung.until <= rung.due_at
