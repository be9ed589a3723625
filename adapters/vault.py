"""Values at rest: sealed under an agency's storage key, each for its own place."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["StoreError", "Vault"]

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class StoreError(Exception):
    """The store cannot be used; the message says why and what to do, without any content."""


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """Seals values at rest under the agency's storage key (AES-256-GCM, random nonce).

    Attributes:
        key: 32 bytes.
        nonces: Gives 12 fresh random bytes at each call.

    """

    key: bytes
    nonces: Callable[[], bytes]

    def seal(self, value: object, place: str) -> bytes:
        """Seal a JSON value for one place (table and row); it opens at no other place."""
        return self.seal_bytes(json.dumps(value, ensure_ascii=False).encode(), place)

    def open(self, sealed: bytes, place: str) -> Any:  # noqa: ANN401 - JSON, checked by the caller
        """Open a JSON value that was sealed for this place.

        Raises:
            StoreError: Another key, another place, or changed bytes.

        """
        return json.loads(self.open_bytes(sealed, place))

    def seal_bytes(self, data: bytes, place: str) -> bytes:
        """Seal bytes for one place."""
        nonce = self.nonces()
        return nonce + AESGCM(self.key).encrypt(nonce, data, place.encode())

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """Open bytes that were sealed for this place; raises as :meth:`open`."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            if len(rest) >= _TAG_BYTES:  # shorter is cut off, and the library would say so its way
                return AESGCM(self.key).decrypt(nonce, rest, place.encode())
        except InvalidTag:
            pass
        msg = (
            "a stored value does not open with this agency's storage key: restore the "
            "store and the keys from the same backup"
        )
        raise StoreError(msg)
