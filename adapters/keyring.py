"""An agency's private keys on disk: one file under a passphrase opens all others.

``storage.key`` holds the storage key in the form of ``schemas.key_file`` (Argon2id, AES-256-GCM);
``ring`` holds every other seed, sealed under the storage key. Two files instead of one file a key,
because each passphrase file costs 64 MiB and a tenth of a second to open. Both have mode 0600, and
are refused when others may read them. An agency's storage key never changes once it is used: its
store stands on it.
"""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.vault import StoreError, Vault
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

    A crash between the two leaves the new passphrase and the old ring. They fit one another where
    the storage key is the same; where it is not, neither file was of use to anybody yet.

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
        KeyRingError: Missing, changed, open to others, or another passphrase.

    """
    sealed, ring_bytes = _read(folder / _STORAGE), _read(folder / _RING)
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


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise KeyRingError("Others may read the agency's keys: set mode 0600 on them.")
            return file.read()
    except FileNotFoundError:
        raise KeyRingError(
            "The agency's key files are missing: restore them from a backup."
        ) from None
    except OSError as error:
        raise KeyRingError(f"The agency's keys cannot be read ({error.strerror}).") from None


def _write(path: Path, data: bytes) -> None:
    """Replace a file, complete or not at all, also when the power fails just afterwards."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)  # left by a crash; whoever made it chose its mode
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)
