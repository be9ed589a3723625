"""Whether an identifier in a source is one: the catalogue's own rules, so that both sides agree."""

from schemas.fields.catalogue import CATALOGUE

__all__ = ["is_nhs_number", "is_pnc_id", "is_postcode", "is_upn", "is_uprn"]


def is_upn(text: str) -> bool:
    """A unique pupil number with its check letter (DfE CBDS)."""
    return not CATALOGUE["id.upn"].check(text)


def is_nhs_number(text: str) -> bool:
    """Ten digits with the modulus 11 check digit (NHS Data Dictionary)."""
    return not CATALOGUE["id.nhs_number"].check(text)


def is_pnc_id(text: str) -> bool:
    """``YYYY/NNNNNNNL`` with its check letter."""
    return not CATALOGUE["id.pnc_id"].check(text)


def is_postcode(text: str) -> bool:
    """A postcode in upper case with one space."""
    return not CATALOGUE["id.postcode"].check(text)


def is_uprn(text: str) -> bool:
    """A unique property reference number, no leading zeros."""
    return not CATALOGUE["id.address_current"].check({"uprn": text})
