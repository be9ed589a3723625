"""The log's keeper: what it refuses to start on, and how it goes on after any end."""

import pytest

from broker.audit.service import MOST_UNSIGNED
from broker.faults import StoreFault
from schemas.record import Record, commitment, leaf_data
from tests.broker.fakes import Stored
from tests.broker.scene import PANEL, SCHOOL, Scene, request
from tests.builders import messages


async def busy(count: int = 3) -> Scene:
    """A scene with some requests recorded, logged and published."""
    scene = Scene()
    await scene.serve()
    await scene.start()
    for number in range(count):
        await scene.send(PANEL, request(conv=messages.make_conv(b"case number %04d" % number)))
    await scene.tick()
    return scene


async def test_it_does_not_start_on_a_log_that_lost_its_end():
    """A checkpoint over more leaves than there are says that some are gone."""
    scene = await busy()
    del scene.bus._streams["LOG"][3]
    scene.restart()
    with pytest.raises(StoreFault, match="its end is lost"):
        await scene.audit.start()


async def test_it_does_not_start_on_a_log_that_lost_its_middle():
    """The numbers of the leaves have a gap."""
    scene = await busy()
    del scene.bus._streams["LOG"][2]
    scene.restart()
    with pytest.raises(StoreFault, match="lacks the leaf with index 1"):
        await scene.audit.start()


async def test_it_does_not_start_on_a_log_that_was_changed():
    """One leaf is another than when it was signed."""
    scene = await busy()
    old = scene.bus._streams["LOG"][2]
    other = leaf_data(commitment("another record"))
    scene.bus._streams["LOG"][2] = Stored(old.subject, other, 2, old.stored_at)
    scene.restart()
    with pytest.raises(StoreFault, match="not those that were signed"):
        await scene.audit.start()


async def test_it_does_not_start_on_a_checkpoint_of_somebody_else():
    """A checkpoint that the log's own keys did not sign is no ground to go on from."""
    scene = await busy()
    held = scene.bus._streams["CHECKPOINTS"]
    last = held[max(held)]
    forged = last.data.replace(b"\n3\n", b"\n2\n")
    held[max(held)] = Stored(last.subject, forged, last.sequence, last.stored_at)
    scene.restart()
    with pytest.raises(StoreFault, match="not one that we signed"):
        await scene.audit.start()


async def test_a_restart_goes_on_exactly_there():
    """Feeds number on, nothing is brought twice, the next checkpoint continues the last."""
    scene = await busy(2)
    before = list(scene.bus.messages("FEED"))
    scene.restart()
    await scene.start()
    await scene.tick()
    assert list(scene.bus.messages("FEED")) == before
    await scene.send(PANEL, request(conv=messages.make_conv(b"case number 9999")))
    scene.restart()
    await scene.start()
    await scene.tick()
    account = scene.directory.held[SCHOOL].account
    assert [s for s in scene.bus.subjects("FEED") if account in s] == [
        f"feed.{account}.{n}" for n in (1, 2, 3)
    ]
    assert scene.report().holds


async def test_many_records_do_not_wait_for_the_interval():
    """So many leaves without a checkpoint are signed at once."""
    scene = await busy(1)
    [record] = scene.bus.messages("RECORDS")
    clear = scene.records(SCHOOL)[0]
    for number in range(MOST_UNSIGNED):
        other = f"records.gate.{scene.directory.held[PANEL].account}.{number:064x}"
        await scene.bus.create(other, reseal(scene, clear, number))
    await scene.bus.run()
    assert scene.audit.unsigned == 0
    assert scene.report().holds
    assert scene.report().leaves == MOST_UNSIGNED + 1
    assert record.sequence == 1


def reseal(scene: Scene, clear: Record, number: int) -> bytes:
    """Another record for the school; that they differ is all that counts here."""
    found = clear.model_copy(update={"directory": number})
    sealed = scene.hands().sealer.seal(found, [scene.directory.held[SCHOOL]], found.at)
    assert sealed is not None
    return sealed


async def test_nothing_to_sign_signs_nothing():
    """A quiet log makes no checkpoint after the first."""
    scene = await busy()
    checkpoints = scene.bus.subjects("CHECKPOINTS")
    for _ in range(3):
        await scene.tick()
    assert scene.bus.subjects("CHECKPOINTS") == checkpoints
