"""Public keys as JSON: the two forms of JWK that are spoken here, and their thumbprints.

Form only; ``schemas.keys`` makes a key of them and refuses bad points.
"""

import hashlib
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from schemas.encoding import JsonValue, b64u, dump_json, is_b64u
from schemas.identifiers import Kid

__all__ = ["PUBLIC_BYTES", "AkpJwk", "AkpName", "Jwk", "OkpJwk", "thumbprint"]

AkpName: TypeAlias = Literal["ML-DSA-44", "ML-DSA-65", "HPKE-9-KE"]

# FIPS 204 table 2; HPKE-9-KE is ML-KEM-768 (1184) and X25519 (32), in this order.
PUBLIC_BYTES: dict[AkpName, int] = {"ML-DSA-44": 1312, "ML-DSA-65": 1952, "HPKE-9-KE": 1216}
_ED25519_BYTES = 32


def _ed25519_text(text: str) -> str:
    """Hold the spelling of an Ed25519 key."""
    if not is_b64u(text, _ED25519_BYTES):
        raise PydanticCustomError("jwk", "not 32 bytes as b64u")
    return text


class OkpJwk(BaseModel):
    """An Ed25519 public key (RFC 8037)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Annotated[str, AfterValidator(_ed25519_text)]

    @property
    def alg(self) -> Literal["Ed25519"]:
        """The algorithm, by its fully specified name (RFC 9864)."""
        return "Ed25519"


class AkpJwk(BaseModel):
    """A key that names its algorithm (RFC 9964): ML-DSA-44, ML-DSA-65 or HPKE-9-KE."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kty: Literal["AKP"]
    alg: AkpName
    pub: str

    def model_post_init(self, _: object) -> None:
        """Hold the size that the algorithm fixes."""
        if not is_b64u(self.pub, PUBLIC_BYTES[self.alg]):
            raise PydanticCustomError("jwk", "not a key of this algorithm as b64u")


Jwk = Annotated[OkpJwk | AkpJwk, Field(discriminator="kty")]


def thumbprint(jwk: OkpJwk | AkpJwk) -> Kid:
    """Name a key by itself: RFC 7638, SHA-256, over the members that RFC 8037 and 9964 require."""
    members: dict[str, JsonValue]
    if isinstance(jwk, OkpJwk):
        members = {"crv": jwk.crv, "kty": jwk.kty, "x": jwk.x}
    else:
        members = {"alg": jwk.alg, "kty": jwk.kty, "pub": jwk.pub}
    return b64u(hashlib.sha256(dump_json(members)).digest())
