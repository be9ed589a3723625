"""The broker's store: made once, checked at every start, never made again over what was lost."""

from pathlib import Path

import pytest

from broker.bus import Bus
from broker.clock import Clock
from broker.faults import CredentialsFault, Fault, NotEnoughRoom, StoreFault
from deploy.nats import config, permissions, streams
from deploy.nats.config import Limits
from deploy.nats.embedded import EmbeddedBus
from deploy.nats.join import join
from deploy.nats.server import NoServerBinary, Server, binary
from schemas import subjects
from tests.world import World, a_world

CANARY = b"CANARY-7f3a-on-disk"


async def bus_of(embedded: EmbeddedBus) -> Bus:
    """A service's bus, to be closed by the test."""
    return await Bus.connect(embedded.url, embedded.credentials("worker"), clock=Clock(), name="w")


async def fill(root: Path) -> None:
    """A store with one message in it, in good order."""
    embedded = await EmbeddedBus.start(root)
    bus = await bus_of(embedded)
    await bus.create(f"content.{1:064x}", CANARY)
    await bus.close()
    await embedded.stop()


async def content_of(root: Path) -> bytes | None:
    """What is stored, after a start in good order."""
    embedded = await EmbeddedBus.start(root)
    bus = await bus_of(embedded)
    try:
        found = await bus.newest("CONTENT")
        return found.data if found else None
    finally:
        await bus.close()
        await embedded.stop()


async def test_what_was_stored_is_there_after_a_restart(nats_server: Path, tmp_path: Path) -> None:
    """Stop and start: same keys, same streams, same messages."""
    await fill(tmp_path / "bus")
    assert await content_of(tmp_path / "bus") == CANARY


async def test_on_disk_nothing_is_readable(nats_server: Path, tmp_path: Path) -> None:
    """Neither payload nor subject stand in any file of the store, and every secret is 0600."""
    root = tmp_path / "bus"
    await fill(root)
    for path in root.rglob("*"):
        if path.is_file() and path.suffix != ".log":
            data = path.read_bytes()
            assert CANARY not in data
            assert f"content.{1:064x}".encode() not in data
    for path in (*(root / "keys").iterdir(), root / "nats.conf", root / "jetstream-key.conf"):
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "jetstream-key.conf").read_text().split('"')[1] not in (
        root / "nats.conf"
    ).read_text()


async def test_a_wrong_key_refuses_to_start_and_harms_nothing(
    nats_server: Path, tmp_path: Path
) -> None:
    """The server would start with streams missing; we do not, and the right key finds everything."""
    root = tmp_path / "bus"
    await fill(root)
    key = root / "jetstream-key.conf"
    right = key.read_text()
    key.write_text(f'key: "{"00" * 32}"\n')
    for _ in range(2):
        with pytest.raises(StoreFault):
            await EmbeddedBus.start(root)
    key.write_text(right)
    assert await content_of(root) == CANARY


async def test_a_lost_store_is_not_made_again(nats_server: Path, tmp_path: Path) -> None:
    """Streams that are gone are named, and the start is refused until somebody restores them."""
    root = tmp_path / "bus"
    await fill(root)
    (root / "js").rename(tmp_path / "lost")
    with pytest.raises(StoreFault, match=r"missing.*CONTENT"):
        await EmbeddedBus.start(root)


async def test_a_first_start_that_was_broken_off_is_taken_up_again(
    nats_server: Path, tmp_path: Path
) -> None:
    """As long as nothing was stored, making the streams may be repeated."""
    root = tmp_path / "bus"
    embedded = await EmbeddedBus.start(root)
    await embedded.admin.api("STREAM.DELETE.FEED")
    await embedded.admin.api("STREAM.PURGE.KV_meta")
    await embedded.stop()
    (root / "provisioned").unlink()
    await (await EmbeddedBus.start(root)).stop()


async def test_a_store_with_messages_is_never_taken_for_a_new_one(
    nats_server: Path, tmp_path: Path
) -> None:
    """Even if the marker beside the store was lost."""
    root = tmp_path / "bus"
    await fill(root)
    (root / "provisioned").unlink()
    with pytest.raises(StoreFault, match="holds messages"):
        await EmbeddedBus.start(root)


async def test_an_unknown_format_is_refused(nats_server: Path, tmp_path: Path) -> None:
    """A store written by a newer version is not touched by an older one."""
    root = tmp_path / "bus"
    embedded = await EmbeddedBus.start(root)
    await embedded.admin.store("$KV.meta.format", b"2")
    await embedded.stop()
    with pytest.raises(StoreFault, match="format"):
        await EmbeddedBus.start(root)


async def test_a_stream_that_was_changed_is_noticed(nats_server: Path, tmp_path: Path) -> None:
    """What a start relies on is compared with the declaration."""
    root = tmp_path / "bus"
    embedded = await EmbeddedBus.start(root)
    held = (await embedded.admin.api("STREAM.INFO.OUT"))["config"]
    await embedded.admin.api(
        "STREAM.UPDATE.OUT", held | {"discard": "old", "discard_new_per_subject": False}
    )
    await embedded.stop()
    with pytest.raises(StoreFault, match=r"OUT.*discard"):
        await EmbeddedBus.start(root)


async def test_two_servers_do_not_share_a_store(world: World) -> None:
    """The server itself would let them, and they would destroy it."""
    with pytest.raises(StoreFault, match="Another process"):
        await EmbeddedBus.start(world.bus.root)


async def test_keys_are_never_replaced(tmp_path: Path) -> None:
    """New keys over an old store would lock everybody out of it."""
    config.create_keys(tmp_path / "bus")
    with pytest.raises(StoreFault):
        config.create_keys(tmp_path / "bus")
    (tmp_path / "bus" / "keys" / "hub.seed").unlink()
    with pytest.raises(CredentialsFault):
        config.load_keys(tmp_path / "bus")


async def test_a_lost_ingress_is_not_made_again(world: World) -> None:
    """An agency that joined before, and whose stream is gone, has lost messages: nobody papers over it."""
    member = await world.join("school")
    rejoin = (world.bus.admin, world.bus.system, world.bus.keys, member.id, "school")
    for size in (2, 1):  # joining again is harmless, and sets the quota
        await join(*rejoin, quota=streams.Quota(max_bytes=size * 1024 * 1024))
        info = await world.bus.admin.api(f"STREAM.INFO.{member.ingress}")
        assert info["config"]["max_bytes"] == size * 1024 * 1024
    await world.bus.admin.api(f"STREAM.DELETE.{member.ingress}")
    with pytest.raises(StoreFault, match="ingress is missing"):
        await join(*rejoin)
    with pytest.raises(ValueError, match="account"):
        await join(world.bus.admin, world.bus.system, world.bus.keys, "nonsense", "x")


async def test_a_full_store_refuses_and_keeps(nats_server: Path, tmp_path: Path) -> None:
    """When the machine's room is used up, writes are refused as such and what is there stays."""
    async with a_world(tmp_path, limits=Limits(store_bytes=3 * 1024 * 1024)) as world:
        bus = await world.service()
        stored = 0

        async def fill_up() -> None:
            nonlocal stored
            for number in range(100):
                await bus.create(f"content.{number:064x}", bytes(100_000))
                stored += 1

        with pytest.raises(NotEnoughRoom):
            await fill_up()
        assert stored > 5
        found = [one async for one in bus.read("CONTENT")]
        assert len(found) == stored


async def test_the_log_can_not_be_shortened(world: World) -> None:
    """Deleting and purging are denied even to the administrator, and the denial cannot be lifted."""
    bus = await world.service()
    await bus.append("log.aa", b"leaf", expected_last_sequence=0)
    held = (await world.bus.admin.api("STREAM.INFO.LOG"))["config"]
    for name, body in (
        ("STREAM.PURGE.LOG", {}),
        ("STREAM.MSG.DELETE.LOG", {"seq": 1}),
        ("STREAM.UPDATE.LOG", held | {"deny_delete": False, "deny_purge": False}),
    ):
        with pytest.raises(StoreFault):
            await world.bus.admin.api(name, body)
    assert await bus.at("LOG", 1) is not None


async def test_no_monitoring_port_is_open(world: World) -> None:
    """Monitoring has no password; health goes by the system account."""
    assert world.bus.server.monitor == ""
    assert await streams.healthy(world.bus.system)


def test_beyond_loopback_needs_tls(tmp_path: Path) -> None:
    """This version does not set TLS up, so it does not listen wider."""
    keys = config.create_keys(tmp_path / "bus")
    with pytest.raises(StoreFault, match="loopback"):
        config.write_config(tmp_path / "bus", keys, listen="0.0.0.0:4222")


def test_every_name_of_the_bus_is_declared() -> None:
    """Streams and buckets are exactly those of schemas.subjects."""
    declared = {one.name for one in streams.STREAMS}
    assert declared == set(subjects.STREAMS) | {f"KV_{name}" for name in subjects.BUCKETS}
    assert streams.STREAMS[-1].name == "KV_meta"


def test_no_service_may_administer() -> None:
    """No role but admin has a right to make or change anything, or to write into an ingress."""
    for role in permissions.ROLES:
        if role == "admin":
            continue
        for subject in permissions.publish(role):
            assert not subject.startswith(
                ("$JS.API.STREAM.CREATE", "$JS.API.STREAM.DELETE", "$JS.API.STREAM.UPDATE")
            )
            assert not subject.startswith(
                (
                    "$JS.API.CONSUMER.CREATE",
                    "$JS.API.CONSUMER.DELETE",
                    "$SYS",
                    "in.",
                    ">",
                    "$JS.API.>",
                )
            )
            assert "PURGE.LOG" not in subject
            assert "PURGE.RECORDS" not in subject
    assert "in.A.env" in permissions.publish("gathering", broker_account="A")
    assert "in.A.env" not in permissions.publish("audit", broker_account="A")


def test_a_missing_server_is_said_to_be_missing(tmp_path: Path) -> None:
    """A configured binary that is not there is not replaced by another."""
    with pytest.raises(NoServerBinary):
        binary(tmp_path / "nats-server")


def test_a_server_that_cannot_start_says_why(nats_server: Path, tmp_path: Path) -> None:
    """A broken configuration ends at once with the server's own words, and frees the store."""
    (tmp_path / "nats.conf").write_text("port: nonsense\n")
    server = Server(tmp_path, nats_server)
    for _ in range(2):
        with pytest.raises(Fault, match="ended at once"):
            server.start()
    assert not server.running
