"""The two edges of an exchange, without store and network: check, seal, verify, open, sign receipts.

They do what ``adapters`` does to a message's bytes, with the same functions of ``schemas`` and
``policies``; keys are made of the directory once, as ``adapters`` may do.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from policies.check import Context, Place, check_body, check_manifest
from schemas.encoding import JsonValue, dump_json
from schemas.envelope import (
    SealedContent,
    SignedManifest,
    Verified,
    check_content,
    read_content,
    read_manifest,
    verify,
)
from schemas.identifiers import make_conv, make_jti
from schemas.keys import VerifyingKey
from schemas.manifest import Manifest, parse_claims
from schemas.messages.registry import read_body
from schemas.receipt import (
    Receipt,
    SignedReceipt,
    Status,
    acknowledge,
    check_ack,
    read_receipt,
    sign_receipt,
    verify_receipt,
)
from schemas.sealing import Opened, Sealed, content_key, open_with_key, seal
from tests.bench.town import Town, key_of, seal_to
from tests.broker.fakes import START
from tests.builders import messages
from tests.policies import builders as policy


def payload() -> bytes:
    """The field values of the request, as JSON: what both stacks have to bring across."""
    return dump_json(dict(policy.request("school").fields))


class Sender:
    """Asks, and follows what becomes of it."""

    def __init__(self, name: str, to: str, town: Town) -> None:
        self.name = name
        self._town = town
        self.entry, self.recipient = town.held[name], town.held[to]
        case = policy.request("school")
        self._fields: Mapping[str, JsonValue] = case.fields
        self._claims = {k: v for k, v in case.claims.items() if k not in {"f", "_sd_alg"}}
        self._claims |= {"iss": self.entry.urn, "aud": [self.recipient.urn]}
        self._claims |= {"iat": int(START.timestamp()), "exp": int(START.timestamp()) + 3600}
        self._signer = messages._signer(name)
        listed = self.recipient.key_to_seal_to("enc", START)
        assert listed is not None
        self._to = seal_to(listed.jwk)
        self._context = Context(
            START, Place.EDGE, self.entry, self.recipient, policy.pack(), None, None
        )
        self._sent = 0
        self._prev = ""

    def ask(self) -> Sealed:
        """Make, check and seal one request, in a case of its own."""
        self._sent += 1
        claims = self._claims | {
            "jti": make_jti(START, secrets.token_bytes(10)),
            "conv": make_conv(secrets.token_bytes(16)),
            "seq": self._sent,
            "prev": self._prev,
        }
        made = self.seal(claims)
        manifest = parse_claims(made.signed.payload)
        assert isinstance(manifest, Manifest)
        found = check_manifest(manifest, self._context)
        found += check_body(manifest, self._fields, self._context)
        assert found == ()
        self._prev = made.h
        return made

    def seal(self, claims: Mapping[str, Any] | None = None) -> Sealed:
        """Seal alone: no policy."""
        made = seal(
            claims if claims is not None else self._claims,
            self._fields,
            self._signer,
            [self._to],
            cek=secrets.token_bytes(32),
            iv=secrets.token_bytes(12),
        )
        assert isinstance(made, Sealed), made
        return made

    def take(self, delivery: bytes) -> Receipt:
        """Verify a receipt that was handed to us."""
        return believed(json.loads(delivery)["receipt"], self._town)


class Recipient:
    """Is asked: verifies, releases, opens, checks, and signs a receipt for each."""

    def __init__(self, name: str, town: Town) -> None:
        self.name = name
        self._town = town
        self.entry = town.held[name]
        self._opening = messages._opening(name)
        self._signing = messages._signer(name).ed25519
        self._waiting: dict[str, Verified] = {}

    def on_manifest(self, delivery: bytes) -> bytes:
        """Verify a manifest and the gate's word on it; the ``delivered`` receipt."""
        value = json.loads(delivery)
        forwarded = believed(value["receipt"], self._town)
        signed = read_manifest(value["manifest"])
        assert isinstance(signed, SignedManifest)
        verified = self.verified(signed)
        assert check_ack(forwarded, verified) is None
        assert check_manifest(verified.manifest, self._context(verified)) == ()
        self._waiting[signed.h] = verified
        return self._receipt(Status.DELIVERED, verified)

    def verified(self, signed: SignedManifest) -> Verified:
        """Verify both signatures by the directory's keys."""
        keys = [_key(self._town, kid) for kid in signed.kids]
        verified = verify(signed, keys[0], keys[1])
        assert isinstance(verified, Verified)
        return verified

    def on_content(self, delivery: bytes) -> bytes:
        """Open a content, hold it against manifest, catalogue and policy; the ``opened`` receipt."""
        value = json.loads(delivery)
        verified = self._waiting.pop(value["h"])
        opened = self.open(verified, value["content"])
        manifest = verified.manifest
        assert not isinstance(read_body(manifest.mt, opened.fields), tuple)
        assert check_body(manifest, opened.fields, self._context(verified)) == ()
        return self._receipt(Status.OPENED, verified, open=opened.proof)

    def open(self, verified: Verified, text: str) -> Opened:
        """Open a content alone."""
        content = read_content(verified.signed, text)
        assert isinstance(content, SealedContent)
        assert check_content(content, [self._opening.kid]) is None
        cek = content_key(verified, content, self._opening)
        assert isinstance(cek, bytes)
        opened = open_with_key(verified, content, cek)
        assert isinstance(opened, Opened)
        return opened

    def _context(self, verified: Verified) -> Context:
        sender = self._town.owner_of(verified.signed.kids[0])
        assert sender is not None
        return Context(START, Place.EDGE, sender, self.entry, policy.pack(), None, None)

    def _receipt(self, status: Status, verified: Verified, **members: Any) -> bytes:
        value = {
            "iss": self.entry.urn,
            "jti": make_jti(START, secrets.token_bytes(10)),
            "iat": int(START.timestamp()),
            "mt": "receipt/1",
            "status": status,
            "at": START,
            "ack": acknowledge(verified),
            **members,
        }
        return sign_receipt(Receipt.model_validate(value), self._signing).encode()


def believed(text: str, town: Town) -> Receipt:
    """Verify a receipt with the directory's key."""
    signed = read_receipt(text)
    assert isinstance(signed, SignedReceipt)
    receipt = verify_receipt(signed, _key(town, signed.kid))
    assert isinstance(receipt, Receipt)
    return receipt


def _key(town: Town, kid: str) -> VerifyingKey:
    if kid not in _MADE:  # making a key costs as much as a signature; its JWK never changes
        owner = town.owner_of(kid)
        assert owner is not None
        _MADE[kid] = key_of(owner, kid)
    return _MADE[kid]


_MADE: dict[str, VerifyingKey] = {}
