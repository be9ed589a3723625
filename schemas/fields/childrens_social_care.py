"""What children's social care may be asked (domain 2.5).

Never here: the whole chronology, assessments, siblings' records, adoption, allegations about
unrelated adults.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import (
    CLEAN,
    DISTINCT,
    STRICT,
    BestPerson,
    CivilDate,
    Engagement,
    Limits,
    Points,
    RiskLevel,
    Text120,
    WorkContact,
    alone,
    chars,
)

__all__ = ["FIELDS", "CareStatus", "Exploitation", "HouseholdMember", "ParentalResponsibility"]

CourtOrder = Literal[
    "none",
    "care_order",
    "interim_care_order",
    "supervision_order",
    "emergency_protection_order",
    "special_guardianship_order",
    "child_arrangements_order",
    "placement_order",
    "prohibited_steps_order",
    "specific_issue_order",
    "wardship",
]


class CareStatus(TypedDict):
    """What help, protection or care is in place, and since when."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    status: Literal["none", "early_help", "cin", "cp", "cla", "care_leaver"]
    since: NotRequired[CivilDate]


class HouseholdMember(TypedDict):
    """One person of the household, without a name."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    relationship: Literal[
        "parent",
        "step_parent",
        "partner_of_parent",
        "sibling",
        "grandparent",
        "other_relative",
        "carer",
        "partner",
        "own_child",
        "unrelated",
    ]
    age_band: Literal["0-4", "5-10", "11-15", "16-17", "18-24", "25-64", "65+", "unknown"]
    lives_with: bool


class ParentalResponsibility(TypedDict):
    """Who holds parental responsibility, and whether it is safe to contact them."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    name: Annotated[str, chars(100), CLEAN]
    contact: NotRequired[Text120]
    contact_safe: bool


class Exploitation(TypedDict):
    """Risk of exploitation and of which kinds."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    level: RiskLevel
    types: NotRequired[
        Annotated[
            list[Literal["sexual", "criminal", "other"]],
            Limits(min_length=1, max_length=3),
            DISTINCT,
        ]
    ]


def _none_alone(orders: list[CourtOrder]) -> list[CourtOrder]:
    if "none" in orders and len(orders) > 1:
        raise PydanticCustomError("contradicts", "no order, and an order")
    return orders


_CHILD = frozenset({Tag.CHILD})

FIELDS = (
    Field("csc.status", CareStatus, "Status", "Shows who leads already.", "C1", _CHILD),
    Field(
        "csc.allocated_worker",
        WorkContact,
        "Allocated worker",
        "Shows whom to speak to.",
        "C1",
        frozenset({Tag.CONTACT}),
    ),
    Field(
        "csc.cp_category",
        Literal["neglect", "physical", "sexual", "emotional", "multiple"],
        "Category of the protection plan",
        "Makes the approach safe.",
        "C2",
        _CHILD,
    ),
    Field(
        "csc.household",
        Annotated[list[HouseholdMember], Limits(max_length=15)],
        "Household, without names",
        "Shows who else is affected.",
        "C3",
        _CHILD | {Tag.THIRD_PARTY},
    ),
    Field(
        "csc.parental_responsibility",
        Annotated[list[ParentalResponsibility], Limits(min_length=1, max_length=4)],
        "Parental responsibility",
        "Section 41: a parent or guardian must consent to support of somebody under 18.",
        "C4",
        _CHILD | {Tag.THIRD_PARTY, Tag.NAMES, Tag.CONTACT},
    ),
    Field(
        "csc.court_orders",
        Annotated[
            list[CourtOrder],
            Limits(min_length=1, max_length=6),
            DISTINCT,
            AfterValidator(_none_alone),
        ],
        "Court orders",
        "Shows who may consent; under a care order the authority shares responsibility.",
        "C4",
        _CHILD,
    ),
    Field(
        "csc.exploitation_risk",
        Annotated[Exploitation, alone("level", "none", "types")],
        "Risk of exploitation",
        "Shows where the concern overlaps with another.",
        "C5",
        _CHILD,
    ),
    Field(
        "csc.domestic_abuse_in_home",
        Literal["none", "historic", "current"],
        "Domestic abuse in the home",
        "Makes the approach safe.",
        "C5",
        frozenset({Tag.THIRD_PARTY, Tag.CRIMINAL}),
    ),
    Field(
        "csc.missing_12m",
        Annotated[int, Limits(ge=0, le=999)],
        "Missing episodes in 12 months",
        "Points to exploitation.",
        "C5",
        _CHILD,
    ),
    Field(
        "csc.engagement",
        Engagement,
        "Engagement with the service",
        "Makes the support plan realistic.",
        "C6",
        _CHILD,
    ),
    Field(
        "csc.strengths",
        Points,
        "Strengths",
        "Builds the support plan.",
        "C6",
        _CHILD | {Tag.FREE_TEXT, Tag.SPECIAL_POSSIBLE},
    ),
    Field(
        "csc.best_person_to_approach",
        BestPerson,
        "Best person to approach",
        "Finds the most appropriate person to make the first visit.",
        "C7",
        frozenset({Tag.FREE_TEXT}),
    ),
)
