import hashlib
from datetime import timedelta

from tests.broker.scene import PANEL, SCHOOL, Scene, about, request


async def test_a_request_is_recorded_and_forwarded():
    """The school gets the manifest, the panel its receipt, and both the same record."""
    scene = Scene()
    await scene.serve("gate")
    asked = request()
    await scene.send(PANEL, asked)
    assert scene.receipts(PANEL, "refused") == []
    [manifest] = scene.out(SCHOOL, "manifest")
    assert manifest["manifest"] == asked.signed.text
    [submitted] = scene.receipts(PANEL, "submitted")
    assert submitted.due is not None
    assert submitted.due.due_at.isoformat() == "2026-11-23T17:00:00+00:00"
    [mine], [theirs] = scene.records(PANEL), scene.records(SCHOOL)
    assert mine == theirs
    assert mine.manifest == asked.signed.text
    assert mine.ev == "forwarded"
    assert scene.bus.subjects("CONTENT") == [f"content.{submitted_id(asked)}"]


async def test_an_answer_in_time_and_a_late_one_pass_and_the_record_tells():
    """A late answer is forwarded and marked: a person's safety outranks the clock."""
    for wait, late in ((timedelta(days=1), False), (timedelta(days=9), True)):
        scene = Scene()
        await scene.serve("gate")
        asked = request()
        await scene.send(PANEL, asked)
        at = scene.clock.advance(wait)
        await scene.send(SCHOOL, about("information.response/1", asked, at=at))
        assert scene.receipts(SCHOOL, "refused") == []
        [submitted] = scene.receipts(SCHOOL, "submitted")
        assert submitted.late is late


def submitted_id(made):
    return hashlib.sha256(made.envelope).hexdigest()
