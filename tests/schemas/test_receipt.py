"""Receipts: which members belong to which status, and that nobody can change or move one."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.encoding import b64u, dump_json, instant_text, parse_b64u
from schemas.jws import sign_jws
from schemas.problems import MEANING, Code, Problem
from schemas.receipt import (
    Receipt,
    SignedReceipt,
    Status,
    acknowledge,
    check_ack,
    read_receipt,
    reported,
    sign_receipt,
    verify_receipt,
)
from tests.builders.messages import (
    AT,
    agency,
    broker,
    jti,
    signed_request,
    signed_response,
    verified,
)

HASH = b64u(bytes(32))
MESSAGE = verified(signed_request())
ACK = acknowledge(MESSAGE).model_dump(mode="json")
DUE = {
    "day_0": "2026-11-16",
    "due_at": "2026-11-23T17:00:00.000000Z",
    "convention": "cut_off",
    "calendar": ["england-and-wales"],
    "calendar_version": "2026-11-01",
    "provisional": False,
    "stopped": False,
}
PROBLEM = {
    "code": "field.not_asked",
    "where": "edu.year_group",
    "rule": "POL-09",
    "says": "A field was not asked for.",
    "remedy": "Answer only what was asked.",
}
ARRIVED = {
    "record": HASH,
    "arrived_at": instant_text(AT),
    "due": DUE,
    "late": False,
    "release_until": instant_text(AT + timedelta(days=40)),
}
MEMBERS = {
    "submitted": ARRIVED,
    "forwarded": ARRIVED,
    "refused": {
        "problems": [PROBLEM],
        "arrived_at": instant_text(AT),
        "record": HASH,
        "bytes": HASH,
    },
    "delivered": {},
    "opened": {"open": HASH},
    "rejected": {"problems": [PROBLEM]},
    "recalled": {},
    "uncollected": {},
    "skipped": {"seq": 4, "from": agency("northshire-panel").urn},
}
REFUSED = Problem(Code.MESSAGE_MALFORMED, "receipt")
KEY = broker().gate


def payload(status, /, **changes):
    """A receipt's members, with changes; ``...`` leaves one out."""
    value = {
        "iss": broker().entry.urn,
        "jti": jti("receipt"),
        "iat": int(AT.timestamp()),
        "mt": "receipt/1",
        "status": status,
        "at": instant_text(AT),
        "ack": ACK,
        **MEMBERS.get(status, {}),
    } | changes
    return {name: member for name, member in value.items() if member is not ...}


def signed(value, typ="dovetail-receipt+jwt", key=KEY):
    """Sign any payload as a receipt."""
    return sign_jws(value if isinstance(value, bytes) else dump_json(value), typ, (key,))


def receipt(status, /, **changes):
    """A good receipt."""
    return Receipt.model_validate_json(dump_json(payload(status, **changes)))


def test_every_status_is_described():
    """The table here and the statuses are the same."""
    assert set(MEMBERS) == {status.value for status in Status}


@pytest.mark.parametrize("status", MEMBERS)
def test_a_receipt_comes_back(status):
    """Signed, read and verified it says what it said."""
    value = receipt(status)
    text = sign_receipt(value, KEY)
    found = read_receipt(text)
    assert isinstance(found, SignedReceipt)
    assert found.kid == KEY.kid
    assert found.claimed == value
    assert verify_receipt(found, KEY.public) == value
    assert json.loads(found.jws.payload) == payload(status)


@pytest.mark.parametrize("status", MEMBERS)
@pytest.mark.parametrize("name", sorted({name for m in MEMBERS.values() for name in m}))
def test_each_status_has_its_members(status, name):
    """A member of its own left out or null, or one of another status put in, is refused."""
    if name in MEMBERS[status]:
        assert read_receipt(signed(payload(status, **{name: ...}))) == REFUSED
        nullable = name in {"due", "release_until"} or (status, name) == ("refused", "record")
        found = read_receipt(signed(payload(status, **{name: None})))
        assert isinstance(found, SignedReceipt) == nullable
    else:
        other = next(m[name] for m in MEMBERS.values() if name in m)
        assert read_receipt(signed(payload(status, **{name: other}))) == REFUSED
        assert read_receipt(signed(payload(status, **{name: None}))) == REFUSED


@pytest.mark.parametrize("status", MEMBERS)
def test_only_refusals_and_notices_name_no_message(status):
    """Who has not read a message cannot name it; everybody else must."""
    found = read_receipt(signed(payload(status, ack=None)))
    assert isinstance(found, SignedReceipt) == (status in {"refused", "skipped"})


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "broker"},
        {"jti": "x"},
        {"iat": "1"},
        {"mt": "receipt/2"},
        {"status": "lost"},
        {"at": "2026-11-16"},
        {"ack": ...},
        {"ack": {**ACK, "sigs": [HASH]}},
        {"ack": {**ACK, "sigs": [HASH] * 3}},
        {"ack": {**ACK, "note": 1}},
        {"ack": {**ACK, "ch": "x"}},
        {"note": "x"},
        {"problems": []},
        {"problems": [{**PROBLEM, "code": "x"}]},
        {"problems": [{**PROBLEM, "where": ""}]},
        {"problems": [{**PROBLEM, "rule": "9"}]},
        {"problems": [{**PROBLEM, "says": "x" * 401}]},
        {"problems": [{**PROBLEM, "value": "Robin"}]},
    ],
)
def test_the_form_is_closed(changes):
    """A receipt with one thing wrong is refused."""
    assert read_receipt(signed(payload("rejected", **changes))) == REFUSED


@pytest.mark.parametrize(
    "due",
    [
        {**DUE, "day_0": "16 November"},
        {**DUE, "convention": "cut off"},
        {**DUE, "calendar": []},
        {**DUE, "calendar": ["france"]},
        {**DUE, "calendar_version": "?"},
        {**DUE, "stopped": 0},
        {},
    ],
)
def test_the_clock_has_its_form(due):
    """The clock in a receipt is whole or null."""
    assert read_receipt(signed(payload("submitted", due=due))) == REFUSED


def test_codes_to_come_are_read():
    """A code that a later version adds is still a code: the sentence says what it means."""
    later = {**PROBLEM, "code": "quantum.entangled_2"}
    assert isinstance(read_receipt(signed(payload("rejected", problems=[later]))), SignedReceipt)


@pytest.mark.parametrize("code", Code)
def test_every_problem_can_be_reported(code):
    """Each code has a sentence and a remedy that a receipt takes."""
    found = reported(Problem(code, "edu.year_group", "POL-09"))
    assert (found.says, found.remedy) == (MEANING[code].says, MEANING[code].remedy)
    assert Receipt.model_validate_json(
        dump_json(payload("rejected", problems=[found.model_dump()]))
    ).problems == (found,)


TEXT = sign_receipt(receipt("submitted"), KEY)


@settings(max_examples=300)
@given(place=st.integers(0, len(TEXT) - 1), bit=st.integers(0, 7))
def test_no_single_bit_may_change(place, bit):
    """Anywhere in a receipt a changed bit is a problem."""
    data = bytearray(TEXT.encode())
    data[place] ^= 1 << bit
    found = read_receipt(data.decode("latin-1"))
    assert isinstance(found, Problem) or isinstance(verify_receipt(found, KEY.public), Problem)


@given(place=st.integers(0, len(TEXT)), what=st.sampled_from(' \n\t,"{}[]:\\0a'))
def test_nothing_may_be_put_in(place, what):
    """No character fits anywhere."""
    found = read_receipt(TEXT[:place] + what + TEXT[place:])
    assert isinstance(found, Problem) or isinstance(verify_receipt(found, KEY.public), Problem)


def test_only_the_key_named_is_believed():
    """Another key, or a key of another kind, does not verify it."""
    found = read_receipt(TEXT)
    assert isinstance(found, SignedReceipt)
    wrong = Problem(Code.SIGNATURE_INVALID, "receipt")
    assert verify_receipt(found, broker().release.public) == wrong
    algorithm = Problem(Code.SIGNATURE_ALGORITHM, "receipt")
    assert verify_receipt(found, agency().public[1]) == algorithm


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem(Code.MESSAGE_NOT_JSON, "receipt")),
        (signed(payload("recalled"), typ="JWT"), REFUSED),
        (signed(payload("recalled"), key=agency().signer.ml_dsa_65),
         Problem(Code.SIGNATURE_ALGORITHM, "receipt")),
        (signed(b" {}"), REFUSED),
        (signed(b"{"), Problem(Code.MESSAGE_NOT_JSON, "receipt")),
        (signed(b"{}"), REFUSED),
        (signed(b'{"iss":1,"iss":2}'), Problem(Code.MESSAGE_DUPLICATE_MEMBER, "receipt")),
        (MESSAGE.signed.text, Problem(Code.SIGNATURE_ALGORITHM, "receipt")),
    ],
)  # fmt: skip
def test_what_is_no_receipt(text, problem):
    """Other types, other algorithms, other texts; a manifest is no receipt."""
    assert read_receipt(text) == problem


def test_a_receipt_is_about_one_message():
    """It names claims, content and both signatures; another sealing of the same is another."""
    found = receipt("delivered")
    assert check_ack(found, MESSAGE) is None
    refused = Problem(Code.RECEIPT_MISMATCH, "receipt.ack")
    assert check_ack(found, verified(signed_request())) == refused
    assert check_ack(found, verified(signed_response())) == refused
    assert check_ack(receipt("refused", ack=None), MESSAGE) == refused


def test_faults_of_ours_are_errors():
    """Only Ed25519 signs receipts, and none is larger than a reader takes."""
    with pytest.raises(ValueError, match="Ed25519"):
        sign_receipt(receipt("recalled"), agency().signer.ml_dsa_65)
    long = {**PROBLEM, "says": "é" * 400, "remedy": "é" * 400}
    with pytest.raises(ValueError, match="48 KiB"):
        sign_receipt(receipt("rejected", problems=[long] * 200), KEY)
    with pytest.raises(ValidationError):
        receipt("rejected", problems=[PROBLEM] * 201)


def test_the_payload_is_pinned():
    """The bytes under the signature, member for member."""
    found = read_receipt(sign_receipt(receipt("recalled"), KEY))
    assert isinstance(found, SignedReceipt)
    header = parse_b64u(json.loads(found.text)["signatures"][0]["protected"])
    assert header == f'{{"alg":"Ed25519","kid":"{KEY.kid}","typ":"dovetail-receipt+jwt"}}'.encode()
    assert found.jws.payload.startswith(
        b'{"iss":"urn:dovetail:org:broker","jti":"'
        + jti("receipt").encode()
        + b'","iat":1794819600,'
        b'"mt":"receipt/1","status":"recalled","at":"2026-11-16T09:00:00.000000Z","ack":{"jti":"'
    )
