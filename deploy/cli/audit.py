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
from deploy.cli.acting import (
    agency_options,
    dir_option,
    name_of,
    opened_edge,
    running_world,
    type_words,
)
from deploy.cli.output import Exit, emit, fail, heading, json_option, local_time, say, show_table
from deploy.cli.problems import problem_facts
from deploy.sandbox.place import open_clock, open_directory
from schemas.checkpoint import SignedCheckpoint, verify_checkpoint
from schemas.directory_entry import OrganisationKind
from schemas.encoding import b64u
from schemas.envelope import read_manifest
from schemas.keys import VerifyingKey, verifying_key
from schemas.manifest import parse_claims
from schemas.problems import MEANING, Code, Problem
from schemas.subjects import Stream

__all__ = ["audit", "verify_world"]

_REMEMBERED = "remembered.checkpoint"


@click.group()
def audit() -> None:
    """Verify the log; prove and show single records. Needs no trust in the broker."""


@audit.command(short_help="Verify the whole log.")
@dir_option
@json_option
def verify(folder: Path, *, json_wanted: bool) -> None:
    """Verify the whole log: every leaf, every record, every checkpoint, and the one remembered here.

    Ends with 5 if anything was changed, removed or put in. What was verified is remembered in the
    world's folder, so that history cannot be rewritten between two verifications.
    """
    running = running_world(folder)
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
    size = 0 if report.newest is None else report.newest.checkpoint.size
    if report.holds:
        heading("Nothing has been changed.")
        say(
            f"{report.leaves} entries in the log, {report.records} records, {report.checkpoints} checkpoints: each one verified."
        )
        say(
            "This is the first verification here; it is remembered."
            if before is None
            else f"When last verified there were {before.checkpoint.size}: all of them still stand."
        )
    else:
        heading("The log does not hold. Stop, and call the data protection officers.", red=True)
    for one in report.findings:
        places = f" at {', '.join(str(place) for place in one.where)}" if one.where else ""
        say(f"{one.what.value}: {one.count}{places}. {one.means}", 2, 2)
    if report.newest is not None:
        root = b64u(report.newest.checkpoint.root)
        say(f"Newest checkpoint: {size} entries, signed {local_time(report.newest.at)}.")
        say(f"Its root: {root}")


@audit.command(short_help="The records that concern an agency.")
@click.argument("message", required=False)
@agency_options
@json_option
def show(message: str | None, folder: Path, agency: str, *, json_wanted: bool) -> None:
    """The records that concern an agency, from its own feed: who asked whom for which fields, and when.

    With MESSAGE, the reference of one message, all that its records say of it.
    """
    edge = opened_edge(folder, agency)
    with edge.store.read() as c:
        found = kept_records(edge, c)
    if message is not None:
        found = tuple(one for one in found if one.about and refers_to(message, one.about))
        if not found:
            fail(Exit.NOT_FOUND, "No record has this reference: see `dovetail audit show`.")
    facts = [_record_facts(one) for one in found]
    show_ = _show_records if message is None else _show_in_full
    emit(
        "audit_records",
        {"agency": agency, "records": facts},
        partial(show_, edge, facts),
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


def _show_records(edge: Edge, facts: list[dict[str, Any]]) -> None:
    if not facts:
        say("No record concerns this agency yet.")
        return
    claims = {one["message"]: one for one in facts if "from" in one}
    rows = [
        (
            str(one["n"]),
            local_time(one["at"]),
            one["event"] + (", late" if one["late"] else ""),
            _what(claims.get(one["message"])),
            _whom(edge, claims.get(one["message"])),
            short(one["message"]) if one["message"] else "–",
        )
        for one in facts
    ]
    show_table(("n", "when", "event", "what", "with", "message"), rows)
    say()
    say(
        "forwarded: judged and passed on; released: its content handed out against a receipt; opened: read there. `dovetail audit show MESSAGE` tells all of one message."
    )


def _what(claims: Mapping[str, Any] | None) -> str:
    return "–" if claims is None else type_words(claims["type"])


def _whom(edge: Edge, claims: Mapping[str, Any] | None) -> str:
    if claims is None:
        return "–"
    if claims["from"] == edge.agency:
        return f"to {name_of(edge, claims['to'])}"
    return f"from {name_of(edge, claims['from'])}"


def _show_in_full(edge: Edge, facts: list[dict[str, Any]]) -> None:
    for one in facts:
        late = ", late" if one["late"] else ""
        heading(
            f"{one['event']}{late}, {local_time(one['at'])} (record {one['n']}, {one['place_in_log']} in the log)"
        )
        for problem in one["problems"]:
            meaning = MEANING[Code(problem["code"])]
            say(f"{meaning.says} ({problem['rule'] or 'form'}, {problem['code']})", 2, 2)
        if "from" in one:
            _show_claims(edge, one)


def _show_claims(edge: Edge, one: Mapping[str, Any]) -> None:
    legal = {name: value for name, value in one["legal"].items() if value not in (None, [], ())}
    said = "; ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in legal.items()
    )
    say(
        f"{type_words(one['type'])} from {name_of(edge, one['from'])} to {name_of(edge, one['to'])}",
        2,
        2,
    )
    say(f"Case {one['case']}, purpose {one['purpose'].replace('_', ' ')}", 2, 2)
    say(f"Basis: {said}", 2, 2)
    for qid, names in (one["wants"] or {}).items():
        say(f"Asked {qid}: {', '.join(names)}", 2, 2)
    say(f"Fields in it: {', '.join(one['fields'])}", 2, 2)


@audit.command(short_help="Prove that one message's records are in the log.")
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
    keys = log_keys(edge)
    origin = "unknown log" if isinstance(keys, Problem) else keys[0]
    say(f"The log is {origin}; its signatures were verified here, offline.")
    for one, facts in zip(found, proofs, strict=True):
        word = "is in the log" if facts["holds"] else "IS NOT PROVEN to be in the log"
        say(
            f"{one.record.ev.value}, {local_time(one.record.at)}: {word}, at {one.place_in_log}.", 2
        )
    say()
    say(
        "--json gives the sealed records and their proofs (C2SP tlog-proof) for another program to verify."
    )
