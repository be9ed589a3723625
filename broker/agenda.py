"""What is to be done when: a heap that costs only what is due. Pure.

A million open requests cost no more per tick than those whose time has come (design 9). An entry
that was moved or taken off leaves its old place in the heap until it surfaces; when such places
outnumber the live ones the heap is made anew, so memory stays within twice the entries.
"""

import heapq
from datetime import datetime

__all__ = ["Agenda"]

_LEAST = 64  # below this, making the heap anew is not worth it


class Agenda:
    """Keys, each with the one instant at which it is to be looked at next."""

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        """How many keys are on it."""
        return len(self._at)

    def put(self, key: str, at: datetime | None) -> None:
        """Look at ``key`` at this instant instead of any other; None takes it off.

        Args:
            key: Any text.
            at: Aware, any zone; may lie in the past, then it is due at once.

        """
        if at is None:
            self._at.pop(key, None)
            return
        stamp = at.timestamp()
        if self._at.get(key) == stamp:
            return
        self._at[key] = stamp
        heapq.heappush(self._heap, (stamp, key))
        if len(self._heap) > 2 * len(self._at) + _LEAST:
            self._heap = [(when, name) for name, when in self._at.items()]
            heapq.heapify(self._heap)

    def take_due(self, now: datetime, *, most: int = 256) -> tuple[str, ...]:
        """Take off what is due at ``now`` or before, earliest first, and no more than ``most``.

        What is taken is off the agenda: whoever takes it puts it back, with its next instant or,
        when dealing with it failed, with the present one.
        """
        found: list[str] = []
        stamp = now.timestamp()
        while self._heap and len(found) < most and self._heap[0][0] <= stamp:
            when, key = heapq.heappop(self._heap)
            if self._at.get(key) == when:
                del self._at[key]
                found.append(key)
        return tuple(found)

    def next_at(self) -> float | None:
        """Seconds since 1970 of the earliest entry; None when there is none."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
