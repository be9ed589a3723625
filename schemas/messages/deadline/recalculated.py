"""``deadline.recalculated/1``: the list of holidays changed, and with it the due day.

From the broker to both sides of an open request. A calculation moves a due day later, never earlier
without a supervisor (domain 4.3), which is for the calendar's rules to hold.

Source: domain 4.3.
"""

from dataclasses import dataclass, field
from datetime import datetime

from schemas.messages.body import INSTANT, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["TYPE", "Recalculated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalculated:
    """The body of a recalculation: due before, due now (aware UTC), version of the calendar."""

    old_due_at: datetime = field(metadata=at("dl.old_due_at", INSTANT))
    new_due_at: datetime = field(metadata=at("dl.new_due_at", INSTANT))
    calendar_version: str = field(metadata=at("dl.calendar_version"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell whether nothing changed."""
        if self.new_due_at == self.old_due_at:
            return (Problem(Code.FIELD_CONTRADICTS, "dl.new_due_at"),)
        return ()


TYPE = MessageType("deadline.recalculated", 1, Recalculated, Effect.TELLS, Direction.FROM_BROKER)
