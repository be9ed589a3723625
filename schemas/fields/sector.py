"""Which sector an answer belongs to, told from the first word of its field ids."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = ["PREFIXES", "Sector", "sector_of"]


class Sector(StrEnum):
    """The kinds of records that may be asked; the name is also that of the pack's file."""

    EDUCATION = "education"
    HEALTH = "health"
    POLICE = "police"
    CHILDRENS_SOCIAL_CARE = "childrens_social_care"
    ADULT_SOCIAL_CARE = "adult_social_care"
    HOUSING = "housing"
    DISTRICT = "district"
    YOUTH_JUSTICE = "youth_justice"
    PROBATION = "probation"


# A lower-tier district is a housing authority too, so it may answer for both at once.
PREFIXES: Mapping[Sector, frozenset[str]] = MappingProxyType(
    {
        Sector.EDUCATION: frozenset({"edu"}),
        Sector.HEALTH: frozenset({"hlt"}),
        Sector.POLICE: frozenset({"pol"}),
        Sector.CHILDRENS_SOCIAL_CARE: frozenset({"csc"}),
        Sector.ADULT_SOCIAL_CARE: frozenset({"asc"}),
        Sector.HOUSING: frozenset({"hsg"}),
        Sector.DISTRICT: frozenset({"dst", "hsg"}),
        Sector.YOUTH_JUSTICE: frozenset({"yjs"}),
        Sector.PROBATION: frozenset({"prb"}),
    }
)


def sector_of(field_ids: Iterable[str]) -> Sector | None:
    """Tell the one sector whose records hold all these fields.

    Args:
        field_ids: Ids of answers. Housing fields alone are ``housing``; with a district field,
            ``district``.

    Returns:
        The sector; None when there is no field, or none holds them all.

    """
    found = {field_id.partition(".")[0] for field_id in field_ids}
    if not found:
        return None
    return next((sector for sector, prefixes in PREFIXES.items() if found <= prefixes), None)
