"""Receipts at an edge: sign our own, believe others' only when their key may say what they say.

A receipt of the broker must be signed by the service that may say it; one of an agency by the
agency that the message was for. A receipt that does not hold changes nothing and raises an alarm.
"""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from adapters.alarms import alarm
from adapters.edge import Edge
from adapters.mailbox import Letter, Receipt, change_letter, instant, keep_receipt, letters, queue
from adapters.sequence import recalled, skip
from adapters.store import OUTBOX
from schemas import receipt as wire
from schemas.commitment import open_proof
from schemas.directory_entry import DirectoryEntry, DirectoryKey, OrganisationKind
from schemas.encoding import parse_b64u
from schemas.envelope import Verified, envelope_id, read_manifest
from schemas.identifiers import agency_urn, make_jti
from schemas.keys import verifying_key
from schemas.problems import Code, Problem

__all__ = ["MAX_DISAGREEMENT", "believe", "due_json", "give", "take"]

#: Design 2: the broker may misdate an arrival; past this, both sides alarm.
MAX_DISAGREEMENT: Final = timedelta(minutes=5)

_JTI_RANDOM_BYTES: Final = 10
_BY_SERVICE: Final[Mapping[wire.Status, str]] = {
    wire.Status.SUBMITTED: "gate",
    wire.Status.FORWARDED: "gate",
    wire.Status.REFUSED: "gate",
    wire.Status.SKIPPED: "gate",
    wire.Status.RECALLED: "release",
    wire.Status.UNCOLLECTED: "release",
}
#: What a receipt may make of a message: from which states on. Nothing follows the last four, and
#: receipts of different signers may overtake each other, so a state is never taken back.
_FROM: Final[Mapping[wire.Status, frozenset[str]]] = {
    wire.Status.SUBMITTED: frozenset({"queued"}),
    wire.Status.DELIVERED: frozenset({"queued", "submitted"}),
    wire.Status.OPENED: frozenset({"queued", "submitted", "delivered"}),
    wire.Status.REJECTED: frozenset({"queued", "submitted", "delivered"}),
    wire.Status.REFUSED: frozenset({"queued"}),
    wire.Status.RECALLED: frozenset({"queued", "submitted", "announced"}),
}
_LAST: Final = frozenset({"opened", "rejected", "refused", "recalled"})


def give(
    edge: Edge,
    c: Connection,
    status: wire.Status,
    verified: Verified,
    at: datetime,
    *,
    open_with: str | None = None,
    problems: Iterable[Problem] = (),
) -> None:
    """Sign a receipt about a message and put it into the outbox.

    Args:
        edge: Who signs.
        c: The transaction in which what it states becomes true.
        status: ``delivered``, ``opened`` or ``rejected``.
        verified: The message.
        at: When it happened.
        open_with: The proof of opening, for ``opened``.
        problems: Why, for ``rejected``.

    """
    members: dict[str, object] = {}
    if open_with is not None:
        members["open"] = open_with
    if status is wire.Status.REJECTED:
        members["problems"] = tuple(wire.reported(problem) for problem in problems)
    made = wire.Receipt.model_validate(
        {
            "iss": agency_urn(edge.agency),
            "jti": make_jti(at, edge.random(_JTI_RANDOM_BYTES)),
            "iat": int(at.timestamp()),
            "mt": "receipt/1",
            "status": status,
            "at": at,
            "ack": wire.acknowledge(verified),
            **members,
        }
    )
    text = wire.sign_receipt(made, edge.keys.signer.ed25519)
    data = text.encode()
    queue(c, "receipt", envelope_id(data), data, at)
    keep_receipt(c, Receipt(made.jti, verified.signed.h, status.value, made.iss, at, text))


def believe(edge: Edge, text: str, stored_at: datetime) -> wire.Receipt | Problem:
    """Verify a receipt by the key that may say what it says.

    Args:
        edge: Who asks.
        text: As delivered.
        stored_at: Domain instant at which the broker's stream took it in: the key must hold then,
            whatever the receipt says of its time.

    Returns:
        The receipt, or why it is not believed: its form, an unknown key, a key of somebody else,
        of the wrong service, not valid, or a signature that does not hold.

    """
    signed = wire.read_receipt(text)
    if isinstance(signed, Problem):
        return signed
    owner = edge.directory.owner_of(signed.kid)
    listed = None if owner is None else owner.key(signed.kid)
    if owner is None or listed is None:
        return Problem(Code.KEY_UNKNOWN, "receipt")
    if not _may_say(owner, listed, signed.claimed):
        return Problem(Code.SENDER_NOT_THE_SIGNER, "receipt")
    # The broker dates its receipts by what is stored, perhaps before its present key was made.
    says = stored_at if listed.service is not None else signed.claimed.at
    if not (listed.valid_at(stored_at) and listed.valid_at(says)):
        return Problem(Code.KEY_NOT_VALID, "receipt")
    key = verifying_key(listed.jwk)
    return key if isinstance(key, Problem) else wire.verify_receipt(signed, key)


def _may_say(owner: DirectoryEntry, listed: DirectoryKey, said: wire.Receipt) -> bool:
    """Whether this key of this agency may say this: a service of the broker, or an agency itself."""
    service = _BY_SERVICE.get(said.status)
    if owner.urn != said.iss or listed.use != "sig" or listed.service != service:
        return False
    return service is not None or owner.kind is not OrganisationKind.BROKER


def take(edge: Edge, c: Connection, text: str, stored_at: datetime) -> Problem | None:
    """Keep a receipt that came, and let it change what it is about. A second time changes nothing.

    Returns:
        None, or why it is not believed: an alarm was raised, and nothing changed.

    """
    at = edge.clock.now()
    found = believe(edge, text, stored_at)
    if isinstance(found, Problem):
        alarm(c, f"receipt.{found.code}", envelope_id(text.encode()), at)
        return found
    about = _about(c, found)
    if not keep_receipt(c, _kept(found, about, text)):
        return None
    if found.status is wire.Status.SKIPPED:
        if found.from_ is not None and found.seq is not None:
            skip(c, found.from_, found.seq)
    elif about is not None:
        _apply(edge, c, about, found, at)
    elif found.status is wire.Status.RECALLED and found.ack is not None:
        recalled(c, found.ack.iss, found.ack.h)  # taken back before we came for it
    else:
        alarm(c, "receipt.about_nothing", found.jti, at)
    return None


def due_json(found: wire.Receipt) -> Mapping[str, object] | None:
    """The ``due`` member as the store keeps it."""
    return None if found.due is None else found.due.model_dump(mode="json", by_alias=True)


def _kept(found: wire.Receipt, about: Letter | None, text: str) -> Receipt:
    named = about.h if about is not None else (found.ack.h if found.ack is not None else None)
    return Receipt(
        found.jti, named or found.bytes_ or found.jti, found.status.value, found.iss, found.at, text
    )


def _about(c: Connection, found: wire.Receipt) -> Letter | None:
    """The message that a receipt is about: ours, or for a recall also one that came."""
    if found.ack is not None:
        both = letters(c, h=found.ack.h)
        ours = next((one for one in both if one.way == "out"), None)
        return ours or (both[0] if both and found.status is wire.Status.RECALLED else None)
    digest = None if found.bytes_ is None else parse_b64u(found.bytes_)
    if digest is None or isinstance(digest, Problem):
        return None
    return next(iter(letters(c, way="out", id=digest.hex())), None)


def _apply(edge: Edge, c: Connection, about: Letter, found: wire.Receipt, at: datetime) -> None:
    """Let a believed receipt change a message, if it is about that very one and does not contradict."""
    by_recipient = found.status not in _BY_SERVICE
    if not _same(about, found) or (by_recipient and found.iss != about.aud):
        alarm(c, "receipt.mismatch", found.jti, at)
        return
    if found.status is wire.Status.OPENED and not _opened_by_key(edge, about, found):
        alarm(c, "receipt.open_proof", found.jti, at)
        return
    if found.status is wire.Status.UNCOLLECTED:
        alarm(c, "message.uncollected", about.jti, at)
        return
    changes: dict[str, object] = {}
    if found.status is wire.Status.SUBMITTED:
        changes = {"arrived_at": found.arrived_at, "late": int(bool(found.late))}
        if found.due is not None:
            changes["due"] = due_json(found)
        _compare_clocks(c, about, found, at)
    state = found.status.value
    if about.state in _FROM.get(found.status, ()):
        changes["state"] = state
        if found.problems:
            changes["problems"] = tuple(_known(one) for one in found.problems)
    elif state in _LAST and state != about.state:
        alarm(c, "receipt.contradicts", found.jti, at)
    if changes:
        change_letter(c, about.way, about.jti, **changes)


def _same(about: Letter, found: wire.Receipt) -> bool:
    """Whether a receipt repeats the message exactly, in everything by which it names one."""
    if found.bytes_ is not None:
        digest = parse_b64u(found.bytes_)
        if isinstance(digest, Problem) or digest.hex() != about.id:
            return False
    ack = found.ack
    if ack is None:
        return True
    signed = read_manifest(about.manifest)
    return not isinstance(signed, Problem) and (
        (ack.jti, ack.iss, ack.h, ack.ch) == (about.jti, about.iss, about.h, about.ch)
        and ack.sigs == signed.signature_hashes
    )


def _compare_clocks(c: Connection, about: Letter, found: wire.Receipt, at: datetime) -> None:
    """Hold the broker's word for the arrival against our own: between queueing and having sent."""
    sent = c.execute(select(OUTBOX.c.sent_at).where(OUTBOX.c.id == about.id)).scalar_one_or_none()
    latest = at if sent is None else instant(sent)
    arrived_at = found.arrived_at or at
    if not about.at - MAX_DISAGREEMENT <= arrived_at <= latest + MAX_DISAGREEMENT:
        alarm(c, "clock.broker_disagrees", about.jti, at)


def _opened_by_key(edge: Edge, about: Letter, found: wire.Receipt) -> bool:
    """Whether the proof of opening is one that only an opener of our content key can make."""
    if about.cek is None:
        return True  # erased after the time for disputes: nothing is left to compare
    cek = bytes.fromhex(edge.keys.vault.open(about.cek, f"messages/out/{about.jti}/cek"))
    digest = parse_b64u(about.h)
    return not isinstance(digest, Problem) and hmac.compare_digest(
        open_proof(cek, digest), found.open_ or ""
    )


def _known(one: wire.ReportedProblem) -> Problem:
    """A problem as this version knows it; of a newer code the receipt itself is kept, word for word."""
    try:
        code = Code(one.code)
    except ValueError:
        code = Code.MESSAGE_MALFORMED
    return Problem(code, one.where, one.rule)
