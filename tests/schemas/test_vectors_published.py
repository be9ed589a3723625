"""Vectors that others published: what we build on does what its documents say."""

import base64
import gzip
import json
from functools import cache
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from pydantic import ValidationError

from schemas.commitment import disclosure_digest
from schemas.encoding import b64u
from schemas.jwk import AkpJwk, OkpJwk, thumbprint
from schemas.keys import ENCAPSULATED_BYTES, OpeningKey, VerifyingKey, verifying_key
from schemas.tree import Tree, leaf_hash, verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[1] / "vectors"


@cache
def read(name):
    """A file of vectors beside the tests."""
    return json.loads(gzip.decompress((VECTORS / f"{name}.json.gz").read_bytes()))


def from_b64u(text):
    """Bytes of base64url, forgiving: the vectors' own spelling is not under test."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_key(name, group):
    """The group's key, or None when we refuse it by its form or its point."""
    try:
        if name == "ed25519":
            jwk = OkpJwk(kty="OKP", crv="Ed25519", x=b64u(bytes.fromhex(group["publicKey"]["pk"])))
        else:
            alg = {"mldsa_44_verify": "ML-DSA-44", "mldsa_65_verify": "ML-DSA-65"}[name]
            jwk = AkpJwk(kty="AKP", alg=alg, pub=b64u(bytes.fromhex(group["publicKey"])))
    except ValidationError:
        return None
    found = verifying_key(jwk)
    return found if isinstance(found, VerifyingKey) else None


@pytest.mark.parametrize(
    ("name", "least"), [("ed25519", 150), ("mldsa_65_verify", 200), ("mldsa_44_verify", 170)]
)
def test_wycheproof_signatures(name, least):
    """Each signature holds or fails as Wycheproof says; those with a context are not ours."""
    run = 0
    for group in read(f"wycheproof_{name}_test")["testGroups"]:
        key = public_key(name, group)
        for case in group["tests"]:
            if case.get("ctx"):
                continue
            held = key is not None and key.verifies(
                bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            )
            assert held == (case["result"] == "valid"), (name, case["tcId"], case["comment"])
            run += 1
    assert run >= least


def test_jose_hpke_key_encryption():
    """HPKE-9-KE of the JOSE drafts opens with our key type: seed, info and layout agree."""
    (vector,) = [v for v in read("jose-hpke-pq-vectors") if v["alg"] == "HPKE-9-KE"]
    key = OpeningKey.from_seed(from_b64u(vector["jwk"]["priv"]))
    assert key.public.jwk.pub == vector["jwk"]["pub"]
    assert key.kid == thumbprint(key.public.jwk) == vector["jwk"]["kid"]
    for text in ("flattened", "compact"):
        jwe = vector[text]
        if isinstance(jwe, str):
            protected, encrypted, iv, ciphertext, tag = jwe.split(".")
            aad = protected
        else:
            protected, encrypted = jwe["protected"], jwe["encrypted_key"]
            iv, ciphertext, tag = jwe["iv"], jwe["ciphertext"], jwe["tag"]
            aad = protected + "." + jwe["aad"]
        header = json.loads(from_b64u(protected))
        encapsulated = from_b64u(header["ek"])
        assert len(encapsulated) == ENCAPSULATED_BYTES
        info = b"JOSE-HPKE rcpt\xff" + header["enc"].encode() + b"\xff"
        cek = key.unwrap(encapsulated, from_b64u(encrypted), info)
        assert isinstance(cek, bytes)
        sealed = from_b64u(ciphertext) + from_b64u(tag)
        assert AESGCM(cek).decrypt(from_b64u(iv), sealed, aad.encode())


KEMS = {0x10: KEM.P256, 0x11: KEM.P384, 0x12: KEM.P521, 0x20: KEM.X25519, 0x41: KEM.MLKEM768,
        0x42: KEM.MLKEM1024, 0x647A: KEM.MLKEM768_X25519}  # fmt: skip
KDFS = {1: KDF.HKDF_SHA256, 2: KDF.HKDF_SHA384, 3: KDF.HKDF_SHA512, 0x10: KDF.SHAKE128,
        0x11: KDF.SHAKE256}  # fmt: skip
AEADS = {1: AEAD.AES_128_GCM, 2: AEAD.AES_256_GCM, 3: AEAD.CHACHA20_POLY1305}
CURVES = {0x10: ec.SECP256R1(), 0x11: ec.SECP384R1(), 0x12: ec.SECP521R1()}


def hpke_private(kem, raw):
    """The recipient's key of a vector."""
    if kem in CURVES:
        return ec.derive_private_key(int.from_bytes(raw, "big"), CURVES[kem])
    if kem == 0x20:
        return x25519.X25519PrivateKey.from_private_bytes(raw)
    if kem == 0x41:
        return mlkem.MLKEM768PrivateKey.from_seed_bytes(raw)
    if kem == 0x42:
        return mlkem.MLKEM1024PrivateKey.from_seed_bytes(raw)
    found = OpeningKey.from_seed(raw)._key
    assert isinstance(found, MLKEM768X25519PrivateKey)
    return found


@pytest.mark.parametrize(("name", "least"), [("test-vectors", 18), ("hpke-pq-test-vectors", 4)])
def test_hpke_base_mode(name, least):
    """RFC 9180 and HPKE-PQ, base mode, every suite that the library offers; X-Wing by our seed."""
    path = Path(cryptography_vectors.__file__).parent / "HPKE" / f"{name}.json"
    run = 0
    for vector in json.loads(path.read_text()):
        kem, kdf, aead = vector["kem_id"], vector["kdf_id"], vector["aead_id"]
        if vector["mode"] or kem not in KEMS or kdf not in KDFS or aead not in AEADS:
            continue
        suite = Suite(KEMS[kem], KDFS[kdf], AEADS[aead])
        key = hpke_private(kem, bytes.fromhex(vector["skRm"]))
        first = vector["encryptions"][0]
        # Private: the vectors have an aad, which the public interface leaves empty (as we do).
        plaintext = openssl.hpke._decrypt_with_aad(
            suite,
            bytes.fromhex(vector["enc"]) + bytes.fromhex(first["ct"]),
            key,
            bytes.fromhex(vector["info"]),
            bytes.fromhex(first["aad"]),
        )
        assert plaintext == bytes.fromhex(first["pt"])
        run += 1
    assert run >= least


def test_x_wing_seed_gives_the_published_key():
    """The HPKE-PQ set's X-Wing seeds expand to its public keys."""
    path = Path(cryptography_vectors.__file__).parent / "HPKE" / "hpke-pq-test-vectors.json"
    found = [v for v in json.loads(path.read_text()) if v["kem_id"] == 0x647A]
    assert len(found) == 2
    for vector in found:
        key = OpeningKey.from_seed(bytes.fromhex(vector["skRm"]))
        assert key.public.jwk.pub == b64u(bytes.fromhex(vector["pkRm"]))


@pytest.mark.parametrize(
    ("disclosure", "digest"),
    [
        (
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
            "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
        ),
        (
            "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0",
            "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs",
        ),
    ],
)
def test_rfc_9901_digests(disclosure, digest):
    """Digests are those of RFC 9901 sections 4.2.3 and 4.2.4.2."""
    assert disclosure_digest(from_b64u(disclosure)) == digest


def test_rfc_7638_thumbprint():
    """The thumbprint is that of RFC 8037 appendix A.3."""
    jwk = OkpJwk(kty="OKP", crv="Ed25519", x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def merkle(kind):
    """The cases of one kind."""
    found = read("rfc6962-merkle")
    return [pytest.param(found[name], id=name) for name in found if name.startswith(kind)]


def raw(text):
    """Bytes of standard base64; null is none."""
    return base64.b64decode(text or "")


@pytest.mark.parametrize("case", merkle("inclusion/"))
def test_transparency_dev_inclusion(case):
    """Inclusion proofs hold or fail as transparency-dev says."""
    proof = [raw(part) for part in case["proof"] or []]
    found = verify_inclusion(
        raw(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, raw(case["root"])
    )
    assert (found is not None) == case["wantErr"]


@pytest.mark.parametrize("case", merkle("consistency/"))
def test_transparency_dev_consistency(case):
    """Consistency proofs hold or fail as transparency-dev says."""
    proof = [raw(part) for part in case["proof"] or []]
    found = verify_consistency(
        case["size1"], raw(case["root1"]), case["size2"], raw(case["root2"]), proof
    )
    assert (found is not None) == case["wantErr"]


def test_the_reference_tree():
    """The eight leaves of Certificate Transparency's reference tree give its published roots."""
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    tree = Tree(leaf_hash(bytes.fromhex(leaf)) for leaf in leaves)
    assert tree.root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
