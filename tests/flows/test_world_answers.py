"""Five agencies are asked on a real bus, and answer in each of the ways there are."""

from datetime import datetime, time, timedelta

import pytest

from adapters import responder
from adapters.gatherer.answered import answers
from adapters.request_facts import manifest_of
from schemas.directory_entry import Role
from schemas.fields.refusal_reason import RefusalReason
from schemas.problems import Code
from schemas.record import Event
from tests.northmere import (
    CALENDAR,
    CHILDREN,
    FIVE,
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
_CALDICOTT = responder.HealthBasis(
    "overriding_public_interest", "Caldicott Guardian", "CG-1", False, "would_prejudice_prevention"
)


async def test_five_agencies_are_asked_and_acknowledge(town: Northmere) -> None:
    """One enquiry, five messages, each opened, each with five working days, each acknowledged."""
    sent = await town.ask("A-1")
    assert set(sent) == set(FIVE)
    today = town.now.astimezone(LONDON).date()
    last = datetime.combine(CALENDAR.nth_working_day_after(today, 5), time(17), LONDON)
    for agency, jti in sent.items():
        await town.reaches(PANEL, jti, "opened")
        await town.until(lambda a=agency: town.stand("A-1", a) == "acknowledged")
        assert town.due(jti) == last
        found = await town.asked(agency, jti)
        assert found.request.due == town.letter(PANEL, jti).due
        wants = manifest_of(found.request).wants or {}
        assert found.open_questions == tuple(wants)


async def test_each_agency_learns_its_own_identifier_only(town: Northmere) -> None:
    """What the school is told of the child holds no NHS number, and health no pupil number."""
    sent = await town.ask("A-2", SCHOOL, HEALTH)
    school = manifest_of((await town.asked(SCHOOL, sent[SCHOOL])).request).f
    health = manifest_of((await town.asked(HEALTH, sent[HEALTH])).request).f
    assert "id.upn" in school
    assert "id.nhs_number" in health
    assert not {"id.nhs_number", "id.address_current"} & set(school)
    assert not {"id.upn", "id.postcode"} & set(health)


async def test_an_answer_in_full_reaches_the_coordinator_with_its_source(town: Northmere) -> None:
    """What the school's own files say stands on the coordinator's page, value by value."""
    sent = await town.ask("A-3", SCHOOL)
    found = await town.asked(SCHOOL, sent[SCHOOL])
    jti = await town.answer(SCHOOL, sent[SCHOOL])
    assert town.stand("A-3", SCHOOL) == "answered"
    shown = {one.field: one for one in answers(town.edge(), "A-3")}
    assert set(shown) == set(found.proposal.items)
    assert shown["edu.enrolment_status"].value == "on_roll"
    assert shown["edu.enrolment_status"].source
    assert {one.provenance.message for one in shown.values()} == {jti}
    assert not town.row("A-3", SCHOOL).standing.late


async def test_an_answer_in_two_parts_closes_question_by_question(town: Northmere) -> None:
    """After the first part the rest is open and stays due; after the second all is closed."""
    sent = await town.ask("A-4", SCHOOL)
    before = town.due(sent[SCHOOL])
    await town.answer(SCHOOL, sent[SCHOOL], ("E1", "E4"))
    row = town.row("A-4", SCHOOL).standing
    assert row.stand == "answered_in_part"
    assert set(row.open_questions) == {"E2", "E5", "E8", "E9"}
    assert row.due_at == before
    first = len(answers(town.edge(), "A-4"))
    await town.answer(SCHOOL, sent[SCHOOL], ("E2", "E5", "E8", "E9"))
    assert town.stand("A-4", SCHOOL) == "answered"
    assert len(answers(town.edge(), "A-4")) > first
    again = responder.answer(
        town.edge(SCHOOL), (await town.asked(SCHOOL, sent[SCHOOL])).request, {}, "exact", act()
    )
    assert isinstance(again, tuple)


async def test_nothing_held_is_an_answer(town: Northmere) -> None:
    """Housing searched, says where and for which days, and is not chased."""
    sent = await town.ask("A-5", HOUSING)
    found = await town.asked(HOUSING, sent[HOUSING])
    made = responder.nil(
        town.edge(HOUSING), found.request, found.proposal.searched, found.proposal.window, act()
    )
    await town.sent(HOUSING, made)
    assert town.stand("A-5", HOUSING) == "nothing_held"


async def test_health_answers_with_its_guardian_alone(town: Northmere) -> None:
    """Without sign-off and a basis for confidentiality nothing leaves; with both it is answered."""
    sent = await town.ask("A-6", HEALTH)
    found = await town.asked(HEALTH, sent[HEALTH])
    items = found.proposal.items
    for person, basis in ((act(), _CALDICOTT), (act("CG-1"), None)):
        made = responder.answer(
            town.edge(HEALTH), found.request, items, "exact", person, health=basis
        )
        assert isinstance(made, tuple)
    assert town.letters(HEALTH, way="out", mt="information.response/1", request=sent[HEALTH]) == ()
    await town.answer(HEALTH, sent[HEALTH], health=_CALDICOTT)
    assert town.stand("A-6", HEALTH) == "answered_in_part"  # no source for engagement
    left = town.row("A-6", HEALTH).standing.open_questions
    reason = RefusalReason.CONFIDENTIALITY_NOT_OVERRIDDEN
    guardian = responder.Act(person="caldicott-1", role=Role.SIGNOFF, checked=True)
    refused = responder.refuse(town.edge(HEALTH), found.request, reason, guardian, questions=left)
    await town.sent(HEALTH, refused)
    assert town.row("A-6", HEALTH).standing.open_questions == ()


async def test_a_refusal_says_why_to_the_coordinator_and_not_to_the_broker(town: Northmere) -> None:
    """The reason is in the content; the broker's records show that it was a refusal."""
    sent = await town.ask("A-7", HEALTH)
    found = await town.asked(HEALTH, sent[HEALTH])
    guardian = responder.Act(person="caldicott-1", role=Role.SIGNOFF, checked=True)
    reason = RefusalReason.SERIOUS_HARM_TO_SUBJECT
    jti = await town.sent(
        HEALTH, responder.refuse(town.edge(HEALTH), found.request, reason, guardian)
    )
    row = town.row("A-7", HEALTH).standing
    assert row.stand == "refused"
    assert set(row.reasons.values()) == {reason}
    await town.logged(PANEL, jti, Event.OPENED)
    for record in (one.record for one in town.records(PANEL) if one.about == jti):
        assert reason.value not in record.model_dump_json()


async def test_a_field_that_was_not_asked_for_does_not_leave(town: Northmere) -> None:
    """The agency's own check says so first, by the field's name."""
    sent = await town.ask("A-8", POLICE, SCHOOL)
    school = await town.asked(SCHOOL, sent[SCHOOL])
    police = await town.asked(POLICE, sent[POLICE])
    items = dict(police.proposal.items) | {
        "edu.year_group": school.proposal.items["edu.year_group"]
    }
    made = responder.answer(town.edge(POLICE), police.request, items, "exact", act("PS-1"))
    assert [one.code for one in made] == [Code.FIELD_NOT_ASKED]
    await town.answer(POLICE, sent[POLICE])
    assert town.stand("A-8", POLICE) == "answered"


async def test_a_part_and_a_refusal_of_the_rest(town: Northmere) -> None:
    """Children's services answer what they may and refuse the rest, question by question."""
    sent = await town.ask("A-9", CHILDREN)
    await town.answer(CHILDREN, sent[CHILDREN])
    found = await town.asked(CHILDREN, sent[CHILDREN])
    assert found.open_questions == ("C4", "C5")
    head = responder.Act(person="head-3", role=Role.SIGNOFF, checked=True)
    made = responder.refuse(
        town.edge(CHILDREN),
        found.request,
        RefusalReason.THIRD_PARTY_RIGHTS,
        head,
        questions=found.open_questions,
    )
    await town.sent(CHILDREN, made)
    row = town.row("A-9", CHILDREN).standing
    assert row.open_questions == ()
    assert set(row.reasons) == {"C4", "C5"}


async def test_every_step_stands_in_both_feeds_and_is_proven(town: Northmere) -> None:
    """Forwarded, released, opened: once each for both sides, numbered without a gap, with proof."""
    sent = await town.ask("A-10", SCHOOL)
    jti = await town.answer(SCHOOL, sent[SCHOOL])
    await town.quiet()
    for agency in (PANEL, SCHOOL):
        for message in (jti, sent[SCHOOL]):
            events = town.events(agency, message)
            assert events == [Event.FORWARDED, Event.RELEASED, Event.OPENED]
    proven = {agency: town.prove(agency) for agency in town.world.edges}
    assert min(proven.values()) > 0
    report = await town.report()
    assert report.holds
    assert report.leaves == report.records == len(await town.stored("RECORDS"))
    assert proven[PANEL] == max(proven.values())


async def test_nobody_was_alarmed(town: Northmere) -> None:
    """Of all that went well nothing calls a person, and nothing was set aside."""
    await town.quiet()
    assert [town.alarms(agency) for agency in town.world.edges] == [[]] * 6
    assert await town.stored("PARKED") == []
    assert timedelta() < town.due((await town.ask("A-11", SCHOOL))[SCHOOL]) - town.now
