import hashlib
from datetime import timedelta

from broker.gate.service import Limits
from broker.quota import Rate
from tests.broker.fakes import START
from tests.broker.scene import PANEL, SCHOOL, Scene, about, entry_of, request, sealed
from tests.builders import messages
from tests.policies.builders import request as policy_request


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


ASKED = request()


async def test_who_sends_too_fast_is_told_so_and_only_counted_after_that():
    """Three may pass; of the rest two are told, and the others cost no signature."""
    limits = Limits(messages=Rate(3, 0.0), refusals=Rate(2, 0.0))
    scene = Scene(limits=limits)
    await scene.serve("gate")
    for number in range(8):
        await scene.send(PANEL, request(conv=messages.make_conv(b"case number %04d" % number)))
    assert len(scene.receipts(PANEL, "submitted")) == 3
    told = scene.receipts(PANEL, "refused")
    assert [one.problems[0].code for one in told] == ["quota.rate", "quota.rate"]
    assert all(one.ack is None and one.record is None for one in told)
    assert len(scene.records(PANEL)) == 3


async def test_refused_for_its_rate_the_same_message_may_come_again():
    """`later` means later: the same bytes pass when there is room."""
    scene = Scene(limits=Limits(messages=Rate(1, 1.0)))
    await scene.serve("gate")
    first, second = request(), request(conv=messages.make_conv(b"case number 0002"))
    await scene.send(PANEL, first)
    await scene.send(PANEL, second)
    assert len(scene.receipts(PANEL, "refused")) == 1
    scene.clock.advance(timedelta(seconds=2))
    await scene.send(PANEL, second)
    assert len(scene.receipts(PANEL, "submitted")) == 2


async def test_the_first_request_binds_the_case():
    """Who opened it leads it; another's request in it is refused, and recorded."""
    scene = Scene()
    await scene.serve("gate")
    await scene.send(PANEL, ASKED)
    theirs = sealed(policy_request("school", "police_ctp"))
    await scene.send("police-ctp", theirs)
    [refused] = scene.receipts("police-ctp", "refused")
    assert "case.not_yours" in [one.code for one in refused.problems]
    [skipped] = scene.receipts(SCHOOL, "skipped")
    assert skipped.seq == 1
    assert skipped.ack is None


async def test_the_same_bytes_again_are_one_message():
    """Sent twice, judged once; also when the key was revoked in between."""
    scene = Scene()
    await scene.serve("gate")
    await scene.send(PANEL, ASKED)
    before = scene.bus.snapshot()["streams"]["OUT"]
    kid = messages.envelope(ASKED).signed.kids[0]
    scene.directory.put(messages.with_key(entry_of(PANEL), kid, status="revoked", revoked_at=START))
    await scene.send(PANEL, ASKED)
    assert scene.bus.snapshot()["streams"]["OUT"] == before


async def test_a_refused_message_reaches_nobody_but_its_sender_and_the_record():
    """The addressee learns a number and nothing else."""
    scene = Scene()
    await scene.serve("gate")
    await scene.send(PANEL, request(attest={"no_sensitive_info_s38_5": ...}))
    assert scene.out(SCHOOL, "manifest") == scene.out(SCHOOL, "content") == []
    assert scene.bus.subjects("CONTENT") == []
    [refused] = scene.receipts(PANEL, "refused")
    assert refused.record is not None
    assert all(one.says and one.remedy for one in refused.problems)
    assert [one.ev for one in scene.records(SCHOOL)] == ["refused"]


async def test_a_parked_message_is_noticed_and_may_still_come():
    """Its addressee hears of the gap; brought back, it is judged like any other."""
    scene = Scene()
    await scene.serve("gate")
    account = scene.directory.held[PANEL].account
    scene.bus._store(f"parked.gate.{account}.{scene.id_of(ASKED)}", ASKED.envelope)
    scene.bus._store(f"parked.gate.{account}.{'0' * 64}", b"not an envelope")
    await scene.bus.serve("PARKED", "gate-parked", scene.gate.on_parked, service="gate")
    await scene.bus.run()
    [skipped] = scene.receipts(SCHOOL, "skipped")
    assert skipped.seq == 1
    assert [one.ev for one in scene.records(SCHOOL)] == ["parked"]
    await scene.send(PANEL, ASKED)
    assert len(scene.out(SCHOOL, "manifest")) == 1
