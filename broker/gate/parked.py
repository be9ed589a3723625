"""Tell the addressee which number does not come when a message was set aside after faults.

Set aside is not refused: the operator may bring it back, and then it goes its usual way. Until then
its recipient must not mistake the gap for suppression, so it is told and that is recorded
(design 10.5). Nothing is believed that is not signed.
"""

import hashlib

from broker.gate.facts import Known, keys_of
from broker.gate.judge import authenticate
from broker.hands import Hands, entries_of, is_broker
from broker.ports import Arrived
from schemas.directory_entry import DirectoryEntry
from schemas.encoding import b64u
from schemas.envelope import Verified, read_envelope
from schemas.identifiers import agency_id
from schemas.problems import Problem
from schemas.receipt import Status
from schemas.record import Event, Record
from schemas.subjects import record

__all__ = ["tell_parked"]

_OURS = "parked.gate."


async def tell_parked(message: Arrived, known: Known, hands: Hands) -> None:
    """Look at a message in PARKED; each step bears being repeated."""
    ingress = known.directory.by_account(message.account or "")
    if ingress is None or not message.subject.startswith(_OURS):
        return
    envelope = read_envelope(message.data)
    if isinstance(envelope, Problem):
        return
    keys = keys_of(envelope, known.directory)
    verified = authenticate(envelope, keys, message.arrived_at)
    if isinstance(verified, Problem) or verified.manifest.iss != ingress.urn:
        return
    recipient = known.directory.entry(agency_id(verified.manifest.recipient))
    await _record(message, verified, ingress, recipient, known, hands)
    if recipient is None or is_broker(recipient) or recipient.id == ingress.id:
        return
    notice = hands.notary.state(
        Status.SKIPPED,
        about=f"parked {message.id}",
        to=recipient.account,
        at=message.arrived_at,
        ack=None,
        sender=ingress.urn,
        seq=verified.manifest.seq,
    )
    await hands.hand_out(recipient.account, notice)


async def _record(
    message: Arrived,
    verified: Verified,
    ingress: DirectoryEntry,
    recipient: DirectoryEntry | None,
    known: Known,
    hands: Hands,
) -> None:
    clear = Record.model_validate(
        {
            "v": 1,
            "ev": Event.PARKED,
            "at": message.arrived_at,
            "arrived_at": message.arrived_at,
            "ingress": ingress.urn,
            "bytes": b64u(bytes.fromhex(message.id)),
            "manifest": verified.signed.text,
            "receipt": None,
            "problems": (),
            "due": None,
            "late": False,
            "release_until": None,
            "pack": None,
            "directory": known.directory.version,
        }
    )
    concerned = entries_of(known.directory, ingress.id, recipient.id if recipient else None)
    sealed = hands.sealer.seal(clear, concerned, message.arrived_at)
    if sealed is not None:
        # A name of its own: brought back, the message still gets the record of its judgement.
        name = hashlib.sha256(f"parked\n{message.id}".encode()).hexdigest()
        await hands.writing.create(record("gate", ingress.account, name), sealed)
