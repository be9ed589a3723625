"""The broker's process, to be weighed: all four services on a bus that is there. See ``memory``."""

import asyncio
import gc
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from broker import log
from deploy.services import Pace, Services, Setting
from tests.bench.town import Town, TownClock, broker_keys

_NEVER = Pace(tick_s=3600, checkpoint_s=3600, directory_s=3600)


async def main(asked: dict[str, Any]) -> dict[str, float]:
    """Start, look at everything once, and say how much memory that takes, in bytes."""
    credentials = asked["credentials"]
    setting = Setting(
        url=asked["url"],
        credentials=lambda name: Path(credentials[name]),
        directory=Town(asked["accounts"]),  # type: ignore[arg-type] # it answers as the real one does
        keys=broker_keys(),
        clock=TownClock(),
        pace=_NEVER,
    )
    began = time.perf_counter()
    services = await Services.start(setting)
    await services.tick()
    start_s = time.perf_counter() - began
    if services._gathering.waiting != asked["expect"]:
        raise SystemExit(f"{services._gathering.waiting} requests are on the agenda")
    gc.collect()
    now = resident()
    found = {"rss": now, "peak": max(now, peak()), "start_s": start_s}  # the peak lags a little
    await services.close()
    return found


def resident() -> int:
    """Bytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def peak() -> int:
    """The most bytes that were in memory; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    with Path(os.devnull).open("w") as nowhere:
        log.configure(nowhere)
        print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
