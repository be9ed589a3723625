import pytest

from tests.broker.fakes import FakeBus
from tests.contracts.bus import BusContract


class TestFakeBus(BusContract):
    @pytest.fixture
    def bus(self):
        return FakeBus()
