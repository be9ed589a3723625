"""The agency's feed: only what is proven is kept, holes are seen, and nothing is lost to them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.alarms import alarms
from adapters.edge import Edge
from adapters.feed import kept_records, log_keys, missing, take_entry, verify_kept
from adapters.keyring import AgencyKeys, Seeds
from adapters.store import FEED
from schemas import receipt as wire
from schemas.problems import Code, Problem
from tests.adapters.edge_hands import Hands
from tests.adapters.feed_scene import FeedScene, other_log, with_log_key
from tests.adapters.gatherer.office import HEALTH, SCHOOL
from tests.adapters.gatherer.surroundings import Chance
from tests.builders import messages
from tests.builders.agencies import seed


@pytest.fixture
def scene(hands: Hands) -> FeedScene:
    """The log and the school's feed."""
    return FeedScene(hands)


def take(scene: FeedScene, *entries: bytes) -> list[str]:
    return [take_entry(scene.hands.school, one, scene.hands.now) for one in entries]


def numbers(scene: FeedScene) -> list[int]:
    with scene.hands.school.store.read() as c:
        return [one.n for one in kept_records(scene.hands.school, c)]


def standing(scene: FeedScene) -> list[str]:
    with scene.hands.school.store.read() as c:
        return [f"{one.kind} {one.about}"[:24] for one in alarms(c)]


def holes(scene: FeedScene) -> list[range]:
    with scene.hands.school.store.read() as c:
        return list(missing(c))


def test_a_feed_is_kept_in_order(scene: FeedScene):
    """Each entry once, opened, with its proof, which holds again whenever it is asked."""
    entries = [scene.entry(n) for n in range(1, 5)]
    assert take(scene, *entries, *entries) == ["kept"] * 4 + ["repeated"] * 4
    assert numbers(scene) == [1, 2, 3, 4]
    assert (standing(scene), holes(scene), scene.hands.aside(scene.hands.school)) == ([], [], 0)
    school = scene.hands.school
    with school.store.read() as c:
        for one in kept_records(school, c):
            assert one.record.bytes_[0] == {1: "A", 2: "A", 3: "A", 4: "B"}[one.n]
            assert not isinstance(verify_kept(school, one.sealed, one.proof), Problem)


def test_a_missing_entry_is_seen_and_stops_nothing(scene: FeedScene):
    """What is proven is kept whatever is missing beside it; the hole stays until its entry comes."""
    assert take(scene, scene.entry(1), scene.entry(4)) == ["kept", "kept"]
    assert (standing(scene), holes(scene)) == (["feed.gap 3"], [range(2, 4)])
    assert take(scene, scene.entry(3)) == ["kept"]
    assert (standing(scene), holes(scene)) == (["feed.gap 2"], [range(2, 3)])
    assert take(scene, scene.entry(2)) == ["kept"]
    assert (standing(scene), holes(scene), numbers(scene)) == ([], [], [1, 2, 3, 4])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(order=st.permutations(range(1, 5)))
def test_in_whatever_order_they_come_all_are_kept(scene: FeedScene, order: list[int]):
    """Redelivery may turn anything around."""
    with scene.hands.school.store.change() as c:
        c.execute(FEED.delete())
    assert take(scene, *(scene.entry(n) for n in order)) == ["kept"] * 4
    assert (numbers(scene), standing(scene)) == ([1, 2, 3, 4], [])


BENDS: list[tuple[dict[str, Any], str]] = [
    ({"log": other_log()}, "feed.proof_does_not_hold"),
    ({"key": messages.agency(HEALTH).feed}, "feed.content.recipient"),
    ({"prev": b"another"}, "feed.forked 2"),
    ({"prev": b""}, "feed."),
]


@pytest.mark.parametrize(("bend", "kind"), BENDS)
def test_what_does_not_hold_is_kept_apart(scene: FeedScene, bend: dict[str, Any], kind: str):
    """A wrong key, proof or predecessor: nothing is kept, it is not lost, and the true one is taken."""
    assert take(scene, scene.entry(1), scene.entry(2, **bend)) == ["kept", "aside"]
    assert numbers(scene) == [1]
    assert standing(scene)[0].startswith(kind)
    assert scene.hands.aside(scene.hands.school) == 1
    assert take(scene, scene.entry(2), scene.entry(3)) == ["kept", "kept"]
    assert numbers(scene) == [1, 2, 3]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"v":1,"entry":"","record":"","proof":""}', b"\xff" * 9]
)
def test_what_is_no_entry_is_kept_apart(scene: FeedScene, data: bytes):
    """It calls somebody."""
    assert take(scene, data) == ["aside"]
    assert len(standing(scene)) == 1


def test_another_record_under_a_proof_is_noticed(scene: FeedScene):
    """The leaf commits to the record's sealed bytes: a changed one is not in the log."""
    true, other = scene.entry(1).decode(), scene.record(9)
    assert take(scene, true.replace(_escaped(scene.records[0]), _escaped(other)).encode()) == [
        "aside"
    ]
    assert numbers(scene) == []


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')


def test_a_record_that_was_changed_afterwards_is_noticed(scene: FeedScene):
    """The same number with another record, both proven by the log's own keys: two histories."""
    assert take(scene, scene.entry(1), scene.entry(1, reason="another")) == ["kept", "aside"]
    assert standing(scene) == ["feed.two_histories 1"]
    assert numbers(scene) == [1]


def test_an_entry_that_its_successor_does_not_name_is_noticed(scene: FeedScene):
    """It fits the one before and not the one after, which came first."""
    assert take(scene, scene.entry(1), scene.entry(3)) == ["kept", "kept"]
    assert take(scene, scene.entry(2, reason="another")) == ["aside"]
    assert standing(scene) == ["feed.gap 2", "feed.forked 2"]


def test_too_much_that_does_not_hold_stays_with_the_bus(
    scene: FeedScene, monkeypatch: pytest.MonkeyPatch
):
    """It must not be acknowledged then."""
    monkeypatch.setattr("adapters.aside.MOST_ASIDE", 1)
    assert take(scene, b"1", b"2") == ["aside", "full"]
    assert "aside.full feed" in standing(scene)


def test_a_log_may_change_its_keys(hands: Hands):
    """What was signed before the change is proven as long as the directory lists the old keys."""
    old, new = FeedScene(hands), FeedScene(hands, other_log())
    assert take(old, old.entry(1)) == ["kept"]
    with_log_key(hands, other_log())
    second = new.entry(2, prev=old.entry(1))
    assert take(new, second) == ["kept"]
    assert take(old, old.entry(3, prev=second)) == ["kept"]
    newest = log_keys(hands.school)
    assert not isinstance(newest, Problem)
    assert newest[1].kid == other_log().ed25519.kid


def test_without_the_logs_keys_nothing_is_proven(scene: FeedScene):
    """A directory that is too old: it waits, and is kept once the keys are known."""
    held = scene.hands.office.directory.held.pop("broker")
    assert log_keys(scene.hands.school) == Problem(Code.KEY_UNKNOWN, "checkpoint")
    assert take(scene, scene.entry(1)) == ["aside"]
    scene.hands.office.directory.put(held)
    assert take(scene, scene.entry(1)) == ["kept"]
    assert scene.hands.aside(scene.hands.school) == 0


def test_entry_and_record_may_be_sealed_to_two_of_our_keys(scene: FeedScene):
    """Around a rotation the record is older than the entry that brings it."""
    school = scene.hands.school
    newer = messages.opening("oakfield-school newer feed")
    seeds = Seeds(
        *(seed(f"{SCHOOL} {name}") for name in ("storage", "ed25519", "ml-dsa-65")),
        (seed(f"{SCHOOL} enc"),),
        (seed("oakfield-school newer feed enc"), seed(f"{SCHOOL} feed enc")),
    )
    keys = AgencyKeys.of(seeds, Chance("rotated"))
    rotated = Edge(SCHOOL, keys, school.store, school.directory, school.clock, school.random)
    assert take_entry(rotated, scene.entry(1, key=newer), scene.hands.now) == "kept"


def test_records_are_found_by_the_message_that_they_are_about(scene: FeedScene):
    """By the manifest, or the receipt, that stands in the record."""
    hands = scene.hands
    found = hands.asks()
    receipt = hands.receipt("delivered", found, messages.agency(SCHOOL).receipts, SCHOOL)
    assert isinstance(wire.read_receipt(receipt), wire.SignedReceipt)
    no_ack = hands.receipt("skipped", None, seq=1, **{"from": messages.agency(SCHOOL).urn})
    first = scene.entry(1, reason=receipt)
    assert take(scene, first, scene.entry(2, prev=first, reason=no_ack)) == ["kept", "kept"]
    with hands.school.store.read() as c:
        assert [one.n for one in kept_records(hands.school, c, found.jti)] == [1]
        assert [one.about for one in kept_records(hands.school, c)] == [found.jti, ""]
