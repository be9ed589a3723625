"""Functional roles, excluded kinds, and the place where a rule runs.

Roles are held by an agency for areas and a time (domain 2.1): what somebody may do follows from
a role, never from the kind of organisation alone, so that an area may change who leads gathering
without a line of code.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from schemas.directory_entry import DirectoryEntry, Nation, Role

__all__ = ["EXCLUDED_KINDS", "GATHERER_ROLES", "NATIONS", "Place", "holds_anywhere", "roles_of"]

# Nobody of these kinds ever receives anything, whatever a pack or an operator says (domain 2.1).
# A constant and no data. The directory has no name for them either, so this is the second lock:
# a pack that names one does not load, and a kind added to the directory would meet it here.
EXCLUDED_KINDS = frozenset(
    {
        "immigration_enforcement",
        "borders",
        "ports",
        "employer",
        "professional_regulator",
        "university_admissions",
        "media",
        "foreign_authority",
        "intelligence_service",
    }
)

# Who may lead gathering; in a pack GATHERER stands for them (domain 2.1).
GATHERER_ROLES = frozenset({Role.LACC, Role.CTCO})
NATIONS: tuple[Nation, ...] = ("england", "wales", "scotland", "northern-ireland")


class Place(StrEnum):
    """Where a rule runs: at an edge, which sees values, or at the gate, which sees names."""

    EDGE = "edge"
    GATE = "gate"


def roles_of(names: Iterable[Role]) -> frozenset[Role]:
    """Replace ``GATHERER`` by the roles that may lead gathering."""
    found: set[Role] = set()
    for name in names:
        found |= GATHERER_ROLES if name is Role.GATHERER else {name}
    return frozenset(found)


def holds_anywhere(entry: DirectoryEntry, role: Role, at: datetime) -> bool:
    """Tell whether an agency holds a role for at least one area at an instant."""
    return any(entry.holds(role, area, at) for held in entry.roles for area in held.areas)
