"""Receipts at an edge: sign our own, believe others' only when their key says so.

A receipt of the broker must be signed by the service that may say it; one of an agency by that
agency. A receipt that does not hold changes nothing and raises an alarm.
"""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from adapters.edge import Edge
from adapters.mailbox import (
    Letter,
    Receipt,
    alarm,
    change_letter,
    keep_receipt,
    letters,
    queue,
)
from adapters.store import HEARD, MESSAGES
from schemas import receipt as wire
from schemas.commitment import open_proof
from schemas.encoding import parse_b64u
from schemas.envelope import Verified, envelope_id, read_manifest
from schemas.identifiers import agency_urn, make_jti
from schemas.keys import verifying_key
from schemas.problems import Code, Problem

__all__ = ["believe", "due_json", "give", "take"]

_JTI_RANDOM_BYTES: Final = 10
_BY_SERVICE: Final[Mapping[wire.Status, frozenset[str]]] = {
    wire.Status.SUBMITTED: frozenset({"gate"}),
    wire.Status.FORWARDED: frozenset({"gate"}),
    wire.Status.REFUSED: frozenset({"gate"}),
    wire.Status.SKIPPED: frozenset({"gate"}),
    wire.Status.RECALLED: frozenset({"release"}),
    wire.Status.UNCOLLECTED: frozenset({"release"}),
}
#: How far a message has come; a receipt never takes it back.
_REACHED: Final = ("queued", "submitted", "delivered", "opened", "rejected", "refused", "recalled")


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


def believe(edge: Edge, text: str) -> wire.Receipt | Problem:
    """Verify a receipt by the key that may say what it says.

    Returns:
        The receipt, or why it is not believed: its form, an unknown key, a key of somebody else,
        of the wrong service, not valid when it was signed, or a signature that does not hold.

    """
    signed = wire.read_receipt(text)
    if isinstance(signed, Problem):
        return signed
    owner = edge.directory.owner_of(signed.kid)
    listed = None if owner is None else owner.key(signed.kid)
    if owner is None or listed is None:
        return Problem(Code.KEY_UNKNOWN, "receipt")
    services = _BY_SERVICE.get(signed.claimed.status)
    if owner.urn != signed.claimed.iss or (services is not None and listed.service not in services):
        return Problem(Code.SENDER_NOT_THE_SIGNER, "receipt")
    if services is None and listed.service is not None:
        return Problem(Code.SENDER_NOT_THE_SIGNER, "receipt")
    if not listed.valid_at(signed.claimed.at):
        return Problem(Code.KEY_NOT_VALID, "receipt")
    key = verifying_key(listed.jwk)
    return key if isinstance(key, Problem) else wire.verify_receipt(signed, key)


def take(edge: Edge, c: Connection, text: str, at: datetime) -> None:
    """Keep a receipt that came, and let it change what it is about. A second time changes nothing."""
    found = believe(edge, text)
    if isinstance(found, Problem):
        alarm(c, f"receipt.{found.code}", envelope_id(text.encode()), at)
        return
    about = found.bytes_ or (found.ack.h if found.ack is not None else found.jti)
    if not keep_receipt(
        c, Receipt(found.jti, about, found.status.value, found.iss, found.at, text)
    ):
        return
    if found.status is wire.Status.SKIPPED:
        _skip(c, found, at)
        return
    subject = _about(c, found)
    if subject is None:
        alarm(c, "receipt.about_nothing", found.jti, at)
        return
    _apply(edge, c, subject, found, at)


def due_json(found: wire.Receipt) -> Mapping[str, object] | None:
    """The ``due`` member as the store keeps it."""
    return None if found.due is None else found.due.model_dump(mode="json", by_alias=True)


def _about(c: Connection, found: wire.Receipt) -> Letter | None:
    if found.ack is not None:
        both = letters(c, h=found.ack.h)
        return next((one for one in both if one.way == "out"), both[0] if both else None)
    if found.bytes_ is None:
        return None
    digest = parse_b64u(found.bytes_)
    if isinstance(digest, Problem):
        return None
    query = select(MESSAGES.c.jti).where(MESSAGES.c.way == "out", MESSAGES.c.id == digest.hex())
    row = c.execute(query).first()
    return next((one for one in letters(c, way="out") if row and one.jti == row.jti), None)


def _apply(edge: Edge, c: Connection, about: Letter, found: wire.Receipt, at: datetime) -> None:
    if found.ack is not None and not _same(about, found.ack):
        alarm(c, "receipt.mismatch", found.jti, at)
        return
    changes: dict[str, object] = {}
    match found.status:
        case wire.Status.SUBMITTED:
            changes = {"arrived_at": found.arrived_at, "late": int(bool(found.late))}
            if found.due is not None:
                changes["due"] = due_json(found)
        case wire.Status.REFUSED | wire.Status.REJECTED:
            changes["problems"] = tuple(_known(one) for one in found.problems or ())
        case wire.Status.OPENED:
            if not _opened_by_key(edge, about, found):
                alarm(c, "receipt.open_proof", found.jti, at)
                return
        case wire.Status.RECALLED:
            changes["content"] = None
        case wire.Status.UNCOLLECTED:
            alarm(c, "message.uncollected", about.jti, at)
            return
        case _:
            pass
    state = found.status.value
    if _further(state, about.state):
        changes["state"] = state
    if changes:
        change_letter(c, about.way, about.jti, **changes)


def _same(about: Letter, ack: wire.Ack) -> bool:
    signed = read_manifest(about.manifest)
    return not isinstance(signed, Problem) and (
        (ack.jti, ack.iss, ack.h, ack.ch) == (about.jti, about.iss, about.h, about.ch)
        and ack.sigs == signed.signature_hashes
    )


def _further(new: str, old: str) -> bool:
    """Whether a state comes after another; an inbound letter's own states are no receipt's."""
    if old not in _REACHED:
        return new == "recalled" and old == "announced"
    if old in {"rejected", "refused", "recalled"}:
        return False
    return _REACHED.index(new) > _REACHED.index(old)


def _opened_by_key(edge: Edge, about: Letter, found: wire.Receipt) -> bool:
    """Whether the proof of opening is one that only an opener of our content key can make."""
    if about.cek is None or found.open_ is None:
        return about.cek is None
    cek = bytes.fromhex(edge.keys.vault.open(about.cek, f"messages/out/{about.jti}/cek"))
    digest = parse_b64u(about.h)
    return not isinstance(digest, Problem) and hmac.compare_digest(
        open_proof(cek, digest), found.open_
    )


def _known(one: wire.ReportedProblem) -> Problem:
    """A problem as this version knows it; a newer code stands as malformed, with its rule."""
    try:
        code = Code(one.code)
    except ValueError:
        code = Code.MESSAGE_MALFORMED
    return Problem(code, one.where, one.rule)


def _skip(c: Connection, found: wire.Receipt, at: datetime) -> None:
    """A number that will not come: not a gap, but somebody should know."""
    sender = found.from_ or ""
    row = c.execute(select(HEARD).where(HEARD.c.iss == sender)).one_or_none()
    if row is not None and found.seq == row.seq + 1:
        c.execute(update(HEARD).where(HEARD.c.iss == sender).values(seq=found.seq, prev=""))
    alarm(c, "sequence.skipped", f"{sender} {found.seq}", at)
