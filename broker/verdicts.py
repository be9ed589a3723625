"""What was decided for one message: created once, and what is read back is what is done.

The gate writes it; release follows it for withdrawals, gathering for everything that moves a clock.
It holds what later steps need and no manifest: field names go with the sealed record alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from broker.requests import Given
from schemas.messages.message_type import Effect
from schemas.problems import Code, Problem
from schemas.receipt import Ack, Due

__all__ = ["Holding", "Kept", "PackRef", "Verdict"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A problem as it is stored."""

    code: Code
    where: str | None
    rule: str | None

    @property
    def problem(self) -> Problem:
        """The same as a value."""
        return Problem(self.code, self.where, self.rule)


@dataclass(frozen=True, slots=True)
class PackRef:
    """The policy pack that the message named."""

    id: str
    ver: str
    h: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How long the content of a forwarded message is held.

    Attributes:
        release_until: Last instant at which it is handed out.
        keep_until: When it goes at the latest.
        after_ack_days: Or so long after it was opened or rejected.
        uncollected_at: When its sender is told that nobody has collected it.

    """

    release_until: datetime
    keep_until: datetime
    after_ack_days: int
    uncollected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision on one message whose signatures held.

    Attributes:
        id: Message id, hex SHA-256 of the envelope.
        ingress: Directory id of the owner of the ingress; ``account`` its account.
        at: Domain instant of the decision: day 0 of a request counts from it.
        arrived_at: Domain instant of the arrival in the ingress: an answer counts from it.
        directory: Version of the directory that was asked.
        ack: What names the message to its parties.
        mt: Its type; ``effect`` what that does to a request, None for a type that is not known.
        recipient: Directory id of the addressee where it is certain, else None.
        req: ``h`` of the request that it is about, or of itself when it is one; None without.
        problems: Empty when it was forwarded.
        due: The clock of the request after this message, where it has one.
        late: Whether it is an answer after the due instant.
        given: Of a request that was forwarded: how much time it gives.
        holding: Of any message that was forwarded.

    """

    v: Literal[1] = 1
    id: str
    ingress: str
    account: str
    at: datetime
    arrived_at: datetime
    directory: int
    ack: Ack
    seq: int
    mt: str
    effect: Effect | None
    recipient: str | None
    recipient_account: str | None
    req: str | None
    problems: tuple[Kept, ...]
    due: Due | None
    late: bool
    given: Given | None
    holding: Holding | None
    pack: PackRef

    @property
    def forwards(self) -> bool:
        """Whether the message goes on to its recipient."""
        return self.holding is not None
