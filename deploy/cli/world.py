"""``dovetail up``, ``clock`` and ``demo``: a world on this machine."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from broker import log
from broker.faults import Fault
from deploy.cli.acting import dir_option, founded
from deploy.cli.output import (
    Exit,
    console,
    emit,
    fail,
    json_option,
    local_time,
    prose,
    say,
    show_table,
)
from deploy.sandbox.founding import FoundingError, is_founded
from deploy.sandbox.place import endpoints, open_clock
from deploy.sandbox.world import InUse, World

__all__ = ["clock", "demo", "up"]


def _log_into(stack: ExitStack, folder: Path) -> None:
    """Send the log into the world's folder: what a person reads here is not a log."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log.configure(stack.enter_context((folder / "dovetail.log").open("a", encoding="utf-8")))


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where it keeps everything; made if it is not there.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="Loopback port of the bus; 0 takes a free one.",
)
@json_option
def up(folder: Path, port: int, *, json_wanted: bool) -> None:
    """Keep a small world of agencies running until stopped (Ctrl-C). Starting again loses nothing."""
    with ExitStack() as stack:
        _log_into(stack, folder)
        try:
            asyncio.run(_up(folder, port, json_wanted=json_wanted))
        except (InUse, FoundingError, Fault) as error:
            fail(Exit.UNAVAILABLE, str(error))


async def _up(folder: Path, port: int, *, json_wanted: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    prose(f"Starting a world in {folder} ...")
    world = await World.start(folder, listen=f"127.0.0.1:{port or -1}")
    try:
        emit("up", endpoints(folder) or {}, partial(_show_up, world), json_wanted=json_wanted)
        ended = asyncio.create_task(world.ended())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if ended.done():
            ended.result()
        ended.cancel()
        prose("Stopping. Everything is kept.")
    finally:
        await world.stop()


def _show_up(world: World) -> None:
    say(f"Ready. In this world it is {local_time(world.clock.now())} (London).")
    say()
    rows = [(agency, edge.entry.name) for agency, edge in world.edges.items()]
    show_table(("agency", "name"), rows)
    say()
    say(
        f"Everything is in {world.folder}. Leave this running, and work in another terminal; Ctrl-C stops it."
    )
    sys.stdout.flush()  # whoever reads it through a pipe waits for it


@click.command()
@dir_option
@click.option(
    "--hours",
    type=click.IntRange(1, 24 * 60),
    metavar="HOURS",
    help="Move forward by so many hours.",
)
@click.option(
    "--days", type=click.IntRange(1, 60), metavar="DAYS", help="Move forward by so many days."
)
@json_option
def clock(folder: Path, hours: int | None, days: int | None, *, json_wanted: bool) -> None:
    """Show the clock of a world made by `up`, or move it forward: for trying deadlines."""
    founded(folder)
    held = open_clock(folder)
    by = timedelta(hours=hours or 0, days=days or 0)
    try:
        now = held.advance(by) if by else held.now()
    except Fault as error:
        fail(Exit.FAILED, str(error))
    emit("clock", {"now": now}, lambda: say(f"{local_time(now)} (London)"), json_wanted=json_wanted)


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the world here; by default it is thrown away.",
)
@json_option
def demo(folder: Path | None, *, json_wanted: bool) -> None:
    """Run a whole case on this machine: five agencies, five working days, and the log verified.

    Everything is real but the people and the clock: a real nats-server, real keys, real refusals.
    """
    # The story needs most of the program; no other command should wait for that.
    from deploy.sandbox.stage import Unexpected
    from deploy.sandbox.story import tell

    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(TemporaryDirectory(prefix="dovetail-demo-")))
        if folder is not None and is_founded(folder):
            fail(Exit.FAILED, f"{folder} holds a world already: the story needs a new folder.")
        _log_into(stack, place)
        out = None if json_wanted else console(markup=True)
        say: Callable[..., Any] = (
            (lambda *_, **__: None) if out is None else partial(out.print, highlight=False)
        )
        try:
            facts = asyncio.run(tell(place, say))
        except (InUse, FoundingError, Fault) as error:
            fail(Exit.UNAVAILABLE, str(error))
        except Unexpected as error:
            fail(Exit.FAILED, f"The story stopped: {error}.")
    emit("demo", facts, lambda: None, json_wanted=json_wanted)
    if not facts["verified"]:
        raise SystemExit(int(Exit.NOT_VERIFIED))
