"""What the import contracts in pyproject.toml cannot say: they name only modules that exist."""

from itertools import permutations

import grimp
import pytest

AGENCIES = ("council", "education", "health", "housing", "police", "probation", "youth_justice")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("adapters", cache_dir=None)


def test_agencies_do_not_import_each_other(graph):
    """An agency deploys its own adapter without carrying the code of another, even indirectly."""
    present = [f"adapters.{agency}" for agency in AGENCIES if f"adapters.{agency}" in graph.modules]
    chains = [graph.find_shortest_chain(a, b) for a, b in permutations(present, 2)]
    assert [chain for chain in chains if chain] == []


def test_sources_know_no_agency(graph):
    """How records are reached is the same for whoever holds them."""
    agencies = {f"adapters.{agency}" for agency in AGENCIES} & graph.modules
    sources = {module for module in graph.modules if module.startswith("adapters.sources")}
    chains = [graph.find_shortest_chain(s, a) for s in sources for a in agencies]
    assert [chain for chain in chains if chain] == []
