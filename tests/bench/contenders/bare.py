"""Only the signatures and HPKE that one operation of another contender contains."""

from collections.abc import Callable, Coroutine
from typing import Any

from tests.bench.measure import Sample, watching
from tests.bench.tape import Tape, recording


class Bare:
    """Plays a tape."""

    def __init__(self, of: str, tape: Tape) -> None:
        self.name = f"bare-{of}"
        self.title = f"only the signatures and HPKE of {of}"
        self.contains = tape.contains
        self._tape = tape

    @classmethod
    async def of(cls, name: str, once: Callable[[], Coroutine[Any, Any, object]]) -> "Bare":
        """Record what ``once`` does."""
        with recording() as tape:
            await once()
        return cls(name, tape)

    async def round(self, count: int) -> Sample:
        with watching() as watch:
            for _ in range(count):
                self._tape.play()
        return watch.sample(count)

    async def close(self) -> None:
        pass
