"""What the agency that was asked may do, act by act, and what it may not."""

from datetime import date
from typing import Any

import pytest

from adapters.compose import Draft, Queued, send
from adapters.gatherer.lead import reply, withdraw
from adapters.mailbox import Letter, change_letter, open_body, refers_to, short
from adapters.proposal import Proposal, look_up, proposal, request_of, write_down
from adapters.request_facts import request_facts
from adapters.responder import (
    Act,
    acknowledge,
    answer,
    answer_draft,
    ask_for_time,
    clarify,
    find_request,
    inbox,
    nil,
    redirect,
    refuse,
)
from schemas.directory_entry import Role
from schemas.fields.item import Withheld
from schemas.fields.refusal_reason import RefusalReason
from schemas.manifest import RequestRef
from schemas.messages.information.request import Request
from schemas.problems import Code, Problem
from tests.adapters.edge_hands import ITEMS, Hands
from tests.adapters.gatherer.office import ACT, HAND, held
from tests.builders import messages
from tests.builders.values import VALID

E2 = {name: item for name, item in ITEMS.items() if name != "edu.safeguarding_status"}
E4 = {"edu.safeguarding_status": ITEMS["edu.safeguarding_status"]}
UNCHECKED = Act(person="officer-0001")
YEAR = (date(2025, 11, 16), date(2026, 11, 16))
CONTACT = VALID["ask.contact_for_query"]


@pytest.fixture
def asked(hands: Hands) -> Letter:
    """A request with two questions, opened at the school."""
    return hands.letter(hands.school, hands.asked().jti)


def outcome(hands: Hands, asked: Letter) -> tuple[str, tuple[str, ...]]:
    found = find_request(hands.school, short(asked.jti))
    assert found is not None
    return found.outcome, found.open_questions


ACTS: dict[str, Any] = {
    "acknowledge": acknowledge,
    "answer": lambda edge, asked, act: answer(edge, asked, ITEMS, "exact", act),
    "answer in part": lambda edge, asked, act: answer(edge, asked, E2, "exact", act),
    "nil": lambda edge, asked, act: nil(edge, asked, ["education_records"], YEAR, act),
    "refuse": lambda edge, asked, act: refuse(edge, asked, RefusalReason.NOT_NECESSARY, act),
    "refuse in part": lambda edge, asked, act: refuse(
        edge, asked, RefusalReason.THIRD_PARTY_RIGHTS, act, questions=("E4",)
    ),
    "clarify": lambda edge, asked, act: clarify(
        edge, asked, "identity_uncertain", "Which of two pupils is meant, by date of birth?", act
    ),
    "redirect": lambda edge, asked, act: redirect(edge, asked, "wrong_post", act, post=CONTACT),
    "ask for time": lambda edge, asked, act: ask_for_time(edge, asked, 3, "key_person_absent", act),
}
SHOWN = {
    "acknowledge": ("acknowledged", ("E2", "E4")),
    "answer": ("answered", ()),
    "answer in part": ("answered in part", ("E4",)),
    "nil": ("nothing held", ()),
    "refuse": ("refused", ()),
    "refuse in part": ("refused", ("E2",)),
    "clarify": ("clarifying", ("E2", "E4")),
    "redirect": ("redirected", ("E2", "E4")),
    "ask for time": ("waiting", ("E2", "E4")),
}


@pytest.mark.parametrize("name", ACTS)
def test_each_act_is_one_message_about_the_request(hands: Hands, asked: Letter, name: str):
    """To who asked, in the same case, and it shows in the inbox."""
    found = ACTS[name](hands.school, asked, ACT)
    assert isinstance(found, Queued), found
    claims = found.manifest
    assert (claims.recipient, claims.conv) == (asked.iss, asked.conv)
    assert claims.req is not None
    assert (claims.req.jti, claims.req.h) == (asked.jti, asked.h)
    assert outcome(hands, asked) == SHOWN[name]
    assert hands.bring(hands.sent(hands.school)).what == "opened"


@pytest.mark.parametrize("name", ACTS)
def test_what_nobody_attested_does_not_leave(hands: Hands, asked: Letter, name: str):
    """A person looked for what must not be shared, or nothing is sent."""
    found = ACTS[name](hands.school, asked, UNCHECKED)
    assert isinstance(found, tuple)
    assert {one.code for one in found} == {Code.ATTESTATION_MISSING}
    assert outcome(hands, asked) == ("waiting", ("E2", "E4"))
    assert hands.queued(hands.school) == []


def test_answers_may_come_in_parts(hands: Hands, asked: Letter):
    """Each closes its questions; the rest stays open, and none is closed twice."""
    edge = hands.school
    assert isinstance(answer(edge, asked, E2, "exact", ACT), Queued)
    again = answer(edge, asked, E2, "exact", ACT)
    assert again == (Problem(Code.FIELD_NOT_ANSWERED, "information.response", "POL-09"),)
    both = answer(edge, asked, ITEMS, "exact", ACT)
    assert isinstance(both, Queued)
    assert set(E4) <= set(both.manifest.f)
    assert not set(E2) & set(both.manifest.f)
    assert outcome(hands, asked) == ("answered", ())
    for name, act in ACTS.items():
        assert isinstance(act(edge, asked, ACT), tuple), name


@pytest.mark.parametrize("rejected", ["refused", "rejected"])
def test_an_answer_that_did_not_hold_may_come_again(hands: Hands, asked: Letter, rejected: str):
    """Refused by the gate or rejected by who asked, it closed nothing."""
    first = answer(hands.school, asked, ITEMS, "exact", ACT)
    assert isinstance(first, Queued)
    with hands.school.store.change() as c:
        change_letter(c, "out", first.jti, state=rejected)
    assert outcome(hands, asked) == ("waiting", ("E2", "E4"))
    assert isinstance(answer(hands.school, asked, ITEMS, "exact", ACT), Queued)


def test_a_question_answered_by_two_at_once_is_answered_once(hands: Hands, asked: Letter):
    """Two people draft the same answer; the second is refused when it is to be sent."""
    drafts = [answer_draft(hands.school, asked, ITEMS, "exact", ACT) for _ in range(2)]
    first, second = (send(hands.school, one) for one in drafts if isinstance(one, Draft))
    assert isinstance(first, Queued)
    assert isinstance(second, tuple)
    assert Code.QUESTION_CLOSED in {one.code for one in second}


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ({**ITEMS, "edu.year_group": held("9")}, Problem(Code.FIELD_NOT_ASKED, "edu.year_group", "POL-09")),
        ({"edu.attendance_pct": ITEMS["edu.attendance_pct"]}, Problem(Code.FIELD_NOT_ANSWERED, "information.response", "POL-09")),
        ({}, Problem(Code.FIELD_NOT_ANSWERED, "information.response", "POL-09")),
    ],
)  # fmt: skip
def test_an_answer_is_of_whole_questions_that_were_asked(
    hands: Hands, asked: Letter, items: Any, problem: Problem
):
    """Nothing that nobody asked for, and no half of a question."""
    assert answer(hands.school, asked, items, "exact", ACT) == (problem,)


def test_a_wrong_value_is_a_problem(hands: Hands, asked: Letter):
    """Named by its field, never by what it was."""
    wrong = {**ITEMS, "edu.attendance_pct": held("canary-of-a-value")}
    found = answer(hands.school, asked, wrong, "exact", ACT)
    assert isinstance(found, tuple)
    assert "edu.attendance_pct" in str(found[0].where)
    assert "canary" not in repr(found)
    assert isinstance(answer(hands.school, asked, ITEMS, "certain", ACT), tuple)


def test_a_field_may_be_withheld(hands: Hands, asked: Letter):
    """Its question is answered all the same, with the reason inside."""
    items = {**E4, **E2, "edu.suspensions": Withheld(RefusalReason.THIRD_PARTY_RIGHTS)}
    assert isinstance(answer(hands.school, asked, items, "exact", ACT), Queued)


def test_a_refusal_names_questions_that_were_asked(hands: Hands, asked: Letter):
    """No other."""
    found = refuse(hands.school, asked, RefusalReason.THIRD_PARTY_RIGHTS, ACT, questions=("E9",))
    assert found == (Problem(Code.FIELD_NOT_ASKED, "information.refusal", "POL-09"),)


@pytest.mark.parametrize("days", [0, 11, -1])
def test_time_is_asked_within_limits(hands: Hands, asked: Letter, days: int):
    """A number that no pack allows is refused before it leaves."""
    assert isinstance(ask_for_time(hands.school, asked, days, "key_person_absent", ACT), tuple)


def test_nobody_acts_on_what_was_withdrawn(hands: Hands, asked: Letter):
    """The inbox says so, and every answer is refused."""
    withdraw(hands.panel, asked.jti, "no_longer_needed", HAND)
    hands.bring(hands.sent(hands.panel))
    assert outcome(hands, asked)[0] == "withdrawn"
    for name, act in ACTS.items():
        assert isinstance(act(hands.school, asked, ACT), tuple), name


def test_a_reply_sets_the_request_going_again(hands: Hands, asked: Letter):
    """After a clarification the inbox waits for the answer."""
    query = ACTS["clarify"](hands.school, asked, ACT)
    assert isinstance(query, Queued)
    hands.bring(hands.sent(hands.school))
    sent = reply(hands.panel, asked.jti, "The one born in February 2010.", HAND)
    assert isinstance(sent, Queued), sent
    hands.bring(hands.sent(hands.panel))
    assert outcome(hands, asked)[0] == "acknowledged"


@pytest.mark.parametrize("state", ["recalled", "rejected"])
def test_a_request_that_was_taken_back_or_not_believed_is_shown_so(
    hands: Hands, asked: Letter, state: str
):
    """And is not answered."""
    with hands.school.store.change() as c:
        change_letter(c, "in", asked.jti, state=state)
    assert outcome(hands, asked)[0] == state
    assert isinstance(answer(hands.school, asked, ITEMS, "exact", ACT), tuple)


def test_a_role_that_the_agency_does_not_hold_cannot_act(hands: Hands, asked: Letter):
    """Whoever signs on at the agency."""
    act = Act(person="officer-0001", role=Role.LACC, checked=True)
    assert isinstance(answer(hands.school, asked, ITEMS, "exact", act), tuple)


def test_a_sign_off_stands_in_message_and_manifest(hands: Hands, asked: Letter):
    """Who signed off, under which reference, on which day in London."""
    act = Act(person="officer-0001", checked=True, signoff_ref="SO/2026/7")
    found = answer(hands.school, asked, ITEMS, "exact", act)
    assert isinstance(found, Queued), found
    assert found.manifest.attest.signoff_ref == "SO/2026/7"
    body = open_body(hands.school.keys.vault, hands.letter(hands.school, found.jti))
    assert body is not None
    assert body["rsp.signoff"] == {"role": "SIGNOFF", "ref": "SO/2026/7", "date": "2026-11-16"}


def test_requests_are_found_by_their_end(hands: Hands, asked: Letter):
    """Eight characters at least, or all of it; no other, and never two."""
    assert [one.request.jti for one in inbox(hands.school)] == [asked.jti]
    assert refers_to(short(asked.jti), asked.jti)
    for reference in ("", asked.jti[-7:], asked.jti[:8], "00000000"):
        assert find_request(hands.school, reference) is None
    assert find_request(hands.school, asked.jti) is not None


# ------------------------------------------------------------------------------- proposals


def test_a_proposal_is_kept_and_changed(hands: Hands, asked: Letter):
    """A person's items take the place of what was missing."""
    edge = hands.school
    first = Proposal("found", "exact", E2, {"edu.safeguarding_status": "no_source"})
    with edge.store.change() as c:
        assert proposal(edge, c, asked.jti) is None
        write_down(edge, c, asked.jti, first)
        assert proposal(edge, c, asked.jti) == first
        more = first.with_items(E4)
        write_down(edge, c, asked.jti, more)
        assert proposal(edge, c, asked.jti) == more
        nothing = Proposal("nothing_held", searched=("education_records",), window=YEAR)
        write_down(edge, c, asked.jti, nothing)
        assert proposal(edge, c, asked.jti) == nothing
    assert (more.items, more.unanswered) == (ITEMS, {})
    assert repr(first).startswith("<")


def test_a_proposal_that_is_none_is_a_fault(hands: Hands, asked: Letter):
    """What the store holds under a field must be an item of that field."""
    edge = hands.school
    value = {"outcome": "found", "confidence": "exact", "items": {"edu.suspensions": 7}, "unanswered": {}, "searched": [], "window": None, "reason": None, "fault": None}  # fmt: skip
    with edge.store.change() as c:
        write_down(edge, c, asked.jti, Proposal("found"))
        sealed = edge.keys.vault.seal(value, f"drafts/{asked.jti}")
        c.exec_driver_sql("UPDATE drafts SET draft = ?", (sealed,))
        with pytest.raises(TypeError):
            proposal(edge, c, asked.jti)


async def test_only_an_opened_request_is_looked_up(hands: Hands):
    """What is not opened is not known to be about anybody."""
    found = hands.asks()
    hands.announce(found)
    letter = hands.letter(hands.school, found.jti)
    with pytest.raises(LookupError):
        request_of(hands.school, letter)
    assert (await look_up(hands.school, None, letter, timeout_s=1)).outcome == "by_hand"


def test_a_request_is_what_was_sent(hands: Hands, asked: Letter):
    """The body as its reader has it."""
    found = request_of(hands.school, asked)
    assert isinstance(found, Request)
    assert [one.qid for one in found.questions] == ["E2", "E4"]


# ----------------------------------------------------------------------------------- facts


def test_facts_of_a_request_follow_its_messages(hands: Hands, asked: Letter):
    """Open until every question is closed; unknown where there is none."""
    edge, about = hands.school, RequestRef(jti=asked.jti, h=asked.h)
    with edge.store.read() as c:
        facts = request_facts(c, about)
        assert facts is not None
        assert (facts.open, facts.closed_questions) == (True, frozenset())
        assert request_facts(c, None) is None
        assert request_facts(c, RequestRef(jti=messages.jti("none"), h=asked.h)) is None
    sent = answer(edge, asked, E2, "exact", ACT)
    assert isinstance(sent, Queued)
    with edge.store.read() as c:
        facts = request_facts(c, about)
        assert facts is not None
        assert (facts.open, facts.closed_questions) == (True, {"E2"})
        assert request_facts(c, RequestRef(jti=sent.jti, h=sent.h)) is None  # an answer is none
    nil(edge, asked, ["education_records"], YEAR, ACT)
    with edge.store.change() as c:
        facts = request_facts(c, about)
        assert facts is not None
        assert not facts.open
        change_letter(c, "in", asked.jti, manifest="{}")
        with pytest.raises(TypeError):
            request_facts(c, about)
