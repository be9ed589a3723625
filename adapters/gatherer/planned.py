"""What one agency would receive, as values: for a preview, before anything leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from adapters.compose import Draft
from adapters.gatherer.enquiry import Asking
from policies.calendar import NotWorked
from policies.deadline import Due
from schemas.directory_entry import Contact
from schemas.encoding import JsonValue
from schemas.fields.asking import ConcernLevel
from schemas.manifest import SubjectClass
from schemas.problems import Problem

__all__ = ["Notice", "Person", "Plan", "PlannedField", "PlannedQuestion", "Warns"]


class Warns(StrEnum):
    """What a coordinator should know before sending; it does not stop the request by itself."""

    DUE_AFTER_CASE = "due_after_case"
    ASKED_ALREADY = "asked_already"
    NO_CONTACT = "no_contact"
    STALE_CONTACT = "stale_contact"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: which, and in one sentence."""

    kind: Warns
    says: str


@dataclass(frozen=True, slots=True)
class PlannedField:
    """A field: its id, a few plain words, and why it is asked for or told."""

    id: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """A question as it would be asked.

    Attributes:
        id: Its id.
        text: What is asked.
        necessity: The whole statement; empty where the reason is not enough.
        fields: What may answer it.

    """

    id: str
    text: str
    necessity: str
    fields: tuple[PlannedField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one agency would receive.

    Attributes:
        asking: What was wanted of it.
        name: The agency's name, or its id while the directory does not know it.
        post: The post that receives requests there, or None when the directory lists none.
        questions: What is asked.
        identity: What it is told to find the person by; names of fields, never their values.
        level: How much of the concern it is told.
        due: When an answer would be due if it were sent now, or None while that cannot be told.
        holidays: Days on the way that do not count, with their names.
        warnings: What to know before sending.
        asked_already: An open request in the case that asks the agency one of these questions.
        problems: Why it cannot be sent; empty when it can.
        draft: The message, or None when there are problems.

    """

    asking: Asking
    name: str
    post: Contact | None = None
    questions: tuple[PlannedQuestion, ...] = ()
    identity: tuple[PlannedField, ...] = ()
    level: ConcernLevel = "L0"
    due: Due | None = None
    holidays: tuple[NotWorked, ...] = ()
    warnings: tuple[Notice, ...] = ()
    asked_already: str | None = None
    problems: tuple[Problem, ...] = ()
    draft: Draft | None = field(default=None, repr=False)

    @property
    def may_go(self) -> bool:
        """Whether issuing would send it."""
        asked = self.asked_already is not None and not self.asking.anew
        return self.draft is not None and not self.problems and not asked


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """Whom it is about: every identity field known, the class, the case and when it is due."""

    conv: str
    subject: Mapping[str, JsonValue]
    subject_class: SubjectClass
    case_due: datetime | None
