"""Numbers of messages: gaps, repetitions and reordering are noticed; what is explained alarms nobody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.alarms import alarms
from adapters.sequence import hear, recalled, skip
from adapters.store import EdgeStore
from tests.adapters.gatherer.surroundings import keys_of
from tests.builders.agencies import AT

ISS = "urn:dovetail:org:northshire-panel"


class Heard:
    """What came from one agency: ``m2`` names ``h1`` unless another is given."""

    def __init__(self, store: EdgeStore) -> None:
        self._store = store

    def came(self, seq: int, prev: str | None = None, h: str | None = None) -> "Heard":
        with self._store.change() as c:
            named = f"h{seq - 1}" if seq > 1 else ""
            hear(c, ISS, seq, h or f"h{seq}", named if prev is None else prev, AT)
        return self

    def skipped(self, seq: int) -> "Heard":
        with self._store.change() as c:
            skip(c, ISS, seq)
        return self

    def recalled(self, h: str) -> "Heard":
        with self._store.change() as c:
            recalled(c, ISS, h)
        return self

    @property
    def alarms(self) -> list[str]:
        with self._store.read() as c:
            return [f"{one.kind} {one.about.removeprefix(ISS).strip()}" for one in alarms(c)]


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    """An edge that heard nothing yet."""
    store = EdgeStore.open(f"sqlite:///{tmp_path}/edge.db", "school", keys_of("school").vault)
    yield Heard(store)
    store.close()


def test_what_follows_alarms_nobody(heard: Heard):
    """One after the other, each naming the one before; and again."""
    assert heard.came(1).came(2).came(3).came(3).came(1).alarms == []


def test_a_gap_is_noticed_until_it_is_filled(heard: Heard):
    """The missing number is named; when it comes, late, only the order was wrong."""
    assert heard.came(1).came(3).alarms == ["sequence.gap 2"]
    assert heard.came(2).alarms == ["sequence.reordered 2"]


def test_a_long_gap_is_one_alarm_at_a_time(heard: Heard):
    """A hostile sender that jumps far makes one row and one alarm, not thousands."""
    assert heard.came(1).came(2**53 - 1).alarms == ["sequence.gap 9007199254740990"]
    assert heard.came(9007199254740990).alarms[0] == "sequence.reordered 9007199254740990"


def test_a_gap_is_explained_by_the_gate(heard: Heard):
    """Refused or parked, told before or after: the number does not come, and nobody is called."""
    assert heard.came(1).skipped(2).came(3).alarms == []
    assert heard.came(5).alarms == ["sequence.gap 4"]
    assert heard.skipped(4).skipped(4).alarms == []


def test_what_was_skipped_and_comes_after_all_must_be_what_was_named(heard: Heard):
    """Brought back from parking: the message after it has named it meanwhile."""
    assert heard.came(1).skipped(2).came(3).came(2).alarms == []


def test_another_than_the_named_one_is_a_fork(heard: Heard):
    """The broker said that 2 does not come, 3 named it, and what comes as 2 is another."""
    assert heard.came(1).skipped(2).came(3).came(2, h="x").alarms == ["sequence.forked 2"]


def test_a_number_that_was_taken_is_skipped_in_vain(heard: Heard):
    """What came stands: a later notice about its number takes nothing away."""
    assert heard.came(1).came(2).skipped(2).came(3).alarms == []
    assert heard.came(4, prev="x").alarms == ["sequence.forked 4"]


def test_one_number_for_two_messages_is_noticed(heard: Heard):
    """The first stands; the second is the sender's own signed contradiction."""
    assert heard.came(1).came(2).came(2, h="x").alarms == ["sequence.repeated 2 x"]
    assert heard.came(3).alarms == ["sequence.repeated 2 x"]


def test_a_wrong_predecessor_is_noticed(heard: Heard):
    """The sender, or a broker that shows two histories."""
    assert heard.came(1).came(2, prev="x").alarms == ["sequence.forked 2"]


def test_an_edge_that_begins_late_misses_one_number(heard: Heard):
    """A restored or new store: the chain holds from there on."""
    assert heard.came(57).came(58).alarms == ["sequence.gap 56"]


def test_a_recall_explains_the_number_that_the_next_names(heard: Heard):
    """Told after the withdrawal came, which names what was recalled."""
    assert heard.came(1).came(3).recalled("h2").alarms == []
    assert heard.recalled("h9").alarms == []


@settings(max_examples=60)
@given(st.permutations(range(1, 7)), st.sets(st.integers(1, 6)))
def test_in_whatever_order_everything_comes_nothing_is_missing_at_the_end(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], gone: set[int]
):
    """Each number came or was skipped: no gap stands, and no fork is found where there is none."""
    folder = tmp_path_factory.mktemp("heard")
    store = EdgeStore.open(f"sqlite:///{folder}/edge.db", "school", keys_of("school").vault)
    heard = Heard(store)
    for seq in order:
        heard.skipped(seq) if seq in gone else heard.came(seq)
    assert all(one.startswith("sequence.reordered") for one in heard.alarms)
    store.close()
