"""Every field that may ever be named, and every question that may be asked."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.fields import (
    adult_social_care,
    asking,
    childrens_social_care,
    district,
    education,
    exchange,
    health,
    housing,
    identity,
    police,
    probation,
    youth_justice,
)
from schemas.fields.field import Field

__all__ = ["CATALOGUE", "QUESTIONS", "Question", "question"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the catalogue.

    Attributes:
        id: A letter for the sector and a digit, such as ``E3``.
        text: What is asked, in plain words, after "Please tell us".
        fields: What may answer it, in the order in which a form shows them.

    """

    id: str
    text: str
    fields: tuple[Field, ...]


# E education, H health, P police, C children's social care, A adult social care,
# G housing, D district, Y youth justice, B probation.
_TEXTS = {
    "E1": "whether the person is or was with you, in which year or course.",
    "E2": "how attendance has changed, and of suspensions in the time asked about.",
    "E3": "of special educational needs that communication or consent should allow for.",
    "E4": "what help or protection is in place, as far as you know.",
    "E5": "what change in behaviour, or what concern about online activity, staff noticed.",
    "E6": "how others of the same age influence or treat the person, without names.",
    "E7": "how the family works with you.",
    "E8": "what protects the person: interests, ties, successes.",
    "E9": "who is best placed to approach the person, and whether a parent knows of the concern.",
    "H1": "whether the person is known to you, in which kind of service and how recently.",
    "H2": "of a condition that bears on susceptibility, engagement or safety.",
    "H3": "of risk to self or others.",
    "H4": "whether there is concern about capacity to consent.",
    "H5": "how the person engages, what adjustments help, and who leads.",
    "H6": "what protects the person.",
    "P1": "of relevant offending, by category, outcome and month.",
    "P2": "what those who visit or approach the person must know for safety.",
    "P3": "of missing episodes, and whether the person has suffered hate crime.",
    "P4": "which court or bail conditions a plan must respect.",
    "P5": "of earlier Prevent referrals and how they ended.",
    "C1": "whether the child or young person is known to you, in what status, and to whom.",
    "C2": "the category of a child protection plan.",
    "C3": "who lives in the household, without names.",
    "C4": "who holds parental responsibility, and which court orders bear on consent.",
    "C5": "of exploitation, domestic abuse in the home, and missing episodes.",
    "C6": "how the family engages, and what its strengths are.",
    "C7": "who is best placed to approach the person.",
    "A1": "whether the person is known to you, and to whom.",
    "A2": "whether the person has care and support needs, is at risk, and cannot protect themselves.",
    "A3": "whether there is concern about capacity, or a safeguarding enquiry.",
    "A4": "how the person lives, and engages with you.",
    "A5": "who is best placed to approach the person.",
    "G1": "the tenure, and whether the person is a current or former tenant or applicant.",
    "G2": "how many adults and children live there.",
    "G3": "whether the home is at risk.",
    "G4": "of antisocial behaviour, done or suffered.",
    "G5": "what facts staff saw at the property, and when.",
    "G6": "which officer knows the household.",
    "D1": "of a community safety case in which the person is victim or subject.",
    "D2": "whether the person has reported a hate incident.",
    "D3": "which of your services knows the person.",
    "Y1": "whether the young person is known to you, and until when.",
    "Y2": "the category of the relevant offence.",
    "Y3": "of concern for the young person's safety, and risk of serious harm to others.",
    "Y4": "of speech, language and communication needs, and engagement.",
    "Y5": "which conditions a plan must respect.",
    "Y6": "who works with the young person.",
    "B1": "whether the person is supervised, and until when.",
    "B2": "of the risk of serious harm, and who manages it.",
    "B3": "which licence conditions a plan must respect.",
    "B4": "who supervises the person.",
}


def _catalogue() -> Mapping[str, Field]:
    sectors = (
        identity, asking, education, health, police, childrens_social_care, adult_social_care,
        housing, district, youth_justice, probation, exchange,
    )  # fmt: skip
    return MappingProxyType({field.id: field for sector in sectors for field in sector.FIELDS})


def _questions(fields: Mapping[str, Field]) -> Mapping[str, Question]:
    answered_by: dict[str, list[Field]] = defaultdict(list)
    for field in fields.values():
        if field.question is not None:
            answered_by[field.question].append(field)
    return MappingProxyType(
        {qid: Question(qid, text, tuple(answered_by[qid])) for qid, text in _TEXTS.items()}
    )


CATALOGUE = _catalogue()
QUESTIONS = _questions(CATALOGUE)


def question(qid: str) -> Question | None:
    """Look a question up; None when there is none of that id (which may have been sent)."""
    return QUESTIONS.get(qid)
