"""``dovetail case``: one case as its coordinator needs to see it, and taking it out, marked and recorded."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from adapters.gatherer.answered import Answer, answers
from adapters.gatherer.board import CaseView, Row, board, case_view, telephone
from adapters.gatherer.export import export_case
from adapters.gatherer.notes import NoteKind
from adapters.mailbox import short
from deploy.cli.acting import agency_options, opened_edge
from deploy.cli.output import (
    Exit,
    console,
    emit,
    explain_problems,
    fail,
    json_option,
    local_time,
    table,
)
from deploy.sandbox.place import bank_holidays

__all__ = ["board_table", "case", "row_facts"]


@click.group()
def case() -> None:
    """Cases: who answered, who has not, how much working time is left."""


@case.command("list")
@agency_options
@json_option
def list_(folder: Path, agency: str, *, json_wanted: bool) -> None:
    """Every case, the most urgent first."""
    edge = opened_edge(folder, agency)
    found = board(edge, bank_holidays(edge))
    facts = [_case_facts(one) for one in found]
    emit("cases", {"cases": facts}, partial(_show_list, found), json_wanted=json_wanted)


def _show_list(found: tuple[CaseView, ...]) -> None:
    if not found:
        console().print("There is no case yet: `dovetail request new` opens one.")
        return
    rows = [
        (one.reference or "–", one.says, local_time(one.nearest), local_time(one.due_at))
        for one in found
    ]
    console().print(table(("case", "answers", "next due", "case due"), rows))


@case.command()
@click.argument("reference")
@agency_options
@json_option
def show(reference: str, folder: Path, agency: str, *, json_wanted: bool) -> None:
    """One case: each request by urgency, and every answer with its day, kind and source."""
    edge = opened_edge(folder, agency)
    found = case_view(edge, reference, bank_holidays(edge))
    if found is None:
        fail(Exit.NOT_FOUND, "There is no such case here: see `dovetail case list`.")
    given, spoken = answers(edge, reference), telephone(edge, reference)
    facts = {
        **_case_facts(found),
        "answers": [_answer_facts(one) for one in given],
        "telephone": [
            {
                "request": one.request,
                "name": one.name,
                "by": one.by,
                "at": one.at,
                "questions": list(one.questions),
                "text": one.text,
            }
            for one in spoken
        ],
    }

    def shown() -> None:
        out = console()
        out.print("[bold]OFFICIAL-SENSITIVE[/bold]  RECIPIENTS ONLY")
        out.print(
            f"Case {found.reference}: {found.says}. Next due {local_time(found.nearest)}, case due {local_time(found.due_at)}.\n"
        )
        out.print(board_table(found.rows))
        for one in given:
            value = one.state if one.value is None else str(one.value)
            source = (
                ""
                if one.as_at is None
                else f"  ({one.kind}, {one.as_at.isoformat()}, {one.source})"
            )
            reason = "" if one.reason is None else f": {one.reason.value}"
            out.print(
                f"\n{one.label} ({one.field}, {one.question})\n    {value}{reason}{source}",
                markup=False,
            )
        for said in spoken:
            out.print(
                f"\n{said.name} by telephone, taken down by {said.by} on {local_time(said.at)}:\n    {said.text}",
                markup=False,
            )

    emit("case", facts, shown, json_wanted=json_wanted)


@case.command()
@click.argument("reference")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there instead of to stdout.",
)
@click.option("--print", "printed", is_flag=True, help="Record it as printed rather than exported.")
@click.option("--with-person", is_flag=True, help="Put the person's identity into it.")
@click.option("--person", default="duty-desk", show_default=True, help="Your staff pseudonym.")
@agency_options
def export(
    reference: str,
    form: str,
    out: Path | None,
    person: str,
    folder: Path,
    agency: str,
    *,
    printed: bool,
    with_person: bool,
) -> None:
    """Take a case out as a document: marked on top and bottom, and recorded with its SHA-256."""
    edge = opened_edge(folder, agency)
    kind = NoteKind.PRINT if printed else NoteKind.EXPORT
    made: Any = export_case(
        edge,
        reference,
        person,
        bank_holidays(edge),
        form="json" if form == "json" else "text",
        kind=kind,
        with_person=with_person,
    )
    if isinstance(made, tuple):
        fail(Exit.NOT_FOUND, explain_problems(made))
    if out is None:
        click.echo(made.data.decode(), nl=False)
    else:
        out.write_bytes(made.data)
        out.chmod(0o600)
        click.echo(
            f"Written to {out} (SHA-256 {made.sha256}). It is recorded that you took it out.",
            err=True,
        )


def board_table(rows: tuple[Row, ...]) -> Any:  # noqa: ANN401 - rich's table
    """The board's rows."""
    return table(
        ("reference", "agency", "where it stands", "time"),
        [(short(one.standing.jti), one.name, one.says, one.deadline) for one in rows],
    )


def row_facts(one: Row) -> dict[str, Any]:
    """A row as scripts read it."""
    standing = one.standing
    left = standing.working_left
    return {
        "id": standing.jti,
        "agency": standing.agency,
        "stand": standing.stand.value,
        "says": one.says,
        "deadline": one.deadline,
        "questions": list(standing.questions),
        "open_questions": list(standing.open_questions),
        "due_at": standing.due_at,
        "overdue": standing.overdue,
        "paused": standing.paused,
        "late": standing.late,
        "working_days_left": standing.working_days,
        "working_seconds_left": None if left is None else int(left.total_seconds()),
        "reasons": {qid: reason.value for qid, reason in standing.reasons.items()},
        "rejected": list(standing.rejected),
        "proofs": list(standing.proofs),
        "settled": standing.settled,
    }


def _case_facts(one: CaseView) -> dict[str, Any]:
    return {
        "case": one.conv,
        "reference": one.reference,
        "due_at": one.due_at,
        "asked": one.asked,
        "answered": one.answered,
        "nearest": one.nearest,
        "requests": [row_facts(row) for row in one.rows],
    }


def _answer_facts(one: Answer) -> dict[str, Any]:
    return {
        "field": one.field,
        "question": one.question,
        "state": one.state,
        "value": one.value,
        "kind": one.kind,
        "as_at": None if one.as_at is None else one.as_at.isoformat(),
        "source": one.source,
        "reason": None if one.reason is None else one.reason.value,
    }
