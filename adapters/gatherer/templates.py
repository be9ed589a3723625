"""Question templates: what is usually asked of each sector, and the necessity statement around a reason.

The data is ``templates.yaml``, for a coordinator to read. A template never makes a request necessary:
the reason why an answer is needed in this case comes from the coordinator each time, and is looked at
by itself. What the template adds, and words that only repeat the question, do not count (POL-18).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import ConfigDict, Field

from policies.necessity import own_words
from policies.pack_text import read_doc
from policies.pack_values import NecessityRule
from policies.retention import add_months
from schemas.fields.asking import LessIntrusive
from schemas.fields.catalogue import QUESTIONS, Question
from schemas.fields.sector import Sector, sector_of
from schemas.problems import Code, Problem

__all__ = [
    "WINDOW_MONTHS",
    "QuestionTemplate",
    "default_questions",
    "necessity",
    "read_templates",
    "template_of",
    "templates",
    "window",
]

WINDOW_MONTHS = 24  # domain 2.5, F-ASK: the default, and the most without a supervisor's approval
_FILE = "templates.yaml"

_CONSIDERED: Mapping[LessIntrusive, str] = {
    "ask_later": "asking later was considered",
    "ask_subject": "asking the person was considered",
    "ask_fewer": "asking less was considered",
    "none": "no less intrusive way was found",
}


@dataclass(frozen=True, slots=True)
class QuestionTemplate:
    """How a question is usually asked.

    Attributes:
        asked: Whether it is asked unless the coordinator chooses otherwise.
        considered: The less intrusive way that is named by default.
        without_it: What would be lacking, as the end of a sentence.

    """

    __pydantic_config__ = ConfigDict(extra="forbid")
    asked: bool
    considered: LessIntrusive
    without_it: Annotated[str, Field(min_length=10, max_length=60)]


@cache
def templates() -> Mapping[Sector, Mapping[str, QuestionTemplate]]:
    """Give the templates that come with the program: sector to question id to template."""
    return read_templates(files("adapters.gatherer").joinpath(_FILE).read_text(encoding="utf-8"))


def read_templates(text: str) -> Mapping[Sector, Mapping[str, QuestionTemplate]]:
    """Read templates strictly.

    Raises:
        PackError: An unknown key, a question that is missing, unknown or of another sector, or a
            sector without anything asked; with the line.

    """
    doc = read_doc(_FILE, text)
    found = doc.as_(dict[Sector, dict[str, QuestionTemplate]])
    for sector in Sector:
        listed = found.get(sector)
        if listed is None:
            raise doc.fail(f"{sector} is missing")
        belong = _questions_of(sector)
        for qid in listed:
            if qid not in belong:
                raise doc.fail(f"{qid} is no question of this sector", sector, qid)
        for qid in belong:
            if qid not in listed:
                raise doc.fail(f"{qid} is missing", sector)
        if not any(one.asked for one in listed.values()):
            raise doc.fail("nothing is asked by default", sector)
    return found


def default_questions(sector: Sector) -> tuple[str, ...]:
    """Give the ids of the questions asked of a sector unless the coordinator chooses others."""
    return tuple(qid for qid, one in templates()[sector].items() if one.asked)


def template_of(qid: str) -> QuestionTemplate:
    """Give the template of a question of the catalogue, whichever sector it belongs to."""
    return templates()[_asked_in(qid)][qid]


def window(today: date, months: int = WINDOW_MONTHS) -> tuple[date, date]:
    """Give the first and last day asked about: so many months up to a day.

    The first day is moved on where months of different length would make the window a day longer
    than the months say (24 months before 29 February).
    """
    first = add_months(today, -months)
    while add_months(first, months) < today:
        first += timedelta(days=1)
    return first, today


def necessity(
    question: Question,
    because: str,
    rule: NecessityRule,
    *,
    months: int = WINDOW_MONTHS,
    considered: LessIntrusive | None = None,
) -> str | Problem:
    """Write the necessity statement of one question around the coordinator's own reason.

    Args:
        question: What is asked.
        because: Why the answer is needed in this case: a clause after "because", without names.
        rule: What the pack wants of a statement.
        months: How far back the question looks.
        considered: The less intrusive way considered; the template's when left out.

    Returns:
        The statement (domain 7.2); or the problem that the reason by itself is too little, names
        only a protected characteristic or repeats the question, or that the whole is too long.

    """
    template = template_of(question.id)
    where = f"because/{question.id}"
    reason = " ".join(because.split()).rstrip(" .;,")
    echo = " ".join((question.text, *(field.label for field in question.fields)))
    own = own_words(reason, rule)[0] - own_words(echo, rule)[0]
    if len(own) < rule.own_words:
        return Problem(Code.NECESSITY_INSUFFICIENT, where, "POL-18")
    asked = question.text.rstrip(".")
    said = (
        f"{question.id}: we must be told {asked} ({months} months) because {reason};"
        f" {_CONSIDERED[considered or template.considered]}; without it {template.without_it}."
    )
    if len(said) > rule.max_chars:
        return Problem(Code.FIELD_TOO_LONG, where)
    return said


@cache
def _questions_of(sector: Sector) -> tuple[str, ...]:
    return tuple(qid for qid in QUESTIONS if _asked_in(qid) is sector)


def _asked_in(qid: str) -> Sector:
    found = sector_of(field.id for field in QUESTIONS[qid].fields)
    if found is None:
        msg = f"{qid} mixes sectors"
        raise ValueError(msg)
    return found
