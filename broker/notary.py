"""Signed statements of one broker service, and records sealed to whom they concern.

A receipt is made of what is stored and of nothing else: made again after a crash it has the same
bytes (Ed25519 draws no randomness, and its ``jti`` derives from what it states). A record cannot be
made again to the same bytes, so whoever stores it creates it once and reads back what stands.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Unpack

from typing_extensions import TypedDict

from schemas.directory_entry import DirectoryEntry, OrganisationKind
from schemas.identifiers import AgencyUrn, Hash, make_jti
from schemas.jwk import Jwk
from schemas.keys import SealingKey, SigningKey, sealing_key
from schemas.problems import Problem
from schemas.receipt import Ack, Due, Receipt, ReportedProblem, Status, sign_receipt
from schemas.record import Record, seal_record

__all__ = ["Members", "Notary", "Notice", "Sealer", "can_keep_records", "sealing_key_of"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A signed receipt and the name under which it is handed out."""

    name: str
    text: str


class Members(TypedDict, total=False):
    """The further members of a receipt, as its status has them."""

    record: Hash | None
    arrived_at: datetime
    due: Due | None
    late: bool
    release_until: datetime | None
    problems: tuple[ReportedProblem, ...]
    bytes: Hash
    seq: int


class Notary:
    """Signs as one service of the broker."""

    __slots__ = ("_key", "_urn")

    def __init__(self, urn: AgencyUrn, key: SigningKey) -> None:
        """Sign as agency ``urn`` (the broker) with the service's Ed25519 key."""
        self._urn = urn
        self._key = key

    def state(
        self,
        status: Status,
        *,
        about: str,
        to: str,
        at: datetime,
        ack: Ack | None,
        sender: AgencyUrn | None = None,
        **members: Unpack[Members],
    ) -> Notice:
        """Sign a receipt.

        Args:
            status: What it states.
            about: What makes it the only one of its kind, such as a message id.
            to: Account of whoever gets it.
            at: When what it states happened; taken from what is stored, never from the clock.
            ack: The message, or None where none could be read.
            sender: Of ``skipped``: whose number was not forwarded.
            members: As the status has them.

        """
        seed = hashlib.sha256(f"{self._urn}\n{status}\n{about}\n{to}".encode()).digest()
        payload: dict[str, object] = {
            "iss": self._urn,
            "jti": make_jti(at, seed[:10]),
            "iat": int(at.timestamp()),
            "mt": "receipt/1",
            "status": status,
            "at": at,
            "ack": ack,
            **members,
        }
        if sender is not None:
            payload["from"] = sender
        return Notice(seed.hex(), sign_receipt(Receipt.model_validate(payload), self._key))


class Sealer:
    """Seals records to the feed keys of the agencies that they concern."""

    __slots__ = ("_random",)

    def __init__(self, random: Callable[[int], bytes]) -> None:
        """``random`` gives so many bytes from the system's source."""
        self._random = random

    def seal(
        self, record: Record, agencies: Sequence[DirectoryEntry], at: datetime
    ) -> bytes | None:
        """Seal a record.

        Args:
            record: In clear.
            agencies: Whom it concerns. The broker's own agency opens no record, and an agency
                without a feed key that holds cannot.
            at: Which keys hold.

        Returns:
            The sealed bytes, or None when nobody is left who could open them.

        """
        keys = {entry.id: _feed_key(entry, at) for entry in agencies}
        recipients = [key for key in keys.values() if key is not None]
        if not recipients:
            return None
        cek, iv = self._random(32), self._random(12)
        return seal_record(record, recipients, cek=cek, iv=iv).encode()


def can_keep_records(entry: DirectoryEntry, at: datetime) -> bool:
    """Whether an agency gets the records that concern it; the broker's own needs none."""
    return entry.kind is OrganisationKind.BROKER or _feed_key(entry, at) is not None


def _feed_key(entry: DirectoryEntry, at: datetime) -> SealingKey | None:
    if entry.kind is OrganisationKind.BROKER:
        return None
    listed = entry.key_to_seal_to("feed", at)
    return None if listed is None else sealing_key_of(listed.jwk)


@lru_cache(maxsize=4096)  # checking a key costs more than sealing to it
def sealing_key_of(jwk: Jwk) -> SealingKey | None:
    """The key that a JWK of the directory stands for, remembered; None when it is not sound."""
    key = sealing_key(jwk)
    return None if isinstance(key, Problem) else key
