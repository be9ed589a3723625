"""SIGNATURES (bodies follow): the bus as the services see it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from broker.clock import Clock

__all__ = ["Bucket", "Bus", "Entry", "Incoming", "Parked", "Stored"]

Handler = Callable[["Incoming"], Awaitable[None]]
Credentials = Any  # broker.nkeys.Credentials


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery. After un-parking it looks as it did the first time (subject, arrival)."""

    id: str
    """Hex SHA-256 of ``data``."""
    data: bytes
    subject: str
    """Subject as first stored (``in.A.env``), also when it comes again through RETRY."""
    account: str | None
    """The agency's account from the subject, for in., retry., verdicts., records.; else None."""
    arrived_at: datetime
    """Domain instant of the first arrival."""
    stream: str
    sequence: int
    deliveries: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as it stands in a stream."""

    subject: str
    data: bytes
    sequence: int
    stored_at: datetime
    """Domain instant."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in a bucket and the revision to hand to ``update``."""

    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Parked:
    """What is known of a parked message without opening it."""

    service: str
    account: str | None
    id: str
    subject: str
    arrived_at: datetime
    reason: str
    """Name of the exception's class."""
    sequence: int


class Bucket:
    """A key-value bucket. Keys: ``[-/_=.a-zA-Z0-9]+``."""

    async def get(self, key: str) -> Entry | None: ...
    async def create(self, key: str, value: bytes) -> bool: ...
    async def put(self, key: str, value: bytes) -> int: ...
    async def update(self, key: str, value: bytes, revision: int) -> bool: ...
    async def delete(self, key: str) -> None: ...
    def items(self, prefix: str = "") -> AsyncIterator[tuple[str, Entry]]: ...


class Bus:
    """See the brief; bodies follow."""

    @classmethod
    async def connect(cls, url: str, credentials: Path | Credentials, *, clock: Clock, name: str) -> "Bus": ...
    async def close(self) -> None: ...
    async def wait_lost(self) -> None:
        """Return when the connection is gone for good: the process should end and be started again."""
    async def serve(self, stream: str, durable: str, handler: Handler, *, service: str, parks: bool = True) -> None: ...
    async def cease(self, stream: str, durable: str) -> None: ...
    async def create(self, subject: str, data: bytes, *, headers: Mapping[str, str] | None = None) -> bool: ...
    async def append(self, subject: str, data: bytes, *, expected_last_sequence: int | None = None, msg_id: str | None = None) -> int:
        """Stream sequence; Conflict when expected_last_sequence (of the stream) is not the last."""
    async def last(self, stream: str, subject: str) -> Stored | None: ...
    async def at(self, stream: str, sequence: int) -> Stored | None: ...
    async def newest(self, stream: str) -> Stored | None:
        """The last message of the stream, whatever its subject."""
    def read(self, stream: str, *, from_sequence: int = 1, to_sequence: int | None = None, subject: str = ">") -> AsyncIterator[Stored]: ...
    async def purge_subject(self, stream: str, subject: str) -> None: ...
    async def erase(self, stream: str, sequence: int) -> None: ...
    def bucket(self, name: str) -> Bucket: ...
    def parked(self) -> AsyncIterator[Parked]: ...
    async def unpark(self, sequence: int) -> None: ...
