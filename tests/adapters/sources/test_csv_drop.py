"""CSV files, read strictly: whatever is doubtful is an error with its line."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.agency import SourceError
from adapters.sources.csv_drop import Column, parse
from schemas.fields.forms import tidy

COLUMNS = (Column("ref"), Column("on"), Column("note", required=False))
GOOD = b"ref,on,note\nA1,2026-11-16,all well\nA2,,\n"


def rows(data):
    """Parse with the columns above."""
    return parse("list_2026-11-16.csv", data, COLUMNS)


def test_a_good_file():
    """Lines become rows that know their number; an empty value is None."""
    first, second = rows(GOOD)
    assert (first.line, first.text("ref"), first.day("on").isoformat()) == (2, "A1", "2026-11-16")
    assert (second.maybe("note"), second.day("on")) == (None, None)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        b'"on","ref"\n2026-11-16,A1\n,A2\n',
        b'ref,on,note\n A1 ,2026-11-16,"all  well"\nA2,,""\n',
    ],
)
def test_other_spellings_of_a_good_file(data):
    """A byte order mark, Windows line ends, another order and quotes say the same."""
    assert [row.text("ref") for row in rows(data)] == ["A1", "A2"]


def test_a_header_alone_says_nobody():
    """An extract of nobody is an answer, as an empty file is not."""
    assert rows(b"ref,on\n") == ()


@pytest.mark.parametrize(
    ("data", "where", "says"),
    [
        (b"ref,on,note\nA1,2026-11-16\n", "line 2", "2 values"),
        (b"ref,on,note\nA1,2026-11-16,x,y\n", "line 2", "4 values"),
        (b"ref,on,note\n\nA1,,\n", "line 2", "0 values"),
        (b"ref,ref\nA1,A2\n", "line 1", "twice"),
        (b"ref,note\nA1,x\n", "line 1", "lacks: on"),
        (b"ref,on,ssecret\nA1,,x\n", "line 1", "Column 3"),
        (b"\nref,on\n", "line 1", "lacks"),
        (b"", "line 1", "no header"),
        (b'ref,on,note\nA1,,"open\nA2,,"\n', "line 2", "quotes"),
        (b'ref,on,note\nA1,,"x"y\n', "line 2", "quotes"),
        (b"ref,on,note\nA1,,a\rb\n", "line 2", "stray"),
        (b'ref,on,note\nA1,,"a\rb"\n', "line 2", "stray"),
        (b"ref,on,note\nA1,,\xe9\n", "line 2", "UTF-8"),
        (b"ref,on,note\nA1,,\x00\n", "line 2", "control"),
        (b"ref,on,note\nA1,," + b"x" * 4001 + b"\n", "line 2", "4000"),
        (b"ref,on,note\nA1,,x", "line 2", "cut off"),
        (b"r\xffef,on\n", "line 1", "UTF-8"),
    ],
)
def test_each_doubt_is_named(data, where, says):
    """The line is named, and what is wrong; nothing of the file is repeated."""
    with pytest.raises(SourceError, match=says) as broken:
        rows(data)
    assert broken.value.where == where
    assert "ssecret" not in str(broken.value)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        ("needed_day", "16/11/2026"),
        ("needed_day", "2026-11-31"),
        ("needed_day", "20261116"),
        ("needed_day", "2026-W47-1"),
        ("needed_day", "٢٠٢٦-11-16"),
        ("needed_day", ""),
        ("text", "  "),
        ("whole", "1.5"),
        ("whole", "-1"),
        ("whole", "007"),
        ("whole", "9999999999"),
        ("yes_no", "Y"),
        ("yes_no", "true"),
    ],
)
def test_a_wrong_value_is_named_by_line_and_column(read, value):
    """Readers take one spelling and no other."""
    (row,) = rows(f"ref,on,note\nx,,{value}\n".encode())
    with pytest.raises(SourceError) as broken:
        getattr(row, read)("note")
    assert broken.value.where == "line 2, column note"


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters='",\t'),
    max_size=20,
)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=5))
def test_what_a_system_writes_is_what_is_read(lines):
    """Any values that csv writes on one line each come back, tidied."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("ref", "on", "note"), *lines])
    read = rows(written.getvalue().encode())
    assert [tuple(row.maybe(c.name) or "" for c in COLUMNS) for row in read] == [
        tuple(map(tidy, line)) for line in lines
    ]


@given(st.integers(min_value=0, max_value=len(GOOD) - 1))
def test_a_file_cut_off_is_known_as_such_unless_a_whole_line_is_gone(length):
    """However a file is cut, no line is ever read by halves."""
    cut = GOOD[:length]
    try:
        read = rows(cut)
    except SourceError:
        return
    assert cut.endswith(b"\n")
    assert list(read) == list(rows(GOOD))[: len(read)]


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_an_error_of_ours(data):
    """No input raises anything but our own error."""
    with suppress(SourceError):
        assert all(row.line > 1 for row in rows(data))


@given(st.data())
def test_any_one_byte_changed_never_passes_as_another_shape(data):
    """A changed byte is read as written or refused: never fewer or more columns, nor other lines."""
    place = data.draw(st.integers(0, len(GOOD) - 1))
    changed = GOOD[:place] + bytes([data.draw(st.integers(0, 255))]) + GOOD[place + 1 :]
    try:
        read = rows(changed)
    except SourceError:
        return
    assert all(len(row.values) == 3 for row in read)
