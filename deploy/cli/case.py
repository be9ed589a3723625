"""``dovetail case``: one case as its coordinator needs to see it, and taking it out, marked and recorded."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from adapters.gatherer.answered import Answer, answers
from adapters.gatherer.board import CaseView, Row, Telephone, board, case_view, telephone
from adapters.gatherer.export import export_case
from adapters.gatherer.notes import NoteKind
from adapters.mailbox import short
from deploy.cli.acting import agency_options, opened_edge
from deploy.cli.output import (
    Exit,
    brief_time,
    emit,
    fail,
    heading,
    json_option,
    local_time,
    prose,
    say,
    show_table,
)
from deploy.sandbox.place import bank_holidays
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.refusal_reason import REFUSAL_MEANING
from schemas.fields.words import value_words

__all__ = ["case", "row_facts", "show_board"]


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
        say("There is no case yet: `dovetail request new` opens one.")
        return
    rows = [
        (one.reference or "–", one.says, brief_time(one.nearest), brief_time(one.due_at))
        for one in found
    ]
    show_table(("case", "answers", "next due", "case due"), rows)


@case.command(short_help="One case: every request, and every answer.")
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

    show_ = partial(_show_case, found, given, spoken)
    emit("case", facts, show_, json_wanted=json_wanted)


def _show_case(found: CaseView, given: tuple[Answer, ...], spoken: tuple[Telephone, ...]) -> None:
    heading("OFFICIAL-SENSITIVE  RECIPIENTS ONLY")
    say(f"Case {found.reference}: {found.says}.")
    for what, at in (("The next answer", found.nearest), ("The case", found.due_at)):
        if at is not None:
            say(f"{what} is due {local_time(at)}.")
    say()
    show_board(found.rows)
    for row in found.rows:
        mine = [one for one in given if one.provenance.request == row.standing.jti]
        if mine:
            say()
            heading(f"{row.name} answered (match: {_matched(mine)})")
        for one in mine:
            _show_answer(one)
    for said in spoken:
        say()
        heading(f"{said.name} by telephone, taken down by {said.by} on {local_time(said.at)}")
        say(said.text, 2)


def _matched(given: list[Answer]) -> str:
    sure = {one.provenance.confidence for one in given if one.provenance.confidence is not None}
    return ", ".join(sorted(sure)) or "–"


def _show_answer(one: Answer) -> None:
    head = f"{one.question} {one.label}"
    match one.state:
        case "held":
            say(f"{head}: {value_words(CATALOGUE[one.field], one.value)}", 2, 4)
            day = "" if one.as_at is None else f"{one.as_at.day} {one.as_at:%B %Y}"
            say(f"({one.kind}, {day}, {one.source})", 6)
        case "not_held":
            say(f"{head}: nothing held", 2, 4)
        case _:
            why = "" if one.reason is None else f" {REFUSAL_MEANING[one.reason].says}"
            say(f"{head}: not shared.{why}", 2, 4)


@case.command(short_help="Take a case out as a marked document.")
@click.argument("reference")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there instead of to stdout.",
)
@click.option("--print", "printed", is_flag=True, help="Record it as printed rather than exported.")
@click.option("--with-person", is_flag=True, help="Put the person's identity into it.")
@click.option("--person", default="duty-desk", show_default=True, help="Your staff pseudonym.")
@agency_options
@json_option
def export(
    reference: str,
    out: Path | None,
    person: str,
    folder: Path,
    agency: str,
    *,
    printed: bool,
    with_person: bool,
    json_wanted: bool,
) -> None:
    """Take a case out as a document: marked on top and bottom, and recorded with its SHA-256."""
    edge = opened_edge(folder, agency)
    kind = NoteKind.PRINT if printed else NoteKind.EXPORT
    if out is not None and not out.parent.is_dir():  # before it is recorded that it left
        fail(Exit.NOT_FOUND, f"There is no folder {out.parent}.")
    made: Any = export_case(
        edge,
        reference,
        person,
        bank_holidays(edge),
        form="json" if json_wanted else "text",
        kind=kind,
        with_person=with_person,
    )
    if isinstance(made, tuple):
        fail(Exit.NOT_FOUND, "There is no such case here: see `dovetail case list`.")
    if out is None:
        click.echo(made.data.decode(), nl=False)
    else:
        out.touch(mode=0o600)
        out.chmod(0o600)
        out.write_bytes(made.data)
        prose(f"Written to {out}. It is recorded that you took it out. SHA-256 {made.sha256}")


def show_board(rows: tuple[Row, ...]) -> None:
    """Print the board's rows."""
    show_table(
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
        "agency": one.provenance.agency,
        "name": one.provenance.name,
        "request": one.provenance.request,
        "message": one.provenance.message,
        "received_at": one.provenance.received_at,
        "late": one.provenance.late,
    }
