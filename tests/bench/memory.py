"""Resident memory of the broker's process, empty and with many requests open.

Two processes are measured, each with all four services on a real bus: one that starts on nothing,
and one that starts when so many requests are open, their contents held and the log long. The buckets
are filled with what the real gate wrote for one request, each under its own name.
"""

import asyncio
import hashlib
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from broker.contents import BUCKET as CONTENTS
from broker.contents import Content
from broker.kept import dump, load
from broker.requests import BUCKET as REQUESTS
from broker.requests import Request
from schemas.encoding import b64u
from schemas.record import leaf_data
from schemas.subjects import content_key, log_leaf, request_key
from tests.bench.bus_world import BusWorld, a_bus_world
from tests.bench.contenders.gate import as_arrived, make_gate
from tests.bench.memory_bus import MemoryBus
from tests.bench.parties import Sender

CHILD = Path(__file__).with_name("memory_child.py")
LIMIT_BYTES = 200 * 1024 * 1024
"""Issue 2: below 200 MB at 10,000 open requests."""
_IN_FLIGHT = 64


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes resident in the broker's process.

    Attributes:
        requests: How many were open.
        empty_bytes: With nothing in the store, services started.
        full_bytes: With so many open, after a start and a look at every one of them.
        peak_bytes: The most that it was until then.
        start_s: How long that start and look took.

    """

    requests: int
    empty_bytes: int
    full_bytes: int
    peak_bytes: int
    start_s: float


class MemoryFailed(Exception):
    """The child ended; what it said went to standard error."""


async def measure(root: Path, requests: int, say: Callable[[str], None]) -> Memory:
    """Measure both. Takes about a millisecond of disk for each thing stored.

    Raises:
        MemoryFailed: The measured process did not come up.

    """
    async with a_bus_world(root) as world:
        say("memory: nothing open")
        empty = await _child(world, expect=0)
        say(f"memory: storing {requests} open requests")
        await _fill(world, requests)
        say(f"memory: {requests} open")
        full = await _child(world, expect=requests)
    return Memory(
        requests, int(empty["rss"]), int(full["rss"]), int(full["peak"]), float(full["start_s"])
    )


async def _fill(world: BusWorld, requests: int) -> None:
    """Store requests, contents and leaves, some at a time."""
    sender = Sender("panel-0", "school-0", world.town)
    memory = MemoryBus()
    await make_gate(memory, world.town).handle(as_arrived(sender, sender.ask().envelope, 1))
    [request] = [load(Request, one.value) for one in memory.bucket(REQUESTS).held.values()]
    [content] = [load(Content, one.value) for one in memory.bucket(CONTENTS).held.values()]
    gate, audit = await world.service("gate"), await world.service("audit")

    async def store(number: int) -> None:
        name = hashlib.sha256(f"open request {number}".encode()).digest()
        h = b64u(name)
        mine = replace(request, h=h, id=name.hex())
        await gate.bucket(REQUESTS).create(request_key(h), dump(mine))
        held = replace(content, h=h, id=name.hex(), ack=content.ack.model_copy(update={"h": h}))
        await gate.bucket(CONTENTS).create(content_key(h), dump(held))
        await audit.append(log_leaf(name), leaf_data(h))

    await _some_at_a_time(range(requests), store)


async def _some_at_a_time(numbers: Iterable[int], act: Callable[[int], Awaitable[None]]) -> None:
    left = iter(numbers)

    async def one_after_another() -> None:
        for number in left:
            await act(number)

    await asyncio.gather(*(one_after_another() for _ in range(_IN_FLIGHT)))


async def _child(world: BusWorld, *, expect: int) -> dict[str, float]:
    """Start the broker's services in a process of their own, and ask how large it is."""
    setting = {
        "url": world.embedded.url,
        "credentials": {
            role: str(world.embedded.credentials_file(role))
            for role in ("gate", "release", "gathering", "audit")
        },
        "accounts": {name: entry.account for name, entry in world.town.held.items()},
        "expect": expect,
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), stdin=PIPE, stdout=PIPE
    )
    out, _ = await child.communicate(json.dumps(setting).encode())
    if child.returncode:
        raise MemoryFailed
    found: dict[str, float] = json.loads(out)
    return found
