"""The log's tree: its roots, and proofs of what is in it and that nothing was changed."""

import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.problems import Code, Problem
from schemas.tree import EMPTY_ROOT, Tree, leaf_hash, verify_consistency, verify_inclusion

LEAVES = [leaf_hash(n.to_bytes(4, "big")) for n in range(130)]
TREE = Tree(LEAVES)
SIZES = st.integers(1, len(LEAVES))


def slow_root(leaves):
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:cut]) + slow_root(leaves[cut:])).digest()


@given(st.integers(0, len(LEAVES)))
def test_roots_are_those_of_the_rfc(size):
    """Of every size, also an earlier one, the root is what the definition gives."""
    assert TREE.root(size) == slow_root(LEAVES[:size])
    assert Tree(LEAVES[:size]).root() == TREE.root(size)


@given(st.data(), SIZES)
def test_inclusion(data, size):
    """Every leaf of every size is proven at its place, and nowhere else."""
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    assume(other != index)
    proof = TREE.inclusion_proof(index, size)
    root = TREE.root(size)
    assert verify_inclusion(LEAVES[index], index, size, proof, root) is None
    refused = Problem(Code.LOG_PROOF, "proof")
    assert verify_inclusion(LEAVES[other], index, size, proof, root) == refused
    assert verify_inclusion(LEAVES[index], other, size, proof, root) == refused
    assert verify_inclusion(LEAVES[index], index, size, [*proof, bytes(32)], root) == refused
    assert verify_inclusion(LEAVES[index], index, size, proof[:-1], root) == refused
    assert verify_inclusion(LEAVES[index], size, size, proof, root) == refused
    assert verify_inclusion(LEAVES[index][:-1], index, size, proof, root) == refused


@given(st.data(), SIZES)
def test_consistency(data, new):
    """Every tree grew out of every earlier one, and out of no other."""
    old = data.draw(st.integers(1, new))
    proof = TREE.consistency_proof(old, new)
    before, after = TREE.root(old), TREE.root(new)
    assert verify_consistency(old, before, new, after, proof) is None
    refused = Problem(Code.LOG_HISTORY, "proof")
    forged = Tree([*LEAVES[: old - 1], leaf_hash(b"forged")]).root()
    assert verify_consistency(old, forged, new, after, proof) == refused
    assert verify_consistency(old, before, new, forged, proof) == refused
    assert verify_consistency(old, before, new, after, [*proof, bytes(32)]) == refused
    assert verify_consistency(old, before, new, after, [*proof, b""]) == refused
    assert verify_consistency(new + 1, before, new, after, proof) == refused
    if proof:
        assert verify_consistency(old, before, new, after, proof[:-1]) == refused
        assert verify_consistency(old, before, new, after, ()) == refused


@given(st.data(), SIZES)
def test_no_bit_of_a_proof_may_change(data, size):
    """A proof with one bit changed proves nothing."""
    index = data.draw(st.integers(0, size - 1))
    path = list(TREE.inclusion_proof(index, size))
    grown = list(TREE.consistency_proof(index + 1, size))
    for proof, holds in (
        (path, lambda p: verify_inclusion(LEAVES[index], index, size, p, TREE.root(size))),
        (
            grown,
            lambda p: verify_consistency(index + 1, TREE.root(index + 1), size, TREE.root(size), p),
        ),
    ):
        if proof:
            place = data.draw(st.integers(0, len(proof) - 1))
            bit = data.draw(st.integers(0, 255))
            raw = int.from_bytes(proof[place], "big") ^ 1 << bit
            proof[place] = raw.to_bytes(32, "big")
            assert isinstance(holds(proof), Problem)


def test_the_empty_tree():
    """It has the hash of nothing; every tree grew out of it, and nothing is in it."""
    assert Tree().root() == EMPTY_ROOT
    assert TREE.consistency_proof(0) == ()
    assert verify_consistency(0, EMPTY_ROOT, 5, TREE.root(5), ()) is None
    assert verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ()) is None
    refused = Problem(Code.LOG_HISTORY, "proof")
    assert verify_consistency(0, EMPTY_ROOT, 5, TREE.root(5), [bytes(32)]) == refused
    assert verify_consistency(0, bytes(32), 5, TREE.root(5), ()) == refused
    assert verify_consistency(0, EMPTY_ROOT, 0, bytes(32), ()) == refused
    assert verify_consistency(0, EMPTY_ROOT, 5, b"", ()) == refused


def test_leaves_are_found_by_their_place():
    """In order, from 0; a tree holds hashes and nothing else."""
    tree = Tree()
    assert [tree.append(leaf) for leaf in LEAVES[:3]] == [0, 1, 2]
    assert (tree.size, tree.leaf(2)) == (3, LEAVES[2])
    for index in (-1, 3):
        with pytest.raises(IndexError, match="no such leaf"):
            tree.leaf(index)
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append(b"short")
    assert tree.size == 3


@pytest.mark.parametrize(
    "ask",
    [
        lambda: TREE.root(len(LEAVES) + 1),
        lambda: TREE.root(-1),
        lambda: TREE.inclusion_proof(5, 5),
        lambda: TREE.inclusion_proof(-1),
        lambda: TREE.inclusion_proof(0, len(LEAVES) + 1),
        lambda: TREE.consistency_proof(6, 5),
        lambda: TREE.consistency_proof(-1),
    ],
)
def test_what_is_not_in_the_tree(ask):
    """Asking past the end is a fault of ours."""
    with pytest.raises(ValueError, match="tree"):
        ask()
