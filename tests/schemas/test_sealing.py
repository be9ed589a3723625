"""Seal, open, prove: what a sender may try inside a content, and what becomes of it."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.commitment import commits_to, disclosure, disclosure_digest, salt_key, sha256_text
from schemas.content import MAX_BODY_BYTES, body_of, digests_of, read_body
from schemas.encoding import b64u, dump_json, parse_b64u
from schemas.envelope import (
    CONTENT_TYP,
    MANIFEST_TYP,
    MAX_ENVELOPE_BYTES,
    Envelope,
    Verified,
    dump_envelope,
    read_envelope,
    verify,
)
from schemas.jwe import bucket_bytes, decrypt_jwe, pad, read_jwe, seal_jwe, unpad
from schemas.jws import sign_jws
from schemas.problems import Code, Problem
from schemas.sealing import (
    Finding,
    Opened,
    Sealed,
    arbiter,
    content_key,
    open_content,
    open_with_key,
    seal,
)
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

PANEL, SCHOOL = agency("northshire-panel"), agency("oakfield-school")
CEK, IV = seed("cek"), bytes(12)
GOOD = signed_request()


class Cheat:
    """A sender that signs what it likes: the parts of an envelope, each to be bent alone."""

    def __init__(self, **changes):
        self.cek = changes.get("cek", CEK)
        key = salt_key(self.cek)
        self.lines = [disclosure(key, name, value) for name, value in FIELDS.items()]
        self.digests = digests_of(self.cek, FIELDS)
        self.committed = self.cek
        self.body = None
        self.padded = None
        self.context = None

    def message(self):
        """Sign and seal it."""
        hidden = {name: [{"...": digest}] for name, digest in self.digests.items()}
        payload = dump_json({**claims(), "_sd_alg": "sha-256", "f": hidden})
        context = b"dovetail/1\x00" + hashlib.sha256(self.context or payload).digest()
        body = self.body or b"".join(line + b"\n" for line in self.lines)
        content = seal_jwe(
            (("typ", CONTENT_TYP), ("ctx", sha256_text(payload))),
            body,
            [SCHOOL.opening.public],
            context=context,
            cek=self.cek,
            iv=IV,
        )
        kc = b64u(hmac.digest(self.committed, b"dovetail/1 key-commit", "sha256"))
        keys = (PANEL.signer.ed25519, PANEL.signer.ml_dsa_65)
        extra = (("ch", sha256_text(content.encode())), ("kc", kc))
        found = read_envelope(dump_envelope(sign_jws(payload, MANIFEST_TYP, keys, extra), content))
        assert isinstance(found, Envelope)
        return found


def believed(found):
    """The envelope with its signatures verified."""
    value = verify(found.signed, *PANEL.public)
    assert isinstance(value, Verified)
    return value


def opened(found):
    """Open as the school does."""
    return open_content(believed(found), found.content, SCHOOL.opening)


def finding(found, cek=CEK):
    """Ask the arbiter."""
    return arbiter(found.signed.text, found.content.text, cek, *PANEL.public)


def test_what_is_sealed_is_opened():
    """The fields come back, with the proof that only an opener can make."""
    found = opened(envelope(GOOD))
    assert isinstance(found, Opened)
    assert found.fields == FIELDS
    assert list(found.fields) == list(FIELDS)
    message = b"dovetail/1 opened" + hashlib.sha256(GOOD.signed.payload).digest()
    assert found.proof == b64u(hmac.digest(cek_of(GOOD), message, "sha256"))
    assert "Robin" not in repr(found)


@settings(max_examples=40, deadline=None)
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


# ---------------------------------------------------------- what a sender may try, envelope.md 3


def smuggled(**changes):
    """Cheats, each with one thing changed, and what is found."""

    def cheat(change):
        value = Cheat()
        change(value)
        return value.message()

    def add(line):
        return lambda c: c.lines.append(line)

    key = salt_key(CEK)
    first, second = list(FIELDS)[:2]
    line = disclosure(key, first, FIELDS[first])
    text = line.decode()

    def spelled(other):
        """The first field in another spelling, its digest declared."""

        def change(c):
            c.lines[0] = other
            c.digests[first] = disclosure_digest(other)

        return change

    def twins(c):
        c.digests[second] = c.digests[first]

    undeclared = Problem(Code.DISCLOSURE_UNDECLARED, "content")
    return {
        "an undeclared field": (add(disclosure(key, "id.upn", "x")), undeclared),
        "a line that is no disclosure": (add(b"see you at six"), undeclared),
        "an empty line": (add(b""), undeclared),
        "two hundred more": (
            lambda c: c.lines.extend(disclosure(key, f"x.{n}", n) for n in range(300)),
            undeclared,
        ),
        "another value": (
            lambda c: c.lines.__setitem__(0, disclosure(key, first, "Other")),
            undeclared,
        ),
        "a field twice": (add(line), Problem(Code.DISCLOSURE_REPEATED, first)),
        "a field missing": (lambda c: c.lines.pop(), Problem(Code.DISCLOSURE_MISSING, list(FIELDS)[-1])),
        "another order": (lambda c: c.lines.reverse(), Problem(Code.DISCLOSURE_FORM, "content")),
        "one digest for two": (twins, undeclared),
        "a chosen salt": (
            spelled(dump_json([b64u(b"thirty-two bytes of a message   "), FIELDS[first]])),
            Problem(Code.DISCLOSURE_SALT, first),
        ),
        "another field's salt": (
            spelled(disclosure(key, second, FIELDS[first])),
            Problem(Code.DISCLOSURE_SALT, first),
        ),
        "white space": (spelled(text.replace(",", ", ").encode()), Problem(Code.DISCLOSURE_FORM, first)),
        "an escape": (spelled(text.replace("E", "\\u0045").encode()), Problem(Code.DISCLOSURE_FORM, first)),
        "a third element": (spelled(text.replace("]", ",1]").encode()), Problem(Code.DISCLOSURE_FORM, first)),
        "an object property": (
            spelled(dump_json([parse_b64u("AA").hex(), "name", 1])),
            Problem(Code.DISCLOSURE_FORM, first),
        ),
        "no array": (spelled(b'"x"'), Problem(Code.DISCLOSURE_FORM, first)),
        "no salt": (spelled(b"[1,2]"), Problem(Code.DISCLOSURE_FORM, first)),
        "a fraction": (spelled(text.replace('"Example"', "1.5").encode()), Problem(Code.DISCLOSURE_FORM, first)),
        "a member twice": (
            spelled(text.replace('"Example"', '{"a":1,"a":2}').encode()),
            Problem(Code.DISCLOSURE_FORM, first),
        ),
    }, cheat  # fmt: skip


ATTEMPTS, CHEAT = smuggled()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_smuggling_is_refused_and_proven(name):
    """Each way to send more than the manifest declares is refused, and anybody can check it."""
    change, problem = ATTEMPTS[name]
    found = CHEAT(change)
    assert opened(found) == problem
    assert finding(found) == Finding("proven", problem, PANEL.urn)


def test_an_honest_sender_has_nothing_proven_against_it():
    """The cheat that changes nothing is an honest message."""
    found = Cheat().message()
    assert isinstance(opened(found), Opened)
    assert finding(found) == Finding("no_finding")


def test_padding_is_the_smallest(monkeypatch):
    """A sender that pads further, or with other bytes, is refused and proven."""
    refused = Problem(Code.CONTENT_PADDING, "content")
    for padding in (
        lambda body: body.ljust(8192, b" "),
        lambda body: (body + b"hidden").ljust(4096, b" "),
        lambda body: body.rstrip(b"\n").ljust(4096, b" "),
    ):
        monkeypatch.setattr("schemas.jwe.pad", padding)
        found = Cheat().message()
        monkeypatch.undo()
        assert opened(found) == refused
        assert finding(found) == Finding("proven", refused, PANEL.urn)


def test_one_content_opens_under_one_key():
    """A sender that commits to another key than it wraps is refused; no recipient gets another text."""
    cheat = Cheat()
    cheat.committed = seed("another")
    found = cheat.message()
    refused = Problem(Code.CONTENT_KEY_COMMITMENT, "content")
    assert opened(found) == refused
    assert finding(found) == Finding("wrong_key", refused)


def test_a_committed_key_must_open():
    """Committing to a key that does not decrypt the signed content is the sender's doing too."""
    cheat = Cheat()
    cheat.committed = seed("another")
    found = cheat.message()
    refused = Problem(Code.CONTENT_CANNOT_OPEN, "content")
    assert finding(found, seed("another")) == Finding("proven", refused, PANEL.urn)


def test_a_stolen_content_cannot_be_signed_again():
    """A third agency that wraps it under other claims: info binds the claims, so it does not open."""
    cheat = Cheat()
    cheat.context = b"other claims"
    assert opened(cheat.message()) == Problem(Code.CONTENT_CANNOT_OPEN, "content")


def test_another_agency_cannot_open():
    """No wrap for it, and none that it could borrow."""
    found = envelope(GOOD)
    stranger = agency("northshire-police").opening
    refused = Problem(Code.CONTENT_RECIPIENT, "content")
    assert open_content(verified(GOOD), found.content, stranger) == refused


def test_a_body_may_not_be_endless():
    """Larger than the largest bucket is refused before it is hashed."""
    found = read_body(b"x" * (MAX_BODY_BYTES + 1), CEK, {})
    assert found == Problem(Code.CONTENT_SIZE, "content")


# ----------------------------------------------------------------------------- the arbiter


def test_a_recipient_cannot_frame_a_sender():
    """A key that the sender never committed to proves nothing, whatever it may open."""
    found = Cheat().message()
    refused = Problem(Code.CONTENT_KEY_COMMITMENT, "content")
    for cek in (seed("another"), b"", CEK + b"\x00", CEK[:31]):
        assert finding(found, cek) == Finding("wrong_key", refused)


def test_hmac_fills_short_keys_and_we_do_not():
    """HMAC alone would take the key with zeros behind for the same key."""
    kc = b64u(hmac.digest(CEK, b"dovetail/1 key-commit", "sha256"))
    assert kc == b64u(hmac.digest(CEK + b"\x00", b"dovetail/1 key-commit", "sha256"))
    assert commits_to(kc, CEK)
    assert not commits_to(kc, CEK + b"\x00")


def test_other_contents_prove_nothing():
    """A content that the sender did not sign is not its fault."""
    found = Cheat().message()
    other = envelope(GOOD).content.text
    refused = Problem(Code.CONTENT_HASH, "content")
    assert arbiter(found.signed.text, other, CEK, *PANEL.public) == Finding(
        "not_this_content", refused
    )


def test_other_signers_prove_nothing():
    """A manifest that these keys did not sign, or that is none, is nobody's."""
    found = Cheat().message()
    assert arbiter("{}", found.content.text, CEK, *PANEL.public) == Finding(
        "not_signed", Problem(Code.MESSAGE_MALFORMED, "manifest")
    )
    assert arbiter(found.signed.text, found.content.text, CEK, *SCHOOL.public) == Finding(
        "not_signed", Problem(Code.SIGNATURE_INVALID, "manifest")
    )


def test_a_signed_content_of_another_form_is_proven():
    """Members beside the content, signed by the sender, are proof without any key."""
    message = Cheat().message()
    text = message.content.text[:-1] + ',"hidden":"see you at six"}'
    extra = (("ch", sha256_text(text.encode())), ("kc", message.signed.key_commitment))
    keys = (PANEL.signer.ed25519, PANEL.signer.ml_dsa_65)
    manifest = sign_jws(message.signed.payload, MANIFEST_TYP, keys, extra)
    assert arbiter(manifest, text, b"", *PANEL.public) == Finding(
        "proven", Problem(Code.CONTENT_FORM, "content"), PANEL.urn
    )


def test_the_evidence_is_the_content_key():
    """The recipient gets the key first, so that it can show what it could not accept."""
    change, problem = ATTEMPTS["an undeclared field"]
    found = CHEAT(change)
    cek = content_key(believed(found), found.content, SCHOOL.opening)
    assert cek == CEK
    assert open_with_key(believed(found), found.content, cek) == problem


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
