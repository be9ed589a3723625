"""A valid message with one thing changed: claims, manifests, sealed requests and answers.

Everything is fixed: keys come of names, times of ``AT``, so a test that fails fails again.
The agencies are those of ``tests.builders.agencies``, which can be had here too.
"""

import hashlib
from datetime import datetime
from typing import Any

from schemas.encoding import JsonValue, b64u, dump_json
from schemas.envelope import Envelope, Verified, read_envelope, verify
from schemas.identifiers import make_conv, make_jti
from schemas.manifest import Manifest, parse_claims
from schemas.sealing import Sealed, seal
from tests.builders.agencies import (
    AGENCIES,
    AREA,
    AT,
    ROLES,
    Agency,
    Broker,
    account,
    agency,
    broker,
    changed,
    directory_key,
    entry,
    opening,
    seed,
    signer,
    with_key,
)

__all__ = [
    "AGENCIES",
    "ANSWER",
    "AREA",
    "AT",
    "CONV",
    "FIELDS",
    "PACK",
    "PURPOSE",
    "ROLES",
    "Agency",
    "Broker",
    "account",
    "agency",
    "broker",
    "cek_of",
    "changed",
    "claims",
    "directory_key",
    "entry",
    "envelope",
    "jti",
    "manifest",
    "opening",
    "response_claims",
    "response_manifest",
    "seed",
    "signed",
    "signed_request",
    "signed_response",
    "signer",
    "verified",
    "with_key",
]

_signer, _opening = signer, opening  # their names before they were for everybody
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
    return changed(value, changes)


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
    return changed(claims(**answer), changes)


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
