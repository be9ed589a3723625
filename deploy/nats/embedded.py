"""A whole bus on one machine: keys, configuration, server, streams. The sandbox and the tests run it.

The first start makes everything; every later one checks that everything is there, and refuses with a
sentence if not. ``provisioned`` beside the store, not in it, remembers that the first start ended.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from broker.bus_connection import Connection, open_connection
from broker.nkeys import Credentials
from deploy.nats import accounts, config, permissions, streams
from deploy.nats.config import BusKeys
from deploy.nats.server import Server, binary

__all__ = ["EmbeddedBus"]


@dataclass(slots=True)
class EmbeddedBus:
    """A running bus and those of its connections that services never have.

    ``await EmbeddedBus.start(root)``; leave with ``await stop()``. Start it from the main thread.
    """

    root: Path
    server: Server
    keys: BusKeys
    limits: config.Limits
    admin: Connection = field(repr=False)
    system: Connection = field(repr=False)

    @classmethod
    async def start(
        cls,
        root: Path,
        *,
        program: Path | None = None,
        limits: config.Limits | None = None,
        listen: str = "127.0.0.1:-1",
        ack_wait_s: float | None = None,
    ) -> Self:
        """Start the server on ``root``, make or check its store.

        Args:
            root: A directory of its own, made with mode 0700 if it is not there.
            program: The nats-server to run; found by itself if not given.
            limits: What the store may take.
            listen: Loopback address and port; −1 takes a free one.
            ack_wait_s: Only tests shorten it.

        Raises:
            StoreFault: The store is in use, unreadable, not whole or of an unknown format.
            Fault: The server did not start.

        """
        limits = limits or config.Limits()
        fresh = not (root / "keys").exists()
        keys = config.create_keys(root) if fresh else config.load_keys(root)
        config.write_config(root, keys, limits=limits, listen=listen)
        server = Server(root, binary(program)).start()
        async with AsyncExitStack() as undo:
            undo.callback(server.stop)
            system = await _connected(server, config.system_credentials(keys), "system", undo)
            admin = await _connected(server, config.hub_credentials(keys, "admin"), "admin", undo)
            marker = root / "provisioned"
            if not marker.exists():
                await streams.provision(admin, ack_wait_s=ack_wait_s)
                marker.touch(mode=0o600)
            await streams.check(admin, system)
            undo.pop_all()
        return cls(root, server, keys, limits, admin, system)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self.server.url

    def credentials(
        self, role: permissions.Role, *, broker_account: str | None = None
    ) -> Credentials:
        """New credentials for a role within the HUB account.

        Args:
            role: What it may do, ``deploy.nats.permissions``.
            broker_account: Account of agency ``broker``: gathering may then write into its ingress.

        """
        return config.hub_credentials(self.keys, role, broker_account=broker_account)

    def credentials_file(
        self, role: permissions.Role, *, broker_account: str | None = None
    ) -> Path:
        """The credentials of a role as a file, mode 0600; written anew, the older stay valid."""
        path = self.root / "keys" / f"{role}.creds"
        accounts.write_secret(path, self.credentials(role, broker_account=broker_account).text())
        return path

    def restart(self) -> None:
        """Start the server again on the same address, after a crash; connections come back by themselves."""
        address = self.server.url.removeprefix("nats://")
        config.write_config(self.root, self.keys, limits=self.limits, listen=address)
        self.server.start()

    async def stop(self) -> None:
        """Disconnect and stop the server in good order."""
        await self.admin.close()
        await self.system.close()
        self.server.stop()


async def _connected(
    server: Server, credentials: Credentials, name: str, undo: AsyncExitStack
) -> Connection:
    connection = await open_connection(server.url, credentials, name=name)
    close: Callable[[], Awaitable[None]] = connection.close
    undo.push_async_callback(close)
    return connection
