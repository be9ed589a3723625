"""What comes from the bus: verify it ourselves, release the content by a receipt, open it, check it.

Protocol 2.4. The broker is not believed: every check that it made on the manifest is made again,
and those that need values are made here alone. What the sender did wrong is answered: a signed
``rejected`` receipt goes out, and no value of it is shown. What the broker did wrong, or what we
cannot judge yet, is put aside and calls somebody. Each delivery is one transaction, so that a crash
anywhere leaves it whole or to be delivered again; the same delivery twice changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from adapters.alarms import alarm
from adapters.aside import Aside, put_aside, settled
from adapters.edge import Edge
from adapters.mailbox import (
    Letter,
    Receipt,
    change_letter,
    keep_letter,
    keep_receipt,
    letter,
    letters,
    receipts,
    seal_body,
)
from adapters.receipts import MAX_DISAGREEMENT, believe, due_json, give, take
from adapters.request_facts import request_facts
from adapters.sequence import hear
from adapters.signer import Signer, signer_of
from policies.check import Context, Place, check_body, check_manifest
from schemas import receipt as wire
from schemas.encoding import JsonValue, members_of, parse_canonical_json
from schemas.envelope import (
    MAX_ENVELOPE_BYTES,
    Verified,
    check_content,
    envelope_id,
    read_content,
    read_manifest,
)
from schemas.identifiers import agency_urn
from schemas.manifest import Manifest
from schemas.messages.message_type import Effect
from schemas.messages.registry import REGISTRY, read_body
from schemas.problems import Code, Problem
from schemas.sealing import content_key, open_with_key

__all__ = ["Came", "receive"]

_MAX_AGE: Final = timedelta(hours=24)  # design 10.1: of ``iat`` at arrival
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "manifest": ("manifest", "receipt"),
    "content": ("h", "content"),
    "receipt": ("receipt",),
}

What = Literal["announced", "opened", "rejected", "receipt", "repeated", "aside", "full"]


@dataclass(frozen=True, slots=True)
class Came:
    """What a delivery brought.

    Attributes:
        what: ``announced``, ``opened``, ``rejected``, ``receipt``, ``repeated``; ``aside`` when it
            waits in the store; ``full`` when it does not, because too much waits already: then it
            must not be acknowledged.
        jti: The message's id, or None.

    """

    what: What
    jti: str | None = None


def receive(edge: Edge, kind: str, data: bytes, stored_at: datetime) -> Came:
    """Take one delivery into the store.

    Args:
        edge: Whose delivery it is.
        kind: ``manifest``, ``content`` or ``receipt``, as the subject says.
        data: As delivered.
        stored_at: Domain instant at which the broker's stream took it in.

    Returns:
        What it brought. It may be acknowledged once this returns, unless it is ``full``.

    """
    with edge.store.change() as c:
        came = _take(edge, c, kind, data, stored_at)
        if came.what != "aside":
            settled(c, data)
            return came
        now = edge.clock.now()
        if put_aside(c, edge.keys.vault, Aside(kind, data, stored_at), now):
            return came
        alarm(c, "aside.full", kind, now)
        return Came("full", came.jti)


def _take(edge: Edge, c: Connection, kind: str, data: bytes, stored_at: datetime) -> Came:
    parts = _parts(kind, data)
    match kind, parts:
        case "manifest", (text, receipt):
            return _manifest(edge, c, text, receipt, stored_at)
        case "content", (h, text):
            return _content(edge, c, h, text)
        case "receipt", (receipt,):
            return Came("aside" if take(edge, c, receipt, stored_at) else "receipt")
        case _:
            alarm(c, "delivery.unreadable", envelope_id(data), edge.clock.now())
            return Came("aside")


def _parts(kind: str, data: bytes) -> tuple[str, ...]:
    """The texts of a delivery; empty when it is none of its kind."""
    value = parse_canonical_json(data, limit_bytes=2 * MAX_ENVELOPE_BYTES, where="delivery")
    names = ("v", "kind", *_MEMBERS.get(kind, ()))
    members = None if isinstance(value, Problem) else members_of(value, names)
    if members is None or type(members[0]) is not int or members[:2] != [1, kind]:
        return ()
    texts = tuple(text for text in members[2:] if isinstance(text, str))
    return texts if len(texts) == len(names) - 2 else ()


# ------------------------------------------------------------------------------------ manifests


def _manifest(edge: Edge, c: Connection, text: str, receipt: str, stored_at: datetime) -> Came:
    """Steps 1 to 4 and 6. Until it is certain whose it is, and that it is for us, nobody is told."""
    now = edge.clock.now()
    found = _forwarded(edge, text, receipt, stored_at)
    if isinstance(found, Problem):
        alarm(c, f"delivery.{found.code}", envelope_id(text.encode()), now)
        return Came("aside")
    told, signer = found
    verified, arrived_at = signer.verified, told.arrived_at or stored_at
    claims, h = verified.manifest, verified.signed.h
    if letters(c, way="in", h=h) or any(one.iss == claims.recipient for one in receipts(c, h)):
        return Came("repeated", claims.jti)
    problems = tuple(_manifest_problems(edge, c, signer, arrived_at))
    if any(one.code is Code.PACK_UNKNOWN for one in problems):
        alarm(c, f"delivery.{Code.PACK_UNKNOWN}", claims.jti, now)  # the gate's directory is newer
        return Came("aside", claims.jti)
    _compare_clocks(c, claims, arrived_at, stored_at, now)
    hear(c, claims.iss, claims.seq, h, claims.prev, now)
    keep_receipt(c, Receipt(told.jti, h, told.status.value, told.iss, told.at, receipt))
    if not problems:
        keep_letter(c, _letter(verified, told, now, ()))
        give(edge, c, wire.Status.DELIVERED, verified, now)
        return Came("announced", claims.jti)
    if Problem(Code.MESSAGE_ID_REUSED, "manifest.jti") not in problems:
        keep_letter(c, _letter(verified, told, now, problems))  # else the first one keeps its place
    alarm(c, "message.rejected", claims.jti, now)
    give(edge, c, wire.Status.REJECTED, verified, now, problems=problems)
    return Came("rejected", claims.jti)


def _forwarded(
    edge: Edge, text: str, receipt: str, stored_at: datetime
) -> tuple[wire.Receipt, Signer] | Problem:
    """The gate's word for this message, and whose it is; or what is wrong with the delivery."""
    told = believe(edge, receipt, stored_at)
    if isinstance(told, Problem):
        return told
    signed = read_manifest(text)
    if isinstance(signed, Problem):
        return signed
    if told.status is not wire.Status.FORWARDED or told.arrived_at is None:
        return Problem(Code.RECEIPT_MISMATCH, "receipt.status")
    signer = signer_of(edge.directory, signed, told.arrived_at)
    if isinstance(signer, Problem):
        return signer
    if signer.verified.manifest.recipient != agency_urn(edge.agency):
        return Problem(Code.RECIPIENT_NOT_YOU, "manifest.aud")
    mismatch = wire.check_ack(told, signer.verified)
    return mismatch if mismatch is not None else (told, signer)


def _manifest_problems(
    edge: Edge, c: Connection, signer: Signer, arrived_at: datetime
) -> Iterator[Problem]:
    """Everything against a manifest that is its sender's: its time, its id, and policy (step 6)."""
    claims = signer.verified.manifest
    made_at = datetime.fromtimestamp(claims.iat, tz=UTC)
    if made_at > arrived_at + MAX_DISAGREEMENT:
        yield Problem(Code.TIME_IN_FUTURE, "manifest.iat")
    if made_at < arrived_at - _MAX_AGE:
        yield Problem(Code.TIME_TOO_OLD, "manifest.iat")
    if letter(c, "in", claims.jti) is not None:
        yield Problem(Code.MESSAGE_ID_REUSED, "manifest.jti")
    context = _context(edge, c, signer, arrived_at)
    kind = REGISTRY.get(claims.mt)
    for problem in check_manifest(claims, context):
        # A request that was taken back before we came for it is unknown, and its withdrawal is not.
        unseen = problem.code is Code.REQUEST_UNKNOWN and context.request is None
        if not (unseen and kind is not None and kind.effect is Effect.WITHDRAWS):
            yield problem


def _context(edge: Edge, c: Connection, signer: Signer, arrived_at: datetime) -> Context:
    claims = signer.verified.manifest
    return Context(
        at=arrived_at,
        place=Place.EDGE,
        sender=signer.entry,
        recipient=edge.entry,
        pack=edge.directory.pack_by_hash(claims.pol.h),
        request=request_facts(c, claims.req),
        superseded_at=edge.directory.superseded_at(claims.pol.h),
    )


def _compare_clocks(
    c: Connection, claims: Manifest, arrived_at: datetime, stored_at: datetime, now: datetime
) -> None:
    """Alarm where the broker's times contradict one another, or lie in our future."""
    apart, ahead = abs(stored_at - arrived_at), max(stored_at, arrived_at) - now
    if max(apart, ahead) > MAX_DISAGREEMENT:
        alarm(c, "clock.broker_disagrees", claims.jti, now)


def _letter(
    verified: Verified, told: wire.Receipt, now: datetime, problems: tuple[Problem, ...]
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


# ------------------------------------------------------------------------------------- contents


@dataclass(frozen=True, slots=True)
class _Bad:
    problems: tuple[Problem, ...]
    cek: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Good:
    fields: Mapping[str, JsonValue]
    proof: str
    cek: bytes


def _content(edge: Edge, c: Connection, h: str, text: str) -> Came:
    """Steps 2a, 5 and 7 to 13, for a message whose manifest was taken."""
    now = edge.clock.now()
    found = next(iter(letters(c, way="in", h=h)), None)
    if found is None:
        alarm(c, "delivery.content_for_nothing", envelope_id(text.encode()), now)
        return Came("aside")
    if found.state != "announced":
        return Came("repeated", found.jti)
    signed = read_manifest(found.manifest)
    if isinstance(signed, Problem):
        raise TypeError("the store holds a manifest that is none")
    arrived_at = found.arrived_at or now
    # Asked again: a key may have been revoked since, as of before this came.
    signer = signer_of(edge.directory, signed, arrived_at)
    if isinstance(signer, Problem):
        alarm(c, f"delivery.{signer.code}", found.jti, now)
        return Came("aside", found.jti)
    verified = signer.verified
    opened = _open(edge, c, found, signer, arrived_at, text)
    if isinstance(opened, _Bad):
        kept = {"problems": opened.problems, "content": text, "cek": opened.cek}
        change_letter(c, "in", found.jti, state="rejected", **kept)
        alarm(c, "message.rejected", found.jti, now)
        give(edge, c, wire.Status.REJECTED, verified, now, problems=opened.problems)
        return Came("rejected", found.jti)
    body = seal_body(edge.keys.vault, "in", found.jti, opened.fields)
    change_letter(c, "in", found.jti, state="opened", body=body, cek=opened.cek)
    give(edge, c, wire.Status.OPENED, verified, now, open_with=opened.proof)
    return Came("opened", found.jti)


def _open(
    edge: Edge, c: Connection, found: Letter, signer: Signer, arrived_at: datetime, text: str
) -> _Good | _Bad:
    """The content is the one signed, for us alone, as declared, and fits its fields and policy."""
    verified = signer.verified
    content = read_content(verified.signed, text)
    if isinstance(content, Problem):
        return _Bad((content,))
    ours = [key.kid for key in edge.entry.keys_valid("enc", arrived_at)]
    wrong = check_content(content, ours)
    if wrong is not None:
        return _Bad((wrong,))
    own = next((edge.keys.enc[kid] for kid in content.kids if kid in edge.keys.enc), None)
    if own is None:  # all its keys were destroyed here since
        return _Bad((Problem(Code.CONTENT_CANNOT_OPEN, "content"),))
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
    context = _context(edge, c, signer, arrived_at)
    problems = check_body(verified.manifest, opened.fields, context)
    if problems:
        return _Bad(problems, sealed_cek)
    return _Good(opened.fields, opened.proof, sealed_cek)
