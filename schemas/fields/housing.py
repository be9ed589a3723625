"""What housing services and associations may be asked (domain 2.5).

Never here: rent account, benefits, bank, right to rent, CCTV, other tenants.
"""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import STRICT, Limits, Text150, WorkContact, YearMonth, alone

__all__ = ["FIELDS", "AsbCase", "EvictionRisk", "HouseholdCounts"]


class HouseholdCounts(TypedDict):
    """How many adults and children live at the property. No names."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    adults: Annotated[int, Limits(ge=0, le=30)]
    children: Annotated[int, Limits(ge=0, le=30)]


class EvictionRisk(TypedDict):
    """Whether the home is at risk, and the month in which it may be lost."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    at_risk: bool
    month: NotRequired[YearMonth]


class AsbCase(TypedDict):
    """The person's part in a case of antisocial behaviour."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    part: Literal["none", "complainant", "subject"]
    category: NotRequired[
        Literal["noise", "harassment", "hate", "damage", "drugs", "violence", "other"]
    ]
    month: NotRequired[YearMonth]


FIELDS = (
    Field(
        "hsg.tenure",
        Literal[
            "social", "affordable", "shared_ownership", "private", "temporary", "supported", "other"
        ],
        "Tenure",
        "Shows how stable the home is.",
        "G1",
    ),
    Field(
        "hsg.status",
        Literal["current", "former", "applicant", "homeless_duty"],
        "Status",
        "Shows whether the service can support.",
        "G1",
    ),
    Field(
        "hsg.household_counts",
        HouseholdCounts,
        "Household",
        "Shows whether others, above all children, are affected.",
        "G2",
        frozenset({Tag.THIRD_PARTY}),
    ),
    Field(
        "hsg.eviction_risk",
        EvictionRisk,
        "Risk of eviction",
        "Shows a pressure that support can relieve.",
        "G3",
    ),
    Field(
        "hsg.asb_case",
        Annotated[AsbCase, alone("part", "none", "category", "month")],
        "Antisocial behaviour",
        "Shows conflict in which the person is involved, or which they suffer.",
        "G4",
        frozenset({Tag.CRIMINAL_POSSIBLE}),
    ),
    Field(
        "hsg.observed_concern",
        Text150,
        "Facts seen at the property",
        "Shows what staff saw for themselves, and when.",
        "G5",
        frozenset({Tag.FREE_TEXT, Tag.SPECIAL_POSSIBLE}),
    ),
    Field(
        "hsg.officer_contact",
        WorkContact,
        "Housing officer",
        "Shows whom to speak to.",
        "G6",
        frozenset({Tag.CONTACT}),
    ),
)
