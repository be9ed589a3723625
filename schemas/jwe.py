"""Sealed bytes: the JWE General JSON Serialization (RFC 7516, 7.2.1), in exactly one spelling.

One content key, AES-256-GCM, wrapped for each recipient by HPKE-9-KE. Every wrap is of this kind:
a single classical one would give the content to whoever stores it until a quantum computer comes.
The plaintext is lines of text padded with spaces to a power of two, so that its size says little
and nothing fits beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.commitment import CEK_BYTES
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
from schemas.identifiers import Kid
from schemas.keys import ENCAPSULATED_BYTES, OpeningKey, SealingKey
from schemas.problems import Code, Problem

__all__ = [
    "IV_BYTES",
    "MAX_RECIPIENTS",
    "SMALLEST_BUCKET_BYTES",
    "Jwe",
    "Wrap",
    "bucket_bytes",
    "decrypt_jwe",
    "pad",
    "read_jwe",
    "seal_jwe",
    "unpad",
    "unwrap_cek",
]

IV_BYTES: Final = 12
MAX_RECIPIENTS: Final = 8
SMALLEST_BUCKET_BYTES: Final = 4096
_TAG_BYTES: Final = 16
_ENCRYPTED_KEY_BYTES: Final = 48
_MAX_HEADER_BYTES: Final = 1024
_ALG: Final = "HPKE-9-KE"
_ENC: Final = "A256GCM"


@dataclass(frozen=True, slots=True)
class Wrap:
    """The content key, sealed to one recipient's key."""

    kid: Kid
    encapsulated: bytes = field(repr=False)
    encrypted_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Jwe:
    """A JWE whose form holds; opened by nobody yet.

    Attributes:
        header: The protected header's members, all of them text.
        protected: Its exact spelling, which is authenticated.
        wraps: One for each recipient's key, each key once.
        sealed: Ciphertext and tag.

    """

    header: Mapping[str, str]
    protected: str = field(repr=False)
    wraps: tuple[Wrap, ...]
    iv: bytes = field(repr=False)
    sealed: bytes = field(repr=False)

    @property
    def kids(self) -> tuple[Kid, ...]:
        """The keys that it is sealed to."""
        return tuple(wrap.kid for wrap in self.wraps)

    @property
    def padded_bytes(self) -> int:
        """The size of the plaintext with its padding: a power of two from 4096."""
        return len(self.sealed) - _TAG_BYTES


def bucket_bytes(size_bytes: int) -> int:
    """Give the size to which so many bytes are padded: 4096, or the next power of two."""
    return max(SMALLEST_BUCKET_BYTES, 1 << max(size_bytes - 1, 0).bit_length())


def pad(body: bytes) -> bytes:
    """Pad with spaces to the bucket.

    Raises:
        ValueError: The body does not end in a line break; its end could not be found again.

    """
    if not body.endswith(b"\n"):
        raise ValueError("a body ends with a line break")
    return body.ljust(bucket_bytes(len(body)), b" ")


def unpad(padded: bytes, where: str) -> bytes | Problem:
    """Take the padding off; any other padding than the smallest could hide bits."""
    body = padded.rstrip(b" ")
    if not body.endswith(b"\n") or len(padded) != bucket_bytes(len(body)):
        return Problem(Code.CONTENT_PADDING, where)
    return body


def seal_jwe(
    header: Sequence[tuple[str, str]],
    body: bytes,
    recipients: Sequence[SealingKey],
    *,
    context: bytes,
    cek: bytes,
    iv: bytes,
) -> str:
    """Seal a body.

    Args:
        header: The protected header after ``enc``, in order.
        body: Lines of text, each ending in a line break; padded here.
        recipients: Whose keys it is sealed to, each once; one to eight.
        context: What HPKE binds beside the algorithm and each kid.
        cek: 32 random bytes, never used before.
        iv: 12 random bytes.

    Raises:
        ValueError: Sizes or recipients are not as said above.

    """
    if len(cek) != CEK_BYTES or len(iv) != IV_BYTES:
        raise ValueError("content key and iv have 32 and 12 bytes")
    kids = [key.kid for key in recipients]
    if not 1 <= len(set(kids)) == len(kids) <= MAX_RECIPIENTS:
        raise ValueError("one to eight recipient keys, each once")
    members: dict[str, JsonValue] = {"enc": _ENC, **dict(header)}
    protected = b64u(dump_json(members))
    sealed = AESGCM(cek).encrypt(iv, pad(body), protected.encode("ascii"))
    wraps = []
    for key in recipients:
        encapsulated, encrypted_key = key.wrap(cek, _info(context, key.kid))
        wraps.append(Wrap(key.kid, encapsulated, encrypted_key))
    return _spell(Jwe({}, protected, tuple(wraps), iv, sealed))


def read_jwe(
    text: str, typ: str, hashes: Sequence[str], *, limit_bytes: int, where: str
) -> Jwe | Problem:
    """Read a JWE of the one allowed form.

    Args:
        text: The JSON text as received.
        typ: The type that the protected header must have.
        hashes: The header's further members, each 32 bytes as b64u.
        limit_bytes: The greatest size of the text.
        where: The place that a problem names.

    """
    data = text.encode("utf-8", "surrogatepass")  # a lone surrogate becomes what is no UTF-8
    value = parse_json(data, limit_bytes=limit_bytes, where=where)
    if isinstance(value, Problem):
        return value
    refused = Problem(Code.CONTENT_FORM, where)
    members = members_of(value, ("protected", "recipients", "iv", "ciphertext", "tag"))
    if members is None:
        return refused
    header = _read_header(members[0], typ, hashes)
    wraps = _read_wraps(members[1])
    iv = parse_b64u(members[2], size_bytes=IV_BYTES)
    ciphertext = parse_b64u(members[3])
    tag = parse_b64u(members[4], size_bytes=_TAG_BYTES)
    if header is None or wraps is None or isinstance(iv, Problem) or isinstance(tag, Problem):
        return refused
    if isinstance(ciphertext, Problem) or len(ciphertext) != bucket_bytes(len(ciphertext)):
        return refused
    jwe = Jwe(header, str(members[0]), wraps, iv, ciphertext + tag)
    return jwe if _spell(jwe) == text else Problem(Code.MESSAGE_MALFORMED, where)


def unwrap_cek(jwe: Jwe, key: OpeningKey, context: bytes, where: str) -> bytes | Problem:
    """Open the content key with the wrap that names our key."""
    wrap = next((wrap for wrap in jwe.wraps if wrap.kid == key.kid), None)
    if wrap is None:
        return Problem(Code.CONTENT_RECIPIENT, where)
    cek = key.unwrap(wrap.encapsulated, wrap.encrypted_key, _info(context, key.kid))
    if isinstance(cek, Problem) or len(cek) != CEK_BYTES:
        return Problem(Code.CONTENT_CANNOT_OPEN, where)
    return cek


def decrypt_jwe(jwe: Jwe, cek: bytes, where: str) -> bytes | Problem:
    """Open the body with its content key, and take the padding off."""
    try:
        padded = AESGCM(cek).decrypt(jwe.iv, jwe.sealed, jwe.protected.encode("ascii"))
    except InvalidTag:
        return Problem(Code.CONTENT_CANNOT_OPEN, where)
    return unpad(padded, where)


def _spell(jwe: Jwe) -> str:
    """Spell a JWE. All of it is base64url, which needs no escape: cheaper than a JSON writer."""
    wraps = ",".join(
        f'{{"header":{{"alg":"{_ALG}","kid":"{wrap.kid}","ek":"{b64u(wrap.encapsulated)}"}},'
        f'"encrypted_key":"{b64u(wrap.encrypted_key)}"}}'
        for wrap in jwe.wraps
    )
    return (
        f'{{"protected":"{jwe.protected}","recipients":[{wraps}],"iv":"{b64u(jwe.iv)}",'
        f'"ciphertext":"{b64u(jwe.sealed[:-_TAG_BYTES])}","tag":"{b64u(jwe.sealed[-_TAG_BYTES:])}"}}'
    )


def _info(context: bytes, kid: Kid) -> bytes:
    """The draft's Recipient_structure: domain, content encryption, then what is ours, and the kid."""
    return b"JOSE-HPKE rcpt\xff" + _ENC.encode("ascii") + b"\xff" + context + kid.encode("ascii")


def _read_header(value: JsonValue, typ: str, hashes: Sequence[str]) -> Mapping[str, str] | None:
    """Read the protected header; None when it is any other than the one expected."""
    raw = parse_b64u(value)
    if isinstance(raw, Problem):
        return None
    header = parse_canonical_json(raw, limit_bytes=_MAX_HEADER_BYTES)
    if isinstance(header, Problem):
        return None
    members = members_of(header, ("enc", "typ", *hashes))
    if members is None or members[:2] != [_ENC, typ]:
        return None
    texts = [text for text in members[2:] if isinstance(text, str) and is_b64u(text, 32)]
    if len(texts) != len(hashes):
        return None
    return {"enc": _ENC, "typ": typ, **dict(zip(hashes, texts, strict=True))}


def _read_wraps(value: JsonValue) -> tuple[Wrap, ...] | None:
    """Read the recipients; None when one is not HPKE-9-KE, has another size, or stands twice."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_RECIPIENTS:
        return None
    found = tuple(wrap for wrap in map(_read_wrap, value) if wrap is not None)
    if len(found) != len(value) or len({wrap.kid for wrap in found}) != len(found):
        return None
    return found


def _read_wrap(entry: JsonValue) -> Wrap | None:
    """Read one recipient."""
    outer = members_of(entry, ("header", "encrypted_key"))
    header = members_of(outer[0], ("alg", "kid", "ek")) if outer is not None else None
    if outer is None or header is None or header[0] != _ALG:
        return None
    kid = header[1]
    encapsulated = parse_b64u(header[2], size_bytes=ENCAPSULATED_BYTES)
    encrypted_key = parse_b64u(outer[1], size_bytes=_ENCRYPTED_KEY_BYTES)
    if isinstance(encapsulated, Problem) or isinstance(encrypted_key, Problem):
        return None
    if not isinstance(kid, str) or not is_b64u(kid, 32):
        return None
    return Wrap(kid, encapsulated, encrypted_key)
