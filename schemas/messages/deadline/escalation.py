"""``deadline.escalation/1``: an answer is overdue, and the next in the ladder is told.

From the broker to the supervisor and the requester (E1), the supervisors of both sides (E2), the
chair (E3), 09:00 on the first, second and third working day after the due day. References only.

Source: domain 2.3 (F-DL), 4.5.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from schemas.messages.body import INSTANT, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["RUNGS", "TYPE", "Escalation"]

RUNGS = frozenset({"e1", "e2", "e3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """The body of an escalation.

    Attributes:
        rung: ``e1``, ``e2`` or ``e3``.
        due_at: Last instant that was in time; aware UTC, whole seconds.
        working_days: Negative: -1 on the first working day after the due day.

    """

    rung: Literal["e1", "e2", "e3"] = field(metadata=at("dl.rung"))
    due_at: datetime = field(metadata=at("dl.due_at", INSTANT))
    working_days: int = field(metadata=at("dl.working_days"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell where it is no escalation but a reminder."""
        return tuple(self._found())

    def _found(self) -> Iterator[Problem]:
        if self.rung not in RUNGS:
            yield Problem(Code.FIELD_CONTRADICTS, "dl.rung")
        if self.working_days >= 0:
            yield Problem(Code.FIELD_CONTRADICTS, "dl.working_days")


TYPE = MessageType("deadline.escalation", 1, Escalation, Effect.TELLS, Direction.FROM_BROKER)
