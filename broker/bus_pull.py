"""Take messages from a durable consumer, by pull, without trusting what a sender wrote.

Part of ``broker/bus.py``. Why not the libraries' own (nats.md 1.8, 4): they believe a ``Status``
header that a sender wrote, ask for permissions that an agency must not have, and spin when the
connection or the consumer is gone. Here a *server's* word is a frame without a reply subject, a
*stored message* is a frame whose reply is this consumer's ``$JS.ACK``; everything else is dropped.
"""

import asyncio
import json
from dataclasses import dataclass, field

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from broker.backoff import reconnect_wait_s
from broker.bus_connection import Connection, instant
from broker.faults import BusUnavailable

__all__ = ["Pull", "Pulled"]

EXPIRES_S = 30.0
HEARTBEAT_S = 5.0
_MISSED = 2.5  # heartbeats: after so many the request is taken for lost
_TEXT_FIELDS = (
    9  # $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<ns>.<pending>
)
_TEXT_FIELDS_V2 = (
    11  # with domain and account hash after $JS.ACK, and perhaps a random token at the end
)


@dataclass(frozen=True, slots=True)
class Pulled:
    """A stored message on its way to a handler."""

    subject: str
    data: bytes
    sequence: int
    deliveries: int
    stamp_ns: int
    reply: str
    raw: Msg = field(repr=False)


def _read(message: Msg, stream: str, durable: str) -> Pulled | None:
    """Read the acknowledgement subject that the server made; None if it is not this consumer's."""
    tokens = message.reply.split(".")
    if tokens[:2] != ["$JS", "ACK"]:
        return None
    if len(tokens) >= _TEXT_FIELDS_V2:
        tokens = ["$JS", "ACK", *tokens[4:]]
    if len(tokens) < _TEXT_FIELDS or tokens[2:4] != [stream, durable]:
        return None
    try:
        deliveries, sequence, _, stamp_ns = (int(token) for token in tokens[4:8])
        instant(stamp_ns)
    except (ValueError, OverflowError):
        return None
    return Pulled(
        message.subject, message.data, sequence, deliveries, stamp_ns, message.reply, message
    )


class Pull:
    """Bind to a durable consumer that exists and take from it, one request at a time.

    Needs the right to publish to ``next_subject`` and ``$JS.ACK.<stream>.<durable>.>`` and to
    subscribe to its own inbox; nothing else.
    """

    def __init__(
        self,
        connection: Connection,
        stream: str,
        durable: str,
        *,
        next_subject: str | None = None,
        batch: int = 1,
    ) -> None:
        """Say where from.

        Args:
            connection: An open connection.
            stream: Name of the stream, as its acknowledgement subjects have it.
            durable: Name of the consumer.
            next_subject: Where to ask; the JetStream API's own subject if not given.
            batch: Most messages that one request may bring.

        """
        self._connection = connection
        self._stream, self._durable, self._batch = stream, durable, batch
        self._next = next_subject or f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._frames: asyncio.Queue[Msg | None] = asyncio.Queue()  # None: the connection is new
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._asked = 0  # requests made; the newest one's number ends its inbox subject
        self._wanted = 0  # messages that the open request may still bring; 0 = none is open
        self.failures = 0
        """Failures in a row: no such consumer, no answer, a lost connection. 0 = all is well."""

    async def start(self) -> None:
        """Listen for what the requests will bring.

        Raises:
            BusUnavailable: The connection is gone.

        """
        self._inbox = self._connection.client.new_inbox()
        # A callback that only queues: nats-py's own queue and its interpretation are left out.
        self._subscription = await self._connection.client.subscribe(
            f"{self._inbox}.*", cb=self._frames.put
        )
        self._connection.listeners.add(self._renewed)

    async def stop(self) -> None:
        """Stop listening. What was not acknowledged comes again, to whoever asks next."""
        self._connection.listeners.discard(self._renewed)
        if self._subscription is not None and not self._connection.lost:
            await self._subscription.unsubscribe()
        self._subscription = None

    async def take(self) -> Pulled | None:
        """Wait for the next message.

        Returns:
            The message, or None when there was none for a while; ask again at once: it never spins,
            because it rests inside after each failure.

        Raises:
            BusUnavailable: The connection is closed for good.

        """
        if self._connection.lost:
            raise BusUnavailable("The connection to the bus is closed.")
        if not self._wanted and self._frames.empty():
            await asyncio.sleep(reconnect_wait_s(self.failures))
            await self._ask()
        try:
            async with asyncio.timeout(HEARTBEAT_S * _MISSED):
                frame = await self._frames.get()
        except TimeoutError:
            self._failed()
            return None
        if frame is None:
            self._wanted = 0
            return None
        if found := _read(frame, self._stream, self._durable):
            self._wanted = max(0, self._wanted - 1)
            self.failures = 0
            return found
        if not frame.reply and frame.subject == f"{self._inbox}.{self._asked}":
            self._heed((frame.headers or {}).get("Status", ""))
        return None

    async def _ask(self) -> None:
        """Make a request; only one is ever open."""
        self._asked += 1
        self._wanted = self._batch
        body = {
            "batch": self._batch,
            "expires": int(EXPIRES_S * 1e9),
            "idle_heartbeat": int(HEARTBEAT_S * 1e9),
        }
        await self._connection.send(
            self._next, json.dumps(body).encode(), reply=f"{self._inbox}.{self._asked}"
        )

    def _heed(self, status: str) -> None:
        """Act on the server's word about the open request."""
        if status == "100":  # heartbeat: the request lives
            self.failures = 0
        elif status in {"404", "408"}:  # it is over, in good order
            self._wanted, self.failures = 0, 0
        else:  # 409 consumer deleted, leadership change …; 503 nobody there
            self._failed()

    def _renewed(self) -> None:
        """The open request died with the old connection: ask again at once."""
        self._frames.put_nowait(None)

    def _failed(self) -> None:
        self._wanted = 0
        self.failures += 1
