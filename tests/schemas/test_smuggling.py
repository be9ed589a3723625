"""What a sender may try inside a content, what becomes of it, and who can prove it."""

import hmac

import pytest

from schemas.commitment import commits_to, disclosure, disclosure_digest, salt_key, sha256_text
from schemas.content import MAX_BODY_BYTES, read_body
from schemas.encoding import b64u, dump_json, parse_b64u
from schemas.envelope import (
    MANIFEST_TYP,
)
from schemas.jws import sign_jws
from schemas.problems import Code, Problem
from schemas.sealing import (
    Finding,
    Opened,
    arbiter,
    content_key,
    open_content,
    open_with_key,
)
from tests.builders.cheat import CEK, PANEL, SCHOOL, Cheat, believed, finding, opened
from tests.builders.messages import (
    FIELDS,
    agency,
    envelope,
    seed,
    signed_request,
    verified,
)

GOOD = signed_request()


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
