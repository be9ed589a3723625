"""What whoever leads gathering does with a request after it was sent: part of ``dovetail request``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import click

from adapters.edge import Edge
from adapters.gatherer import lead
from adapters.mailbox import letters, refers_to
from deploy.cli.acting import agency_options, opened_edge, refused, report
from deploy.cli.output import Exit, emit, fail, json_option, one_of, prose, say
from deploy.sandbox.place import bank_holidays
from schemas.directory_entry import Role

__all__ = ["decide", "follow", "found_request", "reply", "telephone", "withdraw"]


def _acts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every act on one request; they stand after its own in the help."""
    person = click.option(
        "--person", default="duty-desk", show_default=True, help="Your staff pseudonym."
    )
    role = click.option(
        "--role", type=click.Choice(["LACC", "LACC_SUP", "CTCO"]), default="LACC", show_default=True
    )
    checked = click.option(
        "--checked",
        is_flag=True,
        help="You attest: nothing from an intelligence service (s.38(5)).",
    )
    for option in (json_option, person, role, checked, agency_options):
        command = option(command)
    return click.argument("reference")(command)


def found_request(folder: Path, agency: str, reference: str) -> tuple[Edge, str]:
    """Find a request of this agency by the end of its id, or end with 3."""
    edge = opened_edge(folder, agency)
    with edge.store.read() as c:
        sent = letters(c, way="out", mt="information.request/1")
    found = [one.jti for one in sent if refers_to(reference, one.jti)]
    if len(found) != 1:
        fail(
            Exit.NOT_FOUND,
            f"No request has the reference {reference[:40]!r}: see `dovetail request list`.",
        )
    return edge, found[0]


@click.command(short_help="Withdraw a request; uncollected, it is destroyed unread.")
@one_of(
    "--reason",
    [
        "case_closed",
        "case_on_hold",
        "no_longer_needed",
        "sent_in_error",
        "wrong_recipient",
        "replaced",
    ],
    "Why.",
    metavar="REASON",
    default="no_longer_needed",
    show_default=True,
)
@_acts
def withdraw(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    role: str,
    reason: str,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Withdraw a request. If it was not collected yet, its content is destroyed unread."""
    edge, jti = found_request(folder, agency, reference)
    result = lead.withdraw(
        edge, jti, reason, lead.Hand(person=person, role=Role(role), checked=checked)
    )
    report(edge, folder, result, "Withdrawn.", json_wanted=json_wanted)


@click.command()
@click.option(
    "--file", "file", type=click.File("r"), required=True, help="The answer; - for stdin."
)
@click.option("--accept-another", is_flag=True, help="Let the agency ask once more.")
@_acts
def reply(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    role: str,
    file: TextIO,
    *,
    accept_another: bool,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Answer an agency's question; its clock runs again."""
    edge, jti = found_request(folder, agency, reference)
    hand = lead.Hand(person=person, role=Role(role), checked=checked)
    result = lead.reply(edge, jti, file.read().strip(), hand, accept_another=accept_another)
    report(edge, folder, result, "Replied.", json_wanted=json_wanted)


@click.command()
@click.option(
    "--days", type=click.IntRange(0, 10), required=True, help="Working days given; 0 gives none."
)
@_acts
def decide(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    role: str,
    days: int,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Grant or refuse the time that an agency asked for."""
    edge, jti = found_request(folder, agency, reference)
    holidays = bank_holidays(edge)
    effect = lead.effect_of_time(edge, jti, days, holidays)
    if effect.after_case:
        prose("Note: the request would then be due after the case itself.")
    result = lead.decide(
        edge, jti, days, lead.Hand(person=person, role=Role(role), checked=checked), holidays
    )
    given = f"{days} more working {'day' if days == 1 else 'days'}" if days else "no more time"
    report(edge, folder, result, f"Decided: {given}.", json_wanted=json_wanted)


@click.command(short_help="Act on a redirect: whom to ask now.")
@_acts
def follow(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    role: str,
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Act on a redirect: in the same organisation nothing is sent; otherwise say whom to ask now."""
    edge, jti = found_request(folder, agency, reference)
    found = lead.follow_redirect(
        edge, jti, lead.Hand(person=person, role=Role(role), checked=checked)
    )
    if isinstance(found, tuple):
        refused(found, json_wanted=json_wanted)
    asking = (
        None
        if found.asking is None
        else {"agency": found.asking.agency, "questions": list(found.asking.questions or ())}
    )
    facts = {"request": jti, "post": found.post, "name": found.name, "ask": asking}
    if found.post is not None:
        reach = found.post.get("contact")
        told = f"The right post there is {found.post['role']}{f' ({reach})' if reach else ''}; the clock runs on."
    elif found.asking is not None:
        ask = [f"--ask {qid}" for qid in found.asking.questions or ()]
        again = " ".join(("dovetail request new --to", found.asking.agency, *ask, "..."))
        told = f"Ask {found.name} anew: `{again}`."
    else:
        told = f"Ask {found.name}, which is not in the directory: telephone it."
    emit("redirect", facts, lambda: say(told), json_wanted=json_wanted)


@click.command(short_help="Take down an answer given by telephone.")
@click.option(
    "--file",
    "file",
    type=click.File("r"),
    required=True,
    help="What was said, by which post; - for stdin.",
)
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar="QUESTION",
    help="Which questions it answers; all open ones if left out.",
)
@_acts
def telephone(
    reference: str,
    folder: Path,
    agency: str,
    person: str,
    role: str,
    file: TextIO,
    questions: tuple[str, ...],
    *,
    checked: bool,
    json_wanted: bool,
) -> None:
    """Take down an answer given by telephone. It is kept here only, sealed, and marked as such."""
    edge, jti = found_request(folder, agency, reference)
    hand = lead.Hand(person=person, role=Role(role), checked=checked)
    problems = lead.take_down(edge, jti, file.read().strip(), hand, questions=questions or None)
    if problems:
        refused(problems, json_wanted=json_wanted)
    emit(
        "telephone",
        {"request": jti, "questions": list(questions)},
        lambda: say("Written down. The board shows it as answered by telephone."),
        json_wanted=json_wanted,
    )
