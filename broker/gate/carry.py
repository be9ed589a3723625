"""Do what was decided, step by step; each step bears being repeated (docs/architecture.md).

Nothing here decides anything. Whatever is created has one place that the message names, and "it is
there already" is success. The record stands before anything is handed out.
"""

import hashlib

from broker.contents import BUCKET as CONTENTS
from broker.contents import Content, State
from broker.deliveries import manifest_delivery, receipt_delivery
from broker.faults import Bug, Fault
from broker.gate.effects import event_of, opened
from broker.gate.facts import CASES, IDS, Known
from broker.gate.outcome import content_of
from broker.hands import Hands, entries_of, is_broker
from broker.kept import dump, load
from broker.notary import Notice
from broker.ports import Arrived, Buckets
from broker.requests import BUCKET as REQUESTS
from broker.requests import Request, with_event, with_said
from broker.verdicts import Verdict
from schemas.commitment import sha256_text
from schemas.directory_entry import DirectoryEntry
from schemas.encoding import b64u
from schemas.envelope import Envelope
from schemas.identifiers import agency_urn
from schemas.manifest import Manifest
from schemas.messages.message_type import Effect
from schemas.messages.registry import REGISTRY
from schemas.problems import Problem
from schemas.receipt import MAX_PROBLEMS, Status, reported
from schemas.record import Event, JudgedUnder, NotedProblem, Record
from schemas.subjects import (
    Stream,
    case_key,
    content,
    content_key,
    id_key,
    out,
    record,
    request_key,
)

__all__ = ["bind_case", "carry_out", "is_rejected", "reject"]

_TRIES = 16  # of two gates that write one request, each loses at most once to each message


async def bind_case(conv: str, gatherer: str, buckets: Buckets) -> str:
    """Bind a case to whoever opens its first request, and tell whose it is (design 10.6)."""
    cases = buckets.bucket(CASES)
    if await cases.create(case_key(conv), gatherer.encode()):
        return gatherer
    held = await cases.get(case_key(conv))
    if held is None:
        raise Fault("A case was bound and is gone.")
    return held.value.decode()


async def carry_out(
    verdict: Verdict, envelope: Envelope, manifest: Manifest, known: Known, hands: Hands
) -> None:
    """Do what a stored verdict says, from the first step to the last.

    Raises:
        Fault: A step could not be done; all are done again at the next delivery.

    """
    used = id_key(verdict.ingress, manifest.jti)
    await known.buckets.bucket(IDS).create(used, verdict.id.encode())
    if verdict.forwards:
        await _note(verdict, envelope, manifest, known)
    record_hash = await _record(verdict, envelope, known, hands)
    if verdict.forwards:
        if record_hash is None:
            raise Bug("A message would be forwarded without a record.")
        await _forward(verdict, envelope, record_hash, known, hands)
        await _tell_sender(verdict, record_hash, known, hands)
    else:
        await _refuse(verdict, record_hash, known, hands)


async def _note(verdict: Verdict, envelope: Envelope, manifest: Manifest, known: Known) -> None:
    """Let the request know: it is opened, or something happened to it."""
    requests = known.buckets.bucket(REQUESTS)
    if verdict.effect is Effect.OPENS:
        if verdict.given is None or verdict.holding is None or verdict.due is None:
            raise Bug("A verdict that opens a request does not say how long it runs.")
        request = opened(
            manifest,
            message_id=verdict.id,
            h=envelope.signed.h,
            time=verdict.given,
            at=verdict.at,
            arrived_at=verdict.arrived_at,
            release_until=verdict.holding.release_until,
            calendar=verdict.due.calendar_version,
        )
        await requests.create(request_key(request.h), dump(request))
        return
    if manifest.req is None:
        return
    key = request_key(manifest.req.h)
    for _ in range(_TRIES):
        held = await requests.get(key)
        if held is None:
            return  # past its time and cleared away: there is nothing left to count
        before = load(Request, held.value)
        after = _after(before, verdict, manifest)
        if after is before or await requests.update(key, dump(after), held.revision):
            return
    raise Fault("A request changes faster than this can be noted.")


def _after(request: Request, verdict: Verdict, manifest: Manifest) -> Request:
    kind = REGISTRY[verdict.mt]
    if kind.effect is Effect.TELLS:
        return with_said(request, manifest.jti)
    event = event_of(manifest, kind, request, message_id=verdict.id, arrived_at=verdict.arrived_at)
    return request if event is None else with_event(request, event)


async def _record(verdict: Verdict, envelope: Envelope, known: Known, hands: Hands) -> str | None:
    """Create the record, or find the one that stands; its hash, or None where nobody can read one."""
    subject = record("gate", verdict.account, verdict.id)
    clear = Record.model_validate(
        {
            "v": 1,
            "ev": Event.FORWARDED if verdict.forwards else Event.REFUSED,
            "at": verdict.at,
            "arrived_at": verdict.arrived_at,
            "ingress": agency_urn(verdict.ingress),
            "bytes": b64u(bytes.fromhex(verdict.id)),
            "manifest": envelope.signed.text,
            "receipt": None,
            "problems": tuple(
                NotedProblem(code=kept.code.value, where=kept.where, rule=kept.rule)
                for kept in verdict.problems[:MAX_PROBLEMS]
            ),
            "due": verdict.due,
            "late": verdict.late,
            "release_until": verdict.holding.release_until if verdict.holding else None,
            "pack": JudgedUnder(id=verdict.pack.id, ver=verdict.pack.ver, h=verdict.pack.h),
            "directory": verdict.directory,
        }
    )
    concerned = entries_of(known.directory, verdict.ingress, verdict.recipient)
    sealed = hands.sealer.seal(clear, concerned, verdict.arrived_at)
    if sealed is None:
        return None
    if await hands.writing.create(subject, sealed):
        return sha256_text(sealed)
    stands = await hands.reading.last(Stream.RECORDS, subject)
    if stands is None:
        raise Fault("A record was there and is gone.")
    return sha256_text(stands.data)


async def _forward(
    verdict: Verdict, envelope: Envelope, record_hash: str, known: Known, hands: Hands
) -> None:
    """Put the content by, and hand the manifest to its recipient, unless that has been done."""
    found = content_of(verdict)
    if found is None:
        raise Bug("A verdict forwards to nobody.")
    contents = known.buckets.bucket(CONTENTS)
    key = content_key(found.h)
    first = await contents.create(key, dump(found))
    if not first and not await _is_held(known, key):
        return  # collected, recalled or gone since: what was taken away is not put back
    await hands.writing.create(content(verdict.id), envelope.content.text.encode())
    notice = _arrived(Status.FORWARDED, verdict, found.recipient_account, record_hash, hands)
    manifest = out(found.recipient_account, "manifest", verdict.id)
    await hands.writing.create(manifest, manifest_delivery(envelope.signed.text, notice.text))
    if not first and not await _is_held(known, key):
        # It was taken away while we put it back, which release has done with: do it for it.
        held = await hands.reading.last(Stream.CONTENT, content(verdict.id))
        if held is not None and not await _is_wanted(known, key):
            await hands.erasing.erase(Stream.CONTENT, held.sequence)


async def _is_held(known: Known, key: str) -> bool:
    held = await known.buckets.bucket(CONTENTS).get(key)
    return held is not None and load(Content, held.value).state is State.HELD


async def _is_wanted(known: Known, key: str) -> bool:
    """Whether release may still need the content to hand it out, or will destroy it itself."""
    held = await known.buckets.bucket(CONTENTS).get(key)
    gone = (State.RECALLED, State.DESTROYED)
    return held is not None and load(Content, held.value).state not in gone


async def _tell_sender(verdict: Verdict, record_hash: str, known: Known, hands: Hands) -> None:
    """Tell the sender that its message was taken. The broker's own agency reads no deliveries."""
    if is_broker(known.directory.entry(verdict.ingress)):
        return
    notice = _arrived(Status.SUBMITTED, verdict, verdict.account, record_hash, hands)
    await hands.hand_out(verdict.account, notice)


def _arrived(status: Status, verdict: Verdict, to: str, record_hash: str, hands: Hands) -> Notice:
    """A ``submitted`` or ``forwarded`` receipt."""
    return hands.notary.state(
        status,
        about=verdict.id,
        to=to,
        at=verdict.at,
        ack=verdict.ack,
        record=record_hash,
        arrived_at=verdict.arrived_at,
        due=verdict.due,
        late=verdict.late,
        release_until=verdict.holding.release_until if verdict.holding else None,
    )


async def _refuse(verdict: Verdict, record_hash: str | None, known: Known, hands: Hands) -> None:
    """Tell the owner of the ingress why, and the addressee which number will not come."""
    if not is_broker(known.directory.entry(verdict.ingress)):
        notice = hands.notary.state(
            Status.REFUSED,
            about=verdict.id,
            to=verdict.account,
            at=verdict.at,
            ack=verdict.ack,
            problems=tuple(reported(kept.problem) for kept in verdict.problems[:MAX_PROBLEMS]),
            arrived_at=verdict.arrived_at,
            record=record_hash,
            bytes=b64u(bytes.fromhex(verdict.id)),
        )
        await hands.hand_out(verdict.account, notice)
    to = verdict.recipient_account
    if to is None or to == verdict.account:
        return
    skipped = hands.notary.state(
        Status.SKIPPED,
        about=verdict.id,
        to=to,
        at=verdict.at,
        ack=None,
        sender=agency_urn(verdict.ingress),
        seq=verdict.seq,
    )
    await hands.hand_out(to, skipped)


async def reject(message: Arrived, ingress: DirectoryEntry, problem: Problem, hands: Hands) -> None:
    """Refuse what nobody is known to have signed: one problem, no record, no leaf."""
    notice = hands.notary.state(
        Status.REFUSED,
        about=message.id,
        to=ingress.account,
        at=message.arrived_at,
        ack=None,
        problems=(reported(problem),),
        arrived_at=message.arrived_at,
        record=None,
        bytes=b64u(bytes.fromhex(message.id)),
    )
    await hands.writing.create(_rejection(message, ingress), receipt_delivery(notice.text))


async def is_rejected(message: Arrived, ingress: DirectoryEntry, hands: Hands) -> bool:
    """Whether this delivery was rejected before: it is not judged anew."""
    return await hands.reading.last(Stream.OUT, _rejection(message, ingress)) is not None


def _rejection(message: Arrived, ingress: DirectoryEntry) -> str:
    """Where the rejection of one arrival stands: the same bytes sent again later are another one."""
    seed = f"rejected\n{message.arrived_at.isoformat()}\n{message.id}"
    return out(ingress.account, "receipt", hashlib.sha256(seed.encode()).hexdigest())
