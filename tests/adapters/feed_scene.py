"""A log with the school's feed of it, of which a test may bend any entry."""

from functools import cached_property
from typing import Any

from schemas.checkpoint import Checkpoint, proof_text, sign_checkpoint
from schemas.commitment import sha256_text
from schemas.encoding import b64u
from schemas.feed import FeedEntry, record_leaf, seal_feed
from schemas.keys import LogSigner
from schemas.record import Event, Record, seal_record
from schemas.tree import Tree, leaf_hash
from tests.adapters.edge_hands import Hands
from tests.adapters.gatherer.office import PANEL, SCHOOL
from tests.builders import messages
from tests.builders.messages import AT, seed

ORIGIN = "log.dovetail.example/2026"


class FeedScene:
    """Four records that concern the school, in a log of five, and the feed that brings them."""

    def __init__(self, hands: Hands, log: LogSigner | None = None) -> None:
        self.hands = hands
        self.log = log or messages.broker().log
        self._made: dict[int, bytes] = {}  # encapsulation is chance: each true entry is made once

    def record(self, number: int, reason: str | None = None) -> str:
        """A sealed record; its receipt is any text."""
        clear = Record.model_validate(
            {
                "v": 1,
                "ev": Event.OPENED,
                "at": AT,
                "arrived_at": AT,
                "ingress": messages.agency(SCHOOL).urn,
                "bytes": b64u(bytes([number]) * 32),
                "manifest": None,
                "receipt": reason,
                "problems": (),
                "due": None,
                "late": False,
                "release_until": None,
                "pack": None,
                "directory": 7,
            }
        )
        keys = [messages.agency(name).feed.public for name in (PANEL, SCHOOL)]
        cek = seed(f"record {number}")
        return seal_record(clear, keys, cek=cek, iv=cek[:12])

    @cached_property
    def records(self) -> list[str]:
        """Of entries 1 to 4."""
        return [self.record(number) for number in range(1, 5)]

    def entry(self, n: int = 1, **bends: Any) -> bytes:
        """The feed message with a number; ``bends`` are those of ``bent``."""
        if bends:
            return self.bent(n, **bends)
        if n not in self._made:
            self._made[n] = self.bent(n)
        return self._made[n]

    def bent(
        self, n: int, *, reason: str | None = None, prev: bytes | None = None, **bends: Any
    ) -> bytes:
        """Make a feed message.

        Args:
            n: From 1.
            reason: What the record's receipt says.
            prev: The message that it follows, if not the true one.
            bends: ``record``, ``proof``, ``log``, ``key`` and ``index`` in place of the true ones.

        """
        record = bends.get("record") or (self.record(n, reason) if reason else self.records[n - 1])
        records = [*self.records]
        records[n - 1] = record
        tree = Tree([leaf_hash(b"other"), *(record_leaf(text) for text in records)])
        index = bends.get("index", n)
        note = sign_checkpoint(
            Checkpoint(ORIGIN, tree.size, tree.root()), bends.get("log", self.log), AT
        )
        proof = bends.get("proof") or proof_text(index, tree.inclusion_proof(n), note)
        before = prev if prev is not None else self.entry(n - 1) if n > 1 else b""
        digest = sha256_text(before) if before else ""
        entry = FeedEntry(n=n, prev=digest, leaf=b64u(record_leaf(record)), index=index)
        key = bends.get("key") or messages.agency(SCHOOL).feed
        cek = seed(f"entry {n}")
        return seal_feed(entry, record, proof, key.public, cek=cek, iv=cek[:12])


def other_log() -> LogSigner:
    """Keys that are no log's."""
    return LogSigner.from_seeds(seed("no log ed25519"), seed("no log ml-dsa-44"))


def with_log_key(hands: Hands, log: LogSigner) -> None:
    """Let the directory list further keys of the log, newer than the first."""
    held = hands.office.directory.held["broker"]
    listed = [one for one in held.keys if one.service == "log"]
    newer = [
        one.model_copy(update={"jwk": key.public.jwk, "kid": key.kid, "nbf": AT})
        for one, key in zip(listed, (log.ed25519, log.ml_dsa_44), strict=True)
    ]
    hands.office.directory.put(held.model_copy(update={"keys": (*held.keys, *newer)}))
