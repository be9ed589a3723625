"""The four services together, over a bus in memory: what agencies see of one request."""

import json
from datetime import timedelta

from broker.kept import load
from broker.requests import Request
from broker.timing import timing
from schemas.commitment import open_proof
from schemas.feed import check_follows, open_feed
from tests.broker.scene import PANEL, SCHOOL, Scene, about, request
from tests.builders import messages


async def ready(**kinds) -> Scene:
    scene = Scene(**kinds)
    await scene.serve()
    await scene.start()
    return scene


def opened(made) -> dict[str, str]:
    """The member of an ``opened`` receipt; the broker cannot check it."""
    return {"open": open_proof(b"k" * 32, made.signed.digest)}


def forged(receipt: bytes) -> bytes:
    """The same with one letter of its signature changed."""
    place = receipt.index(b'"signature":"') + 20
    letter = b"A" if receipt[place : place + 1] != b"A" else b"B"
    return receipt[:place] + letter + receipt[place + 1 :]


async def test_content_is_handed_out_against_a_receipt_and_to_nobody_else():
    """Manifest, receipt, content, opened: each once, the sender told of each."""
    scene = await ready()
    asked = request()
    await scene.send(PANEL, asked)
    assert scene.out(SCHOOL, "content") == []
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", asked), "receipt")
    [content] = scene.out(SCHOOL, "content")
    assert content["h"] == asked.h
    assert [one.status for one in scene.receipts(PANEL)] == ["submitted", "delivered"]
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "opened", asked, **opened(asked)), "receipt")
    assert [one.status for one in scene.receipts(PANEL)] == ["submitted", "delivered", "opened"]
    assert scene.out(SCHOOL, "content") == scene.out(SCHOOL, "manifest") == []
    events = [one.ev for one in scene.records(SCHOOL)]
    assert events == ["forwarded", "released", "opened"]
    assert [one.ev for one in scene.records(PANEL)] == events


async def test_a_wrong_or_repeated_receipt_releases_nothing():
    """Another's signature, another's ingress, a second one: nothing comes of it."""
    scene = await ready()
    asked = request()
    await scene.send(PANEL, asked)
    mine = scene.receipt(SCHOOL, "delivered", asked)
    await scene.send("nhs-trust", mine, "receipt")
    await scene.send("nhs-trust", scene.receipt("nhs-trust", "delivered", asked), "receipt")
    await scene.send(SCHOOL, scene.receipt("nhs-trust", "delivered", asked), "receipt")
    await scene.send(SCHOOL, forged(mine), "receipt")
    await scene.send(SCHOOL, b"\xff", "receipt")
    assert scene.out(SCHOOL, "content") == scene.out("nhs-trust", "content") == []
    await scene.send(SCHOOL, mine, "receipt")
    before = scene.bus.snapshot()["streams"]["OUT"]
    scene.clock.advance(timedelta(seconds=5))
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", asked), "receipt")
    assert scene.bus.snapshot()["streams"]["OUT"] == before


async def test_what_was_not_collected_is_recalled_and_destroyed_unread():
    """Withdrawn before its receipt: content gone, both told, and a late receipt gets nothing."""
    scene = await ready()
    asked = request()
    await scene.send(PANEL, asked)
    await scene.send(PANEL, about("information.withdrawal/1", asked, seq=2, prev=asked.h))
    assert f"content.{scene.id_of(asked)}" not in scene.bus.subjects("CONTENT")
    assert [one.ack.h for one in scene.receipts(PANEL, "recalled")] == [asked.h]
    assert [one.ack.h for one in scene.receipts(SCHOOL, "recalled")] == [asked.h]
    assert [one.ev for one in scene.records(SCHOOL)] == ["forwarded", "forwarded", "recalled"]
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", asked), "receipt")
    assert scene.out(SCHOOL, "content") == []
    await scene.send(SCHOOL, about("information.response/1", asked))
    [refused] = scene.receipts(SCHOOL, "refused")
    assert [one.code for one in refused.problems] == ["request.closed"]


async def test_what_was_collected_is_not_recalled():
    """The withdrawal is delivered like any message; the content is out already."""
    scene = await ready()
    asked = request()
    await scene.send(PANEL, asked)
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", asked), "receipt")
    await scene.send(PANEL, about("information.withdrawal/1", asked, seq=2, prev=asked.h))
    assert scene.receipts(PANEL, "recalled") == []
    assert len(scene.out(SCHOOL, "manifest")) == 2


async def test_content_goes_after_its_period():
    """Seven days after it was opened the broker's copy is overwritten, on the domain clock."""
    scene = await ready()
    asked = request()
    await scene.send(PANEL, asked)
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", asked), "receipt")
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "opened", asked, **opened(asked)), "receipt")
    held = f"content.{scene.id_of(asked)}"
    scene.clock.advance(timedelta(days=6))
    await scene.tick()
    assert held in scene.bus.subjects("CONTENT")
    scene.clock.advance(timedelta(days=2))
    await scene.tick()
    assert held not in scene.bus.subjects("CONTENT")


async def test_nobody_coming_is_told_apart_from_no_answer():
    """After one working day the sender hears that the message was not collected, once."""
    scene = await ready()
    await scene.send(PANEL, request())
    scene.clock.advance(timedelta(days=1, hours=7))
    await scene.tick()
    assert scene.receipts(PANEL, "uncollected") == []
    scene.clock.advance(timedelta(hours=1))
    await scene.tick()
    await scene.tick()
    assert len(scene.receipts(PANEL, "uncollected")) == 1


LADDER = [
    (timedelta(days=2), [("ack", SCHOOL), ("ack", PANEL)]),  # Wednesday, day 2
    (timedelta(days=3), [("r1", SCHOOL)]),
    (timedelta(days=4), [("r2", SCHOOL)]),
    (timedelta(days=7), [("r3", SCHOOL)]),  # Monday 23 November, the due day
    (timedelta(days=8), [("e1", SCHOOL), ("e1", PANEL)]),
    (timedelta(days=9), [("e2", PANEL), ("e2", SCHOOL)]),
    (timedelta(days=10), [("e3", PANEL)]),
    (timedelta(days=14), []),
]


def steps_said(scene: Scene) -> list[tuple[str, str]]:
    """Which steps of the ladder the gate let through, and to whom."""
    found = []
    for name in (PANEL, SCHOOL):
        for one in scene.records(name):
            claims = scene.claims(one.manifest)
            if claims and claims.mt.startswith("deadline.") and one.ev == "forwarded":
                found.append((claims.attest.rung, claims.recipient.rpartition(":")[2]))
    return found


async def test_silence_climbs_the_ladder_through_the_gate():
    """Each step at nine on its working day, to whom it concerns, once, whoever restarts."""
    scene = await ready()
    await scene.send(PANEL, request())
    begin = scene.clock.at
    expected = []
    for after, steps in LADDER:
        scene.clock.at = begin + after - timedelta(minutes=1)
        await scene.tick()
        assert sorted(steps_said(scene)) == sorted(expected)
        scene.clock.at = begin + after
        await scene.tick()
        expected += steps
        assert sorted(steps_said(scene)) == sorted(expected), after
        scene.restart()
        await scene.start()
        await scene.tick()
    assert sorted(steps_said(scene)) == sorted(expected)


async def test_nothing_is_said_once_it_is_answered():
    """An answer ends the ladder."""
    scene = await ready()
    asked = request()
    await scene.send(PANEL, asked)
    at = scene.clock.advance(timedelta(days=1))
    await scene.send(SCHOOL, about("information.response/1", asked, at=at))
    scene.clock.advance(timedelta(days=20))
    await scene.tick()
    assert steps_said(scene) == []


async def test_after_an_outage_the_last_reminder_is_said_and_not_three():
    """Whoever was away for a week needs one reminder."""
    scene = await ready()
    await scene.send(PANEL, request())
    scene.clock.advance(timedelta(days=7, hours=1))
    await scene.tick()
    assert sorted(steps_said(scene)) == [("ack", PANEL), ("ack", SCHOOL), ("r3", SCHOOL)]


async def test_each_agency_can_prove_that_it_has_everything():
    """Feeds number without a gap, proofs hold, and the whole log verifies."""
    scene = await ready()
    asked = request()
    await scene.send(PANEL, asked)
    await scene.send(SCHOOL, scene.receipt(SCHOOL, "delivered", asked), "receipt")
    await scene.tick()
    await scene.send(SCHOOL, about("information.response/1", asked))
    await scene.tick()
    for name in (PANEL, SCHOOL):
        account = scene.directory.held[name].account
        raw = [m.data for m in scene.bus.messages("FEED") if m.subject.split(".")[1] == account]
        before = None
        for data in raw:
            message = open_feed(data, messages._opening(name + " feed"))
            assert check_follows(message, before) is None
            before = message
        assert len(raw) == 3
    assert scene.report().holds
    assert scene.report().leaves == scene.report().records == 3


def with_holiday(scene: Scene, day: str, version: str, *, take_out: str = "") -> None:
    """Publish a newer list of bank holidays for England and Wales."""
    found = json.loads(scene.directory.bank_holidays())
    events = found["divisions"]["england-and-wales"]["events"]
    if day:
        events.append({"title": "Extra", "date": day, "notes": "", "bunting": False})
    events[:] = sorted((e for e in events if e["date"] != take_out), key=lambda e: e["date"])
    found["version"] = version
    scene.directory.calendar = json.dumps(found).encode()


async def test_a_newer_calendar_moves_the_due_day_later_and_tells_both_sides():
    """A bank holiday is proclaimed while a request is open; taken back, nobody is due earlier."""
    scene = await ready()
    await scene.send(PANEL, request())
    with_holiday(scene, "2026-11-19", "2026-11-16.2")
    await scene.tick()
    told = [scene.claims(one.manifest) for one in (*scene.records(PANEL), *scene.records(SCHOOL))]
    moved = [one.recipient.rpartition(":")[2] for one in told if one and "recalculated" in one.mt]
    assert sorted(moved) == [PANEL, SCHOOL]
    assert due_day(scene) == "2026-11-24"
    with_holiday(scene, "", "2026-11-16.3", take_out="2026-11-19")
    scene.restart()
    await scene.start()
    await scene.tick()
    assert due_day(scene) == "2026-11-24"


def due_day(scene: Scene) -> str:
    """When the one open request is due now."""
    [held] = scene.bus.bucket("requests")._held.values()
    found = timing(load(Request, held.value), scene.calendars.in_force())
    return found.due_at.date().isoformat()


async def test_a_request_past_all_use_is_forgotten():
    """Long after its last date nothing of it is left in the buckets."""
    scene = await ready()
    await scene.send(PANEL, request())
    scene.clock.advance(timedelta(days=20))
    await scene.tick()
    scene.clock.advance(timedelta(days=120))
    await scene.tick()
    assert scene.bus.bucket("requests")._held == {}
    assert [key for key in scene.bus.bucket("ladder")._held if key.startswith("said.")] == []
