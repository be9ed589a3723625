"""The Merkle tree of the log (RFC 6962 section 2; algorithms of RFC 9162 section 2.1).

``Tree`` remembers every leaf hash and every full subtree, so that it gives roots and proofs of
any earlier size. The ``verify_*`` functions need no tree: they are what an agency or a DPO runs.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from schemas.problems import Code, Problem

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Tree",
    "leaf_hash",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf: SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """An append-only tree of leaf hashes; about 64 bytes a leaf and Python's own weight."""

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        """Build a tree of leaf hashes that were stored, in order."""
        # _levels[k][i] is the hash of the full subtree of 2**k leaves that begins at i * 2**k.
        self._levels: list[list[bytes]] = [[]]
        for found in leaf_hashes:
            self.append(found)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self._levels[0])

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf; IndexError when there is none."""
        if not 0 <= index < self.size:
            raise IndexError("no such leaf")
        return self._levels[0][index]

    def append(self, leaf: bytes) -> int:
        """Append a leaf hash, and tell its index.

        Raises:
            ValueError: It is not 32 bytes long.

        """
        if len(leaf) != HASH_BYTES:
            raise ValueError("a leaf hash has 32 bytes")
        index = self.size
        self._levels[0].append(leaf)
        level = 0
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            left, right = self._levels[level][-2:]
            self._levels[level + 1].append(_node_hash(left, right))
            level += 1
        return index

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the first ``size`` leaves, or of all; ValueError past the end."""
        size = self._within(size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Give the path that shows a leaf to be in the tree of ``size`` leaves (or of all).

        Raises:
            ValueError: The index is not within the size, or the size not within the tree.

        """
        size = self._within(size)
        if not 0 <= index < size:
            raise ValueError("no such leaf in a tree of this size")
        begin, end, path = 0, size, []
        while end - begin > 1:
            middle = begin + _split(end - begin)
            if index < middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(begin, middle))
                begin = middle
        return tuple(reversed(path))

    def consistency_proof(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Give the proof that the first ``old`` of ``new`` leaves were never changed.

        Empty when the sizes are equal or ``old`` is 0.

        Raises:
            ValueError: The sizes are not within one another.

        """
        new = self._within(new)
        if not 0 <= old <= new:
            raise ValueError("the older tree is not within the newer")
        if old in {0, new}:
            return ()
        begin, end, whole, path = 0, new, True, []
        while old != end:
            middle = begin + _split(end - begin)
            if old <= middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(begin, middle))
                begin, whole = middle, False
        if not whole:
            path.append(self._subtree(begin, end))
        return tuple(reversed(path))

    def _within(self, size: int | None) -> int:
        """Hold a size within the tree."""
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError("the tree is not so large")
        return size

    def _subtree(self, begin: int, end: int) -> bytes:
        """Hash the leaves from begin to end; begin is where RFC 6962 would cut."""
        count = end - begin
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][begin >> level]
        middle = begin + _split(count)
        return _node_hash(self._subtree(begin, middle), self._subtree(middle, end))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> Problem | None:
    """Verify that a leaf is in a tree (RFC 9162, 2.1.3.2).

    Args:
        leaf: The leaf's hash.
        index: Its place, from 0.
        size: How many leaves the tree has.
        proof: Hashes from the leaf's sibling up.
        root: The root that a checkpoint states.

    Returns:
        None when it is, else the problem.

    """
    refused = Problem(Code.LOG_PROOF, "proof")
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return refused
    place, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return refused
        if place & 1 or place == last:
            found = _node_hash(part, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node_hash(found, part)
        place, last = place >> 1, last >> 1
    return None if last == 0 and found == root else refused


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> Problem | None:
    """Verify that a tree grew out of another (RFC 9162, 2.1.4.2).

    Args:
        old: Size of the earlier tree; with 0 there is nothing to compare but its root.
        old_root: Its root.
        new: Size of the later tree.
        new_root: Its root.
        proof: As ``consistency_proof`` gives it.

    Returns:
        None when nothing of the earlier tree was changed, else the problem.

    """
    refused = Problem(Code.LOG_HISTORY, "proof")
    if not 0 <= old <= new or not _are_hashes(*proof):
        return refused
    if old == new and (old or new_root == EMPTY_ROOT):
        return None if not proof and old_root == new_root else refused
    if old == 0:
        grew = new > 0 and not proof and old_root == EMPTY_ROOT and _are_hashes(new_root)
        return None if grew else refused
    return None if _grew(old, old_root, new, new_root, proof) else refused


def _grew(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Walk both trees up at once; 0 < old < new."""
    path = list(proof)
    if old & (old - 1) == 0:  # the old tree is a full subtree of the new one: its root begins
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = _node_hash(part, before), _node_hash(part, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = _node_hash(after, part)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _are_hashes(*values: bytes) -> bool:
    """Tell whether all are of a hash's size."""
    return all(len(value) == HASH_BYTES for value in values)


def _split(count: int) -> int:
    """The largest power of two below a count above 1: where RFC 6962 cuts a tree."""
    return 1 << (count - 1).bit_length() - 1
