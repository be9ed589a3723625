"""A whole Northmere at work for end-to-end tests: the bus, the services, six edges, people who act."""

import asyncio
import base64
import json
import logging
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select

from adapters import responder
from adapters.compose import Draft, Queued
from adapters.edge import Edge
from adapters.feed import Kept, kept_records, verify_kept
from adapters.gatherer.board import Row, case_view
from adapters.gatherer.enquiry import Asking, Enquiry
from adapters.gatherer.issue import Issued, issue
from adapters.gatherer.lead import Hand
from adapters.mailbox import Letter, Receipt, letter, letters, open_body, receipts
from adapters.request_facts import manifest_of
from adapters.store import ALARMS, OUTBOX
from broker import log
from broker.bus_connection import Connection, open_connection
from broker.clock import Clock
from broker.nkeys import Credentials, NKey
from deploy.cli.audit import verify_world
from deploy.nats import streams
from deploy.nats.accounts import user_jwt
from deploy.nats.embedded import EmbeddedBus
from deploy.sandbox.cast import GATHERER
from deploy.sandbox.founding import found
from deploy.sandbox.place import bank_holidays, open_clock
from deploy.sandbox.world import World
from policies.calendar import Division, WorkingCalendar, shipped_bank_holidays
from schemas.problems import Problem
from schemas.record import Event

PANEL = GATHERER
SCHOOL, POLICE, HEALTH = "ashgrove-academy", "northmere-police", "northmere-health"
CHILDREN, HOUSING = "northmere-children", "northmere-housing"
FIVE = (POLICE, SCHOOL, HEALTH, CHILDREN, HOUSING)
SUBJECT = Path(__file__).parents[1] / "deploy/sandbox/rowan.json"
BECAUSE = "a teacher saw the pupil withdraw from friends and quote extreme material"
HAND = Hand(person="lacc-0007", checked=True)
LONDON = ZoneInfo("Europe/London")
CALENDAR = WorkingCalendar(shipped_bank_holidays(), frozenset({Division.ENGLAND_AND_WALES}))
PATIENCE_S = 30.0  # the machine may be busy; nothing waits longer than it must
_LOOK_S = 0.02
#: POL-18 wants each case's own words, and does not count digits as words.
_LETTERS = str.maketrans("0123456789", "abcdefghij")


def act(signoff: str | None = None) -> responder.Act:
    """A person of the agency that was asked."""
    return responder.Act(person="officer-0001", checked=True, signoff_ref=signoff)


def monday(clock: Clock) -> timedelta:
    """How far it is to nine o'clock on the next Monday that no holiday follows for two weeks."""
    day = clock.now().astimezone(LONDON).date() + timedelta(days=1)
    while day.weekday() != 0 or CALENDAR.nth_working_day_after(day, 10) != day + timedelta(days=14):
        day += timedelta(days=1)
    return by(clock, datetime.combine(day, time(9), LONDON))


def by(clock: Clock, at: datetime) -> timedelta:
    """How far to move a clock to be a second past an instant."""
    return timedelta(seconds=int((at - clock.now()).total_seconds()) + 1)


def found_northmere(folder: Path) -> Path:
    """Found a world that begins on a Monday morning, for every test to copy: keys are slow to make."""
    folder.mkdir(mode=0o700)
    clock = open_clock(folder)
    clock.advance(monday(clock))
    found(folder, secrets.token_bytes, clock.now())
    return folder


@dataclass(frozen=True, slots=True)
class Held:
    """What stands in a stream."""

    subject: str
    data: bytes
    sequence: int
    headers: bytes


@dataclass(slots=True)
class Northmere:
    """A running world, and what people do in it."""

    world: World

    # ------------------------------------------------------------------------------ people

    def edge(self, agency: str = PANEL) -> Edge:
        return self.world.edges[agency]

    async def ask(self, reference: str, *asking: str | Asking, **changes: Any) -> dict[str, str]:
        """Issue an enquiry; agency to request id once the gate let each through."""
        issued = issue(self.edge(), enquiry(reference, *asking, **changes), self.holidays)
        sent = {}
        for one in issued:
            assert isinstance(one, Issued), issued
            assert isinstance(one.outcome, Queued), one
            sent[one.agency] = one.outcome.jti
        for jti in sent.values():
            await self.reaches(PANEL, jti, "submitted", "delivered", "opened")
        return sent

    async def asked(self, agency: str, jti: str) -> responder.Asked:
        """A request as the agency has it, once its records were looked up."""

        def ready() -> responder.Asked | None:
            found = responder.find_request(self.edge(agency), jti)
            return found if found is not None and found.proposal is not None else None

        return await self.until(ready)

    async def sent(self, agency: str, result: Any, *states: str) -> str:
        """What was queued, once it has come so far; its id."""
        assert isinstance(result, Queued), result
        await self.reaches(agency, result.jti, *states or ("opened",))
        return result.jti

    async def answer(
        self, agency: str, jti: str, questions: tuple[str, ...] | None = None, **more: Any
    ) -> str:
        """Answer from the agency's own records: all that they hold, or these questions."""
        found = await self.asked(agency, jti)
        wants = manifest_of(found.request).wants or {}
        items = found.proposal.items
        if questions is not None:
            names = {name for qid in questions for name in wants[qid]}
            items = {name: item for name, item in items.items() if name in names}
        states = more.pop("states", ())
        made = responder.answer(
            self.edge(agency), found.request, items, "exact", act(f"{agency[:3]}-7"), **more
        )
        return await self.sent(agency, made, *states)

    async def draft(self, agency: str, jti: str) -> Draft:
        """The answer that an honest agency would send."""
        found = await self.asked(agency, jti)
        made = responder.answer_draft(
            self.edge(agency), found.request, found.proposal.items, "exact", act("ref-7")
        )
        assert isinstance(made, Draft), made
        return made

    # ------------------------------------------------------------------------------ looking

    @property
    def holidays(self) -> Any:
        return bank_holidays(self.edge())

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def letter(self, agency: str, jti: str, way: str = "out") -> Letter | None:
        with self.edge(agency).store.read() as c:
            return letter(c, way, jti)

    def letters(self, agency: str, **which: Any) -> tuple[Letter, ...]:
        with self.edge(agency).store.read() as c:
            return letters(c, **which)

    def body(self, agency: str, found: Letter) -> Any:
        """The field values of a message that was opened."""
        return open_body(self.edge(agency).keys.vault, found)

    def receipts(self, agency: str, h: str) -> tuple[Receipt, ...]:
        with self.edge(agency).store.read() as c:
            return receipts(c, h)

    def records(self, agency: str) -> tuple[Kept, ...]:
        edge = self.edge(agency)
        with edge.store.read() as c:
            return kept_records(edge, c)

    def events(self, agency: str, jti: str) -> list[Event]:
        """What an agency's feed holds of a message."""
        return [one.record.ev for one in self.records(agency) if one.about == jti]

    def alarms(self, agency: str) -> list[tuple[str, str]]:
        with self.edge(agency).store.read() as c:
            return [(row.kind, row.about) for row in c.execute(ALARMS.select())]

    def row(self, reference: str, agency: str) -> Row:
        view = case_view(self.edge(), reference, self.holidays)
        assert view is not None
        return next(one for one in view.rows if one.standing.agency == agency)

    def stand(self, reference: str, agency: str) -> str:
        return self.row(reference, agency).standing.stand.value

    def due(self, jti: str) -> datetime:
        """When a request is due, as the gate's receipt told the panel."""
        found = self.letter(PANEL, jti)
        assert found is not None
        assert found.due is not None
        return datetime.fromisoformat(found.due["due_at"])

    async def stored(self, stream: str) -> list[Held]:
        """Everything in a stream, in order, read with the administrator's rights."""
        return await held_in(self.world.bus.admin, stream)

    async def streams(self) -> list[str]:
        """Every stream and bucket that there is."""
        return list((await self.world.bus.admin.api("STREAM.NAMES"))["streams"])

    # ------------------------------------------------------------------------------ waiting

    async def until(self, holds: Callable[[], Any]) -> Any:
        """What is looked for, once it is there; fails when it never comes."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := holds()):
                self.alive()
                await asyncio.sleep(_LOOK_S)
        return found

    def alive(self) -> None:
        """Raise what ended a service or an edge that should run for ever."""
        for task in [one for one in self.world._tasks if one.done() and not one.cancelled()]:
            task.result()

    async def reaches(self, agency: str, jti: str, *states: str, way: str = "out") -> Letter:
        """A message once it is in one of these states."""
        last: Letter | None = None

        def there() -> Letter | None:
            nonlocal last
            last = self.letter(agency, jti, way)
            return last if last is not None and last.state in states else None

        try:
            return await self.until(there)
        except TimeoutError:
            raise AssertionError(
                f"{agency} {jti}: {last and (last.state, last.problems)}"
            ) from None

    async def logged(self, agency: str, jti: str, *events: Event) -> None:
        """Wait until an agency's feed holds these of a message."""
        await self.until(lambda: set(events) <= set(self.events(agency, jti)))

    async def quiet(self) -> None:
        """Wait until nothing is under way: outboxes, ingresses, services, deliveries, log, feeds."""
        async with asyncio.timeout(PATIENCE_S):
            calm = 0
            while calm < 2:  # what a service does between two streams is in neither
                self.alive()
                await self.world.services.tick()
                calm = 0 if await self.busy() else calm + 1
                await asyncio.sleep(_LOOK_S)

    async def busy(self) -> str | None:
        """What is still under way, or None."""
        for agency, edge in self.world.edges.items():
            with edge.store.read() as c:
                if c.execute(select(OUTBOX.c.id).where(OUTBOX.c.sent_at.is_(None))).first():
                    return f"outbox of {agency}"
        api = self.world.bus.admin.api
        sizes = {}
        for stream in (await api("STREAM.LIST"))["streams"]:
            name, state = stream["config"]["name"], stream["state"]
            sizes[name] = state["messages"]
            if name.startswith("IN_") and state["messages"]:
                return name
        if not sizes["LOG"] == sizes["RECORDS"] == await self._signed():
            return "log"
        accounts = {edge.entry.account for edge in self.world.edges.values()}
        for stream in ("OUT", "FEED", "VERDICTS", "RECORDS"):
            for consumer in (await api(f"CONSUMER.LIST.{stream}"))["consumers"]:
                at_work = stream in {"VERDICTS", "RECORDS"} or consumer["name"] in accounts
                if at_work and consumer["num_pending"] + consumer["num_ack_pending"]:
                    return f"{stream} {consumer['name']}"
        return None

    async def _signed(self) -> int:
        newest = await self.stored("CHECKPOINTS")
        return int(newest[-1].subject.rpartition(".")[2]) if newest else 0

    async def move_to(self, at: datetime) -> None:
        await self.world.move(by(self.world.clock, at))

    async def new_week(self) -> date:
        """Go to nine o'clock on the next quiet Monday; the day."""
        await self.world.move(monday(self.world.clock))
        return self.now.astimezone(LONDON).date()

    # ------------------------------------------------------------------------------ proving

    def prove(self, agency: str) -> int:
        """Hold an agency's feed to be without a gap and every record proven; how many."""
        kept = self.records(agency)
        assert [one.n for one in kept] == list(range(1, len(kept) + 1))
        for one in kept:
            proven = verify_kept(self.edge(agency), one.sealed, one.proof)
            assert not isinstance(proven, Problem), (one.n, proven)
        return len(kept)

    async def report(self) -> Any:
        found, _ = await verify_world(self.world.folder, self.world.bus.url)
        return found


def enquiry(reference: str, *asking: str | Asking, **changes: Any) -> Enquiry:
    """An enquiry about the invented child; ``changes`` replace members."""
    members: dict[str, Any] = {
        "reference": reference,
        "asking": tuple(
            one if isinstance(one, Asking) else Asking(agency=one) for one in asking or FIVE
        ),
        "because": f"{BECAUSE}, as note {reference.translate(_LETTERS)} says",
        "subject_informed": {"informed": False, "reason": "would_prejudice_prevention"},
        "person": "lacc-0007",
        "subject": json.loads(SUBJECT.read_text()),
        "subject_class": "child",
        "themes": ("grievance_or_isolation",),
        "checked": True,
    }
    return Enquiry(**(members | changes))


async def insider(bus: EmbeddedBus) -> Connection:
    """A connection with every right within the broker's account; close it."""
    user = NKey.generate("user")
    jwt = user_jwt(bus.keys.hub, user.public, "insider", publish=(">",))
    return await open_connection(bus.url, Credentials(jwt, user), name="insider")


async def rewrite(bus: EmbeddedBus, stream: str, messages: Iterable[Held]) -> None:
    """Put a stream anew with other messages, as only whoever administers the server can."""
    declared = next(one for one in streams.STREAMS if one.name == stream)
    await bus.admin.api(f"STREAM.DELETE.{stream}")
    await streams.add_stream(bus.admin, declared)
    connection = await insider(bus)
    for one in messages:
        await connection.store(one.subject, one.data)
    await connection.close()


async def held_in(admin: Connection, stream: str) -> list[Held]:
    """Everything in a stream, in order, read with the administrator's rights."""
    state = (await admin.api(f"STREAM.INFO.{stream}"))["state"]
    held = []
    for sequence in range(max(1, state["first_seq"]), state["last_seq"] + 1):
        try:
            found = await admin.api(f"STREAM.MSG.GET.{stream}", {"seq": sequence})
        except LookupError:
            continue  # erased, or worked off
        message = found["message"]
        data = base64.b64decode(message.get("data", ""))
        headers = base64.b64decode(message.get("hdrs", ""))
        held.append(Held(message["subject"], data, sequence, headers))
    return held


@asynccontextmanager
async def northmere(
    founded: Path, folder: Path, *, without: frozenset[str] = frozenset()
) -> AsyncIterator[Northmere]:
    """A running copy of a founded world; its log goes into ``folder/dovetail.log``."""
    if not folder.exists():  # noqa: ASYNC240 - before anything runs
        shutil.copytree(founded, folder)
    with (folder / "dovetail.log").open("a", encoding="utf-8") as lines:
        log.configure(lines)
        world = await World.start(folder, without=without)
        try:
            yield Northmere(world)
        finally:
            await world.stop()
            structlog.reset_defaults()
            logging.getLogger().handlers.clear()
