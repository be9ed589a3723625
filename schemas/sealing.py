"""Seal and open messages, and prove what a sender did.

``seal`` makes an envelope, ``open_content`` steps 7 to 11 of protocol 2.4, ``arbiter`` lets a
third party that has no private key judge a claim of smuggling from the manifest, the content and
the content key that the recipient reveals.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from schemas.commitment import commits_to, key_commitment, open_proof, sha256_text
from schemas.content import body_of, digests_of, read_body
from schemas.encoding import JsonValue, dump_json
from schemas.envelope import (
    CONTENT_TYP,
    MANIFEST_TYP,
    MAX_ENVELOPE_BYTES,
    SealedContent,
    SignedManifest,
    Verified,
    dump_envelope,
    read_content,
    read_manifest,
    verify,
)
from schemas.identifiers import AgencyUrn, FieldName, Hash
from schemas.jwe import decrypt_jwe, seal_jwe, unwrap_cek
from schemas.jws import sign_jws
from schemas.keys import MessageSigner, OpeningKey, SealingKey, VerifyingKey
from schemas.manifest import parse_claims
from schemas.problems import Code, Problem

__all__ = [
    "Finding",
    "Opened",
    "Sealed",
    "Verdict",
    "arbiter",
    "content_key",
    "open_content",
    "open_with_key",
    "seal",
]

_CONTEXT: Final = b"dovetail/1\x00"

Verdict: TypeAlias = Literal["proven", "no_finding", "wrong_key", "not_this_content", "not_signed"]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope just made.

    Attributes:
        envelope: What goes on the bus.
        signed: Its manifest, for the sender's own books.
        h: SHA-256(P): the next message's ``prev``, an answer's ``req.h``.

    """

    envelope: bytes = field(repr=False)
    signed: SignedManifest
    h: Hash


@dataclass(frozen=True, slots=True)
class Opened:
    """A content opened and found to hold exactly what its manifest declares.

    Attributes:
        fields: Every declared field and its value; not yet held against the catalogue.
        proof: The ``open`` member of the receipt, which only an opener can make.

    """

    fields: Mapping[FieldName, JsonValue] = field(repr=False)
    proof: Hash


@dataclass(frozen=True, slots=True)
class Finding:
    """What an arbiter finds.

    Attributes:
        verdict: ``proven``: the sender signed a content that breaks the protocol · ``no_finding``:
            the content is as declared · ``wrong_key``: the claimant's key is not the one that the
            sender committed to · ``not_this_content``: not what the sender signed ·
            ``not_signed``: the manifest is not the sender's.
        problem: What is proven, or why nothing can be.
        against: Whom it is proven against.

    """

    verdict: Verdict
    problem: Problem | None = None
    against: AgencyUrn | None = None


def seal(
    claims: Mapping[str, JsonValue],
    fields: Mapping[FieldName, JsonValue],
    signer: MessageSigner,
    recipients: Sequence[SealingKey],
    *,
    cek: bytes,
    iv: bytes,
) -> Sealed | Problem:
    """Seal one message.

    Args:
        claims: Every claim but ``_sd_alg`` and ``f``, which are made here.
        fields: The body: field id to JSON value, in the order in which ``f`` shall list them.
        signer: Both keys of ``iss``.
        recipients: The recipient's current ``enc`` key, or around a rotation its two.
        cek: 32 random bytes, used for this message alone.
        iv: 12 random bytes.

    Returns:
        The envelope; or the problem that a reader would have with these claims or this size.

    Raises:
        ValueError: Keys or sizes that no message can have: a fault of ours.

    """
    digests = digests_of(cek, fields)
    hidden: dict[str, JsonValue] = {name: [{"...": digest}] for name, digest in digests.items()}
    payload = dump_json({**claims, "_sd_alg": "sha-256", "f": hidden})
    manifest = parse_claims(payload)
    if isinstance(manifest, Problem):
        return manifest
    body = body_of(cek, fields)
    readable = read_body(body, cek, digests)  # what we would refuse we do not send
    if isinstance(readable, Problem):
        return readable
    h = sha256_text(payload)
    content = seal_jwe(
        (("typ", CONTENT_TYP), ("ctx", h)),
        body,
        recipients,
        context=_context(payload),
        cek=cek,
        iv=iv,
    )
    commitments = (("ch", sha256_text(content.encode())), ("kc", key_commitment(cek)))
    keys = (signer.ed25519, signer.ml_dsa_65)
    signed = read_manifest(sign_jws(payload, MANIFEST_TYP, keys, commitments))
    if isinstance(signed, Problem):
        return signed
    envelope = dump_envelope(signed.text, content)
    if len(envelope) > MAX_ENVELOPE_BYTES:
        return Problem(Code.MESSAGE_TOO_LARGE, "envelope")
    return Sealed(envelope, signed, h)


def content_key(verified: Verified, content: SealedContent, key: OpeningKey) -> bytes | Problem:
    """Open the content key, and hold it against the sender's commitment (steps 7 and 8).

    The key is evidence: whoever finds undeclared bytes reveals it, and anybody can check.
    """
    cek = unwrap_cek(content.jwe, key, _context(verified.signed.payload), "content")
    if isinstance(cek, Problem):
        return cek
    if not commits_to(verified.signed.key_commitment, cek):
        return Problem(Code.CONTENT_KEY_COMMITMENT, "content")
    return cek


def open_with_key(verified: Verified, content: SealedContent, cek: bytes) -> Opened | Problem:
    """Open a content with its key: decrypt, padding, disclosures (steps 9 to 11)."""
    body = decrypt_jwe(content.jwe, cek, "content")
    if isinstance(body, Problem):
        return body
    fields = read_body(body, cek, verified.manifest.digests)
    if isinstance(fields, Problem):
        return fields
    return Opened(fields, open_proof(cek, verified.signed.digest))


def open_content(verified: Verified, content: SealedContent, key: OpeningKey) -> Opened | Problem:
    """Open a content with our own key: steps 7 to 11 of protocol 2.4.

    Whoever wants the evidence when it fails calls ``content_key`` and ``open_with_key``.
    """
    cek = content_key(verified, content, key)
    if isinstance(cek, Problem):
        return cek
    return open_with_key(verified, content, cek)


def arbiter(
    manifest: str, content: str, cek: bytes, ed25519: VerifyingKey, ml_dsa_65: VerifyingKey
) -> Finding:
    """Judge whether a sender signed a content that breaks the protocol. No private key is needed.

    Args:
        manifest: The manifest's exact text.
        content: The content's exact text.
        cek: The content key that the recipient reveals.
        ed25519: The sender's keys, as the directory gave them when the message came.
        ml_dsa_65: The other one.

    """
    signed = read_manifest(manifest)
    if isinstance(signed, Problem):
        return Finding("not_signed", signed)
    verified = verify(signed, ed25519, ml_dsa_65)
    if isinstance(verified, Problem):
        return Finding("not_signed", verified)
    return _judge(verified, content, cek)


def _judge(verified: Verified, content: str, cek: bytes) -> Finding:
    """Judge a content under a manifest that is the sender's."""
    against = verified.manifest.iss
    sealed = read_content(verified.signed, content)
    if isinstance(sealed, Problem):
        if sealed.code is Code.CONTENT_HASH:
            return Finding("not_this_content", sealed)
        return Finding("proven", sealed, against)
    if not commits_to(verified.signed.key_commitment, cek):
        return Finding("wrong_key", Problem(Code.CONTENT_KEY_COMMITMENT, "content"))
    opened = open_with_key(verified, sealed, cek)
    if isinstance(opened, Problem):
        return Finding("proven", opened, against)
    return Finding("no_finding")


def _context(payload: bytes) -> bytes:
    """What HPKE binds a content to: this protocol, and every claim."""
    return _CONTEXT + hashlib.sha256(payload).digest()
