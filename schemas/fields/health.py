"""What NHS bodies may be asked (domain 2.5), and what they state with every answer (2.2.2)."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from schemas.fields.field import Field, Tag
from schemas.fields.forms import (
    DISTINCT,
    STRICT,
    CivilDate,
    Concern,
    Limits,
    Points,
    RiskLevel,
    Text80,
    Text150,
    WorkContact,
    YearMonth,
    alone,
)

__all__ = [
    "FIELDS",
    "CaldicottRef",
    "HealthRisk",
    "KnownToService",
    "Neurodiversity",
    "PatientInformed",
]

ServiceType = Literal["camhs", "amh", "ld", "nd", "substance", "primary", "other"]
NeuroType = Literal[
    "autism", "adhd", "learning_disability", "tourette", "specific_learning", "other"
]
ConfidentialityBasis = Literal[
    "patient_consent",
    "overriding_public_interest",
    "child_safeguarding",
    "best_interests_lacks_capacity",
    "statutory_requirement",
]
NotInformedReason = Literal[
    "would_prejudice_prevention",
    "risk_of_serious_harm",
    "not_yet_practicable",
    "lacks_capacity",
    "requester_asked",
]


class KnownToService(TypedDict):
    """Whether the person is a patient, and the month of the last contact."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    status: Literal["open", "closed", "not_known"]
    last_contact: NotRequired[YearMonth]


class Neurodiversity(TypedDict):
    """How far a question of neurodiversity has come, and which kinds."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    status: Literal["none", "suspected", "pathway", "diagnosed"]
    types: NotRequired[Annotated[list[NeuroType], Limits(min_length=1, max_length=6), DISTINCT]]


class HealthRisk(TypedDict):
    """A level of risk, when it was judged and from what."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    level: RiskLevel
    assessed_on: CivilDate
    basis: Literal["clinical_assessment", "self_report", "report_by_others", "incident", "record"]


class CaldicottRef(TypedDict):
    """Who decided that confidentiality gives way: their reference, post and the date."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    ref: Text80
    role: Text80
    date: CivilDate


class PatientInformed(TypedDict):
    """Whether the patient was told of the disclosure; if not, why not."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    informed: bool
    reason: NotRequired[NotInformedReason]


_HEALTH = frozenset({Tag.SPECIAL_HEALTH})
_TEXT = _HEALTH | {Tag.FREE_TEXT}

FIELDS = (
    Field(
        "hlt.known",
        Annotated[KnownToService, alone("status", "not_known", "last_contact")],
        "Known to the service",
        "Routes support.",
        "H1",
        _HEALTH,
    ),
    Field(
        "hlt.service_type",
        Annotated[list[ServiceType], Limits(min_length=1, max_length=7), DISTINCT],
        "Kind of service",
        "Shows who can support.",
        "H1",
        _HEALTH,
    ),
    Field(
        "hlt.relevant_condition",
        Text150,
        "Condition, only as it bears on susceptibility, engagement or safety",
        "Adjusts the plan and avoids misreading traits as intent.",
        "H2",
        _TEXT,
    ),
    Field(
        "hlt.neurodiversity",
        Annotated[Neurodiversity, alone("status", "none", "types")],
        "Neurodiversity",
        "Adjusts the plan and avoids misreading traits as intent.",
        "H2",
        _HEALTH,
    ),
    Field(
        "hlt.risk_to_self", HealthRisk, "Risk to self", "Makes the approach safe.", "H3", _HEALTH
    ),
    Field(
        "hlt.risk_to_others",
        HealthRisk,
        "Risk to others",
        "Makes the approach safe.",
        "H3",
        _HEALTH,
    ),
    Field(
        "hlt.capacity_concern",
        Concern,
        "Concern about capacity",
        "Decides whether consent to support can be valid.",
        "H4",
        _TEXT,
    ),
    Field(
        "hlt.engagement",
        Literal["good", "partial", "did_not_attend"],
        "Engagement with care",
        "Makes the support plan realistic.",
        "H5",
        _HEALTH,
    ),
    Field(
        "hlt.adjustments", Text150, "Adjustments needed", "Makes the support plan fit.", "H5", _TEXT
    ),
    Field(
        "hlt.lead_professional",
        WorkContact,
        "Lead professional",
        "Shows whom to invite to the panel.",
        "H5",
        _HEALTH | {Tag.CONTACT},
    ),
    Field(
        "hlt.protective_factors",
        Points,
        "Protective factors",
        "Balances data about risk.",
        "H6",
        _TEXT,
    ),
    Field(
        "hlt.confidentiality_basis",
        ConfidentialityBasis,
        "Why confidentiality gives way",
        "Makes the disclosure lawful at common law.",
    ),
    Field(
        "hlt.caldicott_ref",
        CaldicottRef,
        "Caldicott decision",
        "Shows who answers for the disclosure.",
        tags=frozenset({Tag.FREE_TEXT}),
    ),
    Field(
        "hlt.patient_informed",
        PatientInformed,
        "Was the patient told",
        "Serves transparency: no surprises.",
    ),
)
