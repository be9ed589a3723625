"""Keys: made of seeds, silent about themselves, refused when libraries would disagree on them."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.encoding import b64u, parse_b64u
from schemas.jwk import AkpJwk, OkpJwk, thumbprint
from schemas.keys import (
    SIGNATURE_BYTES,
    LogSigner,
    MessageSigner,
    OpeningKey,
    SealingKey,
    SigningKey,
    VerifyingKey,
    sealing_key,
    verifying_key,
)
from schemas.problems import Code, Problem
from tests.builders.messages import agency, broker, seed

P = 2**255 - 19
UNSAFE = Problem(Code.KEY_UNSAFE, "key")
INFO = b"info"
CEK = bytes(range(32))


def okp(raw: bytes) -> OkpJwk:
    """An Ed25519 JWK of any 32 bytes."""
    return OkpJwk(kty="OKP", crv="Ed25519", x=b64u(raw))


@pytest.mark.parametrize("alg", ["Ed25519", "ML-DSA-65", "ML-DSA-44"])
def test_a_signature_holds_over_its_bytes_alone(alg):
    """The public half, made again of its JWK, verifies these bytes and no others."""
    key = SigningKey.from_seed(alg, seed("a"))
    public = verifying_key(key.public.jwk)
    assert public == key.public
    assert isinstance(public, VerifyingKey)
    signature = key.sign(b"bytes")
    assert len(signature) == SIGNATURE_BYTES[alg]
    assert public.verifies(signature, b"bytes")
    assert not public.verifies(signature, b"byteS")
    assert not public.verifies(signature[:-1], b"bytes")
    assert not public.verifies(b"", b"bytes")


@pytest.mark.parametrize(
    "make", [lambda s: SigningKey.from_seed("Ed25519", s), OpeningKey.from_seed]
)
def test_a_seed_has_32_bytes(make):
    """Any other length is a fault of ours."""
    for wrong in (bytes(31), bytes(33), b""):
        with pytest.raises(ValueError, match="32 bytes"):
            make(wrong)


def test_pairs_hold_each_key_in_its_place():
    """A pair cannot be put together the wrong way round, or of the wrong kinds."""
    ed, message, log = (SigningKey.from_seed(a, seed("a")) for a in SIGNATURE_BYTES)
    assert MessageSigner(ed, message).public == (ed.public, message.public)
    assert LogSigner(ed, log).public == (ed.public, log.public)
    with pytest.raises(ValueError, match="in this order"):
        MessageSigner(message, ed)
    with pytest.raises(ValueError, match="in this order"):
        MessageSigner(ed, log)
    with pytest.raises(ValueError, match="in this order"):
        LogSigner(ed, message)


def test_keys_say_nothing_of_themselves():
    """No representation, which may reach a log, shows more than names."""
    shown = repr((agency().signer, agency().opening, broker().log))
    assert len(shown) < 2000
    assert agency().signer.ed25519.public.jwk.model_dump()["x"] not in shown


SMALL = [0, 1, P - 1, 2707385501144840649318225287225658788936804267575313519463743609750303021022]


@pytest.mark.parametrize("y", [*SMALL, P - SMALL[3]])
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_points_of_low_order_are_refused(y, sign):
    """Under such a key one signature fits many messages."""
    assert verifying_key(okp((y | sign).to_bytes(32, "little"))) == UNSAFE


@pytest.mark.parametrize("y", [P, P + 1, P + 3, 2**255 - 1])
def test_second_spellings_of_a_point_are_refused(y):
    """A point has one spelling: y below p."""
    assert verifying_key(okp(y.to_bytes(32, "little"))) == UNSAFE


@pytest.mark.parametrize("y", [2, 7])
def test_what_is_no_point_is_refused(y):
    """No x belongs to this y."""
    assert verifying_key(okp(y.to_bytes(32, "little"))) == UNSAFE


def test_sound_points_are_taken():
    """Every key made of a seed is sound, whatever its sign."""
    signs = set()
    for n in range(20):
        key = SigningKey.from_seed("Ed25519", hashlib.sha256(bytes([n])).digest())
        assert verifying_key(key.public.jwk) == key.public
        signs.add(key.public.public_bytes[31] >> 7)
    assert signs == {0, 1}


def test_the_library_alone_would_take_them():
    """Why we look ourselves: OpenSSL loads the identity as a key."""
    assert Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))


def test_each_key_for_its_use():
    """A key to seal to verifies nothing, and a key that verifies is not sealed to."""
    assert verifying_key(agency().opening.public.jwk) == UNSAFE
    for key in (*agency().public, broker().log.ml_dsa_44.public):
        assert sealing_key(key.jwk) == UNSAFE


def test_what_is_wrapped_is_unwrapped():
    """Only this key, with this info, opens it; every failure is the same problem."""
    key = agency().opening
    public = sealing_key(key.public.jwk)
    assert public == key.public
    assert isinstance(public, SealingKey)
    encapsulated, encrypted = public.wrap(CEK, INFO)
    assert (len(encapsulated), len(encrypted)) == (1120, 48)
    assert key.unwrap(encapsulated, encrypted, INFO) == CEK
    refused = Problem(Code.CONTENT_CANNOT_OPEN, "content")
    assert key.unwrap(encapsulated, encrypted, b"other") == refused
    assert agency("northshire-panel").opening.unwrap(encapsulated, encrypted, INFO) == refused
    assert key.unwrap(bytes(1120), encrypted, INFO) == refused
    assert key.unwrap(encapsulated, b"", INFO) == refused
    assert key.unwrap(b"", b"", INFO) == refused


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:1184] + bytes(32),
        lambda raw: raw[:1184] + b"\x01" + bytes(31),
        lambda raw: b"\xff" * 1184 + raw[1184:],
    ],
)
def test_keys_that_could_not_be_sealed_to_are_refused(change):
    """A share of low order, and numbers past the modulus of ML-KEM."""
    raw = parse_b64u(agency().opening.public.jwk.pub)
    assert isinstance(raw, bytes)
    assert sealing_key(AkpJwk(kty="AKP", alg="HPKE-9-KE", pub=b64u(change(raw)))) == UNSAFE


def test_jwk_members_and_thumbprints_are_pinned():
    """The bytes under a thumbprint are wire format (RFC 7638, 8037, 9964)."""
    ed, akp = okp(bytes(32)), AkpJwk(kty="AKP", alg="ML-DSA-65", pub=b64u(bytes(1952)))
    text = '{"crv":"Ed25519","kty":"OKP","x":"' + "A" * 43 + '"}'
    assert thumbprint(ed) == b64u(hashlib.sha256(text.encode()).digest())
    text = '{"alg":"ML-DSA-65","kty":"AKP","pub":"' + b64u(bytes(1952)) + '"}'
    assert thumbprint(akp) == b64u(hashlib.sha256(text.encode()).digest())
