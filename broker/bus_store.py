"""Read what stands in streams, and key-value buckets, over a connection.

Part of ``broker/bus.py``. A single message is read from the stream's leader (``STREAM.MSG.GET``),
which is never behind; long stretches are read in batches that any replica may answer, and a batch
that ends before the leader's last sequence is a fault, not an answer.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP

from nats.aio.msg import Msg

from broker.bus_connection import Connection
from broker.clock import Clock
from broker.faults import BusUnavailable, Conflict

__all__ = ["EVERYTHING", "Bucket", "Entry", "Kept", "Stored", "kept", "read", "stored"]

EVERYTHING = "*.>"
"""Matches all our subjects. Not ">": asked for the last of ">", the server looks at the last sequence
alone, and finds nothing when that one was erased."""

BATCH = 256
BATCH_BYTES = 4 * 1024 * 1024
BATCH_TIMEOUT_S = 10.0
_EXPECT_LAST = "Nats-Expected-Last-Subject-Sequence"


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as it stands in a stream."""

    subject: str
    data: bytes
    sequence: int
    stored_at: datetime
    """Domain instant, aware, UTC."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message with its headers: only for streams that nobody but the broker writes."""

    message: Stored
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in a bucket, and the revision to hand to :meth:`Bucket.update`."""

    value: bytes
    revision: int


async def kept(
    connection: Connection, clock: Clock, stream: str, *, sequence: int = 0, subject: str = ""
) -> Kept | None:
    """Read one message from the leader: by sequence, or the last of a subject.

    Returns:
        The message, or None when there is none.

    Raises:
        StoreFault: There is no such stream.
        BusUnavailable: No answer in time.

    """
    try:
        answer = await connection.api(
            f"STREAM.MSG.GET.{stream}", {"seq": sequence} if sequence else {"last_by_subj": subject}
        )
    except LookupError:
        return None
    found = answer["message"]
    _, _, lines = base64.b64decode(found.get("hdrs", "")).partition(b"\r\n")
    headers = dict(BytesParser(policy=HTTP).parsebytes(lines).items())
    message = Stored(
        str(found["subject"]),
        base64.b64decode(found.get("data", "")),
        int(found["seq"]),
        clock.of(_stamp(str(found["time"]))),
    )
    return Kept(message, headers)


async def stored(
    connection: Connection, clock: Clock, stream: str, *, sequence: int = 0, subject: str = ""
) -> Stored | None:
    """As :func:`kept`, without headers."""
    found = await kept(connection, clock, stream, sequence=sequence, subject=subject)
    return found.message if found else None


async def read(
    connection: Connection, clock: Clock, stream: str, *, start: int, end: int | None, subject: str
) -> AsyncIterator[Stored]:
    """Read a stretch of a stream, in order, in batches.

    Args:
        connection: An open connection.
        clock: For the instants.
        stream: Name of the stream.
        start: First sequence, from 1.
        end: Last sequence; None means the last one there is when reading begins.
        subject: Only subjects that match this.

    Yields:
        The messages that are there; erased ones are passed over.

    Raises:
        BusUnavailable: A batch did not come whole in time; read on from the last that came.
        StoreFault: There is no such stream.

    """
    newest = await stored(connection, clock, stream, subject=subject)
    last = newest.sequence if newest else 0
    end = last if end is None else min(end, last)
    while start <= end:
        batch = await _batch(connection, clock, stream, start=start, last=last, subject=subject)
        for message in batch:
            if message.sequence > end:
                return
            yield message
        start = batch[-1].sequence + 1


async def _batch(
    connection: Connection, clock: Clock, stream: str, *, start: int, last: int, subject: str
) -> list[Stored]:
    """One batch of a direct get, never empty: the leader's newest was ``last``, at or after ``start``."""
    client = connection.client
    inbox = client.new_inbox()
    frames: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await client.subscribe(inbox, cb=frames.put)
    body = {"seq": start, "next_by_subj": subject, "batch": BATCH, "max_bytes": BATCH_BYTES}
    found: list[Stored] = []
    try:
        await connection.send(
            f"$JS.API.DIRECT.GET.{stream}", json.dumps(body).encode(), reply=inbox
        )
        async with asyncio.timeout(BATCH_TIMEOUT_S):
            while True:
                frame = await frames.get()
                headers = frame.headers or {}
                status = headers.get("Status")
                if status == "204" and found:  # the end of the batch
                    if found[-1].sequence < last and headers.get("Nats-Num-Pending") == "0":
                        raise BusUnavailable(
                            "A stream changed, or a replica is behind: read again."
                        )
                    break
                if status is not None:
                    raise BusUnavailable("A stretch of a stream could not be read.")
                found.append(
                    Stored(
                        headers["Nats-Subject"],
                        frame.data,
                        int(headers["Nats-Sequence"]),
                        clock.of(_stamp(headers["Nats-Time-Stamp"])),
                    )
                )
    except TimeoutError:
        raise BusUnavailable("A stretch of a stream did not come in time.") from None
    finally:
        if not connection.lost:
            await subscription.unsubscribe()
    return found


def _stamp(text: str) -> datetime:
    """RFC 3339 with up to nine decimals, cut to microseconds."""
    return datetime.fromisoformat(text).astimezone(UTC)


class Bucket:
    """A key-value bucket: one current value a key, each write with its own revision.

    Laid out as NATS lays out its own (``KV_<name>``, ``$KV.<name>.<key>``), so that its tools read it,
    but a deleted key leaves nothing behind. Keys: letters, digits and ``-_=./``, dots between words.
    """

    __slots__ = ("_clock", "_connection", "_name")

    def __init__(self, connection: Connection, clock: Clock, name: str) -> None:
        self._connection = connection
        self._clock = clock
        self._name = name

    @property
    def _stream(self) -> str:
        return f"KV_{self._name}"

    def _subject(self, key: str) -> str:
        return f"$KV.{self._name}.{key}"

    async def get(self, key: str) -> Entry | None:
        """The current value, or None."""
        found = await stored(
            self._connection, self._clock, self._stream, subject=self._subject(key)
        )
        return Entry(found.data, found.sequence) if found else None

    async def create(self, key: str, value: bytes) -> bool:
        """Write a key that is not there. False: it is there already, and nothing was written."""
        return await self.update(key, value, 0)

    async def update(self, key: str, value: bytes, revision: int) -> bool:
        """Write if the current revision is ``revision`` (0: none). False: it is not, nothing was written.

        After :class:`BusUnavailable` it is not known whether the write took place: read again.
        """
        try:
            await self._connection.store(
                self._subject(key), value, headers={_EXPECT_LAST: str(revision)}
            )
        except Conflict:
            return False
        return True

    async def put(self, key: str, value: bytes) -> int:
        """Write whatever was there; the new revision."""
        return (await self._connection.store(self._subject(key), value)).sequence

    async def delete(self, key: str) -> None:
        """Remove a key and its value; nothing to do when it is not there."""
        await self._connection.api(f"STREAM.PURGE.{self._stream}", {"filter": self._subject(key)})

    async def items(self, prefix: str = "") -> AsyncIterator[tuple[str, Entry]]:
        """Every key below ``prefix`` (whole words, ``a.b``; empty: all) with its value.

        A key that is written meanwhile may come twice, the newer last; none is left out.
        """
        subject = self._subject(f"{prefix}.>" if prefix else ">")
        cut = len(self._subject(""))
        async for message in read(
            self._connection, self._clock, self._stream, start=1, end=None, subject=subject
        ):
            yield message.subject[cut:], Entry(message.data, message.sequence)
