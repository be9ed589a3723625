"""Bytes to values and back, in one spelling each: strict JSON, base64url, instants.

The standard parsers forgive: ``json`` keeps the last of two equal members and knows fractions and
NaN, ``base64`` skips stray characters. What one reader forgives another reads differently, so
here it is refused. Nothing that was sent is repeated in a problem.
"""

import binascii
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn, TypeAlias

from schemas.problems import Code, Problem

__all__ = [
    "MAX_DEPTH",
    "MAX_INTEGER",
    "JsonValue",
    "b64u",
    "dump_json",
    "instant_text",
    "is_b64u",
    "members_of",
    "parse_b64u",
    "parse_canonical_json",
    "parse_instant",
    "parse_json",
]

# What strict JSON decodes to; there are no fractions on the wire.
JsonValue: TypeAlias = bool | int | str | list["JsonValue"] | dict[str, "JsonValue"] | None

MAX_DEPTH = 32  # arrays and objects inside one another; protocol, head
MAX_INTEGER = 2**53 - 1  # what every JSON reader keeps exactly; RFC 8259 section 6
_MAX_DIGITS = 17  # sign and 16 digits; stops int() from working on a megabyte of digits

# A JSON string, taken as one. Possessive by construction: no part can match in two ways.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
)
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z", re.ASCII
)


class _Refused(Exception):
    """Strict reading stopped; never leaves this module."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def parse_json(data: bytes, *, limit_bytes: int, where: str | None = None) -> JsonValue | Problem:
    """Read one JSON text strictly.

    Args:
        data: The bytes as received.
        limit_bytes: The greatest size allowed; longer data are not looked at.
        where: The place that a problem names: a name of ours.

    Returns:
        The value, or the first problem: too large, not UTF-8, too deep (32), not JSON, a member
        named twice, a number that is not a whole number within ±(2^53-1) or is spelled ``-0``,
        half of a surrogate pair.

    """
    if len(data) > limit_bytes:
        return Problem(Code.MESSAGE_TOO_LARGE, where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Problem(Code.MESSAGE_NOT_UTF8, where)
    if _depth(data) > MAX_DEPTH:
        return Problem(Code.MESSAGE_TOO_DEEP, where)
    try:
        value: JsonValue = _DECODER.decode(text)
        if "\\u" in text:
            _refuse_surrogates(value)
    except _Refused as refused:
        return Problem(refused.code, where)
    except json.JSONDecodeError:
        return Problem(Code.MESSAGE_NOT_JSON, where)
    return value


def parse_canonical_json(
    data: bytes, *, limit_bytes: int, where: str | None = None
) -> JsonValue | Problem:
    """Read one JSON text that must be spelled as ``dump_json`` spells it.

    White space and needless escapes are room to hide bits in, and let one message have many
    spellings. The order of members is kept as sent; whoever knows the order checks it.
    """
    value = parse_json(data, limit_bytes=limit_bytes, where=where)
    if not isinstance(value, Problem) and dump_json(value) != data:
        return Problem(Code.MESSAGE_MALFORMED, where)
    return value


def members_of(value: JsonValue, names: Sequence[str]) -> list[JsonValue] | None:
    """Take an object apart that has exactly these members, in this order; None for any other."""
    if not isinstance(value, dict) or list(value) != list(names):
        return None
    return list(value.values())


def dump_json(value: JsonValue) -> bytes:
    """Spell a value: UTF-8, no white space, members in the order given, only needed escapes.

    The same bytes as ECMAScript's ``JSON.stringify`` for the values that are allowed here.
    """
    return _ENCODER.encode(value).encode()


def b64u(data: bytes) -> str:
    """Spell bytes as base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def parse_b64u(
    text: JsonValue, *, size_bytes: int | None = None, where: str | None = None
) -> bytes | Problem:
    """Read base64url in its one spelling: no padding, no stray character, no stray bits.

    Args:
        text: What stood in the JSON; anything but a string is refused.
        size_bytes: The exact size that the bytes must have, or None for any.
        where: The place that a problem names.

    """
    if not isinstance(text, str):
        return Problem(Code.MESSAGE_BASE64, where)
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"==")
    except (UnicodeEncodeError, binascii.Error):
        return Problem(Code.MESSAGE_BASE64, where)
    # The decoder forgives; that the bytes are spelled so and not otherwise is what counts.
    if b64u(data) != text or (size_bytes is not None and len(data) != size_bytes):
        return Problem(Code.MESSAGE_BASE64, where)
    return data


def is_b64u(text: JsonValue, size_bytes: int) -> bool:
    """Tell whether a text is the one spelling of exactly so many bytes."""
    return not isinstance(parse_b64u(text, size_bytes=size_bytes), Problem)


def instant_text(at: datetime) -> str:
    """Spell an instant as RFC 3339 UTC with six digits of fraction: ``2026-11-16T09:00:00.000000Z``.

    Args:
        at: Aware, any zone.

    Raises:
        ValueError: The datetime is naive: a fault of the caller, never of what was sent.

    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse_instant(text: JsonValue, *, where: str | None = None) -> datetime | Problem:
    """Read RFC 3339 in UTC, spelled with ``T`` and ``Z`` and no fraction or six digits of it."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return Problem(Code.MESSAGE_MALFORMED, where)
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # 31 June, 24:00, second 60
        return Problem(Code.MESSAGE_MALFORMED, where)


def _depth(data: bytes) -> int:
    """Count the deepest nesting without recursion, before the parser may recurse.

    Up to the first error the parser cuts the text into strings as we do, so it never goes
    deeper than we counted.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return 0  # too few brackets, strings included, to be too deep: most texts end here
    deepest = level = 0
    # Without a backslash a quotation mark begins or ends a string: every second piece is outside.
    pieces = (_STRING.sub(b"", data),) if b"\\" in data else data.split(b'"')[::2]
    for bracket in b"".join(pieces).translate(None, _NOT_BRACKETS):
        if bracket in b"[{":
            level += 1
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest


def _members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """Refuse an object that names a member twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused(Code.MESSAGE_DUPLICATE_MEMBER)
    return found


def _integer(digits: str) -> int:
    """Refuse a whole number out of range, and minus zero, which not every reader keeps."""
    if len(digits) > _MAX_DIGITS or digits == "-0" or abs(int(digits)) > MAX_INTEGER:
        raise _Refused(Code.MESSAGE_NUMBER)
    return int(digits)


def _no_number(_: str) -> NoReturn:
    """Refuse fractions, exponents, NaN and infinities."""
    raise _Refused(Code.MESSAGE_NUMBER)


def _refuse_surrogates(value: JsonValue) -> None:
    """Refuse half of a surrogate pair, which an escape can spell and UTF-8 cannot."""
    match value:
        case str():
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise _Refused(Code.MESSAGE_NOT_UTF8)
        case list():
            for item in value:
                _refuse_surrogates(item)
        case dict():
            for name, item in value.items():
                _refuse_surrogates(name)
                _refuse_surrogates(item)
        case _:
            pass


# At the end, because it is made of the functions above.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_no_number,
    parse_constant=_no_number,
)
