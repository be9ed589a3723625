"""What the bus promises to services, held against a real server."""

import asyncio
import hashlib
import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from broker import backoff
from broker.bus import Bus, Incoming, Parked
from broker.bus_connection import Connection
from broker.faults import Bug, BusUnavailable, Fault
from deploy.nats import streams
from tests.world import Handler, World, forward, until


async def put(edge: Connection, *messages: bytes) -> None:
    """Send messages, one after the other."""
    for message in messages:
        await edge.store("in.env", message)


async def settled(world: World, stream: str) -> None:
    """Wait until a work queue is empty: all is handled, and the server knows."""
    async with asyncio.timeout(20):
        while (await world.bus.admin.api(f"STREAM.INFO.{stream}"))["state"]["messages"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def whatever_is_parked(operator: Bus) -> list[Parked]:
    """Wait until something is parked, and list it."""
    async with asyncio.timeout(20):
        while not (found := [one async for one in operator.parked()]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


async def test_a_message_is_named_by_its_hash_and_dated_by_its_stream(world: World) -> None:
    """Id, account, arrival and place are the bus's, whatever the sender says."""
    member = await world.join("school")
    forward(world, days=30)
    edge, bus, handler = await world.edge(member), await world.service(), Handler()
    before = world.clock.now()
    await edge.store(
        "in.env", b"hello", headers={"Dovetail-Arrived-At": "2020-01-01T00:00:00+00:00"}
    )
    after = world.clock.now()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await until(lambda: handler.done)
    one = handler.seen[0]
    assert one.id == hashlib.sha256(b"hello").hexdigest()
    assert (one.account, one.subject) == (member.id, f"in.{member.id}.env")
    assert (one.stream, one.sequence, one.deliveries) == (member.ingress, 1, 1)
    assert before <= one.arrived_at <= after


async def test_each_ingress_keeps_its_order_and_agencies_run_side_by_side(world: World) -> None:
    """A message that fails holds up those behind it from the same agency, and nobody else's."""
    slow, fast = await world.join("slow"), await world.join("fast")
    await put(await world.edge(slow), *(b"s%d" % n for n in range(10)))
    await put(await world.edge(fast), *(b"f%d" % n for n in range(10)))
    failing, smooth = Handler(*(Fault() for _ in range(3)), on=b"s0"), Handler()
    bus = await world.service()
    await bus.serve(slow.ingress, "gate", failing, service="gate")
    await bus.serve(fast.ingress, "gate", smooth, service="gate")
    await until(lambda: len(smooth.done) == 10)
    assert failing.done == []
    await until(lambda: len(failing.done) == 10)
    assert failing.done == [b"s%d" % n for n in range(10)]
    assert smooth.done == [b"f%d" % n for n in range(10)]


async def test_what_failed_comes_again_later_and_later(world: World) -> None:
    """Waits grow as backoff says, arrival stays, and what is settled does not come again."""
    member = await world.join("school")
    handler = Handler(Fault(), RuntimeError(), OSError())
    bus = await world.service()
    await put(await world.edge(member), b"once")
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await until(lambda: handler.done)
    waits = [b - a for a, b in zip(handler.times, handler.times[1:], strict=False)]
    for number, wait in enumerate(waits, 1):
        assert backoff.wait_s(number) * 0.95 <= wait < backoff.wait_s(number) + 0.5
    assert [one.deliveries for one in handler.seen] == [1, 2, 3, 4]
    assert len({one.arrived_at for one in handler.seen}) == 1
    await asyncio.sleep(2)
    assert len(handler.seen) == 4


async def test_a_bug_is_parked_at_once_and_the_stream_goes_on(world: World) -> None:
    """Bytes, subject, arrival and the kind of failure are kept; the next message is handled."""
    member = await world.join("school")
    handler = Handler(Bug("secret text"), on=b"bad")
    await put(await world.edge(member), b"bad", b"good")
    bus = await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await until(lambda: handler.done == [b"good"])
    operator = await world.service("operator")
    (parked,) = await whatever_is_parked(operator)
    first = handler.seen[0]
    assert (parked.service, parked.account, parked.id) == ("gate", member.id, first.id)
    assert (parked.subject, parked.arrived_at) == (first.subject, first.arrived_at)
    assert parked.reason == "Bug"
    stored = await operator.at("PARKED", parked.sequence)
    assert stored is not None
    assert stored.data == b"bad"
    await settled(world, member.ingress)


async def test_an_unknown_exception_is_parked_after_a_few_deliveries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something that is neither fault nor bug gets its chances, and no more."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_S", 0.01)
    member = await world.join("school")
    handler = Handler(*(KeyError() for _ in range(99)), on=b"bad")
    await put(await world.edge(member), b"bad", b"good")
    bus = await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await until(lambda: handler.done == [b"good"])
    assert len(handler.seen) == backoff.MAX_DELIVERIES + 1


async def test_faults_are_not_parked_so_soon_and_never_where_none_may_be_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage parks nothing; a service that says parks=False keeps even a bug's message in its place."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_S", 0.01)
    member = await world.join("school")
    monkeypatch.setattr(backoff, "LONGEST_WAIT_S", 0.05)
    handler = Handler(*(Fault() for _ in range(9)), *(Bug() for _ in range(2)), on=b"a")
    await put(await world.edge(member), b"a", b"b")
    bus = await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate", parks=False)
    await until(lambda: handler.done == [b"a", b"b"])
    assert len(handler.seen) == 13


async def test_what_was_unparked_comes_as_it_first_came(world: World) -> None:
    """Same bytes, same subject, same account, same arrival; by RETRY, once, and gone from PARKED."""
    member = await world.join("school")
    handler = Handler(Bug())
    await put(await world.edge(member), b"bad")
    bus = await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    operator = await world.service("operator")
    (waiting,) = await whatever_is_parked(operator)
    forward(world, days=3)
    await bus.serve("RETRY", "gate", handler, service="gate")
    await operator.unpark(waiting.sequence)
    await until(lambda: handler.done == [b"bad"])
    first, again = handler.seen
    assert (again.id, again.subject, again.account) == (first.id, first.subject, first.account)
    assert again.arrived_at == first.arrived_at
    assert (again.stream, again.deliveries) == ("RETRY", 1)
    assert [one async for one in operator.parked()] == []
    with pytest.raises(LookupError):
        await operator.unpark(waiting.sequence)


async def test_a_retry_that_fails_again_is_parked_again_with_its_first_arrival(
    world: World,
) -> None:
    """However often a message is brought back, it arrived when it arrived."""
    member = await world.join("school")
    handler = Handler(Bug(), Bug())
    await put(await world.edge(member), b"bad")
    bus, operator = await world.service(), await world.service("operator")
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await bus.serve("RETRY", "gate", handler, service="gate")
    for round_ in (1, 2):
        found = await whatever_is_parked(operator)
        assert found[0].arrived_at == handler.seen[0].arrived_at
        await operator.unpark(found[0].sequence)
        await until(lambda: len(handler.seen) > round_)  # noqa: B023 - used within this round
    await until(lambda: handler.done == [b"bad"])
    assert len({one.arrived_at for one in handler.seen}) == 1


async def test_a_handler_that_hangs_is_ended_and_its_message_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler past its time is stopped: its message is not stuck, nor handled twice at once."""
    monkeypatch.setattr(backoff, "HANDLE_TIMEOUT_S", 0.2)
    member = await world.join("school")
    running: list[int] = []
    seen: list[int] = []

    async def handle(message: Incoming) -> None:
        seen.append(message.deliveries)
        running.append(1)
        assert len(running) == 1
        try:
            if message.deliveries == 1:
                await asyncio.Event().wait()
        finally:
            running.pop()

    await put(await world.edge(member), b"x")
    bus = await world.service()
    await bus.serve(member.ingress, "gate", handle, service="gate")
    await until(lambda: seen == [1, 2])


async def test_a_killed_service_loses_nothing(world: World, tmp_path: Path) -> None:
    """Kill -9 of a process in the middle of a message: another takes it up, in order."""
    member = await world.join("school")
    await put(await world.edge(member), b"m0", b"m1", b"m2")
    started = tmp_path / "started"
    creds = world.bus.credentials_file("worker")
    program = textwrap.dedent(f"""
        import asyncio, pathlib
        from broker.bus import Bus
        from broker.clock import Clock
        async def handle(message):
            pathlib.Path({str(started)!r}).touch()
            await asyncio.sleep(60)
        async def main():
            bus = await Bus.connect({world.bus.url!r}, pathlib.Path({str(creds)!r}), clock=Clock(), name="victim")
            await bus.serve({member.ingress!r}, "gate", handle, service="gate")
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    root = Path(__file__).parents[2]
    victim = subprocess.Popen(  # noqa: ASYNC220 - starts, and does not wait
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
    )
    try:
        await until(started.exists)
    finally:
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    handler, bus = Handler(), await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await until(lambda: len(handler.done) == 3)
    assert handler.done == [b"m0", b"m1", b"m2"]
    assert handler.seen[0].deliveries == 2


async def test_a_killed_server_loses_nothing_that_was_acknowledged(world: World) -> None:
    """Kill -9 of the server while messages flow: all that was stored is handled, in order."""
    member = await world.join("school")
    edge, handler, bus = await world.edge(member), Handler(), await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    stored: list[bytes] = []

    async def keep_sending() -> None:
        for number in range(60):
            message = b"%03d" % number
            while message not in stored:
                try:
                    await edge.store("in.env", message, headers={"Nats-Msg-Id": message.decode()})
                    stored.append(message)
                except Fault:
                    await asyncio.sleep(0.05)

    sending = asyncio.create_task(keep_sending())
    await until(lambda: len(handler.done) > 10)
    world.bus.server.kill()
    world.bus.restart()
    await asyncio.wait_for(sending, 30)
    await until(lambda: set(handler.done) == set(stored), patience_s=30)
    firsts = list(dict.fromkeys(handler.done))
    assert firsts == [b"%03d" % number for number in range(60)]


async def test_a_deleted_consumer_is_waited_for_without_spinning(world: World) -> None:
    """The loop rests between tries, and goes on when an operator has made the consumer again."""
    member = await world.join("school")
    handler, bus = Handler(), await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await put(await world.edge(member), b"one")
    await settled(world, member.ingress)
    assert handler.done == [b"one"]
    await world.bus.admin.api(f"CONSUMER.DELETE.{member.ingress}.gate")
    sent = bus._connection.client.stats["out_msgs"]
    spent = os.times()
    await asyncio.sleep(2)
    used = os.times()
    assert bus._connection.client.stats["out_msgs"] - sent < 20
    assert used.user + used.system - spent.user - spent.system < 0.5
    consumer = streams.ingress(member.id).consumers[0]
    await streams.add_consumer(world.bus.admin, member.ingress, consumer)
    await put(await world.edge(member), b"two")
    await until(lambda: handler.done == [b"one", b"two"])


async def test_a_connection_closed_for_good_is_told_and_does_not_spin(world: World) -> None:
    """The process learns that it should end; meanwhile nothing burns."""
    member = await world.join("school")
    bus = await world.service()
    await bus.serve(member.ingress, "gate", Handler(), service="gate")
    lost = asyncio.create_task(bus.wait_lost())
    await asyncio.sleep(0)
    assert not lost.done()
    await bus._connection.client.close()
    spent = os.times()
    await asyncio.wait_for(lost, 5)
    await asyncio.sleep(1)
    used = os.times()
    assert used.user + used.system - spent.user - spent.system < 0.5
    with pytest.raises(BusUnavailable):
        await bus.create("verdicts.x", b"")


async def test_serving_ends_when_told_and_may_begin_again(world: World) -> None:
    """An agency that leaves is no longer served; one that comes back is, from where it was."""
    member = await world.join("school")
    edge, bus, handler = await world.edge(member), await world.service(), Handler()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    with pytest.raises(ValueError, match="already"):
        await bus.serve(member.ingress, "gate", handler, service="gate")
    await put(edge, b"1")
    await until(lambda: handler.done == [b"1"])
    await bus.cease(member.ingress, "gate")
    await bus.cease(member.ingress, "gate")
    await put(edge, b"2")
    await asyncio.sleep(0.3)
    assert handler.done == [b"1"]
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await until(lambda: handler.done == [b"1", b"2"])


async def test_a_failing_handlers_words_are_not_logged(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of an exception that quotes a message, only the type is told."""
    member = await world.join("school")
    handler = Handler(ValueError("Orla Brightwater"))
    await put(await world.edge(member), b"Orla Brightwater")
    bus = await world.service()
    with caplog.at_level(logging.DEBUG):
        await bus.serve(member.ingress, "gate", handler, service="gate")
        await until(lambda: handler.done)
    told = capfd.readouterr()
    assert "ValueError" in told.out + told.err
    assert "Orla" not in told.out + told.err + caplog.text
