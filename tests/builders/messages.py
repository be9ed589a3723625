"""A valid thing with one thing changed: agencies, claims, messages, for every test.

Everything is fixed: keys come of names, times of ``AT``, so a test that fails fails again.
Nobody and no place here exists.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import EllipsisType
from typing import Any

from schemas.directory_entry import (
    DirectoryEntry,
    DirectoryKey,
    KeyUse,
    Service,
    parse_entry,
)
from schemas.encoding import JsonValue, b64u, dump_json, instant_text
from schemas.envelope import Envelope, Verified, read_envelope, verify
from schemas.identifiers import make_conv, make_jti
from schemas.jwk import AkpJwk, OkpJwk
from schemas.keys import (
    LogSigner,
    MessageSigner,
    OpeningKey,
    SigningKey,
    VerifyingKey,
)
from schemas.manifest import Manifest, parse_claims
from schemas.sealing import Sealed, seal

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
"""Monday morning of the story."""
AREA = "E06000060"
CONV = make_conv(hashlib.sha256(b"case one").digest()[:16])
PACK = {"id": "uk-channel", "ver": "2026.11.1", "h": b64u(hashlib.sha256(b"pack").digest())}
PURPOSE = "channel_information_gathering"

FIELDS: dict[str, JsonValue] = {
    "id.family_name": "Example",
    "id.given_names": "Robin",
    "id.dob": "2010-02-03",
    "ask.questions": [
        {
            "qid": "E1",
            "window_from": "2024-11-16",
            "window_to": "2026-11-16",
            "necessity": "We must know which setting the pupil attends to know who can support them.",
            "less_intrusive_considered": "no_other_source",
        }
    ],
}
ANSWER: dict[str, JsonValue] = {
    "edu.enrolment_status": {
        "state": "held",
        "value": "on_roll",
        "kind": "fact",
        "as_at": "2026-11-13",
        "source": "Pupil register",
    },
    "edu.year_group": {"state": "not_held"},
}


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
def _signer(name: str) -> MessageSigner:
    return MessageSigner.from_seeds(seed(name + " ed25519"), seed(name + " ml-dsa-65"))


@cache
def _opening(name: str) -> OpeningKey:
    return OpeningKey.from_seed(seed(name + " enc"))


def entry(
    name: str, kind: str = "school", keys: list[JsonValue] | None = None, **changes: Any
) -> DirectoryEntry:
    """A directory entry; ``changes`` replace members, ``...`` leaves one out."""
    signer, opening, feed = _signer(name), _opening(name), _opening(name + " feed")
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
            directory_key(signer.ed25519.public.jwk, signer.ed25519.kid, use="sig"),
            directory_key(signer.ml_dsa_65.public.jwk, signer.ml_dsa_65.kid, use="sig"),
            directory_key(opening.public.jwk, opening.kid, use="enc"),
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
    found = parse_entry(dump_json(_changed(value, changes)))
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
    return Agency(name, found, _signer(name), _opening(name), _opening(name + " feed"))


@cache
def broker() -> Broker:
    """The broker's agency, with one key for each service."""
    signer, opening, feed = _signer("broker"), _opening("broker"), _opening("broker feed")
    gate = SigningKey.from_seed("Ed25519", seed("gate"))
    release = SigningKey.from_seed("Ed25519", seed("release"))
    gathering = _signer("gathering")
    log = LogSigner.from_seeds(seed("log ed25519"), seed("log ml-dsa-44"))
    services: list[tuple[SigningKey, Service | None]] = [
        (signer.ed25519, None),
        (signer.ml_dsa_65, None),
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
    keys.append(directory_key(opening.public.jwk, opening.kid, use="enc"))
    keys.append(directory_key(feed.public.jwk, feed.kid, use="feed"))
    found = entry("broker", "broker", keys, log_origin="log.dovetail.example/2026")
    return Broker(found, signer, opening, feed, gate, release, gathering, log)


def jti(name: str = "message one", at: datetime = AT) -> str:
    """A message id that belongs to a name."""
    return make_jti(at, hashlib.sha256(name.encode()).digest()[:10])


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a request, without ``f``.

    ``changes`` replace members (``from_`` for ``from``); ``...`` leaves one out; a dict is merged
    into the member that it names, so ``legal={"art6": None}`` changes that alone.
    """
    iat = int(AT.timestamp())
    value: dict[str, Any] = {
        "iss": agency("northshire-panel").urn,
        "aud": [agency("oakfield-school").urn],
        "jti": jti(),
        "iat": iat,
        "exp": iat + 86_400,
        "seq": 1,
        "prev": "",
        "mt": "information.request/1",
        "conv": CONV,
        "from": {"role": "LACC", "person": "lacc-0007"},
        "to": {"role": "AIO", "area": AREA},
        "wants": {"E1": ["edu.enrolment_status", "edu.year_group"]},
        "pol": {**PACK, "purpose": PURPOSE},
        "legal": {
            "regime": "ukgdpr",
            "recipient_regime": "ukgdpr",
            "art6": "A6-1-e",
            "annex1": [],
            "art9": "A9-2-g",
            "sch1": [6],
            "part3": None,
            "authority": ["CTSA-s36-1"],
            "agreement": "DSA/2026/001",
            "policy_document": "APD/2026/7",
        },
        "subject_class": "child",
        "necessity": {"h": b64u(hashlib.sha256(b"necessity").digest()), "n": 1},
        "marking": {"tier": "OFFICIAL", "sensitive": True, "handling": ["RECIPIENTS ONLY"]},
        "onward": "none",
        "retain_until": "2027-11-16",
        "attest": {
            "no_sensitive_info_s38_5": True,
            "public_task_statement": True,
            "working_days": 5,
        },
    }
    return _changed(value, changes)


def response_claims(**changes: Any) -> dict[str, Any]:
    """The claims of the school's answer to ``signed_request()``, without ``f``."""
    request = signed_request()
    answer = {
        "iss": agency("oakfield-school").urn,
        "aud": [agency("northshire-panel").urn],
        "jti": jti("answer one"),
        "mt": "information.response/1",
        "req": {"jti": jti(), "h": request.h},
        "from_": {"role": "AIO", "person": "aio-0001"},
        "to": {"role": "LACC"},
        "wants": ...,
        "necessity": ...,
        "legal": {"authority": ["CTSA-s38-1"]},
        "attest": {
            "public_task_statement": ...,
            "working_days": ...,
            "third_party_checked": True,
            "special_category": False,
        },
    }
    return _changed(claims(**answer), changes)


def signed(
    body: dict[str, JsonValue] | None = None, *, sender: str | None = None, **changes: Any
) -> Sealed:
    """Seal claims and a body to the agency that they address, signed by ``iss`` (or ``sender``)."""
    value = changes if "jti" in changes and "pol" in changes else claims(**changes)
    author = agency(sender or str(value["iss"]).rpartition(":")[2])
    recipient = agency(str(value["aud"][0]).rpartition(":")[2])
    cek = seed("cek " + str(value["jti"]))
    found = seal(
        value,
        FIELDS if body is None else body,
        author.signer,
        [recipient.opening.public],
        cek=cek,
        iv=cek[:12],
    )
    assert isinstance(found, Sealed), f"the test's message is not valid: {found}"
    return found


def cek_of(value: Sealed) -> bytes:
    """The content key of a message made by ``signed``."""
    manifest = parse_claims(value.signed.payload)
    assert isinstance(manifest, Manifest)
    return seed("cek " + manifest.jti)


def signed_request(**changes: Any) -> Sealed:
    """A request from the panel to the school; ``fields`` replaces its body."""
    body = changes.pop("fields", None)
    return signed(body, **claims(**changes))


def signed_response(**changes: Any) -> Sealed:
    """The school's answer to ``signed_request()``; ``fields`` replaces its body."""
    body = changes.pop("fields", ANSWER)
    return signed(body, **response_claims(**changes))


def manifest(**changes: Any) -> Manifest:
    """A request's manifest as a value, for tests that need no signature.

    ``fields`` gives the names for ``f`` (a list) instead of those of a request.
    """
    names = changes.pop("fields", list(FIELDS))
    digest = b64u(hashlib.sha256(b"digest").digest())
    value = claims(**changes) | {
        "_sd_alg": "sha-256",
        "f": {name: [{"...": digest}] for name in names},
    }
    found = parse_claims(dump_json(value))
    assert isinstance(found, Manifest), f"the test's claims are not valid: {found}"
    return found


def response_manifest(**changes: Any) -> Manifest:
    """The manifest of the school's answer as a value; ``fields`` gives the names for ``f``."""
    names = changes.pop("fields", list(ANSWER))
    digest = b64u(hashlib.sha256(b"digest").digest())
    value = response_claims(**changes) | {
        "_sd_alg": "sha-256",
        "f": {name: [{"...": digest}] for name in names},
    }
    found = parse_claims(dump_json(value))
    assert isinstance(found, Manifest), f"the test's claims are not valid: {found}"
    return found


def envelope(value: Sealed) -> Envelope:
    """Read what was just sealed, as the gate does."""
    found = read_envelope(value.envelope)
    assert isinstance(found, Envelope), f"the test's envelope is not valid: {found}"
    return found


def verified(value: Sealed) -> Verified:
    """Verify what was just sealed, with its sender's keys."""
    claimed = parse_claims(value.signed.payload)
    assert isinstance(claimed, Manifest)
    found = verify(value.signed, *agency(claimed.iss.rpartition(":")[2]).public)
    assert isinstance(found, Verified), f"the test's message does not verify: {found}"
    return found


def with_key(value: DirectoryEntry, kid: str, **changes: Any) -> DirectoryEntry:
    """The entry with one key changed: ``status="revoked", revoked_at=...`` and the like."""
    keys = tuple(
        DirectoryKey.model_validate(key.model_copy(update=changes).model_dump())
        if key.kid == kid
        else key
        for key in value.keys
    )
    return value.model_copy(update={"keys": keys})


def _changed(value: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Apply changes: replace, merge dicts, leave out what is ``...``."""
    result = dict(value)
    for alias, change in changes.items():
        name = alias.rstrip("_")
        if isinstance(change, EllipsisType):
            result.pop(name, None)
        elif isinstance(change, dict) and isinstance(result.get(name), dict) and name != "wants":
            result[name] = _changed(result[name], change)
        else:
            result[name] = change
    return result
