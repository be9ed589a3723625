"""The board over real stores and real messages: standings, counts, values, and what is never shown."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.compose import Queued
from adapters.gatherer.answered import answers
from adapters.gatherer.board import board, case_view, request_view, telephone
from adapters.gatherer.export import Exported, export_case
from adapters.gatherer.lead import reply, take_down, withdraw
from adapters.gatherer.standing import Stand
from adapters.mailbox import change_letter, letters, seal_body
from adapters.responder import acknowledge, answer, clarify, nil, redirect, refuse
from schemas.encoding import dump_json, parse_json
from schemas.fields.item import Withheld
from schemas.fields.refusal_reason import RefusalReason
from schemas.messages.information.clarification_query import ClarificationQuery
from schemas.problems import Code, Problem
from tests.adapters.gatherer.office import (
    ACT,
    CASE_DUE,
    CHILDREN,
    FIVE,
    HAND,
    HEALTH,
    HOUSING,
    NOT_HELD,
    POLICE,
    SCHOOL,
    Asking,
    Office,
    held,
)

ONE = Asking(agency=SCHOOL, questions=("E2", "E4"))
ATTENDANCE = {
    "edu.attendance_pct": held({"current": 61, "previous": 97}, kind="fact"),
    "edu.suspensions": NOT_HELD,
}
HELP = {"edu.safeguarding_status": held({"status": "early_help"}, kind="assessment")}


def stands(office: Office, reference: str = "NS-2026-014") -> dict[str, Stand]:
    """Where each agency's request of the case stands."""
    found = case_view(office.panel, reference, office.holidays)
    assert found is not None
    return {row.standing.agency: row.standing.stand for row in found.rows}


def give(office: Office, request: str, items: Any, **carrying: Any) -> str:
    """Let the school answer, and carry its answer."""
    edge = office.edge(SCHOOL)
    found = answer(edge, office.asked(SCHOOL, request), items, "exact", ACT)
    assert isinstance(found, Queued), found
    office.carry(SCHOOL, **carrying)
    return found.jti


def test_what_nobody_collects_is_noticed_after_a_working_day(office: Office):
    """Waiting here, sent, and not collected are told apart; never heard of means not connected."""
    office.ask(ONE, HEALTH, POLICE, CHILDREN, HOUSING)
    assert set(stands(office).values()) == {Stand.QUEUED}
    office.carry(collect=False)
    assert set(stands(office).values()) == {Stand.SUBMITTED}
    office.at("2026-11-17 17:30")
    assert set(stands(office).values()) == {Stand.NOT_CONNECTED}


def test_who_answered_is_counted(office: Office):
    """``2 of 3 agencies answered``; a withdrawn request counts on neither side."""
    found = office.ask(ONE, HEALTH, POLICE, HOUSING)
    office.carry()
    office.later(hours=1)
    give(office, found[SCHOOL], ATTENDANCE)
    window = (date(2024, 11, 16), date(2026, 11, 16))
    asked = office.asked(HEALTH, found[HEALTH])
    sent = nil(office.edge(HEALTH), asked, ["patient_record"], window, ACT)
    assert isinstance(sent, Queued), sent
    office.carry(HEALTH)
    asked = office.asked(POLICE, found[POLICE])
    why = RefusalReason.PREJUDICE_TO_INVESTIGATION
    assert isinstance(refuse(office.edge(POLICE), asked, why, ACT), Queued)
    office.carry(POLICE)
    assert isinstance(withdraw(office.panel, found[HOUSING], "no_longer_needed", HAND), Queued)
    office.carry()
    assert stands(office) == {
        SCHOOL: Stand.ANSWERED_IN_PART,
        HEALTH: Stand.NOTHING_HELD,
        POLICE: Stand.REFUSED,
        HOUSING: Stand.WITHDRAWN,
    }
    view = case_view(office.panel, "NS-2026-014", office.holidays)
    assert view is not None
    assert (view.says, view.due_at) == ("2 of 3 agencies answered", CASE_DUE)
    assert view.nearest == datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert view.rows[0].standing.agency == SCHOOL
    reasons = {row.standing.agency: set(row.standing.reasons.values()) for row in view.rows}
    assert reasons[POLICE] == {why}


def test_an_acknowledgement_names_whom_to_ask(office: Office):
    """The post that handles the request stands beside it, and a redirect's post takes its place."""
    found = office.ask(SCHOOL)[SCHOOL]
    office.carry()
    edge, asked = office.edge(SCHOOL), office.asked(SCHOOL, found)
    acknowledge(edge, asked, ACT, {"role": "Head of year"})
    office.carry(SCHOOL)
    office.later(hours=1)
    assert board(office.panel, office.holidays)[0].rows[0].contact == {"role": "Head of year"}
    assert stands(office) == {SCHOOL: Stand.ACKNOWLEDGED}
    redirect(edge, asked, "wrong_post", ACT, post={"role": "Safeguarding lead"})
    office.carry(SCHOOL)
    assert board(office.panel, office.holidays)[0].rows[0].contact == {"role": "Safeguarding lead"}
    assert stands(office) == {SCHOOL: Stand.REDIRECTED}


def test_an_agency_known_from_before_is_not_called_unconnected(office: Office):
    """Not collecting this request is not the same as never having been there."""
    office.ask(ONE)
    office.carry()
    office.ask(Asking(agency=SCHOOL, questions=("E1",)))
    office.carry(collect=False)
    office.at("2026-11-18 09:00")
    rows = board(office.panel, office.holidays)[0].rows
    assert {row.standing.stand for row in rows} == {Stand.NOT_COLLECTED, Stand.SILENT}


def test_what_the_gate_refused_is_told_with_its_problems(office: Office):
    """A refusal of the gate reaches the board with every problem."""
    office.ask(SCHOOL)
    problem = Problem(Code.AGREEMENT_MISSING, "manifest.legal.agreement", "POL-17")
    office.carry(refuse=problem)
    standing = board(office.panel, office.holidays)[0].rows[0].standing
    assert (standing.stand, standing.problems) == (Stand.REFUSED_BY_GATE, (problem,))


def test_a_recalled_request_was_destroyed_unread(office: Office):
    """Withdrawn before it was collected: release says that the content is gone."""
    found = office.ask(SCHOOL)[SCHOOL]
    office.carry(collect=False)
    withdraw(office.panel, found, "sent_in_error", HAND)
    office.carry(collect=False)
    assert stands(office) == {SCHOOL: Stand.WITHDRAWN}
    office.recalled(found)
    assert stands(office) == {SCHOOL: Stand.RECALLED}


def test_a_late_answer_is_accepted_and_said_to_be_late(office: Office):
    """A person's safety outranks the clock; the record tells the truth."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    office.at("2026-11-25 10:00")
    assert stands(office) == {SCHOOL: Stand.OVERDUE}
    give(office, found, ATTENDANCE | HELP, late=True)
    row = board(office.panel, office.holidays)[0].rows[0]
    assert (row.standing.stand, row.standing.late) == (Stand.ANSWERED, True)
    assert row.deadline == "Answered in 7 working days, late"


def test_answers_come_with_where_they_are_from(office: Office):
    """Each field says fact or opinion, as of when, from which system, in which message."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    office.later(hours=2)
    message = give(office, found, ATTENDANCE | HELP)
    given = answers(office.panel, "NS-2026-014")
    assert [(one.field, one.question, one.state, one.kind) for one in given] == [
        ("edu.attendance_pct", "E2", "held", "fact"),
        ("edu.suspensions", "E2", "not_held", None),
        ("edu.safeguarding_status", "E4", "held", "assessment"),
    ]
    assert given[0].value == {"current": 61, "previous": 97}
    assert given[0].source == "Sample MIS"
    assert given[0].as_at == date(2026, 11, 13)
    source = given[0].provenance
    assert (source.message, source.request, source.agency) == (message, found, SCHOOL)
    assert (source.name, source.confidence, source.late) == ("Oakfield School", "exact", False)
    assert source.received_at == office.clock.at
    assert source.onward == "originator_consent"
    assert answers(office.panel, "NS-2026-999") == ()


def test_a_withheld_field_says_why(office: Office):
    """What an agency withholds inside an answer is shown with its reason, and no value."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    give(office, found, {"edu.safeguarding_status": Withheld(RefusalReason.EXCESSIVE)})
    (given,) = answers(office.panel, "NS-2026-014")
    assert (given.state, given.value, given.reason) == ("withheld", None, RefusalReason.EXCESSIVE)


def test_single_questions_may_be_refused(office: Office):
    """The other question stays open, and the one refused shows why."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    asked, why = office.asked(SCHOOL, found), RefusalReason.THIRD_PARTY_RIGHTS
    assert isinstance(refuse(office.edge(SCHOOL), asked, why, ACT, questions=("E4",)), Queued)
    office.carry(SCHOOL)
    standing = board(office.panel, office.holidays)[0].rows[0].standing
    assert standing.stand is Stand.ANSWERED_IN_PART
    assert (standing.open_questions, standing.reasons) == (("E2",), {"E4": why})
    (given,) = answers(office.panel, "NS-2026-014")
    assert (given.state, given.reason, given.provenance.confidence) == ("withheld", why, None)


def test_an_urgent_request_is_on_the_board_in_hours(office: Office):
    """Its time runs day and night."""
    office.ask(Asking(agency=POLICE, hours=4))
    office.carry()
    office.later(hours=1)
    row = board(office.panel, office.holidays)[0].rows[0]
    assert row.deadline == "3 hours left, until 1pm on Monday 16 November 2026"


def spoil(text: str) -> str:
    """Change one byte of a content's ciphertext on the way."""
    value = parse_json(text.encode(), limit_bytes=1 << 20)
    assert isinstance(value, dict)
    sealed = str(value["ciphertext"])
    value["ciphertext"] = ("B" if sealed[0] == "A" else "A") + sealed[1:]
    return dump_json(value).decode()


def test_a_rejected_answer_is_on_the_board_without_a_value(office: Office):
    """A content that is not the one signed is rejected: said to be so, closing nothing."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    give(office, found, ATTENDANCE, content=spoil)
    row = board(office.panel, office.holidays)[0].rows[0]
    assert row.standing.stand is Stand.ANSWER_REJECTED
    assert row.standing.open_questions == ("E2", "E4")
    assert answers(office.panel, "NS-2026-014") == ()


SECRET = "smuggled-value-7c1"


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(["rejected", "announced", "recalled"]), st.booleans())
def test_no_value_of_a_letter_that_was_not_believed_is_ever_shown(
    office: Office, state: str, with_cek: bool
):
    """Whatever the store holds of a rejected letter, no view and no export shows a value of it."""
    number = len(office.opened)
    reference = f"NS-2026-{number:03}"
    because = f"staff saw withdrawal since September after contacts online{'abcdefghijklmnopqrstuvwxyz'[number % 26] * (2 + number // 26)}"
    found = office.ask(ONE, reference=reference, because=because)[SCHOOL]
    office.carry()
    items = {"edu.safeguarding_status": held({"status": "none"}, source=SECRET)}
    message = give(office, found, items)
    with office.panel.store.change() as c:
        vault = office.panel.keys.vault
        fields = {"edu.safeguarding_status": {"state": "held", "value": {"status": "none"}, "kind": "fact", "as_at": "2026-11-13", "source": SECRET}}  # fmt: skip
        body = seal_body(vault, "in", message, fields)
        cek = {} if with_cek else {"cek": None}
        change_letter(c, "in", message, state=state, body=body, content="{}", **cek)
    view = request_view(office.panel, found, office.holidays)
    exported = [
        export_case(office.panel, reference, "lacc-0007", office.holidays, form=form)
        for form in ("json", "text")
    ]
    shown = [
        repr(answers(office.panel, reference)),
        repr([one.body for one in view.exchanged]) if view else "",
        *(one.data.decode() for one in exported if isinstance(one, Exported)),
    ]
    assert view is not None
    assert answers(office.panel, reference) == ()
    assert all(SECRET not in text for text in shown)
    assert [one.body for one in view.exchanged if one.letter.jti == message] == [None]
    proven = view.row.standing.proofs == (message,)
    assert proven == (state == "rejected" and with_cek)


def test_one_request_with_all_that_was_said(office: Office):
    """The query's text is there to be replied to, and what was taken down by hand."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    edge, asked = office.edge(SCHOOL), office.asked(SCHOOL, found)
    clarify(edge, asked, "too_wide", "Do you need every absence, or unexplained ones?", ACT)
    office.carry(SCHOOL)
    office.later(hours=1)
    view = request_view(office.panel, found[:13], office.holidays)
    assert view is not None
    (query,) = [one.body for one in view.exchanged]
    assert isinstance(query, ClarificationQuery)
    assert query.query == "Do you need every absence, or unexplained ones?"
    assert view.row.deadline == "Clock paused: agency asked for clarification"
    assert isinstance(reply(office.panel, found, "Unexplained ones are enough.", HAND), Queued)
    office.carry()
    assert stands(office) == {SCHOOL: Stand.ACKNOWLEDGED}
    assert take_down(office.panel, found, "Tutor rang back.", HAND, questions=("E4",)) == ()
    view = request_view(office.panel, found, office.holidays)
    assert view is not None
    assert [(one.questions, one.text, one.by) for one in view.spoken] == [
        (("E4",), "Tutor rang back.", "lacc-0007")
    ]
    assert telephone(office.panel, "NS-2026-014") == view.spoken
    assert telephone(office.panel, "NS-2026-999") == ()


@pytest.mark.parametrize("reference", ["", "zzz"])
def test_a_request_that_cannot_be_told_apart_is_not_guessed(office: Office, reference: str):
    """The beginning of an id must belong to one request."""
    office.ask(SCHOOL, HEALTH)
    assert request_view(office.panel, reference, office.holidays) is None


def test_cases_come_by_their_most_urgent_request(office: Office):
    """The case with the overdue request stands above the one that has just begun."""
    other = "officers saw repeated fights near school since half term"
    office.ask(SCHOOL)
    office.carry()
    office.at("2026-11-24 09:00")
    office.ask(HEALTH, reference="NS-2026-015", because=other)
    office.carry()
    found = board(office.panel, office.holidays)
    assert [one.reference for one in found] == ["NS-2026-014", "NS-2026-015"]
    assert case_view(office.panel, "NS-2026-999", office.holidays) is None


def test_the_boards_order_is_the_same_at_every_look(office: Office):
    """Looking twice shows one order, whoever looks."""
    office.ask()
    office.carry()
    first = board(office.panel, office.holidays)
    assert board(office.panel, office.holidays) == first
    assert len({row.standing.urgency for row in first[0].rows}) == len(FIVE)


def test_reminders_of_the_broker_are_no_part_of_the_talk(office: Office):
    """What stands beside a request is what the two agencies said to each other."""
    found = office.ask(ONE)[SCHOOL]
    office.carry()
    with office.panel.store.read() as c:
        assert len(letters(c, request=found)) == 1
    view = request_view(office.panel, found, office.holidays)
    assert view is not None
    assert view.exchanged == ()
    assert not view.unaccepted_query
