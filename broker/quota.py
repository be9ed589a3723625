"""How fast an agency may send: a token bucket on arrival times. Pure but for its own memory.

It counts by when messages arrived, never by when they are handled, so working off a backlog after
an outage refuses nobody. What it said of a delivery it says again at the next delivery of the same
one. A restart forgets, which lets at most one burst more pass.
"""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Quota", "Rate"]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in one go, and so many a second in the long run; both at least 1 together."""

    burst: int
    per_s: float


@dataclass(slots=True)
class _Level:
    tokens: float
    at: float
    sequence: tuple[str, int]
    allowed: bool


class Quota:
    """One bucket for each agency."""

    __slots__ = ("_levels", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._levels: dict[str, _Level] = {}

    def take(self, who: str, arrived_at: datetime, place: tuple[str, int]) -> bool:
        """Tell whether a message may pass, and count it if it may.

        Args:
            who: The agency, or whatever has a bucket of its own.
            arrived_at: Aware; an instant before the last one counts as the last one.
            place: Stream and sequence: the same place again gets the same answer, uncounted.

        """
        stamp = arrived_at.timestamp()
        level = self._levels.get(who)
        if level is None:
            level = self._levels[who] = _Level(self._rate.burst, stamp, ("", 0), allowed=True)
        if level.sequence == place:
            return level.allowed
        gained = max(0.0, stamp - level.at) * self._rate.per_s
        level.tokens = min(float(self._rate.burst), level.tokens + gained)
        level.at = max(level.at, stamp)
        level.sequence = place
        level.allowed = level.tokens >= 1.0
        if level.allowed:
            level.tokens -= 1.0
        return level.allowed
