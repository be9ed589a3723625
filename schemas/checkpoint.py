"""The log's signed root, and proofs that stand by themselves: C2SP's text formats.

A checkpoint (tlog-checkpoint) is a signed note (signed-note) of three lines. The log signs it
twice: Ed25519 over the note (type 0x01), and ML-DSA-44 over the tree head with a time (type 0x06,
tlog-cosignature), which is also how witnesses sign. A proof (tlog-proof) is a leaf's index, its
path and a checkpoint in one text that can be kept for decades and checked offline.
"""

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from schemas.keys import SIGNATURE_BYTES, LogSigner, SigningKey, VerifyingKey
from schemas.problems import Code, Problem
from schemas.tree import HASH_BYTES, verify_inclusion

__all__ = [
    "MAX_CHECKPOINT_BYTES",
    "MAX_PROOF_BYTES",
    "Checkpoint",
    "Cosignature",
    "Proof",
    "SignedCheckpoint",
    "cosign",
    "key_id",
    "proof_text",
    "read_proof",
    "sign_checkpoint",
    "verify_checkpoint",
    "verify_cosignature",
    "verify_proof",
    "with_cosignature",
]

MAX_SIGNATURES: Final = 18  # the log's two and sixteen more, which C2SP asks readers to take
MAX_CHECKPOINT_BYTES: Final = 80 * 1024
MAX_PROOF_BYTES: Final = MAX_CHECKPOINT_BYTES + 8 * 1024
MAX_PATH: Final = 63  # a tree that no machine can hold
_MAX_SIZE: Final = 2**53 - 1

_ED25519_TYPE: Final = 0x01
_ML_DSA_44_TYPE: Final = 0x06
_NAME: Final = re.compile(r"[a-z0-9./-]{1,120}", re.ASCII)
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_DASH: Final = "\N{EM DASH}"
_PROOF_HEAD: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log states: its name, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The note's text."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A line that is not the log's own; believed only by whoever knows its key.

    Attributes:
        name: Whose it says it is.
        key_id: Four bytes that name the key.
        value: What follows: for ML-DSA-44 eight bytes of time and the signature.

    """

    name: str
    key_id: bytes
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint that the log signed with both keys.

    Attributes:
        text: The whole note as received.
        at: When the log says that it signed, to the second.
        others: Every further line.

    """

    checkpoint: Checkpoint
    at: datetime
    text: str = field(repr=False)
    others: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as read: nothing in it is verified."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str = field(repr=False)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Name a key by four bytes: SHA-256(name ‖ LF ‖ type ‖ key), shortened (signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def sign_checkpoint(checkpoint: Checkpoint, signer: LogSigner, at: datetime) -> str:
    """Sign a checkpoint as the log.

    The caller must never sign two that contradict one another: see ``Tree``.

    Raises:
        ValueError: Name, size, root or time cannot stand in a checkpoint.

    """
    _hold(checkpoint)
    origin = checkpoint.origin
    first = signer.ed25519
    named = key_id(origin, _ED25519_TYPE, first.public.public_bytes)
    line = _line(origin, named + first.sign(checkpoint.body.encode()))
    return f"{checkpoint.body}\n{line}{cosign(checkpoint, origin, signer.ml_dsa_44, at)}"


def cosign(checkpoint: Checkpoint, name: str, key: SigningKey, at: datetime) -> str:
    """Sign a tree head as a cosigner, and give the line (tlog-cosignature, ML-DSA-44).

    Args:
        checkpoint: What was verified to be consistent with all that was signed before.
        name: The cosigner's own name, such as ``dpo.northshire.example``.
        key: Its ML-DSA-44 key.
        at: When; the second counts.

    Raises:
        ValueError: The key is of another kind, or name or time cannot stand in a line.

    """
    _hold(checkpoint)
    seconds = int(at.timestamp())
    if key.alg != "ML-DSA-44" or not _NAME.fullmatch(name) or seconds < 0:
        raise ValueError("a cosigner has a name, an ML-DSA-44 key and a time since 1970")
    named = key_id(name, _ML_DSA_44_TYPE, key.public.public_bytes)
    signature = key.sign(_tree_head(checkpoint, name, seconds))
    return _line(name, named + struct.pack(">Q", seconds) + signature)


def with_cosignature(text: str, line: str) -> str:
    """Add a cosigner's line to a checkpoint; whoever reads it verifies it."""
    return text + line


def verify_checkpoint(
    text: str, origin: str, ed25519: VerifyingKey, ml_dsa_44: VerifyingKey
) -> SignedCheckpoint | Problem:
    """Verify that the log signed a checkpoint with both of its keys.

    Args:
        text: The note as received.
        origin: The log's name, from the directory.
        ed25519: Its keys, from the directory.
        ml_dsa_44: The other one.

    Returns:
        The checkpoint, or one problem: malformed, another log's, or a signature that is
        missing, doubled or does not hold.

    """
    refused = Problem(Code.LOG_CHECKPOINT, "checkpoint")
    found = _read_note(text)
    if found is None or found[0].origin != origin:
        return refused
    checkpoint, lines = found
    if (ed25519.alg, ml_dsa_44.alg) != ("Ed25519", "ML-DSA-44"):
        return refused
    first = _only(lines, origin, key_id(origin, _ED25519_TYPE, ed25519.public_bytes))
    second = _only(lines, origin, key_id(origin, _ML_DSA_44_TYPE, ml_dsa_44.public_bytes))
    if first is None or not ed25519.verifies(first.value, checkpoint.body.encode()):
        return refused
    at = None if second is None else verify_cosignature(checkpoint, second, ml_dsa_44)
    if not isinstance(at, datetime):
        return refused
    others = tuple(line for line in lines if line not in {first, second})
    return SignedCheckpoint(checkpoint, at, text, others)


def verify_cosignature(
    checkpoint: Checkpoint, line: Cosignature, key: VerifyingKey
) -> datetime | Problem:
    """Verify one cosigner's line, and tell when it says that it signed.

    Args:
        checkpoint: From ``verify_checkpoint``.
        line: One of ``others``.
        key: The ML-DSA-44 key that the policy lists for ``line.name``.

    """
    refused = Problem(Code.LOG_CHECKPOINT, "checkpoint")
    size_bytes = 8 + SIGNATURE_BYTES["ML-DSA-44"]
    if key.alg != "ML-DSA-44" or len(line.value) != size_bytes:
        return refused
    (seconds,) = struct.unpack(">Q", line.value[:8])
    named = key_id(line.name, _ML_DSA_44_TYPE, key.public_bytes) == line.key_id
    message = _tree_head(checkpoint, line.name, seconds)
    if not named or not key.verifies(line.value[8:], message):
        return refused
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # a cosigner signed a year that none can show
        return refused


def proof_text(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """Put a proof together (tlog-proof); no extra data, which nothing would authenticate."""
    lines = [_PROOF_HEAD, f"index {index}", *(_b64(part) for part in path), "", checkpoint]
    return "\n".join(lines)


def read_proof(text: str) -> Proof | Problem:
    """Read a proof's form."""
    refused = Problem(Code.LOG_PROOF, "proof")
    if len(text) > MAX_PROOF_BYTES:
        return refused
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or len(lines) < 2 or lines[0] != _PROOF_HEAD or len(lines) > MAX_PATH + 2:
        return refused
    word, _, number = lines[1].partition(" ")
    path = tuple(part for part in map(_unb64, lines[2:]) if part is not None)
    if word != "index" or not _DECIMAL.fullmatch(number) or len(path) != len(lines) - 2:
        return refused
    return Proof(int(number), path, checkpoint)


def verify_proof(
    text: str, leaf: bytes, origin: str, ed25519: VerifyingKey, ml_dsa_44: VerifyingKey
) -> SignedCheckpoint | Problem:
    """Verify that a leaf is in the log that these keys sign.

    Args:
        text: The proof as kept.
        leaf: The leaf's hash, computed from the record by whoever asks.
        origin: The log's name, and its keys: from the directory.
        ed25519: As in ``verify_checkpoint``.
        ml_dsa_44: As in ``verify_checkpoint``.

    """
    proof = read_proof(text)
    if isinstance(proof, Problem):
        return proof
    signed = verify_checkpoint(proof.checkpoint, origin, ed25519, ml_dsa_44)
    if isinstance(signed, Problem):
        return signed
    head = signed.checkpoint
    problem = verify_inclusion(leaf, proof.index, head.size, proof.path, head.root)
    return signed if problem is None else problem


def _hold(checkpoint: Checkpoint) -> None:
    """Hold that a checkpoint can be spelled."""
    fits = _NAME.fullmatch(checkpoint.origin) and 0 <= checkpoint.size <= _MAX_SIZE
    if not fits or len(checkpoint.root) != HASH_BYTES:
        raise ValueError("not a checkpoint: origin, size or root does not fit")


def _tree_head(checkpoint: Checkpoint, name: str, seconds: int) -> bytes:
    """Spell what a cosigner signs: ``cosigned_message`` of tlog-cosignature, from leaf 0."""
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            b"subtree/v1\n\x00",
            bytes([len(cosigner)]),
            cosigner,
            struct.pack(">Q", seconds),
            bytes([len(origin)]),
            origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )


def _read_note(text: str) -> tuple[Checkpoint, tuple[Cosignature, ...]] | None:
    """Read a checkpoint of exactly three lines and its signature lines."""
    if len(text) > MAX_CHECKPOINT_BYTES or not text.endswith("\n"):
        return None
    body, gap, tail = text.partition("\n\n")
    lines = body.split("\n")
    if not gap or len(lines) != 3:
        return None
    origin, size, root = lines[0], lines[1], _unb64(lines[2])
    signed = tail.removesuffix("\n").split("\n")
    signatures = tuple(line for line in map(_read_line, signed) if line is not None)
    if not _NAME.fullmatch(origin) or not _DECIMAL.fullmatch(size) or root is None:
        return None
    if len(signatures) != len(signed) or len(signed) > MAX_SIGNATURES:
        return None
    return Checkpoint(origin, int(size), root), signatures


def _read_line(line: str) -> Cosignature | None:
    """Read one signature line."""
    match line.split(" "):
        case [dash, name, encoded] if dash == _DASH and _NAME.fullmatch(name):
            raw = _unb64(encoded, None)
            return None if raw is None or len(raw) < 5 else Cosignature(name, raw[:4], raw[4:])
        case _:
            return None


def _only(lines: Sequence[Cosignature], name: str, named: bytes) -> Cosignature | None:
    """Find the one line of a key; None when there is none or more than one."""
    found = [line for line in lines if (line.name, line.key_id) == (name, named)]
    return found[0] if len(found) == 1 else None


def _line(name: str, signature: bytes) -> str:
    """Spell a signature line."""
    return f"{_DASH} {name} {_b64(signature)}\n"


def _b64(data: bytes) -> str:
    """Spell bytes as these formats do: standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str, size_bytes: int | None = HASH_BYTES) -> bytes | None:
    """Read standard base64 in its one spelling; None for any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if _b64(data) != text or (size_bytes is not None and len(data) != size_bytes):
        return None
    return data
