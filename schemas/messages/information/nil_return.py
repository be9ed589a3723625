"""``information.nil_return/1``: searched, and nothing held, or the person is not known.

From the information officer to the requester. It closes the whole request and is personal data like
an answer: that somebody is not known to a service says something. Nothing held for a single field
is an item of a response.

Source: domain 2.3, F-NIL of domain 2.5.
"""

from dataclasses import dataclass, field

from schemas.fields.exchange import SearchedSystem, Window
from schemas.messages.body import at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["TYPE", "NilReturn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NilReturn:
    """The body of a nil return.

    Attributes:
        searched_systems: Kinds of systems searched, each once.
        window: First and last day that the search covered.
        match_confidence: ``none`` says that the person is not known; ``exact`` or ``probable``
            that they are, and nothing is held for the questions.

    """

    searched_systems: list[SearchedSystem] = field(metadata=at("nil.searched_systems"))
    window: Window = field(metadata=at("nil.window"))
    match_confidence: str = field(metadata=at("nil.match_confidence"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell whether the window ends before it begins."""
        if self.window["to_on"] < self.window["from_on"]:
            return (Problem(Code.FIELD_CONTRADICTS, "nil.window"),)
        return ()


TYPE = MessageType(
    "information.nil_return", 1, NilReturn, Effect.HOLDS_NOTHING, Direction.TO_REQUESTER
)
