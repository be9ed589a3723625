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
from faststream.nats.subscriber.usecases import PullStreamSubscriber
from nats import errors as nats_errors
from nats.aio.client import Client

from broker import backoff
from broker.bus_connection import Connection, open_connection
from broker.bus_pull import Pull, Pulled
from broker.faults import BusUnavailable
from broker.nkeys import Credentials

__all__ = ["connect", "subscribe", "unsubscribe"]

_REST_S = 1.0

Settle = Callable[[Pulled], Awaitable[None]]


async def connect(
    url: str, credentials: Path | Credentials, *, name: str, tls: ssl.SSLContext | None
) -> tuple[NatsBroker, Connection]:
    """Make a FastStream broker on a connection of ours; see ``Bus.connect``."""
    connection = await open_connection(url, credentials, name=name, tls=tls)
    broker = _Broker(connection)
    await broker.start()
    return broker, connection


class _Broker(NatsBroker):
    """A FastStream broker on a connection that is made already, so that there is one way to connect."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(
            logger=None,  # it would log exceptions, whose texts quote messages
            apply_types=False,  # no injection: the handler takes the message as it is
            decoder=_as_received,  # else JSON is decoded before anything is verified
            graceful_timeout=backoff.HANDLE_TIMEOUT_S,
        )
        self._made = connection.client

    async def _connect(self) -> Client:
        """FastStream's own would connect by its defaults, which give up after two minutes."""
        self.config.connect(self._made)
        return self._made


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
