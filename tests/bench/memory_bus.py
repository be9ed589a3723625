"""Streams and buckets in memory, as cheap as can be: what remains is what the services do.

It keeps the promises that the services use (create-only, revisions, order) and no others; the tests'
``FakeBus`` can fail on purpose, and looks through everything for it.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from broker.faults import Conflict
from tests.broker.fakes import START, Incoming, Stored, Value, account_of, stream_of


class MemoryBucket:
    """Values by key, with revisions."""

    def __init__(self) -> None:
        self.held: dict[str, Value] = {}
        self._revision = 0

    async def get(self, key: str) -> Value | None:
        return self.held.get(key)

    async def create(self, key: str, value: bytes) -> bool:
        return await self.update(key, value, 0)

    async def update(self, key: str, value: bytes, revision: int) -> bool:
        held = self.held.get(key)
        if (held.revision if held else 0) != revision:
            return False
        self._revision += 1
        self.held[key] = Value(value, self._revision)
        return True

    async def delete(self, key: str) -> None:
        self.held.pop(key, None)

    async def items(self, prefix: str = "") -> AsyncIterator[tuple[str, Value]]:
        for key, value in list(self.held.items()):
            if not prefix or key.startswith(f"{prefix}."):
                yield key, value


class MemoryBus:
    """Writing, Reading, Erasing and Buckets in one. ``fresh`` is what nobody was handed yet."""

    def __init__(self) -> None:
        self.fresh: list[Stored] = []
        self._streams: dict[str, list[Stored | None]] = {}
        self._last: dict[str, Stored] = {}
        self._buckets: dict[str, MemoryBucket] = {}

    async def create(self, subject: str, data: bytes) -> bool:
        if subject in self._last:
            return False
        self._store(subject, data)
        return True

    async def append(
        self,
        subject: str,
        data: bytes,
        *,
        expected_last_sequence: int | None = None,
        msg_id: str | None = None,
    ) -> int:
        held = self._streams.get(stream_of(subject), [])
        if expected_last_sequence not in (None, len(held)):
            raise Conflict("the last sequence is another")
        return self._store(subject, data).sequence

    def _store(self, subject: str, data: bytes) -> Stored:
        held = self._streams.setdefault(stream_of(subject), [])
        stored = Stored(subject, data, len(held) + 1, START)
        held.append(stored)
        self._last[subject] = stored
        self.fresh.append(stored)
        return stored

    async def last(self, stream: str, subject: str) -> Stored | None:
        return self._last.get(subject)

    async def newest(self, stream: str) -> Stored | None:
        held = self._streams.get(stream)
        return held[-1] if held else None

    async def at(self, stream: str, sequence: int) -> Stored | None:
        return self._streams[stream][sequence - 1]

    async def read(
        self,
        stream: str,
        *,
        from_sequence: int = 1,
        to_sequence: int | None = None,
        subject: str = ">",
    ) -> AsyncIterator[Stored]:
        for stored in self._streams.get(stream, [])[from_sequence - 1 : to_sequence]:
            if stored is not None:
                yield stored

    async def purge_subject(self, stream: str, subject: str) -> None:
        stored = self._last.pop(subject, None)
        if stored is not None:
            self._streams[stream][stored.sequence - 1] = None

    async def erase(self, stream: str, sequence: int) -> None:
        stored = self._streams[stream][sequence - 1]
        if stored is not None:
            await self.purge_subject(stream, stored.subject)

    def bucket(self, name: str) -> MemoryBucket:
        return self._buckets.setdefault(name, MemoryBucket())

    def drain(self) -> list[Stored]:
        """What was stored since the last time, in order."""
        fresh, self.fresh = self.fresh, []
        return fresh


def arrived(stored: Stored, message_id: str, at: datetime = START) -> Incoming:
    """A stored message as the bus hands it to a service for the first time."""
    stream = stream_of(stored.subject)
    return Incoming(
        message_id, stored.data, stored.subject, account_of(stored.subject), at, stream,
        stored.sequence,
    )  # fmt: skip
