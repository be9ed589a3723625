"""A broker's part done by hand, one delivery at a time, so that a test may bend any of them.

``Hands`` stands between real edges of the gatherer's office: it takes what they queued and makes
deliveries of it, with receipts of whatever service and time a test wants.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update

from adapters.alarms import alarms
from adapters.aside import aside
from adapters.compose import Queued
from adapters.edge import Edge
from adapters.mailbox import Letter, letter, open_body, receipts
from adapters.receive import Came, receive
from adapters.responder import answer
from adapters.store import OUTBOX
from schemas import receipt as wire
from schemas.commitment import disclosure, key_commitment, salt_key, sha256_text
from schemas.content import digests_of
from schemas.encoding import JsonValue, b64u, dump_json
from schemas.envelope import (
    CONTENT_TYP,
    MANIFEST_TYP,
    Envelope,
    Verified,
    dump_envelope,
    read_envelope,
    verify,
)
from schemas.jwe import seal_jwe
from schemas.jws import sign_jws
from schemas.keys import MessageSigner, SealingKey, SigningKey
from tests.adapters.gatherer.office import ACT, NOT_HELD, PANEL, SCHOOL, Asking, Office, held
from tests.adapters.gatherer.surroundings import MovedClock
from tests.builders import messages

ONE = Asking(agency=SCHOOL, questions=("E2", "E4"))
ITEMS = {
    "edu.attendance_pct": held({"current": 61, "previous": 97}),
    "edu.suspensions": NOT_HELD,
    "edu.safeguarding_status": held({"status": "early_help"}, kind="assessment"),
}
GATE, RELEASE = messages.broker().gate, messages.broker().release


class StampClock(MovedClock):
    """A clock whose domain time is the real one."""

    def of(self, stamp: datetime) -> datetime:
        return stamp


@dataclass
class Message:
    """A message as its two halves, with its signatures verified by its signer's keys."""

    envelope: Envelope
    verified: Verified
    data: bytes

    @property
    def jti(self) -> str:
        return self.verified.manifest.jti

    @property
    def h(self) -> str:
        return self.verified.signed.h

    @property
    def to(self) -> str:
        return self.verified.manifest.recipient.rpartition(":")[2]


def message_of(data: bytes, signer: MessageSigner) -> Message:
    """Read an envelope that somebody signed."""
    envelope = read_envelope(data)
    assert isinstance(envelope, Envelope), envelope
    verified = verify(envelope.signed, *signer.public)
    assert isinstance(verified, Verified), verified
    return Message(envelope, verified, data)


@dataclass
class Hands:
    """The broker, done by hand."""

    office: Office
    numbers: Any = field(default_factory=count)

    @property
    def now(self) -> datetime:
        return self.office.clock.at

    @property
    def panel(self) -> Edge:
        return self.office.panel

    @property
    def school(self) -> Edge:
        return self.office.edge(SCHOOL)

    # ------------------------------------------------------------------------ what edges queued

    def queued(self, edge: Edge, kind: str = "env") -> list[bytes]:
        """Take what waits in an outbox, as if it had been sent."""
        waits = OUTBOX.c.sent_at.is_(None) & (OUTBOX.c.kind == kind)
        with edge.store.change() as c:
            found = [
                row.data for row in c.execute(select(OUTBOX).where(waits).order_by(OUTBOX.c.place))
            ]
            c.execute(update(OUTBOX).where(waits).values(sent_at="2026-11-16T09:00:00Z"))
        return found

    def sent(self, edge: Edge) -> Message:
        """The one message that waits in an outbox."""
        (data,) = self.queued(edge)
        return message_of(data, messages.signer(edge.agency))

    def said(self, edge: Edge) -> list[wire.Receipt]:
        """The receipts that wait in an outbox."""
        found = [wire.read_receipt(data.decode()) for data in self.queued(edge, "receipt")]
        return [one.claimed for one in found if isinstance(one, wire.SignedReceipt)]

    def asks(self, **changes: Any) -> Message:
        """The panel asks the school; the message as it waits."""
        self.office.ask(ONE, **changes)
        return self.sent(self.panel)

    def asked(self, **changes: Any) -> Message:
        """The panel asks, and the school has opened it; what the school said is gone."""
        found = self.asks(**changes)
        self.bring(found)
        self.queued(self.school, "receipt")
        return found

    def answered(self, items: Mapping[str, Any] | None = None) -> Message:
        """The school answers the panel's request; the answer as it waits."""
        request = self.asked()
        found = answer(
            self.school, self.letter(self.school, request.jti), items or ITEMS, "exact", ACT
        )
        assert isinstance(found, Queued), found
        return self.sent(self.school)

    # ------------------------------------------------------------------------------ deliveries

    def receipt(
        self,
        status: str,
        about: Message | None,
        key: SigningKey = GATE,
        iss: str = "broker",
        **members: Any,
    ) -> str:
        """Sign a receipt; ``...`` leaves a member out."""
        made: dict[str, Any] = {
            "iss": f"urn:dovetail:org:{iss}",
            "jti": messages.jti(f"receipt {next(self.numbers)}", self.now),
            "iat": int(self.now.timestamp()),
            "mt": "receipt/1",
            "status": wire.Status(status),
            "at": self.now,
            "ack": None if about is None else wire.acknowledge(about.verified),
        }
        if status in {"submitted", "forwarded"}:
            made |= {
                "record": b64u(bytes(32)),
                "arrived_at": self.now,
                "due": None,
                "late": False,
                "release_until": self.now + timedelta(days=40),
            }
        if status == "refused" and about is not None:
            made |= {
                "arrived_at": self.now,
                "record": None,
                "bytes": b64u(hashlib.sha256(about.data).digest()),
            }
        made = {name: value for name, value in (made | members).items() if value is not ...}
        return wire.sign_receipt(wire.Receipt.model_validate(made), key)

    def manifest_of(self, found: Message, receipt: str | None = None) -> bytes:
        told = self.receipt("forwarded", found) if receipt is None else receipt
        text = found.envelope.signed.text
        return dump_json({"v": 1, "kind": "manifest", "manifest": text, "receipt": told})

    def content_of(self, found: Message, text: str | None = None) -> bytes:
        content = found.envelope.content.text if text is None else text
        return dump_json({"v": 1, "kind": "content", "h": found.h, "content": content})

    def announce(self, found: Message, receipt: str | None = None, to: str | None = None) -> Came:
        """Hand over a manifest."""
        edge = self.office.edge(to or found.to)
        return receive(edge, "manifest", self.manifest_of(found, receipt), self.now)

    def hand_out(self, found: Message, text: str | None = None) -> Came:
        """Hand over a content."""
        edge = self.office.edge(found.to)
        return receive(edge, "content", self.content_of(found, text), self.now)

    def bring(self, found: Message) -> Came:
        """Hand over both."""
        assert self.announce(found).what == "announced"
        return self.hand_out(found)

    def tell(self, edge: Edge, receipt: str, stored_at: datetime | None = None) -> Came:
        """Hand over a receipt."""
        data = dump_json({"v": 1, "kind": "receipt", "receipt": receipt})
        return receive(edge, "receipt", data, stored_at or self.now)

    # ----------------------------------------------------------------------------- what stands

    def letter(self, edge: Edge, jti: str) -> Letter:
        with edge.store.read() as c:
            found = letter(c, "in", jti) or letter(c, "out", jti)
        assert found is not None
        return found

    def alarms(self, edge: Edge) -> list[str]:
        """The kinds of the alarms that stand."""
        with edge.store.read() as c:
            return [one.kind for one in alarms(c)]

    def aside(self, edge: Edge) -> int:
        """How many deliveries wait."""
        with edge.store.read() as c:
            return len(aside(c, edge.keys.vault))

    def statuses(self, edge: Edge, h: str) -> list[str]:
        """What receipts are kept about a message."""
        with edge.store.read() as c:
            return sorted(one.status for one in receipts(c, h))

    # ------------------------------------------------------------------------------ forgeries

    def forged(self, original: Message, sender: str = PANEL, **bends: Any) -> Message:
        """The message again, with things bent, signed by ``sender``.

        ``claims`` merges claims, ``fields`` values; further bends are those of ``forge``.
        """
        edge = self.office.edge(original.verified.manifest.iss.rpartition(":")[2])
        fields = open_body(edge.keys.vault, self.letter(edge, original.jti))
        assert fields is not None
        claims = json.loads(original.verified.signed.payload)
        del claims["_sd_alg"], claims["f"]
        claims = messages.changed(claims, bends.pop("claims", {}))
        signer = bends.pop("signer", None) or messages.signer(sender)
        to = messages.agency(str(claims["aud"][0]).rpartition(":")[2])
        merged = {**fields, **bends.pop("fields", {})}
        return forge(claims, merged, signer, [to.opening.public], **bends)


def forge(
    claims: Mapping[str, JsonValue],
    fields: Mapping[str, JsonValue],
    signer: MessageSigner,
    recipients: Iterable[SealingKey],
    *,
    lines: Any = lambda lines: lines,
    committed: bytes | None = None,
    salts: bytes | None = None,
    padded_bytes: int = 0,
) -> Message:
    """Sign and seal what no honest edge would.

    Args:
        claims: Without ``_sd_alg`` and ``f``.
        fields: What the manifest declares.
        signer: Whose keys sign.
        recipients: Whom it is sealed to.
        lines: Changes the disclosures of the content.
        committed: The key that the signatures commit to, if not the real one.
        salts: The key that salts derive of, if not the real one.
        padded_bytes: The size that the body is padded to, if not the least.

    """
    cek = hashlib.sha256(dump_json(dict(claims))).digest()
    digests = digests_of(salts or cek, fields)
    hidden: dict[str, JsonValue] = {name: [{"...": digest}] for name, digest in digests.items()}
    payload = dump_json({**claims, "_sd_alg": "sha-256", "f": hidden})
    made = [disclosure(salt_key(salts or cek), name, value) for name, value in fields.items()]
    body = b"".join(line + b"\n" for line in lines(made))
    context = b"dovetail/1\x00" + hashlib.sha256(payload).digest()
    header = (("typ", CONTENT_TYP), ("ctx", sha256_text(payload)))
    content = seal_jwe(header, body, tuple(recipients), context=context, cek=cek, iv=cek[:12])
    if padded_bytes:
        content = _padded(content, cek, body, padded_bytes)
    commitment = key_commitment(cek) if committed is None else _commitment(committed)
    extra = (("ch", sha256_text(content.encode())), ("kc", commitment))
    text = sign_jws(payload, MANIFEST_TYP, (signer.ed25519, signer.ml_dsa_65), extra)
    return message_of(dump_envelope(text, content), signer)


def _commitment(key: bytes) -> str:
    return b64u(hmac.digest(key, b"dovetail/1 key-commit", "sha256"))


def _padded(content: str, cek: bytes, body: bytes, size_bytes: int) -> str:
    value = json.loads(content)
    sealed = AESGCM(cek).encrypt(cek[:12], body.ljust(size_bytes), value["protected"].encode())
    return dump_json(value | {"ciphertext": b64u(sealed[:-16]), "tag": b64u(sealed[-16:])}).decode()
