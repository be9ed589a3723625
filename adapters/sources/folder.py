"""A folder that an agency's systems write files into, read whole and read again on change.

The rules of such a folder, so that no answer rests on half a file:

* a file is written under a name that ends in ``.part`` or begins with a dot, and renamed when it
  is complete; such names are not read;
* the day, or the first and last day, that a CSV file speaks for stand in its name
  (``children_2026-11-13.csv``, ``attendance_2025-09-01_2026-11-13.csv``): the newest is read;
* any other name is an error: a misspelt name must not mean that a file is quietly left out;
* nothing in it is a link.

Reading is all or nothing: one broken place in one file, and the folder gives no record at all.
"""

import re
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from adapters.agency import SourceError, Window
from adapters.sources.days import to_day

__all__ = [
    "MAX_FILE_BYTES",
    "Dated",
    "Watched",
    "listing",
    "newest",
    "only_known",
    "read_bytes",
    "still_current",
]

T = TypeVar("T")

MAX_FILE_BYTES = 64 * 1024 * 1024  # a large council's whole census is about a tenth of this
MAX_FILES = 2_000
_TRIES = 3
_DATED = re.compile(r"([a-z_]+)_(\d{4}-\d{2}-\d{2})(?:_(\d{4}-\d{2}-\d{2}))?\.csv", re.ASCII)

_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Dated:
    """A CSV file and the days that its name says it speaks for (one day: from_on == to_on)."""

    path: Path
    stem: str
    covers: Window


def listing(folder: Path) -> tuple[Path, ...]:
    """List the complete files of a folder and its sub-folders, sorted.

    Raises:
        SourceError: The folder is not there, holds a link, or more than 2,000 files.

    """
    if not folder.is_dir():
        raise SourceError(folder.name, "folder", "The folder of records is not there.")
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(".") or path.name.endswith(".part"):
            continue
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        if not stat.S_ISREG(mode):
            raise SourceError(path.name, "file", "It is a link or no ordinary file.")
        found.append(path)
        if len(found) > MAX_FILES:
            raise SourceError(folder.name, "folder", f"It holds more than {MAX_FILES} files.")
    return tuple(found)


def newest(paths: tuple[Path, ...], stem: str) -> Dated | None:
    """Choose the file ``<stem>_<day>[_<day>].csv`` that speaks for the latest day.

    Returns:
        None when there is none of that stem.

    Raises:
        SourceError: A date in a name is no day or runs backwards, or two files end on the same
            day, so that it is not certain which one holds.

    """
    dated = [d for d in map(_dated, paths) if d is not None and d.stem == stem]
    if not dated:
        return None
    dated.sort(key=lambda d: d.covers.to_on)
    if len(dated) > 1 and dated[-1].covers.to_on == dated[-2].covers.to_on:
        raise SourceError(dated[-1].path.name, "file name", "Another file ends on the same day.")
    return dated[-1]


def only_known(paths: tuple[Path, ...], stems: frozenset[str], suffixes: frozenset[str]) -> None:
    """Refuse a folder with a file that its adapter would not read.

    Args:
        paths: As ``listing`` gives them.
        stems: Of the dated CSV files that the adapter knows.
        suffixes: Of its other files, such as ``.xml``.

    """
    for path in paths:
        dated = _dated(path)
        if dated is None and path.suffix not in suffixes:
            raise SourceError(path.name, "file name", "This adapter knows no file of such a name.")
        if dated is not None and dated.stem not in stems:
            raise SourceError(path.name, "file name", f"It begins with none of: {_list(stems)}.")


def _list(stems: frozenset[str]) -> str:
    return ", ".join(sorted(stems))


def _dated(path: Path) -> Dated | None:
    name = _DATED.fullmatch(path.name)
    if name is None:
        return None
    try:
        first = to_day(name.group(2))
        last = to_day(name.group(3) or name.group(2))
    except ValueError:
        raise SourceError(path.name, "file name", "A date in it is no day.") from None
    if last < first:
        raise SourceError(path.name, "file name", "Its dates run backwards.")
    return Dated(path, name.group(1), Window(first, last))


def read_bytes(path: Path) -> bytes:
    """Read one file whole.

    Raises:
        SourceError: It is gone, unreadable, empty or larger than 64 MiB.

    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SourceError(path.name, "file", "It is larger than 64 MiB.")
        data = path.read_bytes()
    except OSError:
        raise SourceError(path.name, "file", "It cannot be read.") from None
    if not data:
        raise SourceError(path.name, "file", "It is empty.")
    return data


def still_current(name: str, as_at: date, at: date, max_age_days: int | None) -> None:
    """Refuse records that are too old to speak for today.

    Args:
        name: Of the file.
        as_at: The day that the records speak for.
        at: Today.
        max_age_days: None where old records do, as with invented ones.

    Raises:
        SourceError: The records are older, or speak for a day that has not come.

    """
    if max_age_days is None:
        return
    if at - as_at > timedelta(days=max_age_days):
        raise SourceError(name, "its day", f"The records are more than {max_age_days} days old.")
    if as_at > at:
        raise SourceError(name, "its day", "The records speak for a day that has not come.")


class Watched(Generic[T]):
    """What a folder holds, loaded when it is first asked for and whenever a file has changed."""

    def __init__(self, folder: Path, load: Callable[[tuple[Path, ...]], T]) -> None:
        """Remember where and how; nothing is read yet.

        Args:
            folder: Of the records.
            load: Turns the sorted paths of its files into records, or raises ``SourceError``.

        """
        self._folder = folder
        self._load = load
        self._stamp: _Stamp | None = None
        self._held: T | None = None
        self._lock = threading.Lock()

    def current(self) -> T:
        """Give what the folder holds now.

        Raises:
            SourceError: A file is broken, or files kept changing while they were read. Nothing
                that was loaded before is given instead.

        """
        with self._lock:
            return self._current()

    def _current(self) -> T:
        for _ in range(_TRIES):
            paths = listing(self._folder)
            before = _stamp(paths)
            if before == self._stamp and self._held is not None:
                return self._held
            self._held = None
            loaded = self._load(paths)
            if _stamp(listing(self._folder)) == before:
                self._held, self._stamp = loaded, before
                return loaded
        raise SourceError(self._folder.name, "folder", "Files change while they are read.")


def _stamp(paths: tuple[Path, ...]) -> _Stamp:
    try:
        stats = [(str(path), path.stat()) for path in paths]
    except OSError:
        return ()  # a file went: equal to no stamp of a folder that holds one
    return tuple((name, s.st_size, s.st_mtime_ns, s.st_ino) for name, s in stats)
