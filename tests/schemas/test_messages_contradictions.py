"""Bodies whose values are right one by one and contradict each other."""

import pytest

from schemas.fields.sector import Sector
from schemas.messages.information.response import Response
from schemas.messages.registry import read_body
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


def asked(**changes):
    """One question, changed."""
    return {**ASKED, **changes}


HEALTH_QUESTION = asked(qid="H1")

CONTRADICTIONS = [
    # request
    (REQUEST, {"ask__concern_level": "L0"}, [(CONTRADICTS, "ask.concern_theme")]),
    (REQUEST, {"ask__concern_theme": None}, [(MISSING, "ask.concern_theme")]),
    (REQUEST, {"ask__concern_level": "L2"}, [(MISSING, "ask.concern_summary")]),
    (
        REQUEST,
        {"ask__concern_summary": "More than the level allows."},
        [(CONTRADICTS, "ask.concern_summary")],
    ),
    (
        REQUEST,
        {"ask__concern_level": "L0", "ask__concern_theme": None, "ask__concern_summary": "No."},
        [(CONTRADICTS, "ask.concern_summary")],
    ),
    (
        REQUEST,
        {"id__family_name": None, "id__given_names": None, "id__dob": None},
        [(MISSING, "id")],
    ),
    (
        REQUEST,
        {"ask__subject_informed": {"informed": True, "reason": "police_advice"}},
        [(CONTRADICTS, "ask.subject_informed")],
    ),
    (
        REQUEST,
        {"ask__subject_informed": {"informed": False}},
        [(CONTRADICTS, "ask.subject_informed")],
    ),
    (
        REQUEST,
        {"ask__questions": [asked(qid="E8"), asked(qid="Z9")]},
        [(CHOICE, "ask.questions/1/qid")],
    ),
    (REQUEST, {"ask__questions": [asked(qid="Z9")]}, [(CHOICE, "ask.questions/0/qid")]),
    (REQUEST, {"ask__questions": [asked(), asked()]}, [(CONTRADICTS, "ask.questions/1/qid")]),
    (
        REQUEST,
        {"ask__questions": [asked(window_to="2025-10-31")]},
        [(CONTRADICTS, "ask.questions/0/window_to")],
    ),
    (
        REQUEST,
        {"ask__questions": [asked(window_from="2021-11-01", window_to="2026-11-02")]},
        [(Code.FIELD_OUT_OF_RANGE, "ask.questions/0/window_to")],
    ),
    (
        REQUEST,
        {"ask__questions": [asked(), HEALTH_QUESTION]},
        [(Code.SECTOR_MIXED, "ask.questions")],
    ),
    # response
    (RESPONSE, {"edu__enrolment_status": None}, [(MISSING, None)]),
    (RESPONSE, {"hlt__known": item(VALID["hlt.known"])}, [(Code.SECTOR_MIXED, None)]),
    (
        RESPONSE,
        {"hlt__confidentiality_basis": "statutory_requirement"},
        [(CONTRADICTS, "hlt.confidentiality_basis")],
    ),
    (
        RESPONSE,
        {"pol__handling_conditions": "Read once."},
        [(CONTRADICTS, "pol.handling_conditions")],
    ),
    # refusal
    (REFUSAL, {"refusal__reason": None}, [(MISSING, "refusal.reason")]),
    (REFUSAL, {"edu__year_group": WITHHELD}, [(CONTRADICTS, "refusal.reason")]),
    (
        REFUSAL,
        {"refusal__reason": None, "edu__year_group": {"state": "not_held"}},
        [(CONTRADICTS, "edu.year_group")],
    ),
    (
        REFUSAL,
        {"refusal__reason": None, "edu__year_group": WITHHELD, "hlt__known": WITHHELD},
        [(Code.SECTOR_MIXED, None)],
    ),
    (
        REFUSAL,
        {"refusal__reason": "sensitive_information_s38_5", "refusal__explanation": "Because."},
        [(CONTRADICTS, "refusal.explanation")],
    ),
    (
        REFUSAL,
        {
            "refusal__reason": None,
            "refusal__explanation": "Because.",
            "edu__year_group": {"state": "withheld", "reason": "sensitive_information_s38_5"},
        },
        [(CONTRADICTS, "refusal.explanation")],
    ),
    # the others
    (
        "information.nil_return/1",
        {"nil__window": {"from_on": "2026-11-02", "to_on": "2026-11-01"}},
        [(CONTRADICTS, "nil.window")],
    ),
    (
        "information.clarification_query/1",
        {"cla__questions": ["E1", "Z9"]},
        [(CHOICE, "cla.questions/1")],
    ),
    ("information.redirect/1", {"red__post": None}, [(MISSING, "red.post")]),
    (
        "information.redirect/1",
        {"red__organisation": {"name": "Sample School"}},
        [(CONTRADICTS, "red.organisation")],
    ),
    (
        "information.extension_decision/1",
        {"ext__days_granted": 0},
        [(CONTRADICTS, "ext.days_granted")],
    ),
    (
        "information.extension_decision/1",
        {"ext__decision_reason": "not_justified"},
        [(CONTRADICTS, "ext.decision_reason")],
    ),
    (
        "information.extension_decision/1",
        {"ext__granted": False, "ext__decision_reason": "not_justified"},
        [(CONTRADICTS, "ext.days_granted")],
    ),
    ("deadline.reminder/1", {"dl__rung": "e1"}, [(CONTRADICTS, "dl.rung")]),
    ("deadline.reminder/1", {"dl__working_days": -1}, [(CONTRADICTS, "dl.working_days")]),
    ("deadline.escalation/1", {"dl__rung": "ack"}, [(CONTRADICTS, "dl.rung")]),
    ("deadline.escalation/1", {"dl__working_days": 0}, [(CONTRADICTS, "dl.working_days")]),
    (
        "deadline.recalculated/1",
        {"dl__new_due_at": VALID["dl.old_due_at"]},
        [(CONTRADICTS, "dl.new_due_at")],
    ),
]


@pytest.mark.parametrize(("mt", "changes", "problems"), CONTRADICTIONS)
def test_each_contradiction_refuses_alone(mt, changes, problems):
    """A message that is valid but for one contradiction is refused for that alone."""
    found = read_body(mt, fields_of(mt, **changes))
    assert found == tuple(Problem(code, where) for code, where in problems)


@pytest.mark.parametrize(
    "name", ["hlt.confidentiality_basis", "hlt.caldicott_ref", "hlt.patient_informed"]
)
def test_health_states_why_confidentiality_gives_way(name):
    """A health service's answer lacks none of the three statements of domain 2.2.2."""
    assert isinstance(read_body(RESPONSE, health_fields()), Response)
    came = health_fields(**{name.replace(".", "__"): None})
    assert read_body(RESPONSE, came) == (Problem(MISSING, name),)


@pytest.mark.parametrize(
    "told", [{"informed": False}, {"informed": True, "reason": "lacks_capacity"}]
)
def test_a_patient_not_told_needs_a_reason(told):
    """Told without a reason, not told with one; anything else contradicts itself."""
    came = health_fields(hlt__patient_informed=told)
    assert read_body(RESPONSE, came) == (Problem(CONTRADICTS, "hlt.patient_informed"),)


def test_police_may_set_conditions():
    """Handling conditions belong to an answer of the police."""
    body = read_body(
        RESPONSE,
        fields_of(
            RESPONSE,
            edu__enrolment_status=None,
            pol__missing_episodes_24m=item(0),
            pol__handling_conditions="Read once.",
        ),
    )
    assert isinstance(body, Response)
    assert body.sector is Sector.POLICE
    assert body.handling_conditions == "Read once."
