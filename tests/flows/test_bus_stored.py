"""What the bus promises of what is stored: written once, read whole, changed by revision."""

import asyncio
from datetime import timedelta

import pytest

from broker.faults import Conflict
from tests.world import World


async def test_what_is_created_stands_and_is_not_written_over(world: World) -> None:
    """The first message of a subject is the only one; the second is told so and changes nothing."""
    bus = await world.service()
    assert await bus.create("verdicts.A.x", b"first")
    assert not await bus.create("verdicts.A.x", b"second")
    stored = await bus.last("VERDICTS", "verdicts.A.x")
    assert stored is not None
    assert stored.data == b"first"
    assert abs(stored.stored_at - world.clock.now()) < timedelta(seconds=10)
    assert await bus.last("VERDICTS", "verdicts.A.y") is None


async def test_many_at_once_create_one(world: World) -> None:
    """Of services that race for one subject exactly one is first."""
    buses = [await world.service() for _ in range(4)]
    results = await asyncio.gather(
        *(bus.create("verdicts.A.race", b"%d" % n) for n, bus in enumerate(buses))
    )
    assert sorted(results) == [False, False, False, True]


async def test_appending_holds_to_the_expected_end(world: World) -> None:
    """The log grows by one leaf after the other, or not at all."""
    bus = await world.service()
    assert await bus.append("log.aa", b"0", expected_last_sequence=0) == 1
    assert await bus.append("log.bb", b"1", expected_last_sequence=1) == 2
    with pytest.raises(Conflict):
        await bus.append("log.cc", b"2", expected_last_sequence=1)
    assert (
        await bus.append("log.dd", b"2", msg_id="m")
        == await bus.append("log.dd", b"2", msg_id="m")
        == 3
    )
    newest = await bus.newest("LOG")
    assert newest is not None
    assert newest.sequence == 3


async def test_a_stretch_is_read_whole_and_in_order(world: World) -> None:
    """Longer than a batch, from within, to within, by subject, and past what was erased."""
    bus = await world.service()
    assert [one async for one in bus.read("CONTENT")] == []
    for number in range(600):
        await bus.create(f"content.{'odd' if number % 2 else 'even'}.{number}", b"%d" % number)
    assert [one.data async for one in bus.read("CONTENT")] == [b"%d" % n for n in range(600)]
    part = [one.sequence async for one in bus.read("CONTENT", from_sequence=10, to_sequence=400)]
    assert part == list(range(10, 401))
    odd = [
        one.sequence async for one in bus.read("CONTENT", subject="content.odd.*", to_sequence=99)
    ]
    assert odd == list(range(2, 100, 2))
    await bus.erase("CONTENT", 3)
    await bus.erase("CONTENT", 3)
    await bus.erase("CONTENT", 600)
    assert [one.sequence async for one in bus.read("CONTENT", to_sequence=5)] == [1, 2, 4, 5]
    assert len([one async for one in bus.read("CONTENT", to_sequence=600)]) == 598
    assert await bus.at("CONTENT", 3) is None
    await bus.purge_subject("CONTENT", "content.even.0")
    assert await bus.at("CONTENT", 1) is None


async def test_a_bucket_keeps_one_value_a_key_and_hands_out_revisions(world: World) -> None:
    """Create once, update by revision, delete without trace, list by prefix."""
    bucket = (await world.service()).bucket("requests")
    assert await bucket.get("a.b") is None
    assert await bucket.create("a.b", b"1")
    assert not await bucket.create("a.b", b"2")
    entry = await bucket.get("a.b")
    assert entry is not None
    assert entry.value == b"1"
    assert await bucket.update("a.b", b"3", entry.revision)
    assert not await bucket.update("a.b", b"4", entry.revision)
    await bucket.put("a.c", b"5")
    await bucket.put("b", b"6")
    assert {key: one.value async for key, one in bucket.items()} == {
        "a.b": b"3",
        "a.c": b"5",
        "b": b"6",
    }
    assert {key: one.value async for key, one in bucket.items("a")} == {"a.b": b"3", "a.c": b"5"}
    await bucket.delete("a.b")
    await bucket.delete("a.b")
    assert await bucket.get("a.b") is None
    assert {key async for key, _ in bucket.items()} == {"a.c", "b"}
    assert await bucket.create("a.b", b"7")


async def test_of_racing_updates_one_wins(world: World) -> None:
    """Compare-and-swap: with one revision in hand, exactly one of many writes."""
    buckets = [(await world.service()).bucket("cases") for _ in range(3)]
    await buckets[0].create("k", b"0")
    entry = await buckets[0].get("k")
    assert entry is not None
    results = await asyncio.gather(
        *(one.update("k", b"%d" % n, entry.revision) for n, one in enumerate(buckets))
    )
    assert sorted(results) == [False, False, True]
