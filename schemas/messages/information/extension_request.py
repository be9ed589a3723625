"""``information.extension_request/1``: the agency asks for more working days.

From the information officer to the requester, before the request is due. The manifest attests the
same number of days (``extension_days``), so that the gate can count; both edges compare.

Source: domain 2.3 (F-EXT), 4.4.
"""

from dataclasses import dataclass, field

from schemas.messages.body import at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Problem

__all__ = ["TYPE", "ExtensionRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRequest:
    """The body of a request for time: working days, 1 to 10, and why."""

    days: int = field(metadata=at("ext.days"))
    reason: str = field(metadata=at("ext.reason"))

    def problems(self) -> tuple[Problem, ...]:
        """Nothing in it can contradict anything else."""
        return ()


TYPE = MessageType(
    "information.extension_request", 1, ExtensionRequest, Effect.ASKS_TIME, Direction.TO_REQUESTER
)
