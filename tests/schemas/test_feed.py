"""Feeds: each agency's own numbering, opened by it alone, with nothing missing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    proof_text,
    sign_checkpoint,
    verify_proof,
)
from schemas.encoding import b64u, dump_json, parse_b64u
from schemas.feed import (
    MAX_FEED_BYTES,
    FeedEntry,
    FeedMessage,
    check_follows,
    first_entry,
    next_entry,
    open_feed,
    record_leaf,
    seal_feed,
)
from schemas.jwe import seal_jwe
from schemas.problems import Code, Problem
from schemas.record import commitment, leaf_data, open_record
from schemas.tree import Tree, leaf_hash
from tests.builders.messages import AT, agency, broker, seed
from tests.schemas.test_record import PANEL, POLICE, SCHOOL, record, sealed

LOG = broker().log
ORIGIN = "log.dovetail.example/2026"
RECORDS = [sealed(PANEL, SCHOOL), sealed(PANEL, SCHOOL, value=record(late=True))]
TREE = Tree([leaf_hash(b"other"), *(record_leaf(text) for text in RECORDS)])
NOTE = sign_checkpoint(Checkpoint(ORIGIN, TREE.size, TREE.root()), LOG, AT)
CEK, IV = seed("feed"), bytes(12)


def proof(index):
    """A leaf's proof."""
    return proof_text(index, TREE.inclusion_proof(index), NOTE)


def message(entry, number=0, key=SCHOOL.feed, **changes):
    """A feed message for the school."""
    data = seal_feed(entry, RECORDS[number], proof(number + 1), key.public, cek=CEK, iv=IV)
    return dump_json(json.loads(data) | changes) if changes else data


FIRST = message(first_entry(RECORDS[0], 1))
SECOND = message(next_entry(1, FIRST, RECORDS[1], 2), 1)


def opened(data):
    """Open as the school does."""
    found = open_feed(data, SCHOOL.feed)
    assert isinstance(found, FeedMessage), found
    return found


def test_a_feed_is_whole():
    """Numbers and hashes chain; each brings a record and a proof that it is in the log."""
    first, second = opened(FIRST), opened(SECOND)
    assert check_follows(first, None) is None
    assert check_follows(second, first) is None
    for number, found in enumerate((first, second)):
        assert open_record(found.record, SCHOOL.feed) == record(late=bool(number))
        leaf = parse_b64u(found.entry.leaf)
        assert leaf == leaf_hash(leaf_data(commitment(found.record)))
        assert isinstance(leaf, bytes)
        assert isinstance(verify_proof(found.proof, leaf, ORIGIN, *LOG.public), SignedCheckpoint)


def test_gaps_are_seen():
    """A message left out, repeated, or first without being so."""
    first, second = opened(FIRST), opened(SECOND)
    gap = Problem(Code.FEED_GAP, "feed")
    assert check_follows(second, None) == gap
    assert check_follows(first, first) == gap
    assert check_follows(first, second) == gap
    other = opened(message(next_entry(1, FIRST + b" ", RECORDS[1], 2), 1))
    assert check_follows(other, first) == gap


def test_nobody_else_opens_it():
    """Not another agency, not the agency's other key: its volume is its own."""
    refused = Problem(Code.CONTENT_RECIPIENT, "feed")
    for key in (PANEL.feed, SCHOOL.opening, POLICE.feed):
        assert open_feed(FIRST, key) == refused


def test_the_parts_belong_together():
    """Another record or another proof beside an entry is refused."""
    entry = first_entry(RECORDS[0], 1)
    refused = Problem(Code.LOG_PROOF, "feed")
    assert open_feed(message(entry, record=RECORDS[1]), SCHOOL.feed) == refused
    assert open_feed(message(entry, proof=proof(2)), SCHOOL.feed) == refused
    assert open_feed(message(entry, proof="x"), SCHOOL.feed) == Problem(Code.LOG_PROOF, "proof")


@settings(max_examples=300)
@given(place=st.integers(0, len(FIRST) - 1), bit=st.integers(0, 7))
def test_no_single_bit_may_change(place, bit):
    """A changed message does not open, or its proof fails, or the next one does not follow it."""
    data = bytearray(FIRST)
    data[place] ^= 1 << bit
    found = open_feed(bytes(data), SCHOOL.feed)
    if isinstance(found, FeedMessage):
        assert check_follows(opened(SECOND), found) is not None
        leaf = parse_b64u(found.entry.leaf)
        assert isinstance(leaf, bytes)
        assert isinstance(verify_proof(found.proof, leaf, ORIGIN, *LOG.public), Problem)


def entry_of(
    clear, recipients=(SCHOOL.feed.public,), context=b"dovetail/1 feed\x00", typ="dovetail-feed"
):
    """A message whose sealed entry is any clear text."""
    text = seal_jwe((("typ", typ),), clear, recipients, context=context, cek=CEK, iv=IV)
    return dump_json(json.loads(FIRST) | {"entry": text})


GOOD = {"n": 1, "prev": "", "leaf": b64u(bytes(32)), "index": 1}
SHAPE = Problem(Code.MESSAGE_MALFORMED, "feed")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", Problem(Code.MESSAGE_NOT_JSON, "feed")),
        (b" " * (MAX_FEED_BYTES + 1), Problem(Code.MESSAGE_TOO_LARGE, "feed")),
        (b"[]", SHAPE),
        (b'{"v":1,"entry":"","record":"","proof":7}', SHAPE),
        (b'{"v":2,"entry":"","record":"","proof":""}', SHAPE),
        (b'{"v":true,"entry":"","record":"","proof":""}', SHAPE),
        (b'{"v":1,"entry":"","record":"","proof":""}', Problem(Code.MESSAGE_NOT_JSON, "feed")),
        (entry_of(dump_json(GOOD) + b"\n", typ="x"), Problem(Code.CONTENT_FORM, "feed")),
        (entry_of(dump_json(GOOD) + b"\n", (SCHOOL.feed.public, PANEL.feed.public)),
         Problem(Code.CONTENT_FORM, "feed")),
        (entry_of(dump_json(GOOD) + b"\n", context=b"dovetail/1 record\x00"),
         Problem(Code.CONTENT_CANNOT_OPEN, "feed")),
        (entry_of(b"{\n"), Problem(Code.MESSAGE_NOT_JSON, "feed")),
        (entry_of(b"{}\n"), SHAPE),
        (entry_of(dump_json(GOOD | {"n": 0}) + b"\n"), SHAPE),
        (entry_of(dump_json(GOOD | {"x": 0}) + b"\n"), SHAPE),
        (entry_of(dump_json(GOOD) + b"\n\n"), SHAPE),
        (entry_of(dump_json(GOOD) + b"\n"), Problem(Code.LOG_PROOF, "feed")),
    ],
)  # fmt: skip
def test_what_is_no_feed_message(data, problem):
    """Each part bent alone is one problem."""
    assert open_feed(data, SCHOOL.feed) == problem


def test_padding_is_the_smallest(monkeypatch):
    """An entry has no room beside it."""
    monkeypatch.setattr("schemas.jwe.pad", lambda body: body.ljust(8192, b" "))
    data = entry_of(dump_json(GOOD) + b"\n")
    assert open_feed(data, SCHOOL.feed) == Problem(Code.CONTENT_PADDING, "feed")


def test_entries_are_pinned():
    """First and next, as protocol 5.3 says."""
    assert first_entry(RECORDS[0], 1).model_dump() == {
        "n": 1,
        "prev": "",
        "leaf": b64u(record_leaf(RECORDS[0])),
        "index": 1,
    }
    assert isinstance(next_entry(1, FIRST, RECORDS[1], 2), FeedEntry)
    assert agency().feed.kid != agency().opening.kid
