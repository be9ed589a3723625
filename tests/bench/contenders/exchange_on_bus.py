"""Whole exchanges over a real server: services, edges' clients, every write synchronised to disk.

All parties share one process and one event loop, so that one clock counts the processor time of all;
the server's is told apart. Pairs of agencies work at the same time, as they would.
"""

import asyncio
from collections.abc import AsyncGenerator

from broker.client import Client, Delivery, Sent
from deploy.services import Services
from tests.bench.bus_world import BusWorld
from tests.bench.measure import Sample, watching
from tests.bench.parties import Recipient, Sender
from tests.bench.town import PAIRS, name_of

_PATIENCE_S = 120
_LOOK_S = 0.002


class ExchangeOnBus:
    name = "exchange-bus"
    title = f"one evidenced exchange over nats-server, every write synchronised, {PAIRS} pairs"

    def __init__(self, world: BusWorld, services: Services, contains: str) -> None:
        self.contains = contains
        self._world = world
        self._services = services
        self._senders: list[tuple[Sender, Client]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._opened = 0
        self._ended = 0

    @classmethod
    async def start(cls, world: BusWorld, contains: str) -> "ExchangeOnBus":
        made = cls(world, await world.services(), contains)
        for pair in range(PAIRS):
            panel, school = name_of("panel", pair), name_of("school", pair)
            asking, asked = await world.client(panel), await world.client(school)
            made._senders.append((Sender(panel, school, world.town), asking))
            recipient = Recipient(school, world.town)
            made._tasks += [
                asyncio.create_task(made._follow(made._senders[-1][0], asking)),
                asyncio.create_task(made._answer(recipient, asked)),
            ]
        return made

    async def _follow(self, sender: Sender, client: Client) -> None:
        stream: AsyncGenerator[Delivery, None] = client.deliveries()
        async for delivery in stream:
            receipt = sender.take(delivery.data)
            await delivery.ack()
            self._opened += receipt.status == "opened"

    async def _answer(self, recipient: Recipient, client: Client) -> None:
        async for delivery in client.deliveries():
            if delivery.kind == "manifest":
                receipt = recipient.on_manifest(delivery.data)
            else:
                receipt = recipient.on_content(delivery.data)
            assert isinstance(await client.send_receipt(receipt), Sent)
            await delivery.ack()

    async def round(self, count: int) -> Sample:
        each = max(1, count // PAIRS)
        count = each * PAIRS
        self._ended += count
        with watching(self._world.server) as watch:
            await asyncio.gather(*(_ask(sender, client, each) for sender, client in self._senders))
            async with asyncio.timeout(_PATIENCE_S):
                while self._opened < self._ended or self._leaves() < 3 * self._ended:
                    self._look_for_failures()
                    await asyncio.sleep(_LOOK_S)
        return watch.sample(count)

    def _leaves(self) -> int:
        return self._services._audit._log.size

    def _look_for_failures(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _ask(sender: Sender, client: Client, count: int) -> None:
    for _ in range(count):
        assert isinstance(await client.send_envelope(sender.ask().envelope), Sent)
