"""``information.clarification_reply/1``: the requester says what the responder must know.

From the requester to the information officer, within one working day. It restarts the request clock.
Where the identity was uncertain it may bring further identity fields, which the pack limits as those
of the request (POL-10).

Source: domain 2.3 (F-CLA), 4.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.encoding import JsonValue
from schemas.messages.body import IDENTITY, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Problem

__all__ = ["TYPE", "ClarificationReply"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClarificationReply:
    """The body of a reply: at most 600 characters, and identity fields if they were lacking."""

    reply: str = field(metadata=at("cla.reply"))
    identity: Mapping[str, JsonValue] = field(metadata=IDENTITY)

    def problems(self) -> tuple[Problem, ...]:
        """Nothing in it can contradict anything else."""
        return ()


TYPE = MessageType(
    "information.clarification_reply",
    1,
    ClarificationReply,
    Effect.RESUMES_CLOCK,
    Direction.TO_RESPONDER,
)
