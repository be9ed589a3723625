"""What a youth justice service may be asked (domain 2.5)."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import STRICT, Engagement, Text150, WorkContact, YearMonth
from schemas.fields.police import OffenceCategory

__all__ = ["FIELDS", "YouthJusticeStatus"]

Level = Literal["low", "medium", "high", "very_high"]


class YouthJusticeStatus(TypedDict):
    """Where the young person stands with the service, and until which month."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    status: Literal["none", "prevention", "out_of_court", "order", "custody", "resettlement"]
    ends: NotRequired[YearMonth]


_CRIMINAL = frozenset({Tag.CRIMINAL, Tag.CHILD})
_CHILD = frozenset({Tag.CHILD})

FIELDS = (
    Field(
        "yjs.status",
        YouthJusticeStatus,
        "Status",
        "Shows whether somebody works with the young person already.",
        "Y1",
        _CRIMINAL,
    ),
    Field(
        "yjs.relevant_offence_category",
        OffenceCategory,
        "Category of the relevant offence",
        "Shows risk, without narrative.",
        "Y2",
        _CRIMINAL,
    ),
    Field(
        "yjs.safety_wellbeing",
        Level,
        "Concern for safety and wellbeing",
        "Makes the approach safe.",
        "Y3",
        _CHILD,
    ),
    Field(
        "yjs.rosh",
        Level,
        "Risk of serious harm to others",
        "Makes the approach safe.",
        "Y3",
        _CRIMINAL,
    ),
    Field(
        "yjs.slcn",
        bool,
        "Speech, language and communication needs",
        "Lets communication and consent be adjusted.",
        "Y4",
        _CHILD | {Tag.SPECIAL_HEALTH},
    ),
    Field(
        "yjs.engagement",
        Engagement,
        "Engagement with the service",
        "Makes the support plan realistic.",
        "Y4",
        _CHILD,
    ),
    Field(
        "yjs.conditions",
        Text150,
        "Conditions in force",
        "Keeps the plan compatible with them.",
        "Y5",
        _CRIMINAL | {Tag.FREE_TEXT},
    ),
    Field(
        "yjs.worker",
        WorkContact,
        "Worker",
        "Shows whom to speak to.",
        "Y6",
        frozenset({Tag.CONTACT}),
    ),
)
