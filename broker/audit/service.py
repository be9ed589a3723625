"""Audit: records become leaves in order, leaves a signed checkpoint, and each agency its feed.

Restarted at any point it goes on exactly there. The records' own stream is what counts: how far
the feeds have come stands in the bucket ``feeds``, and each feed message is created once under its
number, so that one that was stored before a crash is found and not made again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from broker.audit.store import Log
from broker.faults import Bug, Fault
from broker.kept import dump, load
from broker.log import logger
from broker.notary import sealing_key_of
from broker.ports import Arrived, Bucket, Buckets, Clock, Directory, Reading, Stored, Writing
from schemas.directory_entry import DirectoryEntry, OrganisationKind
from schemas.feed import first_entry, next_entry, record_leaf, seal_feed
from schemas.problems import Problem
from schemas.record import commitment, record_kids
from schemas.subjects import Stream, feed

__all__ = ["MOST_UNSIGNED", "Audit"]

MOST_UNSIGNED = 256  # envelope.md 5: a checkpoint each interval or so many leaves
_FEEDS = "feeds"
_PROGRESS = "progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far all feeds have come.

    Attributes:
        record: Sequence in RECORDS of the last record that is in every feed it belongs to.
        index: Its leaf's index; -1 before the first.

    """

    v: Literal[1] = 1
    record: int = 0
    index: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far one agency's feed has come.

    Attributes:
        n: Number of its last message.
        index: Index of the leaf that it brought.

    """

    v: Literal[1] = 1
    n: int
    index: int


@dataclass(frozen=True, slots=True)
class Ports:
    """What audit works with."""

    reading: Reading
    writing: Writing
    buckets: Buckets
    directory: Directory
    clock: Clock
    random: Callable[[int], bytes] = field(repr=False)


class Audit:
    """One instance in the whole broker at a time."""

    def __init__(self, ports: Ports, log: Log) -> None:
        self._ports = ports
        self._log = log
        self._feeds: Bucket = ports.buckets.bucket(_FEEDS)
        self._one_at_a_time = asyncio.Lock()
        self._must_start = True

    @property
    def unsigned(self) -> int:
        """How many leaves no checkpoint covers yet."""
        return self._log.size - self._log.signed_size

    async def start(self) -> None:
        """Build the log and hold it against its checkpoint.

        Raises:
            StoreFault: The log was cut short or changed; the sentence says which. Do not start.

        """
        async with self._one_at_a_time:
            await self._log.start()
            self._must_start = False

    async def on_record(self, message: Arrived) -> None:
        """Give a record its leaf.

        Raises:
            Fault: It is not certain that it has one; it comes again, and nothing follows before it.

        """
        async with self._one_at_a_time:
            await self._sure_of_the_log()
            try:
                await self._log.append(commitment(message.data.decode()))
            except Fault:
                self._must_start = True  # whether our leaf is there, only the stream can tell
                raise
        if self.unsigned >= MOST_UNSIGNED:
            await self.publish()

    async def publish(self) -> int:
        """Sign what is not signed, and bring it to the feeds; how many records were brought."""
        async with self._one_at_a_time:
            await self._sure_of_the_log()
            await self._log.sign(self._ports.clock.now())
            return await self._bring()

    async def _sure_of_the_log(self) -> None:
        if self._must_start:
            await self._log.start()
            self._must_start = False

    async def _bring(self) -> int:
        """Bring every record under the newest checkpoint that is not in its feeds yet."""
        held = await self._feeds.get(_PROGRESS)
        done = load(Progress, held.value) if held else Progress()
        revision = held.revision if held else 0
        brought = 0
        async for record in self._ports.reading.read(Stream.RECORDS, from_sequence=done.record + 1):
            if done.index + 1 >= self._log.signed_size:
                break
            index = done.index + 1
            await self._bring_one(record, index)
            done = Progress(record=record.sequence, index=index)
            brought += 1
            if brought % MOST_UNSIGNED == 0:
                revision = await self._keep(done, revision)
        if brought % MOST_UNSIGNED:
            await self._keep(done, revision)
        if brought:
            logger.info(
                "audit.published", service="audit", count=brought, size=self._log.signed_size
            )
        return brought

    async def _keep(self, done: Progress, revision: int) -> int:
        if not await self._feeds.update(_PROGRESS, dump(done), revision):
            raise Fault("Somebody else writes the feeds.")
        held = await self._feeds.get(_PROGRESS)
        return held.revision if held else 0

    async def _bring_one(self, record: Stored, index: int) -> None:
        """Bring one record to each agency that it concerns; one that has it is passed over."""
        text = record.data.decode()
        if self._log.leaf(index) != record_leaf(text):
            raise Bug("The records are not in the order of their leaves.")
        for entry in self._concerned(text):
            held = await self._feeds.get(entry.account)
            position = load(Position, held.value) if held else Position(n=0, index=-1)
            if position.index >= index:
                continue
            await self._append(entry, position, text, index)
            after = Position(n=position.n + 1, index=index)
            if not await self._feeds.update(
                entry.account, dump(after), held.revision if held else 0
            ):
                raise Fault("Somebody else writes the feeds.")

    def _concerned(self, sealed: str) -> tuple[DirectoryEntry, ...]:
        """The agencies to whose keys the record is sealed: that much anybody can see."""
        kids = record_kids(sealed)
        if isinstance(kids, Problem):
            raise Bug("A stored record is not a sealed record.")
        found = (self._ports.directory.owner_of(kid) for kid in kids)
        owners = {entry.id: entry for entry in found if entry is not None}
        if not owners:
            raise Fault("The directory that we have knows none of a record's keys.")
        return tuple(
            owners[name]
            for name in sorted(owners)
            if owners[name].kind is not OrganisationKind.BROKER
        )

    async def _append(
        self, entry: DirectoryEntry, position: Position, record: str, index: int
    ) -> None:
        """Create the next message of a feed; if it stands already it is this one."""
        directory = self._ports.directory
        now = self._ports.clock.now()
        listed = entry.key_to_seal_to("feed", now) or (directory.entry(entry.id) or entry).key(
            _kid_of(record, entry)
        )
        key = sealing_key_of(listed.jwk) if listed is not None else None
        if key is None:
            raise Fault("An agency has no feed key to seal to.")
        if position.n == 0:
            made = first_entry(record, index)
        else:
            before = await self._ports.reading.last(Stream.FEED, feed(entry.account, position.n))
            if before is None:
                raise Fault("The last message of a feed is gone.")
            made = next_entry(position.n, before.data, record, index)
        cek, iv = self._ports.random(32), self._ports.random(12)
        data = seal_feed(made, record, self._log.proof(index), key, cek=cek, iv=iv)
        await self._ports.writing.create(feed(entry.account, made.n), data)


def _kid_of(record: str, entry: DirectoryEntry) -> str:
    """The key of an agency's own to which a record is sealed."""
    kids = record_kids(record)
    found = () if isinstance(kids, Problem) else kids
    return next((kid for kid in found if entry.key(kid) is not None), "")
