"""What every bus promises: one suite for the one in memory and the real one.

A test module subclasses ``BusContract`` and gives the fixture ``bus``; what holds for the fake and
not for the real bus would make the tables of faults worthless.
"""

import pytest

from broker.faults import Conflict
from schemas.subjects import (
    Stream,
    checkpoint,
    content,
    feed,
    log_leaf,
    out,
    record,
    verdict,
)

ACCOUNT = "A" + "B" * 55
ID = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4


class BusContract:
    async def test_a_subject_is_created_once(self, bus):
        """The first stands, whatever the second says."""
        subject = f"out.{ACCOUNT}.receipt.{ID}"
        assert await bus.create(subject, b"first")
        assert not await bus.create(subject, b"second")
        stands = await bus.last("OUT", subject)
        assert stands.data == b"first"
        assert stands.subject == subject

    async def test_each_subject_has_its_stream(self, bus):
        """What services write under a name they find in the stream of that name."""
        for stream, subject in (
            (Stream.VERDICTS, verdict(ACCOUNT, ID)),
            (Stream.RECORDS, record("gate", ACCOUNT, ID)),
            (Stream.OUT, out(ACCOUNT, "content", ID)),
            (Stream.CONTENT, content(ID)),
            (Stream.LOG, log_leaf(bytes(32))),
            (Stream.CHECKPOINTS, checkpoint(1)),
            (Stream.FEED, feed(ACCOUNT, 1)),
        ):
            assert await bus.create(subject, b"x")
            assert (await bus.newest(stream)).subject == subject

    async def test_what_is_purged_may_be_created_again(self, bus):
        """Purging one subject leaves the others."""
        mine, other = f"out.{ACCOUNT}.manifest.{ID}", f"out.{ACCOUNT}.manifest.{OTHER}"
        await bus.create(mine, b"1")
        await bus.create(other, b"2")
        await bus.purge_subject("OUT", mine)
        assert await bus.last("OUT", mine) is None
        assert (await bus.last("OUT", other)).data == b"2"
        assert await bus.create(mine, b"3")
        assert (await bus.last("OUT", mine)).data == b"3"

    async def test_erasing_removes_one_and_bears_repeating(self, bus):
        """What is gone may be erased again."""
        await bus.create(f"content.{ID}", b"sealed")
        held = await bus.last("CONTENT", f"content.{ID}")
        await bus.erase("CONTENT", held.sequence)
        await bus.erase("CONTENT", held.sequence)
        assert await bus.last("CONTENT", f"content.{ID}") is None
        assert await bus.at("CONTENT", held.sequence) is None

    async def test_a_log_grows_only_from_its_end(self, bus):
        """Whoever thinks that the log is shorter than it is, is stopped."""
        assert await bus.append(f"log.{ID}", b"a", expected_last_sequence=0) == 1
        with pytest.raises(Conflict):
            await bus.append(f"log.{OTHER}", b"b", expected_last_sequence=0)
        assert await bus.append(f"log.{OTHER}", b"b", expected_last_sequence=1) == 2
        assert (await bus.newest("LOG")).data == b"b"
        assert (await bus.at("LOG", 1)).data == b"a"
        assert await bus.at("LOG", 3) is None

    async def test_the_same_id_is_stored_once(self, bus):
        """A retry of one message is one message."""
        first = await bus.append(f"log.{ID}", b"a", msg_id="one")
        assert await bus.append(f"log.{ID}", b"a", msg_id="one") == first
        assert await bus.append(f"log.{ID}", b"a", msg_id="two") == first + 1

    async def test_a_stretch_is_read_in_order(self, bus):
        """Both ends are included, other subjects left out; past the end there is nothing."""
        for number in range(1, 8):
            await bus.create(f"records.gate.{ACCOUNT}.{number:064x}", b"%d" % number)
        await bus.create(f"records.release.{ACCOUNT}.{ID}", b"8")
        read = [m.data async for m in bus.read("RECORDS", from_sequence=2, to_sequence=6)]
        assert read == [b"2", b"3", b"4", b"5", b"6"]
        gate = [m.data async for m in bus.read("RECORDS", subject="records.gate.>")]
        assert gate == [b"1", b"2", b"3", b"4", b"5", b"6", b"7"]
        assert [m async for m in bus.read("RECORDS", from_sequence=9)] == []
        assert [m async for m in bus.read("FEED")] == []

    async def test_what_was_erased_is_passed_over(self, bus):
        """A gap in the numbers ends nothing."""
        for number in range(1, 5):
            await bus.create(f"content.{number:064x}", b"%d" % number)
        await bus.erase("CONTENT", 2)
        await bus.erase("CONTENT", 3)
        assert [(m.sequence, m.data) async for m in bus.read("CONTENT")] == [(1, b"1"), (4, b"4")]

    async def test_nothing_is_none(self, bus):
        """What was never there is told apart from what is empty."""
        assert await bus.last("VERDICTS", f"verdicts.{ACCOUNT}.{ID}") is None
        assert await bus.newest("CHECKPOINTS") is None
        assert await bus.bucket("requests").get("a") is None

    async def test_a_value_changes_only_from_what_it_was(self, bus):
        """Of two writers with one revision, one wins."""
        bucket = bus.bucket("requests")
        assert await bucket.create("a", b"1")
        assert not await bucket.create("a", b"2")
        held = await bucket.get("a")
        assert held.value == b"1"
        assert await bucket.update("a", b"2", held.revision)
        assert not await bucket.update("a", b"3", held.revision)
        assert (await bucket.get("a")).value == b"2"

    async def test_a_deleted_key_may_be_created_again(self, bus):
        """Nothing is left behind, and an old revision opens nothing."""
        bucket = bus.bucket("contents")
        await bucket.create("a", b"1")
        old = await bucket.get("a")
        await bucket.delete("a")
        await bucket.delete("a")
        assert await bucket.get("a") is None
        assert not await bucket.update("a", b"2", old.revision)
        assert await bucket.create("a", b"3")

    async def test_values_are_listed_by_the_words_before_them(self, bus):
        """A prefix is whole words; every key comes with its newest value."""
        bucket = bus.bucket("ladder")
        for key in ("chain.a", "chain.b", "said.a.1", "chainmail.c"):
            await bucket.create(key, key.encode())
        held = await bucket.get("chain.a")
        await bucket.update("chain.a", b"newer", held.revision)
        chains = {key: entry.value async for key, entry in bucket.items("chain")}
        assert chains == {"chain.a": b"newer", "chain.b": b"chain.b"}
        assert len([key async for key, _ in bucket.items()]) == 4

    async def test_two_buckets_are_two(self, bus):
        """One key in two buckets is two values."""
        await bus.bucket("ids").create("a", b"1")
        assert await bus.bucket("cases").get("a") is None
