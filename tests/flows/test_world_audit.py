"""The whole log of a town is verified, and every way to falsify it is found out."""

import asyncio
import fcntl
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner

from broker.audit.verify import Finding
from broker.faults import StoreFault
from deploy.cli.audit import verify_world
from deploy.cli.main import main
from deploy.nats.embedded import EmbeddedBus
from deploy.sandbox.world import World
from schemas.record import commitment, leaf_data
from tests.northmere import SCHOOL, Held, held_in, northmere, rewrite

pytestmark = pytest.mark.asyncio(loop_scope="module")
Change = Callable[[list[Held]], list[Held]]
_LOGS = ("LOG", "RECORDS", "CHECKPOINTS")


@dataclass
class Archive:
    """What a town left behind: its bus without its services, and its three logs as they were."""

    folder: Path
    bus: EmbeddedBus
    was: dict[str, list[Held]]

    async def findings(self) -> set[Finding]:
        report, _ = await verify_world(self.folder, self.bus.url)
        assert report.holds == (not report.findings)
        return {one.what for one in report.findings}

    async def forge(self, **changes: Change) -> None:
        for stream, change in changes.items():
            await rewrite(self.bus, stream, change(list(self.was[stream])))

    async def restore(self, *names: str) -> None:
        for stream in names:
            await rewrite(self.bus, stream, self.was[stream])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def archive(
    nats_server: Path, founded: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Archive]:
    """A town that exchanged for a while, and stopped."""
    folder = tmp_path_factory.mktemp("archive") / "northmere"
    async with northmere(founded, folder) as town:
        for number in range(2):
            sent = await town.ask(f"V-{number}", SCHOOL)
            await town.answer(SCHOOL, sent[SCHOOL])
            await town.quiet()
        assert (await town.report()).holds  # remembers the checkpoint
    bus = await EmbeddedBus.start(folder / "bus")
    yield Archive(folder, bus, {name: await held_in(bus.admin, name) for name in _LOGS})
    await bus.stop()


def flipped(messages: list[Held], place: int = 5) -> list[Held]:
    """One letter of one message changed."""
    place = min(place, len(messages) - 2)
    data = messages[place].data
    at = len(data) // 2
    letter = b"A" if data[at : at + 1] != b"A" else b"B"
    messages[place] = replace(messages[place], data=data[:at] + letter + data[at + 1 :])
    return messages


def without(messages: list[Held], place: int = 5) -> list[Held]:
    return messages[:place] + messages[place + 1 :]


def with_one_more(messages: list[Held], place: int = 5) -> list[Held]:
    """Another message put in between, of the same kind and about nothing that happened."""
    kind = messages[place].subject.rpartition(".")[0]
    forged = replace(flipped(list(messages), place)[place], subject=f"{kind}.{'0' * 64}")
    return [*messages[:place], forged, *messages[place:]]


def cut(messages: list[Held]) -> list[Held]:
    return messages[:-3]


def swapped(messages: list[Held]) -> list[Held]:
    messages[4], messages[5] = messages[5], messages[4]
    return messages


ROWS = [
    ("RECORDS", flipped, {Finding.CHANGED}),
    ("RECORDS", without, {Finding.REMOVED}),
    ("RECORDS", with_one_more, {Finding.INSERTED}),
    ("RECORDS", cut, {Finding.REMOVED}),
    ("RECORDS", swapped, {Finding.REORDERED}),
    ("LOG", flipped, {Finding.CHANGED, Finding.ROOT, Finding.HISTORY}),
    ("LOG", without, {Finding.INSERTED, Finding.ROOT, Finding.TRUNCATED}),
    ("LOG", with_one_more, {Finding.REMOVED, Finding.ROOT, Finding.HISTORY, Finding.UNSIGNED}),
    ("LOG", cut, {Finding.INSERTED, Finding.TRUNCATED}),
    ("LOG", swapped, {Finding.REORDERED, Finding.ROOT, Finding.HISTORY}),
    ("CHECKPOINTS", flipped, {Finding.SIGNATURE}),
]


async def test_the_log_as_it_was_left_holds(archive: Archive) -> None:
    """Leaves, records and checkpoints fit each other and the checkpoint that was remembered."""
    assert await archive.findings() == set()
    assert len(archive.was["LOG"]) == len(archive.was["RECORDS"]) > 15
    assert len(archive.was["CHECKPOINTS"]) > 2


@pytest.mark.parametrize(
    ("stream", "change", "found"), ROWS, ids=[f"{r[0].lower()} {r[1].__name__}" for r in ROWS]
)
async def test_each_falsification_is_found_out(
    archive: Archive, stream: str, change: Change, found: set[Finding]
) -> None:
    """One record, leaf or checkpoint changed, removed, put in, cut off or moved: named for what it is."""
    await archive.forge(**{stream: change})
    seen = await archive.findings()
    assert found <= seen
    assert seen - found <= {Finding.TRUNCATED, Finding.UNSIGNED}
    await archive.restore(stream)
    assert await archive.findings() == set()


async def test_record_and_leaf_forged_together_break_the_signed_root(archive: Archive) -> None:
    """Whoever forges both, so that they fit each other, has no key to sign the new root with."""
    records = flipped(list(archive.was["RECORDS"]))
    leaf = leaf_data(commitment(records[5].data.decode()))
    leaves = list(archive.was["LOG"])
    leaves[5] = replace(leaves[5], data=leaf)
    await archive.forge(RECORDS=lambda _: records, LOG=lambda _: leaves)
    assert await archive.findings() >= {Finding.ROOT, Finding.HISTORY}
    await archive.restore("RECORDS", "LOG")


async def test_an_end_cut_off_everywhere_is_known_to_whoever_remembers(archive: Archive) -> None:
    """Records, leaves and checkpoints end earlier and fit each other: the remembered one tells."""
    sizes = [int(one.subject.rpartition(".")[2]) for one in archive.was["CHECKPOINTS"]]
    keep = sizes[-3]
    await archive.forge(
        RECORDS=lambda held: held[:keep],
        LOG=lambda held: held[:keep],
        CHECKPOINTS=lambda held: held[:-2],
    )
    assert await archive.findings() == {Finding.TRUNCATED}
    await archive.restore(*_LOGS)


async def test_the_command_ends_with_five(archive: Archive) -> None:
    """`dovetail audit verify` says so by its exit code, and by a document for scripts."""
    endpoints = {"bus": archive.bus.url, "pid": 1, "agencies": []}
    (archive.folder / "endpoints.json").write_text(json.dumps(endpoints))
    command = ["audit", "verify", "--dir", str(archive.folder), "--json"]
    with (archive.folder / "lock").open("rb") as lock:  # as whoever runs the world holds it
        fcntl.flock(lock, fcntl.LOCK_EX)
        whole = await asyncio.to_thread(CliRunner().invoke, main, command)
        await archive.forge(RECORDS=without)
        broken = await asyncio.to_thread(CliRunner().invoke, main, command)
    (archive.folder / "endpoints.json").unlink()
    await archive.restore("RECORDS")
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.stdout)["verified"] is True
    assert broken.exit_code == 5
    assert json.loads(broken.stdout)["verified"] is False


async def test_a_town_whose_log_was_cut_does_not_start(archive: Archive) -> None:
    """Services that find fewer leaves than they signed refuse to go on over the loss."""
    await archive.forge(LOG=cut)
    await archive.bus.stop()
    with pytest.raises(StoreFault):
        await World.start(archive.folder)
    archive.bus = await EmbeddedBus.start(archive.folder / "bus")
    await archive.restore("LOG")
    assert await archive.findings() == set()
