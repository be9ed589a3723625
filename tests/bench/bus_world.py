"""A running bus with the town's agencies on it: every write synchronised to disk, encrypted at rest."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from broker.bus import Bus
from broker.bus_connection import Connection, open_connection
from broker.client import Client
from broker.nkeys import Credentials, NKey
from deploy.nats.accounts import write_secret
from deploy.nats.config import Limits
from deploy.nats.embedded import EmbeddedBus
from deploy.nats.join import agency_credentials, join
from deploy.nats.permissions import Role
from deploy.nats.streams import Quota
from deploy.services import Pace, Services, Setting
from tests.bench.town import PAIRS, Town, TownClock, broker_keys, name_of

RAW = "raw"
"""An agency that no service serves: what it publishes stays where it is."""
_ROOM = Quota(max_bytes=512 * 1024**2, max_messages=1_000_000)
_NEVER = Pace(tick_s=3600, checkpoint_s=3600, directory_s=3600)


@dataclass(slots=True)
class BusWorld:
    """A bus, and the town with real accounts."""

    root: Path
    embedded: EmbeddedBus
    clock: TownClock
    town: Town
    credentials: dict[str, Credentials]
    stack: AsyncExitStack = field(repr=False)

    @property
    def server(self) -> int:
        """Pid of the nats-server."""
        pid = self.embedded.server.pid
        assert pid is not None
        return pid

    async def service(self, role: Role) -> Bus:
        """A service's bus."""
        bus = await Bus.connect(
            self.embedded.url, self.embedded.credentials(role), clock=self.clock, name=role
        )
        self.stack.push_async_callback(bus.close)
        return bus

    async def services(self) -> Services:
        """The four services, serving."""
        setting = Setting(
            url=self.embedded.url,
            credentials=self.embedded.credentials,  # type: ignore[arg-type] # it asks for roles only
            directory=self.town,  # type: ignore[arg-type] # it answers as the real one does
            keys=broker_keys(),
            clock=self.clock,
            pace=_NEVER,
        )
        services = await Services.start(setting)
        self.stack.push_async_callback(services.close)
        return services

    async def client(self, name: str) -> Client:
        """An agency's client."""
        path = self.root / f"{name}.creds"
        write_secret(path, self.credentials[name].text())
        client = await Client.connect(self.embedded.url, path)
        self.stack.push_async_callback(client.close)
        return client

    async def raw(self) -> Connection:
        """A connection of the agency that nobody serves."""
        connection = await open_connection(self.embedded.url, self.credentials[RAW], name=RAW)
        self.stack.push_async_callback(connection.close)
        return connection


@asynccontextmanager
async def a_bus_world(root: Path) -> AsyncIterator[BusWorld]:
    """Start a bus on an empty directory and let everybody join."""
    bus = await EmbeddedBus.start(root / "bus", limits=Limits())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(bus.stop)
        names = [name_of(kind, n) for n in range(PAIRS) for kind in ("panel", "school")]
        accounts = {name: NKey.generate("account") for name in (*names, "broker", RAW)}
        for name, account in accounts.items():
            await join(bus.admin, bus.system, bus.keys, account.public, name, quota=_ROOM)
        town = Town({name: key.public for name, key in accounts.items() if name != RAW})
        credentials = {name: agency_credentials(key) for name, key in accounts.items()}
        world = BusWorld(root, bus, TownClock(), town, credentials, stack)
        yield world
