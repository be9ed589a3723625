"""FastStream as we use it: its subscribers and their life cycle, with our pull loop inside.

Part of ``broker/bus.py``. What is set differently from FastStream's defaults says why beside it.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

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
    guard,
    how_to_sign_in,
)
from broker.bus_pull import Pull, Pulled
from broker.faults import BusUnavailable
from broker.nkeys import Credentials

__all__ = ["connect", "subscribe", "unsubscribe"]

_REST_S = 1.0

Settle = Callable[[Pulled], Awaitable[None]]


async def connect(
    url: str, credentials: Path | Credentials, *, name: str, tls: ssl.SSLContext | None
) -> tuple[NatsBroker, Connection]:
    """Make a FastStream broker and return it with its connection; see ``Bus.connect``."""
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
    return broker, connection


async def subscribe(
    broker: NatsBroker, connection: Connection, stream: str, durable: str, settle: Settle
) -> PullStreamSubscriber:
    """Begin to hand a consumer's messages to ``settle``, one after the other.

    Raises:
        BusUnavailable: The connection is gone.

    """

    async def handle(message: NatsMessage) -> None:
        await settle(message.raw_message.pulled)  # type: ignore[attr-defined] # put there by the loop below

    subscriber = broker.subscriber(
        f"{stream}.{durable}",  # a name; binding needs no subject
        stream=JStream(stream, declare=False),  # else it rewrites the stream's configuration
        durable=durable,
        pull_sub=PullSub(batch_size=1),  # a batch is handled all at once, out of order
        ack_policy=AckPolicy.MANUAL,  # else one exception ends the message for good
        no_reply=True,  # else a sender's reply_to header makes us publish where it likes
    )
    subscriber(handle)
    _take_by(subscriber, Pull(connection, stream, durable))
    try:
        await subscriber.start()
    except nats_errors.Error as error:
        raise BusUnavailable("The connection to the bus is gone.") from error
    return subscriber


async def unsubscribe(broker: NatsBroker, subscriber: PullStreamSubscriber) -> None:
    """End a subscription after the message in hand."""
    await subscriber.stop()
    broker._subscribers.discard(subscriber)  # noqa: SLF001 - else it starts again with the broker


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
                    pulled.raw.pulled = pulled  # type: ignore[attr-defined] # travels with it to handle()
                    await subscriber.consume(pulled.raw)
            except BusUnavailable:
                # Open again: nats-py reconnects by itself. Closed for good: Bus.wait_lost tells.
                await asyncio.sleep(_REST_S)

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
