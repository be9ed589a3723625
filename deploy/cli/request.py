"""``dovetail request``: ask agencies, see where each request stands, withdraw, reply, decide."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click

from adapters.compose import Queued
from adapters.edge import Edge
from adapters.gatherer.board import board, request_view
from adapters.gatherer.issue import AskedAlready, Issued, issue, preview
from adapters.gatherer.plan import Plan
from adapters.mailbox import short
from deploy.cli.case import board_table, row_facts
from deploy.cli.acting import (
    agency_options,
    letter_facts,
    opened_edge,
    problem_facts,
    wait_for_verdict,
)
from deploy.cli.enquiry_file import enquiry, read_person
from deploy.cli.instants import INSTANT
from deploy.cli.lead import decide, follow, found_request, reply, telephone, withdraw
from deploy.cli.output import (
    Exit,
    console,
    emit,
    explain_problems,
    fail,
    json_option,
    local_time,
    prose,
    table,
)
from deploy.sandbox.place import bank_holidays, endpoints
from schemas.problems import Problem

__all__ = ["request"]

_THEMES = (
    "influence_of_others",
    "interest_in_violence",
    "hostility_to_a_group",
    "grievance_or_isolation",
    "other_susceptibility",
)
_NOT_INFORMED = (
    "would_prejudice_prevention",
    "risk_of_serious_harm",
    "not_yet_practicable",
    "parent_to_be_told_first",
    "police_advice",
)


@click.group()
def request() -> None:
    """Ask agencies for information; follow, withdraw, reply, decide."""


_NEW = (
    click.option(
        "--case", required=True, help="The case in your own register: no spaces, no name."
    ),
    click.option("--case-due", type=INSTANT, help="When the case itself is due."),
    click.option(
        "--to",
        multiple=True,
        required=True,
        metavar="AGENCY",
        help="Whom to ask; several times for several.",
    ),
    click.option(
        "--ask",
        multiple=True,
        metavar="[AGENCY:]QUESTION",
        help="Which questions; the sector's usual ones if left out.",
    ),
    click.option(
        "--subject", type=click.File("r"), help="JSON with the person's id.* fields; - for stdin."
    ),
    click.option(
        "--subject-class", type=click.Choice(["child", "adult_at_risk", "adult", "unknown"])
    ),
    click.option(
        "--because", required=True, help="Why it is needed, in your own words, without names."
    ),
    click.option("--days", type=click.IntRange(1, 5), help="Working days; 5 if left out."),
    click.option(
        "--hours", type=click.IntRange(1, 24), help="Urgent: elapsed hours instead, for duty teams."
    ),
    click.option(
        "--concern-level",
        "level",
        type=click.Choice(["L0", "L1", "L2"]),
        help="How much of the concern is told.",
    ),
    click.option("--theme", "themes", multiple=True, type=click.Choice(_THEMES)),
    click.option(
        "--summary-file",
        "summary",
        type=click.File("r"),
        help="A summary, for those who may have one (L2).",
    ),
    click.option(
        "--informed/--not-informed",
        default=False,
        help="Whether the person knows.",
        show_default=True,
    ),
    click.option(
        "--not-informed-reason",
        type=click.Choice(_NOT_INFORMED),
        default="would_prejudice_prevention",
        show_default=True,
    ),
    click.option(
        "--months", type=click.IntRange(1, 60), default=24, show_default=True, help="How far back."
    ),
    click.option("--role", type=click.Choice(["LACC", "CTCO"]), default="LACC", show_default=True),
    click.option("--approval", help="Reference of a supervisor's approval, for more or longer."),
    click.option("--person", default="duty-desk", show_default=True, help="Your staff pseudonym."),
    click.option(
        "--checked",
        is_flag=True,
        help="You attest: nothing from an intelligence service (s.38(5)).",
    ),
    click.option("--anew", is_flag=True, help="Ask although the same is open already."),
    click.option(
        "--preview", "only_preview", is_flag=True, help="Show who would receive what; send nothing."
    ),
)


def _new_options(command: Any) -> Any:  # noqa: ANN401 - click decorates anything
    for option in reversed(_NEW):
        command = option(command)
    return command


@request.command()
@_new_options
@agency_options
@json_option
def new(
    folder: Path,
    agency: str,
    subject: TextIO | None,
    summary: TextIO | None,
    *,
    only_preview: bool,
    json_wanted: bool,
    **said: Any,  # noqa: ANN401 - the options above, by name
) -> None:
    """Ask one or more agencies about one person. Each gets its own message and its own identifiers.

    Everything is checked before anything leaves; --preview shows exactly who would receive what.
    """
    edge = opened_edge(folder, agency)
    text = None if summary is None else summary.read().strip()
    asked = enquiry(subject=read_person(subject), summary=text, **said)
    holidays = bank_holidays(edge)
    shown = preview(edge, asked, holidays)
    if shown.problems:
        _refused(shown.problems, json_wanted=json_wanted)
    if only_preview:
        facts = {"would_send": [_plan_facts(one) for one in shown.plans]}
        emit("request_preview", facts, partial(_show_plans, shown.plans), json_wanted=json_wanted)
        return
    found = issue(edge, asked, holidays)
    if found and isinstance(found[0], Problem):
        _refused(found, json_wanted=json_wanted)
    _report(
        edge, folder, [one for one in found if isinstance(one, Issued)], json_wanted=json_wanted
    )


def _refused(problems: Sequence[Any], *, json_wanted: bool) -> None:
    emit(
        "refusal",
        {"sent": False, "problems": problem_facts(problems)},
        lambda: None,
        json_wanted=json_wanted,
    )
    fail(Exit.REFUSED, "Nothing was sent.\n" + explain_problems(problems))


def _report(edge: Edge, folder: Path, found: list[Issued], *, json_wanted: bool) -> None:
    running = endpoints(folder) is not None
    facts: list[dict[str, Any]] = []
    for one in found:
        facts.append({"agency": one.agency, "warnings": [w.says for w in one.warnings]})
        match one.outcome:
            case Queued(jti=jti):
                facts[-1] |= {
                    "sent": True,
                    **letter_facts(wait_for_verdict(edge, jti, running=running)),
                }
            case AskedAlready(request=before):
                facts[-1] |= {"sent": False, "asked_already": before}
            case problems:
                facts[-1] |= {"sent": False, "problems": problem_facts(problems)}
    emit(
        "requests",
        {"requests": facts},
        partial(_show_issued, found, facts),
        json_wanted=json_wanted,
    )
    if any(not one["sent"] or one.get("state") == "refused" for one in facts):
        raise SystemExit(int(Exit.REFUSED))
    if any(one.get("state") == "queued" for one in facts):
        prose("It waits in the outbox and is sent, once, when `dovetail up` runs.")


def _show_issued(found: list[Issued], facts: list[dict[str, Any]]) -> None:
    out = console()
    rows = []
    for one in facts:
        if not one["sent"]:
            what = "not sent"
        elif one["state"] == "queued":
            what = "queued"
        else:
            what = one["state"]
        due = one.get("due")
        when = "–" if not due else local_time(_instant(due["due_at"]))
        rows.append((short(str(one.get("id", ""))) or "–", one["agency"], what, when))
    out.print(table(("reference", "agency", "state", "answer due"), rows))
    for issued, one in zip(found, facts, strict=True):
        for says in one["warnings"]:
            out.print(f"{issued.agency}: {says}", markup=False)
        if isinstance(issued.outcome, AskedAlready):
            out.print(
                f"{issued.agency}: the same is open as {short(issued.outcome.request)}; --anew asks again."
            )
        elif isinstance(issued.outcome, tuple):
            out.print(f"{issued.agency}:\n{explain_problems(issued.outcome)}", markup=False)
        elif one.get("problems"):
            out.print(f"{issued.agency}: the broker refused it.", markup=False)
            for problem in one["problems"]:
                out.print(
                    f"  {problem['where']}: {problem['says']} {problem['remedy']}", markup=False
                )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _plan_facts(one: Plan) -> dict[str, Any]:
    return {
        "agency": one.asking.agency,
        "name": one.name,
        "post": None if one.post is None else one.post.name_of_post,
        "questions": [
            {"id": q.id, "necessity": q.necessity, "fields": [f.id for f in q.fields]}
            for q in one.questions
        ],
        "identity": [f.id for f in one.identity],
        "concern_level": one.level,
        "due_at": None if one.due is None else one.due.due_at,
        "holidays": [{"day": h.day.isoformat(), "title": h.title} for h in one.holidays],
        "warnings": [w.says for w in one.warnings],
        "problems": problem_facts(one.problems),
        "may_go": one.may_go,
    }


def _show_plans(plans: Sequence[Plan]) -> None:
    out = console()
    for one in plans:
        post = one.post.name_of_post if one.post is not None else "no post in the directory"
        out.print(
            f"[bold]{one.name}[/bold] ({post})"
            + ("" if one.may_go else "  [red]cannot be sent[/red]")
        )
        out.print(
            f"  due {local_time(one.due.due_at) if one.due else '–'}, concern told: {one.level}"
        )
        out.print(f"  told about the person: {', '.join(f.id for f in one.identity)}")
        for question in one.questions:
            out.print(f"  {question.id}: {', '.join(f.id for f in question.fields)}")
            out.print(f"      {question.necessity}", markup=False)
        for day in one.holidays:
            out.print(f"  {day.day:%a} {day.day.day} {day.day:%b} does not count: {day.title}")
        for warning in one.warnings:
            out.print(f"  Note: {warning.says}", markup=False)
        if one.problems:
            out.print(explain_problems(one.problems), markup=False)


@request.command("list")
@agency_options
@json_option
def list_(folder: Path, agency: str, *, json_wanted: bool) -> None:
    """Every request of this agency, the most urgent first."""
    edge = opened_edge(folder, agency)
    rows = tuple(row for view in board(edge, bank_holidays(edge)) for row in view.rows)
    facts = {"requests": [row_facts(row) for row in rows]}
    emit("requests", facts, lambda: console().print(board_table(rows)), json_wanted=json_wanted)


@request.command()
@click.argument("reference")
@agency_options
@json_option
def show(reference: str, folder: Path, agency: str, *, json_wanted: bool) -> None:
    """One request: where it stands, and every message about it."""
    edge, jti = found_request(folder, agency, reference)
    view = request_view(edge, jti, bank_holidays(edge))
    if view is None:
        fail(Exit.NOT_FOUND, "There is no such request here: see `dovetail request list`.")
    facts = {
        **row_facts(view.row),
        "messages": [letter_facts(one.letter) for one in view.exchanged],
    }

    def shown() -> None:
        out = console()
        out.print(f"{view.row.name}: {view.row.says}. {view.row.deadline}")
        rows = [
            (
                local_time(one.letter.arrived_at or one.letter.at),
                one.letter.way,
                one.letter.mt,
                one.letter.state,
                short(one.letter.jti),
            )
            for one in (view.request, *view.exchanged)
        ]
        out.print(table(("when", "way", "what", "state", "message"), rows))
        if view.row.standing.rejected:
            out.print(
                "A message was rejected; its contents are not shown. `dovetail audit show` has the record."
            )

    emit("request", facts, shown, json_wanted=json_wanted)


for _command in (withdraw, reply, decide, follow, telephone):
    request.add_command(_command)
