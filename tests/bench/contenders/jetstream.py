"""Raw JetStream: publish an envelope's bytes into an agency's ingress and wait until they are on disk.

By nats-py itself, without our faults and checks; the stream is a real ingress, ``sync_interval: always``.
"""

import asyncio

from broker.bus_connection import Connection
from schemas.subjects import SEND_ENVELOPE, ingress_stream
from tests.bench.bus_world import RAW, BusWorld
from tests.bench.measure import Sample, watching


class JetStream:
    contains = "none"

    def __init__(
        self, world: BusWorld, connection: Connection, data: bytes, in_flight: int
    ) -> None:
        self.name = "jetstream" if in_flight == 1 else f"jetstream-{in_flight}"
        self.title = f"publish an envelope's bytes to JetStream, {in_flight} in flight"
        self._world, self._connection = world, connection
        self._data, self._in_flight = data, in_flight

    @classmethod
    async def start(cls, world: BusWorld, data: bytes, *, in_flight: int) -> "JetStream":
        return cls(world, await world.raw(), data, in_flight)

    async def round(self, count: int) -> Sample:
        client, left = self._connection.client, iter(range(count))

        async def one_after_another() -> None:
            for _ in left:
                answer = await client.request(SEND_ENVELOPE, self._data, timeout=10)
                assert b'"seq"' in answer.data, answer.data

        with watching(self._world.server) as watch:
            await asyncio.gather(*(one_after_another() for _ in range(self._in_flight)))
        account = self._world.credentials[RAW].account
        await self._world.embedded.admin.api(f"STREAM.PURGE.{ingress_stream(account)}")
        return watch.sample(count)

    async def close(self) -> None:
        pass
