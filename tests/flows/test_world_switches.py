"""An edge that is switched off stays off until somebody switches it on."""

import asyncio
from pathlib import Path

from tests.northmere import HEALTH, SCHOOL, northmere


async def test_an_edge_left_out_stays_off(founded: Path, tmp_path: Path, nats_server: Path) -> None:
    """``World.start(without=…)`` and ``shut`` hold until ``open``."""
    off = frozenset({HEALTH})
    async with northmere(founded, tmp_path / "northmere", without=off) as town:
        await town.world.shut(SCHOOL)
        await asyncio.sleep(1.0)  # three looks of the watch
        assert not {HEALTH, SCHOOL} & set(town.world.edges)
