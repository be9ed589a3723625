"""The data types inside FHIR resources that several kinds share: codes, days, addresses, numbers."""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from adapters.agency import Address
from adapters.sources.identifiers import is_nhs_number, is_postcode, is_uprn
from adapters.sources.json_tree import Place

__all__ = ["NHS_NUMBER", "Code", "bound", "codes", "one_day", "patient_numbers", "places", "words"]

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
_ADDRESS_KEY = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AddressKey"
_CURRENT = frozenset({None, "home"})

Code: TypeAlias = tuple[str, str]  # code system, code


def codes(concept: Place) -> frozenset[Code]:
    """The codings of a CodeableConcept that name both system and code."""
    if concept.value is None:
        return frozenset()
    pairs = [
        (coding.member("system").maybe(), coding.member("code").maybe())
        for coding in concept.member("coding").items()
    ]
    return frozenset((system, code) for system, code in pairs if system and code)


def words(written: str) -> dict[str, str]:
    """The codes of a value set, for readers that look words up."""
    return {word: word for word in written.split()}


def bound(concept: Place, allowed: Mapping[str, str]) -> str | None:
    """The code of a CodeableConcept that FHIR binds to one value set; None when not there.

    Raises:
        SourceError: It has several codes, or one that is not in the value set.

    """
    found = sorted(code for _, code in codes(concept))
    if found and (len(found) > 1 or found[0] not in allowed):
        raise concept.wrong(f"It is none of: {', '.join(allowed)}.")
    return found[0] if found else None


def one_day(place: Place) -> date | None:
    """The day of a date or instant; None when not there or given to the month or year only."""
    text = place.maybe()
    return place.day() if text is not None and len(text) >= len("YYYY-MM-DD") else None


def patient_numbers(identifiers: Place) -> str | None:
    """The NHS number, or None.

    Raises:
        SourceError: It is no NHS number, or the patient has two.

    """
    found = [
        identifier.member("value")
        for identifier in identifiers.items()
        if identifier.member("system").maybe() == NHS_NUMBER
        and identifier.member("use").maybe() != "old"
    ]
    if len(found) > 1:
        raise found[1].wrong("It is a second NHS number.")
    return found[0].fitting(is_nhs_number, "NHS number") if found else None


def places(addresses: Place) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Current homes, and former ones (marked old, or with an end)."""
    current: list[Address] = []
    former: list[Address] = []
    for place in addresses.items():
        use, period = place.member("use").maybe(), place.member("period")
        postcode = place.member("postalCode").fitting(is_postcode, "postcode")
        address = Address(postcode=postcode, uprn=_uprn(place))
        ended = period.value is not None and period.member("end").maybe() is not None
        if use == "old" or ended:
            former.append(address)
        elif use in _CURRENT:
            current.append(address)
    return tuple(current), tuple(former)


def _uprn(place: Place) -> str | None:
    """UPRN as UK Core extends an address with it."""
    for extension in place.member("extension").items():
        if extension.member("url").maybe() != _ADDRESS_KEY:
            continue
        parts = {part.member("url").text(): part for part in extension.member("extension").items()}
        kind, value = parts.get("type"), parts.get("value")
        if kind is None or value is None:
            continue
        if kind.member("valueCoding").member("code").maybe() == "UPRN":
            return value.member("valueString").fitting(is_uprn, "UPRN")
    return None
