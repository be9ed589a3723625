"""What police may be asked (domain 2.5).

Law enforcement particulars (Part 3 of the Data Protection Act 2018) stand in each item, see
``item.Part3``. Never here: intelligence reports, sources, printouts, associates, travel, live
investigations, anything within section 38(5) of the 2015 Act.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import STRICT, Limits, Text150, Text300, YearMonth

__all__ = ["FIELDS", "Marker", "Offending", "PreventReferral", "PreviousReferrals", "VisitSafety"]

OffenceCategory = Literal[
    "violence",
    "weapons",
    "sexual",
    "public_order",
    "hate",
    "harassment",
    "communications",
    "terrorism",
    "criminal_damage_or_arson",
    "theft",
    "drugs",
    "other",
]
# A matter without further action is an allegation and no finding: its value says so.
OffenceOutcome = Literal["convicted", "cautioned", "charged", "allegation_nfa"]


class Offending(TypedDict):
    """One matter: what kind, how it ended, in which month. No narrative."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    category: OffenceCategory
    outcome: OffenceOutcome
    month: YearMonth


class Marker(TypedDict):
    """Whether a marker stands, and since which month."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    marker: bool
    month: NotRequired[YearMonth]


class PreventReferral(TypedDict):
    """One earlier referral: month and class of outcome."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    month: YearMonth
    outcome: Literal[
        "no_further_action",
        "signposted",
        "channel_not_adopted",
        "channel_adopted",
        "police_led",
        "unknown",
    ]


class PreviousReferrals(TypedDict):
    """How many earlier referrals there were; the latest twenty singly."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    count: Annotated[int, Limits(ge=0, le=99)]
    referrals: NotRequired[Annotated[list[PreventReferral], Limits(min_length=1, max_length=20)]]


class VisitSafety(TypedDict):
    """What whoever visits must observe."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    advice: Literal[
        "no_known_risk", "not_alone", "at_office_only", "ask_police_first", "do_not_visit"
    ]
    note: NotRequired[Text150]


def _counted(referrals: PreviousReferrals) -> PreviousReferrals:
    if referrals["count"] < len(referrals.get("referrals", [])):
        raise PydanticCustomError("contradicts", "more referrals than counted")
    return referrals


_CRIMINAL = frozenset({Tag.CRIMINAL})

FIELDS = (
    Field(
        "pol.relevant_offending",
        Annotated[list[Offending], Limits(max_length=20)],
        "Relevant offending",
        "Shows risk; a matter without further action is marked as an allegation.",
        "P1",
        _CRIMINAL,
    ),
    Field(
        "pol.violence_or_weapons_marker",
        Marker,
        "Violence or weapons marker",
        "Keeps visitors safe.",
        "P2",
        _CRIMINAL,
    ),
    Field(
        "pol.domestic_abuse_role",
        Literal["none", "victim", "perpetrator", "both"],
        "Domestic abuse",
        "Makes the approach safe.",
        "P2",
        _CRIMINAL | {Tag.THIRD_PARTY},
    ),
    Field(
        "pol.visit_safety",
        VisitSafety,
        "Safety of visits",
        "Keeps staff safe.",
        "P2",
        frozenset({Tag.FREE_TEXT, Tag.CRIMINAL_POSSIBLE}),
    ),
    Field(
        "pol.missing_episodes_24m",
        Annotated[int, Limits(ge=0, le=999)],
        "Missing episodes in 24 months",
        "Points to exploitation.",
        "P3",
        frozenset({Tag.CHILD}),
    ),
    Field(
        "pol.victim_of_hate_crime",
        bool,
        "Victim of hate crime",
        "Shows a grievance or a need for support.",
        "P3",
        _CRIMINAL,
    ),
    Field(
        "pol.court_or_bail_conditions",
        Text150,
        "Court or bail conditions",
        "Keeps the plan compatible with them.",
        "P4",
        _CRIMINAL | {Tag.FREE_TEXT},
    ),
    Field(
        "pol.previous_prevent_referrals",
        Annotated[PreviousReferrals, AfterValidator(_counted)],
        "Earlier Prevent referrals",
        "Keeps a repeated referral from being seen as a first one.",
        "P5",
    ),
    Field(
        "pol.handling_conditions",
        Text300,
        "Handling conditions",
        "Tells the recipient how it may use the answer.",
        tags=frozenset({Tag.FREE_TEXT}),
    ),
)
