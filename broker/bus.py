"""The bus as the services see it: serve a stream, create once, append, read, keep values.

``bus.py`` and ``bus_*.py`` are the only importers of FastStream and nats-py. FastStream's defaults
lose or reorder messages and let a sender act with the broker's rights; what is set differently here
says why beside it (nats.md 1.8 and 4, decision 0020, ``tests/flows/test_bus.py``).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Self, cast

from faststream.nats import NatsBroker
from faststream.nats.subscriber.usecases import PullStreamSubscriber

from broker import bus_faststream
from broker.bus_connection import Connection, TooLarge
from broker.bus_settle import (
    ARRIVED_AT,
    CREATE_ONLY,
    SUBJECT,
    Handler,
    Incoming,
    Parked,
    Settling,
    describe,
)
from broker.bus_store import EVERYTHING, Bucket, Entry, Stored, kept, read, stored
from broker.clock import Clock
from broker.faults import Conflict, StoreFault
from broker.nkeys import Credentials
from schemas import subjects
from schemas.subjects import Stream

__all__ = ["Bucket", "Bus", "Entry", "Handler", "Incoming", "Parked", "Stored", "TooLarge"]

_LOST_LOOK_S = 1.0


class Bus:
    """A service's connection to streams and buckets. Make it with :meth:`connect`."""

    def __init__(self, broker: NatsBroker, connection: Connection, clock: Clock) -> None:
        self._broker = broker
        self._connection = connection
        self._clock = clock
        self._serving: dict[tuple[str, str], PullStreamSubscriber] = {}

    @classmethod
    async def connect(
        cls,
        url: str,
        credentials: Path | Credentials,
        *,
        clock: Clock,
        name: str,
        tls: ssl.SSLContext | None = None,
    ) -> Self:
        """Connect; afterwards it reconnects by itself, for ever.

        Args:
            url: ``nats://host:port``.
            credentials: A credentials file (mode 0600), or its content.
            clock: Turns the streams' stamps into domain instants.
            name: For people reading the server's connection list.
            tls: With it, the TLS handshake comes first: the server cannot talk us out of it.

        Raises:
            BusUnavailable: No server answered in time.
            CredentialsFault: The file cannot be used, or the server does not accept it.

        """
        broker, connection = await bus_faststream.connect(url, credentials, name=name, tls=tls)
        return cls(broker, connection, clock)

    async def close(self) -> None:
        """Stop serving, let handlers end (at most their timeout), and disconnect."""
        for stream, durable in tuple(self._serving):
            await self.cease(stream, durable)
        await self._connection.close()

    async def wait_lost(self) -> None:
        """Return when the connection is closed for good: the process should end, and be started again."""
        while not self._connection.lost:  # noqa: ASYNC110 - after a final error the library calls nobody
            await asyncio.sleep(_LOST_LOOK_S)

    # ------------------------------------------------------------------------------- serving

    async def serve(
        self, stream: str, durable: str, handler: Handler, *, service: str, parks: bool = True
    ) -> None:
        """Hand the messages of a consumer to ``handler``, in order, one at a time, from now on.

        Returning acknowledges the message, for certain. Raising delivers it again after a growing
        wait, and nothing behind it moves meanwhile. Set aside as parked is a message whose handler
        raised a Bug (at once), anything else that is not a Fault (at the sixth delivery), or Faults
        for two hours; the stream then goes on. A handler gets 25 s.

        Args:
            stream: Name of the stream; the consumer must exist, nothing is created here.
            durable: Name of the consumer, made with max_ack_pending 1.
            handler: Must bear being called again for a message that it has dealt with already.
            service: Who parks: ``parked.<service>.…``, ``retry.<service>.…``.
            parks: False where a message must never be passed over: then it is tried for ever.

        Raises:
            BusUnavailable: The connection is gone.
            ValueError: This consumer is being served already, or ``service`` is none of ours.

        """
        if (stream, durable) in self._serving:
            raise ValueError("this consumer is being served already")
        known = cast("subjects.Service", service)
        subjects.retry(
            known, None
        )  # raises where it is none of ours, now and not at the first failure
        settle = Settling(self._connection, self._clock, stream, known, handler, parks)
        self._serving[stream, durable] = await bus_faststream.subscribe(
            self._broker, self._connection, stream, durable, settle
        )

    async def cease(self, stream: str, durable: str) -> None:
        """Stop serving one consumer, after the message in hand; nothing to do if it is not served."""
        subscriber = self._serving.pop((stream, durable), None)
        if subscriber is not None:
            await bus_faststream.unsubscribe(self._broker, subscriber)

    # ------------------------------------------------------------------------------- writing

    async def create(
        self, subject: str, data: bytes, *, headers: Mapping[str, str] | None = None
    ) -> bool:
        """Store the first message of a subject; returns when it is on disk.

        Returns:
            True when it is new; False when the subject has a message already (whichever bytes).

        Raises:
            NotEnoughRoom: The stream is full.
            TooLarge: Larger than the stream takes.
            BusUnavailable: Not known whether it was stored. Calling again is safe.

        """
        try:
            await self._connection.store(subject, data, headers=CREATE_ONLY | dict(headers or {}))
        except Conflict:
            return False
        return True

    async def append(
        self,
        subject: str,
        data: bytes,
        *,
        expected_last_sequence: int | None = None,
        msg_id: str | None = None,
    ) -> int:
        """Store a message; returns when it is on disk.

        Args:
            subject: Decides the stream.
            data: The message.
            expected_last_sequence: The stream's last sequence must be this (0: it is empty).
            msg_id: The same id within the stream's window stores once, and returns the first sequence.

        Returns:
            The sequence in the stream.

        Raises:
            Conflict: The last sequence is another. After a BusUnavailable it may be our own message.
            NotEnoughRoom: The stream is full.
            BusUnavailable: Not known whether it was stored.

        """
        headers = {}
        if expected_last_sequence is not None:
            headers["Nats-Expected-Last-Sequence"] = str(expected_last_sequence)
        if msg_id is not None:
            headers["Nats-Msg-Id"] = msg_id
        return (await self._connection.store(subject, data, headers=headers)).sequence

    # ------------------------------------------------------------------------------- reading

    async def last(self, stream: str, subject: str) -> Stored | None:
        """The newest message of a subject, from the leader: never out of date."""
        return await stored(self._connection, self._clock, stream, subject=subject)

    async def newest(self, stream: str) -> Stored | None:
        """The newest message of a stream, whatever its subject."""
        return await stored(self._connection, self._clock, stream, subject=EVERYTHING)

    async def at(self, stream: str, sequence: int) -> Stored | None:
        """The message with this sequence, or None: not yet, or erased."""
        return (
            await stored(self._connection, self._clock, stream, sequence=sequence)
            if sequence > 0
            else None
        )

    def read(
        self,
        stream: str,
        *,
        from_sequence: int = 1,
        to_sequence: int | None = None,
        subject: str = EVERYTHING,
    ) -> AsyncIterator[Stored]:
        """Read a stretch of a stream in order, both ends included; see ``bus_store.read``."""
        return read(
            self._connection,
            self._clock,
            stream,
            start=max(1, from_sequence),
            end=to_sequence,
            subject=subject,
        )

    # ------------------------------------------------------------------------------- removing

    async def purge_subject(self, stream: str, subject: str) -> None:
        """Remove all messages of a subject. The bytes may stay in the store's files, encrypted."""
        await self._connection.api(f"STREAM.PURGE.{stream}", {"filter": subject})

    async def erase(self, stream: str, sequence: int) -> None:
        """Remove one message and overwrite its bytes; nothing to do if it is gone."""
        try:
            await self._connection.api(f"STREAM.MSG.DELETE.{stream}", {"seq": sequence})
        except LookupError:
            return
        except StoreFault:
            # The server has one number for "gone already" and "not permitted": look which it was.
            if await self.at(stream, sequence) is not None:
                raise

    def bucket(self, name: str) -> Bucket:
        """A key-value bucket, which must exist."""
        return Bucket(self._connection, self._clock, name)

    # ------------------------------------------------------------------------------- parking

    async def parked(self) -> AsyncIterator[Parked]:
        """What is parked, oldest first. Needs the operator's rights."""
        async for message in self.read(Stream.PARKED):
            found = await kept(
                self._connection, self._clock, Stream.PARKED, sequence=message.sequence
            )
            if found is not None:
                yield describe(found)

    async def unpark(self, sequence: int) -> None:
        """Bring a parked message to its service again, with its first arrival. Operator's rights.

        Raises:
            LookupError: Nothing is parked under this number.

        """
        found = await kept(self._connection, self._clock, Stream.PARKED, sequence=sequence)
        if found is None:
            raise LookupError("nothing is parked under this number")
        entry = describe(found)
        headers = {
            SUBJECT: entry.subject,
            ARRIVED_AT: entry.arrived_at.isoformat(),
            "Nats-Msg-Id": f"{entry.id}.{sequence}",  # a crash before the erasing brings it once all the same
        }
        await self._connection.store(
            subjects.retry(entry.service, entry.account), found.message.data, headers=headers
        )
        await self.erase(Stream.PARKED, sequence)
