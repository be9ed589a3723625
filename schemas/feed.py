"""Feeds: how each agency gets the records that concern it, with its own unbroken numbering.

The entry says number, predecessor and place in the log, and is sealed to that agency alone, so
that nobody learns another's volume. The sealed record and its proof travel beside it (protocol
5.3). Numbers and hashes of predecessors let the agency prove that it has all of them.
"""

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.checkpoint import MAX_PROOF_BYTES, read_proof
from schemas.commitment import sha256_text
from schemas.encoding import b64u, dump_json, members_of, parse_canonical_json
from schemas.identifiers import Hash
from schemas.jwe import decrypt_jwe, read_jwe, seal_jwe, unwrap_cek
from schemas.keys import OpeningKey, SealingKey
from schemas.problems import Code, Problem
from schemas.record import MAX_RECORD_BYTES, commitment, leaf_data
from schemas.tree import leaf_hash

__all__ = [
    "MAX_FEED_BYTES",
    "FeedEntry",
    "FeedMessage",
    "check_follows",
    "first_entry",
    "next_entry",
    "open_feed",
    "record_leaf",
    "seal_feed",
]

_MAX_ENTRY_BYTES: Final = 16 * 1024
MAX_FEED_BYTES: Final = _MAX_ENTRY_BYTES + 2 * (MAX_RECORD_BYTES + MAX_PROOF_BYTES)
_TYP: Final = "dovetail-feed"
_CONTEXT: Final = b"dovetail/1 feed\x00"


class FeedEntry(BaseModel):
    """What only the agency reads.

    Attributes:
        n: Its number in this agency's feed, from 1.
        prev: SHA-256 of the feed message before; empty for the first.
        leaf: The leaf's hash.
        index: The leaf's place in the log, from 0.

    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    n: Annotated[int, Field(ge=1)]
    prev: Hash | Literal[""]
    leaf: Hash
    index: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class FeedMessage:
    """A feed message opened; its parts fit one another, its proof is not verified yet.

    Attributes:
        digest: SHA-256 of the message: the next one's ``prev``.
        record: The sealed record; ``record.open_record`` reads it.
        proof: The proof's text; ``checkpoint.verify_proof`` verifies it with the entry's leaf.

    """

    entry: FeedEntry
    digest: Hash
    record: str = field(repr=False)
    proof: str = field(repr=False)


def record_leaf(sealed_record: str) -> bytes:
    """The leaf hash of a sealed record."""
    return leaf_hash(leaf_data(commitment(sealed_record)))


def first_entry(sealed_record: str, index: int) -> FeedEntry:
    """The first entry of a feed."""
    return FeedEntry(n=1, prev="", leaf=b64u(record_leaf(sealed_record)), index=index)


def next_entry(number: int, message: bytes, sealed_record: str, index: int) -> FeedEntry:
    """The entry that follows one.

    Args:
        number: The number of the one before.
        message: Its exact bytes.
        sealed_record: What this one brings.
        index: Its leaf's place in the log.

    """
    leaf = b64u(record_leaf(sealed_record))
    return FeedEntry(n=number + 1, prev=sha256_text(message), leaf=leaf, index=index)


def seal_feed(
    entry: FeedEntry, sealed_record: str, proof: str, key: SealingKey, *, cek: bytes, iv: bytes
) -> bytes:
    """Make a feed message.

    Args:
        entry: From ``first_entry`` or ``next_entry``.
        sealed_record: The record's exact text.
        proof: That its leaf is in the log.
        key: The agency's current feed key.
        cek: 32 random bytes, used for this entry alone and forgotten afterwards.
        iv: 12 random bytes.

    """
    clear = dump_json(entry.model_dump(mode="json")) + b"\n"
    sealed = seal_jwe((("typ", _TYP),), clear, (key,), context=_CONTEXT, cek=cek, iv=iv)
    return dump_json({"v": 1, "entry": sealed, "record": sealed_record, "proof": proof})


def open_feed(data: bytes, key: OpeningKey) -> FeedMessage | Problem:
    """Open a feed message with the agency's feed key.

    Returns:
        The entry and what it brings, when the entry's leaf is that of the record beside it and
        its index that of the proof; or one problem.

    """
    value = parse_canonical_json(data, limit_bytes=MAX_FEED_BYTES, where="feed")
    if isinstance(value, Problem):
        return value
    members = members_of(value, ("v", "entry", "record", "proof"))
    texts = [text for text in members[1:] if isinstance(text, str)] if members else []
    if not members or dump_json(members[0]) != b"1" or len(texts) != 3:
        return Problem(Code.MESSAGE_MALFORMED, "feed")
    sealed_entry, sealed_record, proof = texts
    entry = _open_entry(sealed_entry, key)
    if isinstance(entry, Problem):
        return entry
    parsed = read_proof(proof)
    if isinstance(parsed, Problem):
        return parsed
    if parsed.index != entry.index or b64u(record_leaf(sealed_record)) != entry.leaf:
        return Problem(Code.LOG_PROOF, "feed")
    return FeedMessage(entry, sha256_text(data), sealed_record, proof)


def check_follows(message: FeedMessage, before: FeedMessage | None) -> Problem | None:
    """Check that nothing is missing between two messages of a feed; None before the first."""
    number, digest = (0, "") if before is None else (before.entry.n, before.digest)
    if (message.entry.n, message.entry.prev) != (number + 1, digest):
        return Problem(Code.FEED_GAP, "feed")
    return None


def _open_entry(sealed: str, key: OpeningKey) -> FeedEntry | Problem:
    """Open the entry."""
    jwe = read_jwe(sealed, _TYP, (), limit_bytes=_MAX_ENTRY_BYTES, where="feed")
    if isinstance(jwe, Problem):
        return jwe
    if len(jwe.wraps) != 1:
        return Problem(Code.CONTENT_FORM, "feed")
    cek = unwrap_cek(jwe, key, _CONTEXT, "feed")
    if isinstance(cek, Problem):
        return cek
    clear = decrypt_jwe(jwe, cek, "feed")
    if isinstance(clear, Problem):
        return clear
    line = clear.removesuffix(b"\n")
    value = parse_canonical_json(line, limit_bytes=_MAX_ENTRY_BYTES, where="feed")
    if isinstance(value, Problem):
        return value
    try:
        return FeedEntry.model_validate_json(line)
    except ValidationError:
        return Problem(Code.MESSAGE_MALFORMED, "feed")
