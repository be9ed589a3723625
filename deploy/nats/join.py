"""An agency joins or leaves: its account, its ingress, its deliveries. Nobody else notices.

Joining takes milliseconds and bears being repeated; so does leaving. Leaving closes the agency's
connections and takes its rights; what lies in its streams stays until the ordinary periods end.
"""

import asyncio
import json
import time
from collections.abc import Mapping

from broker.bus_connection import Connection
from broker.faults import Fault, StoreFault
from broker.nkeys import Credentials, NKey, is_public
from deploy.nats import accounts, streams
from deploy.nats.config import BusKeys
from schemas import subjects
from schemas.subjects import Stream

__all__ = ["agency_credentials", "join", "leave", "revoke_users"]

_HEARD_TIMEOUT_S = 5.0


def agency_credentials(account: NKey) -> Credentials:
    """Credentials for an agency's edge, signed by the agency's own account key: only it can make them."""
    user = NKey.generate("user")
    return Credentials(accounts.agency_user_jwt(account, user.public), user)


async def join(
    admin: Connection,
    system: Connection,
    keys: BusKeys,
    account: str,
    name: str,
    *,
    quota: streams.Quota | None = None,
    replicas: int = 1,
    ack_wait_s: float | None = None,
) -> None:
    """Let an agency in, or bring its quota in line: its streams first, then its account, so that it never meets half a bus.

    Args:
        admin: A connection of role ``admin``.
        system: A connection of the system account.
        keys: Of this bus; the operator's key signs.
        account: The agency's account public key, from its directory entry.
        name: The agency's id, for server logs.
        quota: How much may wait in its ingress.
        replicas: Copies of its ingress.
        ack_wait_s: Only tests shorten it.

    Raises:
        StoreFault: It joined before, and its ingress is gone.
        Fault: The server did not take the account.
        ValueError: ``account`` is not an account key.

    """
    if not is_public("account", account):
        raise ValueError("not the public key of an account")
    joined = f"$KV.meta.joined.{account}"
    there = await streams.exists(admin, subjects.ingress_stream(account))
    if not there and await _is_known(admin, joined):
        raise StoreFault(
            "An agency joined before, and its ingress is missing: it is not made again."
        )
    ingress = streams.ingress(account, quota)
    await streams.add_stream(admin, ingress, replicas=replicas, ack_wait_s=ack_wait_s, update=there)
    mine = {Stream.OUT: subjects.out(account), Stream.FEED: subjects.feed(account)}
    for stream, subject in mine.items():
        consumer = streams.Consumer(account, (subject,), streams.DELIVERIES_IN_FLIGHT)
        await streams.add_consumer(admin, stream, consumer, ack_wait_s=ack_wait_s)
    await admin.store(joined, b"1")
    await _push(system, accounts.agency_account_jwt(keys.operator, keys.hub.public, account, name))


async def revoke_users(
    system: Connection,
    keys: BusKeys,
    account: str,
    name: str,
    *,
    users: Mapping[str, int] | None = None,
) -> None:
    """Make users' JWTs void and close their connections; ``*`` (the default) means all made before now."""
    revocations = users or {"*": int(time.time())}
    await _push(
        system,
        accounts.agency_account_jwt(
            keys.operator, keys.hub.public, account, name, revocations=revocations
        ),
    )


async def leave(system: Connection, keys: BusKeys, account: str) -> None:
    """Take an agency's rights: its connections are closed and refused from now on."""
    answer = await system.request(
        "$SYS.REQ.CLAIMS.DELETE", accounts.deletion_jwt(keys.operator, [account]).encode()
    )
    _accepted(answer.data)


async def _push(system: Connection, jwt: str) -> None:
    """Give the server an account. It answers 200 even to one that it will not use; our own is signed right."""
    async with asyncio.timeout(_HEARD_TIMEOUT_S):
        answer = await system.request("$SYS.REQ.CLAIMS.UPDATE", jwt.encode())
    _accepted(answer.data)


def _accepted(data: bytes) -> None:
    try:
        code = json.loads(data)["data"]["code"]
    except (ValueError, KeyError, TypeError):
        code = None
    if code != 200:
        raise Fault("The server did not take the change of an account.")


async def _is_known(admin: Connection, subject: str) -> bool:
    try:
        await admin.api("STREAM.MSG.GET.KV_meta", {"last_by_subj": subject})
    except LookupError:
        return False
    return True
