"""Where the content of a forwarded message stands: held, released, settled, recalled, destroyed.

The gate makes the entry and never changes it; release changes it and never makes one. The key is
``h``, b64u(SHA-256(P)): a receipt names it, and nobody can take another's.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from schemas.receipt import Ack

__all__ = ["BUCKET", "Content", "State"]

BUCKET = "contents"


class State(StrEnum):
    """What may still happen to the content."""

    HELD = "held"  # the recipient has the manifest at most
    RELEASED = "released"  # against a signed receipt
    SETTLED = "settled"  # the recipient said opened or rejected
    RECALLED = "recalled"  # withdrawn before it was collected, destroyed unread
    DESTROYED = "destroyed"  # its period has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One forwarded message, as far as handing out its content needs it.

    Attributes:
        id: Message id, hex: names its places in CONTENT and OUT.
        mt: Its type.
        sender: Directory id, and ``sender_account`` the account.
        recipient: Likewise.
        ack: What a receipt must repeat exactly.
        forwarded_at: Domain instant of the verdict.
        after_ack_days: How long it is kept after it was settled.
        keep_until: When it goes at the latest, collected or not.
        release_until: As in the record.
        uncollected_at: When the sender is told that nobody collected it, or None: it has been.
        released_by: Hex SHA-256 of the receipt that released it, once there is one.
        settled_by: Likewise of ``opened`` or ``rejected``.
        settled_at: Domain instant of that.
        recalled_by: Message id of the withdrawal.
        about: b64u(SHA-256(P)) of the request that the message is about, or None.

    """

    v: Literal[1] = 1
    h: str
    id: str
    mt: str
    sender: str
    sender_account: str
    recipient: str
    recipient_account: str
    ack: Ack
    forwarded_at: datetime
    after_ack_days: int
    keep_until: datetime
    release_until: datetime
    uncollected_at: datetime | None = None
    state: State = State.HELD
    released_by: str | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None
    recalled_by: str | None = None
    about: str | None = None

    def told(self) -> "Content":
        """The same after its sender was told that nobody has collected it."""
        return replace(self, uncollected_at=None)

    def destroyed(self) -> "Content":
        """The same after the content went."""
        return replace(self, state=State.DESTROYED, uncollected_at=None)
