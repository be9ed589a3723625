"""A founded world as other processes see it: open one agency's edge by folder and id."""

import fcntl
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.edge import Edge
from adapters.store import EdgeStore
from broker.clock import Clock
from broker.directory import Directory
from deploy.sandbox.founding import FoundingError, agency_folder, agency_keys, is_founded
from policies.calendar import BankHolidays, parse_bank_holidays

__all__ = ["bank_holidays", "endpoints", "open_clock", "open_directory", "open_edge"]


def open_clock(folder: Path) -> Clock:
    """The world's clock; whoever moves it moves it for all."""
    return Clock(folder / "clock.jsonl")


async def open_directory(folder: Path, seen: Path) -> Directory:
    """The world's directory; ``seen`` remembers the newest version this reader believed."""
    return await Directory.open(folder / "directory", folder / "trust.json", seen=seen)


async def open_edge(folder: Path, agency: str) -> Edge:
    """One agency's edge: its keys, store and view of the directory.

    Raises:
        FoundingError: There is no world here, or no such agency in it.

    """
    if not is_founded(folder):
        raise FoundingError(
            f"There is no world in {folder}: start one with `dovetail up --dir {folder}`."
        )
    known = sorted(one.name for one in (folder / "agencies").iterdir() if one.is_dir())
    if agency not in known:  # before it becomes a path
        raise FoundingError(f"There is no agency {agency} here; there are: {', '.join(known)}.")
    own = agency_folder(folder, agency)
    directory = await open_directory(folder, own / "directory.seen")
    keys = agency_keys(folder, agency, secrets.token_bytes)
    store = EdgeStore.open(f"sqlite:///{own / 'edge.db'}", agency, keys.vault)
    return Edge(agency, keys, store, directory, open_clock(folder), secrets.token_bytes)


def bank_holidays(edge: Edge) -> BankHolidays:
    """The bank holidays that the edge's directory has."""
    directory = edge.directory
    if not isinstance(directory, Directory):
        raise TypeError("an edge of a world has the world's directory")
    return parse_bank_holidays(directory.bank_holidays())


def endpoints(folder: Path) -> Mapping[str, Any] | None:
    """What ``up`` wrote when it was ready, or None while nothing runs here.

    A file that a killed process left behind is not believed: whoever runs a world holds its lock.
    """
    path = folder / "endpoints.json"
    if not _is_locked(folder / "lock") or not path.exists():
        return None
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
