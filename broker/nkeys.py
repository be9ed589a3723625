"""NATS keys and credentials files: what a process needs to say who it is on the bus.

An nkey is an Ed25519 key in base32 with a kind byte and a CRC-16 (NATS ADR-14). A credentials file
holds a user's JWT and seed; it is a secret and is refused when others may read it.
"""

import base64
import binascii
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from broker.faults import CredentialsFault

__all__ = ["Credentials", "Kind", "NKey", "is_public", "read_credentials", "verifies"]

Kind = Literal["operator", "account", "user"]

_PREFIX: Mapping[Kind, int] = MappingProxyType({"operator": 14 << 3, "account": 0, "user": 20 << 3})
_SEED = 18 << 3
_RAW_KEY_BYTES = 32
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9_.=-]+)\s+------?END \1-----")


def _crc(data: bytes) -> bytes:
    """CRC-16/XMODEM, little endian, as ADR-14 asks."""
    return binascii.crc_hqx(data, 0).to_bytes(2, "little")


def _encode(data: bytes) -> str:
    return base64.b32encode(data + _crc(data)).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Bytes of an nkey without its checksum; ValueError if it is not one, or not in its one spelling."""
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    if _crc(raw[:-2]) != raw[-2:] or _encode(raw[:-2]) != text:
        raise ValueError("not an nkey")
    return raw[:-2]


@dataclass(frozen=True, slots=True)
class NKey:
    """A private nkey. Its text form is the seed; never log or print it."""

    kind: Kind
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, kind: Kind) -> "NKey":
        """Make a new key from the system's randomness."""
        return cls(kind, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: str) -> "NKey":
        """Read a seed (``SU…``, ``SA…``, ``SO…``).

        Raises:
            CredentialsFault: It is not a seed of one of our three kinds.

        """
        try:
            raw = _decode(seed)
        except ValueError as error:
            raise CredentialsFault("A key file does not hold a NATS seed.") from error
        prefix = ((raw[0] & 0b111) << 5) | (raw[1] >> 3)
        kinds = [kind for kind, number in _PREFIX.items() if number == prefix]
        if raw[0] & 0b11111000 != _SEED or not kinds or len(raw) != 2 + _RAW_KEY_BYTES:
            raise CredentialsFault("A key file does not hold a seed of a kind that we use.")
        return cls(kinds[0], Ed25519PrivateKey.from_private_bytes(raw[2:]))

    @property
    def public(self) -> str:
        """The public key: ``O…``, ``A…`` or ``U…`` and 55 characters."""
        return _encode(bytes([_PREFIX[self.kind]]) + self.private.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        """The secret, as text."""
        prefix = _PREFIX[self.kind]
        head = bytes([_SEED | (prefix >> 5), (prefix & 0b11111) << 3])
        return _encode(head + self.private.private_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """64 bytes of Ed25519."""
        return self.private.sign(data)


def is_public(kind: Kind, text: str) -> bool:
    """Tell whether ``text`` is a public key of this kind, in its one spelling."""
    try:
        raw = _decode(text)
    except ValueError:
        return False
    return raw[:1] == bytes([_PREFIX[kind]]) and len(raw) == 1 + _RAW_KEY_BYTES


def verifies(public: str, signature: bytes, data: bytes) -> bool:
    """Tell whether ``signature`` over ``data`` is by the public nkey; an unreadable key verifies nothing."""
    try:
        Ed25519PublicKey.from_public_bytes(_decode(public)[1:]).verify(signature, data)
    except (ValueError, InvalidSignature):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of the bus: its JWT (signed by its account) and its key."""

    jwt: str = field(repr=False)
    user: NKey = field(repr=False)

    @property
    def account(self) -> str:
        """Public key of the account that the user belongs to: the JWT's issuer, as the server checks it."""
        try:
            claims = json.loads(base64.urlsafe_b64decode(self.jwt.split(".")[1] + "=="))
            issuer = str(claims["iss"])
        except (ValueError, LookupError, TypeError):
            issuer = ""
        if not is_public("account", issuer):
            raise CredentialsFault("A credentials file needs a JWT issued by an account.")
        return issuer

    def text(self) -> str:
        """The content of a credentials file, as every NATS client reads it."""
        return (
            f"-----BEGIN NATS USER JWT-----\n{self.jwt}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{self.user.seed}\n------END USER NKEY SEED------\n"
        )


def read_credentials(path: Path) -> Credentials:
    """Read a credentials file.

    Raises:
        CredentialsFault: Missing, readable by group or others, or not a credentials file.

    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsFault("A credentials file cannot be read.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CredentialsFault("A credentials file is open to others: give it mode 0600.")
    blocks = dict(_BLOCK.findall(text))
    if blocks.keys() != {"NATS USER JWT", "USER NKEY SEED"}:
        raise CredentialsFault("A credentials file needs one user JWT and one seed.")
    user = NKey.from_seed(blocks["USER NKEY SEED"])
    if user.kind != "user":
        raise CredentialsFault("A credentials file needs the seed of a user.")
    return Credentials(blocks["NATS USER JWT"], user)
