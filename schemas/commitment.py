"""What binds values to a manifest without showing them: key commitment, salts, digests, proofs.

AES-GCM alone commits to nothing: one ciphertext can open under two keys to two texts. The key
commitment allows one key, the digests allow one text. Salts are derived, not chosen, because
chosen ones would carry 32 bytes past the policy for each field (envelope.md 2.2).
"""

import hashlib
import hmac
from typing import Final

from schemas.encoding import JsonValue, b64u, dump_json
from schemas.identifiers import FieldName, Hash

__all__ = [
    "CEK_BYTES",
    "commits_to",
    "disclosure",
    "disclosure_digest",
    "key_commitment",
    "open_proof",
    "salt",
    "salt_key",
    "sha256_text",
]

CEK_BYTES: Final = 32


def sha256_text(data: bytes) -> Hash:
    """SHA-256 as the wire spells it."""
    return b64u(hashlib.sha256(data).digest())


def key_commitment(cek: bytes) -> Hash:
    """KC: commits to the content key without telling it."""
    return b64u(_hmac(cek, b"dovetail/1 key-commit"))


def commits_to(commitment: Hash, cek: bytes) -> bool:
    """Tell whether a commitment is to this content key, in constant time.

    HMAC fills short keys with zeros, so 32 bytes and the same with a zero behind have one
    commitment: only 32 bytes are a key.
    """
    return len(cek) == CEK_BYTES and hmac.compare_digest(key_commitment(cek), commitment)


def open_proof(cek: bytes, payload_digest: bytes) -> Hash:
    """What only somebody who opened the message (or sealed it) can say.

    Args:
        cek: The content key.
        payload_digest: SHA-256(P), 32 bytes.

    """
    return b64u(_hmac(cek, b"dovetail/1 opened" + payload_digest))


def salt_key(cek: bytes) -> bytes:
    """Derive the key of which all salts of a message are made."""
    return _hmac(cek, b"dovetail/1 salts")


def salt(key: bytes, name: FieldName) -> str:
    """Derive the salt of a field, as it stands in the disclosure."""
    return b64u(_hmac(key, name.encode("ascii")))


def disclosure(key: bytes, name: FieldName, value: JsonValue) -> bytes:
    """Spell the disclosure of a field: ``["<salt>",<value>]``."""
    return dump_json([salt(key, name), value])


def disclosure_digest(line: bytes) -> Hash:
    """D: the digest of a disclosure, which the manifest declares (RFC 9901, 4.2.3)."""
    return b64u(hashlib.sha256(b64u(line).encode("ascii")).digest())


def _hmac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256."""
    return hmac.digest(key, message, "sha256")
