"""One evidenced one-way exchange from end to end, with streams in memory.

check, seal → gate (judge, verdict, record, content, receipts) → the recipient verifies, checks, signs
``delivered`` → release (record, content, receipt on) → the recipient opens, checks, signs ``opened`` →
release (record, receipt on) → the sender verifies the three receipts → three leaves in the log.
With feeds also: checkpoint, and each record with its proof sealed to both agencies' DPOs.
"""

import hashlib
import secrets

from broker.audit.service import Audit, Ports
from broker.audit.store import Log
from broker.calendars import Calendars
from broker.gathering.outbox import Outbox
from broker.gathering.outbox import Sender as Speaker
from broker.gathering.service import Gathering
from broker.release.service import Release
from schemas.record import commitment
from schemas.subjects import ingress
from tests.bench.contenders.gate import make_gate, make_hands
from tests.bench.measure import Sample, watching
from tests.bench.memory_bus import MemoryBus, arrived
from tests.bench.parties import Recipient, Sender
from tests.bench.town import Town
from tests.broker.fakes import START, FakeClock, Incoming, Stored
from tests.builders import messages


class Bench:
    """The four services and two edges over streams in memory."""

    def __init__(self, town: Town, sender: Sender) -> None:
        self.bus = bus = MemoryBus()
        clock = FakeClock()
        self._gate = make_gate(bus, town)
        self._release = Release(bus, town, clock, make_hands(bus, town, "release"))
        speaker = Speaker(town.held["broker"], messages.broker().gathering, secrets.token_bytes)
        self._gathering = Gathering(
            bus, town, Calendars(town), clock, Outbox(speaker, town, bus, bus)
        )
        log = Log("log.dovetail.example/bench", messages.broker().log, bus, bus)
        self.audit = Audit(Ports(bus, bus, bus, town, clock, secrets.token_bytes), log)
        self._log = log
        self._sender = sender
        self._recipient = Recipient("school-0", town)
        self._number = 0
        self.opened = 0

    async def exchange(self, *, feeds: bool) -> None:
        """One message, until everybody has their receipts."""
        await self._gate.handle(self._arrive(self._sender, self._sender.ask().envelope, "env"))
        while fresh := self.bus.drain():
            for stored in fresh:
                await self._pass_on(stored, feeds=feeds)

    async def _pass_on(self, stored: Stored, *, feeds: bool) -> None:
        match stored.subject.split("."):
            case ["verdicts", *_]:
                message = arrived(stored, _id(stored))
                await self._release.on_verdict(message)
                await self._gathering.on_verdict(message)
            case ["records", *_]:
                if feeds:
                    await self.audit.on_record(arrived(stored, _id(stored)))
                else:
                    await self._log.append(commitment(stored.data.decode()))
            case ["out", _, "manifest", _]:
                receipt = self._recipient.on_manifest(stored.data)
                await self._release.on_receipt(self._arrive(self._recipient, receipt, "receipt"))
            case ["out", _, "content", _]:
                receipt = self._recipient.on_content(stored.data)
                await self._release.on_receipt(self._arrive(self._recipient, receipt, "receipt"))
            case ["out", _, "receipt", _]:
                self.opened += self._sender.take(stored.data).status == "opened"

    def _arrive(self, by: Sender | Recipient, data: bytes, kind: str) -> Incoming:
        self._number += 1
        subject = ingress(by.entry.account, kind)  # type: ignore[arg-type] # a literal of this file
        stored = Stored(subject, data, self._number, START)
        return arrived(stored, _id(stored))


class Exchange:
    """Whole exchanges, to the leaf or to the feeds."""

    def __init__(self, *, feeds: bool, contains: str = "") -> None:
        self.name = "exchange-feeds" if feeds else "exchange"
        self.title = "one evidenced exchange, end to end, in memory" + (
            ", with checkpoint and DPO feeds" if feeds else ""
        )
        self.contains = contains
        self._feeds = feeds
        self._town = Town()
        self._sender = Sender("panel-0", "school-0", self._town)

    async def once(self) -> None:
        await self.round(1)

    async def round(self, count: int) -> Sample:
        bench = Bench(self._town, self._sender)
        await bench.audit.start()
        with watching() as watch:
            for _ in range(count):
                await bench.exchange(feeds=self._feeds)
            if self._feeds:
                await bench.audit.publish()
        assert bench.opened == count, "an exchange did not end"
        return watch.sample(count)

    async def close(self) -> None:
        pass


def _id(stored: Stored) -> str:
    return hashlib.sha256(stored.data).hexdigest()
