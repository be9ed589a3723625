"""Ids and references: their one form, as types for models, and how to make them.

A value of one of the types below is a plain ``str`` for the type checker; pydantic holds the form
where bytes become values. Patterns are anchored at both ends and ASCII.
"""

import base64
import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from schemas.encoding import instant_text, parse_instant
from schemas.problems import Code, Problem

__all__ = [
    "AGENCY_URN_PREFIX",
    "Account",
    "AgencyId",
    "AgencyUrn",
    "CivilDate",
    "Conv",
    "FieldName",
    "GssCode",
    "Hash",
    "Instant",
    "Jti",
    "Kid",
    "MessageType",
    "Pseudonym",
    "QuestionId",
    "Reference",
    "agency_id",
    "agency_urn",
    "make_conv",
    "make_jti",
    "message_id",
    "parse_account",
    "parse_agency_id",
    "parse_agency_urn",
    "parse_conv",
    "parse_field_name",
    "parse_jti",
    "parse_kid",
]

AGENCY_URN_PREFIX: Final = "urn:dovetail:org:"
_ID = r"[a-z0-9]+(-[a-z0-9]+)*"
_MAX_ID = 64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = r"[a-z0-9_]+(\.[a-z0-9_]+)*"
_MAX_NAME = 64
# The last of 43 characters carries four bits of 32 bytes: sixteen are possible, not sixty-four.
_HASH = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_JTI = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
# 26 characters are 130 bits; the last carries three of the 128 and two that are zero.
_CONV = r"[a-z2-7]{25}[aeimquy4]"
_ACCOUNT = r"A[A-Z2-7]{55}"

AgencyId = Annotated[str, StringConstraints(pattern=rf"^{_ID}$", max_length=_MAX_ID)]
"""An agency in the directory: ``thames-valley-police``."""
AgencyUrn = Annotated[
    str,
    StringConstraints(
        pattern=rf"^{AGENCY_URN_PREFIX}{_ID}$", max_length=len(AGENCY_URN_PREFIX) + _MAX_ID
    ),
]
"""An agency in a message: ``urn:dovetail:org:thames-valley-police``."""
Account = Annotated[str, StringConstraints(pattern=rf"^{_ACCOUNT}$")]
"""An agency on the bus, for as long as it lives: the public key of its NATS account."""
Kid = Annotated[str, StringConstraints(pattern=rf"^{_HASH}$")]
"""A key: its RFC 7638 thumbprint, SHA-256, b64u."""
Hash = Annotated[str, StringConstraints(pattern=rf"^{_HASH}$")]
"""Thirty-two bytes of SHA-256 or HMAC-SHA-256, b64u."""
Jti = Annotated[str, StringConstraints(pattern=rf"^{_JTI}$")]
"""A message or receipt: UUIDv7 (RFC 9562), lower case."""
Conv = Annotated[str, StringConstraints(pattern=rf"^{_CONV}$")]
"""A case: 128 random bits, base32 (RFC 4648 section 6), lower case, no padding."""
FieldName = Annotated[str, StringConstraints(pattern=rf"^{_NAME}$", max_length=_MAX_NAME)]
"""A field of the catalogue: ``edu.attendance_pct``."""
QuestionId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}[0-9]{1,2}$")]
"""A question of the catalogue: ``E3``."""
MessageType = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z][a-z0-9]*\.[a-z][a-z0-9]*(_[a-z0-9]+)*/[1-9][0-9]{0,2}$", max_length=80
    ),
]
"""A message type and its major version: ``information.extension_request/1``."""
GssCode = Annotated[str, StringConstraints(pattern=r"^[ENSW][0-9]{8}$")]
"""An area, by its ONS code."""
Pseudonym = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{4,40}$")]
"""A member of staff, as their agency calls them to others."""
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,63}$")]
"""A document or approval in somebody's own register. No spaces: it is not free text."""


def _instant(value: object) -> object:
    """Read an instant where it is text; a datetime is made aware of being checked below."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PydanticCustomError("instant", "an instant needs a zone")
        return value.astimezone(UTC)
    found = parse_instant(value if isinstance(value, str) else None)
    if isinstance(found, Problem):
        raise PydanticCustomError("instant", "not RFC 3339 in UTC")
    return found


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _civil_date(value: object) -> object:
    """Read ``YYYY-MM-DD`` and no other spelling."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("civil_date", "not YYYY-MM-DD")


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": "Z$"}),
]
"""An instant: RFC 3339 in UTC on the wire, an aware datetime inside."""
CivilDate = Annotated[
    date,
    BeforeValidator(_civil_date),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A day on a calendar, in no zone: ``YYYY-MM-DD``."""


def agency_urn(agency: AgencyId) -> AgencyUrn:
    """Spell an agency as messages do. Raises ValueError for an id that is none: our fault."""
    if isinstance(parse_agency_id(agency), Problem):
        raise ValueError("not an agency id")  # noqa: TRY004 - the type is right, the value is not
    return AGENCY_URN_PREFIX + agency


def agency_id(urn: AgencyUrn) -> AgencyId:
    """Take the directory id out of a URN that was checked before; ValueError if it was not."""
    found = parse_agency_urn(urn)
    if isinstance(found, Problem):
        raise ValueError("not an agency URN")  # noqa: TRY004 - the type is right, the value is not
    return found


def parse_agency_urn(text: str, where: str | None = None) -> AgencyId | Problem:
    """Read ``urn:dovetail:org:<id>`` and give the id."""
    if not text.startswith(AGENCY_URN_PREFIX):
        return Problem(Code.MESSAGE_MALFORMED, where)
    return parse_agency_id(text.removeprefix(AGENCY_URN_PREFIX), where)


def parse_agency_id(text: str, where: str | None = None) -> AgencyId | Problem:
    """Read an agency's directory id."""
    return _parse(_ID, text, where, limit=_MAX_ID)


def parse_account(text: str, where: str | None = None) -> Account | Problem:
    """Read an account key: ``A`` and 55 base32 characters. Its own check sum is the bus's matter."""
    return _parse(_ACCOUNT, text, where)


def parse_kid(text: str, where: str | None = None) -> Kid | Problem:
    """Read a key id."""
    return _parse(_HASH, text, where)


def parse_jti(text: str, where: str | None = None) -> Jti | Problem:
    """Read a message id as its sender chose it."""
    return _parse(_JTI, text, where)


def parse_conv(text: str, where: str | None = None) -> Conv | Problem:
    """Read a case reference."""
    return _parse(_CONV, text, where)


def parse_field_name(text: str, where: str | None = None) -> FieldName | Problem:
    """Read a field's name; whether the catalogue knows it is another question."""
    return _parse(_NAME, text, where, limit=_MAX_NAME)


def make_jti(at: datetime, randomness: bytes) -> Jti:
    """Make a UUIDv7 (RFC 9562 section 5.7).

    Args:
        at: Aware; its millisecond stands in the first 48 bits.
        randomness: Ten bytes; 74 of their 80 bits are used.

    Raises:
        ValueError: Not ten bytes, or an instant before 1970.

    """
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    if len(randomness) != 10 or milliseconds < 0:
        raise ValueError("a UUIDv7 takes an instant since 1970 and ten random bytes")
    raw = bytearray(milliseconds.to_bytes(6, "big") + randomness)
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def make_conv(randomness: bytes) -> Conv:
    """Make a case reference from sixteen random bytes; never from anything about the person."""
    if len(randomness) != 16:
        raise ValueError("a case reference takes sixteen random bytes")
    return base64.b32encode(randomness).decode("ascii").rstrip("=").lower()


def message_id(digest: bytes) -> str:
    """Spell SHA-256 of an envelope as subjects, keys and file names do: lower-case hex."""
    if len(digest) != 32:
        raise ValueError("not a SHA-256 digest")
    return digest.hex()


def _parse(
    pattern: str, text: str, where: str | None, *, limit: int | None = None
) -> str | Problem:
    """Hold a text against a pattern, from end to end."""
    if (limit is not None and len(text) > limit) or not re.fullmatch(pattern, text, re.ASCII):
        return Problem(Code.MESSAGE_MALFORMED, where)
    return text
