"""Publish a directory as a signed folder: for the sandbox and the tests.

In production the directory is made by people with keys held apart; here one process has both.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from policies.pack import parse_bundle
from schemas.directory_entry import DirectoryEntry, dump_entry
from schemas.directory_index import DirectoryIndex, Listed, ListedPack, dump_index
from schemas.encoding import b64u
from schemas.keys import MessageSigner

__all__ = ["PublishedPack", "publish", "write_trust"]


@dataclass(frozen=True, slots=True)
class PublishedPack:
    """A pack's bundle, and when another version took its place."""

    bundle: bytes
    superseded_at: datetime | None = None


def write_trust(path: Path, signer: MessageSigner) -> None:
    """Write ``trust.json``: the public keys by which a reader knows the directory."""
    keys = [json.loads(key.jwk.model_dump_json()) for key in signer.public]
    _write(path, json.dumps({"v": 1, "keys": keys}).encode())


def publish(
    folder: Path,
    signer: MessageSigner,
    *,
    version: int,
    made_at: datetime,
    entries: Sequence[DirectoryEntry],
    packs: Sequence[PublishedPack],
    calendar: bytes,
) -> DirectoryIndex:
    """Write a version of the directory: first its files, each under its hash, then the index.

    A reader sees the version before or this one, never a mixture. Older files stay.

    Args:
        folder: Made if it is not there.
        signer: The directory's keys.
        version: More than any before; nobody here remembers.
        made_at: For people.
        entries: Every agency, also those that left.
        packs: Every pack that ever was in force, oldest first.
        calendar: The bank holidays as JSON.

    """
    listed: list[Listed] = []
    for entry in sorted(entries, key=lambda one: one.id):
        h = _put(folder, f"entries/{entry.id}", dump_entry(entry))
        listed.append(Listed(id=entry.id, h=h))
    listed_packs: list[ListedPack] = []
    for one in packs:
        pack = parse_bundle(one.bundle)  # what readers would refuse is not published
        h = _put(folder, f"packs/{pack.id}-{pack.version}", one.bundle)
        listed_packs.append(
            ListedPack(id=pack.id, ver=pack.version, h=h, superseded_at=one.superseded_at)
        )
    index = DirectoryIndex(
        v=1,
        version=version,
        made_at=made_at,
        entries=tuple(listed),
        packs=tuple(listed_packs),
        calendar=_put(folder, "calendar", calendar),
    )
    _write(folder / "index.json", dump_index(index, signer))
    return index


def _put(folder: Path, name: str, data: bytes) -> str:
    h = b64u(hashlib.sha256(data).digest())
    path = folder / f"{name}.{h}.json"
    if not path.exists():
        _write(path, data)
    return h


def _write(path: Path, data: bytes) -> None:
    """Write a file, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
