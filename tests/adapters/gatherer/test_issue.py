"""Asking: who would receive what, what is sent, and what is never sent."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.compose import Queued
from adapters.gatherer.board import board
from adapters.gatherer.enquiry import Asking
from adapters.gatherer.issue import AskedAlready, Issued, issue, preview
from adapters.gatherer.plan import Plan, Warns
from adapters.mailbox import letters, open_body
from adapters.request_facts import manifest_of
from adapters.responder import answer
from schemas.problems import Code, Problem
from tests.adapters.gatherer.office import (
    ACT,
    BECAUSE,
    CHILDREN,
    FIVE,
    HEALTH,
    HOUSING,
    PANEL,
    POLICE,
    SCHOOL,
    SUBJECT,
    Office,
    enquiry,
    held,
)
from tests.adapters.gatherer.surroundings import post
from tests.builders import messages

NAMES = {"id.family_name", "id.given_names", "id.dob"}


def planned(office: Office, *agencies: str | Asking, **changes: Any) -> dict[str, Plan]:
    """Preview an enquiry that is not refused as a whole."""
    found = preview(office.panel, enquiry(*agencies, **changes), office.holidays)
    assert found.problems == ()
    return {one.asking.agency: one for one in found.plans}


def outcome(office: Office, *agencies: str | Asking, **changes: Any) -> Any:
    """Issue to one agency, and give what came of it."""
    found = issue(office.panel, enquiry(*agencies, **changes), office.holidays)
    one = found[0]
    return one.outcome if isinstance(one, Issued) else found


@pytest.mark.parametrize(
    ("agency", "more"),
    [
        (POLICE, {"id.known_as", "id.address_current", "id.address_previous", "id.pnc_id", "id.sex_recorded"}),
        (SCHOOL, {"id.known_as", "id.postcode", "id.upn"}),
        (HEALTH, {"id.known_as", "id.address_current", "id.nhs_number", "id.sex_recorded"}),
        (CHILDREN, {"id.known_as", "id.address_current", "id.address_previous"}),
        (HOUSING, {"id.address_current", "id.address_previous"}),
    ],
)  # fmt: skip
def test_each_agency_is_told_its_own_identifiers(office: Office, agency: str, more: set[str]):
    """Whatever the coordinator knows, no agency learns another sector's identifier (POL-10)."""
    sent = office.ask(agency)[agency]
    told = {name for name in manifest_of(office.sent(sent)).f if name.startswith("id.")}
    assert told == NAMES | more


def test_a_former_address_goes_to_housing_only_with_the_question_that_needs_it(office: Office):
    """An identity field that the pack ties to a question stays out of a request without it."""
    shown = planned(office, Asking(agency=HOUSING, questions=("G4",)))[HOUSING]
    assert "id.address_previous" not in {one.id for one in shown.identity}


@pytest.mark.parametrize(
    ("agency", "changes", "level", "tells"),
    [
        (HOUSING, {}, "L0", set()),
        (SCHOOL, {}, "L1", {"ask.concern_theme"}),
        (CHILDREN, {}, "L2", {"ask.concern_summary"}),
        (CHILDREN, {"summary": None}, "L1", {"ask.concern_theme"}),
        (SCHOOL, {"themes": ()}, "L0", set()),
        (SCHOOL, {"themes": (), "summary": None}, "L0", set()),
    ],
)
def test_each_agency_is_told_as_much_of_the_concern_as_its_sector_may(
    office: Office, agency: str, changes: dict[str, Any], level: str, tells: set[str]
):
    """A theme or a summary goes where the pack lets it, and nowhere else (POL-35)."""
    assert planned(office, agency, **changes)[agency].level == level
    body = manifest_of(office.sent(office.ask(agency, **changes)[agency])).f
    assert {name for name in body if name.startswith("ask.concern_")} - {
        "ask.concern_level"
    } == tells


def test_the_preview_says_who_will_receive_what_and_when(office: Office):
    """Before anything is sent the coordinator sees agency, post, questions, fields and due time."""
    office.at("2026-12-18 12:00")
    shown = planned(office, SCHOOL)[SCHOOL]
    assert shown.may_go
    assert shown.name == "Oakfield School"
    assert shown.post is not None
    assert shown.post.name_of_post == "Duty desk"
    assert [one.id for one in shown.questions] == ["E1", "E2", "E4", "E5", "E8", "E9"]
    assert [one.id for one in shown.questions[1].fields] == [
        "edu.attendance_pct",
        "edu.suspensions",
    ]
    assert all(one.why for question in shown.questions for one in question.fields)
    assert BECAUSE in shown.questions[0].necessity
    assert shown.due is not None
    assert shown.due.due_at == datetime(2026, 12, 29, 17, tzinfo=UTC)
    assert [one.title for one in shown.holidays] == ["Christmas Day", "Boxing Day"]


def test_the_preview_keeps_and_sends_nothing(office: Office):
    """Looking leaves no case, no message and no used number behind."""
    planned(office)
    assert board(office.panel, office.holidays) == ()
    with office.panel.store.read() as c:
        assert letters(c) == ()
    office.ask(SCHOOL)
    with office.panel.store.read() as c:
        assert manifest_of(letters(c)[0]).seq == 1


def test_each_agency_gets_one_message_and_opens_it(office: Office):
    """Five requests leave, every one is believed by its recipient, and all are one case."""
    found = office.ask()
    office.carry()
    asked = [office.asked(agency, found[agency]) for agency in FIVE]
    assert [one.state for one in asked] == ["opened"] * 5
    assert len({one.conv for one in asked}) == 1


def test_a_request_due_after_its_case_is_warned_of(office: Office):
    """The responder is held to the request clock, the coordinator to the case clock (domain 4.1)."""
    early = datetime(2026, 11, 19, 17, tzinfo=UTC)
    kinds = {one.kind for one in planned(office, SCHOOL, case_due=early)[SCHOOL].warnings}
    assert kinds == {Warns.DUE_AFTER_CASE}
    fewer = planned(office, Asking(agency=SCHOOL, days=3), case_due=early)[SCHOOL]
    assert fewer.warnings == ()


@pytest.mark.parametrize(
    ("contacts", "warns"),
    [
        ([], {Warns.NO_CONTACT}),
        ([post("AIO", "Duty desk", "2026-08-17")], {Warns.STALE_CONTACT}),
        ([post("AIO", "Duty desk", "2026-08-18")], set()),
    ],
)
def test_a_contact_that_may_be_wrong_is_warned_of(office: Office, contacts: Any, warns: set[Warns]):
    """Coordinators lost days to wrong contacts: none, or one that nobody confirmed in 90 days."""
    office.directory.put(messages.entry(SCHOOL, "school", contacts=contacts))
    assert {one.kind for one in planned(office, SCHOOL)[SCHOOL].warnings} == warns


def test_the_end_of_the_list_of_holidays_is_warned_of(office: Office):
    """A due day past the last bank holiday known may move, and the coordinator should know."""
    office.at("2028-12-29 09:00")
    shown = preview(office.panel, enquiry(SCHOOL), office.holidays).plans[0]
    assert Warns.PROVISIONAL in {one.kind for one in shown.warnings}


def test_the_same_question_is_not_asked_twice_by_mistake(office: Office):
    """An open request with the same question holds a second one back, unless it is said anew."""
    first = office.ask(SCHOOL)[SCHOOL]
    office.later(minutes=5)
    shown = planned(office, SCHOOL)[SCHOOL]
    assert [one.kind for one in shown.warnings] == [Warns.ASKED_ALREADY]
    assert outcome(office, SCHOOL) == AskedAlready(first)
    assert isinstance(outcome(office, Asking(agency=SCHOOL, anew=True)), Queued)


def test_another_question_may_be_asked_meanwhile(office: Office):
    """Only the same question counts as asked already."""
    office.ask(Asking(agency=SCHOOL, questions=("E1",)))
    assert isinstance(outcome(office, Asking(agency=SCHOOL, questions=("E2",))), Queued)


def test_a_question_that_was_answered_may_be_asked_again(office: Office):
    """What is closed is no open request."""
    asking = Asking(agency=SCHOOL, questions=("E4",))
    sent = office.ask(asking)[SCHOOL]
    office.carry()
    items = {"edu.safeguarding_status": held({"status": "none"})}
    edge = office.edge(SCHOOL)
    assert isinstance(answer(edge, office.asked(SCHOOL, sent), items, "exact", ACT), Queued)
    office.carry(SCHOOL)
    assert isinstance(outcome(office, asking), Queued)


def test_a_case_gets_its_name_once(office: Office):
    """Later requests join the case of their reference; another reference is another case."""
    office.ask(SCHOOL)
    office.ask(HEALTH, subject={}, subject_class=None)
    office.ask(POLICE, reference="NS-2026-015", because="officers saw repeated fights near school since half term")  # fmt: skip
    found = {one.reference: one for one in board(office.panel, office.holidays)}
    assert {len(one.rows) for one in found.values()} == {1, 2}
    assert found["NS-2026-014"].conv != found["NS-2026-015"].conv


def test_a_case_is_about_one_person(office: Office):
    """A reference that stands for somebody else already is refused, and nothing changes (POL-20)."""
    office.ask(SCHOOL)
    other = {**SUBJECT, "id.given_names": "Sam"}
    found = issue(office.panel, enquiry(HEALTH, subject=other), office.holidays)
    assert found == (Problem(Code.SUBJECT_MORE_THAN_ONE, "id.given_names", "POL-20"),)
    assert len(board(office.panel, office.holidays)[0].rows) == 1


def test_what_is_learnt_later_is_added_to_the_case(office: Office):
    """A number that was found out goes into the next request, without saying the rest again."""
    bare = {name: SUBJECT[name] for name in NAMES}
    office.ask(SCHOOL, subject=bare)
    sent = office.ask(HEALTH, subject={"id.nhs_number": SUBJECT["id.nhs_number"]})[HEALTH]
    told = {name for name in manifest_of(office.sent(sent)).f if name.startswith("id.")}
    assert told == NAMES | {"id.nhs_number"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"reference": "Jo Exemplar"}, Problem(Code.FIELD_INVALID, "case.reference")),
        ({"subject": {"id.dob": "2010-02-28"}}, Problem(Code.FIELD_MISSING, "id.family_name")),
        ({"subject": {**SUBJECT, "id.upn": "A123456789013"}}, Problem(Code.FIELD_CHECK_DIGIT, "id.upn")),
        ({"subject": {**SUBJECT, "id.religion": "x"}}, Problem(Code.FIELD_UNKNOWN, "id")),
        ({"subject": {**SUBJECT, "edu.year_group": "9"}}, Problem(Code.FIELD_UNKNOWN, "id")),
        ({"asking": ()}, Problem(Code.FIELD_MISSING, "asking")),
        ({"asking": (Asking(agency=SCHOOL), Asking(agency=SCHOOL))}, Problem(Code.FIELD_CONTRADICTS, "asking")),
    ],
)  # fmt: skip
def test_an_enquiry_that_cannot_be_one_is_refused_whole(
    office: Office, changes: dict[str, Any], problem: Problem
):
    """A reference with a name in it, a person not named, one agency twice: nothing is kept."""
    found = issue(office.panel, enquiry(SCHOOL, **changes), office.holidays)
    assert problem in found
    assert board(office.panel, office.holidays) == ()


@pytest.mark.parametrize(
    ("asking", "changes", "problem"),
    [
        (Asking(agency="nowhere"), {}, Problem(Code.RECIPIENT_UNKNOWN, "manifest.aud")),
        (Asking(agency=PANEL), {}, Problem(Code.RECIPIENT_NOT_ALLOWED, "manifest.aud")),
        (Asking(agency=SCHOOL, questions=("H1",)), {}, Problem(Code.FIELD_NOT_ALLOWED, "H1", "POL-09")),
        (Asking(agency=SCHOOL, questions=("Z9",)), {}, Problem(Code.FIELD_NOT_ALLOWED, "ask.questions", "POL-09")),
        (Asking(agency=SCHOOL, questions=()), {}, Problem(Code.FIELD_MISSING, "ask.questions")),
        (Asking(agency=SCHOOL), {"because": "we need it for the panel"}, Problem(Code.NECESSITY_INSUFFICIENT, "because/E1", "POL-18")),
        (Asking(agency=SCHOOL), {"because": "his religion and ethnicity and faith and belief"}, Problem(Code.NECESSITY_INSUFFICIENT, "because/E1", "POL-18")),
        (Asking(agency=SCHOOL, days=6), {}, Problem(Code.DEADLINE_NOT_ALLOWED, "manifest.attest.working_days", "POL-39")),
        (Asking(agency=SCHOOL, days=0), {}, Problem(Code.DEADLINE_NOT_ALLOWED, "manifest.attest.working_days", "POL-39")),
        (Asking(agency=SCHOOL, hours=4), {}, Problem(Code.DEADLINE_NOT_ALLOWED, "manifest.attest.elapsed_h", "POL-39")),
        (Asking(agency=SCHOOL, hours=0), {}, Problem(Code.DEADLINE_NOT_ALLOWED, "manifest.attest.elapsed_h", "POL-39")),
        (Asking(agency=SCHOOL, concern="L2"), {}, Problem(Code.FIELD_NOT_FOR_RECIPIENT, "ask.concern_summary", "POL-35")),
        (Asking(agency=SCHOOL, concern="L1"), {"themes": ()}, Problem(Code.FIELD_MISSING, "ask.concern_theme")),
        (Asking(agency=SCHOOL), {"checked": False}, Problem(Code.ATTESTATION_MISSING, "manifest.attest.no_sensitive_info_s38_5", "POL-11")),
        (Asking(agency=SCHOOL), {"months": 36}, Problem(Code.APPROVAL_MISSING, "ask.questions/0", "POL-19")),
        (Asking(agency=SCHOOL), {"because": f"{BECAUSE}, as the mosque attends told us, he attends mosque daily"}, Problem(Code.TEXT_RELIGIOUS_PRACTICE, "ask.questions", "POL-27")),
    ],
)  # fmt: skip
def test_each_thing_that_holds_one_request_back(
    office: Office, asking: Asking, changes: dict[str, Any], problem: Problem
):
    """What the gate would refuse is found before anything leaves, at the agency that it is about."""
    found = outcome(office, asking, **changes)
    assert isinstance(found, tuple)
    assert (problem.code, problem.rule) in {(one.code, one.rule) for one in found}, found
    assert board(office.panel, office.holidays) == ()


def test_one_agencys_problem_does_not_hold_up_another(office: Office):
    """Housing is asked although the school's part is refused; the case is there for housing's."""
    wrong = Asking(agency=SCHOOL, days=9)
    found = issue(office.panel, enquiry(wrong, HOUSING), office.holidays)
    assert [type(one.outcome) for one in found if isinstance(one, Issued)] == [tuple, Queued]


def test_an_urgent_request_counts_in_hours(office: Office):
    """Those on duty around the clock may be asked within hours, day and night."""
    asking = Asking(agency=POLICE, hours=4)
    shown = planned(office, asking)[POLICE]
    assert shown.due is not None
    assert shown.due.due_at == datetime(2026, 11, 16, 13, tzinfo=UTC)
    attest = manifest_of(office.sent(office.ask(asking)[POLICE])).attest
    assert (attest.elapsed_h, attest.working_days) == (4, None)


def test_a_supervisors_approval_opens_a_longer_time(office: Office):
    """Beyond 24 months a supervisor approves beforehand (POL-19)."""
    assert isinstance(outcome(office, SCHOOL, months=36, approval="SUP/12"), Queued)


def test_the_same_reason_does_not_serve_another_case(office: Office):
    """A reason copied from case to case is boilerplate, and refused (POL-18)."""
    office.ask(SCHOOL)
    found = outcome(office, SCHOOL, reference="NS-2026-015")
    assert Problem(Code.NECESSITY_INSUFFICIENT, "ask.questions/0", "POL-18") in found
    assert isinstance(outcome(office, HEALTH), Queued)


def test_a_question_may_have_a_reason_of_its_own(office: Office):
    """The coordinator may say more exactly why one question is asked."""
    own = "her tutor reported absences on Thursdays beginning after October"
    shown = planned(office, Asking(agency=SCHOOL, because={"E2": own}))[SCHOOL]
    said = {one.id: one.necessity for one in shown.questions}
    assert own in said["E2"]
    assert BECAUSE in said["E1"]


def test_the_post_to_ask_comes_from_the_directory_or_the_enquiry(office: Office):
    """The coordinator's post is looked up; without one the request says so instead of guessing."""
    sent = office.sent(office.ask(SCHOOL)[SCHOOL])
    body = open_body(office.panel.keys.vault, sent)
    assert body is not None
    assert body["ask.contact_for_query"] == {"role": "Duty desk", "contact": "lacc@example.org"}
    office.directory.put(messages.entry(PANEL, "la_panel"))
    found = outcome(office, HEALTH)
    assert found == (Problem(Code.FIELD_MISSING, "ask.contact_for_query"),)
    assert isinstance(outcome(office, HEALTH, contact={"role": "Coordinator"}), Queued)


def test_a_copied_store_shows_no_person_and_no_reason(office: Office, tmp_path: Path):
    """Name, date of birth, identifiers and reasons stand in the store only sealed."""
    office.ask()
    office.close()
    whole = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"NS-2026-014" in whole  # the reference does
    for secret in ("Exemplar", "2010-02-28", "A123456789012", "9434765919", BECAUSE[:20]):
        assert secret.encode() not in whole, secret
