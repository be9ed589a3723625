"""What probation may be asked (domain 2.5)."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import STRICT, Text150, WorkContact, YearMonth, alone

__all__ = ["FIELDS", "Mappa", "ProbationStatus"]


class ProbationStatus(TypedDict):
    """Whether the person is supervised, and until which month."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    status: Literal[
        "none", "community_order", "suspended_sentence", "custody", "licence", "post_sentence"
    ]
    ends: NotRequired[YearMonth]


class Mappa(TypedDict):
    """Multi-agency public protection: level and category; level 0 says that it does not apply."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    level: Literal[0, 1, 2, 3]
    category: NotRequired[Literal[1, 2, 3, 4]]


_CRIMINAL = frozenset({Tag.CRIMINAL})

FIELDS = (
    Field(
        "prb.status",
        ProbationStatus,
        "Status",
        "Shows whether somebody works with the person already.",
        "B1",
        _CRIMINAL,
    ),
    Field(
        "prb.rosh_level",
        Literal["low", "medium", "high", "very_high"],
        "Risk of serious harm",
        "Makes the approach safe.",
        "B2",
        _CRIMINAL,
    ),
    Field(
        "prb.mappa",
        Annotated[Mappa, alone("level", 0, "category")],
        "MAPPA",
        "Shows who manages risk already.",
        "B2",
        _CRIMINAL,
    ),
    Field(
        "prb.tact_related",
        bool,
        "Related to terrorism legislation",
        "If so Channel stops: another pathway applies.",
        "B2",
        _CRIMINAL,
    ),
    Field(
        "prb.licence_conditions_relevant",
        Text150,
        "Relevant licence conditions",
        "Keeps the plan compatible with them.",
        "B3",
        _CRIMINAL | {Tag.FREE_TEXT},
    ),
    Field(
        "prb.officer",
        WorkContact,
        "Probation practitioner",
        "Shows whom to speak to.",
        "B4",
        frozenset({Tag.CONTACT}),
    ),
)
