"""Settle one delivery: call the handler once, then acknowledge, bring it again later, or park it.

Part of ``broker/bus.py``.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from broker import backoff
from broker.bus_connection import Connection, instant
from broker.bus_pull import Pulled
from broker.bus_store import Kept, kept
from broker.clock import Clock
from broker.faults import Bug, Conflict, Fault
from broker.log import logger
from broker.nkeys import is_public
from schemas import subjects
from schemas.subjects import NOBODY, Stream

__all__ = [
    "ARRIVED_AT",
    "CREATE_ONLY",
    "SUBJECT",
    "Handler",
    "Incoming",
    "Parked",
    "Settling",
    "describe",
]

CREATE_ONLY = {"Nats-Expected-Last-Subject-Sequence": "0"}
ARRIVED_AT = "Dovetail-Arrived-At"
SUBJECT = "Dovetail-Subject"
REASON = "Dovetail-Reason"
ACK_SETTLE_S = 2.0
"""Nobody hears the acknowledgement (the consumer is gone, an election): soon the next message matters
more than this one, which only comes again."""


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

    service: subjects.Service
    account: str | None
    id: str
    subject: str
    arrived_at: datetime
    reason: str
    """Name of the class of the exception: no text of it is kept."""
    sequence: int
    """What ``Bus.unpark`` asks for."""


@dataclass(frozen=True, slots=True)
class Settling:
    """How the deliveries of one consumer are settled. Called with one delivery at a time."""

    connection: Connection
    clock: Clock
    stream: str
    service: subjects.Service
    handler: Handler
    parks: bool

    async def __call__(self, pulled: Pulled) -> None:
        """Call the handler and tell the server what came of it; what the handler raised is raised again."""
        try:
            incoming = await self._incoming(pulled)
            async with asyncio.timeout(backoff.HANDLE_TIMEOUT_S):
                await self.handler(incoming)
        except Exception as error:
            await self._unsettled(pulled, error)
            raise
        # Waits until the server knows: an acknowledgement lost here only brings the message again.
        await self.connection.request(pulled.reply, b"+ACK", settle_s=ACK_SETTLE_S)

    async def _incoming(self, pulled: Pulled) -> Incoming:
        """The delivery as a handler sees it.

        Raises:
            Bug: It came so often without an answer that it may be what ends the process.

        """
        if self.parks and pulled.deliveries > backoff.MAX_FAULTS:
            raise Bug("delivered too often")
        subject, arrived_at = await self._origin(pulled)
        return Incoming(
            id=hashlib.sha256(pulled.data).hexdigest(),
            data=pulled.data,
            subject=subject,
            account=_account(subject),
            arrived_at=arrived_at,
            stream=self.stream,
            sequence=pulled.sequence,
            deliveries=pulled.deliveries,
        )

    async def _unsettled(self, pulled: Pulled, error: Exception) -> None:
        """Bring the message again later, or set it aside."""
        reason = type(error).__name__
        name = hashlib.sha256(pulled.data).hexdigest()
        say = {
            "service": self.service,
            "id": name,
            "deliveries": pulled.deliveries,
            "error": reason,
        }
        if not self.parks or pulled.deliveries < _limit(error):
            logger.warning("delivery.failed", **say)
            delay_ns = int(backoff.wait_s(pulled.deliveries) * 1e9)
            await self.connection.send(
                pulled.reply, b"-NAK " + json.dumps({"delay": delay_ns}).encode()
            )
            return
        subject, arrived_at = await self._origin(pulled)
        origin = {SUBJECT: subject, ARRIVED_AT: arrived_at.isoformat(), REASON: reason}
        place = subjects.parked(self.service, _account(subject), name)
        with suppress(
            Conflict
        ):  # parked already: by us before a crash, or the same bytes sent twice
            await self.connection.store(place, pulled.data, headers=CREATE_ONLY | origin)
        logger.error("delivery.parked", **say)
        # Parked first, ended second: a crash between the two parks it once more, under the same name.
        await self.connection.request(pulled.reply, b"+TERM parked", settle_s=ACK_SETTLE_S)

    async def _origin(self, pulled: Pulled) -> tuple[str, datetime]:
        """Subject and arrival of the first delivery. Headers count on RETRY alone: operators write it."""
        if self.stream == Stream.RETRY:
            found = await kept(self.connection, self.clock, Stream.RETRY, sequence=pulled.sequence)
            if found is not None and {SUBJECT, ARRIVED_AT} <= found.headers.keys():
                return found.headers[SUBJECT], datetime.fromisoformat(found.headers[ARRIVED_AT])
        return pulled.subject, self.clock.of(instant(pulled.stamp_ns))


def _limit(error: Exception) -> int:
    """At which delivery a message that raises this is parked."""
    match error:
        case Bug():
            return 1
        case Fault() | TimeoutError() | OSError():
            return backoff.MAX_FAULTS
        case _:
            return backoff.MAX_DELIVERIES


def _account(subject: str) -> str | None:
    """The account key among a subject's words; only one of them can be one."""
    return next((word for word in subject.split(".") if is_public("account", word)), None)


def describe(found: Kept) -> Parked:
    """What a message of stream PARKED says about itself in subject and headers."""
    _, service, account, name = found.message.subject.split(".")
    return Parked(
        service=cast("subjects.Service", service),  # nothing else gets into such a subject
        account=None if account == NOBODY else account,
        id=name,
        subject=found.headers[SUBJECT],
        arrived_at=datetime.fromisoformat(found.headers[ARRIVED_AT]),
        reason=found.headers[REASON],
        sequence=found.message.sequence,
    )
