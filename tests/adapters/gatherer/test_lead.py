"""Leading a request: withdraw, reply, give time, follow a redirect, take down what was said."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from adapters.compose import Queued
from adapters.gatherer.board import board, request_view
from adapters.gatherer.enquiry import Asking
from adapters.gatherer.lead import (
    MAX_SPOKEN_CHARS,
    Followed,
    MoreTime,
    decide,
    effect_of_time,
    follow_redirect,
    reply,
    take_down,
    withdraw,
)
from adapters.gatherer.standing import Stand, Standing
from adapters.mailbox import letter, open_body
from adapters.request_facts import manifest_of
from adapters.responder import answer, ask_for_time, clarify, redirect
from schemas.directory_entry import Role
from schemas.problems import Code, Problem
from tests.adapters.gatherer.office import (
    ACT,
    CASE_DUE,
    HAND,
    HEALTH,
    SCHOOL,
    SUBJECT,
    Office,
    held,
)
from tests.builders import messages

SUPERVISOR = replace(HAND, person="sup-0001", role=Role.LACC_SUP)
ONE = Asking(agency=SCHOOL, questions=("E1", "E4"))
UNKNOWN = (Problem(Code.REQUEST_UNKNOWN, "request"),)


@pytest.fixture
def request_of(office: Office) -> str:
    """A request that the school has opened."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    office.later(hours=1)
    return found


def standing(office: Office) -> Standing:
    """Where the one request stands."""
    return board(office.panel, office.holidays)[0].rows[0].standing


def test_a_withdrawal_tells_the_agency_what_to_erase(office: Office, request_of: str):
    """It reaches the agency with the reason and the last day for holding the request."""
    found = withdraw(office.panel, request_of, "no_longer_needed", HAND)
    assert isinstance(found, Queued)
    office.carry()
    with office.edge(SCHOOL).store.read() as c:
        came = letter(c, "in", found.jti)
    assert came is not None
    assert open_body(office.edge(SCHOOL).keys.vault, came) == {
        "wdr.reason": "no_longer_needed",
        "wdr.erase_by": "2026-11-23",
    }
    assert standing(office).stand is Stand.WITHDRAWN
    again = withdraw(office.panel, request_of, "replaced", HAND, erase_by=date(2026, 11, 18))
    assert isinstance(again, Queued)


@pytest.mark.parametrize("reason", ["", "because"])
def test_a_withdrawal_has_one_of_the_reasons(office: Office, request_of: str, reason: str):
    """Free text has no place in a message that says nothing of the person."""
    assert withdraw(office.panel, request_of, reason, HAND) == (
        Problem(Code.FIELD_NOT_A_CHOICE, "wdr.reason"),
    )
    assert standing(office).stand is Stand.DELIVERED


def test_nothing_is_done_about_a_request_that_is_not_ours(office: Office, request_of: str):
    """Every act needs a request that this agency sent."""
    with office.panel.store.read() as c:
        assert letter(c, "in", request_of) is None
    other = request_of[:-1] + ("0" if request_of[-1] != "0" else "1")
    assert withdraw(office.panel, other, "replaced", HAND) == UNKNOWN
    assert reply(office.panel, other, "Yes.", HAND) == UNKNOWN
    assert decide(office.panel, other, 1, HAND, office.holidays) == UNKNOWN
    assert take_down(office.panel, other, "Yes.", HAND) == UNKNOWN
    assert follow_redirect(office.panel, other, HAND) == (
        Problem(Code.REQUEST_UNKNOWN, "information.redirect"),
    )
    assert effect_of_time(office.panel, other, 1, office.holidays) == MoreTime(
        None, None, after_case=False
    )
    sent = withdraw(office.panel, request_of, "replaced", HAND)
    assert isinstance(sent, Queued)
    assert withdraw(office.panel, sent.jti, "replaced", HAND) == UNKNOWN


def ask_clarification(office: Office, request: str, **changes: bool) -> Queued:
    """The school asks; the query reaches the panel."""
    asked = office.asked(SCHOOL, request)
    act = replace(ACT, attest=dict(changes))
    found = clarify(office.edge(SCHOOL), asked, "unclear", "Which of the two terms is meant?", act)
    assert isinstance(found, Queued), found
    office.carry(SCHOOL)
    return found


def test_a_reply_lets_the_clock_run_again(office: Office, request_of: str):
    """Asked on Tuesday, replied on Wednesday: one close of business lost (domain 4.4)."""
    office.at("2026-11-17 11:00")
    ask_clarification(office, request_of)
    assert standing(office).stand is Stand.ASKED
    office.at("2026-11-18 15:00")
    assert isinstance(reply(office.panel, request_of, "The autumn term.", HAND), Queued)
    office.carry()
    found = standing(office)
    assert (found.stand, found.paused) == (Stand.ACKNOWLEDGED, False)
    assert found.due_at == datetime(2026, 11, 24, 17, tzinfo=UTC)


def test_a_reply_needs_the_persons_attestation(office: Office, request_of: str):
    """What a person writes, a person looks through before it leaves (POL-11)."""
    ask_clarification(office, request_of)
    found = reply(office.panel, request_of, "The autumn term.", replace(HAND, checked=False))
    assert found == (
        Problem(Code.ATTESTATION_MISSING, "manifest.attest.no_sensitive_info_s38_5", "POL-11"),
    )


def test_a_reply_carries_nothing_that_must_not_be_sent(office: Office, request_of: str):
    """The reply is looked through as every text is (POL-27)."""
    ask_clarification(office, request_of)
    found = reply(office.panel, request_of, f"NHS number {SUBJECT['id.nhs_number']}", HAND)
    assert isinstance(found, tuple)
    assert {one.code for one in found} == {Code.TEXT_IDENTIFIER}


def test_a_second_query_is_accepted_beforehand(office: Office, request_of: str):
    """The reply says that one more may come; the agency then attests that, and it is known here."""
    ask_clarification(office, request_of)
    sent = reply(office.panel, request_of, "Both terms.", HAND, accept_another=True)
    assert isinstance(sent, Queued)
    body = open_body(office.panel.keys.vault, office.sent(sent.jti))
    assert body is not None
    assert body["cla.reply"] == "Both terms. A further question is accepted."
    office.carry()
    office.later(hours=1)
    ask_clarification(office, request_of, clarification_accepted=True)
    view = request_view(office.panel, request_of, office.holidays)
    assert view is not None
    assert (view.row.standing.stand, view.row.standing.queries) == (Stand.ASKED, 2)
    assert view.row.standing.paused
    assert not view.unaccepted_query


def test_an_acceptance_that_nobody_gave_is_noticed(office: Office, request_of: str):
    """An agency that attests an acceptance which is not kept here is to be telephoned."""
    ask_clarification(office, request_of)
    reply(office.panel, request_of, "Both terms.", HAND)
    office.carry()
    office.later(hours=1)
    ask_clarification(office, request_of, clarification_accepted=True)
    view = request_view(office.panel, request_of, office.holidays)
    assert view is not None
    assert view.unaccepted_query


def test_an_acceptance_is_kept_only_when_the_reply_leaves(office: Office, request_of: str):
    """A reply that is refused here accepts nothing."""
    ask_clarification(office, request_of)
    found = reply(office.panel, request_of, "x" * 600, HAND, accept_another=True)
    assert found == (Problem(Code.FIELD_TOO_LONG, "cla.reply"),)


def ask_time(office: Office, request: str, days: int) -> None:
    """The school asks for more working days; the request for time reaches the panel."""
    asked = office.asked(SCHOOL, request)
    sent = ask_for_time(office.edge(SCHOOL), asked, days, "awaiting_signoff", ACT)
    assert isinstance(sent, Queued), sent
    office.carry(SCHOOL)
    office.later(hours=1)


def test_time_is_given_and_moves_the_due_day(office: Office, request_of: str):
    """One working day more is the requester's to give, as the case is not due before."""
    ask_time(office, request_of, 1)
    assert (standing(office).stand, standing(office).extension_asked) == (Stand.TIME_ASKED, 1)
    assert effect_of_time(office.panel, request_of, 1, office.holidays) == MoreTime(
        datetime(2026, 11, 24, 17, tzinfo=UTC), CASE_DUE, after_case=False
    )
    sent = decide(office.panel, request_of, 1, HAND, office.holidays)
    assert isinstance(sent, Queued)
    assert manifest_of(office.sent(sent.jti)).attest.extension is not None
    office.carry()
    found = standing(office)
    assert (found.stand, found.extension_days) == (Stand.EXTENDED, 1)
    assert found.due_at == datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "days", "reason"), [(2, 2, "agreed"), (2, 1, "agreed_in_part"), (2, 0, "not_justified")]
)  # fmt: skip
def test_the_decision_says_what_it_is(
    office: Office, request_of: str, asked: int, days: int, reason: str
):
    """All, some or none of the time asked for."""
    ask_time(office, request_of, asked)
    sent = decide(office.panel, request_of, days, SUPERVISOR, office.holidays)
    assert isinstance(sent, Queued)
    body = open_body(office.panel.keys.vault, office.sent(sent.jti))
    assert body == {
        "ext.granted": days > 0,
        "ext.days_granted": days,
        "ext.decision_reason": reason,
    }


def test_past_the_cases_due_time_a_supervisor_decides(office: Office, request_of: str):
    """The case is due on the 24th: two days more are the supervisor's to give (domain 4.4)."""
    ask_time(office, request_of, 2)
    assert decide(office.panel, request_of, 2, HAND, office.holidays) == (
        Problem(Code.EXTENSION_TOO_LONG, "case.due_at", "POL-40"),
    )
    assert isinstance(decide(office.panel, request_of, 2, SUPERVISOR, office.holidays), Queued)


def test_past_the_packs_limit_a_supervisor_decides(office: Office):
    """Without a case due time the pack's three working days are the requester's most."""
    found = office.ask(ONE, case_due=None)[SCHOOL]
    office.carry()
    ask_time(office, found, 4)
    refused = decide(office.panel, found, 4, HAND, office.holidays)
    assert isinstance(refused, tuple)
    assert [one.code for one in refused] == [Code.EXTENSION_TOO_LONG]
    assert isinstance(decide(office.panel, found, 4, SUPERVISOR, office.holidays), Queued)


def test_nobody_is_given_time_who_did_not_ask(office: Office, request_of: str):
    """A decision answers a request for time, and each one once."""
    nobody = (Problem(Code.REQUEST_MISMATCH, "information.extension_request"),)
    assert decide(office.panel, request_of, 1, HAND, office.holidays) == nobody
    ask_time(office, request_of, 1)
    assert isinstance(decide(office.panel, request_of, 1, HAND, office.holidays), Queued)
    assert decide(office.panel, request_of, 1, HAND, office.holidays) == nobody


def test_a_redirect_within_the_organisation_needs_no_message(office: Office, request_of: str):
    """The request is in the organisation's inbox already; the clock runs on, the post is known."""
    asked = office.asked(SCHOOL, request_of)
    redirect(office.edge(SCHOOL), asked, "wrong_post", ACT, post={"role": "Safeguarding lead"})
    office.carry(SCHOOL)
    office.later(minutes=10)
    due_at = standing(office).due_at
    assert follow_redirect(office.panel, request_of, HAND) == Followed(
        post={"role": "Safeguarding lead"}
    )
    found = standing(office)
    assert (found.stand, found.due_at) == (Stand.ACKNOWLEDGED, due_at)
    row = board(office.panel, office.holidays)[0].rows[0]
    assert row.contact == {"role": "Safeguarding lead"}


def redirected(office: Office, request: str, **organisation: str) -> Followed | tuple[Problem, ...]:
    """The school names another organisation, and the coordinator acts on it."""
    asked = office.asked(SCHOOL, request)
    there = {"name": "Another place", **organisation}
    sent = redirect(office.edge(SCHOOL), asked, "other_organisation", ACT, organisation=there)
    assert isinstance(sent, Queued), sent
    office.carry(SCHOOL)
    office.later(minutes=10)
    return follow_redirect(office.panel, request, HAND)


@pytest.mark.parametrize(
    ("agency", "asking"),
    [
        ("second-school", Asking(agency="second-school", questions=("E1", "E4"))),
        (HEALTH, Asking(agency=HEALTH, questions=None)),
        ("nowhere", None),
    ],
)
def test_a_redirect_elsewhere_is_a_new_request(
    office: Office, request_of: str, agency: str, asking: Asking | None
):
    """It has its own clock; where the other organisation can answer the same, the same is asked."""
    office.directory.put(messages.entry("second-school"))
    found = redirected(office, request_of, agency=f"urn:dovetail:org:{agency}")
    assert found == Followed(name="Another place", asking=asking)
    assert standing(office).settled


def test_an_organisation_outside_the_directory_is_named(office: Office, request_of: str):
    """Whoever is not enrolled is asked by other means."""
    assert redirected(office, request_of) == Followed(name="Another place")


def test_what_was_answered_is_not_asked_elsewhere(office: Office, request_of: str):
    """Only the questions that are still open go to the other organisation."""
    office.directory.put(messages.entry("second-school"))
    items = {"edu.safeguarding_status": held({"status": "none"})}
    answer(office.edge(SCHOOL), office.asked(SCHOOL, request_of), items, "exact", ACT)
    office.carry(SCHOOL)
    found = redirected(office, request_of, agency="urn:dovetail:org:second-school")
    assert isinstance(found, Followed)
    assert found.asking == Asking(agency="second-school", questions=("E1",))


def test_an_answer_by_telephone_is_kept_sealed(office: Office, request_of: str):
    """What was said stands in the store only sealed, and the request is not chased here."""
    said = "The lead says: on roll, early help since June."
    assert take_down(office.panel, request_of, said, HAND) == ()
    assert standing(office).stand is Stand.BY_TELEPHONE
    office.close()
    whole = b"".join(path.read_bytes() for path in office.folder.iterdir())
    assert said.encode() not in whole


@pytest.mark.parametrize(
    ("said", "questions", "problem"),
    [
        ("  ", None, Problem(Code.FIELD_MISSING, "note.text")),
        ("x" * (MAX_SPOKEN_CHARS + 1), None, Problem(Code.FIELD_TOO_LONG, "note.text")),
        ("Yes.", ("E9",), Problem(Code.FIELD_NOT_ASKED, "note.questions")),
        ("Yes.", (), Problem(Code.FIELD_NOT_ASKED, "note.questions")),
    ],
)
def test_a_telephone_note_says_something_about_what_was_asked(
    office: Office, request_of: str, said: str, questions: tuple[str, ...] | None, problem: Problem
):
    """An empty note, one too long, or one about a question that was not asked is not kept."""
    assert take_down(office.panel, request_of, said, HAND, questions=questions) == (problem,)
    assert standing(office).stand is Stand.DELIVERED
