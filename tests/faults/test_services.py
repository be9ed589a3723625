"""Every call to the bus fails once, before or after it took effect: nothing is lost or doubled.

The story is told whole for each break: request, receipt, answer, withdrawal of another request,
checkpoint, feed. After the break the process is a new one, with nothing in its memory.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contents import Content, State
from broker.kept import load
from broker.requests import Request
from broker.verdicts import Verdict
from schemas.commitment import open_proof
from schemas.problems import Code, Problem
from schemas.receipt import reported
from schemas.sealing import Sealed
from tests.broker.scene import PANEL, SCHOOL, Scene, about, jti_of, request
from tests.builders import messages


def story() -> dict[str, Sealed]:
    """The messages, sealed once: every telling sends the same bytes."""
    first = request()
    second = request(conv=messages.make_conv(b"another case 016"), seq=2, prev=first.h)
    return {
        "first": first,
        "second": second,
        "answer": about("information.response/1", first),
        "withdrawal": about("information.withdrawal/1", second, seq=3, prev=second.h),
        "refused": request(attest={"no_sensitive_info_s38_5": ...}, seq=4, prev=second.h),
    }


STORY = story()


async def collected_and_answered(scene: Scene) -> None:
    """A request is collected and opened, its answer too."""
    said = STORY
    await scene.send(PANEL, said["first"])
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", said["first"]), "receipt")
    proof = {"open": open_proof(b"k" * 32, said["first"].signed.digest)}
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "opened", said["first"], **proof), "receipt")
    await scene.send(SCHOOL, said["answer"])
    await scene.send(PANEL, scene.receipt(PANEL, "delivered", said["answer"]), "receipt")
    rejected = {"problems": (reported(Problem(Code.CONTENT_PADDING, "content")),)}
    rejection = scene.receipt(PANEL, "rejected", said["answer"], **rejected)
    await scene.send(PANEL, rejection, "receipt")
    await scene.tick()


async def recalled(scene: Scene) -> None:
    """A request is taken back before anybody came for it; a receipt comes too late."""
    await scene.send(PANEL, STORY["second"])
    await scene.tick()
    await scene.send(PANEL, STORY["withdrawal"])
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", STORY["second"]), "receipt")
    await scene.tick()


async def refused(scene: Scene) -> None:
    """One message is refused by policy, one cannot be read."""
    await scene.send(PANEL, STORY["refused"])
    await scene.send(PANEL, b"not an envelope")
    await scene.tick()


async def reminded(scene: Scene) -> None:
    """Nobody comes and nobody answers: the sender is told, reminders climb, content goes."""
    await scene.send(PANEL, STORY["second"])
    scene.clock.advance(timedelta(days=2))
    await scene.tick()
    scene.clock.advance(timedelta(days=8))
    await scene.tick()
    scene.clock.advance(timedelta(days=60))
    await scene.tick()


CHAPTERS = (collected_and_answered, recalled, refused, reminded)
Chapter = Callable[[Scene], Awaitable[None]]


class Breaking(Scene):
    """A scene whose process dies at a fault."""

    async def start_all(self) -> None:
        await self.serve()
        await self.start()
        self.bus.breaks.calls = 0
        self.bus.died = self.restart_and_start

    async def restart_and_start(self) -> None:
        self.restart()
        await self.start()


def seen(scene: Scene) -> dict[str, object]:
    """What must be the same whatever broke: all that agencies get, and what stands.

    The broker's own messages are sealed anew in every telling: they are told apart by ``jti``.
    """
    verdicts = [load(Verdict, m.data) for m in scene.bus.messages("VERDICTS")]
    requests = [load(Request, v.value) for v in scene.bus.bucket("requests")._held.values()]
    contents = [load(Content, v.value) for v in scene.bus.bucket("contents")._held.values()]
    names = {one.id: one.ack.jti for one in verdicts}
    return {
        "verdicts": sorted(
            (v.ingress, v.ack.jti, v.at, v.late, str(v.due), str(v.problems)) for v in verdicts
        ),
        "records": sorted(
            (*m.subject.split(".")[:3], names.get(m.subject.split(".")[3], ""))
            for m in scene.bus.messages("RECORDS")
        ),
        "content": sorted(names[s.split(".")[1]] for s in scene.bus.subjects("CONTENT")),
        "manifests": [
            sorted(names[s.split(".")[3]] for s in scene.bus.subjects("OUT") if f"{name}.man" in s)
            for name in accounts(scene)
        ],
        "receipts": [
            sorted((r.status, r.ack.jti if r.ack else str(r.seq)) for r in scene.receipts(name))
            for name in (PANEL, SCHOOL)
        ],
        "contents": sorted(
            (c.ack.jti, c.state, bool(c.released_by), bool(c.settled_by), str(c.uncollected_at))
            for c in contents
        ),
        "requests": sorted((r.jti, str(r.events), str(sorted(r.said))) for r in requests),
        "feeds": sorted(scene.bus.subjects("FEED")),
        "leaves": len(scene.bus.subjects("LOG")),
        "cases": len(scene.bus.bucket("cases")._held),
        "ids": len(scene.bus.bucket("ids")._held),
    }


def accounts(scene: Scene) -> list[str]:
    return [scene.directory.held[name].account for name in (PANEL, SCHOOL)]


async def told(chapter: Chapter, at: int, *, after: bool) -> Scene:
    scene = Breaking()
    await scene.start_all()
    scene.bus.breaks.at, scene.bus.breaks.after = at, after
    await chapter(scene)
    assert scene.bus.parked == []
    return scene


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.__name__)
async def test_one_break_anywhere_changes_nothing(chapter, after):
    """Each call breaks once, before or after it took effect; the end is always the same."""
    scene = await told(chapter, 0, after=False)
    expected = seen(scene)
    assert expected["leaves"] == len(expected["records"])
    for at in range(1, scene.bus.breaks.calls + 1):
        broken = await told(chapter, at, after=after)
        assert seen(broken) == expected, broken.bus.breaks.names[at - 1]
        assert broken.report().holds


async def test_the_story_reaches_every_port():
    """The table above would prove little if the story did not use them all."""
    kinds: set[str] = set()
    for chapter in CHAPTERS:
        kinds |= set((await told(chapter, 0, after=False)).bus.breaks.names)
    assert {
        "create verdicts", "create records", "create content", "create out", "create feed",
        "create checkpoint", "append log", "append in", "ids.update", "requests.update",
        "cases.update", "contents.update", "feeds.update", "ladder.update", "erase CONTENT",
        "purge OUT",
    } <= kinds  # fmt: skip


async def test_the_chapters_end_as_they_say():
    """A chapter in which nothing happens would bear every break."""
    answered = seen(await told(collected_and_answered, 0, after=False))
    assert [status for status, _ in answered["receipts"][0]][:2] == ["delivered", "opened"]
    assert "rejected" in [status for status, _ in answered["receipts"][1]]
    taken_back = seen(await told(recalled, 0, after=False))
    assert [one[1] for one in taken_back["contents"]].count("recalled") == 1
    assert ["recalled" in [one[0] for one in side] for side in taken_back["receipts"]] == [True] * 2
    refusals = seen(await told(refused, 0, after=False))
    assert [status for status, _ in refusals["receipts"][0]] == ["refused"] * 2
    silent = seen(await told(reminded, 0, after=False))
    assert jti_of(STORY["second"]) not in silent["content"]
    assert len(silent["requests"][0][2].split(",")) >= 7


def everything() -> list[tuple[str, bytes, str]]:
    """Who sends what, in an order in which it makes sense."""
    scene = Scene()
    said = STORY
    proof = {"open": open_proof(b"k" * 32, said["first"].signed.digest)}
    return [
        (PANEL, said["first"].envelope, "env"),
        (SCHOOL, scene.receipt(SCHOOL, "delivered", said["first"]), "receipt"),
        (SCHOOL, scene.receipt(SCHOOL, "opened", said["first"], **proof), "receipt"),
        (SCHOOL, said["answer"].envelope, "env"),
        (PANEL, said["second"].envelope, "env"),
        (PANEL, said["withdrawal"].envelope, "env"),
        (SCHOOL, scene.receipt(SCHOOL, "delivered", said["second"]), "receipt"),
    ]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_no_order_of_deliveries_loses_or_doubles_anything(data):
    """Services run in any order, die anywhere, get everything twice: what must hold, holds."""
    scene = Breaking()
    await scene.start_all()
    calls = data.draw(st.lists(st.integers(1, 400), max_size=6), label="breaks")
    scene.bus.breaks.many = {(at, data.draw(st.booleans())) for at in calls}
    for sender, message, kind in everything():
        for _ in range(data.draw(st.integers(1, 2), label="times")):
            scene.put(sender, message, kind)
        for _ in range(data.draw(st.integers(0, 6), label="steps")):
            key = data.draw(st.sampled_from(sorted(scene.bus._consumers)))
            await scene.bus.deliver_once(*key)
    scene.bus.breaks.many = set()
    await scene.bus.run()
    await scene.tick()
    held(scene)


def held(scene: Scene) -> None:
    """What must hold whatever happened."""
    verdicts = [load(Verdict, m.data) for m in scene.bus.messages("VERDICTS")]
    jtis = [(v.ingress, v.ack.jti) for v in verdicts if v.forwards]
    assert len(jtis) == len(set(jtis))
    judged = [s for s in scene.bus.subjects("RECORDS") if s.startswith("records.gate.")]
    assert sorted(s.split(".")[3] for s in judged) == sorted(v.id for v in verdicts)
    report = scene.report()
    assert report.holds
    assert report.leaves == report.records
    contents = [load(Content, v.value) for v in scene.bus.bucket("contents")._held.values()]
    assert sorted(c.id for c in contents) == sorted(v.id for v in verdicts if v.forwards)
    for content in contents:
        is_there = f"content.{content.id}" in scene.bus.subjects("CONTENT")
        assert is_there is (content.state not in (State.RECALLED, State.DESTROYED))
        assert not (content.released_by and content.recalled_by)
    for name in (PANEL, SCHOOL):
        account = scene.directory.held[name].account
        numbers = [int(s.split(".")[2]) for s in scene.bus.subjects("FEED") if account in s]
        assert numbers == list(range(1, len(numbers) + 1))
