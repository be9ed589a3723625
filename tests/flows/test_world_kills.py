"""A town is killed again and again in the middle of its work, and in the end nothing is amiss."""

import asyncio
import multiprocessing
import os
import random
import shutil
import signal
from collections import Counter
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from adapters import responder
from adapters.compose import Queued
from adapters.edge import Edge
from adapters.gatherer.issue import issue
from adapters.mailbox import letters, receipts
from adapters.request_facts import manifest_of
from deploy.sandbox.place import bank_holidays, open_edge
from schemas.identifiers import agency_urn
from schemas.record import Event
from tests.flows import world_process
from tests.northmere import FIVE, PANEL, POLICE, SCHOOL, Northmere, act, enquiry, northmere

AT_WORK = (PANEL, SCHOOL, POLICE)
OFF = frozenset(FIVE) - set(AT_WORK)
KILLS = 10
SEED = 20261130
_READY_S = 60.0
_WAYS = ("process", "server first", "both at once", "while starting")


class Killed:
    """A world in a process, to be ended without a word."""

    def __init__(self, folder: Path) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([world_process.__name__])
        self._folder = folder
        self._process: Any = None
        self._server = 0
        self._pipe: Pipe | None = None

    def start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        arguments = (str(self._folder), OFF, theirs)
        self._process = self._context.Process(target=world_process.run, args=arguments)
        self._process.start()
        theirs.close()

    async def ready(self) -> None:
        """Wait until it says that it works."""
        assert self._pipe is not None
        async with asyncio.timeout(_READY_S):
            while not self._pipe.poll():
                assert self._process.is_alive(), "the world ended by itself"
                await asyncio.sleep(0.02)
        self._server = self._pipe.recv()

    def kill(self, way: str) -> None:
        """SIGKILL: to the process, so that its server is told to end; or to the server as well."""
        if way == "server first":
            os.kill(self._server, signal.SIGKILL)
        elif way == "both at once":
            os.kill(self._process.pid, signal.SIGSTOP)
            os.kill(self._server, signal.SIGKILL)
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        self._process.close()
        assert self._pipe is not None
        self._pipe.close()


def work(edges: dict[str, Edge], number: int) -> int:
    """Two new requests, and an answer to everything that the agencies have looked up by now."""
    issued = issue(
        edges[PANEL], enquiry(f"K-{number}", SCHOOL, POLICE), bank_holidays(edges[PANEL])
    )
    assert all(isinstance(one.outcome, Queued) for one in issued), issued
    answered = 0
    for agency in (SCHOOL, POLICE):
        for found in responder.inbox(edges[agency]):
            if found.proposal is None or found.outcome in {"answered", "answered in part"}:
                continue
            items = found.proposal.items
            made = responder.answer(edges[agency], found.request, items, "exact", act("ref-7"))
            assert isinstance(made, Queued), made
            answered += 1
    return answered


async def test_killed_at_any_instant_everything_happens_once(
    founded: Path, tmp_path: Path, nats_server: Path
) -> None:
    """Every message is recorded, released and opened once; no number is missing; the log verifies."""
    chance = random.Random(SEED)
    folder = tmp_path / "northmere"
    shutil.copytree(founded, folder)
    edges = {agency: await open_edge(folder, agency) for agency in AT_WORK}
    running = Killed(folder)
    answered = 0
    for number in range(KILLS):
        way = _WAYS[number % len(_WAYS)]
        running.start()
        if number % 2:
            answered += work(edges, number)
        if way == "while starting" and number > _WAYS.index(way):
            await asyncio.sleep(chance.uniform(0.1, 1.0))
        else:
            await running.ready()
            if not number % 2:
                answered += work(edges, number)
            await asyncio.sleep(chance.uniform(0.0, 1.2))
        running.kill(way if way != "while starting" else "process")
    for edge in edges.values():
        edge.store.close()
    async with northmere(founded, folder, without=OFF) as town:
        await world_process.hurry(town.world)
        for found in town.letters(PANEL, way="out"):
            await town.reaches(PANEL, found.jti, "opened")
            await town.until(lambda f=found: town.letters(PANEL, way="in", request=f.jti))
        answered += work(town.world.edges, KILLS)
        await town.quiet()
        assert answered >= KILLS // 2
        await everything_happened_once(town)


async def everything_happened_once(town: Northmere) -> None:
    """Held against both stores, both feeds, the receipts, the numbers, the log."""
    sent = {one.jti: one for agency in AT_WORK for one in town.letters(agency, way="out")}
    assert len(sent) > 5 * KILLS  # requests, acknowledgements, answers
    taken = Counter(one.jti for agency in AT_WORK for one in town.letters(agency, way="in"))
    assert taken == Counter(sent.keys())
    for agency in AT_WORK:
        assert town.alarms(agency) == []
        town.prove(agency)
        urn = agency_urn(agency)
        for one in (found for found in sent.values() if urn in (found.iss, found.aud)):
            assert one.state == "opened", (one.mt, one.state)
            assert town.events(agency, one.jti) == [Event.FORWARDED, Event.RELEASED, Event.OPENED]
            with town.edge(agency).store.read() as c:
                kinds = Counter(kept.status for kept in receipts(c, one.h))
            assert kinds["delivered"] == kinds["opened"] == 1
    for agency in AT_WORK:
        with town.edge(agency).store.read() as c:
            came = [manifest_of(one) for one in letters(c, way="in")]
        for iss in {one.iss for one in came}:
            numbers = sorted(one.seq for one in came if one.iss == iss)
            assert numbers == list(range(1, len(numbers) + 1))
    assert await town.stored("PARKED") == []
    records = await town.stored("RECORDS")
    assert len(records) == len({one.subject for one in records}) == 3 * len(sent)
    assert (await town.report()).holds
