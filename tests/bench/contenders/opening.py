"""Open one request: read the manifest, verify both signatures, open the content, check each value's proof."""

import json

from schemas.envelope import SignedManifest, read_manifest
from schemas.sealing import Sealed
from tests.bench.measure import Sample, watching
from tests.bench.parties import Recipient, Sender
from tests.bench.town import Town


class Opening:
    name = "open"
    title = "verify and open one request (no policy check)"

    def __init__(self, contains: str = "") -> None:
        self.contains = contains
        town = Town()
        self._recipient = Recipient("school-0", town)
        made = Sender("panel-0", "school-0", town).ask()
        self._manifest, self._content = _texts(made)

    async def once(self) -> None:
        self._open()

    def _open(self) -> None:
        signed = read_manifest(self._manifest)
        assert isinstance(signed, SignedManifest)
        self._recipient.open(self._recipient.verified(signed), self._content)

    async def round(self, count: int) -> Sample:
        with watching() as watch:
            for _ in range(count):
                self._open()
        return watch.sample(count)

    async def close(self) -> None:
        pass


def _texts(made: Sealed) -> tuple[str, str]:
    value = json.loads(made.envelope)
    return value["manifest"], value["content"]
