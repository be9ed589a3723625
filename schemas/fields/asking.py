"""What a request asks, why, and what it tells the agency that is asked (F-ASK)."""

from typing import Annotated, Literal, NotRequired

from pydantic import StringConstraints
from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import (
    CLEAN,
    DISTINCT,
    STRICT,
    CivilDate,
    Limits,
    Text600,
    WorkContact,
    chars,
)

__all__ = ["FIELDS", "PUBLIC_TASK_STATEMENT", "AskedQuestion", "SubjectInformed"]

# The statement is a legal ingredient: UK GDPR Annex 1 paragraph 1 lets a private responder
# answer only when the request itself states the need. Fixed, so that nobody waters it down;
# a changed wording is added beside this one, never put in its place.
PUBLIC_TASK_STATEMENT = (
    "The information asked for is needed to carry out a task in the public interest that is laid"
    " down by law: the functions of local authorities, chief officers of police and their"
    " partners under sections 36 to 38 of the Counter-Terrorism and Security Act 2015."
)
PublicTaskStatement = Literal[
    "The information asked for is needed to carry out a task in the public interest that is laid"
    " down by law: the functions of local authorities, chief officers of police and their"
    " partners under sections 36 to 38 of the Counter-Terrorism and Security Act 2015."
]

# "Theme only" (L1) never names an ideology, which would tell every agency asked a political or
# religious opinion that it has no need to know.
Theme = Literal[
    "online_influence",
    "influence_of_others",
    "interest_in_violence",
    "hostility_to_a_group",
    "grievance_or_isolation",
    "other_susceptibility",
]
ConcernLevel = Literal["L0", "L1", "L2"]
LessIntrusive = Literal["ask_later", "ask_subject", "ask_fewer", "none"]
NotInformedReason = Literal[
    "would_prejudice_prevention",
    "risk_of_serious_harm",
    "not_yet_practicable",
    "parent_to_be_told_first",
    "police_advice",
]


class AskedQuestion(TypedDict):
    """One question of the catalogue, the time that it concerns, and why it is asked."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    qid: Annotated[str, StringConstraints(pattern=r"^[A-Z][1-9]$")]
    window_from: CivilDate
    window_to: CivilDate
    necessity: Annotated[str, chars(400, 40), CLEAN]
    less_intrusive_considered: LessIntrusive


class SubjectInformed(TypedDict):
    """Whether the person knows of the request; if not, why not."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    informed: bool
    reason: NotRequired[NotInformedReason]


FIELDS = (
    Field(
        "ask.questions",
        # 30 is what a manifest can carry; the pack allows 12 (POL-19).
        Annotated[list[AskedQuestion], Limits(min_length=1, max_length=30)],
        "Questions",
        "Says what is asked, about which time, and why each answer is necessary.",
        tags=frozenset({Tag.FREE_TEXT, Tag.SPECIAL_POSSIBLE}),
    ),
    Field(
        "ask.public_task_statement",
        PublicTaskStatement,
        "Public task statement",
        "States the task in law for which the information is needed.",
    ),
    Field(
        "ask.concern_level",
        ConcernLevel,
        "How much is told",
        "Says how much of the concern this recipient needs to know: nothing, a theme, a summary.",
    ),
    Field(
        "ask.concern_theme",
        Annotated[list[Theme], Limits(min_length=1, max_length=2), DISTINCT],
        "Theme of the concern",
        "Lets the recipient recognise what in its records matters.",
        tags=frozenset({Tag.SPECIAL_POSSIBLE}),
    ),
    Field(
        "ask.concern_summary",
        Text600,
        "Summary of the concern",
        "Lets a recipient that must judge safety do so.",
        tags=frozenset({Tag.FREE_TEXT, Tag.SPECIAL_POSSIBLE}),
    ),
    Field(
        "ask.subject_informed",
        SubjectInformed,
        "Does the person know",
        "Keeps the recipient from telling, or from hiding, what it should not.",
    ),
    Field(
        "ask.contact_for_query",
        WorkContact,
        "Whom to ask",
        "Lets the recipient settle a doubt in a minute.",
        tags=frozenset({Tag.CONTACT}),
    ),
)
