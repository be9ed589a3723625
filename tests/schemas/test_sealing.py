"""Seal, open, prove: what a sender may try inside a content, and what becomes of it."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.content import MAX_BODY_BYTES, body_of, digests_of
from schemas.encoding import b64u
from schemas.envelope import (
    CONTENT_TYP,
    MAX_ENVELOPE_BYTES,
)
from schemas.jwe import bucket_bytes, decrypt_jwe, pad, read_jwe, unpad
from schemas.problems import Code, Problem
from schemas.sealing import (
    Opened,
    Sealed,
    open_content,
    seal,
)
from tests.builders.cheat import CEK, IV, PANEL, SCHOOL, opened
from tests.builders.messages import (
    FIELDS,
    agency,
    cek_of,
    claims,
    envelope,
    seed,
    signed_request,
    verified,
)
from tests.schemas.test_encoding import VALUES

GOOD = signed_request()


def test_what_is_sealed_is_opened():
    """The fields come back, with the proof that only an opener can make."""
    found = opened(envelope(GOOD))
    assert isinstance(found, Opened)
    assert found.fields == FIELDS
    assert list(found.fields) == list(FIELDS)
    message = b"dovetail/1 opened" + hashlib.sha256(GOOD.signed.payload).digest()
    assert found.proof == b64u(hmac.digest(cek_of(GOOD), message, "sha256"))
    assert "Robin" not in repr(found)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}\.[a-z0-9_]{1,8}", fullmatch=True),
        VALUES,
        min_size=1,
        max_size=8,
    )
)
def test_any_values_come_back(fields):
    """Whatever strict JSON can say comes back as it was."""
    found = seal(claims(), fields, PANEL.signer, [SCHOOL.opening.public], cek=CEK, iv=IV)
    assert isinstance(found, Sealed)
    read = opened(envelope(found))
    assert isinstance(read, Opened)
    assert read.fields == fields


def test_two_keys_around_a_rotation():
    """Sealed to the recipient's old and new key, each opens it."""
    old, new = SCHOOL.opening, agency("other").opening
    found = seal(claims(), FIELDS, PANEL.signer, [old.public, new.public], cek=CEK, iv=IV)
    assert isinstance(found, Sealed)
    message = envelope(found)
    for key in (old, new):
        assert isinstance(open_content(verified(found), message.content, key), Opened)


@pytest.mark.parametrize(
    ("changes", "fields", "problem"),
    [
        ({"seq": 0}, FIELDS, Problem(Code.MANIFEST_INVALID_MEMBER, "manifest.seq")),
        ({}, {}, Problem(Code.MANIFEST_INVALID_MEMBER, "manifest.f")),
        ({}, {"A": 1}, Problem(Code.MANIFEST_INVALID_MEMBER, "manifest.f")),
        ({}, {"a": 2**60}, Problem(Code.DISCLOSURE_FORM, "a")),
        ({}, {"a": 1.5}, Problem(Code.DISCLOSURE_FORM, "a")),
        ({}, {"a": "x" * MAX_BODY_BYTES}, Problem(Code.CONTENT_SIZE, "content")),
        (
            {"wants": {f"E{n}": [f"{n}.{'x' * 58}.{k}" for k in range(8)] for n in range(30)}},
            {f"{n}.{'y' * 56}": "x" * 1100 for n in range(200)},
            Problem(Code.MESSAGE_TOO_LARGE, "envelope"),
        ),
        (
            {"wants": {f"E{n}": [f"{n}.{'x' * 55}.{k}" for k in range(16)] for n in range(30)}},
            {f"{n}.{'y' * 60}": 1 for n in range(200)},
            Problem(Code.MESSAGE_TOO_LARGE, "manifest"),
        ),
        (
            {"wants": {f"E{n}": [f"{n}.{'x' * 58}.{k}" for k in range(10)] for n in range(30)}},
            {f"{n}.{'y' * 60}": 1 for n in range(200)},
            Problem(Code.MESSAGE_TOO_LARGE, "manifest"),
        ),
    ],
)
def test_what_nobody_would_read_is_not_sent(changes, fields, problem):
    """A sender learns at once what a reader would refuse."""
    found = seal(claims(**changes), fields, PANEL.signer, [SCHOOL.opening.public], cek=CEK, iv=IV)
    assert found == problem


@pytest.mark.parametrize(
    "args",
    [
        ([], CEK, IV),
        ([SCHOOL.opening.public] * 2, CEK, IV),
        ([SCHOOL.opening.public], CEK[:31], IV),
        ([SCHOOL.opening.public], CEK, IV + b"x"),
    ],
)
def test_faults_of_ours_are_errors(args):
    """No recipient, one twice, or a key or iv of a wrong size never leaves."""
    recipients, cek, iv = args
    with pytest.raises(ValueError, match=r"bytes|recipient"):
        seal(claims(), FIELDS, PANEL.signer, recipients, cek=cek, iv=iv)


# ------------------------------------------------------------------------------ layouts


def test_commitments_are_as_published():
    """Salt, disclosure and digest of protocol 2.2, computed beside the code."""
    inner = hmac.digest(CEK, b"dovetail/1 salts", "sha256")
    salt = b64u(hmac.digest(inner, b"id.dob", "sha256"))
    line = f'["{salt}","2010-02-03"]\n'.encode()
    assert body_of(CEK, {"id.dob": "2010-02-03"}) == line
    digest = b64u(hashlib.sha256(b64u(line[:-1]).encode()).digest())
    assert digests_of(CEK, {"id.dob": "2010-02-03"}) == {"id.dob": digest}


@pytest.mark.parametrize(
    ("size", "bucket"),
    [
        (0, 4096),
        (1, 4096),
        (4096, 4096),
        (4097, 8192),
        (8192, 8192),
        (8193, 16384),
        (262144, 262144),
    ],
)
def test_buckets(size, bucket):
    """4096 bytes, then powers of two."""
    assert bucket_bytes(size) == bucket


@given(st.integers(1, 20_000))
def test_padding_comes_off(size):
    """Whatever the size, the body comes back; a body without a last line break has no end."""
    body = b"x" * (size - 1) + b"\n"
    assert unpad(pad(body), "here") == body
    with pytest.raises(ValueError, match="line break"):
        pad(body + b"x")


def test_a_tag_guards_the_whole_body():
    """One bit of the ciphertext changed, the content key known: it does not decrypt."""
    content = envelope(GOOD).content
    jwe = content.jwe
    assert isinstance(decrypt_jwe(jwe, cek_of(GOOD), "content"), bytes)
    wrong = decrypt_jwe(jwe, seed("another"), "content")
    assert wrong == Problem(Code.CONTENT_CANNOT_OPEN, "content")
    again = read_jwe(content.text, CONTENT_TYP, ("ctx",), limit_bytes=MAX_ENVELOPE_BYTES, where="x")
    assert again == jwe
