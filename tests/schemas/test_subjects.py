"""Names of the bus: pinned, and closed to anything that was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import subjects
from schemas.encoding import b64u
from schemas.subjects import Bucket, Place, Stream
from tests.builders.messages import CONV, account, jti

A = account("a")
ID = "0123456789abcdef" * 4
HASH = b64u(bytes(32))


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (subjects.ingress_stream(A), f"IN_{A}"),
        (subjects.ingress(A), f"in.{A}.>"),
        (subjects.ingress(A, "env"), f"in.{A}.env"),
        (subjects.ingress(A, "receipt"), f"in.{A}.receipt"),
        (subjects.kind_of_ingress("env"), "in.*.env"),
        (subjects.retry("gate", A), f"retry.gate.{A}"),
        (subjects.retry("audit", None), "retry.audit._"),
        (subjects.parked("release", A, ID), f"parked.release.{A}.{ID}"),
        (subjects.parked("gathering", None, ID), f"parked.gathering._.{ID}"),
        (subjects.verdict(A, ID), f"verdicts.{A}.{ID}"),
        (subjects.record("gate", A, ID), f"records.gate.{A}.{ID}"),
        (subjects.out(A), f"out.{A}.>"),
        (subjects.out(A, "manifest"), f"out.{A}.manifest.*"),
        (subjects.out(A, "content", ID), f"out.{A}.content.{ID}"),
        (subjects.out(A, "receipt", ID), f"out.{A}.receipt.{ID}"),
        (subjects.content(ID), f"content.{ID}"),
        (subjects.log_leaf(bytes(32)), "log." + "0" * 64),
        (subjects.checkpoint(0), "checkpoint.0"),
        (subjects.feed(A), f"feed.{A}.>"),
        (subjects.feed(A, 1), f"feed.{A}.1"),
        (subjects.consumer_next(Stream.OUT, A), f"$JS.API.CONSUMER.MSG.NEXT.OUT.{A}"),
        (subjects.ack(Stream.FEED, A), f"$JS.ACK.FEED.{A}.>"),
        (subjects.id_key("oakfield-school", jti()), f"oakfield-school.{jti()}"),
        (subjects.request_key(HASH), HASH),
        (subjects.content_key(HASH), HASH),
        (subjects.case_key(CONV), CONV),
        (subjects.AT_AGENCY, ("in.>", "inbox.next", "feed.next")),
        (subjects.ANY[Stream.CHECKPOINTS], "checkpoint.>"),
    ],
)
def test_names_are_as_published(made, text):
    """Every name of architecture.md, spelled once."""
    assert made == text


def test_streams_and_buckets():
    """The whole list: a new one is added here on purpose."""
    assert [stream.value for stream in Stream] == [
        "RETRY", "PARKED", "VERDICTS", "RECORDS", "OUT", "CONTENT", "LOG", "CHECKPOINTS", "FEED"
    ]  # fmt: skip
    assert [bucket.value for bucket in Bucket] == [
        "ids", "requests", "cases", "contents", "feeds", "ladder", "meta"
    ]  # fmt: skip
    assert set(subjects.ANY) == set(Stream)


@pytest.mark.parametrize(
    "make",
    [
        subjects.ingress_stream,
        subjects.ingress,
        lambda bad: subjects.ingress(A, bad),
        subjects.kind_of_ingress,
        lambda bad: subjects.retry(bad, A),
        lambda bad: subjects.retry("gate", bad),
        lambda bad: subjects.parked("gate", A, bad),
        lambda bad: subjects.verdict(bad, ID),
        lambda bad: subjects.verdict(A, bad),
        lambda bad: subjects.record("gate", bad, ID),
        lambda bad: subjects.record(bad, A, ID),
        subjects.out,
        lambda bad: subjects.out(A, bad),
        lambda bad: subjects.out(A, "content", bad),
        subjects.content,
        lambda bad: subjects.feed(bad, 1),
        lambda bad: subjects.id_key(bad, jti()),
        lambda bad: subjects.id_key("a", bad),
        subjects.request_key,
        subjects.content_key,
        subjects.case_key,
    ],
)
@pytest.mark.parametrize(
    "bad", [">", "*", "a.b", f"{A}.x", " ", ID + "\n", "Robin Example", "X" + ID[:-1]]
)
def test_nothing_sent_becomes_a_subject(make, bad):
    """A wildcard, a dot, a space or a name never gets into a subject."""
    with pytest.raises(ValueError, match="not"):
        make(bad)


@pytest.mark.parametrize(
    "make",
    [
        lambda: subjects.log_leaf(bytes(31)),
        lambda: subjects.checkpoint(-1),
        lambda: subjects.checkpoint(2**53),
        lambda: subjects.feed(A, 0),
    ],
)
def test_numbers_are_in_range(make):
    """Sizes from 0, feed numbers from 1, commitments of 32 bytes."""
    with pytest.raises(ValueError, match=r"bytes|range"):
        make()


def test_subjects_are_taken_apart():
    """What was made is read back."""
    assert subjects.read_ingress(subjects.ingress(A, "env")) == (A, "env")
    assert subjects.read_verdict(subjects.verdict(A, ID)) == Place(A, "", ID)
    assert subjects.read_record(subjects.record("release", A, ID)) == Place(A, "release", ID)
    assert subjects.read_out(subjects.out(A, "receipt", ID)) == Place(A, "receipt", ID)
    assert subjects.read_feed(subjects.feed(A, 12)) == (A, 12)


@pytest.mark.parametrize(
    "subject",
    [
        "", f"in.{A}", f"in.{A}.other", "in.x.env", f"IN.{A}.env", f"in.{A}.env.x",
        f"verdicts.{A}", f"verdicts.x.{ID}", f"verdicts.{A}.x", f"verdicts.{A}.{ID}.x",
        f"records.x.{A}.{ID}", f"records.gate.x.{ID}", f"records.gate.{A}.x",
        f"out.{A}.x.{ID}", f"out.x.content.{ID}", f"out.{A}.content.x",
        f"feed.{A}.0", f"feed.{A}.01", f"feed.{A}.x", "feed.x.1", f"feed.{A}.{'9' * 17}",
    ],
)  # fmt: skip
def test_other_subjects_are_none_of_ours(subject):
    """Reading another subject gives None."""
    readers = (
        subjects.read_ingress, subjects.read_verdict, subjects.read_record, subjects.read_out,
        subjects.read_feed,
    )  # fmt: skip
    assert [read(subject) for read in readers] == [None] * 5


@given(st.text(max_size=40))
def test_reading_never_fails(subject):
    """Whatever a subject is, it is read or it is none of ours."""
    assert subjects.read_out(subject) is None
