"""What a sender writes into headers has no effect, and no service has more rights than it needs."""

import pytest

from broker.bus import Bus
from broker.bus_connection import open_connection
from broker.faults import BusUnavailable, CredentialsFault
from broker.nkeys import Credentials, NKey
from deploy.nats import accounts, streams
from tests.world import Handler, RawPublisher, World, until


async def test_a_senders_status_header_ends_nothing(world: World) -> None:
    """Headers by which a server speaks to clients are a sender's words here, and are not heard."""
    member = await world.join("school")
    raw = await RawPublisher.connect(world.bus.url, member.credentials)
    poison = [
        b"NATS/1.0 404 No Messages\r\n\r\n",
        b"NATS/1.0\r\nStatus: 409\r\nDescription: Consumer Deleted\r\n\r\n",
        b"NATS/1.0\r\nStatus: 503\r\n\r\n",
        b"NATS/1.0\r\nStatus: abc\r\n\r\n",
        b"NATS/1.0\r\nStatus: 100\r\nNats-Consumer-Stalled: $JS.API.STREAM.DELETE.LOG\r\n\r\n",
        b"NATS/1.0\r\nreply_to: $JS.API.STREAM.DELETE.LOG\r\n\r\n",
        b"NATS/1.0\r\nreply_to: verdicts.planted\r\n\r\n",
        b"NATS/1.0\r\nNats-Rollup: all\r\n\r\n",
        b"NATS/1.0\r\nNats-TTL: 1s\r\n\r\n",
        b"NATS/1.0\r\nNats-Schedule: @every 1s\r\nNats-Schedule-Target: verdicts.x\r\n\r\n",
        b"NATS/1.0 \xff\xfe\r\nA: \xff\r\n\r\n",
        b"NATS/1.0",
        b"garbage",
    ]
    taken = 0
    for number, headers in enumerate(poison):
        answer = await raw.publish("in.env", headers, b"p%d" % number)
        taken += b"error" not in answer
    await raw.publish("in.env", b"NATS/1.0\r\n\r\n", b"last")
    handler, bus = Handler(), await world.service()
    await bus.serve(member.ingress, "gate", handler, service="gate")
    await until(lambda: handler.done[-1:] == [b"last"])
    assert len(handler.done) == taken + 1
    assert taken >= 8
    assert await streams.exists(world.bus.admin, "LOG")
    assert (await bus.newest("VERDICTS")) is None
    await raw.close()


async def test_unreadable_headers_do_not_drop_the_connection(world: World) -> None:
    """Within one account even a status line that is not UTF-8 reaches us, and the library would choke."""
    user = NKey.generate("user")
    jwt = accounts.user_jwt(world.bus.keys.hub, user.public, "inside", publish=("verdicts.>",))
    raw = await RawPublisher.connect(world.bus.url, Credentials(jwt, user))
    for number, headers in enumerate(
        [b"NATS/1.0 \xff\xfe\r\n\r\n", b"NATS/1.0 404\xff \xff\r\nA: b\r\n\r\n", b"NATS/1.0"]
    ):
        await raw.publish(f"verdicts.{number}", headers, b"v%d" % number)
    handler, bus = Handler(), await world.service()
    await bus.serve("VERDICTS", "release", handler, service="release")
    await until(lambda: len(handler.done) == 3)
    assert [one.deliveries for one in handler.seen] == [1, 1, 1]
    await raw.close()


async def test_a_service_may_not_administer(world: World) -> None:
    """The services' credentials cannot make, change or delete a stream, nor write another's ingress."""
    member = await world.join("school")
    worker = await open_connection(world.bus.url, world.bus.credentials("worker"), name="w")
    world.opened.append(worker.close)
    for name in ("STREAM.CREATE.X", "STREAM.DELETE.LOG", "STREAM.PURGE.LOG", "STREAM.UPDATE.LOG", "STREAM.LIST",
                 f"CONSUMER.DELETE.{member.ingress}.gate", "STREAM.MSG.DELETE.LOG"):  # fmt: skip
        with pytest.raises(BusUnavailable):
            await worker.request(f"$JS.API.{name}", b"{}", timeout_s=0.2, settle_s=0.2)
    with pytest.raises(BusUnavailable):
        await worker.request(f"in.{member.id}.env", b"forged", timeout_s=0.2, settle_s=0.2)


async def test_who_is_not_known_is_told_so(world: World) -> None:
    """Credentials of another operator are refused as such, not waited for."""
    stranger, user = NKey.generate("account"), NKey.generate("user")
    jwt = accounts.agency_user_jwt(stranger, user.public)
    with pytest.raises(CredentialsFault):
        await open_connection(world.bus.url, Credentials(jwt, user), name="stranger")
    with pytest.raises(CredentialsFault):
        await Bus.connect(world.bus.url, Credentials(jwt, user), clock=world.clock, name="stranger")
