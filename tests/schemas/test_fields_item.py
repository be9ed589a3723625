"""Items: held, not held, withheld, and nothing else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields.catalogue import CATALOGUE
from schemas.fields.item import Held, NotHeld, Part3, Withheld, item_json, read_item
from schemas.fields.refusal_reason import DPV, REFUSAL_MEANING, RefusalReason
from schemas.problems import Code, Problem
from tests.builders.bodies import item
from tests.builders.values import VALID

FIELD = CATALOGUE["pol.missing_episodes_24m"]
P3 = {
    "subject_category": "victim",
    "fact_or_assessment": "fact",
    "reliability": "1AP",
    "as_at": "2026-10-01",
}
ANSWERS = sorted(field.id for field in CATALOGUE.values() if field.is_answer)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@st.composite
def held_items(draw, answer=None):
    """A held item of any field, with or without law enforcement particulars."""
    kind = draw(st.sampled_from(["fact", "opinion", "assessment"]))
    made = item(
        VALID[answer or draw(st.sampled_from(ANSWERS))],
        kind=kind,
        as_at=draw(DAYS).isoformat(),
        source=draw(st.text("abc .", min_size=1, max_size=80).filter(lambda s: s == s.strip())),
    )
    if draw(st.booleans()):
        made["p3"] = {**P3, "fact_or_assessment": "fact" if kind == "fact" else "assessment"}
    return made


def test_a_held_item_is_read():
    """Every member becomes its value."""
    read = read_item(FIELD, item(2, p3=P3))
    p3 = Part3("victim", "fact", "1AP", date(2026, 10, 1))
    assert read == Held(2, "fact", date(2026, 11, 1), "Sample MIS", p3)


def test_the_other_states_are_read():
    """Nothing held says nothing more; withheld says why."""
    assert read_item(FIELD, {"state": "not_held"}) == NotHeld()
    withheld = {"state": "withheld", "reason": "legal_privilege"}
    assert read_item(FIELD, withheld) == Withheld(RefusalReason.LEGAL_PRIVILEGE)


@given(st.sampled_from(ANSWERS).flatmap(lambda name: st.tuples(st.just(name), held_items(name))))
def test_held_items_survive_the_round(pair):
    """Reading and writing an item gives the JSON that came."""
    name, json = pair
    read = read_item(CATALOGUE[name], json)
    assert isinstance(read, Held)
    assert item_json(read) == json


@pytest.mark.parametrize("reason", RefusalReason)
def test_withheld_items_survive_the_round(reason):
    """Every reason of the catalogue may stand in an item."""
    json = {"state": "withheld", "reason": reason.value}
    assert item_json(read_item(FIELD, json)) == json
    assert CATALOGUE["refusal.reason"].check(reason.value) == ()


def test_nothing_held_survives_the_round():
    """The shortest item too."""
    assert item_json(NotHeld()) == {"state": "not_held"}


INVALID, PART3, RANGE = Code.ITEM_INVALID, Code.ITEM_PART3, Code.FIELD_OUT_OF_RANGE
HERE = FIELD.id


@pytest.mark.parametrize(
    ("json", "problems"),
    [
        (3, [(INVALID, "")]),
        ([], [(INVALID, "")]),
        ({}, [(INVALID, "/state")]),
        ({"state": "lost"}, [(INVALID, "/state")]),
        ({"state": "not_held", "reason": "excessive"}, [(INVALID, "")]),
        ({"state": "withheld"}, [(INVALID, "/reason")]),
        ({"state": "withheld", "reason": "no"}, [(INVALID, "/reason")]),
        ({"state": "withheld", "reason": "excessive", "value": 1}, [(INVALID, "")]),
        (item(-1), [(RANGE, "")]),
        (item(None), [(INVALID, "/value")]),
        (item(1, kind=None), [(INVALID, "/kind")]),
        (item(1, kind="guess"), [(INVALID, "/kind")]),
        (item(1, as_at=None), [(INVALID, "/as_at")]),
        (item(1, as_at="2026-11-31"), [(INVALID, "/as_at")]),
        (item(1, source=None), [(INVALID, "/source")]),
        (item(1, source="x" * 81), [(INVALID, "/source")]),
        (item(1, reason="excessive"), [(INVALID, "")]),
        (item(1, p3={}), [(PART3, "/p3")]),
        (item(1, p3={**P3, "reliability": "4AP"}), [(PART3, "/p3")]),
        (item(1, p3={**P3, "subject_category": "associate"}), [(PART3, "/p3")]),
        (item(1, p3={**P3, "more": 1}), [(PART3, "/p3")]),
        (item(1, p3=P3, kind="opinion"), [(PART3, "/p3")]),
        (item(1, p3={**P3, "fact_or_assessment": "assessment"}), [(PART3, "/p3")]),
        (item(1000, kind="guess"), [(INVALID, "/kind"), (RANGE, "")]),
    ],
)
def test_each_fault_of_an_item(json, problems):
    """An item that is wrong is refused for all that is wrong and nothing else."""
    assert read_item(FIELD, json) == tuple(Problem(code, HERE + where) for code, where in problems)


def test_an_unassessed_grading():
    """Where nobody graded the source, the item says so."""
    read = read_item(FIELD, item(2, p3={**P3, "reliability": "unassessed"}))
    assert isinstance(read, Held)


def test_nothing_sent_is_echoed():
    """Neither a value nor a member that was sent stands in a problem."""
    canary = "canary-7f3e"
    for json in (
        canary,
        {canary: canary},
        {"state": canary},
        item(canary, kind=canary, as_at=canary, source=canary * 9, p3={canary: canary}),
        {**item(1), canary: 1},
        {"state": "withheld", "reason": canary},
    ):
        problems = read_item(FIELD, json)
        assert isinstance(problems, tuple)
        assert canary not in repr(problems)


def test_an_item_shown_in_passing_shows_no_value():
    """What prints an item for a log or an assertion prints neither value nor source."""
    shown = repr(Held("canary-7f3e", "fact", date(2026, 11, 1), "canary-7f3e"))
    assert "canary" not in shown


def test_every_reason_to_refuse_has_a_sentence():
    """The reasons and their meanings are one list, and the vocabulary links are where domain says."""
    assert REFUSAL_MEANING.keys() == set(RefusalReason)
    assert all(meaning.says.endswith(".") for meaning in REFUSAL_MEANING.values())
    linked = {
        reason.value for reason, meaning in REFUSAL_MEANING.items() if meaning.dpv is not None
    }
    assert linked == {
        "not_necessary",
        "excessive",
        "confidentiality_not_overridden",
        "third_party_rights",
        "prejudice_to_investigation",
        "identity_not_matched",
        "subject_objection_upheld",
    }
    assert all((meaning.dpv or DPV).startswith(DPV) for meaning in REFUSAL_MEANING.values())
    assert [r.value for r, m in REFUSAL_MEANING.items() if m.police_only] == [
        "prejudice_to_investigation"
    ]
    assert [r.value for r, m in REFUSAL_MEANING.items() if m.no_explanation] == [
        "sensitive_information_s38_5"
    ]
