"""One seed in a file, under a passphrase: 124 bytes.

::

    header(48, authenticated) ‖ salt(16) ‖ nonce(12) ‖ AES-256-GCM(Argon2id(passphrase), seed)(48)
    header = "dovetail/1 key" NUL NUL ‖ algorithm, NUL-filled(16) ‖ memory KiB ‖ passes ‖ lanes ‖ 0

The numbers are 32-bit, big-endian. They are fixed: a file that says otherwise is refused, so a
weakened file cannot be slipped in. PKCS#8 is not used because its "best available" encryption is
PBKDF2 with 2,048 rounds (envelope.md 4).
"""

import struct
from typing import Final, Literal, TypeAlias, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from schemas.keys import SEED_BYTES
from schemas.problems import Code, Problem

__all__ = ["KEY_FILE_BYTES", "NONCE_BYTES", "SALT_BYTES", "SeedKind", "open_seed", "seal_seed"]

SeedKind: TypeAlias = Literal["Ed25519", "ML-DSA-65", "ML-DSA-44", "HPKE-9-KE"]

KEY_FILE_BYTES: Final = 124
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
_MAGIC: Final = b"dovetail/1 key"
_HEADER: Final = struct.Struct(">16s16s4I")
# RFC 9106 section 4, second recommendation, with one lane: 64 MiB, three passes, about 0.15 s.
_MEMORY_KIB: Final = 64 * 1024
_PASSES: Final = 3
_LANES: Final = 1


def seal_seed(kind: SeedKind, seed: bytes, passphrase: bytes, salt: bytes, nonce: bytes) -> bytes:
    """Encrypt a seed for a file.

    Args:
        kind: What the seed is for; authenticated, so a file cannot pass for another kind.
        seed: 32 bytes.
        passphrase: What a person types or an operator's secret store holds; UTF-8, not empty.
        salt: 16 random bytes, new for each file.
        nonce: 12 random bytes, new for each file.

    Raises:
        ValueError: An argument has the wrong size.

    """
    if (len(seed), len(salt), len(nonce)) != (SEED_BYTES, SALT_BYTES, NONCE_BYTES):
        raise ValueError("seed, salt and nonce have 32, 16 and 12 bytes")
    if not passphrase:
        raise ValueError("an empty passphrase protects nothing")
    header = _header(kind)
    sealed = AESGCM(_derive(passphrase, salt)).encrypt(nonce, seed, header)
    return header + salt + nonce + sealed


def open_seed(data: bytes, passphrase: bytes) -> tuple[SeedKind, bytes] | Problem:
    """Decrypt a key file.

    Returns:
        What the seed is for, and its 32 bytes; or one problem, whether the file is damaged, is
        no key file, or the passphrase is wrong.

    """
    refused = Problem(Code.KEY_FILE_UNREADABLE)
    kind = next((k for k in get_args(SeedKind) if data.startswith(_header(k))), None)
    if kind is None or len(data) != KEY_FILE_BYTES:
        return refused
    header, salt = data[: _HEADER.size], data[_HEADER.size : _HEADER.size + SALT_BYTES]
    nonce_at = _HEADER.size + SALT_BYTES
    nonce, sealed = data[nonce_at : nonce_at + NONCE_BYTES], data[nonce_at + NONCE_BYTES :]
    try:
        return kind, AESGCM(_derive(passphrase, salt)).decrypt(nonce, sealed, header)
    except InvalidTag:
        return refused


def _header(kind: SeedKind) -> bytes:
    """Spell the 48 bytes that say what the file is."""
    return _HEADER.pack(_MAGIC, kind.encode("ascii"), _MEMORY_KIB, _PASSES, _LANES, 0)


def _derive(passphrase: bytes, salt: bytes) -> bytes:
    """Turn a passphrase into a key, slowly and with much memory."""
    return Argon2id(
        salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB
    ).derive(passphrase)
