"""The gate over streams in memory: read, verify, judge, verdict, record, content, receipts."""

import secrets

from broker.calendars import Calendars
from broker.gate.facts import Known
from broker.gate.service import Gate, Limits
from broker.hands import Hands
from broker.notary import Notary, Sealer
from broker.ports import Arrived
from broker.quota import Rate
from schemas.envelope import envelope_id
from schemas.subjects import ingress
from tests.bench.measure import Sample, watching
from tests.bench.memory_bus import MemoryBus, arrived
from tests.bench.parties import Sender
from tests.bench.town import Town
from tests.broker.fakes import START, FakeClock, Stored
from tests.builders import messages

UNLIMITED = Limits(messages=Rate(burst=10**9, per_s=10**9))


def make_gate(bus: MemoryBus, town: Town) -> Gate:
    """The real gate over streams in memory."""
    known = Known(bus, town, town, Calendars(town), FakeClock())
    return Gate(known, make_hands(bus, town, "gate"), UNLIMITED)


def make_hands(bus: MemoryBus, town: Town, service: str) -> Hands:
    """A service's hands, with its own key."""
    key = getattr(messages.broker(), service)
    return Hands(bus, bus, bus, Notary(town.held["broker"].urn, key), Sealer(secrets.token_bytes))


def as_arrived(sender: Sender, data: bytes, number: int, kind: str = "env") -> Arrived:
    """Bytes as they come out of an ingress."""
    subject = ingress(sender.entry.account, kind)  # type: ignore[arg-type] # a literal of this file
    return arrived(Stored(subject, data, number, START), envelope_id(data))


class GateInMemory:
    name = "gate"
    title = "the gate: verify, judge, record, hand on; streams in memory"

    def __init__(self, contains: str = "") -> None:
        self.contains = contains
        self._town = Town()
        self._sender = Sender("panel-0", "school-0", self._town)
        self._number = 0
        self._waiting = self._messages(1)

    def _messages(self, count: int) -> list[Arrived]:
        self._number += count
        first = self._number - count
        made = [self._sender.ask().envelope for _ in range(count)]
        return [as_arrived(self._sender, one, first + n + 1) for n, one in enumerate(made)]

    async def once(self) -> None:
        """One message that was sealed before, for the tape."""
        gate = make_gate(MemoryBus(), self._town)
        await gate.handle(self._waiting[0])

    async def round(self, count: int) -> Sample:
        bus = MemoryBus()
        gate = make_gate(bus, self._town)
        waiting = self._messages(count)
        with watching() as watch:
            for one in waiting:
                await gate.handle(one)
        handed_out = sum(stored.subject.startswith("out.") for stored in bus.drain())
        assert handed_out == 2 * count, "the gate refused"
        return watch.sample(count)

    async def close(self) -> None:
        pass
