"""A whole broker in memory: agencies with keys, a directory, a bus, and messages that hold.

The services are the real ones; only the bus, the clock and the directory's files are not.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any

from broker.audit.service import Audit, Ports
from broker.audit.store import Log
from broker.audit.verify import LogKeys, Report, verify_log
from broker.calendars import Calendars
from broker.faults import Fault
from broker.gate.facts import Known
from broker.gate.service import Gate, Limits
from broker.gathering.outbox import Outbox, Sender
from broker.gathering.service import Gathering
from broker.hands import Hands
from broker.notary import Notary, Sealer
from broker.release.service import Release
from policies.pack_whole import Pack
from schemas.directory_entry import DirectoryEntry
from schemas.encoding import JsonValue
from schemas.envelope import SignedManifest, Verified, read_manifest
from schemas.keys import sealing_key
from schemas.manifest import Manifest, parse_claims
from schemas.receipt import Receipt, Status, acknowledge, read_receipt, sign_receipt
from schemas.record import Record, open_record
from schemas.sealing import Sealed, seal
from schemas.subjects import ingress, ingress_stream
from tests.broker.fakes import START, FakeBus, FakeClock
from tests.builders import messages
from tests.policies import builders as policy

PANEL, SCHOOL, HEALTH = "la-panel", "school", "nhs-trust"
ORIGIN = "log.dovetail.example/2026"
KINDS = {PANEL: "la_panel", SCHOOL: "school", HEALTH: "nhs_trust", "police-ctp": "police_ctp"}


@cache
def entry_of(name: str) -> DirectoryEntry:
    """An agency's entry, with keys; the broker's with those of its services."""
    if name == "broker":
        return messages.broker().entry
    agreement = {
        "with": [other for other in KINDS if other != name],
        "ref": "DSA/1",
        "dpia_ref": "DPIA/1",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
    }
    return messages.entry(name, KINDS[name], agreements=[agreement])


class FakeDirectory:
    """The directory as a value that a test may change."""

    def __init__(self, *names: str) -> None:
        self.held = {name: entry_of(name) for name in names}
        self.version = 7
        self.packs: dict[str, Pack] = {policy.pack().h: policy.pack()}
        self.superseded: dict[str, datetime] = {}
        self.calendar = files("policies.data").joinpath("bank_holidays.json").read_bytes()

    def put(self, entry: DirectoryEntry) -> None:
        self.held[entry.id] = entry
        self.version += 1

    def entry(self, agency: str) -> DirectoryEntry | None:
        return self.held.get(agency)

    def by_account(self, account: str) -> DirectoryEntry | None:
        return next((e for e in self.held.values() if e.account == account), None)

    def owner_of(self, kid: str) -> DirectoryEntry | None:
        return next((e for e in self.held.values() if e.key(kid)), None)

    def entries(self) -> tuple[DirectoryEntry, ...]:
        return tuple(self.held[name] for name in sorted(self.held))

    def pack_by_hash(self, h: str) -> Pack | None:
        return self.packs.get(h)

    def superseded_at(self, h: str) -> datetime | None:
        return self.superseded.get(h)

    def in_force(self, at: datetime) -> tuple[Pack, ...]:
        return tuple(pack for pack in self.packs.values() if pack.in_force(at))

    def bank_holidays(self) -> bytes:
        return self.calendar


class Randomness:
    """Bytes that never repeat and are the same in every run."""

    def __init__(self) -> None:
        self._count = count()

    def __call__(self, size: int) -> bytes:
        return hashlib.shake_256(f"random {next(self._count)}".encode()).digest(size)


_numbers = count(1)


def sealed(
    case: policy.Case,
    *,
    at: datetime = START,
    signer: str | None = None,
    to: str | None = None,
    directory: FakeDirectory | None = None,
    **changes: Any,
) -> Sealed:
    """Seal a policy builders' case between agencies of this scene, as its sender would."""
    claims = dict(policy.changed(case.claims, changes))
    claims.pop("f")
    claims.pop("_sd_alg")
    if "jti" not in changes:
        claims["jti"] = messages.jti(f"scene {next(_numbers)}", at)
    if "iat" not in changes:
        claims["iat"] = int(at.timestamp())
        claims["exp"] = claims["iat"] + 3600
    sender = signer or str(claims["iss"]).rpartition(":")[2]
    recipient = to or str(claims["aud"][0]).rpartition(":")[2]
    entry = directory.entry(recipient) if directory else entry_of(recipient)
    key = entry.key_to_seal_to("enc", at) if entry else None
    assert key is not None
    made = seal(
        claims, case.fields, messages._signer(sender), [sealing_key(key.jwk)],
        cek=(cek := hashlib.sha256(repr(claims).encode()).digest()), iv=cek[:12],
    )  # fmt: skip
    assert isinstance(made, Sealed), made
    return made


def request(*, at: datetime = START, to: str = SCHOOL, **changes: Any) -> Sealed:
    """A request from the panel."""
    return sealed(policy.request(KINDS[to]), at=at, **changes)


def about(
    mt: str, asked: Sealed, *, at: datetime = START, kind: str = "school", **changes: Any
) -> Sealed:
    """A message of a type about a request."""
    attest = changes.pop("attest", {})
    case = policy.answer(kind) if mt == "information.response/1" else policy.about(mt, kind)
    conv = json.loads(asked.signed.payload)["conv"]
    return sealed(case, at=at, **{"req": ref(asked), "conv": conv, "attest": attest} | changes)


def ref(asked: Sealed) -> dict[str, JsonValue]:
    """How a message refers to a request."""
    return {"jti": jti_of(asked), "h": asked.h}


def jti_of(made: Sealed) -> str:
    """The id that its sender gave a message."""
    return str(json.loads(made.signed.payload)["jti"])


@dataclass
class Scene:
    """The services over one bus in memory."""

    clock: FakeClock = field(default_factory=FakeClock)
    directory: FakeDirectory = field(
        default_factory=lambda: FakeDirectory(PANEL, SCHOOL, HEALTH, "police-ctp", "broker")
    )
    limits: Limits | None = None

    def __post_init__(self) -> None:
        self.bus = FakeBus(self.clock)
        self.random = Randomness()
        self.calendars = Calendars(self.directory)
        self.restart()

    # ---- services

    @property
    def known(self) -> Known:
        return Known(self.bus, self.directory, self.directory, self.calendars, self.clock)

    def hands(self, service: str = "gate") -> Hands:
        key = getattr(messages.broker(), service)
        notary = Notary(entry_of("broker").urn, key)
        return Hands(self.bus, self.bus, self.bus, notary, Sealer(self.random))

    def restart(self) -> None:
        """The process dies: everything in memory is gone, the bus stays."""
        bus, directory, clock = self.bus, self.directory, self.clock
        self.gate = Gate(self.known, self.hands(), self.limits)
        self.release = Release(bus, directory, clock, self.hands("release"))
        sender = Sender(entry_of("broker"), messages.broker().gathering, self.random)
        outbox = Outbox(sender, directory, bus, bus)
        self.gathering = Gathering(bus, directory, self.calendars, clock, outbox)
        log = Log(ORIGIN, messages.broker().log, bus, bus)
        self.audit = Audit(Ports(bus, bus, bus, directory, clock, self.random), log)

    async def serve(self, *services: str) -> None:
        """Serve these services, or all, on every ingress; restarting takes the new instances."""
        chosen = services or ("gate", "release", "gathering", "audit")
        on = {"gate": self._judge, "release": self._receive}
        for service in (one for one in chosen if one in on):
            for entry in self.directory.entries():
                stream = ingress_stream(entry.account)
                await self.bus.serve(stream, service, on[service], service=service)
        if "release" in chosen:
            await self.bus.serve("VERDICTS", "release", self._recall, service="release")
        if "gathering" in chosen:
            await self.bus.serve("VERDICTS", "gathering", self._track, service="gathering")
        if "audit" in chosen:
            await self.bus.serve("RECORDS", "audit", self._log, service="audit")

    # The instance of the moment: a restart makes new ones.

    async def _judge(self, message: Any) -> None:
        await self.gate.handle(message)

    async def _receive(self, message: Any) -> None:
        await self.release.on_receipt(message)

    async def _recall(self, message: Any) -> None:
        await self.release.on_verdict(message)

    async def _track(self, message: Any) -> None:
        await self.gathering.on_verdict(message)

    async def _log(self, message: Any) -> None:
        await self.audit.on_record(message)

    async def start(self) -> None:
        """As the runner does at a start; faults are tried again."""
        for begin in (self.release.start, self.gathering.start, self.audit.start):
            await _until_done(begin)

    async def tick(self) -> None:
        """Let time pass for whoever acts by the clock, and let what they said through the gate."""
        for beat in (self.release.tick, self.gathering.tick, self.audit.publish):
            await _until_done(beat)
        await self.bus.run()
        await _until_done(self.audit.publish)

    # ---- what agencies do

    def put(self, sender: str, made: Sealed | bytes, kind: str = "env") -> bytes:
        """Put bytes into an agency's ingress."""
        data = made if isinstance(made, bytes) else made.envelope
        self.bus._store(ingress(self.directory.held[sender].account, kind), data)  # type: ignore[arg-type]
        return data

    async def send(self, sender: str, made: Sealed | bytes, kind: str = "env") -> bytes:
        """Send, and let the services work until all is quiet."""
        data = self.put(sender, made, kind)
        await self.bus.run()
        return data

    def receipt(self, by: str, status: str, made: Sealed, **members: Any) -> bytes:
        """A receipt as an edge signs it."""
        verified = _verified(made)
        payload = {
            "iss": entry_of(by).urn,
            "jti": messages.jti(f"receipt {by} {status} {made.h}", self.clock.now()),
            "iat": int(self.clock.now().timestamp()),
            "mt": "receipt/1",
            "status": Status(status),
            "at": self.clock.now(),
            "ack": acknowledge(verified),
            **members,
        }
        return sign_receipt(Receipt.model_validate(payload), messages._signer(by).ed25519).encode()

    # ---- looking

    def id_of(self, made: Sealed) -> str:
        """A message's id."""
        return hashlib.sha256(made.envelope).hexdigest()

    def claims(self, manifest: str | None) -> Manifest | None:
        """The claims in a record's manifest."""
        signed = read_manifest(manifest) if manifest else None
        found = parse_claims(signed.payload) if isinstance(signed, SignedManifest) else None
        return found if isinstance(found, Manifest) else None

    def report(self) -> Report:
        """What verifying the whole log finds."""
        return verify_log(
            [(m.sequence - 1, m.data) for m in self.bus.messages("LOG")],
            [m.data for m in self.bus.messages("RECORDS")],
            [m.data for m in self.bus.messages("CHECKPOINTS")],
            LogKeys(ORIGIN, *messages.broker().log.public),
        )

    def out(self, name: str, kind: str = "") -> list[dict[str, Any]]:
        """Deliveries to an agency, of one kind or all, in order."""
        account = self.directory.held[name].account
        return [
            json.loads(m.data)
            for m in self.bus.messages("OUT")
            if m.subject.startswith(f"out.{account}.{kind}")
        ]

    def receipts(self, name: str, status: str = "") -> list[Receipt]:
        """Receipts that an agency was handed."""
        found = [read_receipt(one["receipt"]) for one in self.out(name, "receipt")]
        claimed = [one.claimed for one in found]  # type: ignore[union-attr]
        return [one for one in claimed if not status or one.status == status]

    def records(self, name: str) -> list[Record]:
        """The records that an agency can open."""
        key = messages._opening(name + " feed")
        found = [open_record(m.data.decode(), key) for m in self.bus.messages("RECORDS")]
        return [one for one in found if isinstance(one, Record)]


async def _until_done(what: Callable[[], Awaitable[object]]) -> None:
    """Try again after a fault, as the runner does."""
    for _ in range(50):
        try:
            await what()
        except Fault:
            continue
        return
    raise AssertionError("it never succeeds")


def _verified(made: Sealed) -> Verified:
    claims = parse_claims(made.signed.payload)
    assert isinstance(claims, Manifest)
    return Verified(claims, made.signed)


def later(**by: float) -> datetime:
    return START + timedelta(**by)
