"""An edge is killed at every statement, before and after it: each act happens whole, and once.

The store is SQLite; what is broken is each statement in turn. After the break the store holds what
it held before, and the act done again gives what it gives undisturbed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from adapters.compose import Queued
from adapters.feed import take_entry
from adapters.receive import receive
from adapters.responder import answer
from adapters.store import EdgeStore, tables
from tests.adapters.edge_hands import ITEMS, RELEASE, Hands, StampClock
from tests.adapters.feed_scene import FeedScene
from tests.adapters.gatherer.office import ACT, Office
from tests.builders import messages


class KilledError(Exception):
    """The process is gone."""


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Hands]:
    """Edges and a broker done by hand."""
    made = Office(tmp_path, clock=StampClock())
    yield Hands(made)
    made.close()


@contextmanager
def killed(store: EdgeStore, at: int, when: str) -> Iterator[list[int]]:
    """Kill at the statement with a number, ``before`` or ``after`` it was done; counts them."""
    seen = [0]

    def look(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == at:
            raise KilledError

    event.listen(store._engine, f"{when}_cursor_execute", look)
    try:
        yield seen
    finally:
        event.remove(store._engine, f"{when}_cursor_execute", look)


def rows(store: EdgeStore) -> dict[str, list[Any]]:
    """Everything in a store."""
    with store.read() as c:
        return {table.name: list(c.execute(table.select())) for table in tables.sorted_tables}


def asking(hands: Hands) -> tuple[EdgeStore, Callable[[], object]]:
    request = hands.asked()
    letter = hands.letter(hands.school, request.jti)

    def act() -> object:
        found = answer(hands.school, letter, ITEMS, "exact", ACT)
        assert isinstance(found, Queued), found
        return None

    return hands.school.store, act


def announcing(hands: Hands) -> tuple[EdgeStore, Callable[[], object]]:
    found = hands.asks()
    data = hands.manifest_of(found)
    return hands.school.store, lambda: receive(hands.school, "manifest", data, hands.now)


def opening(hands: Hands) -> tuple[EdgeStore, Callable[[], object]]:
    found = hands.asks()
    hands.announce(found)
    data = hands.content_of(found)
    return hands.school.store, lambda: receive(hands.school, "content", data, hands.now)


def rejecting(hands: Hands) -> tuple[EdgeStore, Callable[[], object]]:
    found = hands.forged(hands.asks(), padded_bytes=16_384)
    hands.announce(found)
    data = hands.content_of(found)
    return hands.school.store, lambda: receive(hands.school, "content", data, hands.now)


def putting_aside(hands: Hands) -> tuple[EdgeStore, Callable[[], object]]:
    return hands.school.store, lambda: receive(hands.school, "manifest", b"{}", hands.now)


def being_told(hands: Hands) -> tuple[EdgeStore, Callable[[], object]]:
    found = hands.asks()
    told = hands.receipt("recalled", found, key=RELEASE)
    return hands.panel.store, lambda: hands.tell(hands.panel, told)


def feeding(hands: Hands) -> tuple[EdgeStore, Callable[[], object]]:
    entry = FeedScene(hands).entry(1)
    assert messages.broker() is not None
    return hands.school.store, lambda: take_entry(hands.school, entry, hands.now)


ACTS = (asking, announcing, opening, rejecting, putting_aside, being_told, feeding)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("make", ACTS, ids=[act.__name__ for act in ACTS])
def test_an_act_happens_whole_or_not_at_all(hands: Hands, make: Any, when: str):
    """Killed at any statement nothing of it stands; done again, everything, once."""
    store, act = make(hands)
    before = rows(store)
    place = 0
    while True:
        place += 1
        with killed(store, place, when) as seen:
            try:
                act()
            except KilledError:
                pass
            else:
                break
        assert rows(store) == before, f"something stands after a kill at statement {seen[0]}"
    assert place > 3, "too few statements to have been tried"
    after = rows(store)
    assert after != before
    if make is not asking:
        act()
        again = rows(store)
        assert again == after
