"""The demonstration: one case, five agencies, five working days and what comes after.

Nothing is played: every line that a person reads states what the world's own stores, receipts and
log hold at that moment. The clock is moved; the rest is as it would be.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, cast

from adapters import responder
from adapters.compose import Queued
from adapters.gatherer.enquiry import Asking, Enquiry
from adapters.gatherer.issue import issue, preview
from adapters.gatherer.plan import Plan
from adapters.mailbox import letter
from adapters.proof import smuggling
from broker.clock import Clock
from deploy.cli.audit import verify_world
from deploy.cli.output import local_time
from deploy.sandbox.cast import GATHERER
from deploy.sandbox.hostile import send_unchecked
from deploy.sandbox.stage import NINE, Say, Stage, Unexpected, acting, proposed
from deploy.sandbox.world import World
from policies.calendar import Division, WorkingCalendar, shipped_bank_holidays
from policies.deadline import civil_date, instant_of
from schemas.directory_entry import Role
from schemas.fields.asking import SubjectInformed
from schemas.fields.refusal_reason import RefusalReason
from schemas.problems import Problem
from schemas.record import Event

__all__ = ["begin", "tell"]

_CASE: Final = "NM-2026-014"
_SCHOOL, _POLICE, _HEALTH = "ashgrove-academy", "northmere-police", "northmere-health"
_CHILDREN, _HOUSING = "northmere-children", "northmere-housing"
_ASKED: Final = (_SCHOOL, _POLICE, _HEALTH, _CHILDREN, _HOUSING)
_BECAUSE: Final = "a teacher saw the pupil withdraw from friends and talk of picking a side"
_PERSON: Final = Path(__file__).parent / "rowan.json"


def begin(clock: Clock) -> timedelta:
    """How far to move a new world's clock: to 09:00 in London on the next working day."""
    now = clock.now()
    calendar = WorkingCalendar(shipped_bank_holidays(), frozenset({Division.ENGLAND_AND_WALES}))
    first = calendar.nth_working_day_after(civil_date(now), 1)
    target = instant_of(first, NINE)
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


class _Story(Stage):
    """The story, day by day."""

    def __init__(self, world: World, say: Say) -> None:
        super().__init__(world, say, _CASE)
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
        self.day(0, "The coordinator asks")
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
            case_due=instant_of(self.working_day(7), NINE),
            checked=True,
        )
        plans = preview(self.panel, enquiry, self.holidays).plans
        for plan in plans:
            self.say(f"  {plan.name}: {_counted(plan)}")
        sent = issue(self.panel, enquiry, self.holidays)
        if not all(
            not isinstance(one, Problem) and isinstance(one.outcome, Queued) for one in sent
        ):
            raise Unexpected("waited for five requests to be sent")
        await self.until("every request to be acknowledged", lambda: self.acknowledged_by(_ASKED))
        due = max(row.standing.due_at or self.panel.clock.now() for row in self.view().rows)
        self.say(
            f"  All five have the request and acknowledged it. Answers are due {local_time(due)}."
        )
        self.facts |= {"due_at": due, "asked": list(_ASKED)}

    async def _first_answers(self) -> None:
        await self.go_to(1, hour=10)
        self.day(1, "First answers")
        request = self.inbox(_SCHOOL)
        items = proposed(request).items
        self.sent(
            responder.answer(self.edge(_SCHOOL), request.request, items, "exact", acting("DSL-7"))
        )
        request = self.inbox(_CHILDREN)
        known = proposed(request)
        self.sent(
            responder.answer(
                self.edge(_CHILDREN), request.request, known.items, "exact", acting("HOS-3")
            )
        )
        request = self.inbox(_HOUSING)
        nothing = proposed(request)
        if nothing.window is None:
            raise Unexpected("housing to find nobody")
        self.sent(
            responder.nil(
                self.edge(_HOUSING), request.request, nothing.searched, nothing.window, acting()
            )
        )
        await self.until_stand(_SCHOOL, "answered")
        await self.until_stand(_CHILDREN, "answered_in_part")
        await self.until_stand(_HOUSING, "nothing_held")
        self.board()

    async def _refusal_and_over_sharing(self) -> None:
        await self.go_to(2, hour=11)
        self.day(2, "A lawful refusal, and an answer that says too much")
        request = self.inbox(_HEALTH)
        act = responder.Act(person="caldicott-1", role=Role.SIGNOFF, checked=True)
        reason = RefusalReason.CONFIDENTIALITY_NOT_OVERRIDDEN
        self.sent(responder.refuse(self.edge(_HEALTH), request.request, reason, act))
        await self.until_stand(_HEALTH, "refused")
        self.say(
            "  Health refuses: confidentiality is not overridden. That is a lawful end, and it stops the chasing."
        )
        draft = self.draft(_POLICE, "PS-12")
        extra = _held({"count": 0}, self.panel.clock.now().date())
        jti = send_unchecked(
            self.edge(_POLICE), draft, declared={"pol.previous_prevent_referrals": extra}
        )
        refused = await self.until_letter(_POLICE, jti, "refused")
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
        await self.go_to(4, hour=15)
        self.day(4, "Children's services close what they left open")
        request = self.inbox(_CHILDREN)
        self.sent(
            responder.refuse(
                self.edge(_CHILDREN),
                request.request,
                RefusalReason.THIRD_PARTY_RIGHTS,
                responder.Act(person="hos-3", role=Role.SIGNOFF, checked=True),
                questions=request.open_questions,
            )
        )
        await self.until(
            "children's services to have closed every question",
            lambda: not self.row(_CHILDREN).standing.open_questions,
        )
        asked = ", ".join(request.open_questions)
        self.say(
            f"  They answered in part on day 1 and now refuse {asked}, for the rights of others."
        )
        reminders = self.came(_POLICE, "deadline.reminder/1")
        self.say(
            f"  The police were reminded (day 3 and day 4: {len(reminders)}); nobody who answered is chased."
        )

    async def _overdue(self) -> None:
        await self.go_to(5, hour=18)
        await self.go_to(6, hour=9, minute=30)
        self.day(6, "The police are overdue")
        await self.until(
            "the first escalation", lambda: bool(self.came(GATHERER, "deadline.escalation/1"))
        )
        row = self.row(_POLICE)
        reminders = self.came(_POLICE, "deadline.reminder/1")
        self.say(
            f"  {row.name}: {row.deadline}. {len(reminders)} reminders went before; now the supervisor and the coordinator are told."
        )
        self.board()
        self.facts["reminders"] = len(reminders)
        self.facts["escalations"] = len(self.came(GATHERER, "deadline.escalation/1"))

    async def _smuggling_and_mending(self) -> None:
        await self.go_to(6, hour=11)
        self.say(
            "\n  At 11:00 the tampered system answers, with a note hidden inside the sealed content."
        )
        draft = self.draft(_POLICE, "PS-12")
        jti = send_unchecked(
            self.edge(_POLICE), draft, undeclared={"pol.note": "what nobody declared"}
        )
        await self.until(
            "the smuggled answer to be rejected",
            lambda: self.state(GATHERER, "in", jti) == "rejected",
        )
        with self.panel.store.read() as c:
            rejected = letter(c, "in", jti)
        proof = None if rejected is None else smuggling(self.panel, rejected)
        if proof is None or proof.verdict != "proven":
            raise Unexpected("the smuggling to be proven")
        self.say(
            "  The broker could not see it. The coordinator's own check did, shows nothing of it, and"
        )
        self.say(
            f"  [bold]can prove it to anybody[/bold]: verdict '{proof.verdict}' against {self.name(proof.against)}, from the sender's own signature."
        )
        await self.until(
            "the police to hear of it", lambda: self.state(_POLICE, "out", jti) == "rejected"
        )
        self.facts["smuggling"] = {
            "stopped_by": "recipient",
            "message": jti,
            "verdict": proof.verdict,
            "against": proof.against,
            "code": proof.problem.code.value if proof.problem else None,
        }
        await self.go_to(6, hour=14)
        request = self.inbox(_POLICE)
        items = proposed(request).items
        self.sent(
            responder.answer(self.edge(_POLICE), request.request, items, "exact", acting("PS-12"))
        )
        await self.until_stand(_POLICE, "answered")
        row = self.row(_POLICE)
        self.say(
            "\n  At 14:00 the police have mended their system and answer. It is late, so it is marked late,"
        )
        self.say("  and it is accepted: a person's safety outranks the clock.")
        self.board()
        self.facts["late"] = row.standing.late

    async def _prove(self) -> None:
        self.say("\n[bold]What can be proven afterwards[/bold]")
        await self.world.services.tick()
        report, _ = await verify_world(self.world.folder, self.world.bus.url)
        leaves = report.leaves
        await self.until("each entry to reach whom it concerns", lambda: self.in_hands(leaves))
        self.say(
            f"  The log: {report.leaves} entries, {report.records} records, every one as it was written: {'verified' if report.holds else 'DOES NOT HOLD'}."
        )
        proven = sum(self.proven(agency) for agency in self.world.edges)
        self.say(
            f"  The agencies hold {proven} records of their own, each with a proof that it is in that log, checked offline."
        )
        refused = self.records(_POLICE, Event.REFUSED)
        self.say(f"  The refused over-sharing is in the record too ({refused}), without any value.")
        view = self.view()
        self.say(f"\nCase {view.reference}: {view.says}. Nothing is silent, nothing is open.")
        self.facts |= {
            "verified": report.holds,
            "leaves": report.leaves,
            "records": report.records,
            "proofs_verified": proven,
            "outcomes": {row.standing.agency: row.standing.stand.value for row in view.rows},
            "ended_at": self.panel.clock.now(),
        }


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
