"""Keys, roles and packs in force: a signed folder, read whole, believed only if all of it holds.

The port is narrow on purpose: the next version of the reader is a TUF client (design 10.17), and
nothing but this file will change. What holds already: two signatures by keys that came by another
way, every file by its hash, versions that only grow across restarts, and a refresh that fails
leaves what was known in place.
"""

import asyncio
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from broker.faults import DirectoryFault
from policies.pack import parse_bundle
from policies.pack_text import PackError
from policies.pack_whole import Pack
from schemas.directory_entry import DirectoryEntry, OrganisationKind, parse_entry
from schemas.directory_index import MAX_INDEX_BYTES, DirectoryIndex, parse_index
from schemas.encoding import b64u
from schemas.jwk import Jwk
from schemas.keys import VerifyingKey, verifying_key
from schemas.problems import Problem

__all__ = ["Directory", "read_trust"]

MAX_FILE_BYTES = 4 * 1024 * 1024


class _Trust(BaseModel):
    """``trust.json``: who may sign this directory."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    v: int
    keys: tuple[Jwk, Jwk]


@dataclass(frozen=True, slots=True)
class _Known:
    """One version of the directory, read and verified."""

    index: DirectoryIndex
    index_hash: str
    entries: Mapping[str, DirectoryEntry]
    by_account: Mapping[str, DirectoryEntry]
    by_kid: Mapping[str, DirectoryEntry]
    packs: Mapping[str, Pack]
    calendar: bytes


def read_trust(path: Path) -> tuple[VerifyingKey, VerifyingKey]:
    """Read the directory's public keys.

    Raises:
        DirectoryFault: The file cannot be read or does not hold an Ed25519 and an ML-DSA-65 key.

    """
    try:
        trust = _Trust.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise DirectoryFault("The file with the directory's keys cannot be used.") from None
    first, second = (verifying_key(jwk) for jwk in trust.keys)
    if isinstance(first, Problem) or isinstance(second, Problem):
        raise DirectoryFault("A key of the directory is not sound.")
    if (trust.v, first.alg, second.alg) != (1, "Ed25519", "ML-DSA-65"):
        raise DirectoryFault("The directory needs an Ed25519 and an ML-DSA-65 key, in this order.")
    return first, second


class Directory:
    """Who is who and what is allowed, as of the newest version that was read.

    Lookups are of what is known; only :meth:`refresh` reads files.
    """

    def __init__(
        self, folder: Path, keys: tuple[VerifyingKey, VerifyingKey], seen: Path, known: _Known
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._seen = seen
        self._known = known

    @classmethod
    async def open(cls, folder: Path, trust: Path, *, seen: Path) -> Self:
        """Read the directory for the first time in this process.

        Args:
            folder: Where the directory is published.
            trust: ``trust.json``, from another source than the folder.
            seen: A file of this process, in which the newest version ever seen is remembered.

        Raises:
            DirectoryFault: It cannot be trusted or read; the sentence says why. Do not start.

        """
        keys = read_trust(trust)
        known = await asyncio.to_thread(_read, folder, keys, seen, None)
        return cls(folder, keys, seen, known)

    async def refresh(self) -> bool:
        """Read it again. True: there was a newer version. On a fault, what was known stays.

        Raises:
            DirectoryFault: What is published now cannot be trusted or read.

        """
        before = self._known
        self._known = await asyncio.to_thread(_read, self._folder, self._keys, self._seen, before)
        return self._known is not before

    @property
    def version(self) -> int:
        """Of the directory; stands in records."""
        return self._known.index.version

    @property
    def origin(self) -> str | None:
        """Origin line of the log's checkpoints, from the broker's entry."""
        broker = next((one for one in self.entries() if one.kind is OrganisationKind.BROKER), None)
        return broker.log_origin if broker else None

    def entry(self, agency: str) -> DirectoryEntry | None:
        """An agency by its id (without ``urn:dovetail:org:``)."""
        return self._known.entries.get(agency)

    def by_account(self, account: str) -> DirectoryEntry | None:
        """The agency that owns an account on the bus."""
        return self._known.by_account.get(account)

    def owner_of(self, kid: str) -> DirectoryEntry | None:
        """The agency that has, or had, this key; whether it holds at an instant, the entry says."""
        return self._known.by_kid.get(kid)

    def entries(self) -> tuple[DirectoryEntry, ...]:
        """Every agency, by id."""
        return tuple(self._known.entries[name] for name in sorted(self._known.entries))

    def pack(self, pack_id: str, ver: str) -> Pack | None:
        """A pack by id and version."""
        listed = self._known.index.packs
        found = next((one.h for one in listed if (one.id, one.ver) == (pack_id, ver)), None)
        return self._known.packs[found] if found else None

    def pack_by_hash(self, h: str) -> Pack | None:
        """The pack whose bundle has this SHA-256 (b64u), in force or not: ``Pack.in_force`` tells."""
        return self._known.packs.get(h)

    def superseded_at(self, h: str) -> datetime | None:
        """When another version took a pack's place; None: none has, or there is no such pack."""
        return next((one.superseded_at for one in self._known.index.packs if one.h == h), None)

    def in_force(self, at: datetime) -> tuple[Pack, ...]:
        """The packs that a message arriving at this instant may name, newest listed first."""
        listed = reversed(self._known.index.packs)
        packs = ((self._known.packs[one.h], one.superseded_at) for one in listed)
        return tuple(pack for pack, superseded in packs if pack.in_force(at, superseded))

    def bank_holidays(self) -> bytes:
        """The calendar's bytes, as ``policies.calendar`` reads them."""
        return self._known.calendar


def _read(
    folder: Path, keys: tuple[VerifyingKey, VerifyingKey], seen: Path, before: _Known | None
) -> _Known:
    """Read and verify a version whole; the version that we have, if it is the same still."""
    data = _file(folder / "index.json", MAX_INDEX_BYTES)
    index_hash = _hash(data)
    if before is not None and before.index_hash == index_hash:
        return before
    index = parse_index(data, keys)
    if isinstance(index, Problem):
        raise DirectoryFault(f"The directory's index is not accepted: {index.code.value}.")
    _not_older(index.version, index_hash, seen)
    known = _Known(
        index,
        index_hash,
        *_entries(folder, index, before),
        _packs(folder, index, before),
        _listed(folder, "calendar", index.calendar),
    )
    _remember(index.version, index_hash, seen)
    return known


def _entries(
    folder: Path, index: DirectoryIndex, before: _Known | None
) -> tuple[
    Mapping[str, DirectoryEntry], Mapping[str, DirectoryEntry], Mapping[str, DirectoryEntry]
]:
    """Every entry by id, by account and by key; no account and no key belongs to two."""
    same = {one.h: before.entries[one.id] for one in before.index.entries} if before else {}
    by_id: dict[str, DirectoryEntry] = {}
    by_account: dict[str, DirectoryEntry] = {}
    by_kid: dict[str, DirectoryEntry] = {}
    for listed in index.entries:
        entry = same.get(listed.h)
        if entry is None:
            read = parse_entry(_listed(folder, f"entries/{listed.id}", listed.h))
            if isinstance(read, Problem):
                raise DirectoryFault(
                    f"The entry of {listed.id} is not accepted: {read.code.value}."
                )
            entry = read
        if entry.id != listed.id:
            raise DirectoryFault(f"The entry listed as {listed.id} is another agency's.")
        _once(by_account, entry.account, entry, "account")
        for key in entry.keys:
            _once(by_kid, key.kid, entry, "key")
        by_id[entry.id] = entry
    return MappingProxyType(by_id), MappingProxyType(by_account), MappingProxyType(by_kid)


def _once(taken: dict[str, DirectoryEntry], name: str, entry: DirectoryEntry, what: str) -> None:
    """Note whose it is; two agencies with one account or key could each speak as the other."""
    if name in taken:
        raise DirectoryFault(f"{taken[name].id} and {entry.id} have the same {what}.")
    taken[name] = entry


def _packs(folder: Path, index: DirectoryIndex, before: _Known | None) -> Mapping[str, Pack]:
    """Every pack by the hash of its bundle."""
    packs: dict[str, Pack] = {}
    for listed in index.packs:
        pack = before.packs.get(listed.h) if before else None
        if pack is None:
            data = _listed(folder, f"packs/{listed.id}-{listed.ver}", listed.h)
            pack = _pack(data, f"{listed.id} {listed.ver}")
        if (pack.id, pack.version) != (listed.id, listed.ver):
            raise DirectoryFault(f"The pack listed as {listed.id} {listed.ver} is another.")
        packs[listed.h] = pack
    return MappingProxyType(packs)


def _pack(data: bytes, name: str) -> Pack:
    try:
        return parse_bundle(data)
    except PackError:
        raise DirectoryFault(f"The pack {name} cannot be read.") from None


def _listed(folder: Path, name: str, h: str) -> bytes:
    """A file that the index names, if it has the bytes that the index says."""
    data = _file(folder / f"{name}.{h}.json", MAX_FILE_BYTES)
    if _hash(data) != h:
        raise DirectoryFault(f"The directory's file {name} is not the one that was signed.")
    return data


def _file(path: Path, limit_bytes: int) -> bytes:
    """A file's bytes, at most ``limit_bytes``: whoever fills the folder must not fill our memory."""
    try:
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError:
        raise DirectoryFault(
            f"The directory's file {path.name.split('.')[0]} cannot be read."
        ) from None
    if len(data) > limit_bytes:
        raise DirectoryFault(f"The directory's file {path.name.split('.')[0]} is too large.")
    return data


def _hash(data: bytes) -> str:
    return b64u(hashlib.sha256(data).digest())


def _not_older(version: int, index_hash: str, seen: Path) -> None:
    """Refuse what is older than what we have ever seen, or of the same version and different."""
    try:
        text = seen.read_text(encoding="ascii")
    except FileNotFoundError:
        return  # the first time on this machine
    except (OSError, UnicodeDecodeError):
        raise DirectoryFault(
            "The memory of the directory's newest version cannot be read."
        ) from None
    try:
        newest, its_hash = json.loads(text)
        newest = int(newest)
    except (ValueError, TypeError):
        raise DirectoryFault("The memory of the directory's newest version is damaged.") from None
    if version < newest:
        raise DirectoryFault(f"The directory went back from version {newest} to {version}.")
    if version == newest and index_hash != its_hash:
        raise DirectoryFault(f"There are two different directories of version {version}.")


def _remember(version: int, index_hash: str, seen: Path) -> None:
    """Write down the newest version, complete or not at all.

    Two processes of one agency (its runtime and a command) may do so at once: each has a part file
    of its own, and what is remembered already is not written again.
    """
    part = seen.with_name(f"{seen.name}.{secrets.token_hex(8)}.part")
    try:
        if _remembers(version, index_hash, seen):
            return
        seen.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="ascii") as file:
            file.write(json.dumps([version, index_hash]))
            file.flush()
            os.fsync(file.fileno())
        part.replace(seen)
    except OSError:
        raise DirectoryFault("The directory's newest version cannot be remembered.") from None


def _remembers(version: int, index_hash: str, seen: Path) -> bool:
    return seen.exists() and seen.read_text(encoding="ascii") == json.dumps([version, index_hash])
