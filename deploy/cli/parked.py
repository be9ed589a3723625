"""``dovetail parked``: messages that a service set aside after repeated faults. Nothing in them is shown."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import click

from broker.bus import Bus
from broker.faults import Fault
from broker.nkeys import read_credentials
from deploy.cli.acting import dir_option, running_world
from deploy.cli.output import Exit, brief_time, emit, fail, json_option, say, show_table
from deploy.sandbox.place import open_clock

__all__ = ["parked"]


@click.group()
def parked() -> None:
    """Messages set aside after repeated faults: list them, bring them back."""


@parked.command("list")
@dir_option
@json_option
def list_(folder: Path, *, json_wanted: bool) -> None:
    """What is parked: whose, since when, and the kind of fault."""
    found = asyncio.run(_with_bus(folder, str(running_world(folder)["bus"]), None))
    emit("parked", {"parked": found}, partial(_show, found), json_wanted=json_wanted)


def _show(found: list[dict[str, Any]]) -> None:
    if not found:
        say("Nothing is parked.")
        return
    rows = [
        (
            str(one["number"]),
            one["service"],
            one["id"][:12],
            brief_time(one["arrived_at"]),
            one["fault"],
        )
        for one in found
    ]
    show_table(("number", "service", "message", "arrived", "fault"), rows)


@parked.command(short_help="Bring one back to its service.")
@click.argument("number", type=int)
@dir_option
@json_option
def retry(number: int, folder: Path, *, json_wanted: bool) -> None:
    """Bring a parked message back to its service, with its first arrival time."""
    url = str(running_world(folder)["bus"])
    try:
        asyncio.run(_with_bus(folder, url, number))
    except LookupError:
        fail(Exit.NOT_FOUND, "Nothing is parked under this number: see `dovetail parked list`.")
    emit(
        "unparked",
        {"number": number},
        lambda: say("Brought back: its service judges it again."),
        json_wanted=json_wanted,
    )


async def _with_bus(folder: Path, url: str, number: int | None) -> list[dict[str, Any]]:
    try:
        bus = await Bus.connect(
            url,
            read_credentials(folder / "bus/keys/operator.creds"),
            clock=open_clock(folder),
            name="operator",
        )
    except Fault as error:
        fail(Exit.UNAVAILABLE, str(error))
    try:
        if number is not None:
            await bus.unpark(number)
        return [
            {
                "number": one.sequence,
                "service": one.service,
                "id": one.id,
                "arrived_at": one.arrived_at,
                "fault": one.reason,
            }
            async for one in bus.parked()
        ]
    finally:
        await bus.close()
