"""``dovetail request``: ask agencies, see where each request stands, withdraw, reply, decide."""

from functools import partial
from pathlib import Path
from typing import Any, TextIO, get_args

import click

from adapters.compose import Queued
from adapters.edge import Edge
from adapters.gatherer.board import Exchange, RequestView, board, request_view
from adapters.gatherer.enquiry import Enquiry
from adapters.gatherer.issue import AskedAlready, Issued, Preview, issue, preview
from adapters.mailbox import short
from deploy.cli.acting import (
    agency_options,
    letter_facts,
    opened_edge,
    refused,
    state_words,
    type_words,
    wait_for_verdict,
    waits,
)
from deploy.cli.case import row_facts, show_board
from deploy.cli.enquiry_file import enquiry, read_person
from deploy.cli.instants import INSTANT
from deploy.cli.lead import decide, follow, found_request, reply, telephone, withdraw
from deploy.cli.output import (
    Exit,
    brief_time,
    emit,
    fail,
    heading,
    json_option,
    local_time,
    one_of,
    say,
    show_table,
)
from deploy.cli.problems import problem_facts
from deploy.cli.request_view import plan_facts, show_issued, show_plans
from deploy.sandbox.cast import BROKER
from deploy.sandbox.place import bank_holidays, endpoints
from schemas.fields.asking import ConcernLevel, NotInformedReason, Theme
from schemas.problems import Problem

__all__ = ["request"]


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
        help="Which questions; the sector's usual ones if left out. `dovetail policy show KIND` lists them.",
    ),
    click.option(
        "--subject", type=click.File("r"), help="JSON with the person's id.* fields; - for stdin."
    ),
    one_of(
        "--subject-class",
        ("child", "adult_at_risk", "adult", "unknown"),
        "Whom it is about.",
        metavar="CLASS",
    ),
    click.option(
        "--because", required=True, help="Why it is needed, in your own words, without names."
    ),
    click.option("--informed", is_flag=True, help="The person knows of the request."),
    one_of(
        "--not-informed",
        get_args(NotInformedReason),
        "The person does not know, and why not.",
        metavar="REASON",
    ),
    click.option(
        "--days", type=click.IntRange(1, 5), metavar="1-5", help="Working days; 5 if left out."
    ),
    click.option(
        "--hours",
        type=click.IntRange(1, 24),
        metavar="1-24",
        help="Urgent: hours instead of days, for those on duty around the clock.",
    ),
    one_of(
        "--theme",
        get_args(Theme),
        "What the concern is about, at most two.",
        metavar="THEME",
        multiple=True,
    ),
    click.option(
        "--summary-file",
        "summary",
        type=click.File("r"),
        help="A summary of the concern, for agencies that may have one; - for stdin.",
    ),
    one_of(
        "--concern-level",
        get_args(ConcernLevel),
        "Tell less of the concern: L0 nothing, L1 the theme, L2 the summary.",
        metavar="LEVEL",
    ),
    click.option(
        "--months",
        type=click.IntRange(1, 60),
        default=24,
        show_default=True,
        metavar="1-60",
        help="How far back.",
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


@request.command(short_help="Ask agencies about one person.")
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
    Ends with 4 when any of them could not be sent.
    """
    edge = opened_edge(folder, agency)
    text = None if summary is None else summary.read().strip()
    asked = enquiry(subject=read_person(subject), summary=text, **said)
    _known(edge, asked)
    holidays = bank_holidays(edge)
    shown = preview(edge, asked, holidays)
    if shown.problems:
        refused(shown.problems, json_wanted=json_wanted)
    if only_preview:
        _preview(edge, shown, json_wanted=json_wanted)
        return
    found = issue(edge, asked, holidays)
    problems = tuple(one for one in found if isinstance(one, Problem))
    if problems:
        refused(problems, json_wanted=json_wanted)
    sent = [one for one in found if isinstance(one, Issued)]
    _report(edge, folder, sent, shown, json_wanted=json_wanted)


def _known(edge: Edge, asked: Enquiry) -> None:
    """End when somebody is asked who is not there, or the asker has no role to ask in."""
    there = {one.id for one in edge.directory.entries()}
    missing = [one.agency for one in asked.asking if one.agency not in there]
    if missing:
        fail(
            Exit.NOT_FOUND,
            f"Nothing was sent: there is no agency {', '.join(missing)} in the directory. There are: {', '.join(sorted(there - {BROKER}))}.",
        )
    if not any(one.role is asked.role for one in edge.entry.roles):
        held = ", ".join(sorted({one.role.value for one in edge.entry.roles}))
        fail(
            Exit.REFUSED,
            f"Nothing was sent: {edge.entry.name} does not hold the role {asked.role.value}, so it may not ask as such. It holds: {held}.",
        )


def _preview(edge: Edge, shown: Preview, *, json_wanted: bool) -> None:
    facts = {"would_send": [plan_facts(one) for one in shown.plans]}
    show = partial(show_plans, shown.plans, edge.clock.now())
    emit("request_preview", facts, show, json_wanted=json_wanted)
    if not all(one.may_go for one in shown.plans):
        raise SystemExit(int(Exit.REFUSED))


def _report(
    edge: Edge, folder: Path, found: list[Issued], shown: Preview, *, json_wanted: bool
) -> None:
    running = endpoints(folder) is not None
    facts = [_issued_facts(edge, one, running=running) for one in found]
    questions = {one.asking.agency: [q.id for q in one.questions] for one in shown.plans}
    show = partial(show_issued, edge, found, facts, questions)
    emit("requests", {"requests": facts}, show, json_wanted=json_wanted)
    if any(one.get("state") == "queued" for one in facts):
        waits(folder, running=running)
    if any(not one["sent"] or one.get("state") == "refused" for one in facts):
        raise SystemExit(int(Exit.REFUSED))


def _issued_facts(edge: Edge, one: Issued, *, running: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"agency": one.agency, "warnings": [w.says for w in one.warnings]}
    match one.outcome:
        case Queued(jti=jti):
            facts |= {"sent": True, **letter_facts(wait_for_verdict(edge, jti, running=running))}
        case AskedAlready(request=before):
            facts |= {"sent": False, "asked_already": before}
        case problems:
            facts |= {"sent": False, "problems": problem_facts(problems)}
    return facts


@request.command("list")
@agency_options
@json_option
def list_(folder: Path, agency: str, *, json_wanted: bool) -> None:
    """Every request of this agency, the most urgent first."""
    edge = opened_edge(folder, agency)
    rows = tuple(row for view in board(edge, bank_holidays(edge)) for row in view.rows)
    facts = {"requests": [row_facts(row) for row in rows]}

    def shown() -> None:
        if rows:
            show_board(rows)
        else:
            say("This agency has asked for nothing yet: `dovetail request new` asks.")

    emit("request_list", facts, shown, json_wanted=json_wanted)


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
    emit("request", facts, partial(_show_view, view), json_wanted=json_wanted)


def _show_view(view: RequestView) -> None:
    row, standing = view.row, view.row.standing
    heading(f"{row.name}: {row.says}")
    if row.deadline:
        say(f"{row.deadline}.")
    if not standing.settled and standing.due_at is not None and not standing.paused:
        say(f"Due {local_time(standing.due_at)} (London).")
    if row.contact is not None:
        reach = row.contact.get("contact")
        say(f"Whom to ask there: {row.contact['role']}{f', {reach}' if reach else ''}.")
    say()
    columns = ("when", "way", "what", "state", "message")
    show_table(columns, [_line(one) for one in (view.request, *view.exchanged)])
    if standing.rejected:
        say(
            "A message was rejected; its contents are not shown. `dovetail audit show` has the record."
        )


def _line(one: Exchange) -> tuple[str, ...]:
    found = one.letter
    return (
        brief_time(found.arrived_at or found.at),
        found.way,
        type_words(found.mt) + (", late" if found.late else ""),
        state_words(found.state),
        short(found.jti),
    )


for _command in (withdraw, reply, decide, follow, telephone):
    request.add_command(_command)
