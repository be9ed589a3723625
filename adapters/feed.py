"""The agency's own feed of the log: every record that concerns it, checked as it arrives.

Four things must hold before a record is kept as proven: it opens with our feed key, its sealed bytes
are the ones that its leaf commits to, that leaf is under a checkpoint that the log signed with both
keys, and number and hash fit the entries beside it as far as they are here. What does not hold is
put aside and calls somebody. A missing number calls somebody too, and does not stop the feed: a
record that is proven is evidence whatever is missing beside it, and a hole stays visible
(``missing``) until its entry comes, which must then fit both neighbours.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, product
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Connection, Row, insert, select

from adapters.alarms import alarm, calm
from adapters.aside import Aside, put_aside, settled
from adapters.edge import Edge
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

__all__ = ["Kept", "Taken", "kept_records", "log_keys", "missing", "take_entry", "verify_kept"]

Taken = Literal["kept", "repeated", "aside", "full"]

_GAP: Final = "feed.gap"
T = TypeVar("T")


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


def take_entry(edge: Edge, data: bytes, stored_at: datetime) -> Taken:
    """Check one feed message and keep it.

    Args:
        edge: Whose feed it is.
        data: As delivered.
        stored_at: Domain instant at which the broker's stream took it in.

    Returns:
        ``kept``; ``repeated`` when it was kept before; ``aside`` when it does not hold and waits
        in the store; ``full`` when too much waits there: then it must not be acknowledged.

    """
    now = edge.clock.now()
    with edge.store.change() as c:
        taken = _take(edge, c, data, now)
        if taken != "aside":
            settled(c, data)
        elif not put_aside(c, edge.keys.vault, Aside("feed", data, stored_at), now):
            alarm(c, "aside.full", "feed", now)
            return "full"
        return taken


def _take(edge: Edge, c: Connection, data: bytes, now: datetime) -> Taken:
    """Keep an entry that holds, or raise the alarm that says what does not."""
    found = _opened(edge, data)
    if isinstance(found, Problem):
        alarm(c, f"feed.{found.code}", envelope_id(data), now)
        return "aside"
    message, record = found
    n = message.entry.n
    same, before, after = _row(c, n), _row(c, n - 1), _row(c, n + 1)
    if same is not None:
        if same.entry_hash == message.digest:
            return "repeated"
        alarm(c, "feed.two_histories", str(n), now)
        return "aside"
    if isinstance(verify_kept(edge, message.record, message.proof), Problem):
        alarm(c, "feed.proof_does_not_hold", str(n), now)
        return "aside"
    follows = (
        message.entry.prev == ""
        if n == 1
        else (before is None or before.entry_hash == message.entry.prev)
    )
    if not follows or (after is not None and after.prev != message.digest):
        alarm(c, "feed.forked", str(n), now)
        return "aside"
    _keep(edge, c, message, record)
    calm(c, _GAP, str(n))
    if n > 1 and before is None:
        alarm(c, _GAP, str(n - 1), now)
    return "kept"


def missing(c: Connection) -> tuple[range, ...]:
    """The numbers that have not come though later ones have, as ranges; empty when none is missing."""
    held = [0, *c.execute(select(FEED.c.n).order_by(FEED.c.n)).scalars()]
    return tuple(range(a + 1, b) for a, b in pairwise(held) if b > a + 1)


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
    """Verify by the log's keys, present or earlier, that a sealed record is in the log."""
    found: SignedCheckpoint | Problem = Problem(Code.KEY_UNKNOWN, "checkpoint")
    for origin, first, second in _log_keys(edge):
        found = verify_proof(proof, record_leaf(sealed), origin, first, second)
        if not isinstance(found, Problem):
            break
    return found


def log_keys(edge: Edge) -> tuple[str, VerifyingKey, VerifyingKey] | Problem:
    """The log's origin and its newest two keys, from the broker's directory entry."""
    return next(_log_keys(edge), Problem(Code.KEY_UNKNOWN, "checkpoint"))


def _log_keys(edge: Edge) -> Iterator[tuple[str, VerifyingKey, VerifyingKey]]:
    """Every pair of keys with which the log may have signed a checkpoint, the newest first."""
    for entry in edge.directory.entries():
        if entry.kind is not OrganisationKind.BROKER or entry.log_origin is None:
            continue
        listed = sorted(entry.keys, key=lambda one: one.nbf, reverse=True)
        keys = [verifying_key(one.jwk) for one in listed if one.service == "log"]
        sound = [key for key in keys if not isinstance(key, Problem)]
        classical = [key for key in sound if key.alg == "Ed25519"]
        for second, first in product([k for k in sound if k.alg == "ML-DSA-44"], classical):
            yield entry.log_origin, first, second


def _opened(edge: Edge, data: bytes) -> tuple[FeedMessage, Record] | Problem:
    """Open entry and record; around a rotation they may be sealed to two of our keys."""
    message = _first(open_feed(data, key) for key in edge.keys.feed.values())
    if isinstance(message, Problem):
        return message
    record = _first(open_record(message.record, key) for key in edge.keys.feed.values())
    return record if isinstance(record, Problem) else (message, record)


def _first(tried: Iterable[T | Problem]) -> T | Problem:
    """The first that opened, else why the last did not."""
    found: T | Problem = Problem(Code.CONTENT_CANNOT_OPEN, "feed")
    for found in tried:
        if not isinstance(found, Problem):
            break
    return found


def _row(c: Connection, n: int) -> Row[Any] | None:
    return c.execute(select(FEED).where(FEED.c.n == n)).one_or_none()


def _keep(edge: Edge, c: Connection, message: FeedMessage, record: Record) -> None:
    n = message.entry.n
    clear = json.loads(record.model_dump_json(by_alias=True))
    c.execute(
        insert(FEED).values(
            n=n,
            entry_hash=message.digest,
            prev=message.entry.prev,
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
