"""``dovetail audit``: verify the whole log, prove one message, show an agency's own records."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from adapters.edge import Edge
from adapters.feed import Kept, kept_records, log_keys, verify_kept
from adapters.mailbox import refers_to, short
from broker.audit.verify import LogKeys, Report, verify_log
from broker.bus import Bus
from broker.faults import Fault
from broker.nkeys import read_credentials
from deploy.cli.acting import agency_options, dir_option, opened_edge, problem_facts
from deploy.cli.output import Exit, console, emit, fail, json_option, local_time, table
from deploy.sandbox.founding import is_founded
from deploy.sandbox.place import endpoints, open_clock, open_directory
from schemas.checkpoint import SignedCheckpoint, verify_checkpoint
from schemas.directory_entry import OrganisationKind
from schemas.encoding import b64u
from schemas.envelope import read_manifest
from schemas.keys import VerifyingKey, verifying_key
from schemas.manifest import parse_claims
from schemas.problems import Problem
from schemas.subjects import Stream

__all__ = ["audit", "verify_world"]

_REMEMBERED = "remembered.checkpoint"


@click.group()
def audit() -> None:
    """Verify the log; prove and show single records. Needs no trust in the broker."""


@audit.command()
@dir_option
@json_option
def verify(folder: Path, *, json_wanted: bool) -> None:
    """Verify the whole log: every leaf, every record, every checkpoint, and the one remembered here.

    Ends with 5 if anything was changed, removed or put in. What was verified is remembered in the
    world's folder, so that history cannot be rewritten between two verifications.
    """
    if not is_founded(folder):
        fail(
            Exit.NOT_FOUND,
            f"There is no world in {folder}: start one with `dovetail up --dir {folder}`.",
        )
    running = endpoints(folder)
    if running is None:
        fail(
            Exit.UNAVAILABLE,
            f"Nothing runs in {folder}: start it with `dovetail up --dir {folder}`.",
        )
    try:
        report, before = asyncio.run(verify_world(folder, str(running["bus"])))
    except Fault as error:
        fail(Exit.UNAVAILABLE, str(error))
    emit(
        "audit_verification",
        _report_facts(report, before),
        partial(_show_report, report, before),
        json_wanted=json_wanted,
    )
    if not report.holds:
        raise SystemExit(int(Exit.NOT_VERIFIED))


async def verify_world(folder: Path, url: str) -> tuple[Report, SignedCheckpoint | None]:
    """Read the log, records and checkpoints of a running world, and verify them.

    Returns:
        What was found, and the checkpoint that was remembered from an earlier verification. When
        everything holds, the newest checkpoint is remembered.

    Raises:
        Fault: The bus cannot be read, or the directory has no log.

    """
    directory = await open_directory(folder, folder / "auditor.seen")
    keys = _keys(directory)
    path = folder / _REMEMBERED
    before = _remembered(path, keys)
    bus = await Bus.connect(
        url,
        read_credentials(folder / "bus/keys/auditor.creds"),
        clock=open_clock(folder),
        name="auditor",
    )
    try:
        leaves = [(one.sequence - 1, one.data) async for one in bus.read(Stream.LOG)]
        records = [one.data async for one in bus.read(Stream.RECORDS)]
        checkpoints = [one.data async for one in bus.read(Stream.CHECKPOINTS)]
    finally:
        await bus.close()
    report = verify_log(leaves, records, checkpoints, keys, remembered=before)
    if report.holds and report.newest is not None:
        path.write_text(report.newest.text, encoding="utf-8")
    return report, before


def _keys(directory: Any) -> LogKeys:  # noqa: ANN401 - the directory of a world
    for entry in directory.entries():
        if entry.kind is OrganisationKind.BROKER and entry.log_origin is not None:
            found = {
                key.jwk.alg: verifying_key(key.jwk) for key in entry.keys if key.service == "log"
            }
            first, second = found.get("Ed25519"), found.get("ML-DSA-44")
            if isinstance(first, VerifyingKey) and isinstance(second, VerifyingKey):
                return LogKeys(entry.log_origin, first, second)
    raise Fault("The directory names no log: it has no broker with both log keys.")


def _remembered(path: Path, keys: LogKeys) -> SignedCheckpoint | None:
    if not path.exists():
        return None
    found = verify_checkpoint(
        path.read_text(encoding="utf-8"), keys.origin, keys.ed25519, keys.ml_dsa_44
    )
    if isinstance(found, Problem):
        fail(
            Exit.NOT_VERIFIED,
            f"The checkpoint remembered in {path.name} is not one of this log: somebody changed the file, or this is another log.",
        )
    return found


def _report_facts(report: Report, before: SignedCheckpoint | None) -> dict[str, Any]:
    newest = report.newest
    return {
        "verified": report.holds,
        "leaves": report.leaves,
        "records": report.records,
        "checkpoints": report.checkpoints,
        "newest": None
        if newest is None
        else {
            "size": newest.checkpoint.size,
            "root": b64u(newest.checkpoint.root),
            "at": newest.at,
        },
        "since": None if before is None else before.checkpoint.size,
        "findings": [
            {
                "what": one.what.value,
                "count": one.count,
                "where": list(one.where),
                "means": one.means,
            }
            for one in report.findings
        ],
    }


def _show_report(report: Report, before: SignedCheckpoint | None) -> None:
    out = console()
    size = 0 if report.newest is None else report.newest.checkpoint.size
    if report.holds:
        since = (
            "for the first time here"
            if before is None
            else f"{before.checkpoint.size} when last verified, {size} now"
        )
        out.print(
            f"[bold]Nothing has been changed[/bold]: {report.leaves} leaves, {report.records} records ({since})."
        )
    else:
        out.print(
            "[bold red]The log does not hold. Stop, and call the data protection officers.[/bold red]"
        )
    for one in report.findings:
        places = f" at {', '.join(str(place) for place in one.where)}" if one.where else ""
        out.print(f"  {one.what.value}: {one.count}{places}. {one.means}", markup=False)
    if report.newest is not None:
        out.print(
            f"Newest checkpoint: {size} entries, signed {local_time(report.newest.at)}, root {b64u(report.newest.checkpoint.root)[:16]}…"
        )


@audit.command()
@agency_options
@json_option
def show(folder: Path, agency: str, *, json_wanted: bool) -> None:
    """The records that concern an agency, from its own feed: who asked whom for which fields, and when."""
    edge = opened_edge(folder, agency)
    with edge.store.read() as c:
        found = kept_records(edge, c)
    facts = [_record_facts(one) for one in found]
    emit(
        "audit_records",
        {"agency": agency, "records": facts},
        partial(_show_records, facts),
        json_wanted=json_wanted,
    )


def _record_facts(one: Kept) -> dict[str, Any]:
    record = one.record
    claims: Mapping[str, Any] = {}
    if record.manifest is not None:
        signed = read_manifest(record.manifest)
        read = signed if isinstance(signed, Problem) else parse_claims(signed.payload)
        if not isinstance(read, Problem):
            claims = {
                "from": read.iss.removeprefix("urn:dovetail:org:"),
                "to": read.recipient.removeprefix("urn:dovetail:org:"),
                "type": read.mt,
                "case": read.conv,
                "fields": list(read.f),
                "wants": None
                if read.wants is None
                else {qid: list(names) for qid, names in read.wants.items()},
                "purpose": read.pol.purpose,
                "legal": read.legal.model_dump(mode="json"),
            }
    return {
        "n": one.n,
        "place_in_log": one.place_in_log,
        "message": one.about,
        "event": record.ev.value,
        "at": record.at,
        "arrived_at": record.arrived_at,
        "late": record.late,
        "problems": [{"code": p.code, "where": p.where, "rule": p.rule} for p in record.problems],
        **claims,
    }


def _show_records(facts: list[dict[str, Any]]) -> None:
    if not facts:
        console().print("No record concerns this agency yet.")
        return
    rows = [
        (
            str(one["n"]),
            local_time(one["at"]),
            one["event"] + (" (late)" if one["late"] else ""),
            f"{one.get('from', '')} → {one.get('to', '')}" if "from" in one else "",
            one.get("type", "receipt"),
            short(one["message"]),
            ", ".join(p["code"] for p in one["problems"]),
        )
        for one in facts
    ]
    console().print(table(("n", "when", "what", "who", "type", "message", "problems"), rows))


@audit.command()
@click.argument("message")
@agency_options
@json_option
def proof(message: str, folder: Path, agency: str, *, json_wanted: bool) -> None:
    """Prove that what the agency's store says of MESSAGE is in the log. Verified here and now, offline."""
    edge = opened_edge(folder, agency)
    with edge.store.read() as c:
        found = [
            one for one in kept_records(edge, c) if one.about and refers_to(message, one.about)
        ]
    if not found or len({one.about for one in found}) != 1:
        fail(
            Exit.NOT_FOUND,
            "No record, or records of more than one message, have this reference: see `dovetail audit show`.",
        )
    proofs = [_proof_facts(edge, one) for one in found]
    holds = all(one["holds"] for one in proofs)
    facts = {"message": found[0].about, "holds": holds, "proofs": proofs}
    emit("audit_proof", facts, partial(_show_proofs, edge, found, proofs), json_wanted=json_wanted)
    if not holds:
        raise SystemExit(int(Exit.NOT_VERIFIED))


def _proof_facts(edge: Edge, one: Kept) -> dict[str, Any]:
    proven = verify_kept(edge, one.sealed, one.proof)
    return {
        "event": one.record.ev.value,
        "place_in_log": one.place_in_log,
        "holds": not isinstance(proven, Problem),
        "problems": problem_facts((proven,)) if isinstance(proven, Problem) else [],
        "tlog_proof": one.proof,
        "record": one.sealed,
    }


def _show_proofs(edge: Edge, found: list[Kept], proofs: list[dict[str, Any]]) -> None:
    out = console()
    keys = log_keys(edge)
    origin = "unknown log" if isinstance(keys, Problem) else keys[0]
    for one, facts in zip(found, proofs, strict=True):
        word = "is in the log" if facts["holds"] else "IS NOT PROVEN to be in the log"
        out.print(
            f"'{one.record.ev.value}' of {local_time(one.record.at)} {word} {origin} at {one.place_in_log}."
        )
    out.print(
        "\n--json gives the sealed records and their proofs (C2SP tlog-proof) for another program to verify."
    )
