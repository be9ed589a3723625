"""Question templates: readable data, and never a reason by themselves."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.gatherer.templates import (
    WINDOW_MONTHS,
    default_questions,
    necessity,
    read_templates,
    templates,
    window,
)
from policies.pack_text import PackError
from policies.retention import add_months
from schemas.fields.catalogue import CATALOGUE, QUESTIONS
from schemas.fields.prohibited import lint
from schemas.fields.sector import Sector
from schemas.problems import Code, Problem
from tests.policies.builders import pack

REASON = "staff saw marked withdrawal since September after new contacts online"
RULE = pack().necessity


@pytest.mark.parametrize("sector", Sector)
def test_every_sector_is_asked_something_and_less_than_everything_allowed(sector: Sector):
    """The defaults stay within what needs no supervisor (POL-19), and name questions once."""
    asked = default_questions(sector)
    assert 1 <= len(asked) <= pack().limits.questions
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("qid", QUESTIONS)
def test_every_template_makes_a_statement_that_may_be_sent(qid: str):
    """With a real reason the statement fits its form, says the reason, and holds nothing prohibited."""
    said = necessity(QUESTIONS[qid], REASON, RULE)
    assert isinstance(said, str)
    assert REASON in said
    assert RULE.min_chars <= len(said) <= RULE.max_chars
    asked = {
        "qid": qid,
        "window_from": "2024-11-16",
        "window_to": "2026-11-16",
        "necessity": said,
        "less_intrusive_considered": "ask_fewer",
    }
    assert CATALOGUE["ask.questions"].check([asked]) == ()
    assert lint(CATALOGUE["ask.questions"], [asked]) == ()


@pytest.mark.parametrize("qid", QUESTIONS)
@pytest.mark.parametrize(
    "because",
    [
        "",
        "we need it",
        "it is necessary for the purpose of the panel and the concern about the person",
        "his religion, his ethnicity, his faith and his political beliefs",
    ],
)
def test_boilerplate_and_protected_characteristics_are_no_reason(qid: str, because: str):
    """Whatever the template adds, filler and a protected characteristic never suffice (POL-18)."""
    refused = Problem(Code.NECESSITY_INSUFFICIENT, f"because/{qid}", "POL-18")
    assert necessity(QUESTIONS[qid], because, RULE) == refused


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_repeating_the_question_is_no_reason(question):
    """Nobody can pass by saying that the answer is needed because it is asked for."""
    echo = f"{question.text} {' '.join(field.label for field in question.fields)}"
    refused = Problem(Code.NECESSITY_INSUFFICIENT, f"because/{question.id}", "POL-18")
    assert necessity(question, echo, RULE) == refused


def test_a_reason_that_is_too_long_is_refused():
    """The statement has 400 characters; it is never cut, since a cut reason may say something else."""
    refused = Problem(Code.FIELD_TOO_LONG, "because/E1")
    assert necessity(QUESTIONS["E1"], f"{REASON} {'more ' * 60}", RULE) == refused


def test_a_statement_reads_as_a_sentence():
    """What the agency reads: question, reason, what was considered, what would be lacking."""
    assert necessity(QUESTIONS["E4"], f"  {REASON}. ", RULE, months=12, considered="none") == (
        "E4: we must be told what help or protection is in place, as far as you know (12 months)"
        f" because {REASON}; no less intrusive way was found; without it help already given may"
        " be doubled or undone."
    )


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.integers(1, 60))
def test_a_window_is_never_longer_than_its_months(today: date, months: int):
    """On no day, leap day or month's end, does the default need an approval that it should not."""
    first, last = window(today, months)
    assert last == today
    assert last <= add_months(first, months)
    assert first <= add_months(today, -months) or (first - add_months(today, -months)).days <= 3


def test_the_default_window_is_two_years():
    """Domain 2.5: 24 months unless the coordinator says otherwise."""
    assert WINDOW_MONTHS == 24
    assert window(date(2026, 11, 16)) == (date(2024, 11, 16), date(2026, 11, 16))


def text(**changes: str) -> str:
    """The shipped file's values as YAML, with one line of education or one sector changed."""
    lines = []
    for sector, listed in templates().items():
        if changes.get(sector) == "":
            continue
        lines.append(f"{sector}:")
        for qid, one in listed.items():
            asked = "false" if changes.get("asked") == sector else str(one.asked).lower()
            line = f"  {qid}: {{asked: {asked}, considered: {one.considered}, without_it: {one.without_it}}}"
            lines.append(changes.get(qid, line))
    return "\n".join(line for line in lines if line) + "\n"


def test_the_shipped_templates_read_back():
    """The builder below changes one thing in something that is valid."""
    assert read_templates(text()) == templates()


@pytest.mark.parametrize(
    "changes",
    [
        {"education": ""},
        {"E9": ""},
        {"E1": "  H1: {asked: true, considered: none, without_it: something is lacking}"},
        {"E1": "  Z1: {asked: true, considered: none, without_it: something is lacking}"},
        {"E1": "  E1: {asked: true, considered: none, without_it: something is lacking, x: 1}"},
        {"E1": "  E1: {asked: true, considered: perhaps, without_it: something is lacking}"},
        {"E1": "  E1: {asked: true, considered: none, without_it: short}"},
        {"asked": "education"},
    ],
)
def test_templates_that_were_changed_wrongly_do_not_load(changes: dict[str, str]):
    """A coordinator who edits the file learns of a mistake at once, with the line."""
    with pytest.raises(PackError):
        read_templates(text(**changes))
