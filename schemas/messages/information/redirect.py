"""``information.redirect/1``: somebody else must be asked; the directory learns from it.

From the information officer to the requester, within a working day of delivery. It names either the
right post in the same organisation (the clock runs on) or another organisation (a new request there,
with its own clock); the name of the field in the manifest shows the gate which. No content of any
record, and a post rather than a person's name.

Source: domain 2.3 (F-RED), 4.4.
"""

from dataclasses import dataclass, field

from schemas.fields.exchange import OtherOrganisation
from schemas.fields.forms import WorkContact
from schemas.messages.body import at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["TYPE", "Redirect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """The body of a redirect.

    Attributes:
        reason: Why elsewhere.
        post: The right post in the same organisation; or
        organisation: the organisation to ask instead. Exactly one of the two.

    """

    reason: str = field(metadata=at("red.reason"))
    post: WorkContact | None = field(default=None, metadata=at("red.post"))
    organisation: OtherOrganisation | None = field(default=None, metadata=at("red.organisation"))

    def problems(self) -> tuple[Problem, ...]:
        """Tell whether it names no place to ask, or two."""
        if self.post is None and self.organisation is None:
            return (Problem(Code.FIELD_MISSING, "red.post"),)
        if self.post is not None and self.organisation is not None:
            return (Problem(Code.FIELD_CONTRADICTS, "red.organisation"),)
        return ()


TYPE = MessageType("information.redirect", 1, Redirect, Effect.REDIRECTS, Direction.TO_REQUESTER)
