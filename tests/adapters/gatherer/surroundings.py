"""What surrounds an edge in a test: a directory that may change, a moved clock, chance that repeats."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any

from adapters.keyring import AgencyKeys, Seeds
from policies.pack import Pack
from schemas.directory_entry import DirectoryEntry
from tests.builders import messages
from tests.builders.messages import AREA, AT, seed
from tests.policies.builders import pack


def post(role: str, name: str, last_confirmed: str = "2026-11-02") -> dict[str, Any]:
    """A contact in the directory."""
    return {
        "role": role,
        "area": AREA,
        "service": None,
        "name_of_post": name,
        "email": f"{role.lower()}@example.org",
        "deputy_of": None,
        "last_confirmed": last_confirmed,
    }


@cache
def entry_of(name: str) -> DirectoryEntry:
    """An agency's entry, with a post that receives requests; the panel with its coordinator."""
    if name == "broker":
        return messages.broker().entry
    kind = messages.AGENCIES[name]
    role = "LACC" if kind == "la_panel" else "AIO"
    return messages.entry(name, kind, contacts=[post(role, "Duty desk")])


class FakeDirectory:
    """The directory as a value that a test may change."""

    def __init__(self) -> None:
        self.held = {name: entry_of(name) for name in messages.AGENCIES}
        self.packs: dict[str, Pack] = {pack().h: pack()}
        self.version = 7

    def put(self, entry: DirectoryEntry) -> None:
        self.held[entry.id] = entry

    def entry(self, agency: str) -> DirectoryEntry | None:
        return self.held.get(agency)

    def owner_of(self, kid: str) -> DirectoryEntry | None:
        return next((one for one in self.held.values() if one.key(kid)), None)

    def entries(self) -> tuple[DirectoryEntry, ...]:
        return tuple(self.held.values())

    def pack_by_hash(self, h: str) -> Pack | None:
        return self.packs.get(h)

    def superseded_at(self, h: str) -> datetime | None:
        return None

    def in_force(self, at: datetime) -> tuple[Pack, ...]:
        return tuple(self.packs.values())


@dataclass
class MovedClock:
    """A clock that stands until it is moved."""

    at: datetime = AT

    def now(self) -> datetime:
        return self.at


class Chance:
    """Bytes that never repeat and are the same in every run."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name, count()

    def __call__(self, size: int) -> bytes:
        return hashlib.shake_256(f"{self._name} {next(self._count)}".encode()).digest(size)


def keys_of(name: str) -> AgencyKeys:
    """The keys that belong to an agency's entry."""
    seeds = Seeds(
        seed(name + " storage"),
        seed(name + " ed25519"),
        seed(name + " ml-dsa-65"),
        (seed(name + " enc"),),
        (seed(name + " feed enc"),),
    )
    return AgencyKeys.of(seeds, Chance(name + " nonces"))
