"""Agencies with fixed keys and directory entries, and the broker; nobody and no place here exists."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import EllipsisType
from typing import Any

from schemas.directory_entry import DirectoryEntry, DirectoryKey, KeyUse, Service, parse_entry
from schemas.encoding import JsonValue, dump_json, instant_text
from schemas.jwk import AkpJwk, OkpJwk
from schemas.keys import LogSigner, MessageSigner, OpeningKey, SigningKey, VerifyingKey

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
"""Monday morning of the story."""
AREA = "E06000060"


def seed(name: str) -> bytes:
    """Thirty-two bytes that belong to a name."""
    return hashlib.sha256(b"dovetail test seed: " + name.encode()).digest()


def account(name: str) -> str:
    """A well-formed account key that belongs to a name; its check sum is not a real one."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    digest = hashlib.sha512(b"account " + name.encode()).digest()
    return "A" + "".join(letters[byte % 32] for byte in digest[:55])


@dataclass(frozen=True)
class Agency:
    """An agency with its private keys and its directory entry."""

    name: str
    entry: DirectoryEntry
    signer: MessageSigner
    opening: OpeningKey
    feed: OpeningKey

    @property
    def urn(self) -> str:
        """As messages name it."""
        return self.entry.urn

    @property
    def account(self) -> str:
        """As the bus names it."""
        return self.entry.account

    @property
    def receipts(self) -> SigningKey:
        """What signs its receipts."""
        return self.signer.ed25519

    @property
    def public(self) -> tuple[VerifyingKey, VerifyingKey]:
        """What verifies its messages."""
        return self.signer.public


@dataclass(frozen=True)
class Broker:
    """The broker's own agency with the keys of its services."""

    entry: DirectoryEntry
    signer: MessageSigner
    opening: OpeningKey
    feed: OpeningKey
    gate: SigningKey
    release: SigningKey
    gathering: MessageSigner
    log: LogSigner


def directory_key(
    jwk: OkpJwk | AkpJwk,
    kid: str,
    *,
    use: KeyUse,
    service: Service | None = None,
    **changes: JsonValue,
) -> dict[str, JsonValue]:
    """A key as the directory lists it, valid from a month before ``AT`` to a year after."""
    key: dict[str, JsonValue] = {
        "use": use,
        "service": service,
        "jwk": jwk.model_dump(),
        "kid": kid,
        "nbf": instant_text(AT - timedelta(days=30)),
        "exp": instant_text(AT + timedelta(days=365)),
        "status": "active",
        "revoked_at": None,
    }
    return key | changes


@cache
def signer(name: str) -> MessageSigner:
    """The signing pair that belongs to a name."""
    return MessageSigner.from_seeds(seed(name + " ed25519"), seed(name + " ml-dsa-65"))


@cache
def opening(name: str) -> OpeningKey:
    """The decryption key that belongs to a name; ``<name> feed`` gives the feed key."""
    return OpeningKey.from_seed(seed(name + " enc"))


def entry(
    name: str, kind: str = "school", keys: list[JsonValue] | None = None, **changes: Any
) -> DirectoryEntry:
    """A directory entry; ``changes`` replace members, ``...`` leaves one out."""
    pair, enc, feed = signer(name), opening(name), opening(name + " feed")
    value: dict[str, Any] = {
        "v": 1,
        "id": name,
        "name": name.replace("-", " ").title(),
        "kind": kind,
        "controller": name.replace("-", " ").title(),
        "account": account(name),
        "area": [AREA],
        "division": "england-and-wales",
        "nation": "england",
        "public_authority": True,
        "competent_authority": kind in {"police_ctp", "police_force", "probation", "prison"},
        "regime": "part3" if kind in {"police_ctp", "police_force"} else "ukgdpr",
        "roles": [
            {
                "role": role,
                "areas": [AREA],
                "valid_from": instant_text(AT - timedelta(days=365)),
                "valid_to": None,
            }
            for role in ROLES.get(kind, ("AIO", "SIGNOFF", "DPO"))
        ],
        "contacts": [],
        "keys": keys
        if keys is not None
        else [
            directory_key(pair.ed25519.public.jwk, pair.ed25519.kid, use="sig"),
            directory_key(pair.ml_dsa_65.public.jwk, pair.ml_dsa_65.kid, use="sig"),
            directory_key(enc.public.jwk, enc.kid, use="enc"),
            directory_key(feed.public.jwk, feed.kid, use="feed"),
        ],
        "agreements": [
            {
                "with": [other for other in AGENCIES if other != name],
                "ref": "DSA/2026/001",
                "dpia_ref": "DPIA/2026/001",
                "valid_from": "2026-01-01",
                "valid_to": "2027-12-31",
            }
        ],
        "policy_document": {
            "ref": "APD/2026/7",
            "valid_from": "2026-01-01",
            "valid_to": "2027-12-31",
        },
    }
    found = parse_entry(dump_json(changed(value, changes)))
    assert isinstance(found, DirectoryEntry), f"the test's entry is not valid: {found}"
    return found


AGENCIES: dict[str, str] = {
    "northshire-panel": "la_panel",
    "oakfield-school": "school",
    "northshire-police": "police_force",
    "northshire-ctp": "police_ctp",
    "northshire-health": "nhs_trust",
    "northshire-children": "la_csc",
    "northshire-adults": "la_asc",
    "northshire-housing": "la_housing",
    "northshire-yjs": "yjs",
    "northshire-probation": "probation",
    "broker": "broker",
}
"""Who takes part in the tests, by id: kind of organisation."""

ROLES: dict[str, tuple[str, ...]] = {
    "la_panel": ("LACC", "LACC_SUP", "CHAIR", "GATHERER", "DPO"),
    "police_ctp": ("CTCO", "FIMU", "AIO", "SIGNOFF", "DPO"),
    "broker": ("BROKER",),
}
"""Which roles an agency of a kind holds, where they are not an answering agency's."""


@cache
def agency(name: str = "oakfield-school") -> Agency:
    """An agency of the tests with its keys; a name that is not listed becomes a school."""
    found = entry(name, AGENCIES.get(name, "school"))
    return Agency(name, found, signer(name), opening(name), opening(name + " feed"))


@cache
def broker() -> Broker:
    """The broker's agency, with one key for each service."""
    pair, enc, feed = signer("broker"), opening("broker"), opening("broker feed")
    gate = SigningKey.from_seed("Ed25519", seed("gate"))
    release = SigningKey.from_seed("Ed25519", seed("release"))
    gathering = signer("gathering")
    log = LogSigner.from_seeds(seed("log ed25519"), seed("log ml-dsa-44"))
    services: list[tuple[SigningKey, Service | None]] = [
        (pair.ed25519, None),
        (pair.ml_dsa_65, None),
        (gate, "gate"),
        (release, "release"),
        (gathering.ed25519, "gathering"),
        (gathering.ml_dsa_65, "gathering"),
        (log.ed25519, "log"),
        (log.ml_dsa_44, "log"),
    ]
    keys: list[JsonValue] = [
        directory_key(key.public.jwk, key.kid, use="sig", service=service)
        for key, service in services
    ]
    keys.append(directory_key(enc.public.jwk, enc.kid, use="enc"))
    keys.append(directory_key(feed.public.jwk, feed.kid, use="feed"))
    found = entry("broker", "broker", keys, log_origin="log.dovetail.example/2026")
    return Broker(found, pair, enc, feed, gate, release, gathering, log)


def with_key(value: DirectoryEntry, kid: str, **changes: Any) -> DirectoryEntry:
    """The entry with one key changed: ``status="revoked", revoked_at=...`` and the like."""
    keys = tuple(
        DirectoryKey.model_validate(key.model_copy(update=changes).model_dump())
        if key.kid == kid
        else key
        for key in value.keys
    )
    return value.model_copy(update={"keys": keys})


def changed(value: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Apply changes: replace, merge dicts, leave out what is ``...``."""
    result = dict(value)
    for alias, change in changes.items():
        name = alias.rstrip("_")
        if isinstance(change, EllipsisType):
            result.pop(name, None)
        elif isinstance(change, dict) and isinstance(result.get(name), dict) and name != "wants":
            result[name] = changed(result[name], change)
        else:
            result[name] = change
    return result
