"""``information.request/1``: whoever leads gathering asks one agency about one person.

From the gatherer (coordinator or police officer, as the area says) to the information officer of
one agency. Needs a necessity statement per question and the public-task statement; the caps of
12 questions and 24 months are the pack's (POL-19), the bounds here are what can exist at all.

Source: domain 2.3, F-ASK and F-ID of domain 2.5; Counter-Terrorism and Security Act 2015 ss.36, 38.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from schemas.encoding import JsonValue
from schemas.fields.asking import (
    AskedQuestion,
    ConcernLevel,
    LessIntrusive,
    SubjectInformed,
    Theme,
)
from schemas.fields.catalogue import QUESTIONS
from schemas.fields.forms import WorkContact
from schemas.fields.sector import sector_of
from schemas.messages.body import IDENTITY, Conversion, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["MAX_WINDOW_MONTHS", "TYPE", "Asked", "Request"]

MAX_WINDOW_MONTHS = 60


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """One question as asked.

    Attributes:
        qid: The question's id in the catalogue.
        window_from: First day of the time that it concerns.
        window_to: Last day of it.
        necessity: Why the answer is needed, 40 to 400 characters (domain 7.2).
        less_intrusive_considered: Which less intrusive way was considered.

    """

    qid: str
    window_from: date
    window_to: date
    necessity: str
    less_intrusive_considered: LessIntrusive


def _read(questions: list[AskedQuestion]) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            question["qid"],
            date.fromisoformat(question["window_from"]),
            date.fromisoformat(question["window_to"]),
            question["necessity"],
            question["less_intrusive_considered"],
        )
        for question in questions
    )


def _write(questions: tuple[Asked, ...]) -> list[dict[str, Any]]:
    return [
        {
            "qid": asked.qid,
            "window_from": asked.window_from.isoformat(),
            "window_to": asked.window_to.isoformat(),
            "necessity": asked.necessity,
            "less_intrusive_considered": asked.less_intrusive_considered,
        }
        for asked in questions
    ]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """The body of a request.

    Attributes:
        identity: ``id.*`` fields to their JSON values; which ones a recipient may be given is
            the pack's (POL-10).
        questions: What is asked, each question once, all of one sector.
        concern_level: ``L0`` says nothing of the concern, ``L1`` a theme, ``L2`` a summary.
        concern_theme: Given at L1, allowed at L2.
        concern_summary: Given at L2 only.
        subject_informed: Whether the person knows; a reason exactly if not.
        contact_for_query: The post to ask.
        public_task_statement: ``asking.PUBLIC_TASK_STATEMENT``, word for word (UK GDPR Annex 1
            paragraph 1).

    """

    identity: Mapping[str, JsonValue] = field(metadata=IDENTITY)
    questions: tuple[Asked, ...] = field(metadata=at("ask.questions", Conversion(_read, _write)))
    concern_level: ConcernLevel = field(metadata=at("ask.concern_level"))
    subject_informed: SubjectInformed = field(metadata=at("ask.subject_informed"))
    contact_for_query: WorkContact = field(metadata=at("ask.contact_for_query"))
    public_task_statement: str = field(metadata=at("ask.public_task_statement"))
    concern_theme: list[Theme] | None = field(default=None, metadata=at("ask.concern_theme"))
    concern_summary: str | None = field(default=None, metadata=at("ask.concern_summary"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell where the parts of the request contradict each other."""
        return (*self._concern(), *self._person(), *self._questions())

    def _concern(self) -> Iterator[Problem]:
        if self.concern_level == "L0" and self.concern_theme is not None:
            yield Problem(Code.FIELD_CONTRADICTS, "ask.concern_theme")
        if self.concern_level == "L1" and self.concern_theme is None:
            yield Problem(Code.FIELD_MISSING, "ask.concern_theme")
        if self.concern_level == "L2" and self.concern_summary is None:
            yield Problem(Code.FIELD_MISSING, "ask.concern_summary")
        if self.concern_level != "L2" and self.concern_summary is not None:
            yield Problem(Code.FIELD_CONTRADICTS, "ask.concern_summary")

    def _person(self) -> Iterator[Problem]:
        if not self.identity:
            yield Problem(Code.FIELD_MISSING, "id")
        if self.subject_informed["informed"] == ("reason" in self.subject_informed):
            yield Problem(Code.FIELD_CONTRADICTS, "ask.subject_informed")

    def _questions(self) -> Iterator[Problem]:
        qids = [asked.qid for asked in self.questions]
        for place, asked in enumerate(self.questions):
            where = f"ask.questions/{place}"
            if asked.qid not in QUESTIONS:
                yield Problem(Code.FIELD_NOT_A_CHOICE, f"{where}/qid")
            elif asked.qid in qids[:place]:
                yield Problem(Code.FIELD_CONTRADICTS, f"{where}/qid")
            if asked.window_to < asked.window_from:
                yield Problem(Code.FIELD_CONTRADICTS, f"{where}/window_to")
            elif _longer_than(MAX_WINDOW_MONTHS, asked.window_from, asked.window_to):
                yield Problem(Code.FIELD_OUT_OF_RANGE, f"{where}/window_to")
        wanted = [f.id for qid in qids if qid in QUESTIONS for f in QUESTIONS[qid].fields]
        if wanted and sector_of(wanted) is None:
            yield Problem(Code.SECTOR_MIXED, "ask.questions")


def _longer_than(months: int, first: date, last: date) -> bool:
    between = (last.year - first.year) * 12 + last.month - first.month
    return (between, last.day) > (months, first.day)


TYPE = MessageType("information.request", 1, Request, Effect.OPENS, Direction.TO_RESPONDER)
