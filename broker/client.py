"""How an agency's edge reaches the bus: the only thing of the broker that adapters may import.

An agency can do four things (decision 0020): put an envelope or a receipt into its own ingress, take
its own deliveries, take its own feed, and acknowledge what it took. Everything is bounded: one
request at a time, a few messages in hand, and what cannot be done comes back as a value or a fault.
"""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from broker.bus_connection import Connection, TooLarge, instant, open_connection
from broker.bus_pull import Pull, Pulled
from broker.faults import Bug, BusUnavailable, CredentialsFault, Fault, NotEnoughRoom
from broker.nkeys import read_credentials
from schemas import subjects

__all__ = [
    "Bug",
    "BusUnavailable",
    "Client",
    "CredentialsFault",
    "Delivery",
    "Fault",
    "MessageTooLarge",
    "QuotaReached",
    "SendResult",
    "Sent",
]

ACK_SETTLE_S = 2.0
IN_HAND = 16
"""Deliveries taken at once: an edge that dies has at most so many come again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The broker's stream has it, on disk. Whether it is accepted, a receipt will say."""

    sequence: int


@dataclass(frozen=True, slots=True)
class QuotaReached:
    """Too much of this agency's is waiting already; nothing was stored. Send the same bytes later."""


@dataclass(frozen=True, slots=True)
class MessageTooLarge:
    """Larger than the ingress takes; nothing was stored. The same bytes will never be taken."""


SendResult = Sent | QuotaReached | MessageTooLarge


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something handed to this agency. It comes again until it is acknowledged."""

    kind: str
    """``manifest``, ``content``, ``receipt`` or ``feed``."""
    id: str
    """Message id, receipt id, or the number of a feed entry: as in the subject, unverified."""
    data: bytes
    sequence: int
    deliveries: int
    """From 1."""
    stored_at: datetime
    """When the broker's stream took it in: *real* time, aware, UTC. To compare with one's own."""
    _acknowledge: Callable[[], Awaitable[None]] = field(repr=False, compare=False)

    async def ack(self) -> None:
        """Say that it is kept; returns when the broker knows.

        Raises:
            BusUnavailable: Not known whether it heard; if not, the delivery comes again.

        """
        await self._acknowledge()


class Client:
    """An agency's connection. It reconnects by itself, for ever."""

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection = connection
        self._account = account

    @classmethod
    async def connect(
        cls, endpoint: str, credentials_file: Path, *, tls: ssl.SSLContext | None = None
    ) -> Self:
        """Connect as an agency.

        Args:
            endpoint: ``nats://host:port``.
            credentials_file: The agency's NATS credentials, mode 0600.
            tls: With it, the TLS handshake comes first.

        Raises:
            CredentialsFault: The file cannot be used, or the bus does not accept it.
            BusUnavailable: No answer in time.

        """
        credentials = read_credentials(credentials_file)
        connection = await open_connection(endpoint, credentials, name="edge", tls=tls)
        return cls(connection, credentials.account)

    @property
    def account(self) -> str:
        """This agency's account on the bus."""
        return self._account

    @property
    def connected(self) -> bool:
        """Whether the bus can be reached now."""
        return self._connection.client.is_connected

    async def close(self) -> None:
        """Disconnect at once."""
        await self._connection.close()

    async def send_envelope(self, data: bytes) -> SendResult:
        """Put an envelope into this agency's ingress; returns when it is on the broker's disk.

        Sending the same bytes again is harmless: the broker knows a message by its hash.

        Raises:
            BusUnavailable: Not known whether it was stored: send the same bytes again.
            StoreFault: The bus refused for a reason of its own.

        """
        return await self._send(subjects.SEND_ENVELOPE, data)

    async def send_receipt(self, data: bytes) -> SendResult:
        """Put a receipt into this agency's ingress; as :meth:`send_envelope`."""
        return await self._send(subjects.SEND_RECEIPT, data)

    async def _send(self, subject: str, data: bytes) -> SendResult:
        try:
            return Sent((await self._connection.store(subject, data)).sequence)
        except NotEnoughRoom:
            return QuotaReached()
        except TooLarge:
            return MessageTooLarge()

    def deliveries(self) -> AsyncGenerator[Delivery, None]:
        """What is handed to this agency, in order, for ever; each until it is acknowledged.

        Close the iterator (``aclose``) to stop. One iterator at a time; two would share the work.

        Raises:
            BusUnavailable: The connection is closed for good: connect anew.

        """
        return self._take(subjects.Stream.OUT, subjects.INBOX_NEXT)

    def feed(self) -> AsyncGenerator[Delivery, None]:
        """The records that concern this agency, in order; as :meth:`deliveries`."""
        return self._take(subjects.Stream.FEED, subjects.FEED_NEXT)

    async def _take(
        self, stream: subjects.Stream, next_subject: str
    ) -> AsyncGenerator[Delivery, None]:
        pull = Pull(
            self._connection, stream, self._account, next_subject=next_subject, batch=IN_HAND
        )
        await pull.start()
        try:
            while True:
                pulled = await pull.take()
                if pulled is not None:
                    yield self._delivery(pulled)
        finally:
            await pull.stop()

    def _delivery(self, pulled: Pulled) -> Delivery:
        """Read the subject: ``out.<account>.<kind>.<id>`` or ``feed.<account>.<n>``."""
        words = pulled.subject.split(".")  # server-made from what the broker alone may write
        kind = words[2] if words[0] == "out" else "feed"

        async def acknowledge() -> None:
            await self._connection.request(pulled.reply, b"+ACK", settle_s=ACK_SETTLE_S)

        return Delivery(
            kind=kind,
            id=words[-1],
            data=pulled.data,
            sequence=pulled.sequence,
            deliveries=pulled.deliveries,
            stored_at=instant(pulled.stamp_ns),
            _acknowledge=acknowledge,
        )
