"""A running bus for tests, and a publisher that keeps no rule of a client library."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from broker.bus import Bus, Incoming
from broker.bus_connection import Connection, how_to_sign_in, open_connection
from broker.clock import Clock
from broker.nkeys import Credentials, NKey
from deploy.nats import streams
from deploy.nats.config import Limits
from deploy.nats.embedded import EmbeddedBus
from deploy.nats.join import agency_credentials, join
from deploy.nats.permissions import Role

ACK_WAIT_S = 1.5
PATIENCE_S = 20.0


@dataclass(slots=True)
class Member:
    """An agency on the bus: its account key and the credentials of its edge."""

    name: str
    account: NKey
    credentials: Credentials

    @property
    def id(self) -> str:
        return self.account.public

    @property
    def ingress(self) -> str:
        return f"IN_{self.account.public}"


@dataclass(slots=True)
class World:
    """A bus of its own for one test; everything opened through it is closed with it."""

    root: Path
    clock: Clock
    bus: EmbeddedBus
    opened: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def join(self, name: str, *, quota: streams.Quota | None = None) -> Member:
        """Let a new agency in."""
        account = NKey.generate("account")
        await join(
            self.bus.admin,
            self.bus.system,
            self.bus.keys,
            account.public,
            name,
            quota=quota,
            ack_wait_s=ACK_WAIT_S,
        )
        return Member(name, account, agency_credentials(account))

    async def service(self, role: Role = "worker") -> Bus:
        """A service's bus."""
        bus = await Bus.connect(
            self.bus.url, self.bus.credentials(role), clock=self.clock, name=role
        )
        self.opened.append(bus.close)
        return bus

    async def edge(self, member: Member) -> Connection:
        """An agency's connection, without the client's manners."""
        connection = await open_connection(self.bus.url, member.credentials, name=member.name)
        self.opened.append(connection.close)
        return connection

    async def close(self) -> None:
        """Close everything, newest first."""
        for close in reversed(self.opened):
            await close()
        await self.bus.stop()


@asynccontextmanager
async def a_world(root: Path, *, limits: Limits | None = None) -> AsyncIterator[World]:
    """A bus on a directory, with a clock that can be moved."""
    bus = await EmbeddedBus.start(root / "bus", limits=limits, ack_wait_s=ACK_WAIT_S)
    world = World(root, Clock(root / "clock.jsonl"), bus)
    try:
        yield world
    finally:
        await world.close()


async def until(condition: Callable[[], object], *, patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds; fail with a TimeoutError if it never does."""
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110 - any condition, of any thread or process
            await asyncio.sleep(0.005)


class Handler:
    """Remembers what it saw, and raises what it is told to, as often as it is told to."""

    def __init__(self, *fails: Exception, on: bytes = b"") -> None:
        self.seen: list[Incoming] = []
        self.done: list[bytes] = []
        self.times: list[float] = []
        self.fails = list(fails)
        self.on = on

    async def __call__(self, message: Incoming) -> None:
        self.seen.append(message)
        self.times.append(asyncio.get_running_loop().time())
        if self.fails and message.data.startswith(self.on):
            raise self.fails.pop(0)
        self.done.append(message.data)


class RawPublisher:
    """Speaks NATS by hand, so that a test can send header bytes that no library would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, url: str, credentials: Credentials) -> "RawPublisher":
        host, port = url.removeprefix("nats://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        info = json.loads((await reader.readline()).split(b" ", 1)[1])
        signing = how_to_sign_in(credentials)
        hello = {
            "jwt": bytes(signing["user_jwt_cb"]()).decode(),
            "sig": signing["signature_cb"](info["nonce"]).decode(),
            "headers": True,
            "no_responders": True,
            "protocol": 1,
            "verbose": False,
            "pedantic": False,
            "lang": "test",
            "version": "0",
        }
        raw = cls(reader, writer)
        await raw.line(b"CONNECT " + json.dumps(hello).encode() + b"\r\nPING\r\n")
        while (await reader.readline()) != b"PONG\r\n":
            pass
        await raw.line(b"SUB _INBOX.raw 1\r\n")
        return raw

    async def line(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def publish(self, subject: str, headers: bytes, data: bytes) -> bytes:
        """Publish with these header bytes; the answer's payload."""
        head = f"HPUB {subject} _INBOX.raw {len(headers)} {len(headers) + len(data)}\r\n".encode()
        await self.line(head + headers + data + b"\r\n")
        async with asyncio.timeout(5):
            while True:
                line = await self.reader.readline()
                words = line.split()
                if words and words[0] in {b"MSG", b"HMSG"}:
                    payload = await self.reader.readexactly(int(words[-1]) + 2)
                    skip = int(words[-2]) if words[0] == b"HMSG" else 0
                    return payload[skip:-2]
                if line.startswith(b"-ERR") or not line:
                    return line

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def forward(world: World, **by: float) -> None:
    """Move the world's domain clock."""
    world.clock.advance(timedelta(**by))
