"""The broker's services as a process of their own, for tests that kill it.

``python -m tests.flows.service_process <file>``: JSON with the bus's address, the credentials of
each service, and the agencies' accounts. Says ``ready`` on standard output when it serves.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from broker.clock import Clock
from broker.log import configure
from broker.nkeys import read_credentials
from deploy.sandbox.founding import BrokerKeys
from deploy.services import Pace, Services, Setting
from tests.broker.scene import FakeDirectory, entry_of
from tests.builders import messages

__all__ = ["directory_of"]


class Directory(FakeDirectory):
    """The directory of the tests, with the accounts of this bus."""

    async def refresh(self) -> bool:
        return False


def directory_of(accounts: dict[str, str]) -> Directory:
    directory = Directory(*accounts)
    for name, account in accounts.items():
        directory.held[name] = entry_of(name).model_copy(update={"account": account})
    return directory


async def serve(config: dict[str, Any]) -> None:
    own = messages.broker()
    setting = Setting(
        url=config["url"],
        credentials=lambda service: read_credentials(Path(config["credentials"][service])),
        directory=directory_of(config["accounts"]),  # type: ignore[arg-type] # what services ask of it
        keys=BrokerKeys(own.gate, own.release, own.gathering, own.log),
        clock=Clock(Path(config["clock"])),
        pace=Pace(tick_s=0.1, checkpoint_s=0.1, directory_s=60.0),
    )
    services = await Services.start(setting)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await services.run()


if __name__ == "__main__":
    configure(sys.stderr)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
