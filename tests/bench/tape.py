"""Record which signatures and HPKE operations something makes, and make them again alone.

"The bare cost of the signatures and HPKE it contains" is so counted and not claimed: the tape holds
every call to the four places through which all of our asymmetric cryptography goes (schemas/keys),
with the very keys and bytes. AES, hashes and everything else are not on it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from schemas.keys import OpeningKey, SealingKey, SigningKey, VerifyingKey

_PLACES: tuple[tuple[type[Any], str, str], ...] = (
    (SigningKey, "sign", "sign"),
    (VerifyingKey, "verifies", "verify"),
    (SealingKey, "wrap", "seal"),
    (OpeningKey, "unwrap", "open"),
)


@dataclass(slots=True)
class Tape:
    """Operations as they were made."""

    calls: list[Callable[[], object]] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)

    def play(self) -> None:
        """Make every operation again."""
        for call in self.calls:
            call()

    @property
    def contains(self) -> str:
        """What is on it, by name: ``2 Ed25519 verify, …``."""
        order = sorted(self.names.items(), key=lambda item: (_rank(item[0]), item[0]))
        return " · ".join(f"{number} {name}" for name, number in order)


def _rank(name: str) -> int:
    return ("Ed25519", "ML-DSA-65", "ML-DSA-44", "X-Wing").index(name.split(maxsplit=1)[0])


@contextmanager
def recording() -> Iterator[Tape]:
    """Record what is done in the block. Not while anything is measured."""
    tape = Tape()
    kept = [(kind, method, getattr(kind, method)) for kind, method, _ in _PLACES]
    try:
        for kind, method, verb in _PLACES:
            setattr(kind, method, _recorded(getattr(kind, method), verb, tape))
        yield tape
    finally:
        for kind, method, original in kept:
            setattr(kind, method, original)


def _recorded(original: Callable[..., Any], verb: str, tape: Tape) -> Callable[..., Any]:
    def call(key: Any, *args: bytes) -> Any:
        tape.calls.append(lambda: original(key, *args))
        tape.names[f"{getattr(key, 'alg', 'X-Wing')} {verb}"] += 1
        return original(key, *args)

    return call
