"""The forms that fields share: bounded text, dates, identifiers, contacts.

Every form is strict: a number is not a text, 1 is not true, and an unknown member is refused.
Lengths of text are counted in characters.
"""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import (
    Annotated,
    Literal,
    NotRequired,  # pydantic reads this one below Python 3.12
    TypeVar,
)

from pydantic import AfterValidator, ConfigDict, StringConstraints
from pydantic import Field as Limits
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from schemas.fields.check_digits import nhs_number_holds, pnc_id_holds, upn_holds

__all__ = [
    "CLEAN",
    "DISTINCT",
    "STRICT",
    "Address",
    "AddressParts",
    "BestPerson",
    "CivilDate",
    "Concern",
    "Engagement",
    "Instant",
    "Limits",
    "NhsNumber",
    "PncId",
    "Points",
    "Postcode",
    "RiskLevel",
    "Role",
    "Text80",
    "Text120",
    "Text150",
    "Text200",
    "Text300",
    "Text500",
    "Text600",
    "Upn",
    "Uprn",
    "Urn",
    "WorkContact",
    "YearMonth",
    "alone",
    "chars",
    "tidy",
]

_T = TypeVar("_T")

STRICT = ConfigDict(extra="forbid", strict=True)
EARLIEST_YEAR = 1900
LATEST_YEAR = 2199


def tidy(text: str) -> str:
    """Bring text from a source system into the form that fields accept.

    Composes accents (NFC), turns every run of white space into one space (a line break stays
    one) and strips the ends. It never drops a visible character: what remains unfit is
    refused by the field, and a person decides.
    """
    lines = unicodedata.normalize("NFC", text).splitlines()
    return "\n".join(line for line in (" ".join(part.split()) for part in lines) if line)


def _clean(text: str) -> str:
    """Refuse what would not survive copying, or shows other than it reads."""
    if text != text.strip() or not unicodedata.is_normalized("NFC", text):
        raise PydanticCustomError("characters", "white space at an end, or accents not composed")
    # Printable ASCII, most of what is written, holds nothing unfit and need not be looked through.
    if not (text.isascii() and text.isprintable()) and any(_unfit(c) for c in text):
        raise PydanticCustomError("characters", "control, invisible or private character")
    return text


def _unfit(c: str) -> bool:
    # Joiners (U+200C, U+200D) are spelling in some scripts; other format characters can
    # reverse or hide text on the reader's screen.
    if c in "\n\u200c\u200d":
        return False
    return unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


CLEAN = AfterValidator(_clean)


def chars(longest: int, shortest: int = 1) -> StringConstraints:
    """Bound a text to ``shortest`` to ``longest`` characters; stands beside ``CLEAN``."""
    return StringConstraints(min_length=shortest, max_length=longest)


def _distinct(items: list[_T]) -> list[_T]:
    """Refuse a list that says something twice."""
    if any(item in items[:place] for place, item in enumerate(items)):
        raise PydanticCustomError("repeated", "the list says something twice")
    return items


DISTINCT = AfterValidator(_distinct)


def _real_date(text: str) -> str:
    try:
        year = date.fromisoformat(text).year
    except ValueError:
        raise PydanticCustomError("date", "no such day") from None
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise PydanticCustomError("date", "year out of range")
    return text


def _real_instant(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date", "no such instant") from None
    return text


def _holds(check: Callable[[str], bool]) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if not check(text):
            raise PydanticCustomError("check_digit", "check digit")
        return text

    return checked


# A civil date and a month as in ISO 8601, one spelling each.
CivilDate = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_real_date)
]
YearMonth = Annotated[str, StringConstraints(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]
# RFC 3339 in UTC, whole seconds: "2026-11-23T17:00:00Z".
Instant = Annotated[
    str,
    StringConstraints(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
    AfterValidator(_real_instant),
]

# Identifiers (domain 5.2). Upper case, no spaces except the one inside a postcode.
Upn = Annotated[
    str,
    StringConstraints(pattern=r"^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$"),
    AfterValidator(_holds(upn_holds)),
]
NhsNumber = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{10}$"), AfterValidator(_holds(nhs_number_holds))
]
PncId = Annotated[
    str,
    StringConstraints(pattern=r"^(19|20)[0-9]{2}/[0-9]{7}[A-HJ-NP-RT-Z]$"),
    AfterValidator(_holds(pnc_id_holds)),
]
Urn = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
Uprn = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,11}$")]
Postcode = Annotated[
    str,
    StringConstraints(pattern=r"^(GIR 0AA|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2})$"),
]

# Bounded texts by their greatest length.
Text80 = Annotated[str, chars(80), CLEAN]
Text120 = Annotated[str, chars(120), CLEAN]
Text150 = Annotated[str, chars(150), CLEAN]
Text200 = Annotated[str, chars(200), CLEAN]
Text300 = Annotated[str, chars(300), CLEAN]
Text500 = Annotated[str, chars(500), CLEAN]
Text600 = Annotated[str, chars(600), CLEAN]

# Functional roles of domain 2.1 that may be named in a message: a post, never a person.
Role = Literal[
    "REFERRER",
    "CTCO",
    "FIMU",
    "LACC",
    "LACC_SUP",
    "CHAIR",
    "PANEL_MEMBER",
    "AIO",
    "SIGNOFF",
    "IP",
    "DPO",
]

RiskLevel = Literal["none", "low", "medium", "high"]
Engagement = Literal["good", "partial", "none", "unknown"]
# Up to five short points: long enough to act on, too short for a case history.
Points = Annotated[list[Text80], Limits(min_length=1, max_length=5), DISTINCT]


class AddressParts(TypedDict):
    """Where somebody lives: lines as on an envelope, postcode, unique property number."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # pydantic's way to configure a TypedDict
    lines: NotRequired[Annotated[list[Text80], Limits(min_length=1, max_length=5)]]
    postcode: NotRequired[Postcode]
    uprn: NotRequired[Uprn]


def alone(member: str, value: object, *others: str) -> AfterValidator:
    """Refuse an object whose ``member`` has ``value`` while one of ``others`` says otherwise.

    Example: status ``none`` beside a category. Stands in ``Annotated`` beside the object.
    """

    def checked(parts: _T) -> _T:
        if isinstance(parts, dict) and parts[member] == value and parts.keys() & set(others):
            raise PydanticCustomError("contradicts", "says nothing, and something")
        return parts

    return AfterValidator(checked)


def _placed(address: AddressParts) -> AddressParts:
    if "postcode" not in address and "uprn" not in address:
        raise PydanticCustomError("missing", "postcode or UPRN")
    return address


# At least the postcode or the UPRN: lines alone cannot be matched without guessing.
Address = Annotated[AddressParts, AfterValidator(_placed)]


class WorkContact(TypedDict):
    """A post and how to reach it at work. Never a private number, and no name is needed."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    role: Text80
    contact: NotRequired[Text120]


class BestPerson(TypedDict):
    """The post of whoever is best placed to approach the person, and why."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    role: Text80
    why: Text200


class Concern(TypedDict):
    """Whether there is a concern, and if so what it is in a sentence."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # as above
    concern: bool
    note: NotRequired[Text150]
