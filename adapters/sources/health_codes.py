"""The code sets by which a health record may speak. What is not listed here, a person reads.

Diagnoses: SNOMED CT concepts, each checked in at least two public sources on 23 November 2026.
SNOMED CT has many narrower concepts under each; a record that uses one is not understood, and
that is treated as "not certain", never as "nothing held". More are added here with their source.

A trust's extract says service types, levels of risk and who leads a team in the small code systems
``urn:dovetail:fhir:*`` (``docs/adapters.md``): national code sets either differ by collection, or,
as SNOMED's suicide risk concepts, could not be confirmed well enough to hang safety on.
"""

from collections.abc import Mapping

from adapters.sources.fhir_parts import Code

__all__ = [
    "ADJUSTMENT",
    "LEAD",
    "NEURODIVERSITY",
    "OTHER_RELEVANT",
    "RISK",
    "RISK_BASIS",
    "SERVICE",
    "SNOMED",
]

SNOMED = "http://snomed.info/sct"

# Kind of the field hlt.neurodiversity, and our words for hlt.relevant_condition.
NEURODIVERSITY: Mapping[Code, tuple[str, str]] = {
    (SNOMED, "35919005"): ("autism", "Autism spectrum disorder"),
    (SNOMED, "408856003"): ("autism", "Autism spectrum disorder"),
    (SNOMED, "406506008"): ("adhd", "Attention deficit hyperactivity disorder"),
    (SNOMED, "110359009"): ("learning_disability", "Learning disability"),
    (SNOMED, "59770006"): ("specific_learning", "Dyslexia"),
}

# Other conditions that bear on engagement or safety: how somebody takes in what is said, and
# whether an approach may frighten them. Not a list of what is "risky".
OTHER_RELEVANT: Mapping[Code, str] = {
    (SNOMED, "47505003"): "Post-traumatic stress disorder",
    (SNOMED, "69322001"): "Psychotic disorder",
    (SNOMED, "58214004"): "Schizophrenia",
}

_SERVICE_SYSTEM = "urn:dovetail:fhir:service-type"
SERVICE: Mapping[Code, str] = {
    (_SERVICE_SYSTEM, word): word
    for word in ("camhs", "amh", "ld", "nd", "substance", "primary", "other")
}

_RISK_SYSTEM = "urn:dovetail:fhir:risk"
RISK: Mapping[Code, tuple[str, str]] = {
    (_RISK_SYSTEM, f"{whom}-{level}"): (whom, level)
    for whom in ("self", "others")
    for level in ("none", "low", "medium", "high")
}

_BASIS_SYSTEM = "urn:dovetail:fhir:risk-basis"
RISK_BASIS: Mapping[Code, str] = {
    (_BASIS_SYSTEM, word): word
    for word in ("clinical_assessment", "self_report", "report_by_others", "incident", "record")
}

# NHS England's reasonable adjustment flag, as its API marks it.
ADJUSTMENT: Code = ("https://fhir.nhs.uk/STU3/CodeSystem/RARecord-FlagCategory-1", "NRAF")

LEAD: Code = ("urn:dovetail:fhir:care-role", "lead")
