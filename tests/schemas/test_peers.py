"""Other implementations read our bytes: what we call JWS and JWE is JWS and JWE."""

import json

import pytest
from joserfc import jwe as joserfc_jwe
from joserfc import jws as joserfc_jws
from joserfc.jwk import OctKey, OKPKey
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws

from schemas.content import body_of
from schemas.encoding import b64u, parse_b64u
from schemas.jwe import pad
from schemas.receipt import Receipt, sign_receipt
from tests.builders.messages import (
    FIELDS,
    agency,
    broker,
    cek_of,
    envelope,
    seed,
    signed_request,
)
from tests.schemas.test_receipt import receipt
from tests.schemas.test_record import CEK, TEXT, VALUE

MESSAGE = signed_request()
PANEL = agency("northshire-panel")
CONTENT = envelope(MESSAGE).content.text
CASES = [
    pytest.param(CONTENT, cek_of(MESSAGE), pad(body_of(cek_of(MESSAGE), FIELDS)), id="content"),
    pytest.param(TEXT, CEK, None, id="record"),
]


def as_direct(text):
    """The same ciphertext as a JWE whose key is known: any library knows ``dir``.

    The protected header is authenticated, so ``alg`` stands beside it.
    """
    value = json.loads(text)
    return {
        "protected": value["protected"],
        "header": {"alg": "dir"},
        "iv": value["iv"],
        "ciphertext": value["ciphertext"],
        "tag": value["tag"],
    }


def test_jwcrypto_verifies_both_signatures():
    """The jwcrypto library knows Ed25519 and ML-DSA-65, and finds our thumbprints."""
    for which, public in enumerate(PANEL.public):
        key = jwcrypto_jwk.JWK(**public.jwk.model_dump())
        assert key.thumbprint() == public.kid
        found = jwcrypto_jws.JWS()
        found.allowed_algs = ["Ed25519", "EdDSA", "ML-DSA-65"]
        value = json.loads(MESSAGE.signed.text)
        one = {"payload": value["payload"], **value["signatures"][which]}
        found.deserialize(json.dumps(one))
        found.verify(key)
        assert found.payload == MESSAGE.signed.payload


def test_joserfc_verifies_ed25519():
    """The joserfc library verifies the first signature and a receipt (it has no ML-DSA)."""
    registry = joserfc_jws.JWSRegistry(algorithms=["Ed25519"], strict_check_header=False)
    value = json.loads(MESSAGE.signed.text)
    one = {"payload": value["payload"], **value["signatures"][0]}
    key = OKPKey.import_key(PANEL.public[0].jwk.model_dump())
    found = joserfc_jws.deserialize_json(one, key, registry=registry)
    assert found.payload == MESSAGE.signed.payload
    signed = json.loads(sign_receipt(receipt("recalled"), broker().gate))
    one = {"payload": signed["payload"], **signed["signatures"][0]}
    key = OKPKey.import_key(broker().gate.public.jwk.model_dump())
    found = joserfc_jws.deserialize_json(one, key, registry=registry)
    assert Receipt.model_validate_json(found.payload) == receipt("recalled")


@pytest.mark.parametrize(("text", "cek", "clear"), CASES)
def test_jwcrypto_decrypts(text, cek, clear):
    """Once the content key is known, jwcrypto opens the very ciphertext."""
    found = jwcrypto_jwe.JWE()
    found.deserialize(json.dumps(as_direct(text)), jwcrypto_jwk.JWK(kty="oct", k=b64u(cek)))
    assert clear is None or found.payload == clear
    assert clear is not None or json.loads(found.payload) == VALUE


@pytest.mark.parametrize(("text", "cek", "clear"), CASES)
def test_joserfc_decrypts(text, cek, clear):
    """The joserfc library opens it too."""
    registry = joserfc_jwe.JWERegistry(algorithms=["dir", "A256GCM"], strict_check_header=False)
    found = joserfc_jwe.decrypt_json(as_direct(text), OctKey.import_key(cek), registry=registry)
    assert found.plaintext is not None
    assert clear is None or found.plaintext == clear
    assert clear is not None or json.loads(found.plaintext) == VALUE


def test_jwcrypto_signs_what_we_verify():
    """A signature that jwcrypto makes with our seed holds under our key, and the other way round."""
    x = parse_b64u(PANEL.public[0].jwk.model_dump()["x"])
    assert isinstance(x, bytes)
    private = jwcrypto_jwk.JWK(
        kty="OKP", crv="Ed25519", x=b64u(x), d=b64u(seed("northshire-panel ed25519"))
    )
    token = jwcrypto_jws.JWS(b"payload")
    token.allowed_algs = ["EdDSA", "Ed25519"]
    token.add_signature(private, protected='{"alg":"Ed25519"}')
    value = json.loads(token.serialize())
    signature = parse_b64u(value["signature"])
    assert isinstance(signature, bytes)
    signed = f"{value['protected']}.{value['payload']}".encode()
    assert PANEL.public[0].verifies(signature, signed)
