"""Deadlines on a real bus, with a moved clock: reminders, pauses, more time, late answers."""

from datetime import date, datetime, time, timedelta

import pytest

from adapters import responder
from adapters.gatherer.enquiry import Asking
from adapters.gatherer.lead import decide, follow_redirect, reply
from schemas.problems import Code
from tests.northmere import (
    CALENDAR,
    CHILDREN,
    HAND,
    HEALTH,
    HOUSING,
    LONDON,
    PANEL,
    POLICE,
    SCHOOL,
    Northmere,
    act,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
_MINUTE = timedelta(minutes=1)


def at(monday: date, days: int, hour: int, minute: int = 0) -> datetime:
    """An instant so many days after a Monday, in London."""
    return datetime.combine(monday + timedelta(days=days), time(hour, minute), LONDON)


def rungs(town: Northmere, agency: str, jti: str) -> list[str]:
    """Which steps of the ladder an agency was told about a request."""
    came = [one for one in town.letters(agency, way="in", request=jti) if one.state == "opened"]
    told = [one for one in came if one.mt.startswith("deadline.")]
    bodies = [town.body(agency, one) for one in told]
    return [str(body["dl.rung"]) for body in bodies]


async def climb(town: Northmere, jti: str, agency: str, instant: datetime, rung: str) -> None:
    """A minute before the instant the rung is not told; a second after it, it is."""
    before = rungs(town, agency, jti)
    assert rung not in before
    await town.move_to(instant - _MINUTE)
    await town.quiet()
    assert rungs(town, agency, jti) == before
    await town.move_to(instant)
    await town.until(lambda: rung in rungs(town, agency, jti))


async def test_reminders_and_escalations_come_at_their_instants(town: Northmere) -> None:
    """09:00 on the two days before and the due day, then on the three working days after it."""
    monday = await town.new_week()
    sent = (await town.ask("T-1", POLICE))[POLICE]
    await town.until(lambda: town.stand("T-1", POLICE) == "acknowledged")
    assert town.due(sent) == at(monday, 7, 17)
    for rung, days in (("r1", 3), ("r2", 4), ("r3", 7), ("e1", 8), ("e2", 9)):
        await climb(town, sent, POLICE, at(monday, days, 9), rung)
    await town.until(lambda: {"e1", "e2"} <= set(rungs(town, PANEL, sent)))
    await climb(town, sent, PANEL, at(monday, 10, 9), "e3")
    await town.quiet()
    assert rungs(town, POLICE, sent) == ["r1", "r2", "r3", "e1", "e2"]
    assert rungs(town, PANEL, sent) == ["e1", "e2", "e3"]
    assert town.stand("T-1", POLICE) == "overdue"
    jti = await town.answer(POLICE, sent)
    assert town.letter(POLICE, jti).late
    assert town.letter(PANEL, jti, "in").late
    assert town.row("T-1", POLICE).standing.late
    assert town.stand("T-1", POLICE) == "answered"
    await town.quiet()
    late = [one.record.late for one in town.records(PANEL) if one.about == jti]
    assert late[0] is True
    await town.move_to(at(monday, 15, 9))
    await town.quiet()
    assert len(rungs(town, PANEL, sent)) == 3


async def test_a_question_back_stops_the_clock_and_the_reply_moves_the_due_day(
    town: Northmere,
) -> None:
    """Asked on Tuesday, answered on Thursday: two working days later; meanwhile nobody is reminded."""
    monday = await town.new_week()
    sent = (await town.ask("T-2", HOUSING))[HOUSING]
    assert town.due(sent) == at(monday, 7, 17)
    await town.move_to(at(monday, 1, 10))
    found = await town.asked(HOUSING, sent)
    query = responder.clarify(
        town.edge(HOUSING), found.request, "identity_uncertain", "Which of two addresses?", act()
    )
    await town.sent(HOUSING, query)
    row = town.row("T-2", HOUSING).standing
    assert row.stand == "asked_for_clarification"
    assert row.paused
    assert responder.find_request(town.edge(HOUSING), sent).outcome == "clarifying"
    await town.move_to(at(monday, 3, 10))
    await town.quiet()
    assert rungs(town, HOUSING, sent) == []
    await town.sent(PANEL, reply(town.edge(), sent, "The one in the request.", HAND))
    row = town.row("T-2", HOUSING).standing
    assert not row.paused
    assert row.due_at == at(monday, 9, 17)
    await climb(town, sent, HOUSING, at(monday, 7, 9), "r1")
    found = await town.asked(HOUSING, sent)
    await town.move_to(at(monday, 9, 16))
    made = responder.nil(
        town.edge(HOUSING), found.request, found.proposal.searched, found.proposal.window, act()
    )
    made = await town.sent(HOUSING, made)
    assert not town.letter(PANEL, made, "in").late


async def test_more_time_is_asked_for_and_given(town: Northmere) -> None:
    """Two of three days are given: the due day moves by two, and the agency knows."""
    monday = await town.new_week()
    sent = (await town.ask("T-3", CHILDREN))[CHILDREN]
    await town.move_to(at(monday, 2, 11))
    found = await town.asked(CHILDREN, sent)
    asked = responder.ask_for_time(town.edge(CHILDREN), found.request, 3, "complexity", act())
    await town.sent(CHILDREN, asked)
    assert town.stand("T-3", CHILDREN) == "extension_pending"
    given = await town.sent(PANEL, decide(town.edge(), sent, 2, HAND, town.holidays))
    row = town.row("T-3", CHILDREN).standing
    assert row.stand == "extended"
    assert row.due_at == at(monday, 9, 17)
    told = town.letter(CHILDREN, given, "in").due
    assert datetime.fromisoformat(told["due_at"]) == at(monday, 9, 17)
    again = decide(town.edge(), sent, 1, HAND, town.holidays)
    assert [one.code for one in again] == [Code.REQUEST_MISMATCH]
    await town.move_to(at(monday, 8, 12))
    jti = await town.answer(CHILDREN, sent)
    assert not town.letter(PANEL, jti, "in").late


async def test_more_time_is_refused(town: Northmere) -> None:
    """Nothing is given: the due day stays, and the agency knows that too."""
    monday = await town.new_week()
    sent = (await town.ask("T-4", CHILDREN))[CHILDREN]
    found = await town.asked(CHILDREN, sent)
    asked = responder.ask_for_time(town.edge(CHILDREN), found.request, 3, "complexity", act())
    await town.sent(CHILDREN, asked)
    await town.sent(PANEL, decide(town.edge(), sent, 0, HAND, town.holidays))
    row = town.row("T-4", CHILDREN).standing
    assert row.due_at == at(monday, 7, 17)
    assert row.stand not in {"extended", "extension_pending"}


async def test_redirects_lead_on(town: Northmere) -> None:
    """Another post: the clock runs on. Another organisation: a new request for what is open."""
    monday = await town.new_week()
    sent = await town.ask("T-5", SCHOOL, HEALTH)
    post = {"role": "Head of year", "contact": "extension 12"}
    found = await town.asked(SCHOOL, sent[SCHOOL])
    made = responder.redirect(town.edge(SCHOOL), found.request, "wrong_post", act(), post=post)
    await town.sent(SCHOOL, made)
    assert town.stand("T-5", SCHOOL) == "redirected"
    assert town.row("T-5", SCHOOL).standing.due_at == at(monday, 7, 17)
    assert follow_redirect(town.edge(), sent[SCHOOL], HAND).post == post
    await town.answer(SCHOOL, sent[SCHOOL])
    found = await town.asked(HEALTH, sent[HEALTH])
    other = {"agency": f"urn:dovetail:org:{CHILDREN}", "name": "Northmere children's services"}
    made = responder.redirect(
        town.edge(HEALTH), found.request, "other_organisation", act(), organisation=other
    )
    await town.sent(HEALTH, made)
    followed = follow_redirect(town.edge(), sent[HEALTH], HAND)
    assert followed.asking.agency == CHILDREN
    await town.ask("T-5", Asking(agency=CHILDREN))


async def test_an_urgent_request_counts_hours(town: Northmere) -> None:
    """Four hours are four hours, into the evening."""
    monday = await town.new_week()
    sent = await town.ask("T-6", Asking(agency=POLICE, hours=4))
    due = town.due(sent[POLICE])
    assert timedelta(hours=4) - _MINUTE < due - at(monday, 0, 9) <= timedelta(hours=4) + _MINUTE
    await town.move_to(due + _MINUTE)
    jti = await town.answer(POLICE, sent[POLICE])
    assert town.letter(PANEL, jti, "in").late


async def test_nobody_collecting_is_told_apart_from_no_answer(town: Northmere) -> None:
    """With the school's edge off, the coordinator hears that the request was not collected."""
    monday = await town.new_week()
    await town.world.shut(SCHOOL)
    sent = (await town.ask("T-7", SCHOOL))[SCHOOL]
    await town.move_to(at(monday, 1, 17, 30))
    await town.until(lambda: town.stand("T-7", SCHOOL) == "not_collected")
    await town.move_to(at(monday, 2, 9))
    await town.until(lambda: rungs(town, PANEL, sent) == ["ack"])
    await town.world.open(SCHOOL)
    await town.until(lambda: town.stand("T-7", SCHOOL) == "acknowledged")
    assert CALENDAR.is_working_day(monday)
    jti = await town.answer(SCHOOL, sent)
    assert not town.letter(PANEL, jti, "in").late
