"""Seal one request: commitments, content to one recipient, manifest with both signatures. No policy."""

from tests.bench.measure import Sample, watching
from tests.bench.parties import Sender
from tests.bench.town import Town


class Seal:
    name = "seal"
    title = "seal one request (no policy check)"

    def __init__(self, contains: str = "") -> None:
        self.contains = contains
        self._sender = Sender("panel-0", "school-0", Town())

    async def once(self) -> None:
        self._sender.seal()

    async def round(self, count: int) -> Sample:
        with watching() as watch:
            for _ in range(count):
                self._sender.seal()
        return watch.sample(count)

    async def close(self) -> None:
        pass
