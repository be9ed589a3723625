"""What a coordinator wants to know of whom, about one person, before any of it becomes a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from adapters.gatherer.templates import WINDOW_MONTHS
from schemas.directory_entry import Role
from schemas.encoding import JsonValue
from schemas.fields.asking import ConcernLevel, LessIntrusive, SubjectInformed, Theme
from schemas.fields.forms import WorkContact
from schemas.manifest import SubjectClass

__all__ = ["Asking", "Enquiry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What one agency is asked.

    Attributes:
        agency: Its directory id.
        questions: Question ids; None for those that its sector is usually asked.
        because: Question id to a reason of its own, in place of the enquiry's.
        days: Working days to answer; None for the pack's default.
        hours: Elapsed hours instead, for those on duty around the clock; never beside ``days``.
        concern: How much of the concern it is told; None for as much as its sector may be told
            and the enquiry says.
        considered: The less intrusive way considered; None for each question's usual one.
        anew: Ask although the same was asked of it in this case and is still open.

    """

    agency: str
    questions: tuple[str, ...] | None = None
    because: Mapping[str, str] = field(default_factory=dict)
    days: int | None = None
    hours: int | None = None
    concern: ConcernLevel | None = None
    considered: LessIntrusive | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Enquiry:
    """Questions to several agencies about one person in one case.

    Attributes:
        reference: The case in the coordinator's own register: no spaces, no name.
        asking: Whom, and what; one request each.
        because: Why answers are needed: a clause after "because", without names. Every question
            takes it unless the agency has a reason of its own for it.
        subject_informed: Whether the person knows; a reason exactly if not.
        person: Staff pseudonym of who asks.
        subject: All that is known to find the person by: ``id.*`` fields to JSON values. What is
            known in the case already may be left out. Each agency gets its own sector's only.
        subject_class: None: as the case has it.
        case_due: When the case itself is due; aware. None: as the case has it.
        role: LACC, or CTCO where the area says so.
        area: GSS code of the area for which is asked; None for one that both sides serve.
        themes: Themes of the concern, for those who may be told a theme.
        summary: A summary of it, for those who may be told one.
        months: How far back, up to today.
        contact: The post to ask; None for the one that the directory has for the role.
        checked: The person attests that nothing comes from an intelligence service (section 38(5))
            and that other people's information was looked for.
        approval: Reference of a supervisor's approval, for more questions or a longer time.
        attest: Further attestations by their names in the manifest.

    """

    reference: str
    asking: tuple[Asking, ...]
    because: str
    subject_informed: SubjectInformed
    person: str
    subject: Mapping[str, JsonValue] = field(default_factory=dict)
    subject_class: SubjectClass | None = None
    case_due: datetime | None = None
    role: Role = Role.LACC
    area: str | None = None
    themes: tuple[Theme, ...] = ()
    summary: str | None = None
    months: int = WINDOW_MONTHS
    contact: WorkContact | None = None
    checked: bool = False
    approval: str | None = None
    attest: Mapping[str, JsonValue] = field(default_factory=dict)
