"""A bus in memory for a running edge, and an edge that runs in a test."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from adapters.edge import Edge
from adapters.runtime import Options, Pace, Runtime
from broker.client import Client, Delivery, Sent
from tests.adapters.edge_hands import Hands

QUICK = Pace(outbox_s=0.001, wait_s=0.001, directory_s=0.02, announce_s=0.001, find_s=0.05)


@dataclass
class FakeClient:
    """The bus as an edge sees it; ``answers`` are given in turn, then everything is taken."""

    answers: list[Any] = field(default_factory=list)
    tried: list[tuple[str, bytes]] = field(default_factory=list)
    out: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    fed: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    acked: list[str] = field(default_factory=list)
    closed: int = 0

    async def send_envelope(self, data: bytes) -> Any:
        return self._send("env", data)

    async def send_receipt(self, data: bytes) -> Any:
        return self._send("receipt", data)

    def _send(self, kind: str, data: bytes) -> Any:
        self.tried.append((kind, data))
        found = self.answers.pop(0) if self.answers else Sent(len(self.tried))
        if isinstance(found, Exception):
            raise found
        return found

    def deliveries(self) -> AsyncGenerator[Delivery, None]:
        return self._take(self.out)

    def feed(self) -> AsyncGenerator[Delivery, None]:
        return self._take(self.fed)

    async def _take(self, queue: asyncio.Queue[Delivery]) -> AsyncGenerator[Delivery, None]:
        try:
            while True:
                yield await queue.get()
        finally:
            self.closed += 1

    def put(self, hands: Hands, kind: str, data: bytes, fails: Exception | None = None) -> None:
        """Deliver; acknowledging fails once when told to."""
        name = f"{kind} {len(self.acked) + self.out.qsize() + self.fed.qsize()}"

        async def ack() -> None:
            if fails is not None:
                raise fails
            self.acked.append(name)

        queue = self.fed if kind == "feed" else self.out
        queue.put_nowait(Delivery(kind, name, data, 1, 1, hands.now, ack))


def runtime(edge: Edge, client: FakeClient | None = None, **options: Any) -> Runtime:
    made: Any = client or FakeClient()
    client_: Client = made
    return Runtime(edge, client_, Options(pace=QUICK, **options))


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for stands in a file
            await asyncio.sleep(0.002)


class Running:
    """A runtime at work inside ``async with``."""

    def __init__(self, work: Runtime) -> None:
        self._work = work

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._work.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def ended(self) -> bool:
        return self._task.done()
