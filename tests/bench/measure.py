"""Measure contenders in turn, so that whatever disturbs the machine disturbs all of them alike.

Wall time says how long one waits; processor time says what it costs, and barely changes when
somebody else uses the machine. "Per core" is one divided by processor seconds per operation.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round of one contender took.

    Attributes:
        count: Operations in it.
        wall_s: Seconds on the clock on the wall.
        cpu_s: Processor seconds of the contender's own process, all threads.
        server_cpu_s: Processor seconds of the nats-server in the same time; 0 where there is none.

    """

    count: int
    wall_s: float
    cpu_s: float
    server_cpu_s: float = 0.0


class Contender(Protocol):
    """Something that can be done so many times."""

    @property
    def name(self) -> str:
        """A short word, for ``--only``."""

    @property
    def title(self) -> str:
        """What one operation is."""

    @property
    def contains(self) -> str:
        """Which signatures and encryptions are in one."""

    async def round(self, count: int) -> Sample:
        """Prepare without the watch, then do it ``count`` times under it."""

    async def close(self) -> None:
        """End what was started."""


@dataclass(slots=True)
class Watch:
    """A stopped watch."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    server_cpu_s: float = 0.0

    def sample(self, count: int) -> Sample:
        """As the sample of a round."""
        return Sample(count, self.wall_s, self.cpu_s, self.server_cpu_s)


def cpu_of(pid: int) -> float:
    """Processor seconds of another process so far, all its threads, those too that ended.

    Linux gives each process a clock of its own; its id is made of the pid (clock_getcpuclockid(3)).

    Raises:
        OSError: This system has no such clock.

    """
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def watching(server: int | None = None) -> Iterator[Watch]:
    """Measure a block.

    Args:
        server: Pid of a server whose processor time is told apart.

    """
    watch = Watch()
    gc.collect()
    of_server = cpu_of(server) if server is not None else 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    yield watch
    watch.wall_s = time.perf_counter() - wall
    watch.cpu_s = time.process_time() - cpu
    watch.server_cpu_s = (cpu_of(server) - of_server) if server is not None else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, and the quartiles around it: half of all rounds lie between them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass(slots=True)
class Figure:
    """All rounds of one contender."""

    name: str
    title: str
    contains: str
    samples: list[Sample] = field(default_factory=list)

    def per(self, what: Callable[[Sample], float]) -> Spread:
        """The spread of something divided by the operations of its round."""
        return Spread.of([what(one) / one.count for one in self.samples])

    @property
    def cpu_s(self) -> Spread:
        """Processor seconds for one operation, the server's not counted."""
        return self.per(lambda one: one.cpu_s)

    @property
    def server_cpu_s(self) -> Spread:
        """Processor seconds of the server for one operation."""
        return self.per(lambda one: one.server_cpu_s)

    @property
    def all_cpu_s(self) -> Spread:
        """Processor seconds for one operation, everybody's."""
        return self.per(lambda one: one.cpu_s + one.server_cpu_s)

    @property
    def per_s(self) -> Spread:
        """Operations in a second on the wall."""
        return Spread.of([one.count / one.wall_s for one in self.samples])

    @property
    def per_core(self) -> Spread:
        """Operations for one processor second, everybody's."""
        return Spread.of([one.count / (one.cpu_s + one.server_cpu_s) for one in self.samples])


def ratio(one: Figure, other: Figure) -> Spread:
    """How many times the processor time of ``other`` one takes, round by round: neighbours in time."""
    pairs = zip(one.samples, other.samples, strict=True)
    return Spread.of([_each(first) / _each(second) for first, second in pairs])


def _each(sample: Sample) -> float:
    return (sample.cpu_s + sample.server_cpu_s) / sample.count


async def take_turns(
    contenders: Sequence[Contender],
    *,
    rounds: int,
    round_s: float,
    count: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Figure]:
    """Measure contenders round by round, each time beginning with another one.

    Args:
        contenders: Who takes part.
        rounds: How often each has its turn, after one that only warms up.
        round_s: About how long one turn shall last; the warm-up tells how many operations that is.
        count: So many operations in each turn instead.
        say: Told what is being done, for whoever waits.

    Returns:
        A figure for each, by name.

    """
    figures = {one.name: Figure(one.name, one.title, one.contains) for one in contenders}
    counts: dict[str, int] = {}
    for one in contenders:
        say(f"warming up: {one.name}")
        warm = await one.round(count or 10)
        counts[one.name] = count or max(10, min(2000, round(10 * round_s / max(warm.wall_s, 1e-6))))
    for turn in range(rounds if contenders else 0):
        shift = turn % len(contenders)
        for one in (*contenders[shift:], *contenders[:shift]):
            say(f"round {turn + 1} of {rounds}: {one.name}")
            figures[one.name].samples.append(await one.round(counts[one.name]))
    return figures
