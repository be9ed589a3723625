"""``information.clarification_query/1``: the responder must know something before it can answer.

From the information officer to the requester. It stops the request clock, at most once per request;
a second query needs the requester's acceptance.

Source: domain 2.3 (F-CLA), 4.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.fields.catalogue import QUESTIONS
from schemas.messages.body import at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["TYPE", "ClarificationQuery"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClarificationQuery:
    """The body of a query.

    Attributes:
        reason: What kind of thing is unclear.
        query: The query, at most 300 characters.
        questions: Ids of the questions concerned; None for all.

    """

    reason: str = field(metadata=at("cla.reason"))
    query: str = field(metadata=at("cla.query"))
    questions: list[str] | None = field(default=None, metadata=at("cla.questions"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell which of the questions are not in the catalogue."""
        return tuple(self._unknown())

    def _unknown(self) -> Iterator[Problem]:
        for place, qid in enumerate(self.questions or ()):
            if qid not in QUESTIONS:
                yield Problem(Code.FIELD_NOT_A_CHOICE, f"cla.questions/{place}")


TYPE = MessageType(
    "information.clarification_query",
    1,
    ClarificationQuery,
    Effect.STOPS_CLOCK,
    Direction.TO_REQUESTER,
)
