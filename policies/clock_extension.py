"""More time: who may give how much, until when it can be asked for, and what asking protects from.

Decision 0007. Part of ``clock``, which is what others import.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from policies.calendar import WorkingCalendar
from policies.clock_events import Decider, Event, TimeAsked, TimeDecided
from policies.deadline import Due, Elapsed, Stop, Stopped, Terms, as_utc, due
from schemas.problems import Code, Problem

__all__ = ["Disregarded", "ExtensionLimits", "Extensions", "expected"]

_MOST = 10  # domain 4.4: absolute cap


@dataclass(frozen=True, slots=True)
class ExtensionLimits:
    """How many working days more may be given in all: by the requester, and by its supervisor.

    Raises:
        ValueError: Not 0 to 10, or the requester may give more than the supervisor.

    """

    requester: int = 3
    supervisor: int = _MOST

    def __post_init__(self) -> None:
        if not 0 <= self.requester <= self.supervisor <= _MOST:
            raise ValueError(f"extensions are 0 to {_MOST} days, the supervisor's not the fewer")


@dataclass(frozen=True, slots=True)
class Disregarded:
    """An event that does not move the clock, and why."""

    event_id: str
    problem: Problem


def expected(found: Due | Stopped) -> Due:
    """Give what is due, or while the clock stands the earliest that can be."""
    return found if isinstance(found, Due) else found.earliest


class Extensions:
    """Follows requests for time and the decisions on them; lives for one reckoning.

    Attributes:
        given: Working days given so far.

    """

    def __init__(
        self,
        opened_at: datetime,
        terms: Terms | Elapsed,
        limits: ExtensionLimits,
        calendar: WorkingCalendar,
        stops: Sequence[Stop],
    ) -> None:
        self.given = 0
        self._opened_at = opened_at
        self._terms = terms
        self._limits = limits
        self._calendar = calendar
        self._stops = stops
        self._asked: list[TimeAsked] = []

    def follow(self, events: Sequence[Event]) -> list[Disregarded]:
        """Take all in, in order; give those that do not count."""
        refused = []
        for event in events:
            match event:
                case TimeAsked():
                    code = self._why_not_asked(event)
                    if code is None:
                        self._asked.append(event)
                case TimeDecided():
                    code = self._why_not_given(event)
                    if code is None:
                        self.given += event.days
                        self._asked.clear()
                case _:
                    code = None
            if code is not None:
                refused.append(Disregarded(event.id, Problem(code)))
        return refused

    def terms(self, more: int = 0) -> Terms | Elapsed:
        """Give the time limit with what was given, and ``more``."""
        if isinstance(self._terms, Elapsed):
            return self._terms
        return replace(self._terms, working_days=self._terms.working_days + self.given + more)

    def due(self, more: int = 0) -> Due | Stopped:
        """Tell when the request is due with what was given, and ``more``."""
        return due(self._opened_at, self._calendar, self.terms(more), self._stops)

    def is_past(self, at: datetime) -> bool:
        """Tell whether the due instant has passed; while the clock stands it has not."""
        found = self.due()
        return isinstance(found, Due) and as_utc(at) > found.due_at

    def shield(self) -> datetime | None:
        """Give the instant up to which undecided requests for time keep it from being overdue.

        It is what would be due if all were given: past it no decision could help any more.
        """
        if not self._asked:
            return None
        return expected(self.due(max(event.days for event in self._asked))).due_at

    def _why_not_asked(self, event: TimeAsked) -> Code | None:
        if isinstance(self._terms, Elapsed) or self.given + event.days > self._limits.supervisor:
            return Code.EXTENSION_TOO_LONG  # hours are for emergencies: no days fit on them
        return Code.EXTENSION_TOO_LATE if self.is_past(event.at) else None

    def _why_not_given(self, event: TimeDecided) -> Code | None:
        if event.days == 0:
            return None
        supervisor = event.by is Decider.SUPERVISOR
        most = self._limits.supervisor if supervisor else self._limits.requester
        if isinstance(self._terms, Elapsed) or self.given + event.days > most:
            return Code.EXTENSION_TOO_LONG
        late = not self._asked and self.is_past(event.at)
        return Code.EXTENSION_TOO_LATE if late else None
