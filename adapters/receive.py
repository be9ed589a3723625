"""What comes from the bus: verify it ourselves, release the content by a receipt, open it, check it.

Protocol 2.4. The broker is not believed: every check that it made on the manifest is made again,
and those that need values are made here alone. Whatever fails is kept apart: a signed ``rejected``
receipt goes out, and no value of it is shown. Each delivery is one transaction, so that a crash
anywhere leaves it whole or to be delivered again; the same delivery twice changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from adapters.edge import Edge
from adapters.mailbox import Letter, alarm, change_letter, keep_letter, letters, seal_body
from adapters.receipts import believe, due_json, give, take
from adapters.request_facts import request_facts
from adapters.store import HEARD
from policies.check import Context, Place, check_body, check_manifest
from schemas.directory_entry import DirectoryEntry
from schemas.encoding import JsonValue, parse_canonical_json
from schemas.envelope import (
    MAX_ENVELOPE_BYTES,
    SignedManifest,
    Verified,
    check_content,
    envelope_id,
    read_content,
    read_manifest,
    verify,
)
from schemas.identifiers import agency_urn
from schemas.keys import verifying_key
from schemas.manifest import Manifest
from schemas.messages.registry import read_body
from schemas.problems import Code, Problem
from schemas.receipt import Receipt, Status, check_ack
from schemas.sealing import content_key, open_with_key

__all__ = ["Came", "receive"]

#: Design 2: the broker may misdate an arrival; past this, both sides alarm.
MAX_DISAGREEMENT: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Came:
    """What a delivery brought.

    Attributes:
        what: ``announced``, ``opened``, ``rejected``, ``receipt``, ``repeated`` or ``unreadable``.
        jti: The message's id, or None.

    """

    what: str
    jti: str | None = None


def receive(edge: Edge, kind: str, data: bytes, stored_at: datetime) -> Came:
    """Take one delivery into the store.

    Args:
        edge: Whose delivery it is.
        kind: ``manifest``, ``content`` or ``receipt``, as the subject says.
        data: As delivered.
        stored_at: Domain instant at which the broker's stream took it in.

    Returns:
        What it brought. It may be acknowledged once this returns.

    """
    now = edge.clock.now()
    value = parse_canonical_json(data, limit_bytes=2 * MAX_ENVELOPE_BYTES, where="delivery")
    with edge.store.change() as c:
        match value:
            case {
                "v": 1,
                "kind": "manifest",
                "manifest": str(manifest),
                "receipt": str(receipt),
            } if kind == "manifest":
                return _manifest(edge, c, manifest, receipt, now, stored_at)
            case {"v": 1, "kind": "content", "h": str(h), "content": str(content)} if (
                kind == "content"
            ):
                return _content(edge, c, h, content, now)
            case {"v": 1, "kind": "receipt", "receipt": str(receipt)} if kind == "receipt":
                take(edge, c, receipt, now)
                return Came("receipt")
            case _:
                alarm(c, "delivery.unreadable", envelope_id(data), now)
                return Came("unreadable")


def _manifest(
    edge: Edge, c: Connection, text: str, receipt: str, now: datetime, stored_at: datetime
) -> Came:
    told = believe(edge, receipt)
    signed = read_manifest(text)
    if (
        isinstance(told, Problem)
        or isinstance(signed, Problem)
        or told.status is not Status.FORWARDED
    ):
        alarm(c, "delivery.not_forwarded_by_the_gate", envelope_id(text.encode()), now)
        return Came("unreadable")
    arrived_at = told.arrived_at or now
    sender = _signer(edge, signed, arrived_at)
    verified = sender if isinstance(sender, Problem) else _verified(sender, signed)
    if isinstance(verified, Problem) or isinstance(sender, Problem):
        alarm(c, "delivery.signatures_do_not_hold", envelope_id(text.encode()), now)
        return Came("unreadable")
    claims = verified.manifest
    if letters(c, way="in", h=signed.h):
        return Came("repeated", claims.jti)
    problems = _manifest_problems(edge, c, verified, sender, told, arrived_at)
    if abs(stored_at - arrived_at) > MAX_DISAGREEMENT and _is_live(now, stored_at):
        alarm(c, "clock.broker_disagrees", claims.jti, now)
    _in_sequence(c, claims, signed.h, now)
    keep_letter(c, _letter(verified, told, now, problems))
    if problems:
        alarm(c, "message.rejected", claims.jti, now)
        give(edge, c, Status.REJECTED, verified, now, problems=problems)
        return Came("rejected", claims.jti)
    give(edge, c, Status.DELIVERED, verified, now)
    return Came("announced", claims.jti)


def _is_live(now: datetime, stored_at: datetime) -> bool:
    """Whether the delivery is new enough for the two clocks to be compared at all."""
    return now - stored_at < timedelta(days=1)


def _signer(edge: Edge, signed: SignedManifest, arrived_at: datetime) -> DirectoryEntry | Problem:
    """Who owns both keys, if both held when it arrived."""
    first, second = (edge.directory.owner_of(kid) for kid in signed.kids)
    if first is None or second is None:
        return Problem(Code.KEY_UNKNOWN, "manifest")
    if first.id != second.id:
        return Problem(Code.SENDER_NOT_THE_SIGNER, "manifest")
    keys = [first.key(kid) for kid in signed.kids]
    if not all(key is not None and key.use == "sig" and key.valid_at(arrived_at) for key in keys):
        return Problem(Code.KEY_NOT_VALID, "manifest")
    return first


def _verified(sender: DirectoryEntry, signed: SignedManifest) -> Verified | Problem:
    keys = []
    for kid in signed.kids:
        listed = sender.key(kid)
        key = Problem(Code.KEY_UNKNOWN, "manifest") if listed is None else verifying_key(listed.jwk)
        if isinstance(key, Problem):
            return key
        keys.append(key)
    return verify(signed, keys[0], keys[1])


def _manifest_problems(
    edge: Edge,
    c: Connection,
    verified: Verified,
    sender: DirectoryEntry,
    told: Receipt,
    arrived_at: datetime,
) -> tuple[Problem, ...]:
    """Everything against a manifest whose signatures hold: step 4 and 6, and the gate's word."""
    claims = verified.manifest
    problems: list[Problem] = []
    if claims.iss != sender.urn:
        problems.append(Problem(Code.SENDER_NOT_THE_SIGNER, "manifest.iss"))
    if claims.recipient != agency_urn(edge.agency):
        problems.append(Problem(Code.RECIPIENT_NOT_YOU, "manifest.aud"))
    mismatch = check_ack(told, verified)
    if mismatch is not None:
        problems.append(mismatch)
    if any(one.iss == claims.iss for one in letters(c, way="in") if one.jti == claims.jti):
        problems.append(Problem(Code.MESSAGE_ID_REUSED, "manifest.jti"))
    if problems:
        return tuple(problems)
    return check_manifest(claims, _context(edge, c, claims, sender, arrived_at))


def _context(
    edge: Edge, c: Connection, claims: Manifest, sender: DirectoryEntry, arrived_at: datetime
) -> Context:
    return Context(
        at=arrived_at,
        place=Place.EDGE,
        sender=sender,
        recipient=edge.entry,
        pack=edge.directory.pack_by_hash(claims.pol.h),
        request=request_facts(c, claims.req),
        superseded_at=edge.directory.superseded_at(claims.pol.h),
    )


def _letter(
    verified: Verified, told: Receipt, now: datetime, problems: tuple[Problem, ...]
) -> Letter:
    claims, signed = verified.manifest, verified.signed
    return Letter(
        jti=claims.jti,
        way="in",
        iss=claims.iss,
        aud=claims.recipient,
        mt=claims.mt,
        conv=claims.conv,
        request=claims.req.jti if claims.req else claims.jti,
        h=signed.h,
        ch=signed.content_hash,
        id="",
        manifest=signed.text,
        body=None,
        cek=None,
        state="rejected" if problems else "announced",
        at=now,
        arrived_at=told.arrived_at,
        due=due_json(told),
        late=bool(told.late),
        problems=problems,
        content=None,
    )


def _in_sequence(c: Connection, claims: Manifest, h: str, now: datetime) -> None:
    """Notice a gap, a repetition or a reordering; the message is taken all the same."""
    row = c.execute(select(HEARD).where(HEARD.c.iss == claims.iss)).one_or_none()
    last, last_h = (0, "") if row is None else (row.seq, row.prev)
    follows = claims.seq == last + 1 and (last_h in {"", claims.prev} or claims.prev == last_h)
    if not follows:
        alarm(c, "sequence.gap", f"{claims.iss} {claims.seq}", now)
    if claims.seq > last:
        c.execute(delete(HEARD).where(HEARD.c.iss == claims.iss))
        c.execute(insert(HEARD).values(iss=claims.iss, seq=claims.seq, prev=h))


def _content(edge: Edge, c: Connection, h: str, text: str, now: datetime) -> Came:
    waiting = [one for one in letters(c, way="in", h=h) if one.state == "announced"]
    if not waiting:
        if not letters(c, way="in", h=h):
            alarm(c, "delivery.content_for_nothing", h, now)
        return Came("repeated")
    found = waiting[0]
    signed = read_manifest(found.manifest)
    if isinstance(signed, Problem):
        raise TypeError("the store holds a manifest that is none")
    sender = _signer(edge, signed, found.arrived_at or now)
    verified = sender if isinstance(sender, Problem) else _verified(sender, signed)
    if isinstance(verified, Problem) or isinstance(sender, Problem):
        alarm(c, "delivery.signatures_do_not_hold", found.jti, now)
        return Came("unreadable", found.jti)
    opened = _open(edge, c, found, verified, sender, text)
    if isinstance(opened, _Bad):
        change_letter(
            c,
            "in",
            found.jti,
            state="rejected",
            problems=opened.problems,
            content=text,
            cek=opened.cek,
        )
        alarm(c, "message.rejected", found.jti, now)
        give(edge, c, Status.REJECTED, verified, now, problems=opened.problems)
        return Came("rejected", found.jti)
    body = seal_body(edge.keys.vault, "in", found.jti, opened.fields)
    change_letter(c, "in", found.jti, state="opened", body=body, cek=opened.cek)
    give(edge, c, Status.OPENED, verified, now, open_with=opened.proof)
    return Came("opened", found.jti)


@dataclass(frozen=True, slots=True)
class _Bad:
    problems: tuple[Problem, ...]
    cek: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Good:
    fields: Mapping[str, JsonValue]
    proof: str
    cek: bytes


def _open(
    edge: Edge, c: Connection, found: Letter, verified: Verified, sender: DirectoryEntry, text: str
) -> _Good | _Bad:
    """Steps 5 and 7 to 12: the content is the one signed, for us, as declared, and fits its fields."""
    content = read_content(verified.signed, text)
    if isinstance(content, Problem):
        return _Bad((content,))
    wrong = check_content(content, edge.keys.enc)
    if wrong is not None:
        return _Bad((wrong,))
    own = next(edge.keys.enc[kid] for kid in content.kids if kid in edge.keys.enc)
    cek = content_key(verified, content, own)
    if isinstance(cek, Problem):
        return _Bad((cek,))
    sealed_cek = edge.keys.vault.seal(cek.hex(), f"messages/in/{found.jti}/cek")
    opened = open_with_key(verified, content, cek)
    if isinstance(opened, Problem):
        return _Bad((opened,), sealed_cek)
    body = read_body(verified.manifest.mt, opened.fields)
    if isinstance(body, tuple):
        return _Bad(body, sealed_cek)
    context = _context(edge, c, verified.manifest, sender, found.arrived_at or edge.clock.now())
    problems = check_body(verified.manifest, opened.fields, context)
    if problems:
        return _Bad(problems, sealed_cek)
    return _Good(opened.fields, opened.proof, sealed_cek)
