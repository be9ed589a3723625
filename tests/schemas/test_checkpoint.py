"""Checkpoints and proofs: C2SP's texts, signed twice, in one spelling."""

import base64
import hashlib
import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.checkpoint import (
    MAX_CHECKPOINT_BYTES,
    MAX_PROOF_BYTES,
    Checkpoint,
    Proof,
    SignedCheckpoint,
    cosign,
    proof_text,
    read_proof,
    sign_checkpoint,
    verify_checkpoint,
    verify_cosignature,
    verify_proof,
    with_cosignature,
)
from schemas.keys import LogSigner, SigningKey
from schemas.problems import Code, Problem
from schemas.tree import Tree, leaf_hash
from tests.builders.messages import AT, broker, seed

LOG = broker().log
ORIGIN = "log.dovetail.example/2026"
LEAVES = [leaf_hash(bytes([n])) for n in range(11)]
TREE = Tree(LEAVES)
HEAD = Checkpoint(ORIGIN, TREE.size, TREE.root())
NOTE = sign_checkpoint(HEAD, LOG, AT)
PROOF = proof_text(4, TREE.inclusion_proof(4), NOTE)
REFUSED = Problem(Code.LOG_CHECKPOINT, "checkpoint")
NO_PROOF = Problem(Code.LOG_PROOF, "proof")
WITNESS = SigningKey.from_seed("ML-DSA-44", seed("witness"))
WITNESS_NAME = "dpo.northshire.example"


def verified(text, origin=ORIGIN, keys=LOG.public):
    """Verify as an agency does."""
    return verify_checkpoint(text, origin, *keys)


def test_a_checkpoint_is_believed():
    """Signed by both keys of the log it says what was signed, and when."""
    found = verified(NOTE)
    assert isinstance(found, SignedCheckpoint)
    assert (found.checkpoint, found.at, found.text, found.others) == (HEAD, AT, NOTE, ())


def test_the_text_is_as_published():
    """Body, key ids and signed bytes of C2SP's documents, computed beside the code."""
    root = base64.b64encode(TREE.root()).decode()
    body = f"{ORIGIN}\n11\n{root}\n"
    head, _, tail = NOTE.partition("\n\n")
    assert head + "\n" == body
    first, second = (line.split(" ") for line in tail.splitlines())
    assert first[:2] == second[:2] == ["—", ORIGIN]
    ed, ml = LOG.public
    raw = base64.b64decode(first[2])
    assert raw[:4] == hashlib.sha256(f"{ORIGIN}\n\x01".encode() + ed.public_bytes).digest()[:4]
    assert ed.verifies(raw[4:], body.encode())
    raw = base64.b64decode(second[2])
    assert raw[:4] == hashlib.sha256(f"{ORIGIN}\n\x06".encode() + ml.public_bytes).digest()[:4]
    name = bytes([len(ORIGIN)]) + ORIGIN.encode()
    message = (
        b"subtree/v1\n\x00" + name + raw[4:12] + name + struct.pack(">QQ", 0, 11) + TREE.root()
    )
    assert struct.unpack(">Q", raw[4:12]) == (int(AT.timestamp()),)
    assert ml.verifies(raw[12:], message)


@settings(max_examples=400)
@given(place=st.integers(0, len(NOTE.encode()) - 1), bit=st.integers(0, 7))
def test_no_single_bit_may_change(place, bit):
    """Anywhere in a checkpoint a changed bit makes it nobody's."""
    data = bytearray(NOTE.encode())
    data[place] ^= 1 << bit
    assert verified(data.decode(errors="replace")) == REFUSED


def lines():
    """Body and signature lines of the note."""
    head, _, tail = NOTE.partition("\n\n")
    return head, *(line + "\n" for line in tail.splitlines())


BODY, FIRST, SECOND = lines()


@pytest.mark.parametrize(
    "text",
    [
        "",
        NOTE[:-1],
        NOTE + "x",
        NOTE + "\n",
        f"{BODY}\n{FIRST}{SECOND}",
        f"{BODY}\n\n{FIRST}",
        f"{BODY}\n\n{SECOND}",
        f"{BODY}\n\n{FIRST}{FIRST}{SECOND}",
        f"{BODY}\n\n{FIRST}{SECOND}{SECOND}",
        f"{BODY}\nextension\n\n{FIRST}{SECOND}",
        f"{BODY}\n\n{FIRST}{SECOND}- {ORIGIN} AAAAAAAA\n",
        f"{BODY}\n\n{FIRST}{SECOND}— a+b AAAAAAAA\n",
        f"{BODY}\n\n{FIRST}{SECOND}— other AAAA\n",
        f"{BODY}\n\n{FIRST}{SECOND}— other AAAAAAAAB\n",
        f"{BODY}\n\n{FIRST}{SECOND}— other\n",
        f"{BODY}\n\n{FIRST}{SECOND}" + "— other AAAAAAAA\n" * 17,
        f"{BODY.replace(chr(10) + '11' + chr(10), chr(10) + '011' + chr(10))}\n\n{FIRST}{SECOND}",
        f"{ORIGIN}\n11\nAAAA\n\n{FIRST}{SECOND}",
        f"{ORIGIN} x\n11\n{BODY.splitlines()[2]}\n\n{FIRST}{SECOND}",
        "x" * MAX_CHECKPOINT_BYTES + "\n",
    ],
)
def test_what_is_no_checkpoint(text):
    """Other shapes, missing, doubled and misspelled signatures: one problem."""
    assert verified(text) == REFUSED


def test_the_order_of_signatures_is_free():
    """C2SP lets lines stand in any order, and unknown ones beside them."""
    assert isinstance(verified(f"{BODY}\n\n{SECOND}{FIRST}"), SignedCheckpoint)
    many = f"{BODY}\n\n{FIRST}{SECOND}" + "— other AAAAAAAA\n" * 16
    found = verified(many)
    assert isinstance(found, SignedCheckpoint)
    assert len(found.others) == 16


def test_only_this_log_is_believed():
    """Another origin, another log's keys, or the keys in each other's place."""
    other = LogSigner.from_seeds(seed("x"), seed("y"))
    assert verified(NOTE, origin="log.other.example") == REFUSED
    assert verified(NOTE, keys=other.public) == REFUSED
    assert verified(NOTE, keys=(LOG.public[0], other.public[1])) == REFUSED
    assert verified(NOTE, keys=(other.public[0], LOG.public[1])) == REFUSED
    assert verified(NOTE, keys=LOG.public[::-1]) == REFUSED
    forged = Checkpoint(ORIGIN, HEAD.size, bytes(32))
    _, _, tail = sign_checkpoint(forged, LOG, AT).partition("\n\n")
    mixed = tail.splitlines(keepends=True)
    assert verified(f"{BODY}\n\n{FIRST}{mixed[1]}") == REFUSED
    assert verified(f"{BODY}\n\n{mixed[0]}{SECOND}") == REFUSED


def test_witnesses_sign_beside_the_log():
    """A cosigner's line is kept, and believed by whoever knows its key."""
    at = AT + timedelta(seconds=30)
    found = verified(with_cosignature(NOTE, cosign(HEAD, WITNESS_NAME, WITNESS, at)))
    assert isinstance(found, SignedCheckpoint)
    (line,) = found.others
    assert line.name == WITNESS_NAME
    assert verify_cosignature(HEAD, line, WITNESS.public) == at
    other = SigningKey.from_seed("ML-DSA-44", seed("other"))
    assert verify_cosignature(HEAD, line, other.public) == REFUSED
    assert verify_cosignature(HEAD, line, LOG.public[0]) == REFUSED
    assert verify_cosignature(Checkpoint(ORIGIN, 12, HEAD.root), line, WITNESS.public) == REFUSED


def test_a_time_that_nobody_can_show():
    """A cosigner may sign any second; one past the calendar is refused and no error."""
    line = cosign(HEAD, WITNESS_NAME, WITNESS, AT)
    raw = base64.b64decode(line.split(" ")[2])
    head = struct.pack(">Q", 2**62)
    name = WITNESS_NAME.encode()
    message = b"".join(
        [b"subtree/v1\n\x00", bytes([len(name)]), name, head, bytes([len(ORIGIN)]), ORIGIN.encode(),
         struct.pack(">QQ", 0, 11), HEAD.root]
    )  # fmt: skip
    late = base64.b64encode(raw[:4] + head + WITNESS.sign(message)).decode()
    found = verified(with_cosignature(NOTE, f"— {WITNESS_NAME} {late}\n"))
    assert isinstance(found, SignedCheckpoint)
    assert verify_cosignature(HEAD, found.others[0], WITNESS.public) == REFUSED
    short = base64.b64encode(raw[:4] + head).decode()
    found = verified(with_cosignature(NOTE, f"— {WITNESS_NAME} {short}\n"))
    assert isinstance(found, SignedCheckpoint)
    assert verify_cosignature(HEAD, found.others[0], WITNESS.public) == REFUSED


@pytest.mark.parametrize(
    "make",
    [
        lambda: sign_checkpoint(Checkpoint("a b", 1, bytes(32)), LOG, AT),
        lambda: sign_checkpoint(Checkpoint(ORIGIN, -1, bytes(32)), LOG, AT),
        lambda: sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(31)), LOG, AT),
        lambda: cosign(HEAD, "a b", WITNESS, AT),
        lambda: cosign(HEAD, WITNESS_NAME, LOG.ed25519, AT),
        lambda: cosign(HEAD, WITNESS_NAME, WITNESS, datetime(1969, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_cannot_be_signed(make):
    """What cannot be spelled is a fault of ours."""
    with pytest.raises(ValueError, match=r"checkpoint|cosigner"):
        make()


@given(st.integers(0, 10))
def test_a_proof_stands_by_itself(index):
    """Text, leaf and the log's keys: nothing else is needed."""
    text = proof_text(index, TREE.inclusion_proof(index), NOTE)
    found = verify_proof(text, LEAVES[index], ORIGIN, *LOG.public)
    assert isinstance(found, SignedCheckpoint)
    assert found.checkpoint == HEAD
    other = LEAVES[(index + 1) % 11]
    assert verify_proof(text, other, ORIGIN, *LOG.public) == NO_PROOF
    assert verify_proof(text, LEAVES[index], "other", *LOG.public) == REFUSED


@settings(max_examples=300)
@given(place=st.integers(0, len(PROOF.encode()) - 1), bit=st.integers(0, 7))
def test_no_single_bit_of_a_proof_may_change(place, bit):
    """Anywhere in a proof a changed bit makes it prove nothing."""
    data = bytearray(PROOF.encode())
    data[place] ^= 1 << bit
    found = verify_proof(data.decode(errors="replace"), LEAVES[4], ORIGIN, *LOG.public)
    assert isinstance(found, Problem)


def test_the_proofs_text_is_as_published():
    """Head, index, path and checkpoint, as tlog-proof says."""
    path = "".join(base64.b64encode(part).decode() + "\n" for part in TREE.inclusion_proof(4))
    assert f"c2sp.org/tlog-proof@v1\nindex 4\n{path}\n{NOTE}" == PROOF
    assert read_proof(PROOF) == Proof(4, TREE.inclusion_proof(4), NOTE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        f"c2sp.org/tlog-proof@v1\n\n{NOTE}",
        PROOF.replace("@v1", "@v2"),
        PROOF.replace("index 4", "index 04"),
        PROOF.replace("index 4", "index -4"),
        PROOF.replace("index 4", "index"),
        PROOF.replace("index 4", "extra AAAA\nindex 4"),
        PROOF.replace("index 4", "index 4\nAAAA"),
        PROOF.replace("index 4", "index 4\n!"),
        PROOF.replace(
            "index 4\n", "index 4\n" + (base64.b64encode(bytes(32)).decode() + "\n") * 64
        ),
        "x" * (MAX_PROOF_BYTES + 1),
    ],
)
def test_what_is_no_proof(text):
    """Other forms, extra data and endless paths are refused."""
    assert read_proof(text) == NO_PROOF
    assert verify_proof(text, LEAVES[4], ORIGIN, *LOG.public) == NO_PROOF
