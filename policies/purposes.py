"""The closed list of purposes for which anything may be sent.

A purpose that is not here cannot be named in a pack; a pack cannot add one. That is the control
against function creep (domain 7.1): a new purpose is a change of code, reviewed and announced.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["PURPOSES", "Purpose", "PurposeMeaning"]


class Purpose(StrEnum):
    """Why a message is sent. Wire format: only ever added, never renamed."""

    GATHERING = "channel_information_gathering"
    REVIEW = "channel_post_exit_review"
    CLOCK = "channel_deadline_keeping"


@dataclass(frozen=True, slots=True)
class PurposeMeaning:
    """What a purpose says.

    Attributes:
        label: A few plain words.
        says: One sentence for the person concerned.
        source: Where it comes from.
        broad_match: A wider term of the Data Privacy Vocabulary 2.3, which has no term for
            safeguarding or Channel (domain 5.1).

    """

    label: str
    says: str
    source: str
    broad_match: str


PURPOSES: Mapping[Purpose, PurposeMeaning] = MappingProxyType(
    {
        Purpose.GATHERING: PurposeMeaning(
            "Gathering information for Channel",
            "To judge whether somebody is susceptible to being drawn into terrorism, and which"
            " support would help.",
            "Counter-Terrorism and Security Act 2015 ss.36-38",
            "https://w3id.org/dpv/sector/publicservices#SocialWelfareRiskAssessment",
        ),
        Purpose.REVIEW: PurposeMeaning(
            "Review six or twelve months after Channel",
            "To see, some time after support has ended, whether it is needed again.",
            "Counter-Terrorism and Security Act 2015 s.36(4)(d)-(e); local practice (domain 1.3)",
            "https://w3id.org/dpv/sector/publicservices#SocialWelfareRiskAssessment",
        ),
        Purpose.CLOCK: PurposeMeaning(
            "Keeping deadlines",
            "To remind agencies of a request that waits; no personal data.",
            "Design 10.11; domain 4.5",
            "https://w3id.org/dpv#FulfilmentOfObligation",
        ),
    }
)
