"""Fixtures of the gatherer's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.gatherer.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A gatherer's office on Monday 16 November 2026 at nine."""
    made = Office(tmp_path)
    yield made
    made.close()
