"""JSON files: places and pointers, no member twice, no depth without end."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.agency import SourceError
from adapters.sources.json_tree import MAX_DEPTH, parse


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b'{"a":1,\n"b"}', "line 2"),
        (b'{"a":1,"a":2}', "/"),
        (b'{"a":NaN}', "/"),
        (b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2), "/"),
        (b"[" * 100_000, "/"),
        (b'{\n"a":"\xff"}', "line 2"),
        (b"", "line 1"),
        (b"9" * 5000, "/"),
    ],
)
def test_what_is_no_json_is_named(data, where):
    """An error with its line, or the file where a line means nothing."""
    with pytest.raises(SourceError) as broken:
        parse("x.json", data)
    assert broken.value.where == where


@pytest.mark.parametrize(
    ("read", "where"),
    [
        (lambda r: r.member("n").text(), "/n"),
        (lambda r: r.member("t").items(), "/t"),
        (lambda r: r.member("t").flag(), "/t"),
        (lambda r: r.member("t").day(), "/t"),
        (lambda r: r.member("none").text(), "/none"),
        (lambda r: r.member("t").member("x"), "/t"),
        (lambda r: r.member("t").needed({"y": 1}), "/t"),
        (lambda r: r.member("t").choice({"y": 1}), "/t"),
        (lambda r: r.member("l").items()[1].text(), "/l/1"),
        (lambda r: r.member("l").only(frozenset()), "/l"),
        (lambda r: r.only(frozenset({"t"})), "/"),
    ],
)
def test_a_wrong_value_is_named_by_its_pointer(read, where):
    """A value of another type than the reader's is an error with its place."""
    root = parse("x.json", b'{"n":7,"t":"x","l":["a",{}]}')
    with pytest.raises(SourceError) as broken:
        read(root)
    assert broken.value.where == where


def test_lines_of_a_bulk_export():
    """In NDJSON the line stands before the pointer."""
    with pytest.raises(SourceError) as broken:
        parse("x.ndjson", b'{"a":{"b":7}}', line=3).member("a").member("b").text()
    assert broken.value.where == "line 3, /a/b"


@given(st.binary(max_size=80) | st.text(alphabet='{}[]",:0aN.-e ', max_size=40).map(str.encode))
def test_any_bytes_are_a_value_or_an_error_of_ours(data):
    """No input raises anything but our own error."""
    with suppress(SourceError):
        assert parse("x.json", data).pointer == ""
