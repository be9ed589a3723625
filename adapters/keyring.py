"""An agency's private keys on disk: one file under a passphrase opens all others.

``storage.key`` holds the storage key in the form of ``schemas.key_file`` (Argon2id, AES-256-GCM);
``ring`` holds every other seed, sealed under the storage key. Two files instead of one file a key,
because each passphrase file costs 64 MiB and a tenth of a second to open. Both have mode 0600.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.store import StoreError, Vault
from schemas.encoding import b64u, parse_b64u
from schemas.key_file import NONCE_BYTES, SALT_BYTES, open_seed, seal_seed
from schemas.keys import SEED_BYTES, MessageSigner, OpeningKey
from schemas.problems import Problem

__all__ = ["AgencyKeys", "KeyRingError", "Seeds", "load", "make_seeds", "save"]

_STORAGE = "storage.key"
_RING = "ring"


class KeyRingError(Exception):
    """The keys cannot be used; the message says why and what to do, and shows nothing of them."""


@dataclass(frozen=True, slots=True, repr=False)
class Seeds:
    """The 32-byte seeds of an agency.

    Attributes:
        storage: Seals the store and the ring.
        ed25519: Signs.
        ml_dsa_65: Signs.
        enc: Opens messages; newest first.
        feed: Opens records and feed entries; newest first.

    """

    storage: bytes
    ed25519: bytes
    ml_dsa_65: bytes
    enc: tuple[bytes, ...]
    feed: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, repr=False)
class AgencyKeys:
    """Keys ready for use.

    Attributes:
        signer: Signs messages (both) and receipts (Ed25519).
        enc: kid to the key that opens messages.
        feed: kid to the key that opens records and feed entries.
        vault: Seals what the store keeps.

    """

    signer: MessageSigner
    enc: Mapping[str, OpeningKey]
    feed: Mapping[str, OpeningKey]
    vault: Vault

    @classmethod
    def of(cls, seeds: Seeds, random: Callable[[int], bytes]) -> "AgencyKeys":
        """Make the keys of their seeds; ``random`` gives nonces for the vault."""
        enc = tuple(OpeningKey.from_seed(seed) for seed in seeds.enc)
        feed = tuple(OpeningKey.from_seed(seed) for seed in seeds.feed)
        return cls(
            MessageSigner.from_seeds(seeds.ed25519, seeds.ml_dsa_65),
            {key.kid: key for key in enc},
            {key.kid: key for key in feed},
            Vault(seeds.storage, lambda: random(NONCE_BYTES)),
        )


def make_seeds(random: Callable[[int], bytes]) -> Seeds:
    """Draw new seeds: one of each kind."""
    return Seeds(
        random(SEED_BYTES),
        random(SEED_BYTES),
        random(SEED_BYTES),
        (random(SEED_BYTES),),
        (random(SEED_BYTES),),
    )


def save(folder: Path, seeds: Seeds, passphrase: bytes, random: Callable[[int], bytes]) -> None:
    """Write both files anew, each by one rename, the ring last.

    Args:
        folder: The agency's own; made with mode 0700 if missing.
        seeds: What to keep.
        passphrase: Not empty.
        random: Gives that many random bytes.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = seal_seed(
        "HPKE-9-KE", seeds.storage, passphrase, random(SALT_BYTES), random(NONCE_BYTES)
    )
    ring = {
        "ed25519": b64u(seeds.ed25519),
        "ml_dsa_65": b64u(seeds.ml_dsa_65),
        "enc": [b64u(seed) for seed in seeds.enc],
        "feed": [b64u(seed) for seed in seeds.feed],
    }
    _write(folder / _STORAGE, sealed)
    vault = Vault(seeds.storage, lambda: random(NONCE_BYTES))
    _write(folder / _RING, vault.seal(ring, _RING))


def load(folder: Path, passphrase: bytes) -> Seeds:
    """Read both files.

    Raises:
        KeyRingError: Missing, changed, or another passphrase.

    """
    try:
        sealed = (folder / _STORAGE).read_bytes()
        ring_bytes = (folder / _RING).read_bytes()
    except FileNotFoundError:
        raise KeyRingError(
            "The agency's key files are missing: restore them from a backup."
        ) from None
    opened = open_seed(sealed, passphrase)
    if isinstance(opened, Problem):
        raise KeyRingError("The key file does not open: check the passphrase file.")
    _, storage = opened
    try:
        ring = Vault(storage, lambda: b"").open(ring_bytes, _RING)
    except StoreError:
        raise KeyRingError(
            "The key ring does not fit its storage key: restore both together."
        ) from None
    return Seeds(
        storage,
        _seed(ring["ed25519"]),
        _seed(ring["ml_dsa_65"]),
        tuple(_seed(text) for text in ring["enc"]),
        tuple(_seed(text) for text in ring["feed"]),
    )


def _seed(text: str) -> bytes:
    read = parse_b64u(text, size_bytes=SEED_BYTES)
    if isinstance(read, Problem):
        raise KeyRingError("The key ring holds something that is no key.")
    return read


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
