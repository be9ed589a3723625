"""An agency's running edge: outbox to the bus, deliveries to the store, what follows from the store.

Everything it does follows from what stands in the store, so it may be killed at any instant and
started again: what was queued is sent as it was sealed, what was delivered is delivered again until
it is kept, what was opened and not yet looked up is looked up.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from adapters import outbox
from adapters.acts import act
from adapters.agency import Agency
from adapters.alarms import alarm
from adapters.announce import Announcer
from adapters.aside import Aside, aside
from adapters.edge import Edge, Refreshes
from adapters.feed import take_entry
from adapters.notices import announce_news
from adapters.receive import receive
from adapters.store import StoreBusy
from broker.client import Client, Delivery, Fault, QuotaReached

__all__ = ["Options", "Pace", "Runtime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often an edge looks, in seconds.

    Attributes:
        outbox_s: How soon it sees what another process queued.
        wait_s: How long it rests when the bus or the store cannot be used, or between two looks
            for what is to be done.
        directory_s: How old its view of the directory may become: a revoked key speaks so long.
        announce_s: How long it waits before it tries again to reach a person.
        find_s: How long an agency's records may take for one request.

    """

    outbox_s: float = 0.1
    wait_s: float = 1.0
    directory_s: float = 60.0
    announce_s: float = 60.0
    find_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an agency runs its edge.

    Attributes:
        agency: Its records, or None: then people answer by hand.
        acknowledges: Whether the edge acknowledges a request by itself.
        answers: Whether a complete, exact answer that needs no sign-off, and a nil return, leave
            without a person. By this the agency attests, once for all its records behind the
            adapter, that nothing in them comes from an intelligence service and that they are
            about one person each.
        announcers: Ways to reach a person outside the bus. A notice is known by the announcer's
            place here: add new ones at the end.
        pace: How often it looks.

    """

    agency: Agency | None = None
    acknowledges: bool = True
    answers: bool = False
    announcers: Sequence[Announcer] = ()
    pace: Pace = field(default_factory=Pace)


class Runtime:
    """One agency's edge at work. ``run`` until cancelled."""

    def __init__(self, edge: Edge, client: Client, options: Options) -> None:
        """Put together; nothing starts yet."""
        self._edge = edge
        self._client = client
        self._options = options
        self._pace = options.pace
        self._news = asyncio.Event()  # something was opened: look what is to be done
        self._stale = (
            asyncio.Event()
        )  # something could not be taken: perhaps the directory is newer

    async def run(self) -> None:
        """Work until cancelled; a fault of bus or store is waited for, a bug ends it."""
        work: dict[str, Callable[[], Awaitable[None]]] = {
            "outbox": self._outbox,
            "deliveries": self._deliveries,
            "feed": self._feed,
            "acts": self._acts,
            "notices": self._notices,
            "directory": self._directory,
        }
        async with asyncio.TaskGroup() as tasks:
            for name, one in work.items():
                tasks.create_task(self._for_ever(one), name=f"{self._edge.agency} {name}")

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except (Fault, StoreBusy):
                await asyncio.sleep(self._pace.wait_s)

    # --- outbox to bus

    async def _outbox(self) -> None:
        if not await self.send_next():
            await asyncio.sleep(self._pace.outbox_s)

    async def send_next(self) -> bool:
        """Send the oldest unsent bytes; False when there are none, or the quota is reached.

        Raises:
            BusUnavailable: Not known whether the bus has them: the same bytes go again.

        """
        found = outbox.oldest(self._edge)
        if found is None:
            return False
        send = self._client.send_envelope if found.kind == "env" else self._client.send_receipt
        result = await send(found.data)
        if isinstance(result, QuotaReached):
            return False
        outbox.done(self._edge, found, result)
        return True

    # --- bus to store

    async def _deliveries(self) -> None:
        await self._each(self._client.deliveries())

    async def _feed(self) -> None:
        await self._each(self._client.feed())

    async def _each(self, deliveries: AsyncGenerator[Delivery, None]) -> None:
        async with aclosing(deliveries):
            async for delivery in deliveries:
                stored_at = self._edge.clock.of(delivery.stored_at)
                if self.take(Aside(delivery.kind, delivery.data, stored_at)):
                    await delivery.ack()
                else:  # the bus keeps it, and brings it again
                    await asyncio.sleep(self._pace.wait_s)

    def take(self, found: Aside) -> bool:
        """Take a delivery into the store; False when it must not be acknowledged."""
        if found.kind == "feed":
            what: str = take_entry(self._edge, found.data, found.stored_at)
        else:
            what = receive(self._edge, found.kind, found.data, found.stored_at).what
        if what == "opened":
            self._news.set()
        if what == "aside":
            self._stale.set()
        if what == "announced":
            self._again("content")  # which may have overtaken it
        return what != "full"

    # --- the directory

    async def _directory(self) -> None:
        """Read the directory again in time, and at once when something could not be taken."""
        await self.refresh()
        await asyncio.sleep(self._pace.wait_s)  # however much cannot be taken: not more often
        try:
            async with asyncio.timeout(self._pace.directory_s):
                await self._stale.wait()
        except TimeoutError:
            return

    async def refresh(self) -> None:
        """Read the directory again, and try what waits for that.

        A directory that is not believed raises an alarm; what was known stays.
        """
        self._stale.clear()
        edge = self._edge
        if isinstance(edge.directory, Refreshes):
            before = edge.directory.version
            try:
                await edge.directory.refresh()
            except Fault:
                with edge.store.change() as c:
                    alarm(c, "directory.not_believed", f"after version {before}", edge.clock.now())
        self._again()

    def _again(self, kind: str | None = None) -> None:
        """Try what was put aside, in the order in which it came."""
        with self._edge.store.read() as c:
            waiting = aside(c, self._edge.keys.vault)
        for found in waiting:
            if kind in {None, found.kind}:
                self.take(found)
        self._stale.clear()  # what still cannot be taken has just been tried

    # --- store to records and people

    async def _acts(self) -> None:
        await self.act()
        self._news.clear()
        try:
            async with asyncio.timeout(self._pace.wait_s):
                await self._news.wait()
        except TimeoutError:
            return

    async def act(self) -> None:
        """Do for requests what the store shows to be undone: acknowledge, look up, answer."""
        options = self._options
        await act(
            self._edge,
            options.agency,
            acknowledges=options.acknowledges,
            answers=options.answers,
            find_s=self._pace.find_s,
        )

    async def _notices(self) -> None:
        reached = await self.announce()
        await asyncio.sleep(self._pace.wait_s if reached else self._pace.announce_s)

    async def announce(self) -> bool:
        """Tell people outside the bus what is new; False when somebody could not be reached."""
        return await announce_news(self._edge, self._options.announcers)
