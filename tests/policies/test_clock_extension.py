"""More time: who may give how much, until when, and what asking protects from."""

import pytest

from policies.clock import ExtensionLimits, is_overdue, problems_of, reckon
from policies.clock_events import Queried, Replied
from policies.clock_extension import expected
from schemas.problems import Code, Problem
from tests.builders.clocks import (
    CALENDAR,
    SUPERVISOR,
    answered,
    asked_days,
    clock,
    given_days,
    happened,
    nov,
)


@pytest.mark.parametrize(
    ("events", "days", "day", "codes"),
    [
        ([given_days("17T10:00", 3)], 3, 26, []),
        ([given_days("17T10:00", 4)], 0, 23, [Code.EXTENSION_TOO_LONG]),
        ([given_days("17T10:00", 4, SUPERVISOR)], 4, 27, []),
        ([given_days("17T10:00", 2), given_days("18T10:00", 2)], 2, 25, [Code.EXTENSION_TOO_LONG]),
        ([given_days("17T10:00", 2), given_days("18T10:00", 2, SUPERVISOR)], 4, 27, []),
        ([given_days("17T10:00", 5, SUPERVISOR), given_days("18T10:00", 5, SUPERVISOR)], 10, 7, []),
        (
            [given_days("17T10:00", 5, SUPERVISOR), given_days("18T10:00", 6, SUPERVISOR)],
            5,
            30,
            [Code.EXTENSION_TOO_LONG],
        ),
        ([asked_days("18T10:00", 10)], 0, 23, []),
        ([asked_days("18T10:00", 11)], 0, 23, [Code.EXTENSION_TOO_LONG]),
        (
            [given_days("17T10:00", 1), asked_days("18T10:00", 10)],
            1,
            24,
            [Code.EXTENSION_TOO_LONG],
        ),
        ([asked_days("18T10:00", 2), given_days("19T10:00", 0)], 0, 23, []),
        # the due instant is in time, the next microsecond is not
        ([asked_days("23T17:00", 2)], 0, 23, []),
        ([asked_days("23T17:00:00.000001", 2)], 0, 23, [Code.EXTENSION_TOO_LATE]),
        ([given_days("23T17:00", 2)], 2, 25, []),
        ([given_days("23T17:00:00.000001", 2)], 0, 23, [Code.EXTENSION_TOO_LATE]),
        ([given_days("23T18:00", 0)], 0, 23, []),
        # asked in time: decided when it may be
        ([asked_days("23T16:59", 2), given_days("24T10:00", 2)], 2, 25, []),
        # one decision settles what was asked; the next needs to be asked for again
        (
            [asked_days("23T16:59", 1), given_days("24T10:00", 0), given_days("24T11:00", 1)],
            0,
            23,
            [Code.EXTENSION_TOO_LATE],
        ),
        (
            [asked_days("23T16:59", 1), given_days("24T10:00", 1), asked_days("24T11:00", 1)],
            1,
            24,
            [],
        ),
        # asked while the clock stands is in time
        ([happened(Queried, "18T11:00"), asked_days("25T11:00", 1)], 0, 23, []),
        (
            [
                happened(Queried, "18T11:00"),
                asked_days("25T11:00", 1),
                happened(Replied, "25T12:00"),
                given_days("25T13:00", 1),
            ],
            1,
            1,
            [],
        ),
    ],
)
def test_what_may_be_given(events, days, day, codes):
    """Three days by the requester, ten with the supervisor, asked for before it is due."""
    standing = reckon(clock(*events), CALENDAR)
    assert standing.extension_days == days
    assert expected(standing.due).due_at.day == day
    assert [one.problem.code for one in standing.disregarded] == codes


def test_asked_in_the_last_minute_and_given_next_morning():
    """It is not overdue meanwhile, nor later, nor is an answer in between late (domain 4.6)."""
    asked = asked_days("23T16:59", 2)
    made = clock(asked)
    assert reckon(made, CALENDAR).shielded_until == nov("25T17:00")
    assert not is_overdue(made, CALENDAR, nov("24T09:59"))
    assert reckon(made.with_event(answered("24T09:59")), CALENDAR).ended.late is False
    given_ = made.with_event(given_days("24T10:00", 2))
    assert reckon(given_, CALENDAR).shielded_until is None
    assert not is_overdue(given_, CALENDAR, nov("25T17:00"))
    assert is_overdue(given_, CALENDAR, nov("25T17:01"))


def test_asked_in_the_last_minute_and_not_given():
    """With the refusal it is overdue; it was not before, and history stays as it was."""
    made = clock(asked_days("23T16:59", 2), given_days("24T10:00", 0))
    assert not is_overdue(made, CALENDAR, nov("24T09:59"))
    assert is_overdue(made, CALENDAR, nov("24T10:00"))


def test_asking_protects_no_longer_than_it_could():
    """Were it given, it would be overdue all the same: then nobody's silence makes it in time."""
    made = clock(asked_days("18T10:00", 1), asked_days("18T11:00", 2))
    assert not is_overdue(made, CALENDAR, nov("25T17:00"))
    assert is_overdue(made, CALENDAR, nov("25T17:00:00.000001"))


def test_past_the_case_only_the_supervisor_may_give():
    """The case's own due instant limits what the requester may give, when it is given."""
    case = {"case_due_at": nov("24T17:00")}
    too_long = (Problem(Code.EXTENSION_TOO_LONG),)
    assert problems_of(clock(), CALENDAR, given_days("17T10:00", 1, **case)) == ()
    assert problems_of(clock(), CALENDAR, given_days("17T10:00", 2, **case)) == too_long
    assert problems_of(clock(), CALENDAR, given_days("17T10:00", 2, SUPERVISOR, **case)) == ()
    assert problems_of(clock(), CALENDAR, given_days("17T10:00", 2)) == ()
    # more than it may give at all is said once
    assert problems_of(clock(), CALENDAR, given_days("17T10:00", 4, **case)) == too_long
    # refusing is free, and an ended request is for others to judge
    early = {"case_due_at": nov("20T17:00")}
    assert problems_of(clock(), CALENDAR, given_days("17T10:00", 1, **early)) == too_long
    assert problems_of(clock(), CALENDAR, given_days("17T10:00", 0, **early)) == ()
    ended = clock(answered("16T10:00"))
    assert problems_of(ended, CALENDAR, given_days("17T10:00", 1, **early)) == ()


def test_a_request_due_after_its_case():
    """Who leads gathering is warned at sending and after each stop or extension (domain 4.1)."""
    standing = reckon(clock(), CALENDAR)
    assert not standing.falls_after(nov("23T17:00"))
    assert standing.falls_after(nov("23T16:59"))
    assert reckon(clock(happened(Queried, "17T11:00")), CALENDAR).falls_after(nov("20T17:00"))


@pytest.mark.parametrize("limits", [(0, 0), (3, 3), (0, 10), (10, 10)])
def test_limits_that_can_be(limits):
    """An area may allow nothing, or as much to the requester as to its supervisor."""
    assert ExtensionLimits(*limits) == ExtensionLimits(requester=limits[0], supervisor=limits[1])
