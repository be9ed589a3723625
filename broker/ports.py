"""What the services ask of the world: narrow protocols that the bus, the directory and fakes fulfil.

A service names the ports it uses, so that a fake of a few lines runs its whole table of faults.
Every promise below is held by ``tests/contracts/bus.py`` against the fake and the real bus alike.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Protocol

from policies.pack_whole import Pack
from schemas.directory_entry import DirectoryEntry

__all__ = [
    "Arrived",
    "Bucket",
    "Buckets",
    "Clock",
    "Directory",
    "Erasing",
    "Handler",
    "Packs",
    "Reading",
    "Serving",
    "Stored",
    "Value",
    "Writing",
]


class Arrived(Protocol):
    """One delivery of a message; the same at every delivery but for ``deliveries``."""

    @property
    def id(self) -> str:
        """Hex SHA-256 of ``data``."""

    @property
    def data(self) -> bytes:
        """As received."""

    @property
    def subject(self) -> str:
        """As first stored."""

    @property
    def account(self) -> str | None:
        """The account in the subject: for an ingress, its owner."""

    @property
    def arrived_at(self) -> datetime:
        """Domain instant of the first arrival, aware, UTC."""

    @property
    def stream(self) -> str:
        """The stream that it is delivered from."""

    @property
    def sequence(self) -> int:
        """Its place in that stream."""

    @property
    def deliveries(self) -> int:
        """From 1; more means that an earlier delivery was not settled."""


class Stored(Protocol):
    """A message as it stands in a stream."""

    @property
    def subject(self) -> str:
        """Its subject."""

    @property
    def data(self) -> bytes:
        """Its bytes."""

    @property
    def sequence(self) -> int:
        """Its place in the stream, from 1."""

    @property
    def stored_at(self) -> datetime:
        """Domain instant, aware, UTC."""


class Value(Protocol):
    """A value in a bucket."""

    @property
    def value(self) -> bytes:
        """Its bytes."""

    @property
    def revision(self) -> int:
        """To hand to ``Bucket.update``."""


Handler = Callable[[Arrived], Awaitable[None]]


class Serving(Protocol):
    """Takes messages from consumers."""

    async def serve(
        self, stream: str, durable: str, handler: Handler, *, service: str, parks: bool = True
    ) -> None:
        """Hand over messages one at a time, in order, until ceased; returning settles, raising repeats."""

    async def cease(self, stream: str, durable: str) -> None:
        """Stop, after the message in hand."""


class Writing(Protocol):
    """Writes to streams."""

    async def create(self, subject: str, data: bytes) -> bool:
        """Store the first message of a subject, durably; False: there is one already."""

    async def append(
        self,
        subject: str,
        data: bytes,
        *,
        expected_last_sequence: int | None = None,
        msg_id: str | None = None,
    ) -> int:
        """Store a message durably; its sequence. Raises Conflict when the last one is another."""


class Reading(Protocol):
    """Reads what stands in streams."""

    async def last(self, stream: str, subject: str) -> Stored | None:
        """The newest message of a subject, never out of date."""

    async def newest(self, stream: str) -> Stored | None:
        """The newest message of a stream."""

    async def at(self, stream: str, sequence: int) -> Stored | None:
        """The message with this sequence."""

    def read(
        self,
        stream: str,
        *,
        from_sequence: int = 1,
        to_sequence: int | None = None,
        subject: str = ">",
    ) -> AsyncIterator[Stored]:
        """A stretch of a stream in order, both ends included."""


class Erasing(Protocol):
    """Removes what must not stay."""

    async def purge_subject(self, stream: str, subject: str) -> None:
        """Remove all messages of a subject."""

    async def erase(self, stream: str, sequence: int) -> None:
        """Remove one message and overwrite its bytes."""


class Bucket(Protocol):
    """Values by key, each write with a revision of its own."""

    async def get(self, key: str) -> Value | None:
        """The current value."""

    async def create(self, key: str, value: bytes) -> bool:
        """Write a key that is not there; False: it is."""

    async def update(self, key: str, value: bytes, revision: int) -> bool:
        """Write if the revision is still this; False: it is not."""

    async def delete(self, key: str) -> None:
        """Remove a key."""

    def items(self, prefix: str = "") -> AsyncIterator[tuple[str, Value]]:
        """Every key with its value."""


class Buckets(Protocol):
    """Gives buckets by name."""

    def bucket(self, name: str) -> Bucket:
        """A bucket, which exists."""


class Clock(Protocol):
    """Domain time."""

    def now(self) -> datetime:
        """The domain instant, aware, UTC."""


class Directory(Protocol):
    """Who is who, as of the newest version that was read."""

    @property
    def version(self) -> int:
        """Of the directory: stands in records."""

    def entry(self, agency: str) -> DirectoryEntry | None:
        """An agency by its directory id."""

    def by_account(self, account: str) -> DirectoryEntry | None:
        """An agency by its account."""

    def owner_of(self, kid: str) -> DirectoryEntry | None:
        """The agency that has, or had, a key."""

    def entries(self) -> tuple[DirectoryEntry, ...]:
        """Every agency."""


class Packs(Protocol):
    """Which policies there are."""

    def pack_by_hash(self, h: str) -> Pack | None:
        """The pack whose bundle has this SHA-256 (b64u)."""

    def superseded_at(self, h: str) -> datetime | None:
        """When another version took its place, or None."""
