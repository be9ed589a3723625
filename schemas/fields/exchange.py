"""What the messages around an answer say: metadata, in plain values and never in items."""

from typing import Annotated, Literal, NotRequired

from pydantic import StringConstraints
from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import (
    DISTINCT,
    STRICT,
    CivilDate,
    Instant,
    Limits,
    Role,
    Text80,
    Text120,
    Text300,
    Text600,
    WorkContact,
)

__all__ = ["FIELDS", "OtherOrganisation", "SignedOff", "Window"]

SearchedSystem = Literal[
    "education_records",
    "safeguarding_log",
    "attendance",
    "patient_record",
    "mental_health_record",
    "crime_records",
    "custody_records",
    "childrens_case_system",
    "adults_case_system",
    "housing_management",
    "community_safety",
    "youth_justice_case_system",
    "probation_case_system",
    "paper_files",
    "other",
]
AgencyId = Annotated[
    str, StringConstraints(pattern=r"^urn:dovetail:org:[a-z0-9]+(-[a-z0-9]+)*$", max_length=81)
]
QuestionId = Annotated[str, StringConstraints(pattern=r"^[A-Z][1-9]$")]
CalendarVersion = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]
RefusalReasonCode = Literal[
    "not_necessary",
    "excessive",
    "no_lawful_basis",
    "confidentiality_not_overridden",
    "third_party_rights",
    "prejudice_to_investigation",
    "sensitive_information_s38_5",
    "legal_privilege",
    "serious_harm_to_subject",
    "identity_not_matched",
    "not_the_controller",
    "subject_objection_upheld",
    "court_order",
]


class Window(TypedDict):
    """The days that a search covered, both included."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    from_on: CivilDate
    to_on: CivilDate


class SignedOff(TypedDict):
    """The post that signed an answer off, its own reference, and the day."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    role: Role
    ref: Text80
    date: CivilDate


class OtherOrganisation(TypedDict):
    """Another organisation that should be asked: by id where it is in the directory."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    agency: NotRequired[AgencyId]
    name: Text120
    role: NotRequired[Role]


_TEXT = frozenset({Tag.FREE_TEXT})
_CONTACT = frozenset({Tag.CONTACT})

FIELDS = (
    # acknowledgement
    Field(
        "ack.handler_role",
        Role,
        "Handled by",
        "Shows that the request reached somebody who can answer.",
    ),
    Field(
        "ack.contact",
        WorkContact,
        "Whom to ask",
        "Lets the requester settle a doubt in a minute.",
        tags=_CONTACT,
    ),
    # response
    Field(
        "rsp.match_confidence",
        Literal["exact", "probable"],
        "How surely the person was found",
        "Keeps somebody else's data from being read as the person's.",
    ),
    Field(
        "rsp.signoff",
        SignedOff,
        "Signed off by",
        "Shows who answers for sharing special category data.",
        tags=_TEXT,
    ),
    # nil return
    Field(
        "nil.searched_systems",
        Annotated[list[SearchedSystem], Limits(min_length=1, max_length=10), DISTINCT],
        "Systems searched",
        "Shows what 'nothing held' rests on.",
    ),
    Field("nil.window", Window, "Time searched", "Shows what 'nothing held' rests on."),
    Field(
        "nil.match_confidence",
        Literal["exact", "probable", "none"],
        "How surely the person was found",
        "Tells 'known, but nothing held' from 'not known to us'.",
    ),
    # refusal
    Field(
        "refusal.reason",
        RefusalReasonCode,
        "Reason",
        "Shows why the whole request is refused, which is a lawful outcome.",
    ),
    Field(
        "refusal.reviewer_role",
        Role,
        "Reviewed by",
        "Shows that somebody entitled decided.",
    ),
    Field(
        "refusal.explanation",
        Text300,
        "Explanation",
        "Lets the requester mend the request, where that can help.",
        tags=_TEXT,
    ),
    # clarification
    Field(
        "cla.reason",
        Literal["too_wide", "identity_uncertain", "not_necessary", "unclear", "other"],
        "What is unclear",
        "Sorts queries, so that the requester sees at once what is missing.",
    ),
    Field(
        "cla.questions",
        Annotated[list[QuestionId], Limits(min_length=1, max_length=30), DISTINCT],
        "Questions concerned",
        "Shows which questions wait.",
    ),
    Field(
        "cla.query",
        Text300,
        "Query",
        "Says what the responder must know before it can answer.",
        tags=_TEXT,
    ),
    Field(
        "cla.reply",
        Text600,
        "Reply",
        "Says what the responder must know before it can answer.",
        tags=_TEXT | {Tag.SPECIAL_POSSIBLE},
    ),
    # redirect
    Field(
        "red.reason",
        Literal["wrong_post", "post_ended", "moved_away", "not_our_area", "other_organisation"],
        "Why elsewhere",
        "Corrects the directory.",
    ),
    Field(
        "red.post",
        WorkContact,
        "The right post, in the same organisation",
        "Gets the request to whoever can answer; the clock runs on.",
        tags=_CONTACT,
    ),
    Field(
        "red.organisation",
        OtherOrganisation,
        "The right organisation",
        "Lets the requester ask there; that is a new request with its own clock.",
        tags=_CONTACT,
    ),
    # extension
    Field(
        "ext.days",
        Annotated[int, Limits(ge=1, le=10)],
        "Working days asked for",
        "Says how much more time is needed.",
    ),
    Field(
        "ext.reason",
        Literal[
            "awaiting_signoff",
            "key_person_absent",
            "records_elsewhere",
            "complexity",
            "legal_advice",
            "system_unavailable",
        ],
        "Reason",
        "Lets the requester judge, and shows patterns.",
    ),
    Field(
        "ext.granted",
        bool,
        "Granted",
        "Says whether the time is given.",
    ),
    Field(
        "ext.days_granted",
        Annotated[int, Limits(ge=0, le=10)],
        "Working days granted",
        "Moves the due day.",
    ),
    Field(
        "ext.decision_reason",
        Literal["agreed", "agreed_in_part", "case_due_first", "not_justified", "asked_too_late"],
        "Reason of the decision",
        "Shows why time was or was not given.",
    ),
    # withdrawal
    Field(
        "wdr.reason",
        Literal[
            "case_closed",
            "case_on_hold",
            "no_longer_needed",
            "sent_in_error",
            "wrong_recipient",
            "replaced",
        ],
        "Reason",
        "Shows why no answer is wanted any more.",
    ),
    Field(
        "wdr.erase_by",
        CivilDate,
        "Erase the request by",
        "Instructs the deletion of the request.",
    ),
    # deadline
    Field(
        "dl.rung",
        Literal["ack", "r1", "r2", "r3", "e1", "e2", "e3"],
        "Step",
        "Says which reminder or escalation this is.",
    ),
    Field("dl.due_at", Instant, "Due", "Says until when an answer is in time."),
    Field(
        "dl.working_days",
        Annotated[int, Limits(ge=-99, le=99)],
        "Working days left",
        "Says how urgent it is; below zero it is overdue.",
    ),
    Field("dl.old_due_at", Instant, "Due before", "Shows what changed."),
    Field("dl.new_due_at", Instant, "Due now", "Says until when an answer is in time."),
    Field(
        "dl.calendar_version",
        CalendarVersion,
        "Calendar",
        "Shows on which list of holidays the new day rests.",
    ),
)
