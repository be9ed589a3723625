"""The gate as in ``gate``, but every look-up and write is a request to a real server, synchronised to disk."""

import secrets

from broker.bus import Bus
from broker.calendars import Calendars
from broker.gate.facts import Known
from broker.gate.service import Gate
from broker.hands import Hands
from broker.notary import Notary, Sealer
from tests.bench.bus_world import BusWorld
from tests.bench.contenders.gate import UNLIMITED, as_arrived
from tests.bench.measure import Sample, watching
from tests.bench.parties import Sender
from tests.builders import messages


class GateOnBus:
    name = "gate-bus"
    title = "the gate, its streams on nats-server, every write synchronised"

    def __init__(self, world: BusWorld, bus: Bus, contains: str) -> None:
        self.contains = contains
        self._world = world
        self._sender = Sender("panel-0", "school-0", world.town)
        town = world.town
        notary = Notary(town.held["broker"].urn, messages.broker().gate)
        hands = Hands(bus, bus, bus, notary, Sealer(secrets.token_bytes))
        known = Known(bus, town, town, Calendars(town), world.clock)
        self._gate = Gate(known, hands, UNLIMITED)
        self._number = 0

    @classmethod
    async def start(cls, world: BusWorld, contains: str) -> "GateOnBus":
        return cls(world, await world.service("gate"), contains)

    async def round(self, count: int) -> Sample:
        made = [self._sender.ask().envelope for _ in range(count)]
        waiting = [as_arrived(self._sender, one, self._number + n) for n, one in enumerate(made, 1)]
        self._number += count
        with watching(self._world.server) as watch:
            for one in waiting:
                await self._gate.handle(one)
        return watch.sample(count)

    async def close(self) -> None:
        pass
