"""The PyPI package ``as4``: the same field values signed, encrypted, received, decrypted, receipted.

It runs in a process of its own (``as4_child``), because it needs an older ``cryptography`` than we do.
"""

import asyncio
import base64
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from tests.bench.measure import Sample

CHILD = Path(__file__).with_name("as4_child.py")


class As4Failed(Exception):
    """The child ended; what it said went to standard error."""


class As4:
    name = "as4"
    title = "one evidenced exchange of the PyPI package as4, in memory"
    contains = "2 RSA-2048 sign (SHA-256) · 2 RSA-2048 verify · 1 RSA-OAEP-2048 encrypt · 1 decrypt"

    def __init__(self, child: Process, sizes: dict[str, int]) -> None:
        self._child = child
        self.sizes = sizes

    @classmethod
    async def start(cls, packages: Path, payload: bytes) -> "As4":
        """Start the child with the packages in a folder.

        Raises:
            As4Failed: It did not come up.

        """
        env = {**os.environ, "PYTHONPATH": str(packages)}
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(CHILD), env=env, stdin=PIPE, stdout=PIPE
        )
        return cls(child, await _ask(child, base64.b64encode(payload).decode()))

    async def round(self, count: int) -> Sample:
        took = await _ask(self._child, str(count))
        return Sample(count, took["wall_s"], took["cpu_s"])

    async def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        await self._child.wait()


async def _ask(child: Process, line: str) -> dict[str, float]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(line.encode() + b"\n")
    await child.stdin.drain()
    answer = await child.stdout.readline()
    if not answer:
        raise As4Failed
    found: dict[str, float] = json.loads(answer)
    return found
