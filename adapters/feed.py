"""The agency's own feed of the log: every record that concerns it, checked as it arrives.

Four things must hold before a record is kept as proven: it opens with our feed key, it follows the
one before (number and hash), its leaf is under a checkpoint that the log signed with both keys, and
its sealed bytes are the ones that the leaf commits to. What does not hold is kept out and raises an
alarm; the entry stays undelivered evidence at the broker's door, not a gap that nobody notices.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from adapters.edge import Edge
from adapters.mailbox import alarm
from adapters.store import FEED
from schemas.checkpoint import SignedCheckpoint, verify_proof
from schemas.directory_entry import OrganisationKind
from schemas.envelope import envelope_id, read_manifest
from schemas.feed import FeedMessage, open_feed, record_leaf
from schemas.keys import VerifyingKey, verifying_key
from schemas.manifest import parse_claims
from schemas.problems import Code, Problem
from schemas.receipt import read_receipt
from schemas.record import Record, open_record

__all__ = ["Kept", "kept_records", "log_keys", "take_entry", "verify_kept"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record in this agency's store.

    Attributes:
        n: Its number in the agency's feed, from 1.
        place_in_log: Leaf index, from 0.
        about: Id of the message, or empty.
        record: In clear.
        sealed: As logged.
        proof: tlog-proof text.

    """

    n: int
    place_in_log: int
    about: str
    record: Record
    sealed: str
    proof: str


def take_entry(edge: Edge, data: bytes, now: datetime) -> bool:
    """Check one feed message and keep it; False when it was kept before or does not hold."""
    with edge.store.change() as c:
        found = _opened(edge, data)
        if isinstance(found, Problem):
            alarm(c, f"feed.{found.code}", envelope_id(data), now)
            return False
        message, record = found
        last = _last(c)
        if message.entry.n <= last[0]:
            return False
        if (message.entry.n, message.entry.prev) != (last[0] + 1, last[1]):
            alarm(c, "feed.gap", str(message.entry.n), now)
            return False
        proven = verify_kept(edge, message.record, message.proof)
        if isinstance(proven, Problem):
            alarm(c, "feed.proof_does_not_hold", str(message.entry.n), now)
            return False
        _keep(edge, c, message, record)
        return True


def kept_records(edge: Edge, c: Connection, about: str | None = None) -> tuple[Kept, ...]:
    """The records kept, in order; of one message when ``about`` is its id."""
    query = select(FEED).order_by(FEED.c.n)
    if about is not None:
        query = query.where(FEED.c.about == about)
    return tuple(
        Kept(
            row.n,
            row.place_in_log,
            row.about,
            Record.model_validate_json(
                json.dumps(edge.keys.vault.open(row.opened, f"feed/{row.n}"))
            ),
            row.record,
            row.proof,
        )
        for row in c.execute(query)
    )


def verify_kept(edge: Edge, sealed: str, proof: str) -> SignedCheckpoint | Problem:
    """Verify by the log's keys that a sealed record is in the log."""
    keys = log_keys(edge)
    if isinstance(keys, Problem):
        return keys
    origin, ed25519, ml_dsa_44 = keys
    return verify_proof(proof, record_leaf(sealed), origin, ed25519, ml_dsa_44)


def log_keys(edge: Edge) -> tuple[str, VerifyingKey, VerifyingKey] | Problem:
    """The log's origin and its two keys, from the broker's directory entry."""
    for entry in edge.directory.entries():
        if entry.kind is OrganisationKind.BROKER and entry.log_origin is not None:
            listed = [key for key in entry.keys if key.service == "log"]
            found: dict[str, Any] = {key.jwk.alg: verifying_key(key.jwk) for key in listed}
            first, second = found.get("Ed25519"), found.get("ML-DSA-44")
            if isinstance(first, VerifyingKey) and isinstance(second, VerifyingKey):
                return entry.log_origin, first, second
    return Problem(Code.KEY_UNKNOWN, "checkpoint")


def _opened(edge: Edge, data: bytes) -> tuple[FeedMessage, Record] | Problem:
    problem = Problem(Code.CONTENT_CANNOT_OPEN, "feed")
    for key in edge.keys.feed.values():
        message = open_feed(data, key)
        if isinstance(message, Problem):
            problem = message
            continue
        record = open_record(message.record, key)
        return record if isinstance(record, Problem) else (message, record)
    return problem


def _last(c: Connection) -> tuple[int, str]:
    row = c.execute(select(FEED).order_by(FEED.c.n.desc()).limit(1)).one_or_none()
    return (0, "") if row is None else (row.n, row.entry_hash)


def _keep(edge: Edge, c: Connection, message: FeedMessage, record: Record) -> None:
    n = message.entry.n
    clear = json.loads(record.model_dump_json(by_alias=True))
    c.execute(
        insert(FEED).values(
            n=n,
            entry_hash=message.digest,
            leaf=message.entry.leaf,
            place_in_log=message.entry.index,
            about=_about(record),
            record=message.record,
            opened=edge.keys.vault.seal(clear, f"feed/{n}"),
            proof=message.proof,
        )
    )


def _about(record: Record) -> str:
    """The id of the message that a record is about, or empty where it could not be read."""
    if record.manifest is not None:
        signed = read_manifest(record.manifest)
        claims = signed if isinstance(signed, Problem) else parse_claims(signed.payload)
        return "" if isinstance(claims, Problem) else claims.jti
    if record.receipt is not None:
        receipt = read_receipt(record.receipt)
        if not isinstance(receipt, Problem) and receipt.claimed.ack is not None:
            return receipt.claimed.ack.jti
    return ""
