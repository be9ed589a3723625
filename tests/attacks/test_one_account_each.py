"""What an agency tries with its own valid credentials, on the bus itself (decision 0020)."""

import asyncio
import json
from contextlib import suppress

import pytest

from broker import bus_connection
from broker.bus_connection import Connection, open_connection
from broker.bus_pull import Pull
from broker.faults import BusUnavailable, CredentialsFault, Fault
from broker.nkeys import Credentials, NKey
from deploy.nats import accounts
from deploy.nats.join import revoke_users
from tests.world import Member, World, until


@pytest.fixture
async def two(world: World) -> tuple[Member, Member]:
    """The attacker and the attacked, who has a delivery waiting."""
    attacker, victim = await world.join("attacker"), await world.join("victim")
    gate = await world.service()
    for number in range(3):
        await gate.create(f"out.{victim.id}.manifest.{number:064x}", b"for the victim")
    return attacker, victim


async def state(world: World) -> dict[str, tuple[int, int]]:
    """How many messages and consumers every stream has."""
    listed = await world.bus.admin.api("STREAM.LIST")
    return {
        one["config"]["name"]: (one["state"]["messages"], one["state"]["consumer_count"])
        for one in listed["streams"]
    }


async def refused(edge: Connection, subject: str, data: bytes = b"{}") -> bool:
    """Whether a request gets no answer at all."""
    try:
        await edge.request(subject, data, timeout_s=0.2, settle_s=0.0)
    except BusUnavailable:
        return True
    return False


async def test_no_administration_and_nobody_elses_messages(
    world: World, two: tuple[Member, Member]
) -> None:
    """Streams, consumers, buckets, the server and others' deliveries are out of reach."""
    attacker, victim = two
    edge = await world.edge(attacker)
    before = await state(world)
    tried = [
        "$JS.API.INFO",
        "$JS.API.STREAM.LIST",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.INFO.OUT",
        "$JS.API.STREAM.DELETE.OUT",
        "$JS.API.STREAM.PURGE.OUT",
        "$JS.API.STREAM.MSG.GET.OUT",
        "$JS.API.STREAM.MSG.DELETE.OUT",
        f"$JS.API.DIRECT.GET.OUT.out.{victim.id}.manifest.{0:064x}",
        "$JS.API.DIRECT.GET.KV_requests",
        f"$JS.API.CONSUMER.INFO.OUT.{victim.id}",
        f"$JS.API.CONSUMER.DELETE.OUT.{victim.id}",
        "$JS.API.CONSUMER.CREATE.OUT.mine",
        f"$JS.API.CONSUMER.MSG.NEXT.OUT.{victim.id}",
        f"$JS.API.CONSUMER.MSG.NEXT.FEED.{victim.id}",
        f"$JS.API.CONSUMER.MSG.NEXT.{victim.ingress}.gate",
        f"$JS.API.CONSUMER.MSG.NEXT.{attacker.ingress}.gate",
        f"in.{victim.id}.env",
        f"out.{attacker.id}.manifest.{7:064x}",
        f"verdicts.{attacker.id}.{7:064x}",
        f"retry.gate.{attacker.id}",
        "$KV.requests.x",
        "$SYS.REQ.SERVER.PING",
        "$SYS.REQ.CLAIMS.UPDATE",
        "$SYS.REQ.USER.INFO",
        "in.env.more",
        "in.other",
    ]
    for subject in tried:
        assert await refused(edge, subject), subject
    assert await state(world) == before


async def test_a_reply_subject_makes_nobody_act_for_the_attacker(
    world: World, two: tuple[Member, Member]
) -> None:
    """JetStream answers to any reply subject; across accounts that reaches nothing of the broker's."""
    attacker, victim = two
    edge = await world.edge(attacker)
    await (await world.service()).create(f"out.{attacker.id}.manifest.{1:064x}", b"mine")
    before = await state(world)
    goals = [
        "$JS.API.STREAM.DELETE.LOG",
        "$JS.API.STREAM.PURGE.OUT",
        f"$JS.API.CONSUMER.DELETE.OUT.{victim.id}",
        f"in.{victim.id}.env",
        f"verdicts.{victim.id}.{1:064x}",
        "_INBOX.someone",
    ]
    pull = json.dumps({"batch": 1, "no_wait": True}).encode()
    for goal in goals:
        for subject, data in (
            ("inbox.next", pull),
            ("feed.next", pull),
            (f"$JS.ACK.OUT.{attacker.id}.1.1.1.1.0", b"+ACK"),
        ):
            await edge.client.publish(subject, data, reply=goal)
    await edge.client.flush()
    await asyncio.sleep(0.3)
    after = await state(world)
    assert after == before
    for goal in goals:
        await edge.client.publish("in.env", b"x", reply=goal)
    await edge.client.flush()
    await asyncio.sleep(0.3)
    after = await state(world)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {attacker.ingress}


async def test_nothing_of_anothers_is_overheard(world: World, two: tuple[Member, Member]) -> None:
    """Subscribing to everything, or to the victim's inboxes, hears nothing; most of it is denied."""
    attacker, victim = two
    spy = await world.edge(attacker)
    heard: list[str] = []

    async def hear(message: object) -> None:
        heard.append(message.subject)  # type: ignore[attr-defined]

    for subject in ("_INBOX.>", ">", "$SYS.>", "in.>", f"out.{victim.id}.>", "$JS.>"):
        await spy.client.subscribe(subject, cb=hear)  # type: ignore[arg-type]
    own = await world.edge(victim)
    pull = Pull(own, "OUT", victim.id, next_subject="inbox.next")
    await pull.start()
    taken = await pull.take()
    assert taken is not None
    assert taken.data == b"for the victim"
    await own.store("in.env", b"secret")
    await pull.stop()
    await asyncio.sleep(0.2)
    assert heard == []


async def test_an_acknowledgement_for_anothers_delivery_does_nothing(
    world: World, two: tuple[Member, Member]
) -> None:
    """A delivery is the recipient's to acknowledge: forged acknowledgements change nothing."""
    attacker, victim = two
    edge = await world.edge(attacker)
    own = await world.edge(victim)
    pull = Pull(own, "OUT", victim.id, next_subject="inbox.next")
    await pull.start()
    taken = await pull.take()
    assert taken is not None
    for kind in (b"+ACK", b"+TERM", b"-NAK"):
        assert await refused(edge, taken.reply, kind)
        await edge.client.publish(taken.reply, kind)
    await edge.client.flush()
    info = await world.bus.admin.api(f"CONSUMER.INFO.OUT.{victim.id}")
    assert info["num_ack_pending"] == 1
    assert info["ack_floor"]["stream_seq"] == 0
    await pull.stop()


async def test_an_agency_that_gives_itself_all_rights_gains_none(
    world: World, two: tuple[Member, Member]
) -> None:
    """It holds its account's key, so it can make a user with every right: of its own account only."""
    attacker, victim = two
    user = NKey.generate("user")
    jwt = accounts.user_jwt(attacker.account, user.public, "wide", publish=(">",), subscribe=(">",))
    edge = await open_connection(world.bus.url, Credentials(jwt, user), name="wide")
    world.opened.append(edge.close)
    before = await state(world)
    for subject in (
        f"in.{victim.id}.env",
        f"$JS.API.CONSUMER.MSG.NEXT.OUT.{victim.id}",
        "$JS.API.STREAM.DELETE.OUT",
        "$JS.API.STREAM.LIST",
        "$SYS.REQ.CLAIMS.UPDATE",
    ):
        answer = None
        with suppress(Fault):
            answer = (await edge.request(subject, b"{}", timeout_s=0.3, settle_s=0.0)).data
        assert answer is None or b"error" in answer, subject
    # The server tells an account about its own connections; only about those.
    own = await edge.request("$SYS.REQ.ACCOUNT.PING.CONNZ", b"{}", settle_s=0.0)
    assert {one["name"] for one in json.loads(own.data)["data"]["connections"]} == {"wide"}
    after = await state(world)
    # "in.<victim>.env" is a name within its own ingress, which takes no such name.
    assert after == before
    goals = ("$JS.API.STREAM.DELETE.LOG", f"in.{victim.id}.env", f"verdicts.{victim.id}.x")
    for goal in goals:
        await edge.client.publish("inbox.next", b'{"batch":1,"no_wait":true}', reply=goal)
    await edge.client.flush()
    await asyncio.sleep(0.3)
    assert await state(world) == before


async def test_no_message_id_of_one_agency_suppresses_anothers(
    world: World, two: tuple[Member, Member]
) -> None:
    """Duplicates are told per ingress: the same Nats-Msg-Id from two agencies is two messages."""
    attacker, victim = two
    first, second = await world.edge(attacker), await world.edge(victim)
    id_ = {"Nats-Msg-Id": "guessed"}
    assert not (await first.store("in.env", b"a", headers=id_)).duplicate
    assert not (await second.store("in.env", b"b", headers=id_)).duplicate


async def test_the_senders_headers_cannot_change_its_own_queue(
    world: World, two: tuple[Member, Member]
) -> None:
    """Roll-up would delete what waits, expected-sequence and batches would probe: refused or without effect."""
    attacker, _ = two
    edge = await world.edge(attacker)
    await edge.store("in.env", b"one")
    for headers in (
        {"Nats-Rollup": "all"},
        {"Nats-Rollup": "sub"},
        {"Nats-TTL": "1s"},
        {"Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "in.x.env"},
        {"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1"},
        {"Nats-Incr": "+1"},
        {"Nats-Expected-Stream": "LOG"},
    ):
        with pytest.raises(Fault):
            await edge.store("in.env", b"two", headers=headers, settle_s=0.0)
    info = await world.bus.admin.api(f"STREAM.INFO.{attacker.ingress}")
    assert info["state"]["messages"] == 1


async def test_too_many_connections_of_one_agency_are_its_own_trouble(
    world: World, two: tuple[Member, Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of connections is limited per agency; another still connects."""
    monkeypatch.setattr(bus_connection, "CONNECT_TIMEOUT_S", 1.0)
    attacker, victim = two
    for _ in range(accounts.AGENCY_CONNECTIONS):
        await world.edge(attacker)
    with pytest.raises((CredentialsFault, BusUnavailable)):
        await world.edge(attacker)
    assert (await (await world.edge(victim)).store("in.env", b"x")).sequence == 1


async def test_a_revoked_user_is_cut_off(world: World, two: tuple[Member, Member]) -> None:
    """Once revoked, open connections end and the same credentials do not come back; others stay."""
    attacker, victim = two
    edge, other = await world.edge(attacker), await world.edge(victim)
    await revoke_users(world.bus.system, world.bus.keys, attacker.id, "attacker")
    await until(lambda: not edge.client.is_connected)
    with pytest.raises(CredentialsFault):
        await world.edge(attacker)
    assert (await other.store("in.env", b"x")).sequence == 1
