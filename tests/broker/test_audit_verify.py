from datetime import UTC, datetime

import pytest

from broker.audit.verify import Finding, LogKeys, verify_log
from schemas.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from schemas.record import commitment, leaf_data
from schemas.tree import Tree, leaf_hash
from tests.builders.messages import broker

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
ORIGIN = "log.dovetail.example/2026"
KEYS = LogKeys(ORIGIN, *broker().log.public)


class World:
    """A log of records that are only bytes here, as it should be."""

    def __init__(self, count: int = 12, *, signed: tuple[int, ...] = (4, 12)) -> None:
        self.records = [f"sealed record {number}".encode() for number in range(count)]
        self.leaves = [(n, leaf_data(commitment(r.decode()))) for n, r in enumerate(self.records)]
        self.checkpoints = [self.checkpoint(size) for size in signed]

    def checkpoint(self, size: int, origin: str = ORIGIN) -> bytes:
        tree = Tree(leaf_hash(data) for _, data in self.leaves)
        head = Checkpoint(origin, size, tree.root(size))
        return sign_checkpoint(head, broker().log, AT).encode()

    def report(self, **kinds):
        return verify_log(self.leaves, self.records, self.checkpoints, KEYS, **kinds)

    def found(self, **kinds):
        return {one.what: one.where for one in self.report(**kinds).findings}


def test_a_whole_log_holds():
    """Nothing is found, and the newest checkpoint is told."""
    report = World().report()
    assert report.holds
    assert (report.leaves, report.records, report.checkpoints) == (12, 12, 2)
    assert report.newest is not None
    assert report.newest.checkpoint.size == 12
    assert report.findings == ()


def test_an_empty_log_holds():
    """Nothing was logged, nothing is missing."""
    world = World(0, signed=())
    assert world.report().holds


def test_leaves_without_a_checkpoint_yet_are_no_fault():
    """The end of a running log is always a little ahead of what is signed."""
    world = World(signed=(4,))
    assert world.report().holds
    assert world.found() == {Finding.UNSIGNED: (4,)}


def test_a_changed_record_is_found():
    """One byte of a stored record tells."""
    world = World()
    world.records[5] = b"sealed record five, improved"
    assert world.found() == {Finding.CHANGED: (5,)}
    assert not world.report().holds


def test_two_changed_neighbours_are_both_found():
    """Also where the record before was changed as well."""
    world = World()
    world.records[5:7] = [b"other", b"another"]
    assert world.found() == {Finding.CHANGED: (5, 6)}


def test_a_removed_record_is_found():
    """Its leaf remains and has nothing to show."""
    world = World()
    del world.records[5]
    assert world.found() == {Finding.REMOVED: (5,)}


def test_an_inserted_record_is_found():
    """A record that was never logged has no leaf."""
    world = World()
    world.records.insert(5, b"put in")
    assert world.found() == {Finding.INSERTED: (5,)}


def test_a_reordered_record_is_found():
    """Every record is there and none is where it belongs."""
    world = World()
    world.records[5], world.records[6] = world.records[6], world.records[5]
    assert world.found() == {Finding.REORDERED: (5,)}


def test_a_truncated_log_is_found():
    """The checkpoint remembers what was cut off."""
    world = World()
    del world.leaves[8:], world.records[8:]
    assert world.found() == {Finding.TRUNCATED: (12,)}


def test_a_leaf_changed_with_its_record_breaks_the_root():
    """Changing record and leaf together is found by the signature."""
    world = World()
    world.records[5] = b"other"
    world.leaves[5] = (5, leaf_data(commitment("other")))
    assert world.found() == {Finding.ROOT: (12,)}


def test_a_leaf_taken_out_of_the_middle_is_found():
    """The numbering has a gap, and no root fits any more."""
    world = World()
    del world.leaves[5], world.records[5]
    found = world.found()
    assert found[Finding.NUMBERING][0] == 6
    assert Finding.TRUNCATED in found


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"v":1,"c":"x","d":1}', b'{"c":"x","v":1} ', b"\xff", b'{"v":2,"c":"x"}']
)
def test_a_leaf_of_another_form_is_found(data):
    """A leaf holds a commitment and nothing that could tell anything."""
    world = World(3, signed=())
    world.leaves[1] = (1, data)
    assert world.found()[Finding.LEAF] == (1,)


@pytest.mark.parametrize("change", ["origin", "bytes", "unreadable"])
def test_a_checkpoint_of_somebody_else_is_found(change):
    """A checkpoint counts only with both signatures of this log."""
    world = World()
    world.checkpoints[0] = {
        "origin": world.checkpoint(4, "log.other.example/2026"),
        "bytes": world.checkpoints[0].replace(b"\n4\n", b"\n5\n"),
        "unreadable": b"\xff\xfe",
    }[change]
    assert world.found() == {Finding.SIGNATURE: (0,)}


def test_a_rewritten_log_is_found_by_whoever_remembers():
    """All is signed anew and fits itself; only the remembered checkpoint tells."""
    before = World()
    remembered = verify_checkpoint(before.checkpoints[1].decode(), *vars_of(KEYS))
    world = World()
    world.records[5] = b"other"
    world.leaves[5] = (5, leaf_data(commitment("other")))
    world.checkpoints = [world.checkpoint(4), world.checkpoint(12)]
    assert world.found() == {}
    assert world.found(remembered=remembered) == {Finding.HISTORY: (12,)}
    short = World(8, signed=(8,))
    assert short.found(remembered=remembered) == {Finding.TRUNCATED: (12,)}
    longer = World(20, signed=(20,))
    assert longer.found(remembered=remembered) == {}


def vars_of(keys):
    return keys.origin, keys.ed25519, keys.ml_dsa_44


def test_many_findings_are_counted_and_the_first_shown():
    """A report stays readable when everything is wrong."""
    world = World(40, signed=())
    world.records = []
    [found] = [one for one in world.report().findings if one.what is Finding.REMOVED]
    assert found.count == 40
    assert found.where == tuple(range(10))
    assert "removed" in found.means
