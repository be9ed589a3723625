"""``dovetail inbox``: what an agency was asked, what its records say, and its answer."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast

import click

from adapters import responder
from adapters.edge import Edge
from adapters.mailbox import newest_due, short
from adapters.proposal import Proposal, request_of
from adapters.request_facts import manifest_of
from deploy.cli.acting import agency_options, due_facts, opened_edge, report
from deploy.cli.inbox_view import asked_facts, proposal_line, show_request
from deploy.cli.output import Exit, console, emit, explain_problems, fail, json_option, table
from schemas.directory_entry import Role
from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.item import Item, NotHeld, Withheld, read_item
from schemas.fields.refusal_reason import RefusalReason

__all__ = ["inbox"]

_REASONS = click.Choice([one.value for one in RefusalReason])


@click.group()
def inbox() -> None:
    """See what an agency was asked, and answer: in full, in part, nothing held, or not."""


def _acts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of everything that answers."""
    for option in (
        click.option(
            "--person", default="duty-desk", show_default=True, help="Your staff pseudonym."
        ),
        click.option(
            "--checked",
            is_flag=True,
            help="You attest: nothing from an intelligence service (s.38(5)); other people's information was looked for.",
        ),
        click.option(
            "--signoff", "signoff_ref", help="Reference of the sign-off, where one is needed."
        ),
    ):
        command = option(command)
    return json_option(agency_options(click.argument("reference")(command)))


def _opened(folder: Path, agency: str, reference: str) -> tuple[Edge, responder.Asked]:
    edge = opened_edge(folder, agency)
    found = responder.find_request(edge, reference)
    if found is None:
        fail(
            Exit.NOT_FOUND,
            f"No request, or more than one, has the reference {reference[:40]!r}: see `dovetail inbox list`.",
        )
    if found.request.state != "opened":
        fail(Exit.FAILED, f"The request is {found.request.state}: there is nothing to answer yet.")
    return edge, found


def _act(person: str, signoff_ref: str | None, *, checked: bool) -> responder.Act:
    return responder.Act(person=person, checked=checked, signoff_ref=signoff_ref)


@inbox.command("list")
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
        partial(_show_list, found, dues),
        json_wanted=json_wanted,
    )


def _show_list(found: tuple[responder.Asked, ...], dues: Mapping[str, Any]) -> None:
    if not found:
        console().print("Nothing was asked of this agency yet.")
        return
    rows = [
        (
            short(one.request.jti),
            one.request.iss.removeprefix("urn:dovetail:org:"),
            ", ".join(manifest_of(one.request).wants or {}),
            due_facts(dues[one.request.jti]),
            one.outcome,
            proposal_line(one.proposal),
        )
        for one in found
    ]
    console().print(table(("reference", "from", "questions", "due", "state", "our records"), rows))


@inbox.command()
@click.argument("reference")
@agency_options
@json_option
def show(reference: str, folder: Path, agency: str, *, json_wanted: bool) -> None:
    """One request: who asks, why, for whom, which fields, what the records say, what never to send."""
    edge, found = _opened(folder, agency, reference)
    request = request_of(edge, found.request)
    facts, shown = show_request(edge, found, request)
    emit("request", facts, shown, json_wanted=json_wanted)


@inbox.command()
@_acts
@click.option(
    "--file",
    "file",
    type=click.File("r"),
    help="JSON: field id to item, over what the records say; - for stdin.",
)
@click.option(
    "--not-held", "not_held", multiple=True, metavar="FIELD", help="Looked, and nothing is held."
)
@click.option(
    "--withhold", multiple=True, metavar="FIELD=REASON", help="Not shared, with a reason code."
)
@click.option(
    "--confidentiality", help="Health: why confidentiality gives way, such as child_safeguarding."
)
@click.option(
    "--decided-by", default="Caldicott Guardian", show_default=True, help="Health: who decided."
)
@click.option(
    "--informed/--not-informed", default=False, help="Health: whether the patient was told."
)
@click.option("--not-informed-reason", default="would_prejudice_prevention", show_default=True)
@click.option("--handling", help="Police: handling conditions.")
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
    informed: bool,  # noqa: FBT001 - click passes options by name
    not_informed_reason: str,
    handling: str | None,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Answer the questions whose fields all have an item; the others stay open.

    What the agency's own records say is taken unless --file, --not-held or --withhold say otherwise.
    """
    edge, found = _opened(folder, agency, reference)
    items = _items(found.proposal, file, not_held, withhold)
    health = None
    if confidentiality is not None:
        reason = None if informed else not_informed_reason
        ref = signoff_ref or "none"
        health = responder.HealthBasis(confidentiality, decided_by, ref, informed, reason)
    confidence = found.proposal.confidence if found.proposal else "exact"
    result = responder.answer(
        edge, found.request, items, "exact" if confidence == "none" else confidence,
        _act(person, signoff_ref, checked=checked), health=health, handling_conditions=handling,
    )  # fmt: skip
    report(edge, folder, result, "Answered.", json_wanted=json_wanted)


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
                Exit.USAGE, f"--withhold wants FIELD=REASON with one of: {', '.join(RefusalReason)}"
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
    if name not in CATALOGUE:
        fail(
            Exit.USAGE,
            "A field is not in the catalogue: see `dovetail inbox show` for the fields asked for.",
        )
    return name


@inbox.command("nil")
@_acts
@click.option(
    "--searched", multiple=True, help="A kind of system that was searched, if no adapter did."
)
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="First day that the search covered."
)
def nil_(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    signoff_ref: str | None,
    searched: tuple[str, ...],
    since: datetime | None,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Say that the records were searched and nothing is held."""
    edge, found = _opened(folder, agency, reference)
    known = found.proposal
    window = known.window if known is not None else None
    today = edge.clock.now().date()
    if since is not None:
        window = (since.date(), today)
    where = searched or (known.searched if known is not None else ())
    if not where or window is None:
        fail(
            Exit.USAGE,
            "No adapter searched: say what was searched, and since when (--searched, --since).",
        )
    result = responder.nil(
        edge,
        found.request,
        where,
        window,
        _act(person, signoff_ref, checked=checked),
    )
    report(edge, folder, result, "Told: nothing held.", json_wanted=json_wanted)


@inbox.command("refuse")
@_acts
@click.option("--reason", type=_REASONS, required=True)
@click.option(
    "--question", "questions", multiple=True, help="Only this question; several times for several."
)
@click.option("--explain", help="More, where it can help; no personal data.")
@click.option(
    "--reviewer", type=click.Choice(["AIO", "SIGNOFF"]), default="SIGNOFF", show_default=True
)
def refuse_(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    signoff_ref: str | None,
    reason: str,
    questions: tuple[str, ...],
    explain: str | None,
    reviewer: str,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Lawfully refuse, the whole request or single questions. Refusing ends the chasing."""
    edge, found = _opened(folder, agency, reference)
    act = responder.Act(
        person=person, role=Role(reviewer), checked=checked, signoff_ref=signoff_ref
    )
    result = responder.refuse(
        edge, found.request, RefusalReason(reason), act, questions=questions, explanation=explain
    )
    report(edge, folder, result, "Refused.", json_wanted=json_wanted)


@inbox.command("clarify")
@_acts
@click.option(
    "--reason",
    type=click.Choice(["too_wide", "identity_uncertain", "not_necessary", "unclear", "other"]),
    required=True,
)
@click.option("--query", required=True, help="What must be known first; at most 300 characters.")
@click.option("--question", "questions", multiple=True)
def clarify_(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    signoff_ref: str | None,
    reason: str,
    query: str,
    questions: tuple[str, ...],
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Ask what must be known first; the clock stops until the reply."""
    edge, found = _opened(folder, agency, reference)
    act = _act(person, signoff_ref, checked=checked)
    result = responder.clarify(edge, found.request, reason, query, act, questions=questions)
    report(
        edge, folder, result, "Asked; the clock stands until the reply.", json_wanted=json_wanted
    )


@inbox.command("redirect")
@_acts
@click.option(
    "--reason",
    type=click.Choice(
        ["wrong_post", "post_ended", "moved_away", "not_our_area", "other_organisation"]
    ),
    required=True,
)
@click.option("--post", help="The right post in this organisation.")
@click.option("--contact", help="How to reach that post at work.")
@click.option("--agency", "other", help="The id of the agency to ask instead.")
@click.option("--name", "other_name", help="The name of the organisation to ask instead.")
def redirect_(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    signoff_ref: str | None,
    reason: str,
    post: str | None,
    contact: str | None,
    other: str | None,
    other_name: str | None,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Say who should be asked instead: another post here (--post), or another organisation (--name)."""
    edge, found = _opened(folder, agency, reference)
    here: Any = (
        None if post is None else {"role": post, **({"contact": contact} if contact else {})}
    )
    there: Any = None
    if other_name is not None:
        there = {"name": other_name, **({"agency": f"urn:dovetail:org:{other}"} if other else {})}
    act = _act(person, signoff_ref, checked=checked)
    result = responder.redirect(edge, found.request, reason, act, post=here, organisation=there)
    report(edge, folder, result, "Redirected.", json_wanted=json_wanted)


@inbox.command("extend")
@_acts
@click.option("--days", type=click.IntRange(1, 10), required=True, help="Working days more.")
@click.option(
    "--reason",
    type=click.Choice(
        [
            "awaiting_signoff",
            "key_person_absent",
            "records_elsewhere",
            "complexity",
            "legal_advice",
            "system_unavailable",
        ]
    ),
    required=True,
)
def extend_(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    signoff_ref: str | None,
    days: int,
    reason: str,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Ask for more working days, before the request is due."""
    edge, found = _opened(folder, agency, reference)
    act = _act(person, signoff_ref, checked=checked)
    result = responder.ask_for_time(edge, found.request, days, reason, act)
    report(edge, folder, result, f"Asked for {days} working days.", json_wanted=json_wanted)
