"""A running edge: outbox in order, deliveries kept before they are acknowledged, acts done once."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Self

import pytest

from adapters.agency import (
    Agency,
    Answer,
    CannotShare,
    Found,
    Match,
    NothingHeld,
    SourceError,
    Unanswered,
    Window,
)
from adapters.announce import AnnounceFault, Kind, Notice
from adapters.aside import Aside
from adapters.edge import Edge
from adapters.gatherer.lead import withdraw
from adapters.mailbox import letters
from adapters.proposal import Proposal, proposal, write_down
from adapters.runtime import Options, Pace, Runtime
from adapters.store import OUTBOX
from broker.client import (
    BusUnavailable,
    Client,
    Delivery,
    Fault,
    MessageTooLarge,
    QuotaReached,
    Sent,
)
from schemas.envelope import SignedManifest, Verified, read_manifest, verify
from schemas.fields.refusal_reason import RefusalReason
from schemas.problems import Code, Problem
from schemas.receipt import acknowledge
from tests.adapters.edge_hands import ITEMS, RELEASE, Hands
from tests.adapters.feed_scene import FeedScene
from tests.adapters.gatherer.office import HAND, PANEL, SCHOOL, Asking, held
from tests.adapters.gatherer.surroundings import FakeDirectory
from tests.builders import messages

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


class Records:
    """An agency's records that answer what they are told to."""

    def __init__(self, answer: Answer | Exception | None) -> None:
        self.answer = answer
        self.asked = 0

    async def find(self, subject: Any, wanted: Any) -> Answer:
        self.asked += 1
        if self.answer is None:
            await asyncio.sleep(60)
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer


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


# ------------------------------------------------------------------------------------- acts


def what(hands: Hands, jti: str) -> Proposal | None:
    with hands.school.store.read() as c:
        return proposal(hands.school, c, jti)


def outgoing(hands: Hands) -> list[str]:
    """The types of what the school sent, in order."""
    with hands.school.store.read() as c:
        return [one.mt.split(".")[1].split("/")[0] for one in letters(c, way="out")]


ALL = frozenset(ITEMS)
WINDOW = Window(date(2025, 1, 1), date(2026, 11, 16))
NONE_HELD = NothingHeld(("education_records",), WINDOW)
EXACT = Found(Match.EXACT, ITEMS)
PROBABLE = Found(Match.PROBABLE, ITEMS)
PART = Found(
    Match.EXACT,
    {name: item for name, item in ITEMS.items() if name != "edu.suspensions"},
    {"edu.suspensions": Unanswered.NO_SOURCE},
)


@pytest.mark.parametrize(
    ("records", "outcome", "sent"),
    [
        (EXACT, "found", ["response"]),
        (PROBABLE, "found", []),
        (PART, "found", []),
        (NONE_HELD, "nothing_held", ["nil_return"]),
        (CannotShare(RefusalReason.IDENTITY_NOT_MATCHED), "cannot_share", []),
        (SourceError("roll.csv", "line 7, column dob", "It is no day."), "broken", []),
        (ValueError("canary-in-a-bug"), "broken", []),
        (None, "broken", []),
        (Found(Match.EXACT, {}), "broken", []),
        (Found(Match.EXACT, {**ITEMS, "edu.year_group": ITEMS["edu.suspensions"]}), "broken", []),
    ],
)
@pytest.mark.parametrize("answers", [True, False])
async def test_what_the_records_say_is_a_proposal(
    hands: Hands, records: Any, outcome: str, sent: list[str], answers: bool
):
    """Only a complete, exact answer or a nil return may leave by itself, and only where the agency lets it."""
    found = hands.asked()
    source = Records(records)
    agency: Agency = source
    work = runtime(hands.school, agency=agency, answers=answers)
    await work.act()
    await work.act()
    assert source.asked == 1
    kept = what(hands, found.jti)
    assert kept is not None
    assert kept.outcome == outcome
    assert "canary" not in str(kept.fault)
    assert outgoing(hands) == ["acknowledgement", *(sent if answers else [])]
    alarmed = ["source.broken"] if outcome == "broken" else []
    assert hands.alarms(hands.school) == alarmed


async def test_without_records_people_answer(hands: Hands):
    """And without acknowledging, nothing leaves at all."""
    found = hands.asked()
    await runtime(hands.school, acknowledges=False).act()
    kept = what(hands, found.jti)
    assert kept is not None
    assert kept.outcome == "by_hand"
    assert outgoing(hands) == []


async def test_an_answer_that_needs_a_sign_off_waits_for_a_person(hands: Hands):
    """Policy has something against it: it stays a proposal."""
    hands.office.ask(Asking(agency=SCHOOL, questions=("E3",)))
    request = hands.sent(hands.panel)
    hands.bring(request)
    need = {"edu.send_status": held("K"), "edu.send_primary_need": held("ASD")}
    agency: Agency = Records(Found(Match.EXACT, need))
    await runtime(hands.school, agency=agency, answers=True).act()
    kept = what(hands, request.jti)
    assert kept is not None
    assert kept.items.keys() == need.keys()
    assert outgoing(hands) == ["acknowledgement"]


async def test_killed_while_answering(hands: Hands, monkeypatch: pytest.MonkeyPatch):
    """Killed after each step, the acts are done again, and each message leaves once."""
    found = hands.asked()
    agency: Agency = Records(EXACT)

    def killed(*_: Any, **__: Any) -> None:
        raise Fault("killed here")

    sent = []
    for step in ("acknowledge", "look_up", "answer", "write_down"):
        with monkeypatch.context() as patch:
            patch.setattr(f"adapters.acts.{step}", killed)
            with pytest.raises(Fault):
                await runtime(hands.school, agency=agency, answers=True).act()
        sent.append(len(outgoing(hands)))
    assert sent == [0, 1, 1, 2]
    await runtime(hands.school, agency=agency, answers=True).act()
    assert outgoing(hands) == ["acknowledgement", "response"]
    assert what(hands, found.jti) is None  # answered: nobody looks into the records again


async def test_a_person_who_began_meanwhile_is_not_overwritten(hands: Hands):
    """What was written down by hand while the records were asked stays."""
    found = hands.asked()

    class Slow(Records):
        async def find(self, subject: Any, wanted: Any) -> Answer:
            with hands.school.store.change() as c:
                write_down(hands.school, c, found.jti, Proposal("by_hand"))
            return EXACT

    await runtime(hands.school, agency=Slow(EXACT)).act()
    kept = what(hands, found.jti)
    assert kept is not None
    assert kept.outcome == "by_hand"


async def test_of_a_withdrawn_request_nobody_looks_into_records(hands: Hands):
    """It is not waited for any more."""
    found = hands.asked()
    withdraw(hands.panel, found.jti, "no_longer_needed", HAND)
    hands.bring(hands.sent(hands.panel))
    source = Records(EXACT)
    await runtime(hands.school, agency=source).act()
    assert (source.asked, outgoing(hands)) == (0, [])


# ---------------------------------------------------------------------------------- notices


class Heard:
    """An announcer that remembers, and fails when told to."""

    def __init__(self, *fails: bool) -> None:
        self.notices: list[Notice] = []
        self._fails = list(fails)

    async def announce(self, notice: Notice) -> None:
        if self._fails and self._fails.pop(0):
            raise AnnounceFault("no way")
        self.notices.append(notice)


async def test_each_thing_is_told_once_by_each_way(hands: Hands):
    """A way that fails is tried again, and the other one does not tell it twice."""
    found = hands.asked()
    good, bad = Heard(), Heard(True)
    work = runtime(hands.school, announcers=(good, bad))
    assert [await work.announce() for _ in range(3)] == [False, True, True]
    for one in (good, bad):
        assert [(n.kind, n.reference) for n in one.notices] == [(Kind.NEW_REQUEST, found.jti[-8:])]
    assert hands.alarms(hands.school) == ["announce.failed"]
    assert await runtime(hands.school, announcers=(good, bad)).announce()
    assert len(good.notices) == 1


async def test_the_panel_is_told_of_answers_silence_and_alarms(hands: Hands):
    """What came, what nobody collected, and what is wrong, without a word of what it is about."""
    answer = hands.answered()
    hands.bring(answer)
    with hands.panel.store.read() as c:
        (request,) = letters(c, way="out", mt="information.request/1")
    told = hands.receipt("uncollected", None, RELEASE, ack=_ack_of(request.manifest))
    hands.tell(hands.panel, told)
    hands.tell(hands.panel, "{}")
    heard = Heard()
    assert await runtime(hands.panel, announcers=(heard,)).announce()
    kinds = [one.kind for one in heard.notices]
    assert kinds == [Kind.ANSWERED, Kind.NOT_COLLECTED, Kind.ALARM]
    assert heard.notices[1].reference == request.jti[-8:]
    assert heard.notices[2].reference.startswith("alarm ")


def _ack_of(manifest: str) -> Any:
    signed = read_manifest(manifest)
    assert isinstance(signed, SignedManifest)
    verified = verify(signed, *messages.agency(PANEL).public)
    assert isinstance(verified, Verified)
    return acknowledge(verified)


async def test_old_news_is_no_news(hands: Hands):
    """An edge that gets its first announcer does not tell its past."""
    hands.asked()
    hands.office.later(days=8)
    heard = Heard()
    assert await runtime(hands.school, announcers=(heard,)).announce()
    assert heard.notices == []
    assert await runtime(hands.school).announce()
