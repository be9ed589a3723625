"""Run the broker's services: each with its own connection, its own rights and its own signing key.

They meet on streams and nowhere else, so they run in one process here as they would in four.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from broker.audit.service import Audit
from broker.audit.service import Ports as AuditPorts
from broker.audit.store import Log
from broker.bus import Bus
from broker.calendars import Calendars
from broker.clock import Clock
from broker.directory import Directory
from broker.faults import Fault
from broker.gate.facts import Known
from broker.gate.service import Gate
from broker.gathering.outbox import Outbox, Sender
from broker.gathering.service import Gathering
from broker.hands import Hands
from broker.log import logger
from broker.nkeys import Credentials
from broker.notary import Notary, Sealer
from broker.release.service import Release
from deploy.sandbox.founding import BrokerKeys
from policies.calendar import Horizon, horizon
from policies.pack_whole import day_in_london
from schemas.directory_entry import DirectoryEntry, OrganisationKind
from schemas.keys import SigningKey
from schemas.subjects import Stream, ingress_stream

__all__ = ["Pace", "Services", "Setting"]

SERVICES: Final = ("gate", "release", "gathering", "audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the services look around; all in seconds of real time.

    Attributes:
        tick_s: Whether a reminder or a deletion is due on the domain clock.
        checkpoint_s: How long a record may wait for its checkpoint.
        directory_s: How long a change of the directory may stay unnoticed.

    """

    tick_s: float = 1.0
    checkpoint_s: float = 60.0
    directory_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the services stand in.

    Attributes:
        url: Of the bus.
        credentials: Gives a service its credentials for the bus, by its name.
        directory: Read once, refreshed here.
        keys: The broker's signing keys.
        clock: Domain time.
        pace: How often to look around.

    """

    url: str
    credentials: Callable[[str], Credentials | Path]
    directory: Directory
    keys: BrokerKeys
    clock: Clock
    pace: Pace


class Services:
    """Gate, release, gathering and audit at work, until closed."""

    def __init__(self, setting: Setting, stack: AsyncExitStack, buses: dict[str, Bus]) -> None:
        """Use :meth:`start`."""
        self._setting = setting
        self._stack = stack
        self._buses = buses
        self._served: set[str] = set()
        broker = _broker(setting.directory)
        self._gate = Gate(self._known(), self._hands("gate", broker, setting.keys.gate))
        self._release = Release(
            buses["release"],
            setting.directory,
            setting.clock,
            self._hands("release", broker, setting.keys.release),
        )
        self._gathering = Gathering(
            buses["gathering"],
            setting.directory,
            Calendars(setting.directory),
            setting.clock,
            Outbox(
                Sender(broker, setting.keys.gathering, secrets.token_bytes),
                setting.directory,
                buses["gathering"],
                buses["gathering"],
            ),
        )
        audit = buses["audit"]
        self._audit = Audit(
            AuditPorts(audit, audit, audit, setting.directory, setting.clock, secrets.token_bytes),
            Log(broker.log_origin or "", setting.keys.log, audit, audit),
        )

    @classmethod
    async def start(cls, setting: Setting) -> Self:
        """Connect every service, hold the log against its checkpoint, begin to serve.

        Raises:
            StoreFault: The log was cut short or changed: nothing starts.
            Fault: The bus or the directory cannot be used.

        """
        async with AsyncExitStack() as stack:
            buses: dict[str, Bus] = {}
            for name in SERVICES:
                bus = await Bus.connect(
                    setting.url, setting.credentials(name), clock=setting.clock, name=name
                )
                stack.push_async_callback(bus.close)
                buses[name] = bus
            services = cls(setting, stack, buses)
            await services._begin()
            services._stack = stack.pop_all()
            return services

    async def close(self) -> None:
        """Stop serving and disconnect."""
        await self._stack.aclose()

    async def run(self) -> None:
        """Look around until cancelled: reminders, deletions, checkpoints, the directory."""
        pace = self._setting.pace
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_every(pace.tick_s, self._gathering.tick, "gathering"))
            tasks.create_task(_every(pace.tick_s, self._release.tick, "release"))
            tasks.create_task(_every(pace.checkpoint_s, self._audit.publish, "audit"))
            tasks.create_task(_every(pace.directory_s, self.refresh, "directory"))

    async def tick(self) -> None:
        """Look around once, now; for a clock that was moved."""
        await self._gathering.tick()
        await self._release.tick()
        await self._audit.publish()

    async def refresh(self) -> bool:
        """Read the directory again, and serve whoever joined. True when it was newer."""
        newer = await self._setting.directory.refresh()
        await self._serve_ingresses()
        return newer

    async def _begin(self) -> None:
        self._hold_calendar()
        await self._audit.start()
        await self._release.start()
        await self._gathering.start()
        gate, release = self._buses["gate"], self._buses["release"]
        gathering, audit = self._buses["gathering"], self._buses["audit"]
        await audit.serve(
            Stream.RECORDS, "audit", self._audit.on_record, service="audit", parks=False
        )
        # A verdict that were passed over would leave a recall or a reminder out for good.
        await release.serve(
            Stream.VERDICTS, "release", self._release.on_verdict, service="release", parks=False
        )
        await gathering.serve(
            Stream.VERDICTS,
            "gathering",
            self._gathering.on_verdict,
            service="gathering",
            parks=False,
        )
        await gate.serve(Stream.RETRY, "gate", self._gate.handle, service="gate")
        await gate.serve(Stream.PARKED, "gate", self._gate.on_parked, service="gate", parks=False)
        await release.serve(Stream.RETRY, "release", self._release.on_receipt, service="release")
        await self._serve_ingresses()

    def _hold_calendar(self) -> None:
        """Refuse to start on a list of bank holidays that ends too soon (domain 4.3)."""
        holidays = Calendars(self._setting.directory).in_force()
        match horizon(holidays, day_in_london(self._setting.clock.now())):
            case Horizon.REFUSE:
                raise Fault(
                    f"The bank holidays are known until {holidays.known_until} only: publish a newer "
                    "list in the directory. Deadlines would be guesses."
                )
            case Horizon.WARN:
                logger.warning("calendar.ends_soon", service="gathering", version=holidays.version)
            case Horizon.ENOUGH:
                pass

    async def _serve_ingresses(self) -> None:
        """Serve the ingress of every agency, those too that joined since."""
        for entry in self._setting.directory.entries():
            if entry.account in self._served:
                continue
            stream = ingress_stream(entry.account)
            await self._buses["gate"].serve(stream, "gate", self._gate.handle, service="gate")
            await self._buses["release"].serve(
                stream, "release", self._release.on_receipt, service="release"
            )
            self._served.add(entry.account)

    def _known(self) -> Known:
        directory = self._setting.directory
        return Known(
            self._buses["gate"], directory, directory, Calendars(directory), self._setting.clock
        )

    def _hands(self, name: str, broker: DirectoryEntry, key: SigningKey) -> Hands:
        bus = self._buses[name]
        return Hands(bus, bus, bus, Notary(broker.urn, key), Sealer(secrets.token_bytes))


def _broker(directory: Directory) -> DirectoryEntry:
    found = [one for one in directory.entries() if one.kind is OrganisationKind.BROKER]
    if len(found) != 1 or found[0].log_origin is None:
        raise Fault("The directory must have exactly one broker, with a log.")
    return found[0]


async def _every(seconds: float, act: Callable[[], Awaitable[object]], name: str) -> None:
    """Act, wait, act again. A fault passes: it is logged, and the next round tries anew."""
    while True:
        try:
            await act()
        except Fault as error:
            logger.warning("round.failed", service=name, error=error)
        await asyncio.sleep(seconds)
