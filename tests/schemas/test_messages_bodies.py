"""Bodies: read, refused for each contradiction alone, and written as they came."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields.catalogue import CATALOGUE, QUESTIONS
from schemas.fields.item import NotHeld, Withheld
from schemas.fields.refusal_reason import RefusalReason
from schemas.messages.deadline.reminder import Reminder
from schemas.messages.information.refusal import Refusal
from schemas.messages.information.request import Asked, Request
from schemas.messages.information.response import Response
from schemas.messages.information.withdrawal import Withdrawal
from schemas.messages.linting import lint_body
from schemas.messages.registry import REGISTRY, body_fields, read_body, type_of
from schemas.problems import Code, Problem
from tests.builders.bodies import fields_of, health_fields, item
from tests.builders.values import ASKED, VALID

REQUEST, RESPONSE, REFUSAL = (
    "information.request/1",
    "information.response/1",
    "information.refusal/1",
)
WITHHELD = {"state": "withheld", "reason": "excessive"}
CONTRADICTS, MISSING, CHOICE = Code.FIELD_CONTRADICTS, Code.FIELD_MISSING, Code.FIELD_NOT_A_CHOICE


@pytest.mark.parametrize("mt", REGISTRY)
def test_a_valid_message_survives_the_round(mt):
    """The fields of a valid message of every type are read, and written as they came."""
    fields = fields_of(mt)
    body = read_body(mt, fields)
    assert not isinstance(body, tuple)
    assert type_of(body).mt == mt
    assert body_fields(body) == fields
    assert read_body(mt, body_fields(body)) == body


@pytest.mark.parametrize(
    ("mt", "field_id"),
    [(kind.mt, name) for kind in REGISTRY.values() for name in sorted(kind.required)],
)
def test_each_required_field_is_required(mt, field_id):
    """Without one required field a message is refused for that field alone."""
    fields = fields_of(mt)
    del fields[field_id]
    assert read_body(mt, fields) == (Problem(MISSING, field_id),)


@pytest.mark.parametrize(
    ("mt", "field_id"),
    [(kind.mt, name) for kind in REGISTRY.values() for name in sorted(kind.required)],
)
def test_each_value_is_checked(mt, field_id):
    """A value of the wrong form is refused at its field, whatever the type."""
    problems = read_body(mt, {**fields_of(mt), field_id: None})
    assert isinstance(problems, tuple)
    assert {problem.where for problem in problems} == {field_id}


@pytest.mark.parametrize("mt", REGISTRY)
def test_fields_of_other_types_are_refused(mt):
    """A field of the catalogue that has no place in the type is refused by name, whichever it is."""
    for field in CATALOGUE.values():
        if not REGISTRY[mt].may_hold(field):
            came = {**fields_of(mt), field.id: VALID[field.id]}
            assert read_body(mt, came) == (Problem(Code.FIELD_NOT_FOR_TYPE, field.id),)


@pytest.mark.parametrize("mt", REGISTRY)
def test_nothing_sent_is_echoed(mt):
    """Neither a value nor a field's name that was made up stands in a problem."""
    canary = "canary-7f3e"
    came = {name: [canary, {canary: canary * 99}] for name in fields_of(mt)} | {
        canary: 1,
        f"edu.{canary}": 2,
    }
    problems = read_body(mt, came)
    assert isinstance(problems, tuple)
    assert Problem(Code.FIELD_UNKNOWN) in problems
    assert len(problems) == len(set(problems))
    assert canary not in repr(problems)


@pytest.mark.parametrize("mt", ["information.request/2", "information.gossip/1", "", "canary"])
def test_an_unknown_type_is_refused(mt):
    """A type or version that is not registered is one problem that does not repeat it."""
    assert read_body(mt, fields_of(REQUEST)) == (Problem(Code.TYPE_UNKNOWN),)


def test_all_problems_come_at_once():
    """Whoever mends a message sees everything that is wrong with it."""
    came = fields_of(REQUEST, ask__concern_level="L9", id__dob="2010-02-30", ask__questions=None)
    assert read_body(REQUEST, came) == (
        Problem(CHOICE, "ask.concern_level"),
        Problem(Code.FIELD_INVALID, "id.dob"),
        Problem(MISSING, "ask.questions"),
    )


def asked(**changes):
    """One question, changed."""
    return {**ASKED, **changes}


def test_what_a_request_becomes():
    """Questions become dates and words, and identity is what came of it."""
    body = read_body(REQUEST, fields_of(REQUEST))
    assert isinstance(body, Request)
    assert body.questions == (
        Asked("E1", date(2025, 11, 1), date(2026, 11, 1), ASKED["necessity"], "ask_fewer"),
    )
    assert dict(body.identity) == {
        "id.family_name": "Exemplar",
        "id.given_names": "Jo",
        "id.dob": "2010-02-28",
    }
    assert body.concern_summary is None


@pytest.mark.parametrize(
    ("window_from", "window_to"),
    [("2021-11-01", "2026-11-01"), ("2026-11-01", "2026-11-01"), ("2024-02-29", "2029-02-28")],
)
def test_windows_that_can_be(window_from, window_to):
    """A window may be a day or sixty months; what is proportionate is the pack's to say."""
    question = asked(window_from=window_from, window_to=window_to)
    assert isinstance(read_body(REQUEST, fields_of(REQUEST, ask__questions=[question])), Request)


def test_a_summary_may_come_with_its_theme():
    """Level 2 says more, and may still name the theme."""
    came = fields_of(REQUEST, ask__concern_level="L2", ask__concern_summary="A marked change.")
    assert isinstance(read_body(REQUEST, came), Request)


def test_a_district_may_be_asked_for_housing_too():
    """A lower-tier district answers for its housing and its community safety at once."""
    questions = [asked(qid="G1"), asked(qid="D1")]
    assert isinstance(read_body(REQUEST, fields_of(REQUEST, ask__questions=questions)), Request)


def test_a_refusal_of_single_questions():
    """It withholds fields, says why for each, and needs no reason for the whole."""
    body = read_body(REFUSAL, fields_of(REFUSAL, refusal__reason=None, edu__year_group=WITHHELD))
    assert isinstance(body, Refusal)
    assert dict(body.withheld) == {"edu.year_group": Withheld(RefusalReason.EXCESSIVE)}
    assert body.reasons == {RefusalReason.EXCESSIVE}


def test_a_refusal_of_the_whole():
    """It gives one reason, and may explain."""
    body = read_body(REFUSAL, fields_of(REFUSAL, refusal__explanation="Answered last week."))
    assert isinstance(body, Refusal)
    assert body.reasons == {RefusalReason.NOT_NECESSARY}


def test_days_and_instants_become_values():
    """A civil date and an instant are read into their types, the instant aware and in UTC."""
    withdrawn = read_body("information.withdrawal/1", fields_of("information.withdrawal/1"))
    assert isinstance(withdrawn, Withdrawal)
    assert withdrawn.erase_by == date(2026, 12, 31)
    reminder = read_body("deadline.reminder/1", fields_of("deadline.reminder/1"))
    assert isinstance(reminder, Reminder)
    assert reminder.due_at == datetime(2026, 11, 23, 17, tzinfo=UTC)


def test_a_fraction_of_a_second_is_our_fault():
    """We never send an instant that would be read back as another one."""
    due = datetime(2026, 11, 23, 17, 0, 0, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="whole seconds"):
        body_fields(Reminder(rung="r1", due_at=due, working_days=2))


@pytest.mark.parametrize("mt", [REQUEST, RESPONSE, REFUSAL, "information.clarification_reply/1"])
def test_a_body_shown_in_passing_shows_nothing(mt):
    """What prints a body by mistake prints nothing that it holds."""
    body = read_body(mt, fields_of(mt))
    assert "Exemplar" not in repr(body)
    assert "Sample" not in repr(body)


@st.composite
def responses(draw):
    """Any answer of one sector: some of its questions, each field in any state."""
    letter = draw(st.sampled_from(sorted({qid[0] for qid in QUESTIONS})))
    qids = [qid for qid in QUESTIONS if qid[0] == letter]
    chosen = draw(st.lists(st.sampled_from(qids), min_size=1, unique=True))
    fields = (
        health_fields(hlt__known=None) if letter == "H" else {"rsp.match_confidence": "probable"}
    )
    for field in (field for qid in chosen for field in QUESTIONS[qid].fields):
        held = item(VALID[field.id], kind=draw(st.sampled_from(["fact", "opinion", "assessment"])))
        fields[field.id] = draw(st.sampled_from([held, WITHHELD, {"state": "not_held"}]))
    return fields


@given(responses())
def test_any_answer_survives_the_round(fields):
    """Whatever one sector answers is read, and written as it came."""
    body = read_body(RESPONSE, fields)
    assert isinstance(body, Response)
    assert body.sector is not None
    assert body_fields(body) == fields


@given(st.sampled_from(sorted(REGISTRY)), st.data())
def test_any_selection_of_fields_is_judged(mt, data):
    """Whichever fields come, with whichever example values, the outcome is a body or problems."""
    names = data.draw(st.lists(st.sampled_from(sorted(VALID)), max_size=8, unique=True))
    read = read_body(mt, {name: VALID[name] for name in names})
    assert read if isinstance(read, tuple) else type_of(read).mt == mt


def test_signs_are_found_in_a_body():
    """Free text, items and the sources that they name are looked through; a clean body passes."""
    assert lint_body(read_body(REQUEST, fields_of(REQUEST))) == ()
    request = read_body(
        REQUEST,
        fields_of(REQUEST, ask__concern_level="L2", ask__concern_summary="Mr Exemplar said so."),
    )
    assert lint_body(request) == (Problem(Code.TEXT_NAME, "ask.concern_summary", "POL-27"),)
    response = read_body(
        RESPONSE,
        fields_of(
            RESPONSE,
            edu__behaviour_change=item(
                "Prayer mat in the bag, and she prays at school.", source="Mrs Teacher"
            ),
            edu__online_concern={"state": "not_held"},
        ),
    )
    assert lint_body(response) == (
        Problem(Code.TEXT_RELIGIOUS_PRACTICE, "edu.behaviour_change", "POL-27"),
        Problem(Code.TEXT_NAME, "edu.behaviour_change/source", "POL-27"),
    )
    assert isinstance(response, Response)
    assert response.answers["edu.online_concern"] == NotHeld()
