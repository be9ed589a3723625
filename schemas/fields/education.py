"""What schools, colleges, universities and education services may be asked (domain 2.5)."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import (
    STRICT,
    BestPerson,
    CivilDate,
    Engagement,
    Limits,
    Points,
    Text200,
    Text300,
    Text500,
    WorkContact,
)

__all__ = ["FIELDS", "Attendance", "SafeguardingStatus", "Suspension"]

# National curriculum year groups of the Common Basic Data Set.
YearGroup = Literal[
    "E1", "E2", "N1", "N2", "R",
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "X",
]  # fmt: skip
# DfE suspension and exclusion reasons as used since September 2020.
SuspensionReason = Literal[
    "PP", "PA", "VP", "VA", "OW", "BU", "RA", "LG", "DS", "SM", "DA", "DM", "TH", "MT", "PH", "DB",
]  # fmt: skip
# CBDS special educational need types; DS (Down syndrome) since the 2025 codes.
SendNeed = Literal[
    "SPLD", "MLD", "SLD", "PMLD", "SEMH", "SLCN", "HI", "VI", "MSI", "PD", "ASD", "OTH", "NSA", "DS",
]  # fmt: skip
EnrolmentStatus = Literal["on_roll", "off_roll", "never", "withdrawn"]
SendStatus = Literal["N", "K", "E"]


class Attendance(TypedDict):
    """Attendance in whole per cent of possible sessions, this school year and the one before."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    current: Annotated[int, Limits(ge=0, le=100)]
    previous: NotRequired[Annotated[int, Limits(ge=0, le=100)]]


class Suspension(TypedDict):
    """One suspension: first day, half-day sessions (45 days a year at most), reason code."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    date: CivilDate
    sessions: Annotated[int, Limits(ge=1, le=90)]
    reason: SuspensionReason


class SafeguardingStatus(TypedDict):
    """What the setting knows of help or protection in place, and since when."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    status: Literal["none", "early_help", "cin", "cp", "cla"]
    since: NotRequired[CivilDate]


_TEXT = frozenset({Tag.FREE_TEXT, Tag.SPECIAL_POSSIBLE})

FIELDS = (
    Field(
        "edu.enrolment_status",
        EnrolmentStatus,
        "Enrolment",
        "Shows whether this is the right setting and who can support.",
        "E1",
    ),
    Field(
        "edu.year_group",
        YearGroup,
        "Year group",
        "Makes the approach fit the age.",
        "E1",
        frozenset({Tag.CHILD}),
    ),
    Field(
        "edu.course_mode",
        Literal["full_time", "part_time", "distance", "apprenticeship"],
        "Mode of study (further and higher education)",
        "Shows how often the setting sees the person.",
        "E1",
    ),
    Field(
        "edu.wellbeing_contact",
        WorkContact,
        "Wellbeing contact (further and higher education)",
        "Shows who can support an adult student.",
        "E1",
        frozenset({Tag.CONTACT}),
    ),
    Field("edu.attendance_pct", Attendance, "Attendance", "Shows a change in engagement.", "E2"),
    Field(
        "edu.suspensions",
        Annotated[list[Suspension], Limits(max_length=30)],
        "Suspensions in the time asked about",
        "Gives context for a change in conduct, without narrative.",
        "E2",
    ),
    Field(
        "edu.send_status",
        SendStatus,
        "SEN status",
        "Lets communication and consent be adjusted.",
        "E3",
        frozenset({Tag.SPECIAL_POSSIBLE}),
    ),
    Field(
        "edu.send_primary_need",
        SendNeed,
        "Primary need",
        "Lets reasonable adjustments be made.",
        "E3",
        frozenset({Tag.SPECIAL_HEALTH}),
    ),
    Field(
        "edu.safeguarding_status",
        SafeguardingStatus,
        "Safeguarding status",
        "Shows who leads already.",
        "E4",
        frozenset({Tag.CHILD}),
    ),
    Field(
        "edu.behaviour_change",
        Text500,
        "Change in behaviour",
        "Is central to judging susceptibility.",
        "E5",
        _TEXT,
    ),
    Field(
        "edu.online_concern",
        Text300,
        "Concern about online activity",
        "Shows exposure: what was noticed, not logs.",
        "E5",
        _TEXT,
    ),
    Field(
        "edu.peer_context",
        Text200,
        "Peers, without names",
        "Shows influence by others, or bullying suffered.",
        "E6",
        frozenset({Tag.FREE_TEXT, Tag.THIRD_PARTY, Tag.SPECIAL_POSSIBLE}),
    ),
    Field(
        "edu.family_engagement",
        Engagement,
        "Engagement of the family",
        "Shows who could approach the person.",
        "E7",
        frozenset({Tag.THIRD_PARTY}),
    ),
    Field(
        "edu.protective_factors",
        Points,
        "Protective factors",
        "Builds the support plan and balances data about risk.",
        "E8",
        _TEXT,
    ),
    Field(
        "edu.best_person_to_approach",
        BestPerson,
        "Best person to approach",
        "Finds the most appropriate person to make the first visit.",
        "E9",
        frozenset({Tag.FREE_TEXT}),
    ),
    Field(
        "edu.parent_aware",
        Literal["yes", "no", "unknown"],
        "Parent aware",
        "Serves transparency, and the safety of whoever calls.",
        "E9",
        frozenset({Tag.THIRD_PARTY}),
    ),
)
