import pytest

from tests.contracts.bus import BusContract


class TestRealBus(BusContract):
    @pytest.fixture
    async def bus(self, world):
        return await world.service()
