"""A gatherer's office for tests: real stores, a directory that a test may change, a moved clock.

``Office`` is also the broker: it carries what edges put into their outboxes to whom it is for, with
the receipts that the gate would sign. It judges nothing unless told to refuse.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from adapters.compose import Queued
from adapters.edge import Edge
from adapters.gatherer.enquiry import Asking, Enquiry
from adapters.gatherer.issue import issue
from adapters.gatherer.lead import Hand
from adapters.mailbox import Letter, letter
from adapters.receive import receive
from adapters.responder import Act
from adapters.store import OUTBOX, EdgeStore
from policies.calendar import BankHolidays, Division, WorkingCalendar, shipped_bank_holidays
from policies.deadline import Due, Elapsed, Stop, Stopped, Terms, civil_date, due, instant_of
from schemas import receipt as wire
from schemas.encoding import b64u, dump_json, instant_text
from schemas.envelope import Verified, read_envelope, verify
from schemas.fields.item import Held, Item, NotHeld
from schemas.manifest import Manifest
from schemas.messages.message_type import Effect
from schemas.messages.registry import REGISTRY
from schemas.problems import Problem
from tests.adapters.gatherer.surroundings import Chance, FakeDirectory, MovedClock, keys_of
from tests.builders import messages

PANEL = "northshire-panel"
SCHOOL = "oakfield-school"
HEALTH = "northshire-health"
POLICE = "northshire-police"
CHILDREN = "northshire-children"
HOUSING = "northshire-housing"
FIVE = (POLICE, SCHOOL, HEALTH, CHILDREN, HOUSING)
BECAUSE = "staff saw marked withdrawal since September after new contacts online"
CASE_DUE = datetime.fromisoformat("2026-11-24T17:00:00+00:00")

SUBJECT: dict[str, Any] = {
    "id.family_name": "Exemplar",
    "id.given_names": "Jo",
    "id.dob": "2010-02-28",
    "id.known_as": ["Joey"],
    "id.address_current": {"lines": ["1 Sample Street"], "postcode": "AB1 2DE", "uprn": "100"},
    "id.address_previous": [{"postcode": "AB1 2DF"}],
    "id.upn": "A123456789012",
    "id.nhs_number": "9434765919",
    "id.pnc_id": "2004/0012345D",
    "id.sex_recorded": "U",
}

HAND = Hand(person="lacc-0007", checked=True)
ACT = Act(person="officer-0001", checked=True)


@dataclass
class Office:
    """The panel, the agencies it asks, and the broker between them."""

    folder: Path
    clock: MovedClock = field(default_factory=MovedClock)
    directory: FakeDirectory = field(default_factory=FakeDirectory)
    holidays: BankHolidays = field(default_factory=shipped_bank_holidays)
    edges: dict[str, Edge] = field(default_factory=dict)
    opened: dict[str, tuple[datetime, Terms | Elapsed]] = field(default_factory=dict)
    stops: dict[str, list[Stop]] = field(default_factory=dict)
    extended: dict[str, int] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def edge(self, name: str) -> Edge:
        """One agency at work; its store is made when first asked for."""
        if name not in self.edges:
            keys = keys_of(name)
            store = EdgeStore.open(f"sqlite:///{self.folder / name}.db", name, keys.vault)
            chance = Chance(name)
            self.edges[name] = Edge(name, keys, store, self.directory, self.clock, chance)
        return self.edges[name]

    @property
    def panel(self) -> Edge:
        return self.edge(PANEL)

    def close(self) -> None:
        for one in self.edges.values():
            one.store.close()

    def at(self, text: str) -> None:
        """Move the clock to an instant in UTC: ``2026-11-17 09:00``."""
        self.clock.at = datetime.fromisoformat(f"{text}:00+00:00")

    def later(self, **by: float) -> None:
        self.clock.at += timedelta(**by)

    # ------------------------------------------------------------------------ the broker's part
    def carry(
        self,
        name: str = PANEL,
        *,
        collect: bool = True,
        content: Callable[[str], str] | None = None,
        refuse: Problem | None = None,
        late: bool = False,
    ) -> None:
        """Take everything in an agency's outbox to whom it is for.

        Args:
            name: Whose outbox.
            collect: Whether the recipient's edge is there to collect it.
            content: Changes the content on the way.
            refuse: What the gate refuses messages for.
            late: Whether the gate marks them late.

        """
        sender = self.edge(name)
        with sender.store.change() as c:
            rows = list(c.execute(select(OUTBOX).where(OUTBOX.c.sent_at.is_(None))))
            c.execute(update(OUTBOX).values(sent_at=instant_text(self.clock.at)))
        for row in rows:
            if row.kind == "env":
                self._forward(name, row.data, collect, content, refuse, late)
            else:
                self._receipt(row.data.decode())

    def _forward(
        self,
        name: str,
        data: bytes,
        collect: bool,
        content: Callable[[str], str] | None,
        refuse: Problem | None,
        late: bool,
    ) -> None:
        envelope = read_envelope(data)
        assert not isinstance(envelope, Problem)
        verified = verify(envelope.signed, *messages.agency(name).public)
        assert isinstance(verified, Verified)
        claims = verified.manifest
        if refuse is not None:
            told = self._sign(
                "refused",
                verified,
                problems=(wire.reported(refuse),),
                arrived_at=self.clock.at,
                record=b64u(bytes(32)),
                bytes=b64u(hashlib.sha256(data).digest()),
            )
            self._give(name, told)
            return
        members = {
            "record": b64u(bytes(32)),
            "arrived_at": self.clock.at,
            "due": self._due(claims),
            "late": late,
            "release_until": self.clock.at + timedelta(days=40),
        }
        self._give(name, self._sign("submitted", verified, **members))
        to = claims.recipient.rpartition(":")[2]
        if not collect:
            return
        forwarded = self._sign("forwarded", verified, **members)
        manifest = {
            "v": 1,
            "kind": "manifest",
            "manifest": envelope.signed.text,
            "receipt": forwarded,
        }
        receive(self.edge(to), "manifest", dump_json(manifest), self.clock.at)
        text = envelope.content.text if content is None else content(envelope.content.text)
        body = {"v": 1, "kind": "content", "h": envelope.signed.h, "content": text}
        receive(self.edge(to), "content", dump_json(body), self.clock.at)
        self.carry(to) if to != PANEL else self._receipts_of(to)

    def _receipts_of(self, name: str) -> None:
        """Carry receipts alone: the panel's other messages wait until a test carries them."""
        with self.edge(name).store.change() as c:
            waiting = OUTBOX.c.sent_at.is_(None) & (OUTBOX.c.kind == "receipt")
            rows = list(c.execute(select(OUTBOX).where(waiting)))
            c.execute(update(OUTBOX).where(waiting).values(sent_at=instant_text(self.clock.at)))
        for row in rows:
            self._receipt(row.data.decode())

    def recalled(self, jti: str) -> None:
        """Say, as release does, that a request was destroyed unread."""
        found = self.sent(jti)
        with self.panel.store.read() as c:
            row = c.execute(select(OUTBOX).where(OUTBOX.c.id == found.id)).one()
        envelope = read_envelope(row.data)
        assert not isinstance(envelope, Problem)
        verified = verify(envelope.signed, *messages.agency(PANEL).public)
        assert isinstance(verified, Verified)
        self._give(PANEL, self._sign("recalled", verified, key=messages.broker().release))

    def _receipt(self, text: str) -> None:
        signed = wire.read_receipt(text)
        assert not isinstance(signed, Problem)
        assert signed.claimed.ack is not None
        self._give(signed.claimed.ack.iss.rpartition(":")[2], text)

    def _give(self, name: str, text: str) -> None:
        data = dump_json({"v": 1, "kind": "receipt", "receipt": text})
        receive(self.edge(name), "receipt", data, self.clock.at)

    def _sign(self, status: str, verified: Verified, key: Any = None, **members: Any) -> str:
        made = wire.Receipt.model_validate(
            {
                "iss": messages.broker().entry.urn,
                "jti": messages.jti(f"broker {next(self.numbers)}", self.clock.at),
                "iat": int(self.clock.at.timestamp()),
                "mt": "receipt/1",
                "status": wire.Status(status),
                "at": self.clock.at,
                "ack": wire.acknowledge(verified),
                **members,
            }
        )
        return wire.sign_receipt(made, key or messages.broker().gate)

    def _due(self, claims: Manifest) -> wire.Due | None:
        effect = REGISTRY[claims.mt].effect
        if effect is Effect.OPENS:
            hours = claims.attest.elapsed_h
            terms = Elapsed(hours) if hours else Terms(claims.attest.working_days or 5)
            self.opened[claims.jti] = (self.clock.at, terms)
            request, division = claims.jti, claims.recipient
        else:
            assert claims.req is not None
            request, division = claims.req.jti, claims.iss
        if effect is Effect.STOPS_CLOCK:
            self.stops.setdefault(request, []).append(Stop(self.clock.at, None))
        elif effect is Effect.RESUMES_CLOCK and request in self.stops:
            self.stops[request][-1] = Stop(self.stops[request][-1].from_at, self.clock.at)
        elif effect is Effect.DECIDES_TIME and claims.attest.extension is not None:
            self.extended[request] = self.extended.get(request, 0) + claims.attest.extension.days
        entry = self.directory.entry(division.rpartition(":")[2])
        assert entry is not None
        where = entry.division if entry.id != PANEL else "england-and-wales"
        calendar = WorkingCalendar(self.holidays, frozenset({Division(where)}))
        opened_at, terms = self.opened[request]
        found = due(opened_at, calendar, terms, self.stops.get(request, []))
        expected = found.earliest if isinstance(found, Stopped) else found
        due_at = expected.due_at
        if self.extended.get(request):
            last = calendar.nth_working_day_after(civil_date(due_at), self.extended[request])
            due_at = instant_of(last, Terms().cut_off)
        assert isinstance(expected, Due)
        return wire.Due.model_validate(
            {
                "day_0": expected.day_0,
                "due_at": due_at,
                "convention": "cut_off",
                "calendar": (where,),
                "calendar_version": self.holidays.version,
                "provisional": expected.provisional,
                "stopped": isinstance(found, Stopped),
            }
        )

    # ------------------------------------------------------------------------- the people's part
    def ask(self, *agencies: str, **changes: Any) -> dict[str, str]:
        """Issue an enquiry and give each agency's request id; everything must have been queued."""
        issued = issue(self.panel, enquiry(*agencies, **changes), self.holidays)
        found = {}
        for one in issued:
            assert not isinstance(one, Problem), issued
            assert isinstance(one.outcome, Queued), one
            found[one.agency] = one.outcome.jti
        return found

    def sent(self, jti: str) -> Letter:
        """A message as the panel sent it."""
        with self.panel.store.read() as c:
            found = letter(c, "out", jti)
        assert found is not None
        return found

    def asked(self, agency: str, jti: str) -> Letter:
        """A request as the agency has it."""
        with self.edge(agency).store.read() as c:
            found = letter(c, "in", jti)
        assert found is not None
        return found


def enquiry(*agencies: str | Asking, **changes: Any) -> Enquiry:
    """An enquiry about the person of the tests; ``changes`` replace members."""
    members: dict[str, Any] = {
        "reference": "NS-2026-014",
        "asking": tuple(
            one if isinstance(one, Asking) else Asking(agency=one) for one in agencies or FIVE
        ),
        "because": BECAUSE,
        "subject_informed": {"informed": False, "reason": "not_yet_practicable"},
        "person": "lacc-0007",
        "subject": SUBJECT,
        "subject_class": "child",
        "case_due": CASE_DUE,
        "themes": ("online_influence",),
        "summary": "Staff noticed a marked change in conduct over six weeks.",
        "checked": True,
    }
    return Enquiry(**(members | changes))


def held(value: Any, **changes: Any) -> Item:
    """A held item."""
    members: dict[str, Any] = {
        "value": value,
        "kind": "fact",
        "as_at": datetime.fromisoformat("2026-11-13").date(),
        "source": "Sample MIS",
    }
    return Held(**(members | changes))


NOT_HELD = NotHeld()
