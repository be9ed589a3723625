"""A running world: nats-server as a child, the broker's services, and every agency's edge, in one process.

``up`` keeps it until stopped, ``demo`` and the tests tell stories in it. Everything stands in one
folder; stopping and starting again loses nothing. Start it from the main thread, because the server
child is bound to the thread that starts it.
"""

import asyncio
import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, Self, cast

from adapters.agency import Agency
from adapters.council import ChildrensServices
from adapters.edge import Edge
from adapters.education import Education
from adapters.health import Health
from adapters.housing import Housing
from adapters.police import Police
from adapters.runtime import Options, Runtime
from broker.client import Client
from broker.clock import Clock
from broker.directory import Directory
from broker.faults import DirectoryFault
from broker.log import logger
from broker.nkeys import Credentials
from deploy.nats.embedded import EmbeddedBus
from deploy.nats.join import join
from deploy.nats.permissions import Role
from deploy.sandbox.cast import BROKER, CAST, Part
from deploy.sandbox.founding import agency_folder, broker_keys, enrol, found, is_founded
from deploy.sandbox.place import open_clock, open_directory, open_edge
from deploy.services import Pace, Services, Setting
from schemas.directory_entry import DirectoryEntry, OrganisationKind

__all__ = ["InUse", "World"]

_RECORDS: Final = Path(__file__).parent / "records"
_TRIES: Final = 5
_LOOK_S: Final = 0.02
_QUICK: Final = Pace(tick_s=0.2, checkpoint_s=0.5, directory_s=0.3)


class InUse(Exception):
    """Another process runs a world in this folder."""


def _agency(entry: DirectoryEntry, records: Path) -> Agency | None:
    """The adapter for an agency's kind, over invented records of any age."""
    if not records.is_dir():
        return None
    match entry.kind:
        case OrganisationKind.POLICE_FORCE | OrganisationKind.POLICE_CTP:
            return Police(records, max_age_days=None)
        case OrganisationKind.SCHOOL | OrganisationKind.COLLEGE:
            return Education(records, max_age_days=None)
        case OrganisationKind.NHS_TRUST | OrganisationKind.GP:
            return Health(records, max_age_days=None)
        case OrganisationKind.LA_CSC:
            return ChildrensServices(records, max_age_days=None)
        case OrganisationKind.LA_HOUSING | OrganisationKind.RSL | OrganisationKind.DISTRICT:
            return Housing(records, max_age_days=None)
        case _:
            return None


@dataclass(slots=True)
class World:
    """A world at work; leave with :meth:`stop`."""

    folder: Path
    bus: EmbeddedBus
    services: Services
    directory: Directory
    clock: Clock
    edges: dict[str, Edge] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    runtimes: dict[str, Runtime] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _paused: set[str] = field(default_factory=set)
    _joining: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        begin_at: Callable[[Clock], timedelta | None] | None = None,
        listen: str = "127.0.0.1:-1",
        without: frozenset[str] = frozenset(),
    ) -> Self:
        """Found the world if it is new, then start everything.

        Args:
            folder: Made if it is not there.
            begin_at: For a new world: how far to move its clock before anything happens.
            listen: Loopback address and port of the bus; −1 takes a free one.
            without: Agencies whose edges are not started, as if their machines were off.

        Raises:
            InUse: Another process runs a world here.
            StoreFault, Fault, FoundingError: It cannot be started; the sentence says what to do.

        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # noqa: ASYNC240 - before anything runs
        async with AsyncExitStack() as stack:
            stack.callback(os.close, _lock(folder))
            clock = open_clock(folder)
            if not is_founded(folder):
                by = begin_at(clock) if begin_at is not None else None
                if by is not None:
                    clock.advance(by)
                found(folder, secrets.token_bytes, clock.now())
            bus = await EmbeddedBus.start(folder / "bus", listen=listen)
            stack.push_async_callback(bus.stop)
            for role in ("auditor", "operator"):
                bus.credentials_file(role)
            directory = await open_directory(folder, folder / "broker.seen")
            for entry in directory.entries():
                await join(bus.admin, bus.system, bus.keys, entry.account, entry.id)
            setting = Setting(
                url=bus.url,
                credentials=partial(_credentials, bus, directory),
                directory=directory,
                keys=broker_keys(folder),
                clock=clock,
                pace=_QUICK,
            )
            services = await Services.start(setting)
            stack.push_async_callback(services.close)
            world = cls(folder, bus, services, directory, clock)
            world._paused |= without
            stack.push_async_callback(world._close_edges)
            world._run(services.run())
            stack.push_async_callback(world._end_tasks)
            for entry in directory.entries():
                if entry.kind is not OrganisationKind.BROKER and entry.id not in without:
                    await world.open(entry.id)
            world._run(world._watch())
            world._write_endpoints()
            stack.callback((folder / "endpoints.json").unlink, missing_ok=True)
            world._stack = stack.pop_all()
            return world

    async def stop(self) -> None:
        """End everything in order; what is queued stays queued."""
        await self._stack.aclose()

    async def ended(self) -> None:
        """Wait until something that should run for ever ended; raises what ended it."""
        while True:
            done, _ = await asyncio.wait(
                self._tasks, timeout=1, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in done:
                if not task.cancelled():
                    task.result()

    async def open(self, agency: str) -> None:
        """Start an agency's edge."""
        edge = await open_edge(self.folder, agency)
        own = agency_folder(self.folder, agency)
        client = await Client.connect(self.bus.url, own / "agency.creds")
        part = CAST.get(agency)
        records = _RECORDS / part.records if part is not None and part.records else own / "records"
        options = Options(agency=_agency(edge.entry, records))
        runtime = Runtime(edge, client, options)
        self.edges[agency], self.clients[agency], self.runtimes[agency] = edge, client, runtime
        self._paused.discard(agency)
        self._run(runtime.run(), name=agency)

    async def shut(self, agency: str) -> None:
        """Stop an agency's edge, as if its machine were off, until it is opened again."""
        self._paused.add(agency)
        for task in [one for one in self._tasks if one.get_name() == agency]:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._tasks.discard(task)
        await self.clients.pop(agency).close()
        self.edges.pop(agency).store.close()
        self.runtimes.pop(agency)

    async def _close_edges(self) -> None:
        for client in self.clients.values():
            await client.close()
        for edge in self.edges.values():
            edge.store.close()

    async def admit(self, part: Part) -> DirectoryEntry:
        """Let one more agency in: keys, directory, connection, edge."""
        entry = enrol(self.folder, part, secrets.token_bytes, self.clock.now())
        await self._join_new()
        return entry

    async def move(self, by: timedelta) -> None:
        """Move domain time forward for everybody, and let the services look around at once."""
        self.clock.advance(by)
        await self.services.tick()

    async def _watch(self) -> None:
        """Let in whoever another process enrolled."""
        while True:
            await asyncio.sleep(_QUICK.directory_s)
            try:
                await self._join_new()
            except DirectoryFault as fault:  # what was known stays; it is read again soon
                logger.warning("directory.not_read", service="sandbox", error=fault)

    async def _join_new(self) -> None:
        async with self._joining:  # the watch and `admit` must not open one edge twice
            await self._let_in()

    async def _let_in(self) -> None:
        await self.directory.refresh()
        for entry in self.directory.entries():
            known = entry.id in self.edges or entry.kind is OrganisationKind.BROKER
            if known or entry.id in self._paused:
                continue
            if not agency_folder(self.folder, entry.id).is_dir():
                continue
            await join(self.bus.admin, self.bus.system, self.bus.keys, entry.account, entry.id)
            await self.services.refresh()
            for edge in self.edges.values():
                await _refresh(edge)
            await self.open(entry.id)
            self._write_endpoints()

    def _run(self, work: "asyncio.Future[None] | object", name: str | None = None) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[arg-type]  # a coroutine
        if name is not None:
            task.set_name(name)
        self._tasks.add(task)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _write_endpoints(self) -> None:
        facts: Mapping[str, object] = {
            "schema": "dovetail.endpoints/1",
            "bus": self.bus.url,
            "pid": os.getpid(),
            "agencies": [
                {
                    "id": entry.id,
                    "kind": entry.kind.value,
                    "name": entry.name,
                    "account": entry.account,
                    "credentials": str(agency_folder(self.folder, entry.id) / "agency.creds"),
                }
                for entry in self.directory.entries()
                if entry.kind is not OrganisationKind.BROKER
            ],
        }
        path = self.folder / "endpoints.json"
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(facts, indent=2) + "\n")
        draft.replace(path)


async def _refresh(edge: Edge) -> None:
    if isinstance(edge.directory, Directory):
        await edge.directory.refresh()


def _credentials(bus: EmbeddedBus, directory: Directory, service: str) -> Credentials:
    """A service's own credentials; gathering may also write as agency ``broker``."""
    broker = directory.entry(BROKER)
    return bus.credentials(
        cast("Role", service), broker_account=None if broker is None else broker.account
    )


def _lock(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_S)  # a command that looks whether anything runs holds it that long
        else:
            return handle
    os.close(handle)
    raise InUse(f"Another process runs a world in {folder}: stop it, or choose another folder.")
