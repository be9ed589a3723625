"""Fixtures of the edge's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.edge_hands import Hands, StampClock
from tests.adapters.gatherer.office import Office


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Hands]:
    """A panel, the agencies that it asks, and a broker done by hand, on 16 November 2026 at nine."""
    made = Office(tmp_path, clock=StampClock())
    yield Hands(made)
    made.close()
