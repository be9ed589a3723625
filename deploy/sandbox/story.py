"""The demonstration: one case, five agencies, five working days and what comes after.

Nothing is played: every line that a person reads states what the world's own stores, receipts and
log hold at that moment. The clock is moved; the rest is as it would be.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Final, cast

from adapters import responder
from adapters.compose import Draft, Queued
from adapters.edge import Edge
from adapters.feed import kept_records, verify_kept
from adapters.gatherer.board import CaseView, case_view
from adapters.gatherer.enquiry import Asking, Enquiry
from adapters.gatherer.issue import issue, preview
from adapters.gatherer.plan import Plan
from adapters.mailbox import Letter, letter, letters
from adapters.proof import smuggling
from broker.clock import Clock
from deploy.cli.audit import verify_world
from deploy.cli.output import local_time
from deploy.sandbox.cast import CAST, GATHERER
from deploy.sandbox.hostile import send_unchecked
from deploy.sandbox.place import bank_holidays
from deploy.sandbox.world import World
from policies.calendar import Division, WorkingCalendar, shipped_bank_holidays
from policies.deadline import civil_date, instant_of
from schemas.directory_entry import Role
from schemas.fields.asking import SubjectInformed
from schemas.fields.refusal_reason import RefusalReason
from schemas.identifiers import agency_id
from schemas.problems import Problem
from schemas.record import Event

__all__ = ["begin", "tell"]

Say = Callable[..., Any]

_CASE: Final = "NM-2026-014"
_SCHOOL, _POLICE, _HEALTH = "ashgrove-academy", "northmere-police", "northmere-health"
_CHILDREN, _HOUSING = "northmere-children", "northmere-housing"
_ASKED: Final = (_SCHOOL, _POLICE, _HEALTH, _CHILDREN, _HOUSING)
_BECAUSE: Final = "a teacher saw the pupil withdraw from friends and talk of picking a side"
_NINE: Final = time(9)
_WAIT_S: Final = 60.0
_LOOK_S: Final = 0.05
_PERSON: Final = Path(__file__).parent / "rowan.json"


class _Unexpected(Exception):
    """The world did not do what the story needs; the message says what was waited for."""


def begin(clock: Clock) -> timedelta:
    """How far to move a new world's clock: to 09:00 in London on the next working day."""
    now = clock.now()
    calendar = WorkingCalendar(shipped_bank_holidays(), frozenset({Division.ENGLAND_AND_WALES}))
    first = calendar.nth_working_day_after(civil_date(now), 1)
    target = instant_of(first, _NINE)
    return timedelta(seconds=int((target - now).total_seconds()) + 1)


async def tell(folder: Path, say: Say) -> Mapping[str, Any]:
    """Run the story in a new folder.

    Args:
        folder: Where the world is kept.
        say: Prints one line for a person; may do nothing.

    Returns:
        The facts of the story, for ``--json``.

    """
    world = await World.start(folder, begin_at=begin)
    try:
        return await _Story(world, say).run()
    finally:
        await world.stop()


class _Story:
    """The story, day by day."""

    def __init__(self, world: World, say: Say) -> None:
        self.world = world
        self.say = say
        self.panel = world.edges[GATHERER]
        self.holidays = bank_holidays(self.panel)
        self.calendar = WorkingCalendar(self.holidays, frozenset({Division.ENGLAND_AND_WALES}))
        self.day_0 = civil_date(world.clock.now())
        self.facts: dict[str, Any] = {"case": _CASE, "began_at": world.clock.now()}

    async def run(self) -> Mapping[str, Any]:
        """Tell it all."""
        self.say("[bold]Dovetail: one case, five agencies, five working days[/bold]")
        self.say("The people, the agencies and their records are invented, and the clock is moved.")
        self.say("Everything else is real: the message server, the keys, the checks, the log.")
        await self._ask()
        await self._first_answers()
        await self._refusal_and_over_sharing()
        await self._rest_of_part()
        await self._overdue()
        await self._smuggling_and_mending()
        await self._prove()
        return self.facts

    # ------------------------------------------------------------------------------- the days

    async def _ask(self) -> None:
        self._day(0, "The coordinator asks")
        enquiry = Enquiry(
            reference=_CASE,
            asking=tuple(Asking(agency=agency) for agency in _ASKED),
            because=_BECAUSE,
            subject_informed=cast(
                "SubjectInformed", {"informed": False, "reason": "would_prejudice_prevention"}
            ),
            person="lacc-01",
            subject=json.loads(_PERSON.read_text(encoding="utf-8")),
            subject_class="child",
            themes=("grievance_or_isolation",),
            summary="A teacher saw the pupil withdraw from friends; the family is worried too.",
            case_due=instant_of(self._working_day(7), _NINE),
            checked=True,
        )
        plans = preview(self.panel, enquiry, self.holidays).plans
        for plan in plans:
            self.say(f"  {plan.name}: {_counted(plan)}")
        sent = issue(self.panel, enquiry, self.holidays)
        if not all(
            not isinstance(one, Problem) and isinstance(one.outcome, Queued) for one in sent
        ):
            raise _Unexpected("five requests to be sent")
        await self._until("every request to be acknowledged", self._all_acknowledged)
        due = max(row.standing.due_at or self.panel.clock.now() for row in self._case().rows)
        self.say(
            f"  All five have the request and acknowledged it. Answers are due {local_time(due)}."
        )
        self.facts |= {"due_at": due, "asked": list(_ASKED)}

    async def _first_answers(self) -> None:
        await self._go_to(1, hour=10)
        self._day(1, "First answers")
        request = self._inbox(_SCHOOL)
        items = _proposed(request).items
        self._sent(
            responder.answer(self._edge(_SCHOOL), request.request, items, "exact", _act("DSL-7"))
        )
        request = self._inbox(_CHILDREN)
        known = _proposed(request)
        self._sent(
            responder.answer(
                self._edge(_CHILDREN), request.request, known.items, "exact", _act("HOS-3")
            )
        )
        request = self._inbox(_HOUSING)
        nothing = _proposed(request)
        if nothing.window is None:
            raise _Unexpected("housing to find nobody")
        self._sent(
            responder.nil(
                self._edge(_HOUSING), request.request, nothing.searched, nothing.window, _act()
            )
        )
        await self._until_stand(_SCHOOL, "answered")
        await self._until_stand(_CHILDREN, "answered_in_part")
        await self._until_stand(_HOUSING, "nothing_held")
        self._board()

    async def _refusal_and_over_sharing(self) -> None:
        await self._go_to(2, hour=11)
        self._day(2, "A lawful refusal, and an answer that says too much")
        request = self._inbox(_HEALTH)
        act = responder.Act(person="caldicott-1", role=Role.SIGNOFF, checked=True)
        reason = RefusalReason.CONFIDENTIALITY_NOT_OVERRIDDEN
        self._sent(responder.refuse(self._edge(_HEALTH), request.request, reason, act))
        await self._until_stand(_HEALTH, "refused")
        self.say(
            "  Health refuses: confidentiality is not overridden. That is a lawful end, and it stops the chasing."
        )
        draft = self._police_draft()
        extra = _held({"count": 0}, self.panel.clock.now().date())
        jti = send_unchecked(
            self._edge(_POLICE), draft, declared={"pol.previous_prevent_referrals": extra}
        )
        refused = await self._until_letter(_POLICE, jti, "refused")
        code = refused.problems[0]
        self.say(
            "  The police system was tampered with and answers a question that nobody asked (earlier referrals)."
        )
        self.say(
            f"  [bold]The broker refuses it by the field's name alone[/bold]: {code.meaning.says} ({code.rule})"
        )
        self.say("  No value reached anybody; both sides have the signed refusal and the record.")
        self.facts["over_sharing"] = {
            "stopped_by": "broker",
            "message": jti,
            "problems": [
                {"code": one.code.value, "where": one.where, "rule": one.rule}
                for one in refused.problems
            ],
        }

    async def _rest_of_part(self) -> None:
        await self._go_to(4, hour=15)
        self._day(4, "Children's services close what they left open")
        request = self._inbox(_CHILDREN)
        self._sent(
            responder.refuse(
                self._edge(_CHILDREN),
                request.request,
                RefusalReason.THIRD_PARTY_RIGHTS,
                responder.Act(person="hos-3", role=Role.SIGNOFF, checked=True),
                questions=request.open_questions,
            )
        )
        await self._until(
            "children's services to have closed every question",
            lambda: not self._row(_CHILDREN).standing.open_questions,
        )
        asked = ", ".join(request.open_questions)
        self.say(
            f"  They answered in part on day 1 and now refuse {asked}, for the rights of others."
        )
        reminders = self._came(_POLICE, "deadline.reminder/1")
        self.say(
            f"  The police were reminded (day 3 and day 4: {len(reminders)}); nobody who answered is chased."
        )

    async def _overdue(self) -> None:
        await self._go_to(5, hour=18)
        await self._go_to(6, hour=9, minute=30)
        self._day(6, "The police are overdue")
        await self._until(
            "the first escalation", lambda: bool(self._came(GATHERER, "deadline.escalation/1"))
        )
        row = self._row(_POLICE)
        reminders = self._came(_POLICE, "deadline.reminder/1")
        self.say(
            f"  {row.name}: {row.deadline}. {len(reminders)} reminders went before; now the supervisor and the coordinator are told."
        )
        self._board()
        self.facts["reminders"] = len(reminders)
        self.facts["escalations"] = len(self._came(GATHERER, "deadline.escalation/1"))

    async def _smuggling_and_mending(self) -> None:
        await self._go_to(6, hour=11)
        self.say(
            "\n  At 11:00 the tampered system answers, with a note hidden inside the sealed content."
        )
        draft = self._police_draft()
        jti = send_unchecked(
            self._edge(_POLICE), draft, undeclared={"pol.note": "what nobody declared"}
        )
        await self._until(
            "the smuggled answer to be rejected",
            lambda: self._state(GATHERER, "in", jti) == "rejected",
        )
        with self.panel.store.read() as c:
            rejected = letter(c, "in", jti)
        proof = None if rejected is None else smuggling(self.panel, rejected)
        if proof is None or proof.verdict != "proven":
            raise _Unexpected("the smuggling to be proven")
        self.say(
            "  The broker could not see it. The coordinator's own check did, shows nothing of it, and"
        )
        self.say(
            f"  [bold]can prove it to anybody[/bold]: verdict '{proof.verdict}' against {self._name(proof.against)}, from the sender's own signature."
        )
        await self._until(
            "the police to hear of it", lambda: self._state(_POLICE, "out", jti) == "rejected"
        )
        self.facts["smuggling"] = {
            "stopped_by": "recipient",
            "message": jti,
            "verdict": proof.verdict,
            "against": proof.against,
            "code": proof.problem.code.value if proof.problem else None,
        }
        await self._go_to(6, hour=14)
        request = self._inbox(_POLICE)
        items = _proposed(request).items
        self._sent(
            responder.answer(self._edge(_POLICE), request.request, items, "exact", _act("PS-12"))
        )
        await self._until_stand(_POLICE, "answered")
        row = self._row(_POLICE)
        self.say(
            "\n  At 14:00 the police have mended their system and answer. It is late, so it is marked late,"
        )
        self.say("  and it is accepted: a person's safety outranks the clock.")
        self._board()
        self.facts["late"] = row.standing.late

    async def _prove(self) -> None:
        self.say("\n[bold]What can be proven afterwards[/bold]")
        await self.world.services.tick()
        await self._until("every record to have reached its agencies", self._feeds_are_complete)
        report, _ = await verify_world(self.world.folder, self.world.bus.url)
        self.say(
            f"  The log: {report.leaves} entries, {report.records} records, every one as it was written: {'verified' if report.holds else 'DOES NOT HOLD'}."
        )
        proven = sum(self._proven(agency) for agency in self.world.edges)
        self.say(
            f"  The agencies hold {proven} records of their own, each with a proof that it is in that log, checked offline."
        )
        refused = self._records(_POLICE, Event.REFUSED)
        self.say(f"  The refused over-sharing is in the record too ({refused}), without any value.")
        view = self._case()
        self.say(f"\nCase {view.reference}: {view.says}. Nothing is silent, nothing is open.")
        self.facts |= {
            "verified": report.holds,
            "leaves": report.leaves,
            "records": report.records,
            "proofs_verified": proven,
            "outcomes": {row.standing.agency: row.standing.stand.value for row in view.rows},
            "ended_at": self.panel.clock.now(),
        }

    # ----------------------------------------------------------------------------- small parts

    def _name(self, urn: str | None) -> str:
        return "nobody" if urn is None else CAST[agency_id(urn)].name

    def _edge(self, agency: str) -> Edge:
        return self.world.edges[agency]

    def _working_day(self, number: int) -> date:
        return (
            self.day_0 if number == 0 else self.calendar.nth_working_day_after(self.day_0, number)
        )

    def _day(self, number: int, title: str) -> None:
        day = self._working_day(number)
        self.say(f"\n[bold]Day {number}, {day:%A} {day.day} {day:%B}: {title}[/bold]")

    async def _go_to(self, number: int, *, hour: int, minute: int = 0) -> None:
        """Move the clock, stopping at nine on every working day on the way, as real days would."""
        here = civil_date(self.world.clock.now())
        mornings = [
            instant_of(day, _NINE)
            for day in map(self._working_day, range(1, number + 1))
            if day > here
        ]
        for target in (*mornings, instant_of(self._working_day(number), time(hour, minute))):
            by = int((target - self.world.clock.now()).total_seconds()) + 1
            if by > 0:
                await self.world.move(timedelta(seconds=by))

    def _case(self) -> CaseView:
        view = case_view(self.panel, _CASE, self.holidays)
        if view is None:
            raise _Unexpected("the case to be there")
        return view

    def _row(self, agency: str) -> Any:  # noqa: ANN401 - a row of the board
        return next(row for row in self._case().rows if row.standing.agency == agency)

    def _board(self) -> None:
        for row in self._case().rows:
            self.say(f"  {row.name:<32}{row.says}  {row.deadline}", markup=False)

    def _inbox(self, agency: str) -> responder.Asked:
        return responder.inbox(self._edge(agency))[0]

    def _police_draft(self) -> Draft:
        request = self._inbox(_POLICE)
        draft = responder.answer_draft(
            self._edge(_POLICE), request.request, _proposed(request).items, "exact", _act("PS-12")
        )
        if isinstance(draft, tuple):
            raise _Unexpected("the police to have an answer")
        return draft

    def _sent(self, result: Queued | tuple[Problem, ...]) -> None:
        if isinstance(result, tuple):
            raise _Unexpected(
                f"a message to be sent ({', '.join(one.code.value for one in result)})"
            )

    def _came(self, agency: str, mt: str) -> tuple[Letter, ...]:
        edge = self._edge(agency)
        with edge.store.read() as c:
            return tuple(one for one in letters(c, way="in", mt=mt) if one.state == "opened")

    def _state(self, agency: str, way: str, jti: str) -> str | None:
        with self._edge(agency).store.read() as c:
            found = letter(c, way, jti)
        return None if found is None else found.state

    def _all_acknowledged(self) -> bool:
        return len(self._came(GATHERER, "information.acknowledgement/1")) == len(_ASKED) and all(
            self._inbox(agency).proposal is not None for agency in _ASKED
        )

    def _records(self, agency: str, event: Event) -> int:
        edge = self._edge(agency)
        with edge.store.read() as c:
            return sum(one.record.ev is event for one in kept_records(edge, c))

    def _proven(self, agency: str) -> int:
        edge = self._edge(agency)
        with edge.store.read() as c:
            kept = kept_records(edge, c)
        held = [verify_kept(edge, one.sealed, one.proof) for one in kept]
        if any(isinstance(one, Problem) for one in held):
            raise _Unexpected("every proof to hold")
        return len(held)

    def _feeds_are_complete(self) -> bool:
        """Whether no outbox waits and every agency has its newest records."""
        return self._records(_POLICE, Event.OPENED) > 0 and all(
            self._records(GATHERER, event) > 0 for event in (Event.OPENED, Event.REJECTED)
        )

    async def _until_stand(self, agency: str, stand: str) -> None:
        await self._until(
            f"{CAST[agency].name}: {stand}", lambda: self._row(agency).standing.stand.value == stand
        )

    async def _until_letter(self, agency: str, jti: str, state: str) -> Letter:
        await self._until(
            f"a message to be {state}", lambda: self._state(agency, "out", jti) == state
        )
        with self._edge(agency).store.read() as c:
            found = letter(c, "out", jti)
        if found is None:
            raise _Unexpected("a message to be kept")
        return found

    async def _until(self, what: str, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(_WAIT_S):
                while not holds():  # noqa: ASYNC110 - other processes may write the store
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise _Unexpected(f"waited {_WAIT_S:.0f} s for {what}") from None


def _act(signoff_ref: str | None = None) -> responder.Act:
    return responder.Act(person="duty-desk", checked=True, signoff_ref=signoff_ref)


def _proposed(found: responder.Asked) -> Any:  # noqa: ANN401 - a proposal
    if found.proposal is None:
        raise _Unexpected("the records to have been looked up")
    return found.proposal


def _held(value: Any, on: date) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    p3 = {
        "subject_category": "none",
        "fact_or_assessment": "fact",
        "reliability": "unassessed",
        "as_at": on.isoformat(),
    }
    return {
        "state": "held",
        "value": value,
        "kind": "fact",
        "as_at": on.isoformat(),
        "source": "Record system",
        "p3": p3,
    }


def _counted(plan: Plan) -> str:
    fields = sum(len(question.fields) for question in plan.questions)
    questions = ", ".join(question.id for question in plan.questions)
    told = ", ".join(one.id.removeprefix("id.") for one in plan.identity)
    return f"{questions} ({fields} fields); told: {told}; of the concern: {plan.level}"
