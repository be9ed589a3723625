"""An agency's running edge: outbox to the bus, deliveries to the store, records to proposals, notices out.

Everything it does follows from what stands in the store, so it may be killed at any instant and
started again: what was queued is sent as it was sealed, what was delivered is delivered again until
it is kept, what was opened and not yet looked up is looked up.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update

from adapters.agency import Agency
from adapters.announce import AnnounceFault, Announcer, Kind, Notice
from adapters.edge import Edge
from adapters.feed import take_entry
from adapters.mailbox import (
    Letter,
    alarm,
    answered_about,
    change_letter,
    due_of,
    letters,
    newest_due,
    short,
)
from adapters.proposal import Proposal, look_up, proposal, write_down
from adapters.receive import receive
from adapters.request_facts import counts
from adapters.responder import Act, acknowledge, answer, nil
from adapters.store import NOTES, OUTBOX
from broker.client import BusUnavailable, Client, Delivery, MessageTooLarge, QuotaReached, Sent
from schemas.encoding import instant_text
from schemas.problems import Code, Problem

__all__ = ["Options", "Runtime"]

_LOOK_S: Final = 0.1  # how soon the outbox sees what another process queued
_WAIT_S: Final = 1.0  # after the bus could not take something
_REQUEST: Final = "information.request/1"
_KINDS: Final = {
    _REQUEST: Kind.NEW_REQUEST,
    "deadline.reminder/1": Kind.REMINDER,
    "deadline.escalation/1": Kind.ESCALATION,
    "information.response/1": Kind.ANSWERED,
    "information.nil_return/1": Kind.ANSWERED,
    "information.refusal/1": Kind.ANSWERED,
    "information.clarification_query/1": Kind.ASKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an agency runs its edge.

    Attributes:
        agency: Its records, or None: then people answer by hand.
        acknowledges: Whether the edge acknowledges a request by itself.
        answers: Whether a complete, exact answer that needs no sign-off leaves without a person.
            By this the agency attests, once for all its records behind the adapter, that nothing
            in them comes from an intelligence service and that they are about one person each.
        announcers: Ways to reach a person outside the bus.

    """

    agency: Agency | None = None
    acknowledges: bool = True
    answers: bool = False
    announcers: Sequence[Announcer] = ()


class Runtime:
    """One agency's edge at work. ``run`` until cancelled."""

    def __init__(self, edge: Edge, client: Client, options: Options) -> None:
        """Put together; nothing starts yet."""
        self._edge = edge
        self._client = client
        self._options = options
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; a fault of the bus is waited for, a bug ends it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outbox(), name=f"{self._edge.agency} outbox")
            tasks.create_task(self._deliveries(), name=f"{self._edge.agency} deliveries")
            tasks.create_task(self._feed(), name=f"{self._edge.agency} feed")
            tasks.create_task(self._acts(), name=f"{self._edge.agency} acts")

    # --- outbox to bus

    async def _outbox(self) -> None:
        while True:
            try:
                sent = await self.send_next()
            except BusUnavailable:
                sent = False
                await asyncio.sleep(_WAIT_S)
            if not sent:
                await asyncio.sleep(_LOOK_S)

    async def send_next(self) -> bool:
        """Send the oldest unsent bytes; False when there are none, or the quota is reached.

        Raises:
            BusUnavailable: Not known whether the bus has them: the same bytes go again.

        """
        with self._edge.store.read() as c:
            query = (
                select(OUTBOX).where(OUTBOX.c.sent_at.is_(None)).order_by(OUTBOX.c.place).limit(1)
            )
            row = c.execute(query).one_or_none()
        if row is None:
            return False
        send = self._client.send_receipt if row.kind == "receipt" else self._client.send_envelope
        result = await send(row.data)
        match result:
            case Sent():
                self._sent(row.place)
            case QuotaReached():
                await asyncio.sleep(_WAIT_S)
                return False
            case MessageTooLarge():
                self._never_sent(row.place, row.id)
        return True

    def _sent(self, place: int) -> None:
        at = instant_text(self._edge.clock.now())
        with self._edge.store.change() as c:
            # The bytes stay in the letter's manifest; an outbox is not an archive.
            c.execute(update(OUTBOX).where(OUTBOX.c.place == place).values(sent_at=at, data=b""))

    def _never_sent(self, place: int, message_id: str) -> None:
        """The bus will never take these bytes: say so on the message, and go on with the next."""
        self._sent(place)
        with self._edge.store.change() as c:
            for found in letters(c, way="out"):
                if found.id == message_id:
                    problems = (Problem(Code.MESSAGE_TOO_LARGE, "envelope"),)
                    change_letter(c, "out", found.jti, state="refused", problems=problems)

    # --- bus to store

    async def _deliveries(self) -> None:
        while True:
            try:
                async for delivery in self._client.deliveries():
                    await self._take(delivery)
            except BusUnavailable:
                await asyncio.sleep(_WAIT_S)

    async def _take(self, delivery: Delivery) -> None:
        stored_at = self._edge.clock.of(delivery.stored_at)
        came = receive(self._edge, delivery.kind, delivery.data, stored_at)
        await delivery.ack()
        if came.what == "opened":
            self._news.set()

    async def _feed(self) -> None:
        while True:
            try:
                async for delivery in self._client.feed():
                    take_entry(self._edge, delivery.data, self._edge.clock.now())
                    await delivery.ack()
            except BusUnavailable:
                await asyncio.sleep(_WAIT_S)

    # --- store to people and records

    async def _acts(self) -> None:
        while True:
            await self.act()
            self._news.clear()
            try:
                async with asyncio.timeout(_WAIT_S):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def act(self) -> None:
        """Do what the store shows to be undone: acknowledge, look up, answer, announce."""
        edge = self._edge
        with edge.store.read() as c:
            opened = [one for one in letters(c, way="in") if one.state == "opened"]
            undone = [
                one for one in opened if one.mt == _REQUEST and proposal(edge, c, one.jti) is None
            ]
        for request in undone:
            await self._look_up(request)
        for found in opened:
            await self._announce(found)

    async def _look_up(self, request: Letter) -> None:
        edge = self._edge
        if self._options.acknowledges and not self._has_answered(request):
            # It names a role and nothing of any record, so the edge itself can attest that.
            acknowledge(edge, request, Act(person="edge-runtime", checked=True))
        found = await look_up(edge, self._options.agency, request)
        with edge.store.change() as c:
            write_down(edge, c, request.jti, found)
            if found.fault is not None:
                alarm(c, "source.broken", request.jti, edge.clock.now())
        if self._options.answers:
            self._answer_itself(request, found)

    def _has_answered(self, request: Letter) -> bool:
        with self._edge.store.read() as c:
            about = answered_about(c, request.jti)
        return any(one.way == "out" and counts(one) for one in about)

    def _answer_itself(self, request: Letter, found: Proposal) -> None:
        """Let a complete answer go; whatever policy has against it leaves it to a person."""
        act = Act(person="edge-runtime", checked=True)
        if found.outcome == "nothing_held" and found.window is not None:
            nil(self._edge, request, found.searched, found.window, act)
        elif found.outcome == "found" and found.confidence == "exact" and not found.unanswered:
            answer(self._edge, request, found.items, found.confidence, act)

    async def _announce(self, found: Letter) -> None:
        kind = _KINDS.get(found.mt)
        if kind is None or not self._options.announcers or self._is_announced(found.jti):
            return
        notice = Notice(kind, short(found.request), self._due(found.request))
        for announcer in self._options.announcers:
            try:
                await announcer.announce(notice)
            except AnnounceFault:
                with self._edge.store.change() as c:
                    alarm(c, "announce.failed", found.jti, self._edge.clock.now())
                return
        with self._edge.store.change() as c:
            at = instant_text(self._edge.clock.now())
            c.execute(insert(NOTES).values(request=found.jti, kind="announced", by="edge", at=at))

    def _is_announced(self, jti: str) -> bool:
        with self._edge.store.read() as c:
            query = select(NOTES.c.place).where(NOTES.c.request == jti, NOTES.c.kind == "announced")
            return c.execute(query).first() is not None

    def _due(self, request: str) -> datetime | None:
        with self._edge.store.read() as c:
            return due_of(newest_due(c, request))
