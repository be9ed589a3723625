"""Records: sealed to their parties, one text for all, committed to by the log."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.commitment import key_commitment, sha256_text
from schemas.encoding import b64u, dump_json, parse_b64u
from schemas.jwe import seal_jwe
from schemas.problems import Code, Problem
from schemas.record import Record, commitment, leaf_data, open_record, record_kids, seal_record
from tests.builders.messages import agency, seed, signed_request

PANEL, SCHOOL, POLICE = (
    agency(n) for n in ("northshire-panel", "oakfield-school", "northshire-police")
)
CEK, IV = seed("record"), bytes(12)
MESSAGE = signed_request()
VALUE = {
    "v": 1,
    "ev": "forwarded",
    "at": "2026-11-16T09:00:01.000000Z",
    "arrived_at": "2026-11-16T09:00:00.000000Z",
    "ingress": PANEL.urn,
    "bytes": sha256_text(MESSAGE.envelope),
    "manifest": MESSAGE.signed.text,
    "receipt": None,
    "problems": [],
    "due": None,
    "late": False,
    "release_until": None,
    "pack": {"id": "uk-channel", "ver": "2026.11.1", "h": b64u(bytes(32))},
    "directory": 7,
}
FORM = Problem(Code.CONTENT_FORM, "record")
CLEAR = Problem(Code.MESSAGE_MALFORMED, "record")


def record(**changes):
    """A good record."""
    return Record.model_validate_json(dump_json(VALUE | changes))


def sealed(*parties, value=None):
    """A record sealed to some parties."""
    keys = [party.feed.public for party in parties or (PANEL, SCHOOL)]
    return seal_record(value or record(), keys, cek=CEK, iv=IV)


def sealed_clear(clear, header=None, context=b"dovetail/1 record\x00"):
    """Any clear text, sealed as a record."""
    header = header or (("typ", "dovetail-record"), ("kc", key_commitment(CEK)))
    return seal_jwe(header, clear, [PANEL.feed.public], context=context, cek=CEK, iv=IV)


TEXT = sealed()


def test_each_party_opens_the_same():
    """Sender and addressee read one text; nobody else reads any."""
    for party in (PANEL, SCHOOL):
        assert open_record(TEXT, party.feed) == record()
    refused = Problem(Code.CONTENT_RECIPIENT, "record")
    assert open_record(TEXT, POLICE.feed) == refused
    assert open_record(TEXT, PANEL.opening) == refused
    assert record_kids(TEXT) == (PANEL.feed.kid, SCHOOL.feed.kid)


def test_the_log_commits_to_the_sealed_bytes():
    """Commitment and leaf are pinned: anybody who holds the bytes can compute them."""
    digest = b64u(hashlib.sha256(TEXT.encode()).digest())
    assert commitment(TEXT) == digest
    assert leaf_data(digest) == f'{{"v":1,"c":"{digest}"}}'.encode()


@settings(max_examples=300)
@given(place=st.integers(0, len(TEXT) - 1), bit=st.integers(0, 7))
def test_no_single_bit_may_change(place, bit):
    """A changed record has another commitment, and what concerns a party does not open for it.

    A bit in another party's wrap is that party's; the commitment tells of it.
    """
    data = bytearray(TEXT.encode())
    data[place] ^= 1 << bit
    text = data.decode("latin-1")
    assert commitment(text) != commitment(TEXT)
    assert not all(open_record(text, party.feed) == record() for party in (PANEL, SCHOOL))


def test_all_parties_open_one_key():
    """A header that commits to another key is refused: no two parties get two texts."""
    header = (("typ", "dovetail-record"), ("kc", key_commitment(seed("another"))))
    text = sealed_clear(dump_json(VALUE) + b"\n", header)
    assert open_record(text, PANEL.feed) == Problem(Code.CONTENT_KEY_COMMITMENT, "record")


@pytest.mark.parametrize("context", [b"dovetail/1\x00", b"dovetail/1 feed\x00"])
def test_a_record_is_no_content(context):
    """What is wrapped as a content or a feed entry does not open as a record."""
    text = sealed_clear(dump_json(VALUE) + b"\n", context=context)
    assert open_record(text, PANEL.feed) == Problem(Code.CONTENT_CANNOT_OPEN, "record")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        sealed_clear(b"{}\n", (("typ", "dovetail-content"), ("kc", key_commitment(CEK)))),
        sealed_clear(b"{}\n", (("typ", "dovetail-record"),)),
        sealed_clear(b"{}\n", (("typ", "dovetail-record"), ("kc", "x"))),
    ],
)
def test_records_have_one_form(text):
    """Another type, no commitment, or none that could be one."""
    assert open_record(text, PANEL.feed) == FORM
    assert record_kids(text) == FORM


@pytest.mark.parametrize(
    "clear",
    [
        b"{}\n",
        b"{\n",
        dump_json(VALUE) + b"\n\n",
        dump_json(VALUE) + b" \n",
        dump_json(VALUE | {"ev": "read"}) + b"\n",
        dump_json(VALUE | {"note": "x"}) + b"\n",
        dump_json(VALUE | {"v": 2}) + b"\n",
        dump_json(VALUE | {"directory": -1}) + b"\n",
        dump_json(VALUE | {"problems": [{"code": "x.y", "where": None}]}) + b"\n",
        dump_json(VALUE | {"pack": {}}) + b"\n",
    ],
)
def test_what_is_no_record(clear):
    """A clear text of another form is refused, and nothing of it repeated."""
    assert open_record(sealed_clear(clear), PANEL.feed) == CLEAR


def test_padding_is_the_smallest(monkeypatch):
    """A record, too, has no room beside it."""
    monkeypatch.setattr("schemas.jwe.pad", lambda body: body.ljust(65536, b" "))
    text = sealed_clear(dump_json(VALUE) + b"\n")
    assert open_record(text, PANEL.feed) == Problem(Code.CONTENT_PADDING, "record")


def test_a_record_may_not_be_endless():
    """What could not be read back is not sealed."""
    with pytest.raises(ValueError, match="256 KiB"):
        sealed(value=record(manifest="x" * 300_000))


def test_every_member_comes_back():
    """A record with everything in it is read as it was."""
    value = record(
        ev="refused",
        receipt="{}",
        problems=[{"code": "field.not_asked", "where": "edu.year_group", "rule": "POL-09"}],
        pack=None,
        due={
            "day_0": "2026-11-16",
            "due_at": "2026-11-23T17:00:00.000000Z",
            "convention": "cut_off",
            "calendar": ["scotland"],
            "calendar_version": "2026-11-01",
            "provisional": True,
            "stopped": True,
        },
        release_until="2026-12-23T17:00:00.000000Z",
    )
    assert open_record(sealed(PANEL, value=value), PANEL.feed) == value
    header = parse_b64u(json.loads(TEXT)["protected"])
    assert header == (
        f'{{"enc":"A256GCM","typ":"dovetail-record","kc":"{key_commitment(CEK)}"}}'.encode()
    )
