"""Verify a whole log against its records, and say what is wrong in words. Pure.

Whoever runs this needs the directory's keys of the log and nothing of the broker's: it reads
exported or served bytes and believes only signatures. With a checkpoint that was remembered from
an earlier day, it also proves that nothing from before that day was rewritten (RFC 6962).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

from schemas.checkpoint import SignedCheckpoint, verify_checkpoint
from schemas.encoding import JsonValue, parse_canonical_json
from schemas.keys import VerifyingKey
from schemas.problems import Problem
from schemas.record import commitment
from schemas.tree import Tree, leaf_hash

__all__ = ["Finding", "Findings", "LogKeys", "Report", "verify_log"]

_MAX_LEAF_BYTES = 200


class Finding(StrEnum):
    """What can be wrong with a log."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    LEAF = "leaf"
    NUMBERING = "numbering"
    ROOT = "root"
    SIGNATURE = "signature"
    HISTORY = "history"
    UNSIGNED = "unsigned"


_MEANS: Mapping[Finding, str] = MappingProxyType(
    {
        Finding.CHANGED: "A record is not the one that was logged: its bytes were changed afterwards.",
        Finding.REMOVED: "A leaf has no record: the record was removed.",
        Finding.INSERTED: "A record has no leaf: it was put in without being logged.",
        Finding.REORDERED: "The records do not stand in the order in which they were logged.",
        Finding.TRUNCATED: "A signed checkpoint covers more leaves than the log has: its end was cut off.",
        Finding.LEAF: "A leaf is not of the one form that leaves have.",
        Finding.NUMBERING: "The leaves are not numbered without a gap: one was taken out.",
        Finding.ROOT: "A signed checkpoint states another root: a leaf under it was changed.",
        Finding.SIGNATURE: "A checkpoint is not signed by both keys of the log.",
        Finding.HISTORY: "The log does not continue the one that was remembered: it was rewritten.",
        Finding.UNSIGNED: "No checkpoint covers the last leaves yet; the next one will.",
    }
)


@dataclass(frozen=True, slots=True)
class Findings:
    """One kind of finding.

    Attributes:
        what: Which.
        count: How often.
        where: The first places: a leaf's index, a record's number or a checkpoint's size.
        means: What it means, one sentence.

    """

    what: Finding
    count: int
    where: tuple[int, ...]
    means: str


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Whose log it should be: name and both keys, from the directory."""

    origin: str
    ed25519: VerifyingKey
    ml_dsa_44: VerifyingKey


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        leaves: How many leaves, and ``records`` how many records, were read.
        newest: The largest checkpoint whose signatures hold.
        findings: Everything found, worst first; ``unsigned`` alone is no fault.

    """

    leaves: int
    records: int
    checkpoints: int
    newest: SignedCheckpoint | None
    findings: tuple[Findings, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return all(found.what is Finding.UNSIGNED for found in self.findings)


class _Notes:
    """Collects findings with their first places."""

    _MOST = 10

    def __init__(self) -> None:
        self._places: dict[Finding, list[int]] = {}
        self._counts: dict[Finding, int] = {}

    def add(self, what: Finding, place: int) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1
        places = self._places.setdefault(what, [])
        if len(places) < self._MOST:
            places.append(place)

    def all(self) -> tuple[Findings, ...]:
        return tuple(
            Findings(what, self._counts[what], tuple(self._places[what]), _MEANS[what])
            for what in Finding
            if what in self._counts
        )


def verify_log(
    leaves: Iterable[tuple[int, bytes]],
    records: Iterable[bytes],
    checkpoints: Iterable[bytes],
    keys: LogKeys,
    *,
    remembered: SignedCheckpoint | None = None,
) -> Report:
    """Verify everything that the broker keeps against what it signed.

    Args:
        leaves: Index (from 0) and bytes of each leaf, in order.
        records: The sealed records, in the order of their stream.
        checkpoints: Every checkpoint, in any order.
        keys: The log's, from the directory.
        remembered: A checkpoint that was verified on an earlier day, kept outside the broker.

    Returns:
        What was found; nothing that the broker keeps in clear is needed.

    """
    notes = _Notes()
    tree, logged = _read_leaves(leaves, notes)
    count = _compare_records(logged, records, notes)
    signed = _read_checkpoints(checkpoints, keys, tree, notes)
    newest = max(signed, key=lambda one: one.checkpoint.size, default=None)
    if remembered is not None:
        _compare_history(remembered, tree, notes)
    covered = newest.checkpoint.size if newest is not None else 0
    if covered < tree.size:
        notes.add(Finding.UNSIGNED, covered)
    return Report(tree.size, count, len(signed), newest, notes.all())


def _read_leaves(leaves: Iterable[tuple[int, bytes]], notes: _Notes) -> tuple[Tree, list[str]]:
    """Build the tree; give each leaf's commitment, empty where it has none."""
    tree = Tree()
    logged: list[str] = []
    for index, data in leaves:
        if index != tree.size:
            notes.add(Finding.NUMBERING, index)
        value = parse_canonical_json(data, limit_bytes=_MAX_LEAF_BYTES)
        found = _commitment_of(value)
        if found is None:
            notes.add(Finding.LEAF, index)
        logged.append(found or "")
        tree.append(leaf_hash(data))
    return tree, logged


def _commitment_of(value: JsonValue | Problem) -> str | None:
    match value:
        case {"v": 1, "c": str(found)} if isinstance(value, dict) and len(value) == 2:
            return found
        case _:
            return None


def _compare_records(logged: list[str], records: Iterable[bytes], notes: _Notes) -> int:
    """Hold each record against its leaf.

    Two walks over the same order. Where they part, a record that is logged elsewhere stands out of
    order; one that is logged nowhere was changed if its leaf's own record is nowhere either, else
    it was put in. A leaf whose record is nowhere lost it.
    """
    stored = [commitment(_text(data)) for data in records]
    places = {found: index for index, found in enumerate(logged)}
    present = set(stored)
    lost = [index for index, found in enumerate(logged) if found not in present]
    unknown = [number for number, found in enumerate(stored) if found not in places]
    kept = [places[found] for found in stored if found in places]
    for before, after in pairwise(kept):
        if after <= before:
            notes.add(Finding.REORDERED, after)
    changed = _pair(lost, unknown, stored, places)
    paired = frozenset(changed.values())
    for index in sorted(paired):
        notes.add(Finding.CHANGED, index)
    for index in lost:
        if index not in paired:
            notes.add(Finding.REMOVED, index)
    for number in unknown:
        if number not in changed:
            notes.add(Finding.INSERTED, number)
    return len(stored)


def _pair(
    lost: list[int], unknown: list[int], stored: list[str], places: Mapping[str, int]
) -> dict[int, int]:
    """Pair unlogged records with lost leaves where both stand between the same neighbours."""
    waiting = set(lost)
    pairs: dict[int, int] = {}
    before = -1
    unlogged = set(unknown)
    for number, found in enumerate(stored):
        if number not in unlogged:
            before = places[found]
        elif before + 1 in waiting:
            before += 1
            waiting.discard(before)
            pairs[number] = before
    return pairs


def _read_checkpoints(
    checkpoints: Iterable[bytes], keys: LogKeys, tree: Tree, notes: _Notes
) -> list[SignedCheckpoint]:
    """Verify each checkpoint by itself, then against the leaves."""
    signed: list[SignedCheckpoint] = []
    for place, data in enumerate(checkpoints):
        found = verify_checkpoint(_text(data), keys.origin, keys.ed25519, keys.ml_dsa_44)
        if isinstance(found, Problem):
            notes.add(Finding.SIGNATURE, place)
            continue
        signed.append(found)
        size = found.checkpoint.size
        if size > tree.size:
            notes.add(Finding.TRUNCATED, size)
        elif tree.root(size) != found.checkpoint.root:
            notes.add(Finding.ROOT, size)
    return signed


def _compare_history(remembered: SignedCheckpoint, tree: Tree, notes: _Notes) -> None:
    """Hold the leaves against a checkpoint that the broker cannot have touched since."""
    head = remembered.checkpoint
    if head.size > tree.size:
        notes.add(Finding.TRUNCATED, head.size)
    elif tree.root(head.size) != head.root:
        notes.add(Finding.HISTORY, head.size)


def _text(data: bytes) -> str:
    """Text of bytes that should be text; what is not becomes a text that nothing matches."""
    return data.decode("utf-8", "backslashreplace")
