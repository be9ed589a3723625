"""Manifest and content together: what a sender puts on the bus, read without any private key.

The order is ``docs/protocol.md`` 2.4: read the form, verify both signatures, only then believe a
claim. The three steps are three types, so that a claim cannot be used before its signature held:

* ``SignedManifest``, ``SealedContent``, ``Envelope``: the form holds, nobody is believed;
* ``Verified``: both signatures hold, and the claims are read.

Whether a key is the sender's, and valid then and now, is the directory's to say.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from schemas.commitment import sha256_text
from schemas.encoding import dump_json, members_of, parse_json
from schemas.identifiers import Hash, Kid, message_id
from schemas.jwe import Jwe, read_jwe
from schemas.jws import Jws, read_jws, verify_jws
from schemas.keys import SignatureAlgorithm, VerifyingKey
from schemas.manifest import MAX_MANIFEST_BYTES, Manifest, parse_claims
from schemas.problems import Code, Problem

__all__ = [
    "MAX_CONTENT_KEYS",
    "MAX_ENVELOPE_BYTES",
    "VERSION",
    "Envelope",
    "SealedContent",
    "SignedManifest",
    "Verified",
    "check_content",
    "dump_envelope",
    "envelope_id",
    "read_content",
    "read_envelope",
    "read_manifest",
    "verify",
]

VERSION: Final = 1
MAX_ENVELOPE_BYTES: Final = 400 * 1024  # design 10.15
MAX_CONTENT_KEYS: Final = 4  # one agency's keys around a rotation
MANIFEST_TYP: Final = "dovetail-manifest+sd-jwt"
CONTENT_TYP: Final = "dovetail-content"
ALGORITHMS: Final[tuple[SignatureAlgorithm, SignatureAlgorithm]] = ("Ed25519", "ML-DSA-65")


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest whose form holds. Nothing in it may be believed yet.

    Attributes:
        text: The JSON text as received.
        payload: P, the bytes under the signatures.
        digest: SHA-256(P), 32 bytes.
        content_hash: CH, which the content must have.
        key_commitment: KC, which the content key must have.
        kids: The Ed25519 and the ML-DSA-65 key that it names.
        signature_hashes: SHA-256 of each signature, for receipts.

    """

    text: str = field(repr=False)
    payload: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    content_hash: Hash
    key_commitment: Hash
    kids: tuple[Kid, Kid]
    signature_hashes: tuple[Hash, Hash]
    jws: Jws = field(repr=False)

    @property
    def h(self) -> Hash:
        """SHA-256(P) as the wire spells it."""
        return sha256_text(self.payload)


@dataclass(frozen=True, slots=True)
class SealedContent:
    """The content that a manifest's signatures name, its form held; opened by nobody yet."""

    text: str = field(repr=False)
    jwe: Jwe = field(repr=False)

    @property
    def kids(self) -> tuple[Kid, ...]:
        """The keys that it is sealed to."""
        return self.jwe.kids

    @property
    def padded_bytes(self) -> int:
        """How large the padded body is: all that can be seen of its size."""
        return self.jwe.padded_bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope whose form holds and whose content is the one that the manifest names.

    Attributes:
        id: The message id: hex SHA-256 of the bytes as received.

    """

    id: str
    signed: SignedManifest
    content: SealedContent


@dataclass(frozen=True, slots=True)
class Verified:
    """A manifest whose two signatures hold, with its claims."""

    manifest: Manifest
    signed: SignedManifest


def envelope_id(data: bytes) -> str:
    """Name a message by its bytes; for anything that came, well-formed or not."""
    return message_id(hashlib.sha256(data).digest())


def read_envelope(data: bytes) -> Envelope | Problem:
    """Read an envelope: everything that needs no key.

    Args:
        data: The bytes as received.

    Returns:
        The envelope, or exactly one problem: nothing is believed yet, so nothing more is said.

    """
    texts = _texts(data)
    if isinstance(texts, Problem):
        return texts
    signed = read_manifest(texts[0])
    if isinstance(signed, Problem):
        return signed
    sealed = read_content(signed, texts[1])
    if isinstance(sealed, Problem):
        return sealed
    return Envelope(envelope_id(data), signed, sealed)


def dump_envelope(manifest: str, content: str) -> bytes:
    """Put the two texts together."""
    if not (_is_plain(manifest) and _is_plain(content)):
        return dump_json({"v": VERSION, "manifest": manifest, "content": content})
    # As a JSON writer would, in a fifth of its time: only the quotation marks need an escape.
    first, second = manifest.replace('"', '\\"'), content.replace('"', '\\"')
    return f'{{"v":{VERSION},"manifest":"{first}","content":"{second}"}}'.encode("ascii")


def read_manifest(text: str) -> SignedManifest | Problem:
    """Read a manifest's form, alone as a recipient first gets it: two signatures, one CH, one KC."""
    jws = read_jws(
        text,
        MANIFEST_TYP,
        ALGORITHMS,
        limit_bytes=MAX_MANIFEST_BYTES,
        where="manifest",
        extra=("ch", "kc"),
    )
    if isinstance(jws, Problem):
        return jws
    first, second = jws.signatures
    if first.extra != second.extra:
        return Problem(Code.MESSAGE_MALFORMED, "manifest")
    content_hash, commitment = first.extra
    return SignedManifest(
        text=text,
        payload=jws.payload,
        digest=hashlib.sha256(jws.payload).digest(),
        content_hash=content_hash,
        key_commitment=commitment,
        kids=(first.kid, second.kid),
        signature_hashes=(sha256_text(first.value), sha256_text(second.value)),
        jws=jws,
    )


def verify(
    signed: SignedManifest, ed25519: VerifyingKey, ml_dsa_65: VerifyingKey
) -> Verified | Problem:
    """Verify both signatures, then read the claims.

    Args:
        signed: From ``read_manifest`` or ``read_envelope``.
        ed25519: The directory's key for ``signed.kids[0]``.
        ml_dsa_65: The directory's key for ``signed.kids[1]``.

    Returns:
        The claims, signed; or one problem. The caller still has to see that ``iss`` owns both
        keys, that they were valid, and everything that policy asks.

    """
    problem = verify_jws(signed.jws, (ed25519, ml_dsa_65), "manifest")
    if problem is not None:
        return problem
    manifest = parse_claims(signed.payload)
    if isinstance(manifest, Problem):
        return manifest
    return Verified(manifest, signed)


def read_content(signed: SignedManifest, text: str) -> SealedContent | Problem:
    """Read a content's form; it must be the very text whose hash the sender signed."""
    data = text.encode("utf-8", "surrogatepass")
    if sha256_text(data) != signed.content_hash:
        return Problem(Code.CONTENT_HASH, "content")
    jwe = read_jwe(text, CONTENT_TYP, ("ctx",), limit_bytes=MAX_ENVELOPE_BYTES, where="content")
    if isinstance(jwe, Problem):
        return jwe
    if jwe.header["ctx"] != signed.h or len(jwe.wraps) > MAX_CONTENT_KEYS:
        return Problem(Code.CONTENT_FORM, "content")
    return SealedContent(text, jwe)


def check_content(content: SealedContent, allowed_kids: Collection[Kid]) -> Problem | None:
    """Check that a content is sealed to keys of the recipient alone.

    Args:
        content: From ``read_envelope`` or ``read_content``.
        allowed_kids: The recipient's ``enc`` keys that hold, from the directory.

    Returns:
        None, or the problem that it is sealed to any other key.

    """
    if not set(content.kids) <= set(allowed_kids):
        return Problem(Code.CONTENT_RECIPIENT, "content")
    return None


def _is_plain(text: str) -> bool:
    """Tell whether nothing but a quotation mark in a text would need an escape."""
    return text.isascii() and text.isprintable() and "\\" not in text


def _texts(data: bytes) -> tuple[str, str] | Problem:
    """Take manifest and content out of an envelope."""
    value = parse_json(data, limit_bytes=MAX_ENVELOPE_BYTES, where="envelope")
    if isinstance(value, Problem):
        return value
    if isinstance(value, dict) and "v" in value and dump_json(value["v"]) != b"1":
        return Problem(Code.MESSAGE_UNKNOWN_VERSION, "envelope.v")
    members = members_of(value, ("v", "manifest", "content"))
    if members is None or not isinstance(members[1], str) or not isinstance(members[2], str):
        return Problem(Code.MESSAGE_MALFORMED, "envelope")
    if dump_envelope(members[1], members[2]) != data:
        return Problem(Code.MESSAGE_MALFORMED, "envelope")
    return members[1], members[2]
