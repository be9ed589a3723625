"""What can happen to a request that its clock must know of.

Each event has the id of the message that brought it and the instant at which the broker accepted it.
``kind`` tells them apart when they are stored as JSON (a pydantic ``TypeAdapter(Event)`` reads them).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from policies.deadline import as_utc

__all__ = [
    "Acknowledged",
    "Closed",
    "Decider",
    "Event",
    "HoldBegan",
    "HoldLifted",
    "Opened",
    "Outcome",
    "Queried",
    "Recalculated",
    "Redirected",
    "Replied",
    "TimeAsked",
    "TimeDecided",
    "place_in_order",
    "shows_receipt",
]


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    NIL = "nil"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REDIRECTED = "redirected"


class Decider(StrEnum):
    """With whose authority time is given: who leads gathering, or the supervisor."""

    REQUESTER = "requester"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happened:
    """What every event has.

    Attributes:
        id: The message's id (for a recalculation, whatever names it); one id, one event.
        at: When the broker accepted it; aware.

    """

    id: str
    at: datetime

    def __post_init__(self) -> None:
        as_utc(self.at)  # refuses a naive instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(_Happened):
    """The request was accepted into the responder's mailbox, possibly said again."""

    kind: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(_Happened):
    """The responder's information officer has it."""

    kind: Literal["acknowledged"] = "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queried(_Happened):
    """The responder asked for clarification; ``accepted``: the requester agreed to a further one."""

    accepted: bool = False
    kind: Literal["queried"] = "queried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(_Happened):
    """The requester answered every clarification asked before."""

    kind: Literal["replied"] = "replied"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldBegan(_Happened):
    """Deconfliction said ``hold``."""

    kind: Literal["hold_began"] = "hold_began"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(_Happened):
    """Deconfliction lifted every hold before."""

    kind: Literal["hold_lifted"] = "hold_lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAsked(_Happened):
    """The responder asked for so many working days more, at least 1."""

    days: int
    kind: Literal["time_asked"] = "time_asked"

    def __post_init__(self) -> None:
        _Happened.__post_init__(self)
        if self.days < 1:
            raise ValueError("asking for time asks for at least one day")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDecided(_Happened):
    """Whether time is given, which settles every request for time before.

    Attributes:
        days: Working days given more; 0 when none are.
        by: With whose authority.
        case_due_at: When the case itself was due at that time, if known; aware.

    """

    days: int
    by: Decider
    case_due_at: datetime | None = None
    kind: Literal["time_decided"] = "time_decided"

    def __post_init__(self) -> None:
        _Happened.__post_init__(self)
        if self.case_due_at is not None:
            as_utc(self.case_due_at)
        if self.days < 0:
            raise ValueError("a decision cannot take time away")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(_Happened):
    """Questions ended: answered, nothing held, refused or withdrawn; None stands for all of them."""

    outcome: Outcome
    questions: frozenset[str] | None = None
    kind: Literal["closed"] = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected(_Happened):
    """Somebody else is to answer: in the same organisation the clock runs on, otherwise it ends."""

    same_organisation: bool
    kind: Literal["redirected"] = "redirected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalculated(_Happened):
    """A newer list of bank holidays took the place of the one the request was counted by.

    Attributes:
        calendar_version: The newer list.
        kept: Days that the older list kept free and the newer does not; for this request they
            stay free, so that nothing becomes due earlier.
        earlier_allowed: A supervisor let it become due earlier: days kept before are given up.

    """

    calendar_version: str
    kept: frozenset[date] = frozenset()
    earlier_allowed: bool = False
    kind: Literal["recalculated"] = "recalculated"


Event: TypeAlias = Annotated[
    Opened
    | Acknowledged
    | Queried
    | Replied
    | HoldBegan
    | HoldLifted
    | TimeAsked
    | TimeDecided
    | Closed
    | Redirected
    | Recalculated,
    Field(discriminator="kind"),
]

# Of events at the same microsecond, what begins stands before what ends, and the end last.
_RANK = (
    Opened,
    Recalculated,
    Acknowledged,
    Queried,
    HoldBegan,
    Replied,
    HoldLifted,
    TimeAsked,
    TimeDecided,
    Redirected,
    Closed,
)


def place_in_order(event: Event) -> tuple[datetime, int, str, str]:
    """Give what events are sorted by; different for any two that differ."""
    return as_utc(event.at), _RANK.index(type(event)), event.id, repr(event)


def shows_receipt(event: Event) -> bool:
    """Tell whether only someone who has the request can have done this."""
    if isinstance(event, Closed):
        return event.outcome is not Outcome.WITHDRAWN
    return isinstance(event, Acknowledged | Queried | TimeAsked | Redirected)
