"""The bus as the services see it: serve a stream, create once, append, read, keep values.

``bus.py`` and ``bus_*.py`` are the only importers of FastStream and nats-py. FastStream's defaults
lose or reorder messages and let a sender act with the broker's rights; what is set differently here
says why beside it (nats.md 1.8 and 4, decision 0020, ``tests/flows/test_bus.py``).
"""

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.nats.security import NatsJWT
from faststream.nats.subscriber.usecases import PullStreamSubscriber
from nats import errors as nats_errors

from broker import backoff
from broker.bus_connection import (
    CONNECT_TIMEOUT_S,
    RECONNECT_WAIT_S,
    Connection,
    TooLarge,
    guard,
    how_to_sign_in,
    instant,
)
from broker.bus_pull import Pull, Pulled
from broker.bus_store import Bucket, Entry, Kept, Stored, kept, read, stored
from broker.clock import Clock
from broker.faults import Bug, BusUnavailable, Conflict, Fault
from broker.log import logger
from broker.nkeys import Credentials, is_public

__all__ = ["Bucket", "Bus", "Entry", "Handler", "Incoming", "Parked", "Stored", "TooLarge"]

CREATE_ONLY = {"Nats-Expected-Last-Subject-Sequence": "0"}
ARRIVED_AT = "Dovetail-Arrived-At"
SUBJECT = "Dovetail-Subject"
REASON = "Dovetail-Reason"
RETRY = "RETRY"
PARKED = "PARKED"
NOBODY = "_"
"""Stands for the account in a parked message's subject when it came from none."""

_LOST_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery. After un-parking it looks as it did the first time: same subject, same arrival."""

    id: str
    """Hex SHA-256 of ``data``: how the broker names a message."""
    data: bytes
    subject: str
    """As first stored (``in.A.env``), also when it comes again by RETRY."""
    account: str | None
    """The account key in the subject: for an ingress, its owner; None where the subject has none."""
    arrived_at: datetime
    """Domain instant of the first arrival, aware, UTC."""
    stream: str
    sequence: int
    deliveries: int
    """From 1. More than 1: an earlier delivery was not settled; it may have done its work."""


Handler = Callable[[Incoming], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parked:
    """What is known of a parked message without reading it."""

    service: str
    account: str | None
    id: str
    subject: str
    arrived_at: datetime
    reason: str
    """Name of the class of the exception: no text of it is kept."""
    sequence: int
    """What :meth:`Bus.unpark` asks for."""


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
            BusUnavailable: No server answered, or it did not accept us.
            CredentialsFault: The file cannot be used.

        """
        signing = how_to_sign_in(credentials)
        broker = NatsBroker(
            url,
            name=name,
            security=NatsJWT(
                signing["user_jwt_cb"],
                signing["signature_cb"],
                ssl_context=tls,
                use_ssl=tls is not None,
                tls_handshake_first=tls is not None,
            ),
            logger=None,  # it would log exceptions, whose texts quote messages
            apply_types=False,  # no injection: the handler takes the message as it is
            decoder=_as_received,  # else JSON is decoded before anything is verified
            max_reconnect_attempts=-1,  # else the connection closes for good after two minutes
            reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type] # a float works; it goes to sleep()
            ping_interval=10,
            max_outstanding_pings=2,
            graceful_timeout=backoff.HANDLE_TIMEOUT_S,
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                client = await broker.connect()
        except (TimeoutError, OSError, nats_errors.Error):
            raise BusUnavailable(
                "The bus does not answer, or does not accept these credentials."
            ) from None
        guard(client)
        connection = Connection(client)
        client._reconnected_cb = connection.restored  # noqa: SLF001 - set after connecting; pinned by test
        await broker.start()
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
            ValueError: This consumer is being served already.

        """
        if (stream, durable) in self._serving:
            raise ValueError("this consumer is being served already")

        async def settle(message: NatsMessage) -> None:
            await self._settle(message, stream, durable, handler, service=service, parks=parks)

        subscriber = self._broker.subscriber(
            f"{stream}.{durable}",  # a name; binding needs no subject
            stream=JStream(stream, declare=False),  # else it rewrites the stream's configuration
            durable=durable,
            pull_sub=PullSub(batch_size=1),  # a batch is handled all at once, out of order
            ack_policy=AckPolicy.MANUAL,  # else one exception ends the message for good
            no_reply=True,  # else a sender's reply_to header makes us publish where it likes
        )
        subscriber(settle)
        pull = Pull(self._connection, stream, durable)
        _take_by(subscriber, pull)
        self._serving[stream, durable] = subscriber
        try:
            await subscriber.start()
        except nats_errors.Error as error:
            del self._serving[stream, durable]
            raise BusUnavailable("The connection to the bus is gone.") from error

    async def cease(self, stream: str, durable: str) -> None:
        """Stop serving one consumer, after the message in hand; nothing to do if it is not served."""
        subscriber = self._serving.pop((stream, durable), None)
        if subscriber is not None:
            await subscriber.stop()
            self._broker._subscribers.discard(subscriber)  # noqa: SLF001 - else it starts again with the broker

    async def _settle(
        self,
        message: NatsMessage,
        stream: str,
        durable: str,
        handler: Handler,
        *,
        service: str,
        parks: bool,
    ) -> None:
        """Call the handler once and tell the server what came of it."""
        pulled: Pulled = message.raw_message.pulled  # type: ignore[attr-defined] # set by _take_by
        try:
            if parks and pulled.deliveries > backoff.MAX_FAULTS:
                raise Bug  # whoever took it never answered: it may be what ends the process
            incoming = await self._incoming(pulled, stream)
            async with asyncio.timeout(backoff.HANDLE_TIMEOUT_S):
                await handler(incoming)
        except Exception as error:  # the one place: whatever it was, the message is settled
            await self._unsettled(pulled, stream, error, service=service, parks=parks)
            raise
        # Waits until the server knows: an acknowledgement lost here only brings the message again.
        await self._connection.request(pulled.reply, b"+ACK")

    async def _unsettled(
        self, pulled: Pulled, stream: str, error: Exception, *, service: str, parks: bool
    ) -> None:
        """Bring the message again later, or set it aside."""
        reason = type(error).__name__
        fault = isinstance(error, Fault | TimeoutError | OSError)
        limit = (
            1 if isinstance(error, Bug) else backoff.MAX_FAULTS if fault else backoff.MAX_DELIVERIES
        )
        sha = hashlib.sha256(pulled.data).hexdigest()
        if not parks or pulled.deliveries < limit:
            delay_ns = int(backoff.wait_s(pulled.deliveries) * 1e9)
            logger.warning(
                "delivery.failed",
                service=service,
                id=sha,
                deliveries=pulled.deliveries,
                error=reason,
            )
            await self._connection.send(
                pulled.reply, b"-NAK " + json.dumps({"delay": delay_ns}).encode()
            )
            return
        origin = await self._origin(pulled, stream)
        headers = {
            SUBJECT: origin.subject,
            ARRIVED_AT: origin.arrived_at.isoformat(),
            REASON: reason,
        }
        await self.create(
            f"parked.{service}.{origin.account or NOBODY}.{sha}", pulled.data, headers=headers
        )
        logger.error(
            "delivery.parked", service=service, id=sha, deliveries=pulled.deliveries, error=reason
        )
        # Parked first, ended second: a crash between the two parks it once more, under the same name.
        await self._connection.request(pulled.reply, b"+TERM parked")

    async def _incoming(self, pulled: Pulled, stream: str) -> Incoming:
        origin = await self._origin(pulled, stream)
        return Incoming(
            id=hashlib.sha256(pulled.data).hexdigest(),
            data=pulled.data,
            subject=origin.subject,
            account=origin.account,
            arrived_at=origin.arrived_at,
            stream=stream,
            sequence=pulled.sequence,
            deliveries=pulled.deliveries,
        )

    async def _origin(self, pulled: Pulled, stream: str) -> "_Origin":
        """Where and when the message first came: by headers only on RETRY, which operators alone write."""
        if stream == RETRY:
            found = await kept(self._connection, self._clock, RETRY, sequence=pulled.sequence)
            if found is not None and {SUBJECT, ARRIVED_AT} <= found.headers.keys():
                return _Origin(
                    found.headers[SUBJECT],
                    _account(found.headers[SUBJECT]),
                    datetime.fromisoformat(found.headers[ARRIVED_AT]),
                )
        return _Origin(
            pulled.subject, _account(pulled.subject), self._clock.of(instant(pulled.stamp_ns))
        )

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
        return await stored(self._connection, self._clock, stream, subject=">")

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
        subject: str = ">",
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

    def bucket(self, name: str) -> Bucket:
        """A key-value bucket, which must exist."""
        return Bucket(self._connection, self._clock, name)

    # ------------------------------------------------------------------------------- parking

    async def parked(self) -> AsyncIterator[Parked]:
        """What is parked, oldest first. Needs the operator's rights."""
        async for message in self.read(PARKED):
            found = await kept(self._connection, self._clock, PARKED, sequence=message.sequence)
            if found is not None:
                yield _parked(found)

    async def unpark(self, sequence: int) -> None:
        """Bring a parked message to its service again, with its first arrival. Operator's rights.

        Raises:
            LookupError: Nothing is parked under this number.

        """
        found = await kept(self._connection, self._clock, PARKED, sequence=sequence)
        if found is None:
            raise LookupError("nothing is parked under this number")
        entry = _parked(found)
        headers = {
            SUBJECT: entry.subject,
            ARRIVED_AT: entry.arrived_at.isoformat(),
            "Nats-Msg-Id": f"{entry.id}.{sequence}",  # a crash before the erasing brings it once all the same
        }
        await self._connection.store(
            f"retry.{entry.service}.{entry.account or NOBODY}", found.message.data, headers=headers
        )
        await self.erase(PARKED, sequence)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where and when a message first came."""

    subject: str
    account: str | None
    arrived_at: datetime


def _account(subject: str) -> str | None:
    """The account key among a subject's words; only one of them can be one."""
    return next((word for word in subject.split(".") if is_public("account", word)), None)


def _parked(found: Kept) -> Parked:
    _, service, account, sha = found.message.subject.split(".")
    return Parked(
        service=service,
        account=None if account == NOBODY else account,
        id=sha,
        subject=found.headers[SUBJECT],
        arrived_at=datetime.fromisoformat(found.headers[ARRIVED_AT]),
        reason=found.headers[REASON],
        sequence=found.message.sequence,
    )


async def _as_received(message: NatsMessage) -> NatsMessage:
    """A decoder that decodes nothing."""
    return message


def _take_by(subscriber: PullStreamSubscriber, pull: Pull) -> None:
    """Put our pull loop in the place of FastStream's, which spins, trusts headers and over-asks."""

    async def loop() -> None:
        while subscriber.running:
            try:
                pulled = await pull.take()
                if pulled is not None:
                    pulled.raw.pulled = pulled  # type: ignore[attr-defined] # travels with it to _settle
                    await subscriber.consume(pulled.raw)
            except BusUnavailable:
                # Open again: nats-py reconnects by itself. Closed for good: wait_lost tells the process.
                await asyncio.sleep(_LOST_LOOK_S)

    async def begin() -> None:
        if subscriber.subscription is None:
            await pull.start()
            subscriber.subscription = _Stopping(pull)  # type: ignore[assignment] # what stop() will call
            subscriber.add_task(loop)

    subscriber._create_subscription = begin  # type: ignore[method-assign] # noqa: SLF001 - pinned by version and test


@dataclass(slots=True)
class _Stopping:
    """What FastStream calls to end a subscription."""

    pull: Pull

    async def unsubscribe(self) -> None:
        await self.pull.stop()
