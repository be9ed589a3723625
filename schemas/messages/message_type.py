"""What the broker and the edges must know about a message type beside its policy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.fields.catalogue import CATALOGUE
from schemas.fields.field import Field
from schemas.messages.body import Body, takes_answers, takes_identity, wire_names

__all__ = ["Direction", "Effect", "MessageType"]


class Effect(StrEnum):
    """What a message does to the request that it is about."""

    OPENS = "opens"
    ACKNOWLEDGES = "acknowledges"
    ANSWERS = "answers"
    HOLDS_NOTHING = "holds_nothing"
    REFUSES = "refuses"
    STOPS_CLOCK = "stops_clock"
    RESUMES_CLOCK = "resumes_clock"
    REDIRECTS = "redirects"
    ASKS_TIME = "asks_time"
    DECIDES_TIME = "decides_time"
    WITHDRAWS = "withdraws"
    TELLS = "tells"


class Direction(StrEnum):
    """Who sends it to whom, relative to the request."""

    TO_RESPONDER = "to_responder"
    TO_REQUESTER = "to_requester"
    FROM_BROKER = "from_broker"


@dataclass(frozen=True, slots=True)
class MessageType:
    """A message type: one module under ``schemas/messages``, one line in the registry.

    Attributes:
        name: Its name on the wire and its path: ``information.request``.
        major: Major version; a body that an older reader would misread needs a new one.
        body: The class of its body.
        effect: What it does to its request.
        direction: Who sends it to whom.

    """

    name: str
    major: int
    body: type[Body]
    effect: Effect
    direction: Direction

    @property
    def mt(self) -> str:
        """The manifest member ``mt``, such as ``information.request/1``."""
        return f"{self.name}/{self.major}"

    @property
    def carries_wants(self) -> bool:
        """Whether its manifest has ``wants``: requests alone."""
        return self.effect is Effect.OPENS

    @property
    def needs_request(self) -> bool:
        """Whether its manifest must have ``req``: everything but requests."""
        return self.effect is not Effect.OPENS

    @property
    def required(self) -> frozenset[str]:
        """The field ids that every message of the type has."""
        return wire_names(self.body, required=True)

    @property
    def optional(self) -> frozenset[str]:
        """The fixed field ids that it may have; answers and identity are not among them."""
        return wire_names(self.body, required=False)

    def may_hold(self, field: Field) -> bool:
        """Tell whether a field of the catalogue has a place in this type at all."""
        return (
            field.id in self.required | self.optional
            or (field.is_answer and takes_answers(self.body))
            or (field.is_identity and takes_identity(self.body))
        )

    def closes(self, listed: Iterable[str], wants: Mapping[str, Iterable[str]]) -> frozenset[str]:
        """Tell which questions of a request this message closes, from field names alone.

        Args:
            listed: The names in its manifest's ``f``.
            wants: The request's ``wants``: question id to field ids.

        Returns:
            For an answer, and a refusal that names fields: the questions all of whose fields
            it lists. For a nil return, and a refusal that names none: every question.
            For any other type nothing.

        """
        if self.effect not in {Effect.ANSWERS, Effect.HOLDS_NOTHING, Effect.REFUSES}:
            return frozenset()
        answers = {name for name in listed if name in CATALOGUE and CATALOGUE[name].is_answer}
        if not answers and self.effect is not Effect.ANSWERS:
            return frozenset(wants)
        return frozenset(qid for qid, wanted in wants.items() if answers.issuperset(wanted))
