"""A whole world as a process of its own, for tests that kill it at any instant."""

import asyncio
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from broker import log
from deploy.nats import streams
from deploy.sandbox.world import World
from schemas import subjects
from schemas.directory_entry import OrganisationKind

ACK_WAIT_S = 1.5


def run(folder: str, off: frozenset[str], pipe: Pipe) -> None:
    """Keep a world up until killed; tells the process id of its nats-server when it is ready."""
    with (Path(folder) / "dovetail.log").open("a", encoding="utf-8") as lines:
        log.configure(lines)
        asyncio.run(_run(Path(folder), off, pipe))


async def _run(folder: Path, off: frozenset[str], pipe: Pipe) -> None:
    world = await World.start(folder, without=off)
    await hurry(world)
    pipe.send(world.bus.server.pid)
    await world.ended()


async def hurry(world: World) -> None:
    """What a killed process had in hand comes again after seconds instead of half a minute."""
    admin = world.bus.admin
    declared = [one for one in streams.STREAMS if one.consumers]
    for entry in world.directory.entries():
        declared.append(streams.ingress(entry.account))
        if entry.kind is not OrganisationKind.BROKER:
            own = {"OUT": subjects.out(entry.account), "FEED": subjects.feed(entry.account)}
            for stream, subject in own.items():
                taken = streams.Consumer(entry.account, (subject,), streams.DELIVERIES_IN_FLIGHT)
                await streams.add_consumer(admin, stream, taken, ack_wait_s=ACK_WAIT_S)
    for one in declared:
        for consumer in one.consumers:
            await streams.add_consumer(admin, one.name, consumer, ack_wait_s=ACK_WAIT_S)
