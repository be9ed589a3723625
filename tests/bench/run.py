"""Measure, and print what was measured: ``python3 dev.py bench [--quick] [--json] [--only NAME …]``.

docs/performance.md says what each figure is and how to read it.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cryptography
from cryptography.hazmat.backends.openssl import backend
from rich.console import Console

from broker import log
from tests.bench import report
from tests.bench.bus_world import a_bus_world
from tests.bench.contenders.as4 import As4
from tests.bench.contenders.bare import Bare
from tests.bench.contenders.exchange import Exchange
from tests.bench.contenders.exchange_on_bus import ExchangeOnBus
from tests.bench.contenders.gate import GateInMemory
from tests.bench.contenders.gate_on_bus import GateOnBus
from tests.bench.contenders.jetstream import JetStream
from tests.bench.contenders.opening import Opening
from tests.bench.contenders.seal import Seal
from tests.bench.measure import Contender, Figure, take_turns
from tests.bench.memory import Memory, measure
from tests.bench.parties import Sender, payload
from tests.bench.town import Town

AS4 = "DOVETAIL_BENCH_AS4"
IN_MEMORY = ("seal", "open", "gate", "exchange", "exchange-feeds")
ON_BUS = ("jetstream", "jetstream-64", "gate-bus", "exchange-bus")
NAMES = (*(name for one in IN_MEMORY for name in (f"bare-{one}", one)), "as4", *ON_BUS, "memory")


@dataclass(frozen=True, slots=True)
class Asked:
    """What shall be measured, and how long.

    Attributes:
        only: Names out of NAMES.
        rounds: Turns of each contender.
        round_s: About how long a turn lasts, seconds.
        count: Operations in each turn instead, or None.
        requests: How many are open when memory is measured.

    """

    only: frozenset[str]
    rounds: int
    round_s: float
    count: int | None
    requests: int
    as_json: bool


def asked(args: Sequence[str]) -> Asked:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 dev.py bench", description="Measure Dovetail beside the Python AS4 stack."
    )
    parser.add_argument("--quick", action="store_true", help="a first impression, in half a minute")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME",
                        help=f"some of: {', '.join(NAMES)}")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="turns of each (15; with --quick 3)")
    parser.add_argument(
        "--count", type=int, help="operations in each turn, instead of about a second"
    )
    parser.add_argument("--requests", type=int, help="open requests for memory (10000; quick 500)")
    found = parser.parse_args(args)
    return Asked(
        only=frozenset(found.only),
        rounds=found.rounds or (3 if found.quick else 15),
        round_s=0.3 if found.quick else 1.0,
        count=found.count,
        requests=found.requests or (500 if found.quick else 10_000),
        as_json=found.json,
    )


async def in_memory(only: frozenset[str]) -> list[Contender]:
    """Our own contenders without a server, each behind its bare signatures and HPKE."""
    found: list[Contender] = []
    makers = (Seal, Opening, GateInMemory)
    made = [maker() for maker in makers]
    for one in (*made, Exchange(feeds=False), Exchange(feeds=True)):
        bare = await Bare.of(one.name, one.once)
        one.contains = bare.contains
        found += [bare, one]
    return [one for one in found if one.name in only]


async def on_bus(
    only: frozenset[str], root: Path, stack: AsyncExitStack, contains: dict[str, str]
) -> list[Contender]:
    """Contenders on a real server: one bus that no service serves, one with all four."""
    found: list[Contender] = []
    if only & {"jetstream", "jetstream-64", "gate-bus"}:
        unserved = await stack.enter_async_context(a_bus_world(root / "unserved"))
        data = Sender("panel-0", "school-0", Town()).ask().envelope
        for in_flight in (1, 64):
            found.append(await JetStream.start(unserved, data, in_flight=in_flight))
        found.append(await GateOnBus.start(unserved, contains.get("gate", "as gate")))
    if "exchange-bus" in only:
        served = await stack.enter_async_context(a_bus_world(root / "served"))
        found.append(await ExchangeOnBus.start(served, contains.get("exchange", "as exchange")))
    return [one for one in found if one.name in only]


async def bench(what: Asked) -> tuple[dict[str, Figure], Memory | None]:
    """Measure everything that was asked for."""
    say = Console(stderr=True).status("")
    with tempfile.TemporaryDirectory(prefix="dovetail-bench-") as folder, say:
        root = Path(folder)
        memory = None
        if "memory" in what.only:
            memory = await measure(root / "memory", what.requests, say.update)
        async with AsyncExitStack() as stack:
            contenders = await in_memory(what.only)
            contains = {one.name: one.contains for one in contenders}
            if "as4" in what.only:
                contenders.append(await As4.start(Path(os.environ[AS4]), payload()))
            contenders += await on_bus(what.only, root, stack, contains)
            for one in contenders:
                stack.push_async_callback(one.close)
            figures = await take_turns(
                contenders,
                rounds=what.rounds,
                round_s=what.round_s,
                count=what.count,
                say=say.update,
            )
    return figures, memory


def facts() -> dict[str, Any]:
    """Where and with what this was measured, and how large the message is."""
    made = Sender("panel-0", "school-0", Town()).ask()
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start",
        "python": platform.python_version(),
        "cryptography": f"{cryptography.__version__}, {backend.openssl_version_text()}",
        "message": (
            f"information.request/1 to a school: {len(payload()):,} bytes of field values,"
            f" {len(made.envelope):,} bytes sealed (content padded to a power of two)"
        ),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    lines = info.read_text().splitlines()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.machine())


def main(args: Sequence[str]) -> int:
    """Run it; 0 when it was measured, whatever came of it: a slow machine is no failure."""
    what = asked(args)
    if "as4" in what.only and AS4 not in os.environ:
        print("bench: run it by `python3 dev.py bench`, which installs as4.", file=sys.stderr)
        return 69
    where = facts()
    with Path(os.devnull).open("w") as nowhere:
        log.configure(nowhere)  # rendered as in production, and thrown away
        figures, memory = asyncio.run(bench(what))
    if what.as_json:
        print(json.dumps(report.document(figures, memory, where), indent=2, ensure_ascii=False))
    else:
        report.show(Console(), figures, memory, where)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
