"""Fixtures for all tests: a bus of one's own, where there is a server to run."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
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
