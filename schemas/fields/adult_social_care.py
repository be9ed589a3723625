"""What adult social care may be asked (domain 2.5). Never: finances, assessments, carers' data."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import STRICT, BestPerson, Concern, Engagement, WorkContact, alone

__all__ = ["FIELDS", "Section42"]


class Section42(TypedDict):
    """Whether there is or was an enquiry under Care Act 2014 section 42, and how it ended."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    status: Literal["none", "open", "closed"]
    outcome: NotRequired[
        Literal["risk_removed", "risk_reduced", "risk_remains", "not_substantiated"]
    ]


_HEALTH = frozenset({Tag.SPECIAL_HEALTH})
_POSSIBLE = frozenset({Tag.SPECIAL_POSSIBLE})

FIELDS = (
    Field(
        "asc.status",
        Literal["none", "referred", "open", "closed"],
        "Status",
        "Shows whether the service knows the person.",
        "A1",
    ),
    Field(
        "asc.lead_worker",
        WorkContact,
        "Lead worker",
        "Shows whom to speak to.",
        "A1",
        frozenset({Tag.CONTACT}),
    ),
    Field(
        "asc.care_and_support_needs",
        bool,
        "Needs for care and support",
        "Decides with the next two whether the safeguarding condition (paragraph 18) is open.",
        "A2",
        _HEALTH,
    ),
    Field(
        "asc.harm_risk",
        bool,
        "Experiencing or at risk of harm",
        "Second limb of the safeguarding condition.",
        "A2",
        _POSSIBLE,
    ),
    Field(
        "asc.unable_to_protect",
        bool,
        "Unable to protect themselves because of the needs",
        "Third limb of the safeguarding condition.",
        "A2",
        _POSSIBLE,
    ),
    Field(
        "asc.capacity_issue",
        Concern,
        "Concern about capacity",
        "Decides whether consent to support can be valid.",
        "A3",
        _HEALTH | {Tag.FREE_TEXT},
    ),
    Field(
        "asc.s42_enquiry",
        Annotated[
            Section42, alone("status", "none", "outcome"), alone("status", "open", "outcome")
        ],
        "Safeguarding enquiry",
        "Shows protection that is in place already.",
        "A3",
    ),
    Field(
        "asc.living_situation",
        Literal[
            "alone",
            "with_family",
            "with_partner",
            "shared",
            "supported_living",
            "residential_care",
            "temporary",
            "no_fixed_abode",
            "unknown",
        ],
        "Living situation",
        "Makes the support plan realistic.",
        "A4",
    ),
    Field(
        "asc.engagement",
        Engagement,
        "Engagement with the service",
        "Makes the support plan realistic.",
        "A4",
    ),
    Field(
        "asc.best_person_to_approach",
        BestPerson,
        "Best person to approach",
        "Finds the most appropriate person to make the first visit.",
        "A5",
        frozenset({Tag.FREE_TEXT}),
    ),
)
