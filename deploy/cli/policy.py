"""``dovetail policy``: what may be asked of whom and why; why a message is allowed or refused."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from adapters.edge import Edge
from adapters.mailbox import Letter, letters, open_body, refers_to
from adapters.request_facts import manifest_of, request_facts
from deploy.cli.acting import dir_option, opened_edge, problem_facts
from deploy.cli.output import Exit, console, emit, fail, json_option, table
from deploy.sandbox.founding import PACK, is_founded
from deploy.sandbox.place import open_clock, open_directory
from policies.allowed import Allowed, allowed
from policies.check import Context, Finding, Outcome, Place, RequestFacts, explain
from policies.pack import bundle, parse_bundle
from policies.pack_whole import Pack
from policies.packs.shipped import shipped_files
from schemas.directory_entry import OrganisationKind, Role
from schemas.envelope import read_envelope, read_manifest
from schemas.identifiers import agency_id
from schemas.manifest import Manifest, parse_claims
from schemas.problems import Problem

__all__ = ["policy"]

_KINDS = click.Choice([one.value for one in OrganisationKind])
_MAX_FILE_BYTES = 1_000_000


@click.group()
def policy() -> None:
    """What may be asked of whom, and why; explain a decision rule by rule."""


def _pack() -> Pack:
    return parse_bundle(bundle(shipped_files(PACK)))


@policy.command("list")
@click.option("--asker", type=_KINDS, default=OrganisationKind.LA_PANEL.value, show_default=True)
@click.option(
    "--role",
    type=click.Choice([one.value for one in Role]),
    default=Role.LACC.value,
    show_default=True,
)
@json_option
def list_(asker: str, role: str, *, json_wanted: bool) -> None:
    """Which kinds of agency may be asked, with which questions, and who signs off."""
    pack = _pack()
    found = {
        kind: one
        for kind in OrganisationKind
        if (one := allowed(pack, OrganisationKind(asker), Role(role), kind)) is not None
    }
    facts = {
        "pack": {"id": pack.id, "version": pack.version, "h": pack.h},
        "may_ask": [
            {
                "kind": kind.value,
                "sector": one.sector,
                "questions": [question.id for question in one.questions],
                "fields": sum(len(question.fields) for question in one.questions),
                "signoff": None if one.signoff is None else one.signoff.office,
            }
            for kind, one in found.items()
        ],
    }
    emit("policy_list", facts, partial(_show_list, pack, found), json_wanted=json_wanted)


def _show_list(pack: Pack, found: dict[OrganisationKind, Allowed]) -> None:
    out = console()
    out.print(f"Pack {pack.id} {pack.version}. What is not listed is refused.")
    if not found:
        out.print("This kind of agency, in this role, may ask nobody.")
        return
    rows = [
        (kind.value, one.sector, ", ".join(q.id for q in one.questions), _signs(one))
        for kind, one in found.items()
    ]
    out.print(table(("kind", "sector", "questions", "sign-off of the answer"), rows))
    out.print("\n`dovetail policy show KIND` gives every field with its reason.")


def _signs(one: Allowed) -> str:
    return (
        "–"
        if one.signoff is None or one.signoff.when == "never"
        else f"{one.signoff.office} ({one.signoff.when})"
    )


@policy.command()
@click.argument("kind", type=_KINDS)
@click.option("--asker", type=_KINDS, default=OrganisationKind.LA_PANEL.value, show_default=True)
@click.option(
    "--role",
    type=click.Choice([one.value for one in Role]),
    default=Role.LACC.value,
    show_default=True,
)
@json_option
def show(kind: str, asker: str, role: str, *, json_wanted: bool) -> None:
    """Everything about asking one kind of agency: questions, fields, reasons, bases, limits."""
    one = allowed(_pack(), OrganisationKind(asker), Role(role), OrganisationKind(kind))
    if one is None:
        fail(
            Exit.REFUSED,
            f"{asker} as {role} may ask nothing of {kind}: what is not listed is refused.",
        )
    emit(
        "policy",
        {"kind": kind, **asdict(one)},
        partial(_show_one, kind, one),
        json_wanted=json_wanted,
    )


def _show_one(kind: str, one: Allowed) -> None:
    out = console()
    out.print(
        f"[bold]{kind}[/bold] answers as {one.sector}; {one.deadline.default} working days, {one.deadline.shortest} to {one.deadline.longest}"
    )
    out.print(f"Sign-off: {_signs(one)}")
    for line in one.asks_on:
        out.print(f"Asked on: {line}", markup=False)
    for line in one.answers_on:
        out.print(f"Answers on: {line}", markup=False)
    out.print(
        f"The asker keeps it {one.keep_months[0]} months by default, {one.keep_months[1]} at most."
    )
    out.print(
        f"Of the concern it may be told at most {one.concern[0]}: {one.concern[1]}", markup=False
    )
    out.print("\nIt may be told about the person:")
    out.print(table(("field", "why"), [(name, why) for name, why in one.identity.items()]))
    for question in one.questions:
        out.print(f"\n[bold]{question.id}[/bold] Please tell us {question.text}")
        rows = [(field.id, field.why, ", ".join(field.tags)) for field in question.fields]
        out.print(table(("field", "why", "tags"), rows))
    out.print(f"\nNever: {'; '.join(one.never)}.", markup=False)


@policy.command("explain")
@click.argument("message")
@click.option("--as", "agency", help="Look the message up in this agency's store.")
@dir_option
@json_option
def explain_(message: str, folder: Path, agency: str | None, *, json_wanted: bool) -> None:
    """Why MESSAGE is allowed or refused, rule by rule.

    MESSAGE is a file with an envelope or a manifest, or with --as the id of a message (or its
    beginning). A message of the agency's own store is judged as of its arrival, with its values.
    """
    if agency is not None:
        found = _of_store(opened_edge(folder, agency), message)
    else:
        found = _of_file(folder, Path(message))
    facts = {
        "findings": [
            {
                "rule": one.rule,
                "sentence": one.sentence,
                "outcome": one.outcome.value,
                "found": one.found,
                "places": sorted(place.value for place in one.places),
                "problems": problem_facts(one.problems),
                "pack": one.pack,
            }
            for one in found
        ],
        "allowed": all(one.outcome is not Outcome.REFUSED for one in found),
    }
    emit("policy_explanation", facts, partial(_show_findings, found), json_wanted=json_wanted)
    if not facts["allowed"]:
        raise SystemExit(int(Exit.REFUSED))


def _of_store(edge: Edge, reference: str) -> tuple[Finding, ...]:
    with edge.store.read() as c:
        found = [one for one in letters(c) if refers_to(reference, one.jti)]
        if len(found) != 1:
            fail(
                Exit.NOT_FOUND,
                "No message, or more than one, has this id: see `dovetail request list` or `inbox list`.",
            )
        letter = found[0]
        claims = manifest_of(letter)
        request = request_facts(c, claims.req)
    return explain(
        claims, _context(edge, letter, claims, request), open_body(edge.keys.vault, letter)
    )


def _context(edge: Edge, letter: Letter, claims: Manifest, request: RequestFacts | None) -> Context:
    sender, recipient = (
        edge.directory.entry(agency_id(urn)) for urn in (claims.iss, claims.recipient)
    )
    if sender is None or recipient is None:
        fail(Exit.NOT_FOUND, "The sender or the recipient is not in the directory.")
    return Context(
        at=letter.arrived_at or letter.at,
        place=Place.EDGE,
        sender=sender,
        recipient=recipient,
        pack=edge.directory.pack_by_hash(claims.pol.h),
        request=request,
        superseded_at=edge.directory.superseded_at(claims.pol.h),
    )


def _of_file(folder: Path, path: Path) -> tuple[Finding, ...]:
    if not path.is_file():
        fail(Exit.NOT_FOUND, f"There is no file {path}; for a message in a store give --as AGENCY.")
    if not is_founded(folder):
        fail(
            Exit.NOT_FOUND, f"There is no world in {folder}: its directory says who is who (--dir)."
        )
    data = path.read_bytes()[:_MAX_FILE_BYTES]
    envelope = read_envelope(data)
    signed = (
        read_manifest(data.decode(errors="replace"))
        if isinstance(envelope, Problem)
        else envelope.signed
    )
    claims = signed if isinstance(signed, Problem) else parse_claims(signed.payload)
    if isinstance(claims, Problem):
        fail(
            Exit.REFUSED,
            f"The file holds no message: {claims.meaning.says} ({claims.code}, {claims.where})",
        )
    directory = asyncio.run(open_directory(folder, folder / "explain.seen"))
    sender, recipient = (directory.entry(agency_id(urn)) for urn in (claims.iss, claims.recipient))
    if sender is None or recipient is None:
        fail(Exit.NOT_FOUND, "The sender or the recipient is not in this world's directory.")
    context = Context(
        at=open_clock(folder).now(),
        place=Place.GATE,
        sender=sender,
        recipient=recipient,
        pack=directory.pack_by_hash(claims.pol.h),
        superseded_at=directory.superseded_at(claims.pol.h),
    )
    return explain(claims, context)


_MARKS = {
    Outcome.PASSED: "passed",
    Outcome.REFUSED: "[bold red]REFUSED[/bold red]",
    Outcome.NOT_APPLICABLE: "–",
    Outcome.NOT_CHECKED_HERE: "not here",
}


def _show_findings(found: Sequence[Finding]) -> None:
    out = console()
    refused = [one for one in found if one.outcome is Outcome.REFUSED]
    out.print("[bold]Refused[/bold]" if refused else "[bold]Allowed[/bold]")
    for one in refused:
        for problem in one.problems:
            out.print(
                f"  {one.rule}: {problem.meaning.says} {problem.meaning.remedy}", markup=False
            )
    out.print()
    rows = [(one.rule, _MARKS[one.outcome], one.sentence, one.found) for one in found]
    out.print(table(("rule", "outcome", "what it says", "what was found"), rows))
    if found:
        out.print(f"\nJudged under pack {found[0].pack}.")
