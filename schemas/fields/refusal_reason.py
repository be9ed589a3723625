"""The lawful reasons not to share (domain 2.3). A refusal is a result, not an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["DPV", "REFUSAL_MEANING", "RefusalMeaning", "RefusalReason"]

DPV = "https://w3id.org/dpv/justifications#"


class RefusalReason(StrEnum):
    """Wire format: only ever added, never renamed or used again for something else."""

    NOT_NECESSARY = "not_necessary"
    EXCESSIVE = "excessive"
    NO_LAWFUL_BASIS = "no_lawful_basis"
    CONFIDENTIALITY_NOT_OVERRIDDEN = "confidentiality_not_overridden"
    THIRD_PARTY_RIGHTS = "third_party_rights"
    PREJUDICE_TO_INVESTIGATION = "prejudice_to_investigation"
    SENSITIVE_INFORMATION_S38_5 = "sensitive_information_s38_5"
    LEGAL_PRIVILEGE = "legal_privilege"
    SERIOUS_HARM_TO_SUBJECT = "serious_harm_to_subject"
    IDENTITY_NOT_MATCHED = "identity_not_matched"
    NOT_THE_CONTROLLER = "not_the_controller"
    SUBJECT_OBJECTION_UPHELD = "subject_objection_upheld"
    COURT_ORDER = "court_order"


@dataclass(frozen=True, slots=True)
class RefusalMeaning:
    """What a reason says.

    Attributes:
        says: One plain sentence for the requester's screen.
        dpv: The justification in the Data Privacy Vocabulary 2.3, or None where it has none.
        police_only: Only police may give this reason.
        no_explanation: No explanation may be given or asked for.

    """

    says: str
    dpv: str | None = None
    police_only: bool = False
    no_explanation: bool = False


REFUSAL_MEANING: Mapping[RefusalReason, RefusalMeaning] = MappingProxyType(
    {
        RefusalReason.NOT_NECESSARY: RefusalMeaning(
            "The information is not necessary for the purpose that the request states.",
            DPV + "NonNecessityObjection",
        ),
        RefusalReason.EXCESSIVE: RefusalMeaning(
            "The request asks for more than the purpose needs.", DPV + "ProcessExcessive"
        ),
        RefusalReason.NO_LAWFUL_BASIS: RefusalMeaning(
            "The agency has no lawful basis to share the information."
        ),
        RefusalReason.CONFIDENTIALITY_NOT_OVERRIDDEN: RefusalMeaning(
            "The duty of confidence outweighs the public interest in sharing.",
            DPV + "ConfidentialityObligationCompromised",
        ),
        RefusalReason.THIRD_PARTY_RIGHTS: RefusalMeaning(
            "Sharing would infringe the rights of somebody else.", DPV + "ThirdPartyRightsImpaired"
        ),
        RefusalReason.PREJUDICE_TO_INVESTIGATION: RefusalMeaning(
            "Sharing would prejudice a criminal investigation.",
            DPV + "CrimeInvestigationImpaired",
            police_only=True,
        ),
        RefusalReason.SENSITIVE_INFORMATION_S38_5: RefusalMeaning(
            "Section 38(5) of the Counter-Terrorism and Security Act 2015 applies; nothing more"
            " may be asked or said.",
            no_explanation=True,
        ),
        RefusalReason.LEGAL_PRIVILEGE: RefusalMeaning("The information is legally privileged."),
        RefusalReason.SERIOUS_HARM_TO_SUBJECT: RefusalMeaning(
            "Sharing would be likely to cause the person serious harm."
        ),
        RefusalReason.IDENTITY_NOT_MATCHED: RefusalMeaning(
            "The agency cannot say with certainty which of its records concern the person.",
            DPV + "IdentityVerificationFailure",
        ),
        RefusalReason.NOT_THE_CONTROLLER: RefusalMeaning(
            "Another organisation decides about this information."
        ),
        RefusalReason.SUBJECT_OBJECTION_UPHELD: RefusalMeaning(
            "The person objected, and the objection was upheld.", DPV + "Objection"
        ),
        RefusalReason.COURT_ORDER: RefusalMeaning("An order of a court forbids sharing."),
    }
)
