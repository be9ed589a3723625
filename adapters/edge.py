"""One agency at work: who it is, its keys, its store, its view of the directory, its clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from adapters.keyring import AgencyKeys
from adapters.store import EdgeStore
from policies.pack_whole import Pack
from schemas.directory_entry import DirectoryEntry

__all__ = ["Clock", "Directory", "Edge", "EdgeFault", "Refreshes"]


class EdgeFault(Exception):
    """The edge cannot go on: something that it needs is missing. The message says what to do."""


class Clock(Protocol):
    """Domain time."""

    def now(self) -> datetime:
        """The domain instant, aware, UTC."""

    def of(self, stamp: datetime) -> datetime:
        """The domain instant that a real one, such as a stream's stamp, stands for."""


class Directory(Protocol):
    """Who is who and which policies there are, as of the newest version that was read."""

    @property
    def version(self) -> int:
        """Of the directory."""

    def entry(self, agency: str) -> DirectoryEntry | None:
        """An agency by its directory id."""

    def owner_of(self, kid: str) -> DirectoryEntry | None:
        """The agency that has, or had, a key."""

    def entries(self) -> tuple[DirectoryEntry, ...]:
        """Every agency."""

    def pack_by_hash(self, h: str) -> Pack | None:
        """The pack whose bundle has this SHA-256 (b64u)."""

    def superseded_at(self, h: str) -> datetime | None:
        """When another version took its place, or None."""

    def in_force(self, at: datetime) -> tuple[Pack, ...]:
        """The packs in force at an instant, the newest first."""


@runtime_checkable
class Refreshes(Protocol):
    """A directory that can be read again while the edge runs."""

    async def refresh(self) -> bool:
        """Read it again. True: there was a newer version.

        Raises:
            Fault: What is published now cannot be trusted or read; what was known stays.

        """


@dataclass(frozen=True, slots=True)
class Edge:
    """What every act of an agency needs.

    Attributes:
        agency: Its directory id.
        keys: Its private keys.
        store: Its store.
        directory: Its view of the directory.
        clock: Domain time.
        random: Gives that many random bytes.

    """

    agency: str
    keys: AgencyKeys
    store: EdgeStore
    directory: Directory
    clock: Clock
    random: Callable[[int], bytes]

    @property
    def entry(self) -> DirectoryEntry:
        """Its own directory entry.

        Raises:
            EdgeFault: The directory does not have it.

        """
        found = self.directory.entry(self.agency)
        if found is None:
            raise EdgeFault("This agency is not in the directory: have it enrolled.")
        return found

    def pack(self, at: datetime) -> Pack:
        """The policy pack in force.

        Raises:
            EdgeFault: There is none.

        """
        found = self.directory.in_force(at)
        if not found:
            raise EdgeFault(
                "No policy pack is in force: nothing can be sent until one is published."
            )
        return found[0]
