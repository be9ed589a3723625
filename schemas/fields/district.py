"""What a lower-tier district may be asked beside housing, about its own residents (POL-21)."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import STRICT, WorkContact, YearMonth, alone

__all__ = ["FIELDS", "CommunitySafetyCase"]


class CommunitySafetyCase(TypedDict):
    """The person's part in a community safety case."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    part: Literal["none", "victim", "subject"]
    category: NotRequired[Literal["asb", "hate", "harassment", "damage", "violence", "other"]]
    month: NotRequired[YearMonth]


FIELDS = (
    Field(
        "dst.community_safety_case",
        Annotated[CommunitySafetyCase, alone("part", "none", "category", "month")],
        "Community safety case",
        "Shows conflict in which the person is involved, or which they suffer.",
        "D1",
        frozenset({Tag.CRIMINAL_POSSIBLE}),
    ),
    Field(
        "dst.hate_incident_reporter",
        bool,
        "Reported a hate incident",
        "Shows a grievance or a need for support.",
        "D2",
        # A report tells who was targeted and so, often, belief, origin or disability.
        frozenset({Tag.SPECIAL_POSSIBLE}),
    ),
    Field(
        "dst.service_contact",
        WorkContact,
        "Service contact",
        "Shows whom to speak to.",
        "D3",
        frozenset({Tag.CONTACT}),
    ),
)
