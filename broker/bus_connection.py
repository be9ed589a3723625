"""One connection to the bus: requests with typed answers, stored publishing, and what a server may say.

Part of ``broker/bus.py`` (see there): the ``bus*`` files are the only importers of FastStream and
nats-py. Everything here maps to our faults; no exception of theirs leaves, because their texts quote
subjects and payloads.
"""

import asyncio
import base64
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from nats import errors as nats_errors
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from broker.backoff import reconnect_wait_s
from broker.faults import BusUnavailable, Conflict, CredentialsFault, NotEnoughRoom, StoreFault
from broker.nkeys import Credentials, read_credentials

__all__ = [
    "Connection",
    "PubAck",
    "StreamMissing",
    "TooLarge",
    "guard",
    "how_to_sign_in",
    "instant",
    "open_connection",
]

CONNECT_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 5.0
SETTLE_S = 20.0
"""A cluster elects a new leader within 4 to 9 s; until then it answers "no responders"."""

RECONNECT_WAIT_S = 0.25

# JetStream error codes, nats-server/server/errors.json
_CONFLICT = frozenset({10070, 10071, 10164})  # wrong last msg id, sequence, sequence unknown
_NO_ROOM = frozenset({10023, 10047, 10077, 10122})  # resources, storage, stream limits
_TOO_LARGE = frozenset({10054})
_NOT_FOUND = frozenset({10037, 10043})  # no message, no message by sequence
_STREAM_MISSING = 10059


class StreamMissing(StoreFault):
    """There is no such stream, or this user may not know that there is."""


class TooLarge(StoreFault):
    """The message is larger than the stream or the connection takes. Nothing was stored."""


@dataclass(frozen=True, slots=True)
class PubAck:
    """The stream has the message, on disk."""

    stream: str
    sequence: int
    duplicate: bool


def instant(nanoseconds: int) -> datetime:
    """A server's stamp as an aware UTC instant, cut to microseconds."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def how_to_sign_in(credentials: Credentials | Path) -> dict[str, Any]:
    """The two callbacks by which nats-py proves who we are, without a further package for keys."""
    known = read_credentials(credentials) if isinstance(credentials, Path) else credentials
    return {
        "user_jwt_cb": lambda: bytearray(known.jwt.encode()),
        "signature_cb": lambda nonce: base64.b64encode(known.user.sign(nonce.encode())),
    }


def guard(client: NatsClient) -> None:
    """Keep a sender's malformed header from ending our connection.

    nats-py decodes a stored message's status line as UTF-8 inside its read loop; one byte 0xFF there,
    which any publisher may write, raises out of the loop: the connection drops, comes back, the message
    is delivered again, for ever. We use no sender's header, so an unreadable one is simply none.
    """
    parse = client._process_headers  # noqa: SLF001 - no public hook exists; pinned by version and test

    async def safely(headers: bytes) -> dict[str, str] | None:
        try:
            found: dict[str, str] | None = await parse(headers)
        except (ValueError, LookupError, AttributeError, TypeError):
            return {}
        return found

    client._process_headers = safely  # type: ignore[method-assign] # noqa: SLF001


async def open_connection(
    url: str, credentials: Credentials | Path, *, name: str, tls: ssl.SSLContext | None = None
) -> "Connection":
    """Connect as a user of one account.

    Raises:
        CredentialsFault: The server does not accept who we say we are.
        BusUnavailable: No server answered in time.

    """
    client = NatsClient()
    connection = Connection(client)
    refused = asyncio.Event()  # the library would go on trying, for ever

    async def on_error(error: Exception) -> None:
        if "uthorization" in str(error):
            refused.set()

    connecting = asyncio.ensure_future(
        client.connect(
            servers=[url],
            name=name,
            error_cb=on_error,
            reconnected_cb=connection.restored,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type] # a float works; it goes to sleep()
            connect_timeout=2,
            ping_interval=10,
            max_outstanding_pings=2,
            tls=tls,
            tls_handshake_first=tls is not None,
            **how_to_sign_in(credentials),
        )
    )
    no = asyncio.ensure_future(refused.wait())
    try:
        await asyncio.wait(
            {connecting, no}, timeout=CONNECT_TIMEOUT_S, return_when="FIRST_COMPLETED"
        )
    finally:
        no.cancel()
        ended = connecting.done()
        connecting.cancel()
    failure = connecting.exception() if ended else None
    if refused.is_set() or "uthorization" in str(failure):
        await _drop(client)
        raise CredentialsFault("The bus does not accept these credentials.")
    if failure is not None or not ended:
        await _drop(client)
        raise BusUnavailable("No server of the bus answers at the address given.")
    guard(client)
    if not client.is_connected:  # a server that closes before PONG leaves no error behind
        await _drop(client)
        raise BusUnavailable("The bus closed the connection at once.")
    return connection


async def _drop(client: NatsClient) -> None:
    """Close a connection that never came to be, its socket too: the library leaves that open."""
    try:
        async with asyncio.timeout(1.0):
            await client.close()
    except (TimeoutError, OSError, nats_errors.Error):
        pass
    if client._transport is not None:  # noqa: SLF001 - no public way; pinned by version and test
        client._transport.close()  # type: ignore[no-untyped-call] # noqa: SLF001


@dataclass(slots=True)
class Connection:
    """A connection that reconnects for ever, and whose requests end in an answer or a fault."""

    client: NatsClient = field(repr=False)
    listeners: set[Callable[[], None]] = field(default_factory=set, repr=False)
    """Called, without arguments, each time the connection has been made again."""

    async def restored(self) -> None:
        """nats-py's callback: the connection is back, and open requests went with the old one."""
        for listener in tuple(self.listeners):
            listener()

    @property
    def lost(self) -> bool:
        """The connection is closed for good: by us, or by an error that the server holds final."""
        return bool(self.client.is_closed)

    @property
    def max_payload(self) -> int:
        """The largest message that this server takes, bytes."""
        return int(self.client.max_payload)

    async def close(self) -> None:
        """Close at once; what was not answered stays unanswered."""
        if not self.client.is_closed:
            await self.client.close()

    async def send(self, subject: str, data: bytes, *, reply: str = "") -> None:
        """Publish without waiting for an answer.

        Raises:
            BusUnavailable: The connection is gone.

        """
        try:
            await self.client.publish(subject, data, reply=reply)
        except nats_errors.Error as error:
            raise BusUnavailable("The connection to the bus is gone.") from error

    async def request(
        self,
        subject: str,
        data: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
        settle_s: float = SETTLE_S,
    ) -> Msg:
        """Ask and return the answer.

        "No responders" (an election, a restart) is asked again until ``settle_s`` have passed.

        Raises:
            BusUnavailable: No answer in time. It is not known whether the request was acted on.
            TooLarge: Larger than the server takes; nothing was sent.

        """
        until = asyncio.get_running_loop().time() + settle_s
        failures = 0
        while True:
            task = asyncio.current_task()
            told_before = task.cancelling() if task is not None else 0
            try:
                answer = await self.client.request(
                    subject, data, timeout=timeout_s, headers=dict(headers) if headers else None
                )
                if task is not None and task.cancelling() > told_before:
                    # asyncio.wait_for of Python 3.11, inside nats-py, lets an answer swallow a
                    # cancellation that it meets: a loop told to stop would go on for ever.
                    raise asyncio.CancelledError
            except nats_errors.MaxPayloadError:
                raise TooLarge("The message is larger than the bus takes.") from None
            except nats_errors.NoRespondersError:
                failures += 1
                if asyncio.get_running_loop().time() > until:
                    raise BusUnavailable("Nothing on the bus takes this request.") from None
                await asyncio.sleep(reconnect_wait_s(failures))
            except (nats_errors.Error, TimeoutError, OSError):
                raise BusUnavailable("The bus did not answer in time.") from None
            else:
                return answer

    async def store(
        self,
        subject: str,
        data: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        settle_s: float = SETTLE_S,
    ) -> PubAck:
        """Publish into a stream and return when it is on disk.

        Raises:
            Conflict: An expected-last header does not hold; nothing was stored.
            NotEnoughRoom: The stream is full; nothing was stored.
            TooLarge: Larger than the stream takes; nothing was stored.
            BusUnavailable: As for :meth:`request`.
            StoreFault: The stream refused for another reason.

        """
        answer = await self.request(subject, data, headers=headers, settle_s=settle_s)
        ack = _json(answer.data)
        if "error" in ack:
            _raise(ack["error"])
        return PubAck(str(ack["stream"]), int(ack["seq"]), bool(ack.get("duplicate")))

    async def api(self, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the JetStream API.

        Args:
            name: What follows ``$JS.API.``.
            body: The request, as the API's JSON schema has it.

        Returns:
            The answer as JSON.

        Raises:
            LookupError: There is no such message.
            StoreFault: There is no such stream, or the call was refused.
            BusUnavailable: As for :meth:`request`.

        """
        answer = await self.request(f"$JS.API.{name}", json.dumps(body or {}).encode())
        found = _json(answer.data)
        if "error" in found:
            _raise(found["error"])
        return found


def _json(data: bytes) -> dict[str, Any]:
    """The server's answer; a StoreFault if it is none."""
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreFault("The bus answered something that is not an answer.")
    return found


def _raise(error: Mapping[str, Any]) -> NoReturn:
    """Turn a JetStream error into ours; only its number is kept."""
    code = int(error.get("err_code", 0))
    if code in _CONFLICT:
        raise Conflict("Someone else wrote first.")
    if code in _NO_ROOM:
        raise NotEnoughRoom("The stream is full.")
    if code in _TOO_LARGE:
        raise TooLarge("The message is larger than the stream takes.")
    if code in _NOT_FOUND:
        raise LookupError("no such message")
    if code == _STREAM_MISSING:
        raise StreamMissing("A stream that must be there is missing.")
    raise StoreFault(f"JetStream refused, error {code}.")
