"""Keys: what signs, verifies, opens and is sealed to. Seeds come from outside; nothing is made here.

Suite 1 is fixed: Ed25519 and ML-DSA-65 for messages, Ed25519 and ML-DSA-44 for the log's
checkpoints, X-Wing (ML-KEM-768 and X25519) to seal. There is no negotiation, and a key knows its
one algorithm, so a header can only agree with it or be refused. Every private key is kept as a
32-byte seed (FIPS 204 section 3.6.3, draft-connolly-cfrg-xwing-kem), which ``key_file`` encrypts.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeAlias, assert_never

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
    MLDSA65PrivateKey,
    MLDSA65PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from schemas.encoding import b64u, parse_b64u
from schemas.identifiers import Kid
from schemas.jwk import AkpJwk, OkpJwk, thumbprint
from schemas.problems import Code, Problem

__all__ = [
    "ENCAPSULATED_BYTES",
    "SEED_BYTES",
    "SIGNATURE_BYTES",
    "LogSigner",
    "MessageSigner",
    "OpeningKey",
    "SealingKey",
    "SignatureAlgorithm",
    "SigningKey",
    "VerifyingKey",
    "sealing_key",
    "verifying_key",
]

SignatureAlgorithm: TypeAlias = Literal["Ed25519", "ML-DSA-65", "ML-DSA-44"]
SIGNATURE_BYTES: Final[dict[SignatureAlgorithm, int]] = {
    "Ed25519": 64,  # RFC 8032
    "ML-DSA-65": 3309,  # FIPS 204 table 2
    "ML-DSA-44": 2420,
}
SEED_BYTES: Final = 32
ENCAPSULATED_BYTES: Final = KEM.MLKEM768_X25519.enc_length()  # 1120
_ML_KEM_PUBLIC_BYTES: Final = 1184
_ML_KEM_SEED_BYTES: Final = 64

# HPKE-9: X-Wing 0x647a, SHAKE256 0x0011, AES-256-GCM 0x0002 (draft-ietf-jose-hpke-pq-pqt).
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM)

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
# The y of the points of order 4, 1, 2 and (two) 8: all that vanish under the cofactor.
_Y_ORDER_8: Final = 2707385501144840649318225287225658788936804267575313519463743609750303021022
_LOW_ORDER_Y: Final = frozenset({0, 1, _P - 1, _Y_ORDER_8, _P - _Y_ORDER_8})

_PrivateSignature: TypeAlias = Ed25519PrivateKey | MLDSA65PrivateKey | MLDSA44PrivateKey
_PublicSignature: TypeAlias = Ed25519PublicKey | MLDSA65PublicKey | MLDSA44PublicKey


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key that verifies with its one algorithm."""

    jwk: OkpJwk | AkpJwk = field(repr=False)
    kid: Kid
    alg: SignatureAlgorithm
    public_bytes: bytes = field(repr=False)
    _key: _PublicSignature = field(repr=False, compare=False)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Tell whether the signature holds over exactly these bytes."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that signs with its one algorithm; shows nothing of itself."""

    public: VerifyingKey
    _key: _PrivateSignature = field(repr=False, compare=False)

    @classmethod
    def from_seed(cls, alg: SignatureAlgorithm, seed: bytes) -> Self:
        """Make a key of its 32-byte seed.

        Raises:
            ValueError: The seed is not 32 bytes long.

        """
        if len(seed) != SEED_BYTES:
            raise ValueError("a seed has 32 bytes")
        key = _private(alg, seed)
        raw = key.public_key().public_bytes_raw()
        jwk: OkpJwk | AkpJwk
        if alg == "Ed25519":
            jwk = OkpJwk(kty="OKP", crv="Ed25519", x=b64u(raw))
        else:
            jwk = AkpJwk(kty="AKP", alg=alg, pub=b64u(raw))
        return cls(VerifyingKey(jwk, thumbprint(jwk), alg, raw, key.public_key()), key)

    @property
    def kid(self) -> Kid:
        """The name of the key."""
        return self.public.kid

    @property
    def alg(self) -> SignatureAlgorithm:
        """Its one algorithm."""
        return self.public.alg

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes themselves: no context, no prehash. ML-DSA differs each time."""
        return self._key.sign(data)


@dataclass(frozen=True, slots=True)
class MessageSigner:
    """The pair that signs an agency's messages: both signatures, always."""

    ed25519: SigningKey
    ml_dsa_65: SigningKey

    def __post_init__(self) -> None:
        """Hold that each key has its place."""
        if (self.ed25519.alg, self.ml_dsa_65.alg) != ("Ed25519", "ML-DSA-65"):
            raise ValueError("a message is signed by Ed25519 and ML-DSA-65, in this order")

    @classmethod
    def from_seeds(cls, ed25519: bytes, ml_dsa_65: bytes) -> Self:
        """Make the pair of two seeds of 32 bytes."""
        return cls(
            SigningKey.from_seed("Ed25519", ed25519), SigningKey.from_seed("ML-DSA-65", ml_dsa_65)
        )

    @property
    def public(self) -> tuple[VerifyingKey, VerifyingKey]:
        """What verifies the two signatures, in their order."""
        return self.ed25519.public, self.ml_dsa_65.public


@dataclass(frozen=True, slots=True)
class LogSigner:
    """The pair that signs the log's checkpoints."""

    ed25519: SigningKey
    ml_dsa_44: SigningKey

    def __post_init__(self) -> None:
        """Hold that each key has its place."""
        if (self.ed25519.alg, self.ml_dsa_44.alg) != ("Ed25519", "ML-DSA-44"):
            raise ValueError("a checkpoint is signed by Ed25519 and ML-DSA-44, in this order")

    @classmethod
    def from_seeds(cls, ed25519: bytes, ml_dsa_44: bytes) -> Self:
        """Make the pair of two seeds of 32 bytes."""
        return cls(
            SigningKey.from_seed("Ed25519", ed25519), SigningKey.from_seed("ML-DSA-44", ml_dsa_44)
        )

    @property
    def public(self) -> tuple[VerifyingKey, VerifyingKey]:
        """What verifies the two signatures, in their order."""
        return self.ed25519.public, self.ml_dsa_44.public


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A public key that is sealed to."""

    jwk: AkpJwk = field(repr=False)
    kid: Kid
    _key: MLKEM768X25519PublicKey = field(repr=False, compare=False)

    def wrap(self, cek: bytes, info: bytes) -> tuple[bytes, bytes]:
        """Seal a content key by HPKE base mode with empty aad.

        Returns:
            The encapsulated key (1120 bytes) and the encrypted content key (48 bytes). HPKE
            draws its own randomness: the result differs each time.

        """
        sealed = _SUITE.encrypt(cek, self._key, info)
        return sealed[:ENCAPSULATED_BYTES], sealed[ENCAPSULATED_BYTES:]


@dataclass(frozen=True, slots=True)
class OpeningKey:
    """A private key that opens what was sealed to it; shows nothing of itself."""

    public: SealingKey
    _key: MLKEM768X25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Make a key of the 32-byte X-Wing seed (draft-connolly-cfrg-xwing-kem, 5.2).

        Raises:
            ValueError: The seed is not 32 bytes long.

        """
        if len(seed) != SEED_BYTES:
            raise ValueError("a seed has 32 bytes")
        expanded = hashlib.shake_256(seed).digest(_ML_KEM_SEED_BYTES + 32)
        lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED_BYTES])
        curve = X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED_BYTES:])
        raw = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        jwk = AkpJwk(kty="AKP", alg="HPKE-9-KE", pub=b64u(raw))
        key = MLKEM768X25519PrivateKey(lattice, curve)
        return cls(SealingKey(jwk, thumbprint(jwk), key.public_key()), key)

    @property
    def kid(self) -> Kid:
        """The name of the key."""
        return self.public.kid

    def unwrap(self, encapsulated: bytes, encrypted_key: bytes, info: bytes) -> bytes | Problem:
        """Open a content key; one problem whatever is wrong, so that nothing can be probed."""
        try:
            return _SUITE.decrypt(encapsulated + encrypted_key, self._key, info)
        except (InvalidTag, ValueError):
            return Problem(Code.CONTENT_CANNOT_OPEN, "content")


def verifying_key(jwk: OkpJwk | AkpJwk) -> VerifyingKey | Problem:
    """Make a key of a JWK whose form holds; refuse points that make signatures ambiguous.

    Libraries differ on Ed25519 keys of low order or in a second spelling (envelope.md 3): such
    a key would let a signature hold here and fail there.
    """
    raw = _public_bytes(jwk)
    alg = jwk.alg
    key: _PublicSignature
    match alg:
        case "Ed25519":
            if not _is_sound_point(raw):
                return Problem(Code.KEY_UNSAFE, "key")
            key = Ed25519PublicKey.from_public_bytes(raw)
        case "ML-DSA-65":
            key = MLDSA65PublicKey.from_public_bytes(raw)
        case "ML-DSA-44":
            key = MLDSA44PublicKey.from_public_bytes(raw)
        case "HPKE-9-KE":
            return Problem(Code.KEY_UNSAFE, "key")
        case _:
            assert_never(alg)
    return VerifyingKey(jwk, thumbprint(jwk), alg, raw, key)


def sealing_key(jwk: OkpJwk | AkpJwk) -> SealingKey | Problem:
    """Make a key to seal to; refuse what HPKE could not use: bad moduli, a share of low order."""
    if not isinstance(jwk, AkpJwk) or jwk.alg != "HPKE-9-KE":
        return Problem(Code.KEY_UNSAFE, "key")
    raw = _public_bytes(jwk)
    try:
        lattice = MLKEM768PublicKey.from_public_bytes(raw[:_ML_KEM_PUBLIC_BYTES])
        curve = X25519PublicKey.from_public_bytes(raw[_ML_KEM_PUBLIC_BYTES:])
        # A share of low order gives the same secret whatever one multiplies it with.
        X25519PrivateKey.from_private_bytes(bytes(31) + b"\x40").exchange(curve)
    except ValueError:
        return Problem(Code.KEY_UNSAFE, "key")
    return SealingKey(jwk, thumbprint(jwk), MLKEM768X25519PublicKey(lattice, curve))


def _private(alg: SignatureAlgorithm, seed: bytes) -> _PrivateSignature:
    """Expand a seed as the algorithm says."""
    match alg:
        case "Ed25519":
            return Ed25519PrivateKey.from_private_bytes(seed)
        case "ML-DSA-65":
            return MLDSA65PrivateKey.from_seed_bytes(seed)
        case "ML-DSA-44":
            return MLDSA44PrivateKey.from_seed_bytes(seed)
        case _:
            assert_never(alg)


def _public_bytes(jwk: OkpJwk | AkpJwk) -> bytes:
    """Take the key's bytes out of a JWK, whose model has held their spelling and size."""
    raw = parse_b64u(jwk.x if isinstance(jwk, OkpJwk) else jwk.pub)
    if isinstance(raw, Problem):  # pragma: no cover - the model refuses it first
        raise TypeError("a JWK was made without its checks")
    return raw


def _is_sound_point(raw: bytes) -> bool:
    """Tell whether 32 bytes are one point of the curve, in its one spelling, not of low order.

    RFC 8032 section 5.1.3: y in the low 255 bits, below p; x² = (y²-1)/(dy²+1) is a square.
    """
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    if y >= _P or y in _LOW_ORDER_Y:
        return False
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(square, (_P - 1) // 2, _P) == 1
