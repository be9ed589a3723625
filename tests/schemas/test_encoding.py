"""Strict JSON, base64url and instants: one spelling, and nothing forgiven."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import (
    MAX_INTEGER,
    b64u,
    dump_json,
    instant_text,
    is_b64u,
    members_of,
    parse_b64u,
    parse_canonical_json,
    parse_instant,
    parse_json,
)
from schemas.problems import Code, Problem

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def parse(data, limit_bytes=10_000):
    """Read with a limit that the examples keep."""
    return parse_json(data, limit_bytes=limit_bytes, where="here")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.MESSAGE_NOT_JSON),
        (b"{", Code.MESSAGE_NOT_JSON),
        (b'{"a":1}x', Code.MESSAGE_NOT_JSON),
        (b'{"a":1}{"a":1}', Code.MESSAGE_NOT_JSON),
        (b"{'a':1}", Code.MESSAGE_NOT_JSON),
        (b'{"a":1,}', Code.MESSAGE_NOT_JSON),
        (b'"a\nb"', Code.MESSAGE_NOT_JSON),
        (b"01", Code.MESSAGE_NOT_JSON),
        (b"+1", Code.MESSAGE_NOT_JSON),
        (b"\xef\xbb\xbf{}", Code.MESSAGE_NOT_JSON),
        (b"\xff", Code.MESSAGE_NOT_UTF8),
        (b'"\xed\xa0\x80"', Code.MESSAGE_NOT_UTF8),
        (b'"\xc0\xaf"', Code.MESSAGE_NOT_UTF8),
        (b'"\\ud800"', Code.MESSAGE_NOT_UTF8),
        (b'{"\\udfff":1}', Code.MESSAGE_NOT_UTF8),
        (b'[{"a":["\\ud800x"]},1]', Code.MESSAGE_NOT_UTF8),
        (b'{"a":1,"a":1}', Code.MESSAGE_DUPLICATE_MEMBER),
        (b'{"a":1,"\\u0061":2}', Code.MESSAGE_DUPLICATE_MEMBER),
        (b'[{"x":{"a":1,"a":2}}]', Code.MESSAGE_DUPLICATE_MEMBER),
        (b"1.0", Code.MESSAGE_NUMBER),
        (b"1e3", Code.MESSAGE_NUMBER),
        (b"-0", Code.MESSAGE_NUMBER),
        (b"NaN", Code.MESSAGE_NUMBER),
        (b"[Infinity]", Code.MESSAGE_NUMBER),
        (b"-Infinity", Code.MESSAGE_NUMBER),
        (b"9007199254740992", Code.MESSAGE_NUMBER),
        (b"-9007199254740992", Code.MESSAGE_NUMBER),
        (b"1" * 5000, Code.MESSAGE_NUMBER),
        (b"[" * 33 + b"]" * 33, Code.MESSAGE_TOO_DEEP),
        (b'{"a":' * 33 + b"1" + b"}" * 33, Code.MESSAGE_TOO_DEEP),
        (b"[" * 9000, Code.MESSAGE_TOO_DEEP),
        (b" " * 10_001, Code.MESSAGE_TOO_LARGE),
    ],
)
def test_what_is_not_strict_json(data, code):
    """Each way in which readers differ is refused for itself."""
    assert parse(data) == Problem(code, "here")


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b' {"a" : [1, true, null]}\n', {"a": [1, True, None]}),
        (b"9007199254740991", MAX_INTEGER),
        (b"[" * 32 + b"]" * 32, None),
        (b'"[[[[{{{{\\"[[[["', '[[[[{{{{"[[[['),
        (b'"' + b"[" * 5000 + b'"', "[" * 5000),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'["\\\\", "[[["]', ["\\", "[[["]),
        (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
        (b'["\\u0041", 1, true, null, {"b": 2}]', ["A", 1, True, None, {"b": 2}]),
    ],
)
def test_what_is_strict_json(data, value):
    """White space, escapes, brackets in strings and 32 levels are good JSON."""
    found = parse(data)
    assert not isinstance(found, Problem)
    assert value is None or found == value


@given(VALUES)
def test_a_value_comes_back(value):
    """Whatever can be spelled is read back as it was, in its one spelling."""
    data = dump_json(value)
    assert parse_canonical_json(data, limit_bytes=len(data)) == value


@given(VALUES)
def test_other_spellings_are_refused(value):
    """White space and ASCII escapes change the bytes, so they are refused where one spelling holds."""
    data = dump_json(value)
    for other in (data + b" ", b"\n" + data, json.dumps(value).encode()):
        if other != data:
            found = parse_canonical_json(other, limit_bytes=len(other), where="here")
            assert found == Problem(Code.MESSAGE_MALFORMED, "here")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_problem(data):
    """No bytes make the reader fail, and what it accepts the standard reader understands alike."""
    found = parse(data)
    if not isinstance(found, Problem):
        assert json.loads(data) == found


def test_broken_text_is_no_canonical_text():
    """What cannot be read has no spelling either."""
    assert parse_canonical_json(b"[", limit_bytes=9) == Problem(Code.MESSAGE_NOT_JSON)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, b'{"b":1,"a":[true,null]}'),
        ("\u00e9\u2028\x7f", b'"\xc3\xa9\xe2\x80\xa8\x7f"'),
        ('"\\/\b\f\n\r\t\x00\x1f', b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f"'),
    ],
)
def test_the_spelling_is_that_of_json_stringify(value, text):
    """The bytes are pinned: another implementation spells the same."""
    assert dump_json(value) == text


@given(st.binary(max_size=100))
def test_base64url_comes_back(data):
    """Bytes come back; the size is held; every other spelling of them is refused."""
    text = b64u(data)
    assert parse_b64u(text) == data
    assert parse_b64u(text, size_bytes=len(data)) == data
    assert is_b64u(text, len(data))
    assert not is_b64u(text, len(data) + 1)
    for other in (text + "=", text + "==", text + "A", " " + text, text + "\n"):
        if other != text + "A" or len(other) % 4 == 1:
            assert parse_b64u(other) == Problem(Code.MESSAGE_BASE64)


@pytest.mark.parametrize(
    "text", ["QR", "QQ==", "Q", "Q!Q", "QQ+/", "Q Q", "QÄ", "AAB", None, 7, ["QQ"], "\u0661A"]
)
def test_base64url_has_one_spelling(text):
    """Stray bits, padding, stray characters and the other alphabet are refused."""
    assert parse_b64u(text, where="here") == Problem(Code.MESSAGE_BASE64, "here")


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back(at):
    """An instant is spelled with six digits and Z, and comes back to the microsecond."""
    text = instant_text(at)
    assert len(text) == 27
    assert text.endswith("Z")
    assert parse_instant(text) == at


def test_an_instant_is_told_in_utc():
    """Another zone is converted; without a zone there is no instant."""
    paris = timezone(timedelta(hours=1))
    assert instant_text(datetime(2026, 11, 16, 10, tzinfo=paris)) == "2026-11-16T09:00:00.000000Z"
    with pytest.raises(ValueError, match="zone"):
        instant_text(datetime(2026, 11, 16, 10))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-16",
        "2026-11-16T09:00:00",
        "2026-11-16T09:00:00+00:00",
        "2026-11-16t09:00:00z",
        "2026-11-16 09:00:00Z",
        "2026-11-16T09:00Z",
        "2026-11-16T09:00:00.0Z",
        "2026-11-16T09:00:00,000000Z",
        "2026-06-31T09:00:00Z",
        "2026-11-16T24:00:00Z",
        "2026-11-16T23:59:60Z",
        "٢026-11-16T09:00:00Z",
        "2026-11-16T09:00:00Z\n",
        None,
        5,
    ],
)
def test_other_instants_are_refused(text):
    """Only RFC 3339 in UTC with T and Z, a real date and a real time."""
    assert parse_instant(text, where="here") == Problem(Code.MESSAGE_MALFORMED, "here")


def test_a_second_needs_no_fraction():
    """People write directory entries: whole seconds are read too."""
    assert parse_instant("2026-11-16T09:00:00Z") == datetime(2026, 11, 16, 9, tzinfo=UTC)


def test_members_in_order():
    """An object is taken apart only when it has exactly the members named, in their order."""
    assert members_of({"a": 1, "b": 2}, ("a", "b")) == [1, 2]
    for other in ({"b": 2, "a": 1}, {"a": 1}, {"a": 1, "b": 2, "c": 3}, [1, 2], None, "ab"):
        assert members_of(other, ("a", "b")) is None
