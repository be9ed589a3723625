"""A seed in a file: 124 bytes that only the passphrase opens."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from schemas.key_file import KEY_FILE_BYTES, open_seed, seal_seed
from schemas.problems import Code, Problem

SEED, SALT, NONCE = bytes(range(32)), bytes(range(16)), bytes(range(12))
REFUSED = Problem(Code.KEY_FILE_UNREADABLE)
FILE = seal_seed("ML-DSA-65", SEED, b"correct horse", SALT, NONCE)


@pytest.mark.parametrize("kind", ["Ed25519", "ML-DSA-65", "ML-DSA-44", "HPKE-9-KE"])
def test_a_seed_comes_back(kind):
    """The passphrase gives the seed and what it is for."""
    data = seal_seed(kind, SEED, b"correct horse", SALT, NONCE)
    assert len(data) == KEY_FILE_BYTES
    assert open_seed(data, b"correct horse") == (kind, SEED)


def test_the_layout_is_as_published():
    """Byte for byte what the description says, computed beside it."""
    header = (
        b"dovetail/1 key\x00\x00"
        b"ML-DSA-65\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x01\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00"
    )
    key = Argon2id(salt=SALT, length=32, iterations=3, lanes=1, memory_cost=65536)
    sealed = AESGCM(key.derive(b"correct horse")).encrypt(NONCE, SEED, header)
    assert header + SALT + NONCE + sealed == FILE


@pytest.mark.parametrize("place", [0, 15, 16, 31, 34, 39, 43, 47, 48, 64, 76, 107, 108, 123])
def test_a_changed_byte_is_refused(place):
    """In every part: header, parameters, salt, nonce, seed, tag."""
    assert open_seed(_flipped(place), b"correct horse") == REFUSED


def _flipped(place):
    """The file with one bit changed."""
    data = bytearray(FILE)
    data[place] ^= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "passphrase"),
    [(FILE, b"wrong"), (FILE[:-1], b"correct horse"), (FILE + b"x", b"correct horse"),
     (b"", b""), (FILE[:48], b"correct horse")],
)  # fmt: skip
def test_what_cannot_be_opened(data, passphrase):
    """A wrong passphrase, a short or a long file: one problem, which says nothing more."""
    assert open_seed(data, passphrase) == REFUSED


@pytest.mark.parametrize(
    "args",
    [
        (SEED[:31], b"p", SALT, NONCE),
        (SEED, b"p", SALT[:15], NONCE),
        (SEED, b"p", SALT, NONCE + b"x"),
        (SEED, b"", SALT, NONCE),
    ],
)
def test_what_cannot_be_sealed(args):
    """Wrong sizes and an empty passphrase are faults of ours."""
    with pytest.raises(ValueError, match=r"bytes|nothing"):
        seal_seed("Ed25519", *args)
