"""The one clock. It is passed in; nothing else asks the machine what time it is.

Two times (design 10.18): transport, TLS, JWTs and the server's own stamps run on *real* time;
everything that a rule is about runs on *domain* time, ``real + offset``. In production there is no
offset. In tests and the demo a history of offsets moves domain time forward, only ever forward, and
a stamp keeps the offset that held when it was made: what was handled at 09:00 was handled at 09:00
however often it is delivered again.
"""

import json
import os
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.faults import Fault

__all__ = ["Clock", "real_now"]


def real_now() -> datetime:
    """The machine's time, aware, UTC. Only for transport; rules ask :meth:`Clock.now`."""
    return datetime.now(UTC)


class Clock:
    """Domain time: real time plus the offset that held at that instant.

    The history is a file of JSON lines ``[<real instant, RFC 3339>, <offset in whole seconds>]``,
    in order; instants and offsets only grow. It is read again when the file changes, so that all
    processes of a sandbox move together. No file, or no line: no offset.
    """

    __slots__ = ("_from", "_history", "_offsets", "_real", "_seen")

    def __init__(
        self, history: Path | None = None, *, real: Callable[[], datetime] = real_now
    ) -> None:
        self._history = history
        self._real = real
        self._seen: tuple[int, int] | None = None
        self._from: list[datetime] = []
        self._offsets: list[timedelta] = []

    def now(self) -> datetime:
        """The domain instant, aware, UTC."""
        return self.of(self._real())

    def of(self, stamp: datetime) -> datetime:
        """Turn a real instant, such as a stream's timestamp, into the domain instant it stands for.

        Args:
            stamp: Aware, any zone; may lie before the first offset (then it is unchanged).

        Returns:
            The domain instant, aware, UTC: the same at every call, whatever was added since.

        Raises:
            ValueError: ``stamp`` is naive.
            Fault: The history file is not as described above.

        """
        if stamp.utcoffset() is None:
            raise ValueError("a stamp needs a zone")
        self._load()
        place = bisect_right(self._from, stamp)
        return stamp.astimezone(UTC) + (self._offsets[place - 1] if place else timedelta())

    def advance(self, by: timedelta) -> datetime:
        """Move domain time forward for everyone who reads this history. Sandbox and tests only.

        Args:
            by: Whole seconds, more than none.

        Returns:
            The new domain instant.

        Raises:
            ValueError: Not forward, or not whole seconds.
            Fault: This clock has no history, as in production: it cannot be moved.

        """
        if by <= timedelta() or by % timedelta(seconds=1):
            raise ValueError("a clock moves forward, by whole seconds")
        if self._history is None:
            raise Fault("This clock cannot be moved: it has no history file.")
        self._load()
        now = self._real().astimezone(UTC)
        if self._from and now < self._from[-1]:
            raise Fault("The machine's time lies before the last entry of the clock's history.")
        offset = (self._offsets[-1] if self._offsets else timedelta()) + by
        line = json.dumps([now.isoformat(), int(offset.total_seconds())]) + "\n"
        with self._history.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        return self.now()

    def _load(self) -> None:
        """Read the history again if the file is another than last time."""
        if self._history is None:
            return
        try:
            status = self._history.stat()
        except FileNotFoundError:
            return
        seen = (status.st_mtime_ns, status.st_size)
        if seen == self._seen:
            return
        since: list[datetime] = []
        offsets: list[timedelta] = []
        # A line still being written has no newline yet: it is not part of the history.
        for line in self._history.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            at, offset = _entry(line)
            if (since and at < since[-1]) or offset < (offsets[-1] if offsets else timedelta()):
                raise Fault("The clock's history goes backwards.")
            since.append(at)
            offsets.append(offset)
        self._from, self._offsets, self._seen = since, offsets, seen


def _entry(line: str) -> tuple[datetime, timedelta]:
    """Read one line of a history; Fault if it is not an aware instant and whole seconds."""
    try:
        at_text, seconds = json.loads(line)
        at = datetime.fromisoformat(at_text)
        offset = timedelta(seconds=seconds)
    except (ValueError, TypeError, OverflowError):
        raise Fault("The clock's history has a line that is not [instant, seconds].") from None
    if at.utcoffset() is None or type(seconds) is not int:
        raise Fault("The clock's history has a line without a zone, or with parts of seconds.")
    return at.astimezone(UTC), offset
