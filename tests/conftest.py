"""Fixtures for all tests: a bus of one's own, where there is a server to run."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from deploy.nats.server import NoServerBinary, binary
from tests.world import World, a_world

# A property holds or it does not; how long one example takes says only how busy the machine is.
settings.register_profile("dovetail", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dovetail")


@pytest.fixture(scope="session")
def nats_server() -> Path:
    """The nats-server to run. Without one: skipped with a reason, but in CI a failure."""
    configured = os.environ.get("DOVETAIL_NATS_SERVER")
    try:
        return binary(Path(configured) if configured else None)
    except NoServerBinary as missing:
        if os.environ.get("CI"):
            pytest.fail(f"in CI the real server is required: {missing}")
        pytest.skip(str(missing))


@pytest.fixture
async def world(nats_server: Path, tmp_path: Path) -> AsyncIterator[World]:
    """A new bus for this test alone (about 0.2 s), stopped afterwards."""
    async with a_world(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys and the directory of Northmere, made once; every world of the tests is a copy."""
    from tests.northmere import found_northmere

    return found_northmere(tmp_path_factory.mktemp("founded") / "northmere")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    nats_server: Path, founded: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Any]:
    """Northmere at work for one module (``tests.northmere``); its tests bring cases of their own.

    They run in its loop: ``pytestmark = pytest.mark.asyncio(loop_scope="module")``.
    """
    from tests.northmere import northmere

    async with northmere(founded, tmp_path_factory.mktemp("town") / "northmere") as running:
        yield running
