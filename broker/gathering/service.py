"""Gathering: remind, raise, tell of a newer calendar, and forget; through the gate like everybody.

It follows the verdicts and keeps an agenda of what is due when; a tick costs what is due and no
more. What was said is known from the request and the outbox, never from memory, so that a restart
says nothing twice and leaves nothing out.
"""

import asyncio
from datetime import datetime

from broker.agenda import Agenda
from broker.calendars import Calendars
from broker.faults import Fault
from broker.gathering.outbox import Outbox
from broker.gathering.track import Step, look, recount
from broker.kept import dump, load
from broker.log import logger
from broker.ports import Arrived, Bucket, Buckets, Clock, Directory, Value
from broker.requests import BUCKET, Request, with_event
from broker.verdicts import Verdict
from policies.calendar import BankHolidays, parse_bank_holidays
from schemas.messages.message_type import Effect
from schemas.subjects import request_key

__all__ = ["Gathering"]

_NOTED_WAITS_S = (0.005, 0.02, 0.1, 0.3)  # the gate notes a message just after its verdict
_LISTS = "ladder"


class Gathering:
    """One instance in the whole broker at a time."""

    def __init__(
        self,
        buckets: Buckets,
        directory: Directory,
        calendars: Calendars,
        clock: Clock,
        outbox: Outbox,
    ) -> None:
        self._requests: Bucket = buckets.bucket(BUCKET)
        self._lists: Bucket = buckets.bucket(_LISTS)
        self._directory = directory
        self._calendars = calendars
        self._clock = clock
        self._outbox = outbox
        self._agenda = Agenda()
        self._one_at_a_time = asyncio.Lock()
        self._counted_by: str | None = None
        self._known_lists: dict[str, BankHolidays] = {}

    @property
    def waiting(self) -> int:
        """How many requests are on the agenda."""
        return len(self._agenda)

    async def start(self) -> None:
        """Send what was left unsent, and put every request on the agenda."""
        await self._outbox.recover()
        await self._look_at_all()

    async def on_verdict(self, message: Arrived) -> None:
        """Follow what the gate decided: look at the request that it changed.

        Raises:
            Fault: The gate has not noted it in the request yet; it comes again.

        """
        verdict = load(Verdict, message.data)
        if not verdict.forwards or verdict.req is None:
            return
        key = request_key(verdict.req)
        for wait_s in (*_NOTED_WAITS_S, None):
            held = await self._requests.get(key)
            if _is_noted(verdict, held):
                break
            if wait_s is None:
                raise Fault("The gate has not noted its verdict in the request yet.")
            await asyncio.sleep(wait_s)
        self._agenda.put(key, self._clock.now())

    async def tick(self) -> int:
        """Do what has become due, and no more; how many requests were looked at."""
        if self._calendars.in_force().version != self._counted_by:
            await self._look_at_all()
        now = self._clock.now()
        due = self._agenda.take_due(now)
        for place, key in enumerate(due):
            try:
                async with self._one_at_a_time:
                    await self._look(key, now)
            except Fault:
                for again in due[place:]:
                    self._agenda.put(again, now)
                raise
        return len(due)

    async def _look_at_all(self) -> None:
        """At a start, and when the list of bank holidays changed: once, whatever is open."""
        holidays = self._calendars.in_force()
        await self._lists.create(f"list.{holidays.version}", self._calendars.data)
        now = self._clock.now()
        async for entry in self._requests.items():
            self._agenda.put(entry[0], now)
        self._counted_by = holidays.version

    async def _look(self, key: str, now: datetime) -> None:
        held = await self._requests.get(key)
        if held is None:
            return
        request = load(Request, held.value)
        holidays = self._calendars.in_force()
        if request.calendar != holidays.version:
            request = await self._recount(key, held, request, holidays, now)
        found = look(request, holidays, now)
        if found.forget:
            await self._outbox.forget(request)
            await self._requests.delete(key)
            return
        for step in found.steps:
            await self._say(step, request, now)
        self._agenda.put(key, found.again_at)

    async def _recount(
        self, key: str, held: Value, request: Request, holidays: BankHolidays, now: datetime
    ) -> Request:
        """Count a request by the newer list: told first, noted then, so that a crash tells again."""
        was = await self._list(request.calendar) or holidays
        found, steps = recount(request, was, holidays, now)
        for step in steps:
            await self._say(step, request, now)
        noted = with_event(request, found.event).counted_by(holidays.version)
        if not await self._requests.update(key, dump(noted), held.revision):
            raise Fault("The request changed meanwhile: look again.")
        return noted

    async def _say(self, step: Step, request: Request, now: datetime) -> None:
        recipient = self._directory.entry(step.to)
        said = recipient is not None and await self._outbox.say(step, request, recipient, now)
        logger.info(
            "gathering.said" if said else "gathering.not_said",
            service="gathering",
            agency=step.to,
            id=request.id,
            rung=type(step.body).__name__,
        )

    async def _list(self, version: str) -> BankHolidays | None:
        """A list of bank holidays that was in force before."""
        if version not in self._known_lists:
            held = await self._lists.get(f"list.{version}")
            if held is None:
                return None
            self._known_lists[version] = parse_bank_holidays(held.value)
        return self._known_lists[version]


def _is_noted(verdict: Verdict, held: Value | None) -> bool:
    """Whether the request shows what the verdict says; one that was forgotten never will."""
    if held is None:
        return verdict.effect is not Effect.OPENS
    request = load(Request, held.value)
    if verdict.effect is Effect.OPENS:
        return True
    if verdict.effect is Effect.TELLS:
        return verdict.ack.jti in request.said
    return any(event.id == verdict.id for event in request.events)
