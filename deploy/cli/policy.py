"""``dovetail policy``: what may be asked of whom and why; why a message is allowed or refused."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from adapters.edge import Edge
from adapters.mailbox import Letter, letters, open_body, refers_to
from adapters.request_facts import manifest_of, request_facts
from deploy.cli.acting import dir_option, founded, opened_edge
from deploy.cli.output import Exit, emit, fail, heading, json_option, one_of, say, show_table
from deploy.cli.problems import explain_problems, problem_facts
from deploy.sandbox.founding import PACK
from deploy.sandbox.place import open_clock, open_directory
from policies.allowed import Allowed, allowed
from policies.check import Context, Finding, Outcome, Place, RequestFacts, explain
from policies.pack import bundle, parse_bundle
from policies.pack_whole import Pack
from policies.packs.shipped import shipped_files
from schemas.directory_entry import OrganisationKind, Role
from schemas.envelope import read_envelope, read_manifest
from schemas.fields.catalogue import CATALOGUE
from schemas.identifiers import agency_id
from schemas.manifest import Manifest, parse_claims
from schemas.problems import Problem

__all__ = ["policy"]

_KINDS = [one.value for one in OrganisationKind]
_MAX_FILE_BYTES = 1_000_000


@click.group()
def policy() -> None:
    """What may be asked of whom, and why; explain a decision rule by rule."""


def _as_whom(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say who asks."""
    role = one_of(
        "--role",
        [one.value for one in Role],
        "In which role.",
        metavar="ROLE",
        default=Role.LACC.value,
        show_default=True,
    )
    asker = one_of(
        "--asker",
        _KINDS,
        "What kind of agency asks.",
        metavar="KIND",
        default=OrganisationKind.LA_PANEL.value,
        show_default=True,
    )
    decorated: Callable[..., Any] = asker(role(command))
    return decorated


def _kind(text: str) -> OrganisationKind:
    if text not in _KINDS:
        fail(Exit.USAGE, f"There is no kind {text[:40]!r}. There are: {', '.join(_KINDS)}.")
    return OrganisationKind(text)


def _pack() -> Pack:
    return parse_bundle(bundle(shipped_files(PACK)))


@policy.command("list")
@_as_whom
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
    say(f"Pack {pack.id} {pack.version}. What is not listed is refused.")
    if not found:
        say("This kind of agency, in this role, may ask nobody.")
        return
    say()
    rows = [
        (kind.value, _range([q.id for q in one.questions]), _signs(one))
        for kind, one in found.items()
    ]
    show_table(("kind", "questions", "sign-off of the answer"), rows)
    say()
    say("`dovetail policy show KIND` gives every field with its reason.")


def _range(questions: Sequence[str]) -> str:
    """``C1–C7``; several runs apart."""
    runs: list[list[str]] = []
    for qid in questions:
        last = runs[-1][-1] if runs else ""
        if last and last[0] == qid[0] and int(last[1:]) + 1 == int(qid[1:]):
            runs[-1].append(qid)
        else:
            runs.append([qid])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


_WHEN = {
    "always": "always",
    "special_category": "when it holds special category data",
}


def _signs(one: Allowed) -> str:
    if one.signoff is None or one.signoff.when == "never":
        return "–"
    return f"{one.signoff.office}, {_WHEN[one.signoff.when]}"


@policy.command(short_help="Everything about asking one kind of agency.")
@click.argument("kind")
@_as_whom
@json_option
def show(kind: str, asker: str, role: str, *, json_wanted: bool) -> None:
    """Everything about asking one kind of agency: questions, fields, reasons, bases, limits."""
    one = allowed(_pack(), OrganisationKind(asker), Role(role), _kind(kind))
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
    heading(f"{kind}: answers as {one.sector.replace('_', ' ')}")
    days = one.deadline
    say(f"Time: {days.default} working days, {days.shortest} to {days.longest} on request.")
    if days.urgent_hours:
        say(
            f"Urgent: {', '.join(map(str, days.urgent_hours))} hours, for those on duty around the clock."
        )
    say(f"Sign-off of the answer: {_signs(one)}.")
    say(f"The asker keeps it {one.keep_months[0]} months by default, {one.keep_months[1]} at most.")
    say(f"Of the concern it may be told at most {one.concern[0]}: {one.concern[1]}", hanging=2)
    for title, lines in (("Asked on", one.asks_on), ("Answers on", one.answers_on)):
        say()
        heading(title)
        for line in lines:
            say(line, 2, 2)
    say()
    heading("What it may be told about the person")
    for name, why in one.identity.items():
        say(f"{CATALOGUE[name].label} ({name}): {why}", 2, 4)
    for question in one.questions:
        say()
        heading(f"{question.id} Please tell us {question.text}")
        for field in question.fields:
            tags = f" [{', '.join(field.tags)}]" if field.tags else ""
            say(f"{field.label} ({field.id}): {field.why}{tags}", 2, 4)
    say()
    say(f"Never: {'; '.join(one.never)}.", hanging=2)


@policy.command("explain", short_help="Why a message is allowed or refused.")
@click.argument("message")
@click.option(
    "--as", "agency", metavar="AGENCY", help="Look the message up in this agency's store."
)
@click.option("--all", "every", is_flag=True, help="Show the rules too that do not concern it.")
@dir_option
@json_option
def explain_(
    message: str, folder: Path, agency: str | None, *, every: bool, json_wanted: bool
) -> None:
    """Why MESSAGE is allowed or refused, rule by rule.

    MESSAGE is a file with an envelope or a manifest, or with --as the reference of a message
    (the end of its id). A message of the agency's own store is judged as of its arrival, with its
    values. Ends with 4 when it is refused.
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
    emit(
        "policy_explanation",
        facts,
        partial(_show_findings, found, every=every),
        json_wanted=json_wanted,
    )
    if not facts["allowed"]:
        raise SystemExit(int(Exit.REFUSED))


def _of_store(edge: Edge, reference: str) -> tuple[Finding, ...]:
    with edge.store.read() as c:
        found = [one for one in letters(c) if refers_to(reference, one.jti)]
        if len(found) != 1:
            fail(
                Exit.NOT_FOUND,
                "No message has this reference: see `dovetail request list` or `dovetail inbox list`.",
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
    founded(folder)
    data = path.read_bytes()[:_MAX_FILE_BYTES]
    envelope = read_envelope(data)
    signed = (
        read_manifest(data.decode(errors="replace"))
        if isinstance(envelope, Problem)
        else envelope.signed
    )
    claims = signed if isinstance(signed, Problem) else parse_claims(signed.payload)
    if isinstance(claims, Problem):
        fail(Exit.REFUSED, f"The file holds no message: {claims.meaning.says} ({claims.code})")
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
    Outcome.REFUSED: "REFUSED",
    Outcome.NOT_APPLICABLE: "does not concern it",
    Outcome.NOT_CHECKED_HERE: "not checked here",
}
_QUIET = frozenset({Outcome.NOT_APPLICABLE, Outcome.NOT_CHECKED_HERE})


def _show_findings(found: Sequence[Finding], *, every: bool) -> None:
    refused = [one for one in found if one.outcome is Outcome.REFUSED]
    heading("Refused" if refused else "Allowed", red=bool(refused))
    for one in refused:
        say(f"{one.rule} {one.sentence}", 2, 2)
        for line in explain_problems(one.problems).splitlines():
            say(f"  {line}")
    say()
    for one in found:
        if every or one.outcome not in _QUIET:
            seen = f" {one.found}" if one.outcome in _QUIET else ""
            say(f"{one.rule}  {_MARKS[one.outcome]}: {one.sentence}{seen}", 0, 8)
    if not every:
        for outcome in (Outcome.NOT_APPLICABLE, Outcome.NOT_CHECKED_HERE):
            rules = [one.rule for one in found if one.outcome is outcome]
            if rules:
                say(
                    f"{_MARKS[outcome].capitalize()} (--all tells why): {', '.join(rules)}",
                    hanging=2,
                )
    if found:
        say()
        say(f"Judged under pack {found[0].pack}.")
