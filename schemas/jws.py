"""Signed bytes: the JWS General JSON Serialization (RFC 7515, 7.2.1), in exactly one spelling.

Signatures are over the bytes as received: nothing is spelled again to verify. What JSON leaves
open (white space, order of members, further members) is closed here, so that no one can change
a signed text on its way without its being refused, and no one can write beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.encoding import (
    JsonValue,
    b64u,
    dump_json,
    is_b64u,
    members_of,
    parse_b64u,
    parse_canonical_json,
    parse_json,
)
from schemas.identifiers import Hash, Kid
from schemas.keys import SIGNATURE_BYTES, SignatureAlgorithm, SigningKey, VerifyingKey
from schemas.problems import Code, Problem

__all__ = ["Jws", "Signature", "read_jws", "sign_jws", "verify_jws"]

_MAX_HEADER_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as received.

    Attributes:
        kid: The key that it names.
        extra: Values of the header's further members, in the order asked for.
        protected: The header as it was spelled, and ``body`` the payload.

    """

    alg: SignatureAlgorithm
    kid: Kid
    extra: tuple[str, ...]
    protected: str = field(repr=False)
    body: str = field(repr=False)
    value: bytes = field(repr=False)

    @property
    def signing_input(self) -> bytes:
        """ASCII(protected) ‖ "." ‖ ASCII(payload): what the signature is over."""
        return f"{self.protected}.{self.body}".encode("ascii")


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS whose form holds and whose signatures nobody has verified yet."""

    payload: bytes = field(repr=False)
    signatures: tuple[Signature, ...]


def sign_jws(
    payload: bytes, typ: str, keys: Sequence[SigningKey], extra: Sequence[tuple[str, str]] = ()
) -> str:
    """Sign a payload.

    Args:
        payload: The bytes to sign, kept verbatim.
        typ: The type that stands in each header.
        keys: Whoever signs, in the order in which the signatures stand.
        extra: Further header members and their values.

    """
    body = b64u(payload)
    signatures: list[tuple[str, str]] = []
    for key in keys:
        header: dict[str, JsonValue] = {"alg": key.alg, "kid": key.kid, "typ": typ, **dict(extra)}
        protected = b64u(dump_json(header))
        value = key.sign(f"{protected}.{body}".encode("ascii"))
        signatures.append((protected, b64u(value)))
    return _spell(body, signatures)


def read_jws(
    text: str,
    typ: str,
    algorithms: Sequence[SignatureAlgorithm],
    *,
    limit_bytes: int,
    where: str,
    extra: Sequence[str] = (),
) -> Jws | Problem:
    """Read a JWS that must have exactly these algorithms in this order.

    Args:
        text: The JSON text as received.
        typ: The type that each header must have.
        algorithms: One for each signature. They are the suite's, never the sender's choice.
        limit_bytes: The greatest size of the text.
        where: The place that a problem names.
        extra: The header's further members, each 32 bytes as b64u.

    """
    value = parse_json(_bytes(text), limit_bytes=limit_bytes, where=where)
    if isinstance(value, Problem):
        return value
    members = members_of(value, ("payload", "signatures"))
    if members is None or not isinstance(members[0], str) or not isinstance(members[1], list):
        return Problem(Code.MESSAGE_MALFORMED, where)
    body, entries = members[0], members[1]
    if len(entries) != len(algorithms):
        return Problem(Code.SIGNATURE_ALGORITHM, where)
    payload = parse_b64u(body, where=where)
    if isinstance(payload, Problem):
        return payload
    signatures: list[Signature] = []
    for entry, alg in zip(entries, algorithms, strict=True):
        found = _read_signature(entry, body, _Expected(alg, typ, tuple(extra), where))
        if isinstance(found, Problem):
            return found
        signatures.append(found)
    if text != _spell(body, [(found.protected, b64u(found.value)) for found in signatures]):
        return Problem(Code.MESSAGE_MALFORMED, where)
    return Jws(payload, tuple(signatures))


def verify_jws(jws: Jws, keys: Sequence[VerifyingKey], where: str) -> Problem | None:
    """Verify every signature with the key that the directory gives for its kid.

    The key's own algorithm counts; a header that says another, or a key that is not the one
    named, is refused.

    Returns:
        None when all hold, else the first problem.

    """
    if len(keys) != len(jws.signatures):
        return Problem(Code.SIGNATURE_ALGORITHM, where)
    for signature, key in zip(jws.signatures, keys, strict=True):
        if key.alg != signature.alg:
            return Problem(Code.SIGNATURE_ALGORITHM, where)
        if key.kid != signature.kid or not key.verifies(signature.value, signature.signing_input):
            return Problem(Code.SIGNATURE_INVALID, where)
    return None


@dataclass(frozen=True, slots=True)
class _Expected:
    """What one signature and its header must be."""

    alg: SignatureAlgorithm
    typ: str
    extra: tuple[str, ...]
    where: str


def _read_signature(entry: JsonValue, body: str, expected: _Expected) -> Signature | Problem:
    """Read one signature and its protected header."""
    members = members_of(entry, ("protected", "signature"))
    if members is None:
        return Problem(Code.MESSAGE_MALFORMED, expected.where)
    protected, signed = members
    header = _read_header(protected, expected)
    if isinstance(header, Problem):
        return header
    size_bytes = SIGNATURE_BYTES[expected.alg]
    value = parse_b64u(signed, size_bytes=size_bytes, where=expected.where)
    if isinstance(value, Problem):
        return value
    kid, *more = header
    return Signature(expected.alg, kid, tuple(more), str(protected), body, value)


def _read_header(protected: JsonValue, expected: _Expected) -> list[Hash] | Problem:
    """Read a protected header: the kid, then the further members."""
    raw = parse_b64u(protected, where=expected.where)
    if isinstance(raw, Problem):
        return raw
    header = parse_canonical_json(raw, limit_bytes=_MAX_HEADER_BYTES, where=expected.where)
    if isinstance(header, Problem):
        return header
    members = members_of(header, ("alg", "kid", "typ", *expected.extra))
    if members is None:
        return Problem(Code.MESSAGE_MALFORMED, expected.where)
    alg, kid, typ, *more = members
    if alg != expected.alg:
        return Problem(Code.SIGNATURE_ALGORITHM, expected.where)
    hashes = [text for text in (kid, *more) if isinstance(text, str) and is_b64u(text, 32)]
    if typ != expected.typ or len(hashes) != 1 + len(more):
        return Problem(Code.MESSAGE_MALFORMED, expected.where)
    return hashes


def _spell(body: str, signatures: Sequence[tuple[str, str]]) -> str:
    """Spell a JWS. All of it is base64url, which needs no escape: cheaper than a JSON writer."""
    entries = ",".join(f'{{"protected":"{p}","signature":"{s}"}}' for p, s in signatures)
    return f'{{"payload":"{body}","signatures":[{entries}]}}'


def _bytes(text: str) -> bytes:
    """Give the bytes of a text; a lone surrogate, which has none, becomes what is no UTF-8."""
    return text.encode("utf-8", "surrogatepass")
