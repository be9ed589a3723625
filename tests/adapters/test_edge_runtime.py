"""A running edge between bus and store: nothing lost, nothing doubled, nothing acknowledged too early."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.aside import Aside
from adapters.mailbox import letters
from adapters.store import OUTBOX
from broker.client import BusUnavailable, Fault, MessageTooLarge, QuotaReached
from schemas.problems import Code, Problem
from tests.adapters.edge_bus import FakeClient, Running, runtime, until
from tests.adapters.edge_hands import Hands
from tests.adapters.feed_scene import FeedScene
from tests.adapters.gatherer.office import PANEL
from tests.adapters.gatherer.surroundings import FakeDirectory
from tests.builders import messages

# ----------------------------------------------------------------------------------- outbox


async def test_the_outbox_goes_in_order(hands: Hands):
    """Receipts and messages as they were queued, each once."""
    hands.bring(hands.asks())
    await runtime(hands.school).act()
    bus = FakeClient()
    work = runtime(hands.school, bus)
    assert [await work.send_next() for _ in range(4)] == [True, True, True, False]
    assert [kind for kind, _ in bus.tried] == ["receipt", "receipt", "env"]


@pytest.mark.parametrize("trouble", [BusUnavailable("gone"), QuotaReached()])
async def test_the_same_bytes_go_again(hands: Hands, trouble: Any):
    """Not known whether they arrived, or no room: nothing else goes before, and nothing is made anew."""
    found = hands.asks()
    with hands.panel.store.change() as c:
        c.execute(OUTBOX.update().values(sent_at=None))
    bus = FakeClient([trouble, trouble])
    async with Running(runtime(hands.panel, bus)):
        await until(lambda: len(bus.tried) == 3)
    assert bus.tried == [("env", found.data)] * 3


async def test_killed_between_sending_and_noting(hands: Hands):
    """The new process sends the same bytes: the broker knows a message by its hash."""
    found = hands.asks()
    with hands.panel.store.change() as c:
        c.execute(OUTBOX.update().values(sent_at=None))
    bus = FakeClient([Fault("killed here")])
    with pytest.raises(Fault):
        await runtime(hands.panel, bus).send_next()
    assert await runtime(hands.panel, bus).send_next()
    assert not await runtime(hands.panel, bus).send_next()
    assert bus.tried == [("env", found.data)] * 2


async def test_what_the_bus_never_takes_is_refused_here(hands: Hands):
    """The message says so, somebody is called, and the next goes."""
    found = hands.asks()
    hands.announce(found)
    with hands.panel.store.change() as c:
        c.execute(OUTBOX.update().values(sent_at=None))
    assert await runtime(hands.panel, FakeClient([MessageTooLarge()])).send_next()
    kept = hands.letter(hands.panel, found.jti)
    assert (kept.state, kept.problems) == (
        "refused",
        (Problem(Code.MESSAGE_TOO_LARGE, "envelope"),),
    )
    assert hands.alarms(hands.panel) == ["outbox.too_large"]
    assert await runtime(hands.school, FakeClient([MessageTooLarge()])).send_next()
    assert hands.alarms(hands.school) == ["outbox.too_large"]


async def test_an_outbox_keeps_no_bytes_that_were_sent(hands: Hands):
    """It is not an archive."""
    hands.asks()
    with hands.panel.store.change() as c:
        c.execute(OUTBOX.update().values(sent_at=None))
    await runtime(hands.panel).send_next()
    with hands.panel.store.read() as c:
        assert [row.data for row in c.execute(OUTBOX.select())] == [b""]


# ------------------------------------------------------------------------------- deliveries


async def test_a_delivery_is_acknowledged_once_it_is_kept(hands: Hands):
    """Manifest, content, receipt and feed, each in its turn; the request is acknowledged and looked up."""
    found = hands.asks()
    bus = FakeClient()
    bus.put(hands, "manifest", hands.manifest_of(found))
    bus.put(hands, "content", hands.content_of(found))
    bus.put(hands, "feed", FeedScene(hands).entry(1))
    async with Running(runtime(hands.school, bus)):
        await until(lambda: len(bus.acked) == 3 and len(bus.tried) == 3)
    assert [kind for kind, _ in bus.tried] == ["receipt", "receipt", "env"]
    assert hands.letter(hands.school, found.jti).state == "opened"
    assert bus.closed == 2  # both iterators were closed, so that nobody goes on taking


async def test_an_acknowledgement_that_fails_is_no_loss(hands: Hands):
    """The delivery comes again, and changes nothing."""
    found = hands.asks()
    bus = FakeClient()
    bus.put(hands, "manifest", hands.manifest_of(found), BusUnavailable("gone"))
    bus.put(hands, "manifest", hands.manifest_of(found))
    async with Running(runtime(hands.school, bus)) as running:
        await until(lambda: bus.acked)
        assert not running.ended
    with hands.school.store.read() as c:
        assert len(letters(c)) == 1


async def test_what_cannot_be_kept_is_not_acknowledged(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
):
    """Too much waits: it stays with the bus, and what holds is still taken."""
    monkeypatch.setattr("adapters.aside.MOST_ASIDE", 0)
    bus = FakeClient()
    bus.put(hands, "receipt", b"nothing")
    bus.put(hands, "manifest", hands.manifest_of(hands.asks()))
    async with Running(runtime(hands.school, bus)):
        await until(lambda: bus.acked)
    assert len(bus.acked) == 1
    assert bus.acked[0].startswith("manifest")


class Newer(FakeDirectory):
    """A directory that is published anew while the edge runs."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Any] = []
        self.refreshed = 0

    async def refresh(self) -> bool:
        self.refreshed += 1
        if not self.published:
            return False
        found = self.published.pop(0)
        if isinstance(found, Exception):
            raise found
        self.put(found)
        self.version += 1
        return True


async def test_a_running_edge_follows_the_directory(hands: Hands):
    """A revoked key stops speaking, and a new agency is heard, without a restart; nothing was lost."""
    directory = Newer()
    hands.office.directory = directory
    found = hands.asks()
    edge = replace(hands.school, directory=directory)
    panel = directory.held.pop(PANEL)
    bus = FakeClient()
    bus.put(hands, "manifest", hands.manifest_of(found))
    async with Running(runtime(edge, bus)):
        await until(lambda: bus.acked)
        assert hands.aside(hands.school) == 1
        directory.published.append(panel)
        await until(lambda: hands.aside(hands.school) == 0)
        assert hands.letter(hands.school, found.jti).state == "announced"
        kid = found.envelope.signed.kids[0]
        revoked = messages.with_key(panel, kid, status="revoked", revoked_at=hands.now)
        directory.published.append(revoked)
        await until(lambda: not directory.published)
        bus.put(hands, "content", hands.content_of(found))
        await until(lambda: len(bus.acked) == 2)
    assert hands.letter(hands.school, found.jti).state == "announced"
    assert "delivery.key.revoked" in hands.alarms(hands.school)


async def test_a_directory_that_is_not_believed_calls_somebody(hands: Hands):
    """What was known stays in force."""
    directory = Newer()
    directory.published.append(Fault("not signed"))
    work = runtime(replace(hands.school, directory=directory))
    await work.refresh()
    assert hands.alarms(hands.school) == ["directory.not_believed"]
    assert directory.version == 7


async def test_what_overtook_its_manifest_is_opened_after_it(hands: Hands):
    """Without a restart and without a newer directory."""
    found = hands.asks()
    work = runtime(hands.school)
    assert work.take(Aside("content", hands.content_of(found), hands.now))
    assert work.take(Aside("manifest", hands.manifest_of(found), hands.now))
    assert hands.letter(hands.school, found.jti).state == "opened"
    assert hands.aside(hands.school) == 0


async def test_a_restart_tries_what_waits(hands: Hands):
    """Perhaps the program is newer now."""
    found = hands.asks()
    held = hands.office.directory.held.pop(PANEL)
    runtime(hands.school).take(Aside("manifest", hands.manifest_of(found), hands.now))
    hands.office.directory.put(held)
    async with Running(runtime(hands.school)):
        await until(lambda: hands.aside(hands.school) == 0)
    assert hands.letter(hands.school, found.jti).state == "announced"
