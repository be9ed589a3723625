"""Every call to the bus fails once, before or after it took effect: nothing is lost or doubled.

The story is told whole for each break: request, receipt, answer, withdrawal of another request,
checkpoint, feed. After the break the process is a new one, with nothing in its memory.
"""

from datetime import timedelta

import pytest

from broker.contents import Content
from broker.kept import load
from broker.requests import Request
from broker.verdicts import Verdict
from schemas.commitment import open_proof
from schemas.sealing import Sealed
from tests.broker.scene import PANEL, SCHOOL, Scene, about, request
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


async def tell(scene: Scene) -> None:
    """Tell the story; whatever breaks, the services are restarted and go on."""
    said = STORY
    await scene.send(PANEL, said["first"])
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", said["first"]), "receipt")
    proof = {"open": open_proof(b"k" * 32, said["first"].signed.digest)}
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "opened", said["first"], **proof), "receipt")
    await scene.send(SCHOOL, said["answer"])
    await scene.send(PANEL, scene.receipt(PANEL, "delivered", said["answer"]), "receipt")
    await scene.send(PANEL, said["second"])
    await scene.tick()
    await scene.send(PANEL, said["withdrawal"])
    await scene.send(PANEL, said["refused"])
    await scene.send(PANEL, b"not an envelope")
    scene.clock.advance(timedelta(days=2))
    await scene.tick()
    scene.clock.advance(timedelta(days=8))
    await scene.tick()


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


async def told(at: int, *, after: bool) -> Scene:
    scene = Breaking()
    await scene.start_all()
    scene.bus.breaks.at, scene.bus.breaks.after = at, after
    await tell(scene)
    assert scene.bus.parked == []
    return scene


async def whole() -> tuple[Scene, int]:
    scene = await told(0, after=False)
    return scene, scene.bus.breaks.calls


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("part", range(8))
async def test_one_break_anywhere_changes_nothing(part, after):
    """Each call breaks once, before or after it took effect; the end is always the same."""
    scene, calls = await whole()
    expected = seen(scene)
    assert expected["leaves"] == len(expected["records"])
    for at in range(1 + part, calls + 1, 8):
        broken = await told(at, after=after)
        assert seen(broken) == expected, broken.bus.breaks.names[at - 1]
        assert broken.report().holds


async def test_the_story_reaches_every_port():
    """The table above would prove little if the story did not use them all."""
    scene, calls = await whole()
    kinds = set(scene.bus.breaks.names)
    assert {
        "create verdicts", "create records", "create content", "create out", "create feed",
        "create checkpoint", "append log", "append in", "ids.update", "requests.update",
        "cases.update", "contents.update", "feeds.update", "ladder.update", "erase CONTENT",
        "purge OUT",
    } <= kinds  # fmt: skip
    assert calls > 200
