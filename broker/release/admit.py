"""Tell what a receipt changes, and what a withdrawal changes. Pure.

Content is handed out against a signed receipt and nothing else, once (design 4.5, envelope.md 6).
Each function says which state the entry gets; whoever does it writes with the revision it read, so
of two that race (a collection and a recall) one wins and the other decides again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from broker.contents import Content, State
from schemas.problems import Code, Problem
from schemas.receipt import Ack

__all__ = [
    "FORGET_AFTER",
    "Admitted",
    "Again",
    "Claim",
    "Decision",
    "Refused",
    "Said",
    "admit",
    "is_due",
    "look_at",
    "recall",
]

FORGET_AFTER = timedelta(days=40)  # longer than a message may lie parked: no step is done anew
Said: TypeAlias = Literal["delivered", "opened", "rejected"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a receipt says, its signature already held against the key of whoever owns the ingress.

    Attributes:
        id: Hex SHA-256 of the receipt as it came.
        by: Directory id of the owner of the ingress and of the key.
        said: Its status.
        ack: The message, as it repeats it.

    """

    id: str
    by: str
    said: Said
    ack: Ack


@dataclass(frozen=True, slots=True)
class Admitted:
    """The receipt holds: write ``after``, then do what follows from its state."""

    after: Content


@dataclass(frozen=True, slots=True)
class Again:
    """This very receipt was admitted before: what follows may be done again, nothing is written."""

    content: Content


@dataclass(frozen=True, slots=True)
class Refused:
    """The receipt releases nothing, and why."""

    problem: Problem


Decision: TypeAlias = Admitted | Again | Refused


def admit(claim: Claim, content: Content | None, at: datetime) -> Decision:
    """Decide on a receipt.

    Args:
        claim: Its signature holds.
        content: The entry that its ``h`` names, or None.
        at: Domain instant of the receipt's arrival.

    Returns:
        What changes. A receipt of somebody else's message, or one that repeats the message
        inexactly, and one of a kind that was given before, change nothing.

    """
    if content is None or not _fits(claim, content):
        # One answer for a message that is not there and one that is somebody else's.
        return Refused(Problem(Code.RECEIPT_MISMATCH, "receipt.ack"))
    if claim.id in (content.released_by, content.settled_by):
        return Again(content)
    if content.state is State.RECALLED:
        return Refused(Problem(Code.REQUEST_RECALLED, "receipt.ack"))
    match claim.said:
        case "delivered":
            if content.released_by is not None or content.settled_by is not None:
                return Refused(Problem(Code.RECEIPT_REPEATED, "receipt.status"))
            if content.state is State.DESTROYED:
                return Refused(Problem(Code.REQUEST_CLOSED, "receipt.ack"))
            after = replace(
                content, state=State.RELEASED, released_by=claim.id, uncollected_at=None
            )
            return Admitted(after)
        case "opened" | "rejected":
            if content.settled_by is not None:
                return Refused(Problem(Code.RECEIPT_REPEATED, "receipt.status"))
            if claim.said == "opened" and content.released_by is None:
                return Refused(Problem(Code.RECEIPT_MISMATCH, "receipt.status"))
            state = content.state if content.state is State.DESTROYED else State.SETTLED
            after = replace(
                content, state=state, settled_by=claim.id, settled_at=at, uncollected_at=None
            )
            return Admitted(after)


def recall(content: Content, withdrawal: str) -> Content | None:
    """Take back what nobody collected.

    Args:
        content: The entry of the withdrawn request.
        withdrawal: Message id of the withdrawal.

    Returns:
        The entry recalled, also when this withdrawal recalled it before (then what follows may be
        done again); None when it was collected, or its period had ended.

    """
    if content.state is State.HELD:
        return replace(content, state=State.RECALLED, recalled_by=withdrawal, uncollected_at=None)
    return content if content.recalled_by == withdrawal else None


def look_at(content: Content) -> datetime:
    """Tell when this entry is to be looked at next: to tell the sender, to destroy, to forget."""
    if content.state in (State.RECALLED, State.DESTROYED):
        return content.keep_until + FORGET_AFTER
    ends = _ends(content)
    if content.state is State.HELD and content.uncollected_at is not None:
        return min(ends, content.uncollected_at)
    return ends


def is_due(content: Content, now: datetime) -> Literal["tell", "destroy", "forget", "wait"]:
    """Tell what an entry needs at an instant. Destroying comes before telling."""
    if look_at(content) > now:
        return "wait"
    if content.state in (State.RECALLED, State.DESTROYED):
        return "forget"
    return "destroy" if _ends(content) <= now else "tell"


def _ends(content: Content) -> datetime:
    """When the content goes: after its type's period since it was settled, at the latest at its end."""
    if content.settled_at is None:
        return content.keep_until
    after = content.settled_at + timedelta(days=content.after_ack_days)
    return min(content.keep_until, after)


def _fits(claim: Claim, content: Content) -> bool:
    """Whether the receipt repeats this message exactly and comes from its recipient."""
    return claim.by == content.recipient and claim.ack == content.ack
