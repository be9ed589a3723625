"""``information.refusal/1``: the agency lawfully does not share.

From the information officer, or whoever signs off, to the requester. Section 38 of the 2015 Act is
a qualified duty, so a refusal with a reason is a result; it ends the chasing. It refuses the whole
request (a reason and no field), or single questions: then it lists their fields, each withheld with
its reason, so that the names in the manifest show which questions are closed.

Source: domain 2.3; design 10.7.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schemas.fields.forms import Role
from schemas.fields.item import Item, Withheld
from schemas.fields.refusal_reason import REFUSAL_MEANING, RefusalReason
from schemas.fields.sector import sector_of
from schemas.messages.body import ANSWERS, Conversion, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["TYPE", "Refusal"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Refusal:
    """The body of a refusal.

    Attributes:
        reviewer_role: The role that decided.
        reason: Why the whole request is refused; None when single questions are.
        withheld: Field ids to ``Withheld`` items; empty when the whole request is refused.
        explanation: More, where that can help; never beside a reason that allows none.

    """

    reviewer_role: Role = field(metadata=at("refusal.reviewer_role"))
    withheld: Mapping[str, Item] = field(metadata=ANSWERS)
    reason: RefusalReason | None = field(
        default=None,
        metadata=at("refusal.reason", Conversion(RefusalReason, lambda reason: reason.value)),
    )
    explanation: str | None = field(default=None, metadata=at("refusal.explanation"))

    @property
    def reasons(self) -> frozenset[RefusalReason]:
        """Every reason given, for the whole or for single fields."""
        single = {item.reason for item in self.withheld.values() if isinstance(item, Withheld)}
        return frozenset(single | {self.reason} if self.reason is not None else single)

    def problems(self) -> tuple[Problem, ...]:
        """Tell where the parts of the refusal contradict each other."""
        return tuple(self._found())

    def _found(self) -> Iterator[Problem]:
        if self.reason is None and not self.withheld:
            yield Problem(Code.FIELD_MISSING, "refusal.reason")
        if self.reason is not None and self.withheld:
            yield Problem(Code.FIELD_CONTRADICTS, "refusal.reason")
        for name, item in self.withheld.items():
            if not isinstance(item, Withheld):
                yield Problem(Code.FIELD_CONTRADICTS, name)
        if self.withheld and sector_of(self.withheld) is None:
            yield Problem(Code.SECTOR_MIXED)
        silent = any(REFUSAL_MEANING[reason].no_explanation for reason in self.reasons)
        if silent and self.explanation is not None:
            yield Problem(Code.FIELD_CONTRADICTS, "refusal.explanation")


TYPE = MessageType("information.refusal", 1, Refusal, Effect.REFUSES, Direction.TO_REQUESTER)
