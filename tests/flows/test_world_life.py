"""A town's life on a real bus: taken back, joined by one more, stopped and started again."""

import json
import shutil
from pathlib import Path

import pytest

from adapters.gatherer.lead import withdraw
from adapters.responder import find_request
from deploy.sandbox.cast import Part
from schemas.directory_entry import OrganisationKind, Role
from schemas.problems import Code
from schemas.record import Event
from schemas.subjects import content, out
from tests.northmere import (
    FIVE,
    HAND,
    HEALTH,
    PANEL,
    POLICE,
    SCHOOL,
    Northmere,
    northmere,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

_RECORDS = Path("deploy/sandbox/records/education").resolve()


async def test_taken_back_before_it_was_collected_is_destroyed_unread(town: Northmere) -> None:
    """The recipient's edge is off: its content goes, both sides and the record know, nothing opens."""
    account = town.edge(HEALTH).entry.account
    await town.world.shut(HEALTH)
    sent = (await town.ask("L-1", HEALTH))[HEALTH]
    message = town.letter(PANEL, sent)
    held = await town.stored("CONTENT")
    assert content(message.id) in [one.subject for one in held]
    queued = withdraw(town.edge(), sent, "sent_in_error", HAND)
    await town.reaches(PANEL, queued.jti, "submitted")
    await town.reaches(PANEL, sent, "recalled")
    assert town.stand("L-1", HEALTH) == "recalled"
    left = await town.stored("CONTENT")
    assert content(message.id) not in [one.subject for one in left]
    told = [one.subject for one in await town.stored("OUT")]
    assert out(account, "manifest", message.id) not in told
    assert out(account, "content", message.id) not in told
    await town.logged(PANEL, queued.jti, Event.FORWARDED)
    await town.until(lambda: any(one.record.ev is Event.RECALLED for one in town.records(PANEL)))
    await town.world.open(HEALTH)
    await town.reaches(HEALTH, queued.jti, "opened", way="in")
    assert town.letter(HEALTH, sent, "in") is None
    assert find_request(town.edge(HEALTH), sent) is None
    await town.quiet()
    assert town.events(HEALTH, sent) == [Event.FORWARDED]
    assert any(one.record.ev is Event.RECALLED for one in town.records(HEALTH))
    assert (await town.report()).holds


async def test_taken_back_after_it_was_collected_ends_it(town: Northmere) -> None:
    """The agency has read it: it is told, its inbox says withdrawn, an answer is refused."""
    sent = (await town.ask("L-2", SCHOOL))[SCHOOL]
    await town.asked(SCHOOL, sent)
    draft = await town.draft(SCHOOL, sent)
    await town.sent(PANEL, withdraw(town.edge(), sent, "no_longer_needed", HAND))
    assert town.stand("L-2", SCHOOL) == "withdrawn"
    found = find_request(town.edge(SCHOOL), sent)
    assert found.outcome == "withdrawn"
    assert town.letter(PANEL, sent).state == "opened"
    from deploy.sandbox.hostile import send_unchecked

    late = send_unchecked(town.edge(SCHOOL), draft)
    refused = await town.reaches(SCHOOL, late, "refused")
    assert Code.REQUEST_CLOSED in [one.code for one in refused.problems]


async def test_one_more_agency_joins_and_takes_part(town: Northmere) -> None:
    """Let in while others work: it is asked, answers from its own records, and has its own feed."""
    sent = await town.ask("L-3", POLICE)
    part = Part(
        "oakfield-school",
        "Oakfield School",
        OrganisationKind.SCHOOL,
        "Oakfield Trust",
        (Role.AIO, Role.SIGNOFF, Role.DPO),
        None,
        "Safeguarding lead",
    )
    own = town.world.folder / "agencies" / part.id / "records"
    shutil.copytree(_RECORDS, own)
    await town.world.admit(part)
    again = await town.ask("L-3", part.id)
    await town.answer(part.id, again[part.id], ("E1", "E4"))
    await town.answer(POLICE, sent[POLICE])
    assert town.stand("L-3", part.id) == "answered_in_part"
    await town.quiet()
    assert town.prove(part.id) == 9
    listed = json.loads((town.world.folder / "endpoints.json").read_text())["agencies"]
    assert part.id in [one["id"] for one in listed]
    with pytest.raises(Exception, match="agency oakfield-school already"):
        await town.world.admit(part)


async def test_stopped_in_the_middle_and_started_again_nothing_is_lost(
    founded: Path, tmp_path: Path
) -> None:
    """What was queued is sent, what was delivered is kept, numbers go on, the log continues itself."""
    folder = tmp_path / "northmere"
    async with northmere(founded, folder) as town:
        sent = await town.ask("L-4")
        await town.answer(SCHOOL, sent[SCHOOL], ("E1",))
        await town.quiet()
        assert (await town.report()).holds
        before = {agency: town.prove(agency) for agency in town.world.edges}
        due = town.due(sent[POLICE])
        url = town.world.bus.url
        queued = await town.draft(POLICE, sent[POLICE])
    assert not (folder / "endpoints.json").exists()
    async with northmere(founded, folder) as town:
        assert town.due(sent[POLICE]) == due
        assert town.stand("L-4", SCHOOL) == "answered_in_part"
        await town.answer(POLICE, sent[POLICE])
        await town.answer(SCHOOL, sent[SCHOOL], ("E2", "E4", "E5", "E8", "E9"))
        await town.quiet()
        after = {agency: town.prove(agency) for agency in town.world.edges}
        assert after[PANEL] == before[PANEL] + 6
        assert all(after[agency] >= before[agency] for agency in FIVE)
        report = await town.report()
        assert report.holds
        assert [town.alarms(agency) for agency in town.world.edges] == [[]] * 6
        assert queued.to == PANEL
        assert url
