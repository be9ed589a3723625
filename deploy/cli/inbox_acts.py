"""What an agency may say to a request beside answering it: part of ``dovetail inbox``."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import click

from adapters import responder
from adapters.edge import Edge
from adapters.request_facts import manifest_of
from deploy.cli.acting import agency_options, opened_edge, report
from deploy.cli.output import Exit, fail, json_option, one_of
from schemas.directory_entry import Role
from schemas.fields.exchange import SearchedSystem
from schemas.fields.refusal_reason import RefusalReason

__all__ = ["acts", "clarify", "extend", "nil", "opened_request", "redirect", "refuse"]

_NOT_YET = {
    "announced": "Its content is still on its way: look again soon.",
    "rejected": "It could not be believed, and was rejected: `dovetail audit show` has the record.",
    "recalled": "It was withdrawn before it was read, and its content is destroyed.",
}


def acts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of everything that answers; they stand after its own in the help."""
    person = click.option(
        "--person", default="duty-desk", show_default=True, help="Your staff pseudonym."
    )
    checked = click.option(
        "--checked",
        is_flag=True,
        help="You attest: nothing from an intelligence service (s.38(5)); other people's information was looked for.",
    )
    signoff = click.option(
        "--signoff",
        "signoff_ref",
        metavar="REFERENCE",
        help="Reference of the sign-off, where one is needed.",
    )
    for option in (json_option, person, signoff, checked, agency_options):
        command = option(command)
    return click.argument("reference")(command)


def opened_request(folder: Path, agency: str, reference: str) -> tuple[Edge, responder.Asked]:
    """Find a request to this agency by the end of its id, or end with 3; with 1 if it is not open."""
    edge = opened_edge(folder, agency)
    found = responder.find_request(edge, reference)
    if found is None:
        fail(
            Exit.NOT_FOUND,
            f"No request has the reference {reference[:40]!r}: see `dovetail inbox list`.",
        )
    if found.request.state != "opened":
        why = _NOT_YET.get(found.request.state, f"It is {found.request.state}.")
        fail(Exit.FAILED, f"There is nothing to show or answer. {why}")
    return edge, found


def _act(
    person: str, signoff_ref: str | None, *, checked: bool, role: Role = Role.AIO
) -> responder.Act:
    return responder.Act(person=person, role=role, checked=checked, signoff_ref=signoff_ref)


@click.command()
@one_of(
    "--searched",
    get_args(SearchedSystem),
    "What was searched, if no adapter did.",
    metavar="SYSTEM",
    multiple=True,
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="First day that the search covered.",
)
@acts
def nil(
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
    edge, found = opened_request(folder, agency, reference)
    known = found.proposal
    window = known.window if known is not None else None
    if since is not None:
        window = (since.date(), edge.clock.now().date())
    where = searched or (known.searched if known is not None else ())
    if not where or window is None:
        fail(
            Exit.USAGE,
            "No adapter searched in vain: say what was searched, and since when (--searched, --since).",
        )
    act = _act(person, signoff_ref, checked=checked)
    result = responder.nil(edge, found.request, where, window, act)
    report(edge, folder, result, "Told: nothing is held.", json_wanted=json_wanted)


@click.command(short_help="Lawfully refuse; that ends the chasing.")
@one_of(
    "--reason",
    [one.value for one in RefusalReason],
    "Why.",
    metavar="REASON",
    required=True,
)
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar="QUESTION",
    help="Only this question; several times for several.",
)
@click.option("--explain", help="More, where it can help; no personal data.")
@click.option(
    "--reviewer", type=click.Choice(["AIO", "SIGNOFF"]), default="SIGNOFF", show_default=True
)
@acts
def refuse(
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
    edge, found = opened_request(folder, agency, reference)
    _asked(found, questions)
    result = responder.refuse(
        edge,
        found.request,
        RefusalReason(reason),
        _act(person, signoff_ref, checked=checked, role=Role(reviewer)),
        questions=questions,
        explanation=explain,
    )
    report(edge, folder, result, "Refused.", json_wanted=json_wanted)


@click.command()
@one_of(
    "--reason",
    ["too_wide", "identity_uncertain", "not_necessary", "unclear", "other"],
    "Why.",
    metavar="REASON",
    required=True,
)
@click.option("--query", required=True, help="What must be known first; at most 300 characters.")
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar="QUESTION",
    help="Which question it is about; several times for several.",
)
@acts
def clarify(
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
    edge, found = opened_request(folder, agency, reference)
    _asked(found, questions)
    act = _act(person, signoff_ref, checked=checked)
    result = responder.clarify(edge, found.request, reason, query, act, questions=questions)
    report(edge, folder, result, "Asked.", json_wanted=json_wanted)


@click.command(short_help="Say who should be asked instead.")
@one_of(
    "--reason",
    ["wrong_post", "post_ended", "moved_away", "not_our_area", "other_organisation"],
    "Why.",
    metavar="REASON",
    required=True,
)
@click.option("--post", help="The right post in this organisation.")
@click.option("--contact", help="How to reach that post at work.")
@click.option("--name", "other_name", help="The name of the organisation to ask instead.")
@click.option(
    "--agency",
    "other",
    metavar="AGENCY",
    help="Its id, where it is in the directory.",
)
@acts
def redirect(
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
    if (post is None) == (other_name is None):
        fail(Exit.USAGE, "Give --post for a post here, or --name for another organisation.")
    edge, found = opened_request(folder, agency, reference)
    here: Any = (
        None if post is None else {"role": post, **({"contact": contact} if contact else {})}
    )
    there: Any = None
    if other_name is not None:
        there = {"name": other_name, **({"agency": f"urn:dovetail:org:{other}"} if other else {})}
    act = _act(person, signoff_ref, checked=checked)
    result = responder.redirect(edge, found.request, reason, act, post=here, organisation=there)
    report(edge, folder, result, "Redirected.", json_wanted=json_wanted)


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, 10),
    required=True,
    metavar="1-10",
    help="Working days more.",
)
@one_of(
    "--reason",
    [
        "awaiting_signoff",
        "key_person_absent",
        "records_elsewhere",
        "complexity",
        "legal_advice",
        "system_unavailable",
    ],
    "Why.",
    metavar="REASON",
    required=True,
)
@acts
def extend(
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
    edge, found = opened_request(folder, agency, reference)
    act = _act(person, signoff_ref, checked=checked)
    result = responder.ask_for_time(edge, found.request, days, reason, act)
    more = f"{days} more working {'day' if days == 1 else 'days'}"
    report(edge, folder, result, f"Asked for {more}; not granted yet.", json_wanted=json_wanted)


def _asked(found: responder.Asked, questions: tuple[str, ...]) -> None:
    """End when a question is named that this request does not ask."""
    asked = list(manifest_of(found.request).wants or {})
    strange = [one for one in questions if one not in asked]
    if strange:
        fail(
            Exit.USAGE,
            f"The request does not ask {', '.join(strange)}; it asks {', '.join(asked)}.",
        )
