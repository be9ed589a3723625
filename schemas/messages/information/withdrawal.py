"""``information.withdrawal/1``: no answer is wanted any more, and the request must be erased.

From the requester to the information officer, at once when the reason arises. Content that was not
collected yet is destroyed unread.

Source: domain 2.3 (F-WDR); design 10.10.
"""

from dataclasses import dataclass, field
from datetime import date

from schemas.messages.body import CIVIL_DATE, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Problem

__all__ = ["TYPE", "Withdrawal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The body of a withdrawal: why, and the last day on which the request may still be held."""

    reason: str = field(metadata=at("wdr.reason"))
    erase_by: date = field(metadata=at("wdr.erase_by", CIVIL_DATE))

    def problems(self) -> tuple[Problem, ...]:
        """Nothing in it can contradict anything else."""
        return ()


TYPE = MessageType(
    "information.withdrawal", 1, Withdrawal, Effect.WITHDRAWS, Direction.TO_RESPONDER
)
