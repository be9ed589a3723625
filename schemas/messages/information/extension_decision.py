"""``information.extension_decision/1``: the requester grants working days, or does not.

From the requester (its supervisor past the case's own due day or above three days) to the
information officer, within one working day. The manifest attests the same (``extension``).

Source: domain 2.3 (F-EXT), 4.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.messages.body import at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["TYPE", "ExtensionDecision"]

_GRANTING = frozenset({"agreed", "agreed_in_part"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionDecision:
    """The body of a decision on time.

    Attributes:
        granted: Whether any time is given.
        days: Working days given: 1 to 10 if granted, otherwise 0.
        reason: Why; one that grants exactly if granted.

    """

    granted: bool = field(metadata=at("ext.granted"))
    days: int = field(metadata=at("ext.days_granted"))
    reason: str = field(metadata=at("ext.decision_reason"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell where days or reason contradict the decision."""
        return tuple(self._found())

    def _found(self) -> Iterator[Problem]:
        if self.granted != (self.days > 0):
            yield Problem(Code.FIELD_CONTRADICTS, "ext.days_granted")
        if self.granted != (self.reason in _GRANTING):
            yield Problem(Code.FIELD_CONTRADICTS, "ext.decision_reason")


TYPE = MessageType(
    "information.extension_decision",
    1,
    ExtensionDecision,
    Effect.DECIDES_TIME,
    Direction.TO_RESPONDER,
)
