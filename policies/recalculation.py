"""What a newer list of bank holidays does to a request that is open (domain 4.3 b)."""

from dataclasses import dataclass
from datetime import datetime

from policies.calendar import WorkingCalendar
from policies.clock import RequestClock, calendar_of, reckon, request_due
from policies.clock_events import Recalculated
from policies.clock_extension import expected
from policies.deadline import Due, Stopped, civil_date

__all__ = ["Recalculation", "recalculation"]


@dataclass(frozen=True, slots=True)
class Recalculation:
    """What a newer list of bank holidays does to a request.

    Attributes:
        event: To be added to the clock, also when nothing moved.
        old: Due by the older list.
        new: Due by the newer.
        moved: Whether to tell both sides.

    """

    event: Recalculated
    old: Due | Stopped
    new: Due | Stopped
    moved: bool


def recalculation(
    clock: RequestClock,
    was: WorkingCalendar,
    now: WorkingCalendar,
    *,
    event_id: str,
    at: datetime,
    earlier_allowed: bool = False,
) -> Recalculation:
    """Count an open request by a newer list: it may become due later, never earlier.

    Args:
        clock: The request.
        was: The calendar it was counted by.
        now: The calendar by the newer list.
        event_id: Names the event, the same at every repetition.
        at: When the newer list came into force.
        earlier_allowed: A supervisor decided that it may become due earlier.

    """
    promised = calendar_of(clock, was).free_days - now.free_days
    since = civil_date(clock.opened_at, clock.terms.zone)
    kept = frozenset(day for day in promised if day >= since and not earlier_allowed)
    event = Recalculated(
        id=event_id,
        at=at,
        calendar_version=now.version,
        kept=kept,
        earlier_allowed=earlier_allowed,
    )
    before = reckon(clock, was)
    new = request_due(clock.with_event(event), now)
    moved = before.ended is None and expected(before.due).due_at != expected(new).due_at
    return Recalculation(event, before.due, new, moved)
