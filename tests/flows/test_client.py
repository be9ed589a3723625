"""The agency's side of the bus, against a real server."""

import asyncio
from pathlib import Path

import pytest

from broker import bus_connection
from broker.client import Client, MessageTooLarge, QuotaReached, Sent
from broker.faults import BusUnavailable, CredentialsFault
from deploy.nats.accounts import write_secret
from deploy.nats.join import leave
from deploy.nats.streams import Quota
from tests.world import Member, World, until


async def client_of(world: World, member: Member) -> Client:
    """An agency's client, by a credentials file as in life."""
    path = world.root / f"{member.name}.creds"
    write_secret(path, member.credentials.text())
    client = await Client.connect(world.bus.url, path)
    world.opened.append(client.close)
    return client


async def test_what_is_sent_stands_in_the_ingress_under_the_senders_account(world: World) -> None:
    """The sender's account is in the subject, put there by the server and not by the sender."""
    school = await world.join("school")
    client = await client_of(world, school)
    assert client.account == school.id
    assert await client.send_envelope(b"one") == Sent(1)
    assert await client.send_receipt(b"two") == Sent(2)
    worker = await world.service("admin")
    first, second = await worker.at(school.ingress, 1), await worker.at(school.ingress, 2)
    assert first is not None
    assert second is not None
    assert (first.subject, first.data) == (f"in.{school.id}.env", b"one")
    assert (second.subject, second.data) == (f"in.{school.id}.receipt", b"two")


async def test_deliveries_come_in_order_until_acknowledged(world: World) -> None:
    """What was taken and not acknowledged comes again; what was acknowledged does not."""
    school = await world.join("school")
    gate = await world.service()
    for number in range(5):
        await gate.create(f"out.{school.id}.manifest.{number:064x}", b"%d" % number)
    first = await client_of(world, school)
    stream = first.deliveries()
    taken = [await anext(stream) for _ in range(5)]
    assert [one.data for one in taken] == [b"0", b"1", b"2", b"3", b"4"]
    assert {one.kind for one in taken} == {"manifest"}
    assert taken[3].id == f"{3:064x}"
    for one in taken[:3]:
        await one.ack()
    await stream.aclose()
    again = first.deliveries()
    rest = [await anext(again) for _ in range(2)]
    assert [(one.data, one.deliveries) for one in rest] == [(b"3", 2), (b"4", 2)]
    for one in rest:
        await one.ack()
    waiting = asyncio.create_task(anext(again))
    await gate.create(f"out.{school.id}.receipt.{9:064x}", b"new")
    assert (await waiting).kind == "receipt"
    await again.aclose()


async def test_the_feed_is_a_stream_of_its_own(world: World) -> None:
    """Feed entries come by feed(), and their number is their id."""
    school = await world.join("school")
    audit = await world.service()
    await audit.create(f"feed.{school.id}.1", b"entry")
    client = await client_of(world, school)
    entries = client.feed()
    entry = await anext(entries)
    assert (entry.kind, entry.id, entry.data) == ("feed", "1", b"entry")
    await entry.ack()
    await entries.aclose()


async def test_a_full_ingress_says_so_and_keeps_what_it_has(world: World) -> None:
    """Past the quota the answer is a value, nothing is lost, and room made is room to send again."""
    school = await world.join("school", quota=Quota(max_bytes=64 * 1024, max_messages=100))
    client = await client_of(world, school)
    results = [await client.send_envelope(b"%04d" % n + b"x" * 10_000) for n in range(10)]
    stored = [one for one in results if isinstance(one, Sent)]
    assert results[: len(stored)] == stored
    assert set(results[len(stored) :]) == {QuotaReached()}
    assert 0 < len(stored) < 10
    seen: list[bytes] = []

    async def handle(message: object) -> None:
        seen.append(message.data[:4])  # type: ignore[attr-defined]

    gate = await world.service()
    await gate.serve(school.ingress, "gate", handle, service="gate")
    await until(lambda: len(seen) == len(stored))
    assert seen == [b"%04d" % n for n in range(len(stored))]
    assert isinstance(await client.send_envelope(b"again" * 1000), Sent)


async def test_one_agencys_full_ingress_does_not_touch_another(world: World) -> None:
    """Quotas are per agency: a flood is its sender's own trouble."""
    flood = await world.join("flood", quota=Quota(max_bytes=64 * 1024, max_messages=3))
    calm = await world.join("calm")
    flooding, sending = await client_of(world, flood), await client_of(world, calm)
    assert QuotaReached() in [await flooding.send_envelope(b"%d" % n) for n in range(5)]
    assert await sending.send_envelope(b"quiet") == Sent(1)


@pytest.mark.parametrize("size", [500 * 1024, 3 * 1024 * 1024])
async def test_what_is_too_large_is_said_to_be_too_large(world: World, size: int) -> None:
    """Larger than the ingress takes, or than the server takes: a value, and the connection lives on."""
    client = await client_of(world, await world.join("school"))
    assert await client.send_envelope(b"x" * size) == MessageTooLarge()
    assert await client.send_envelope(b"small") == Sent(1)


async def test_a_server_killed_and_started_again_is_waited_for(world: World) -> None:
    """An agency's client outlives the server: it sends and takes again without being made anew."""
    school = await world.join("school")
    gate = await world.service()
    client = await client_of(world, school)
    stream = client.deliveries()
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    world.bus.server.kill()
    world.bus.restart()
    async with asyncio.timeout(15):
        while True:
            try:
                await gate.create(f"out.{school.id}.manifest.{1:064x}", b"after")
                break
            except BusUnavailable:
                continue
        assert (await waiting).data == b"after"
        await stream.aclose()
        assert isinstance(await client.send_envelope(b"after"), Sent)


async def test_who_left_is_refused(world: World) -> None:
    """An agency that left is disconnected and cannot come back; the others notice nothing."""
    school, council = await world.join("school"), await world.join("council")
    staying, leaving = await client_of(world, council), await client_of(world, school)
    await leave(world.bus.system, world.bus.keys, school.id)
    await until(lambda: not leaving.connected)
    with pytest.raises(CredentialsFault):
        await client_of(world, school)
    assert await staying.send_envelope(b"still here") == Sent(1)


async def test_joining_disturbs_nobody(world: World) -> None:
    """Agencies join while another sends; nothing of it fails, and each new one can send at once."""
    first = await client_of(world, await world.join("first"))
    results: list[object] = []

    async def keep_sending() -> None:
        while True:
            results.append(await first.send_envelope(b"%d" % len(results)))

    sending = asyncio.create_task(keep_sending())
    for number in range(5):
        started = asyncio.get_running_loop().time()
        newcomer = await client_of(world, await world.join(f"n{number}"))
        assert await newcomer.send_envelope(b"hello") == Sent(1)
        assert asyncio.get_running_loop().time() - started < 2
    sending.cancel()
    assert results
    assert all(isinstance(one, Sent) for one in results)


async def test_a_credentials_file_open_to_others_is_refused(world: World, tmp_path: Path) -> None:
    """A key that others can read is no key."""
    member = await world.join("school")
    path = tmp_path / "open.creds"
    path.write_text(member.credentials.text())
    path.chmod(0o644)
    with pytest.raises(CredentialsFault):
        await Client.connect(world.bus.url, path)


async def test_nobody_there_is_a_fault(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address where no server answers raises BusUnavailable within the connection time."""
    monkeypatch.setattr(bus_connection, "CONNECT_TIMEOUT_S", 1.0)
    member = await world.join("school")
    path = tmp_path / "a.creds"
    write_secret(path, member.credentials.text())
    with pytest.raises(BusUnavailable):
        await Client.connect("nats://127.0.0.1:9", path)
