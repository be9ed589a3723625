"""What the story stands on: look at stores and boards, move the clock by days, wait until something holds."""

import asyncio
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any, Final

from adapters import responder
from adapters.compose import Draft, Queued
from adapters.edge import Edge
from adapters.feed import kept_records, verify_kept
from adapters.gatherer.board import CaseView, Row, case_view
from adapters.mailbox import Letter, letter, letters
from adapters.proposal import Proposal
from deploy.sandbox.cast import CAST, GATHERER
from deploy.sandbox.place import bank_holidays
from deploy.sandbox.world import World
from policies.calendar import Division, WorkingCalendar
from policies.deadline import civil_date, instant_of
from schemas.identifiers import agency_id
from schemas.problems import Problem
from schemas.record import Event

__all__ = ["NINE", "Say", "Stage", "Unexpected", "acting", "proposed"]

Say = Callable[..., Any]

NINE: Final = time(9)
_WAIT_S: Final = 60.0
_LOOK_S: Final = 0.05


class Unexpected(Exception):
    """The world did not do what the story needs; the message says what was waited for."""


def acting(signoff_ref: str | None = None) -> responder.Act:
    """Somebody at an agency's desk who attests, with a sign-off where one is needed."""
    return responder.Act(person="duty-desk", checked=True, signoff_ref=signoff_ref)


def proposed(found: responder.Asked) -> Proposal:
    """What an agency's records say."""
    if found.proposal is None:
        raise Unexpected("the records to have been looked up")
    return found.proposal


class Stage:
    """A world with one case in it, seen from all sides."""

    def __init__(self, world: World, say: Say, case: str) -> None:
        """Day 0 is today."""
        self.world = world
        self.say = say
        self.case = case
        self.panel = world.edges[GATHERER]
        self.holidays = bank_holidays(self.panel)
        self.calendar = WorkingCalendar(self.holidays, frozenset({Division.ENGLAND_AND_WALES}))
        self.day_0 = civil_date(world.clock.now())

    def name(self, urn: str | None) -> str:
        """An agency by name."""
        return "nobody" if urn is None else CAST[agency_id(urn)].name

    def edge(self, agency: str) -> Edge:
        """An agency's edge."""
        return self.world.edges[agency]

    def working_day(self, number: int) -> date:
        """The working day with this number; day 0 is the first."""
        return (
            self.day_0 if number == 0 else self.calendar.nth_working_day_after(self.day_0, number)
        )

    def day(self, number: int, title: str) -> None:
        """Head a day."""
        day = self.working_day(number)
        self.say(f"\n[bold]Day {number}, {day:%A} {day.day} {day:%B}: {title}[/bold]")

    async def go_to(self, number: int, *, hour: int, minute: int = 0) -> None:
        """Move the clock, stopping at nine on every working day on the way, as real days would."""
        here = civil_date(self.world.clock.now())
        mornings = [
            instant_of(day, NINE)
            for day in map(self.working_day, range(1, number + 1))
            if day > here
        ]
        for target in (*mornings, instant_of(self.working_day(number), time(hour, minute))):
            by = int((target - self.world.clock.now()).total_seconds()) + 1
            if by > 0:
                await self.world.move(timedelta(seconds=by))

    def view(self) -> CaseView:
        """The case as its coordinator sees it."""
        view = case_view(self.panel, self.case, self.holidays)
        if view is None:
            raise Unexpected("the case to be there")
        return view

    def row(self, agency: str) -> Row:
        """One agency's request on the board."""
        return next(row for row in self.view().rows if row.standing.agency == agency)

    def board(self) -> None:
        """Show the board."""
        for row in self.view().rows:
            self.say(f"  {row.name:<32}{row.says}  {row.deadline}", markup=False)

    def inbox(self, agency: str) -> responder.Asked:
        """The one request to an agency."""
        return responder.inbox(self.edge(agency))[0]

    def draft(self, agency: str, signoff_ref: str) -> Draft:
        """The answer that an agency's records give, as a draft that nobody has checked."""
        request = self.inbox(agency)
        items = proposed(request).items
        act = acting(signoff_ref)
        draft = responder.answer_draft(self.edge(agency), request.request, items, "exact", act)
        if isinstance(draft, tuple):
            raise Unexpected("an agency to have an answer")
        return draft

    def sent(self, result: Queued | tuple[Problem, ...]) -> None:
        """Hold that a message was queued."""
        if isinstance(result, tuple):
            raise Unexpected(
                f"a message to be sent ({', '.join(one.code.value for one in result)})"
            )

    def came(self, agency: str, mt: str) -> tuple[Letter, ...]:
        """What an agency got of a type, and opened."""
        edge = self.edge(agency)
        with edge.store.read() as c:
            return tuple(one for one in letters(c, way="in", mt=mt) if one.state == "opened")

    def state(self, agency: str, way: str, jti: str) -> str | None:
        """How a message stands at an agency."""
        with self.edge(agency).store.read() as c:
            found = letter(c, way, jti)
        return None if found is None else found.state

    def acknowledged_by(self, agencies: tuple[str, ...]) -> bool:
        """Whether all of them acknowledged, and have looked into their records."""
        came = len(self.came(GATHERER, "information.acknowledgement/1"))
        return came == len(agencies) and all(
            self.inbox(one).proposal is not None for one in agencies
        )

    def records(self, agency: str, event: Event | None = None) -> int:
        """How many records an agency holds; of one event if given."""
        edge = self.edge(agency)
        with edge.store.read() as c:
            return sum(event in {None, one.record.ev} for one in kept_records(edge, c))

    def proven(self, agency: str) -> int:
        """How many records an agency holds whose proofs hold; all must."""
        edge = self.edge(agency)
        with edge.store.read() as c:
            kept = kept_records(edge, c)
        held = [verify_kept(edge, one.sealed, one.proof) for one in kept]
        if any(isinstance(one, Problem) for one in held):
            raise Unexpected("every proof to hold")
        return len(held)

    def in_hands(self, leaves: int) -> bool:
        """Whether each of the log's first ``leaves`` entries is in the feed of somebody it concerns."""
        held: set[int] = set()
        for edge in self.world.edges.values():
            with edge.store.read() as c:
                held |= {one.place_in_log for one in kept_records(edge, c)}
        return held >= set(range(leaves))

    async def until_stand(self, agency: str, stand: str) -> None:
        """Wait until a request stands so."""
        await self.until(
            f"{CAST[agency].name}: {stand}", lambda: self.row(agency).standing.stand.value == stand
        )

    async def until_letter(self, agency: str, jti: str, state: str) -> Letter:
        """Wait until a message of an agency stands so."""
        await self.until(
            f"a message to be {state}", lambda: self.state(agency, "out", jti) == state
        )
        with self.edge(agency).store.read() as c:
            found = letter(c, "out", jti)
        if found is None:
            raise Unexpected("a message to be kept")
        return found

    async def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        try:
            async with asyncio.timeout(_WAIT_S):
                while not holds():  # noqa: ASYNC110 - other processes may write the store
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise Unexpected(f"waited {_WAIT_S:.0f} s for {what}") from None
