"""Ids and references have one form each."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas import identifiers as ids
from schemas.encoding import b64u
from schemas.problems import Code, Problem
from tests.builders.messages import AT, account

HASH = b64u(bytes(range(32)))

GOOD = {
    "parse_agency_id": ["a", "7", "thames-valley-police", "a" * 64],
    "parse_agency_urn": ["urn:dovetail:org:a-b"],
    "parse_account": [account("x"), "A" * 56],
    "parse_kid": [HASH, "A" * 43],
    "parse_jti": ["01a1e395-ae80-7000-8000-000000000000"],
    "parse_conv": ["a" * 26, "abcdefghijklmnopqrstuvwx7a"],
    "parse_field_name": ["a", "edu.attendance_pct", "x" * 64, "_.1"],
}
BAD = {
    "parse_agency_id": ["", "-a", "a-", "a--b", "A", "a.b", "a" * 65, "a\n", "é", "a b"],
    "parse_agency_urn": ["", "a", "urn:dovetail:org:", "URN:dovetail:org:a", "urn:dovetail:org:A"],
    "parse_account": ["", "A" * 55, "A" * 57, "B" * 56, "A" + "1" * 55, "A" + "a" * 55],
    "parse_kid": ["", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "+", "A" * 42 + "="],
    "parse_jti": [
        "",
        "01A1E395-AE80-7000-8000-000000000000",
        "01a1e395-ae80-4000-8000-000000000000",
        "01a1e395-ae80-7000-c000-000000000000",
        "01a1e395ae8070008000000000000000",
    ],
    "parse_conv": ["", "a" * 25, "a" * 27, "A" * 26, "a" * 25 + "b", "1" + "a" * 25],
    "parse_field_name": ["", ".a", "a.", "a..b", "A", "a-b", "x" * 65, "a\n", "ä"],
}
CASES = [(name, text) for name, texts in GOOD.items() for text in texts]
TYPES = {
    "parse_agency_id": ids.AgencyId,
    "parse_agency_urn": ids.AgencyUrn,
    "parse_account": ids.Account,
    "parse_kid": ids.Kid,
    "parse_jti": ids.Jti,
    "parse_conv": ids.Conv,
    "parse_field_name": ids.FieldName,
}


@pytest.mark.parametrize(("name", "text"), CASES)
def test_good_ones(name, text):
    """The parser and the model's type both accept it."""
    found = getattr(ids, name)(text)
    assert found == text.removeprefix(ids.AGENCY_URN_PREFIX)
    assert TypeAdapter(TYPES[name]).validate_python(text) == text


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, texts in BAD.items() for t in texts])
def test_bad_ones(name, text):
    """The parser and the model's type both refuse it, and say only where."""
    assert getattr(ids, name)(text, "here") == Problem(Code.MESSAGE_MALFORMED, "here")
    with pytest.raises(ValidationError):
        TypeAdapter(TYPES[name]).validate_python(text)


@given(st.binary(min_size=32, max_size=32))
def test_every_hash_is_a_hash(data):
    """The pattern of 32 bytes takes all of them."""
    assert ids.parse_kid(b64u(data)) == b64u(data)


@given(
    st.integers(0, 253_402_300_799_999).map(
        lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    ),
    st.binary(min_size=10, max_size=10),
)
def test_message_ids_are_uuid_7(at, randomness):
    """A made id has version 7, its variant and its millisecond, and passes its own form."""
    found = ids.make_jti(at, randomness)
    assert ids.parse_jti(found) == found
    parsed = UUID(found)
    assert (parsed.version, parsed.variant) == (7, "specified in RFC 4122")
    assert parsed.int >> 80 == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_a_message_id_is_pinned():
    """RFC 9562 appendix A.6: the example's time and random bits give the example's id."""
    at = datetime(2022, 2, 22, 14, 22, 22, tzinfo=timezone(timedelta(hours=-5)))
    randomness = bytes.fromhex("0cc318c4dc0c0c07398f")
    assert ids.make_jti(at, randomness) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize(
    ("at", "randomness"),
    [(AT, bytes(9)), (AT, bytes(11)), (datetime(1969, 1, 1, tzinfo=UTC), bytes(10))],
)
def test_message_ids_need_their_parts(at, randomness):
    """Too few random bytes, or a time before 1970, is a fault of ours."""
    with pytest.raises(ValueError, match="ten random bytes"):
        ids.make_jti(at, randomness)


@given(st.binary(min_size=16, max_size=16))
def test_case_references(randomness):
    """Sixteen bytes make a reference that passes its own form, another for each."""
    found = ids.make_conv(randomness)
    assert ids.parse_conv(found) == found
    assert (found == ids.make_conv(bytes(16))) == (randomness == bytes(16))


def test_case_references_need_sixteen_bytes():
    """Fewer random bytes would be guessable."""
    with pytest.raises(ValueError, match="sixteen"):
        ids.make_conv(bytes(15))


def test_message_names():
    """A message is named by the hex of its SHA-256, and by nothing else."""
    assert ids.message_id(bytes(32)) == "0" * 64
    with pytest.raises(ValueError, match="SHA-256"):
        ids.message_id(bytes(31))


def test_urns():
    """An id and its URN give one another; anything else is a fault of ours."""
    assert ids.agency_urn("a-b") == "urn:dovetail:org:a-b"
    assert ids.agency_id("urn:dovetail:org:a-b") == "a-b"
    with pytest.raises(ValueError, match="agency id"):
        ids.agency_urn("A")
    with pytest.raises(ValueError, match="agency URN"):
        ids.agency_id("a-b")


INSTANT = TypeAdapter(ids.Instant)
DAY = TypeAdapter(ids.CivilDate)


def test_instants_in_models():
    """Text becomes an aware instant and text again; a datetime needs a zone."""
    assert INSTANT.validate_python("2026-11-16T09:00:00Z") == AT
    assert INSTANT.validate_json('"2026-11-16T09:00:00.000000Z"') == AT
    assert INSTANT.validate_python(AT.astimezone(timezone(timedelta(hours=5)))).tzinfo is UTC
    assert INSTANT.dump_python(AT, mode="json") == "2026-11-16T09:00:00.000000Z"
    assert INSTANT.json_schema()["format"] == "date-time"
    for bad in ("2026-11-16", 1794819600, None, AT.replace(tzinfo=None)):
        with pytest.raises(ValidationError):
            INSTANT.validate_python(bad)


def test_days_in_models():
    """Only YYYY-MM-DD, and a day that exists."""
    assert DAY.validate_python("2026-11-16") == date(2026, 11, 16)
    assert DAY.validate_python(date(2026, 11, 16)) == date(2026, 11, 16)
    assert DAY.dump_python(date(2026, 11, 16), mode="json") == "2026-11-16"
    for bad in ("2026-11-31", "20261116", "2026-W47-1", "2026-11-16T00:00:00", 20408, None, AT):
        with pytest.raises(ValidationError):
            DAY.validate_python(bad)
