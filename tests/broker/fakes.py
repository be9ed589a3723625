"""A bus in memory that behaves like the real one: create-only, revisions, order, redelivery.

``tests/contracts/bus.py`` holds it to the real bus's promises. Faults are asked for by the number
of the call: ``Breaks(at=7, after=True)`` lets the seventh call take effect and raises all the same.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from broker.faults import Bug, BusUnavailable, Conflict, Fault
from broker.ports import Handler
from schemas.subjects import ANY

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday, 09:00 in London


@dataclass
class FakeClock:
    """Domain time that stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> datetime:
        self.at += by
        return self.at


@dataclass(frozen=True, slots=True)
class Stored:
    subject: str
    data: bytes
    sequence: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Value:
    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Incoming:
    id: str
    data: bytes
    subject: str
    account: str | None
    arrived_at: datetime
    stream: str
    sequence: int
    deliveries: int = 1


@dataclass
class Breaks:
    """Which call fails, and whether it takes effect first. ``at`` counts from 1; 0: none."""

    at: int = 0
    after: bool = False
    calls: int = 0
    names: list[str] = field(default_factory=list)
    many: set[tuple[int, bool]] = field(default_factory=set)

    def begin(self, name: str) -> None:
        self.calls += 1
        self.names.append(name)
        if (self.calls == self.at and not self.after) or (self.calls, False) in self.many:
            raise BusUnavailable("broken before")

    def end(self, mine: int) -> None:
        if (mine == self.at and self.after) or (mine, True) in self.many:
            raise BusUnavailable("broken after")


def stream_of(subject: str) -> str:
    first, _, rest = subject.partition(".")
    if first == "in":
        return f"IN_{rest.partition('.')[0]}"
    return next(stream for stream, pattern in ANY.items() if matches(pattern, subject))


def account_of(subject: str) -> str | None:
    return next((w for w in subject.split(".") if len(w) == 56 and w.startswith("A")), None)


def matches(pattern: str, subject: str) -> bool:
    wanted, have = pattern.split("."), subject.split(".")
    for place, word in enumerate(wanted):
        if word == ">":
            return len(have) > place
        if place >= len(have) or (word != "*" and word != have[place]):
            return False
    return len(wanted) == len(have)


class FakeBucket:
    def __init__(self, bus: "FakeBus", name: str) -> None:
        self._bus = bus
        self._name = name
        self._held: dict[str, Value] = {}
        self._revision = 0

    async def get(self, key: str) -> Value | None:
        with self._bus.step(f"{self._name}.get"):
            return self._held.get(key)

    async def create(self, key: str, value: bytes) -> bool:
        return await self.update(key, value, 0)

    async def update(self, key: str, value: bytes, revision: int) -> bool:
        with self._bus.step(f"{self._name}.update"):
            held = self._held.get(key)
            if (held.revision if held else 0) != revision:
                return False
            self._revision += 1
            self._held[key] = Value(value, self._revision)
            return True

    async def put(self, key: str, value: bytes) -> int:
        with self._bus.step(f"{self._name}.put"):
            self._revision += 1
            self._held[key] = Value(value, self._revision)
            return self._revision

    async def delete(self, key: str) -> None:
        with self._bus.step(f"{self._name}.delete"):
            self._held.pop(key, None)

    async def items(self, prefix: str = "") -> AsyncIterator[tuple[str, Value]]:
        with self._bus.step(f"{self._name}.items"):
            found = sorted(self._held.items(), key=lambda item: item[1].revision)
        for key, value in found:
            if not prefix or key.startswith(f"{prefix}."):
                yield key, value


class _Step:
    def __init__(self, breaks: Breaks, name: str) -> None:
        self._breaks = breaks
        self._name = name
        self._mine = 0

    def __enter__(self) -> None:
        self._breaks.begin(self._name)
        self._mine = self._breaks.calls

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._breaks.end(self._mine)


@dataclass
class _Consumer:
    handler: Handler
    filter: str
    done: int = 0
    deliveries: int = 0


class FakeBus:
    """Streams, buckets and consumers in memory."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.breaks = Breaks()
        self._streams: dict[str, dict[int, Stored]] = {}
        self._sequence: dict[str, int] = {}
        self._places: dict[tuple[str, str], list[int]] = {}
        self._buckets: dict[str, FakeBucket] = {}
        self._consumers: dict[tuple[str, str], _Consumer] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self.parked: list[tuple[str, str, str]] = []
        self.redelivered = 0
        self.died: Callable[[], Awaitable[None]] | None = None

    def step(self, name: str) -> _Step:
        return _Step(self.breaks, name)

    # ---- writing

    def _store(self, subject: str, data: bytes) -> int:
        name = stream_of(subject)
        sequence = self._sequence.get(name, 0) + 1
        self._sequence[name] = sequence
        self._streams.setdefault(name, {})[sequence] = Stored(
            subject, data, sequence, self.clock.now()
        )
        self._places.setdefault((name, subject), []).append(sequence)
        return sequence

    def _last(self, stream: str, subject: str) -> Stored | None:
        held = self._streams.get(stream, {})
        places = (held.get(n) for n in reversed(self._places.get((stream, subject), [])))
        return next((stored for stored in places if stored is not None), None)

    async def create(self, subject: str, data: bytes) -> bool:
        with self.step(f"create {subject.partition('.')[0]}"):
            if self._last(stream_of(subject), subject) is not None:
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
        name = stream_of(subject)
        with self.step(f"append {subject.partition('.')[0]}"):
            if msg_id is not None and (name, msg_id) in self._ids:
                return self._ids[name, msg_id]
            if expected_last_sequence not in (None, self._sequence.get(name, 0)):
                raise Conflict("the last sequence is another")
            sequence = self._store(subject, data)
            if msg_id is not None:
                self._ids[name, msg_id] = sequence
            return sequence

    # ---- reading

    async def last(self, stream: str, subject: str) -> Stored | None:
        with self.step(f"last {stream}"):
            return self._last(stream, subject)

    async def newest(self, stream: str) -> Stored | None:
        with self.step(f"newest {stream}"):
            held = self._streams.get(stream, {})
            return held[max(held)] if held else None

    async def at(self, stream: str, sequence: int) -> Stored | None:
        with self.step(f"at {stream}"):
            return self._streams.get(stream, {}).get(sequence)

    async def read(
        self,
        stream: str,
        *,
        from_sequence: int = 1,
        to_sequence: int | None = None,
        subject: str = ">",
    ) -> AsyncIterator[Stored]:
        with self.step(f"read {stream}"):
            found = list(self._streams.get(stream, {}).values())
        for message in found:
            if from_sequence <= message.sequence <= (to_sequence or message.sequence) and matches(
                subject, message.subject
            ):
                yield message

    # ---- removing

    async def purge_subject(self, stream: str, subject: str) -> None:
        with self.step(f"purge {stream}"):
            held = self._streams.get(stream, {})
            for sequence in [s.sequence for s in held.values() if matches(subject, s.subject)]:
                del held[sequence]

    async def erase(self, stream: str, sequence: int) -> None:
        with self.step(f"erase {stream}"):
            self._streams.get(stream, {}).pop(sequence, None)

    def bucket(self, name: str) -> FakeBucket:
        return self._buckets.setdefault(name, FakeBucket(self, name))

    # ---- serving

    async def serve(
        self, stream: str, durable: str, handler: Handler, *, service: str, parks: bool = True
    ) -> None:
        del service, parks
        if (stream, durable) in self._consumers:
            raise ValueError("this consumer is being served already")
        kind = "env" if durable == "gate" else "receipt"
        filters = {"IN": f"in.*.{kind}", "RETRY": f"retry.{durable}.*"}
        self._consumers[stream, durable] = _Consumer(
            handler, filters.get(stream.partition("_")[0], ">")
        )

    async def cease(self, stream: str, durable: str) -> None:
        self._consumers.pop((stream, durable), None)

    async def deliver_once(self, stream: str, durable: str) -> bool:
        """Deliver the next message of a consumer; whether there was one. A fault leaves it."""
        consumer = self._consumers[stream, durable]
        for message in list(self._streams.get(stream, {}).values()):
            if message.sequence <= consumer.done or not matches(consumer.filter, message.subject):
                continue
            consumer.deliveries += 1
            incoming = Incoming(
                hashlib.sha256(message.data).hexdigest(),
                message.data,
                message.subject,
                account_of(message.subject),
                message.stored_at,
                stream,
                message.sequence,
                consumer.deliveries,
            )
            try:
                await consumer.handler(incoming)
            except Fault:
                self.redelivered += 1
                if self.redelivered > 500:
                    raise
                if self.died is not None:
                    await self.died()
                return True
            except Bug as error:
                self.parked.append((stream, durable, type(error).__name__))
            consumer.done = message.sequence
            consumer.deliveries = 0
            return True
        return False

    async def run(self) -> None:
        """Deliver until nothing is waiting."""
        for _ in range(10_000):
            moved = [await self.deliver_once(*key) for key in sorted(self._consumers)]
            if not any(moved):
                return
        raise AssertionError("the services never come to rest")

    # ---- for looking

    def subjects(self, stream: str) -> list[str]:
        return [message.subject for message in self._streams.get(stream, {}).values()]

    def messages(self, stream: str) -> Iterator[Stored]:
        yield from self._streams.get(stream, {}).values()

    def snapshot(self) -> dict[str, object]:
        """Everything that stands, without sequences and instants: for comparing two histories."""
        streams = {
            name: sorted((m.subject, m.data) for m in held.values())
            for name, held in self._streams.items()
            if held
        }
        buckets = {
            name: {key: value.value for key, value in sorted(bucket._held.items())}
            for name, bucket in self._buckets.items()
        }
        return {"streams": streams, "buckets": buckets}
