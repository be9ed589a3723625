"""``information.acknowledgement/1``: the agency has the request, and this post handles it.

From the agency asked to the requester, within one working day; by hand or by the runtime. It moves
no clock; its absence raises the first alarm, since the contact may be wrong.

Source: domain 2.3 (there ``information.receipt``), 4.5.
"""

from dataclasses import dataclass, field

from schemas.fields.forms import Role, WorkContact
from schemas.messages.body import at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Problem

__all__ = ["TYPE", "Acknowledgement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The body of an acknowledgement: the role that handles the request, and whom to ask."""

    handler_role: Role = field(metadata=at("ack.handler_role"))
    contact: WorkContact | None = field(default=None, metadata=at("ack.contact"))

    def problems(self) -> tuple[Problem, ...]:
        """Nothing in it can contradict anything else."""
        return ()


TYPE = MessageType(
    "information.acknowledgement",
    1,
    Acknowledgement,
    Effect.ACKNOWLEDGES,
    Direction.TO_REQUESTER,
)
