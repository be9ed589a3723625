"""The invented agencies of the sandbox: Northmere, a place that does not exist.

Real codes are not used: the area codes have the form of GSS codes and belong to no area.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.directory_entry import OrganisationKind, Role

__all__ = ["AREA", "BROKER", "CAST", "GATHERER", "Part"]

AREA = "E99000001"
BROKER = "broker"
GATHERER = "northmere-panel"

_AIO_AND_SIGNOFF = (Role.AIO, Role.SIGNOFF, Role.DPO)


@dataclass(frozen=True, slots=True)
class Part:
    """One agency of the sandbox.

    Attributes:
        id: Its directory id.
        name: As people call it.
        kind: Kind of organisation.
        controller: The organisation that answers for it in law.
        roles: Functional roles that it holds for the sandbox's area.
        records: Folder under ``deploy/sandbox/records`` with its own records, or None.
        post: The post that answers questions about its requests.

    """

    id: str
    name: str
    kind: OrganisationKind
    controller: str
    roles: tuple[Role, ...]
    records: str | None
    post: str


CAST: Mapping[str, Part] = MappingProxyType(
    {
        part.id: part
        for part in (
            Part(
                GATHERER,
                "Northmere Channel panel",
                OrganisationKind.LA_PANEL,
                "Northmere Council",
                (Role.LACC, Role.LACC_SUP, Role.CHAIR, Role.DPO),
                None,
                "Channel coordinator",
            ),
            Part(
                "northmere-police",
                "Northmere Police",
                OrganisationKind.POLICE_FORCE,
                "Northmere Police",
                _AIO_AND_SIGNOFF,
                "police",
                "Prevent desk",
            ),
            Part(
                "ashgrove-academy",
                "Ashgrove Academy",
                OrganisationKind.SCHOOL,
                "Ashgrove Academy Trust",
                _AIO_AND_SIGNOFF,
                "education",
                "Designated safeguarding lead",
            ),
            Part(
                "northmere-health",
                "Northmere Community NHS Trust",
                OrganisationKind.NHS_TRUST,
                "Northmere Community NHS Trust",
                _AIO_AND_SIGNOFF,
                "health",
                "Safeguarding team",
            ),
            Part(
                "northmere-children",
                "Northmere children's services",
                OrganisationKind.LA_CSC,
                "Northmere Council",
                _AIO_AND_SIGNOFF,
                "children",
                "Front door team",
            ),
            Part(
                "northmere-housing",
                "Northmere housing",
                OrganisationKind.LA_HOUSING,
                "Northmere Council",
                _AIO_AND_SIGNOFF,
                "housing",
                "Tenancy services",
            ),
        )
    }
)
