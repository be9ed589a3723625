"""``dovetail inbox``: what an agency was asked, what its records say, and its answer."""

import json
from functools import partial
from pathlib import Path
from typing import TextIO, cast, get_args

import click

from adapters import responder
from adapters.compose import Queued
from adapters.edge import Edge
from adapters.mailbox import newest_due
from adapters.proposal import Proposal, request_of
from adapters.request_facts import manifest_of
from deploy.cli.acting import agency_options, opened_edge, report
from deploy.cli.inbox_acts import acts, clarify, extend, nil, opened_request, redirect, refuse
from deploy.cli.inbox_view import asked_facts, show_inbox, show_request
from deploy.cli.output import Exit, emit, fail, json_option, one_of, prose
from deploy.cli.problems import explain_problems
from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.health import ConfidentialityBasis, NotInformedReason
from schemas.fields.item import Item, NotHeld, Withheld, read_item
from schemas.fields.refusal_reason import RefusalReason

__all__ = ["inbox"]


@click.group()
def inbox() -> None:
    """See what an agency was asked, and answer: in full, in part, nothing held, or not."""


@inbox.command("list", short_help="Every request to this agency.")
@agency_options
@json_option
def list_(folder: Path, agency: str, *, json_wanted: bool) -> None:
    """Every request to this agency, with its due time and what the records say."""
    edge = opened_edge(folder, agency)
    found = responder.inbox(edge)
    with edge.store.read() as c:
        dues = {one.request.jti: newest_due(c, one.request.jti) for one in found}
    facts = [{**asked_facts(one), "due": dues[one.request.jti]} for one in found]
    emit(
        "inbox",
        {"agency": agency, "requests": facts},
        partial(show_inbox, edge, found, dues),
        json_wanted=json_wanted,
    )


@inbox.command(short_help="One request in full, and what the records say.")
@click.argument("reference")
@agency_options
@json_option
def show(reference: str, folder: Path, agency: str, *, json_wanted: bool) -> None:
    """One request: who asks, why, for whom, which fields, what the records say, what never to send."""
    edge, found = opened_request(folder, agency, reference)
    facts, shown = show_request(edge, found, request_of(edge, found.request))
    emit("inbox_request", facts, shown, json_wanted=json_wanted)


@inbox.command(short_help="Answer every question that has all its fields.")
@click.option(
    "--file",
    "file",
    type=click.File("r"),
    help="JSON, field id to item, over what the records say; - for stdin. Items have the form of `records_say` in `inbox show --json`.",
)
@click.option(
    "--not-held", "not_held", multiple=True, metavar="FIELD", help="Looked, and nothing is held."
)
@click.option(
    "--withhold",
    multiple=True,
    metavar="FIELD=REASON",
    help=f"Not shared. REASON is one of: {', '.join(RefusalReason)}.",
)
@one_of(
    "--confidentiality",
    get_args(ConfidentialityBasis),
    "Health: why confidentiality gives way.",
    metavar="BASIS",
)
@click.option(
    "--decided-by",
    default="Caldicott Guardian",
    show_default=True,
    help="Health: which post decided that.",
)
@click.option("--informed", is_flag=True, help="Health: the patient was told.")
@one_of(
    "--not-informed",
    get_args(NotInformedReason),
    "Health: the patient was not told, and why not.",
    metavar="REASON",
)
@click.option("--handling", help="Police: handling conditions.")
@acts
def answer(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    signoff_ref: str | None,
    file: TextIO | None,
    not_held: tuple[str, ...],
    withhold: tuple[str, ...],
    confidentiality: str | None,
    decided_by: str,
    not_informed: str | None,
    handling: str | None,
    *,
    informed: bool,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Answer the questions whose fields all have an item; the others stay open.

    What the agency's own records say is taken unless --file, --not-held or --withhold say otherwise.
    """
    edge, found = opened_request(folder, agency, reference)
    items = _items(found.proposal, file, not_held, withhold)
    _answers_one(found, items)
    confidence = found.proposal.confidence if found.proposal else "exact"
    result = responder.answer(
        edge,
        found.request,
        items,
        "exact" if confidence == "none" else confidence,
        responder.Act(person=person, checked=checked, signoff_ref=signoff_ref),
        health=_health(confidentiality, decided_by, signoff_ref, not_informed, informed=informed),
        handling_conditions=handling,
    )
    report(edge, folder, result, "Answered.", json_wanted=json_wanted)
    if isinstance(result, Queued):
        _say_open(edge, reference)


def _health(
    confidentiality: str | None,
    decided_by: str,
    signoff_ref: str | None,
    not_informed: str | None,
    *,
    informed: bool,
) -> responder.HealthBasis | None:
    """What health says of confidentiality; a person says it, nothing is assumed (decision 0014)."""
    if confidentiality is None and not_informed is None and not informed:
        return None
    if confidentiality is None or signoff_ref is None or informed == (not_informed is not None):
        fail(
            Exit.USAGE,
            "Health says why confidentiality gives way (--confidentiality), the Caldicott reference (--signoff), and whether the patient was told (--informed, or --not-informed REASON).",
        )
    return responder.HealthBasis(confidentiality, decided_by, signoff_ref, informed, not_informed)


def _items(
    proposal: Proposal | None,
    file: TextIO | None,
    not_held: tuple[str, ...],
    withhold: tuple[str, ...],
) -> dict[str, Item]:
    items = dict(proposal.items) if proposal is not None else {}
    if file is not None:
        items |= _read_items(file.read())
    items |= {_field(name): NotHeld() for name in not_held}
    for one in withhold:
        name, _, reason = one.partition("=")
        if reason not in {one.value for one in RefusalReason}:
            fail(
                Exit.USAGE,
                f"--withhold wants FIELD=REASON, REASON one of: {', '.join(RefusalReason)}.",
            )
        items[_field(name)] = Withheld(RefusalReason(reason))
    return items


def _read_items(text: str) -> dict[str, Item]:
    try:
        given = json.loads(text)
    except ValueError as error:
        fail(Exit.USAGE, f"The file is not JSON (line {getattr(error, 'lineno', '?')}).")
    if not isinstance(given, dict):
        fail(Exit.USAGE, "The file must hold one JSON object: field id to item.")
    items: dict[str, Item] = {}
    for name, value in given.items():
        item = read_item(CATALOGUE[_field(str(name))], cast("JsonValue", value))
        if isinstance(item, tuple):
            fail(Exit.USAGE, "The file cannot be used.\n" + explain_problems(item))
        items[str(name)] = item
    return items


def _field(name: str) -> str:
    if name not in CATALOGUE or not CATALOGUE[name].is_answer:
        fail(
            Exit.USAGE,
            "A field is not one that answers: `dovetail inbox show` lists the fields asked for.",
        )
    return name


def _answers_one(found: responder.Asked, items: dict[str, Item]) -> None:
    """End when no question has all its fields: nothing could be sent."""
    wants = manifest_of(found.request).wants or {}
    lacks = {qid: [n for n in wants[qid] if n not in items] for qid in found.open_questions}
    if not lacks:
        return  # the request is closed: that is what the check will say
    if all(lacks.values()):
        missing = "; ".join(f"{qid} lacks {', '.join(names)}" for qid, names in lacks.items())
        fail(
            Exit.REFUSED,
            f"Nothing was sent: no open question has all its fields. {missing}. Give them with --file, --not-held or --withhold; if nothing at all is held, see `dovetail inbox nil`.",
        )


def _say_open(edge: Edge, reference: str) -> None:
    found = responder.find_request(edge, reference)
    if found is not None and found.open_questions:
        prose(
            f"Still open: {', '.join(found.open_questions)}. A person must look; see `dovetail inbox show`."
        )


for _command in (nil, refuse, clarify, redirect, extend):
    inbox.add_command(_command)
