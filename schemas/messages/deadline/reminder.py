"""``deadline.reminder/1``: an answer is due soon, or nobody has acknowledged the request.

From the broker to the agency asked, 09:00 on working days N-2, N-1 and N; the acknowledgement alarm
(``ack``) on day 2 goes to the requester too. References only: no personal data, safe for e-mail.

Source: domain 2.3 (F-DL), 4.5; design 10.11.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from schemas.messages.body import INSTANT, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["RUNGS", "TYPE", "Reminder"]

RUNGS = frozenset({"ack", "r1", "r2", "r3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The body of a reminder.

    Attributes:
        rung: ``ack``, ``r1``, ``r2`` or ``r3``.
        due_at: Last instant in time; aware UTC, whole seconds.
        working_days: Left, 0 on the due day itself.

    """

    rung: Literal["ack", "r1", "r2", "r3"] = field(metadata=at("dl.rung"))
    due_at: datetime = field(metadata=at("dl.due_at", INSTANT))
    working_days: int = field(metadata=at("dl.working_days"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell where it is no reminder but an escalation."""
        return tuple(self._found())

    def _found(self) -> Iterator[Problem]:
        if self.rung not in RUNGS:
            yield Problem(Code.FIELD_CONTRADICTS, "dl.rung")
        if self.working_days < 0:
            yield Problem(Code.FIELD_CONTRADICTS, "dl.working_days")


TYPE = MessageType("deadline.reminder", 1, Reminder, Effect.TELLS, Direction.FROM_BROKER)
