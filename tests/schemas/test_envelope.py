"""Envelopes: one spelling, both signatures, the signed content, the right keys."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.commitment import sha256_text
from schemas.encoding import JsonValue, b64u, dump_json, parse_b64u
from schemas.envelope import (
    MAX_ENVELOPE_BYTES,
    Envelope,
    SealedContent,
    SignedManifest,
    Verified,
    check_content,
    dump_envelope,
    envelope_id,
    read_content,
    read_envelope,
    read_manifest,
    verify,
)
from schemas.jws import read_jws, sign_jws, verify_jws
from schemas.manifest import MAX_MANIFEST_BYTES
from schemas.problems import Code, Problem
from tests.builders.messages import (
    AT,
    agency,
    broker,
    claims,
    envelope,
    signed_request,
    signed_response,
    verified,
)

GOOD = signed_request()
PANEL, SCHOOL = agency("northshire-panel"), agency("oakfield-school")
FORM = Problem(Code.CONTENT_FORM, "content")
SHAPE = Problem(Code.MESSAGE_MALFORMED, "manifest")


def taken_apart(data=GOOD.envelope):
    """The envelope, its manifest and content as JSON values."""
    value = json.loads(data)
    return value, json.loads(value["manifest"]), json.loads(value["content"])


def with_manifest(manifest):
    """The envelope with another manifest text."""
    value, _, _ = taken_apart()
    return dump_envelope(dump_json(manifest).decode(), value["content"])


def judged(data):
    """Read and verify, as the gate does, with the panel's keys."""
    found = read_envelope(data)
    return found if isinstance(found, Problem) else verify(found.signed, *PANEL.public)


def test_a_good_envelope_is_believed():
    """Read, verified, its content checked: the claims are the sender's."""
    found = read_envelope(GOOD.envelope)
    assert isinstance(found, Envelope)
    assert found.id == envelope_id(GOOD.envelope)
    assert found.signed == GOOD.signed
    assert found.signed.h == GOOD.h
    assert found.signed.kids == tuple(key.kid for key in PANEL.public)
    believed = verify(found.signed, *PANEL.public)
    assert isinstance(believed, Verified)
    assert believed.manifest.iss == PANEL.urn
    assert found.content.kids == (SCHOOL.opening.kid,)
    assert found.content.padded_bytes == 4096
    assert check_content(found.content, [SCHOOL.opening.kid, PANEL.opening.kid]) is None


@pytest.mark.parametrize("kids", [[], [PANEL.opening.kid]])
def test_the_content_is_for_the_recipient_alone(kids):
    """A content sealed to any key that is not the recipient's is refused."""
    refused = Problem(Code.CONTENT_RECIPIENT, "content")
    assert check_content(envelope(GOOD).content, kids) == refused


@settings(max_examples=400)
@example(place=0, bit=0)
@given(place=st.integers(0, len(GOOD.envelope) - 1), bit=st.integers(0, 7))
def test_no_single_bit_may_change(place, bit):
    """Anywhere in an envelope a changed bit is a problem."""
    data = bytearray(GOOD.envelope)
    data[place] ^= 1 << bit
    assert isinstance(judged(bytes(data)), Problem)


@settings(max_examples=200)
@given(cut=st.integers(0, len(GOOD.envelope) - 1))
def test_a_cut_envelope_is_refused(cut):
    """Truncated anywhere it is a problem, and never an error."""
    assert isinstance(read_envelope(GOOD.envelope[:cut]), Problem)


@settings(max_examples=200)
@given(place=st.integers(0, len(GOOD.envelope)), what=st.sampled_from(' \n\t,"{}[]:\\0a'))
def test_nothing_may_be_put_in(place, what):
    """JSON's freedom is closed: no white space and no further character fits anywhere."""
    data = GOOD.envelope[:place] + what.encode() + GOOD.envelope[place:]
    assert isinstance(judged(data), Problem)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_problem(data):
    """Whatever comes, reading ends in a value."""
    assert isinstance(read_envelope(data), Problem)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x" * (MAX_ENVELOPE_BYTES + 1), Problem(Code.MESSAGE_TOO_LARGE, "envelope")),
        (b"[]", Problem(Code.MESSAGE_MALFORMED, "envelope")),
        (b'{"v":1}', Problem(Code.MESSAGE_MALFORMED, "envelope")),
        (b'{"v":1,"manifest":"","content":1}', Problem(Code.MESSAGE_MALFORMED, "envelope")),
        (b'{"v":1,"manifest":{},"content":""}', Problem(Code.MESSAGE_MALFORMED, "envelope")),
        (b'{"v":1,"manifest":"","content":"","x":1}', Problem(Code.MESSAGE_MALFORMED, "envelope")),
        (b'{"manifest":"","v":1,"content":""}', Problem(Code.MESSAGE_MALFORMED, "envelope")),
        (b'{"v":2,"manifest":"","content":""}', Problem(Code.MESSAGE_UNKNOWN_VERSION, "envelope.v")),
        (b'{"v":true,"manifest":"","content":""}', Problem(Code.MESSAGE_UNKNOWN_VERSION, "envelope.v")),
        (b'{"v":"1","manifest":"","content":""}', Problem(Code.MESSAGE_UNKNOWN_VERSION, "envelope.v")),
        (b'{"v":1,"manifest":"x","content":""}', Problem(Code.MESSAGE_NOT_JSON, "manifest")),
        (b'{"v":1,"manifest":"[]","content":""}', SHAPE),
        (dump_envelope(" " * (MAX_MANIFEST_BYTES + 1), ""), Problem(Code.MESSAGE_TOO_LARGE, "manifest")),
    ],
)  # fmt: skip
def test_what_is_no_envelope(data, problem):
    """Wrong from outside in: one problem each."""
    assert read_envelope(data) == problem


def test_signatures_are_two_in_their_order():
    """One, three, or the other way round is refused: no suite is negotiated."""
    _, manifest, _ = taken_apart()
    first, second = manifest["signatures"]
    refused = Problem(Code.SIGNATURE_ALGORITHM, "manifest")
    for entries in (
        [first],
        [second],
        [first, second, second],
        [second, first],
        [],
        [first, first],
    ):
        assert judged(with_manifest(manifest | {"signatures": entries})) == refused


def header_changes():
    """Protected headers that must be refused: name, change, problem."""
    refused = Problem(Code.SIGNATURE_ALGORITHM, "manifest")
    for alg in ("none", "EdDSA", "HS256", "ML-DSA-87", "ed25519", None):
        yield f"alg {alg}", lambda h, alg=alg: {**h, "alg": alg}, refused
    yield "typ", lambda h: {**h, "typ": "JWT"}, SHAPE
    yield "kid", lambda h: {**h, "kid": "x"}, SHAPE
    yield "kid type", lambda h: {**h, "kid": 1}, SHAPE
    yield "ch", lambda h: {**h, "ch": h["ch"][:-1]}, SHAPE
    yield "ch type", lambda h: {**h, "ch": None}, SHAPE
    yield "no kc", lambda h: {k: v for k, v in h.items() if k != "kc"}, SHAPE
    yield "crit", lambda h: {**h, "crit": ["b64"]}, SHAPE
    yield "jwk", lambda h: {**h, "jwk": {}}, SHAPE
    yield "order", lambda h: dict(sorted(h.items(), reverse=True)), SHAPE


@pytest.mark.parametrize(
    ("change", "problem"), [pytest.param(c, p, id=name) for name, c, p in header_changes()]
)
@pytest.mark.parametrize("which", [0, 1])
def test_headers_have_one_form(change, problem, which):
    """Algorithm confusion, embedded keys, extensions, other orders: refused before any crypto."""
    _, manifest, _ = taken_apart()
    raw = parse_b64u(manifest["signatures"][which]["protected"])
    assert isinstance(raw, bytes)
    header = dump_json(change(json.loads(raw)))
    manifest["signatures"][which]["protected"] = b64u(header)
    assert judged(with_manifest(manifest)) == problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda m: m["signatures"][0].update(protected="{}"), Problem(Code.MESSAGE_BASE64, "manifest")),
        (lambda m: m["signatures"][0].update(protected=7), Problem(Code.MESSAGE_BASE64, "manifest")),
        (lambda m: m["signatures"][0].update(protected=b64u(b"{")), Problem(Code.MESSAGE_NOT_JSON, "manifest")),
        (lambda m: m["signatures"][0].update(header={}), SHAPE),
        (lambda m: m["signatures"].__setitem__(0, "x"), SHAPE),
        (lambda m: m["signatures"][1].update(signature=b64u(bytes(64))), Problem(Code.MESSAGE_BASE64, "manifest")),
        (lambda m: m["signatures"][0].update(signature=b64u(bytes(64))), Problem(Code.SIGNATURE_INVALID, "manifest")),
        (lambda m: m["signatures"][1].update(signature=b64u(bytes(3309))), Problem(Code.SIGNATURE_INVALID, "manifest")),
        (lambda m: m.update(payload="A"), Problem(Code.MESSAGE_BASE64, "manifest")),
        (lambda m: m.update(payload=7), SHAPE),
        (lambda m: m.update(signatures={}), SHAPE),
        (lambda m: m.update(x=1), SHAPE),
        (lambda m: m.update(payload=b64u(b"{}")), FORM),
    ],
)  # fmt: skip
def test_manifests_have_one_form(change, problem):
    """Each part of the JWS bent alone is one problem."""
    _, manifest, _ = taken_apart()
    change(manifest)
    assert judged(with_manifest(manifest)) == problem


def test_signatures_agree_on_the_content():
    """One signature over this content and one over that is no manifest."""
    other = signed_request(seq=2, prev=GOOD.h, jti="01a1e395-ae80-7000-8000-000000000000")
    _, first, _ = taken_apart()
    _, second, _ = taken_apart(other.envelope)
    first["signatures"][1] = second["signatures"][1]
    assert judged(with_manifest(first)) == SHAPE


def test_each_signature_stands_alone():
    """Without the ML-DSA signature of this very payload it is refused, and without Ed25519 too."""
    other = signed_request(seq=2, prev=GOOD.h)
    for which in (0, 1):
        _, manifest, _ = taken_apart()
        _, foreign, _ = taken_apart(other.envelope)
        manifest["signatures"][which]["signature"] = foreign["signatures"][which]["signature"]
        assert judged(with_manifest(manifest)) == Problem(Code.SIGNATURE_INVALID, "manifest")


def test_the_key_of_the_directory_counts():
    """Another agency's key, a key in the other's place, or one too few is refused."""
    signed = envelope(GOOD).signed
    ed, ml = PANEL.public
    invalid = Problem(Code.SIGNATURE_INVALID, "manifest")
    algorithm = Problem(Code.SIGNATURE_ALGORITHM, "manifest")
    assert verify(signed, *SCHOOL.public) == invalid
    assert verify(signed, SCHOOL.public[0], ml) == invalid
    assert verify(signed, ed, SCHOOL.public[1]) == invalid
    assert verify(signed, ml, ed) == algorithm
    assert verify(signed, ed, broker().log.ml_dsa_44.public) == algorithm
    assert verify_jws(signed.jws, [ed], "manifest") == algorithm


def test_claims_are_read_after_the_signatures():
    """Bad claims under good signatures are named; under bad ones only the signature is."""
    payload = dump_json({**claims(), "_sd_alg": "sha-256"})
    extra = (("ch", GOOD.signed.content_hash), ("kc", GOOD.signed.key_commitment))
    keys = (PANEL.signer.ed25519, PANEL.signer.ml_dsa_65)
    signed = read_manifest(sign_jws(payload, "dovetail-manifest+sd-jwt", keys, extra))
    assert isinstance(signed, SignedManifest)
    missing = Problem(Code.MANIFEST_MISSING_MEMBER, "manifest.f")
    assert verify(signed, *PANEL.public) == missing
    assert verify(signed, *SCHOOL.public) == Problem(Code.SIGNATURE_INVALID, "manifest")


def test_a_content_is_the_signed_one():
    """A content of another message, or one character changed, is not what was signed."""
    signed = envelope(GOOD).signed
    refused = Problem(Code.CONTENT_HASH, "content")
    value, _, _ = taken_apart()
    for text in ("", value["content"] + " ", envelope(signed_response()).content.text, "\ud800"):
        assert read_content(signed, text) == refused
    found = read_content(signed, value["content"])
    assert isinstance(found, SealedContent)


CONTENT_CHANGES = {
    "not json": lambda _: "{",
    "not an object": lambda _: [],
    "a further member": lambda c: {**c, "aad": ""},
    "unprotected": lambda c: {**c, "unprotected": {}},
    "another order": lambda c: dict(sorted(c.items())),
    "no recipient": lambda c: {**c, "recipients": []},
    "recipients no list": lambda c: {**c, "recipients": c["recipients"][0]},
    "a recipient twice": lambda c: {**c, "recipients": c["recipients"] * 2},
    "nine recipients": lambda c: {**c, "recipients": c["recipients"] * 9},
    "recipient no object": lambda c: {**c, "recipients": ["x"]},
    "a short iv": lambda c: {**c, "iv": c["iv"][:-4]},
    "a short tag": lambda c: {**c, "tag": c["tag"][:-4]},
    "a tag that is no text": lambda c: {**c, "tag": None},
    "a ciphertext of another size": lambda c: {**c, "ciphertext": c["ciphertext"][:-4]},
    "a ciphertext that is no text": lambda c: {**c, "ciphertext": 5},
    "an empty ciphertext": lambda c: {**c, "ciphertext": ""},
}
WRAP_CHANGES = {
    "a classical wrap": lambda h: {**h, "alg": "ECDH-ES+A256KW"},
    "dir": lambda h: {**h, "alg": "dir"},
    "HPKE-4": lambda h: {**h, "alg": "HPKE-4-KE"},
    "a short ek": lambda h: {**h, "ek": h["ek"][:-4]},
    "a kid that is none": lambda h: {**h, "kid": "x"},
    "a kid that is no text": lambda h: {**h, "kid": 1},
    "a further header": lambda h: {**h, "apu": ""},
    "no header": lambda _: "x",
}
HEADER_CHANGES = {
    "another encryption": lambda h: {**h, "enc": "A128GCM"},
    "another type": lambda h: {**h, "typ": "dovetail-record"},
    "compression": lambda h: {**h, "zip": "DEF"},
    "another context": lambda h: {**h, "ctx": b64u(bytes(32))},
    "a context that is none": lambda h: {**h, "ctx": "x"},
    "header no object": lambda _: [],
}


def resigned(change):
    """A message whose sender signed a content that was changed: only the sender can do this."""
    _, _, content = taken_apart()
    text = dump_json(change(content)).decode()
    return resigned_text(text)


def resigned_text(text):
    """The same for a content's exact text."""
    extra = (("ch", sha256_text(text.encode())), ("kc", GOOD.signed.key_commitment))
    keys = (PANEL.signer.ed25519, PANEL.signer.ml_dsa_65)
    return dump_envelope(
        sign_jws(GOOD.signed.payload, "dovetail-manifest+sd-jwt", keys, extra), text
    )


@pytest.mark.parametrize("name", CONTENT_CHANGES)
def test_contents_have_one_form(name):
    """Even what the sender signed is refused when the JWE says more or other than it may."""
    assert read_envelope(resigned(CONTENT_CHANGES[name])) == FORM


@pytest.mark.parametrize("name", WRAP_CHANGES)
def test_every_wrap_is_hybrid(name):
    """One classical wrap would give the content away later: only HPKE-9-KE, in one form."""

    def change(content):
        (wrap,) = content["recipients"]
        return {**content, "recipients": [{**wrap, "header": WRAP_CHANGES[name](wrap["header"])}]}

    assert read_envelope(resigned(change)) == FORM


def test_the_wrapped_key_has_its_size():
    """48 bytes and no more: there is no room beside the key."""

    def change(content):
        (wrap,) = content["recipients"]
        return {**content, "recipients": [{**wrap, "encrypted_key": b64u(bytes(49))}]}

    assert read_envelope(resigned(change)) == FORM


@pytest.mark.parametrize("name", HEADER_CHANGES)
def test_contents_say_what_they_belong_to(name):
    """The protected header names this encryption, this type and these claims."""

    def change(content: dict[str, JsonValue]) -> dict[str, JsonValue]:
        raw = parse_b64u(content["protected"])
        assert isinstance(raw, bytes)
        header = HEADER_CHANGES[name](json.loads(raw))
        return {**content, "protected": b64u(dump_json(header))}

    assert read_envelope(resigned(change)) == FORM


@pytest.mark.parametrize("protected", ["x", b64u(b"{"), 7])
def test_a_protected_header_that_cannot_be_read(protected):
    """Neither base64 nor JSON: refused as a form."""
    assert read_envelope(resigned(lambda c: {**c, "protected": protected})) == FORM


def test_a_content_in_another_spelling_is_refused():
    """White space inside a signed content is room to write in."""
    value, _, _ = taken_apart()
    refused = Problem(Code.MESSAGE_MALFORMED, "content")
    assert read_envelope(resigned_text(value["content"] + " ")) == refused
    assert read_envelope(resigned_text("{")) == Problem(Code.MESSAGE_NOT_JSON, "content")


def test_a_content_is_sealed_to_four_keys_at_most():
    """An agency has few keys at a time; more would be further readers."""
    (wrap,) = taken_apart()[2]["recipients"]
    five = [{**wrap, "header": {**wrap["header"], "kid": b64u(bytes([n] * 32))}} for n in range(5)]
    assert read_envelope(resigned(lambda c: {**c, "recipients": five})) == FORM
    assert isinstance(read_envelope(resigned(lambda c: {**c, "recipients": five[:4]})), Envelope)


def test_any_type_of_signed_text_is_read_alike():
    """A lone surrogate in a text that never was bytes is a problem, not an error."""
    found = read_jws("\ud800", "t", ("Ed25519",), limit_bytes=100, where="here")
    assert found == Problem(Code.MESSAGE_NOT_UTF8, "here")


def test_names_of_messages_differ():
    """Two sealings of the same claims are two messages."""
    assert envelope_id(signed_request().envelope) != envelope_id(signed_request().envelope)
    assert verified(GOOD).manifest.iat == int(AT.timestamp())
