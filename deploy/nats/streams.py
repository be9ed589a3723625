"""Declare all streams and buckets, once, and check at every start that they are there.

Declared here and nowhere else: no service may create or change a stream. A server that cannot read
its store (wrong key, lost disk) starts all the same, with streams missing; creating them again would
destroy what the right key could still open. So :func:`provision` runs only on a bus that has never
held anything, and :func:`check` refuses to start on anything that is not whole.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from broker import backoff
from broker.bus_connection import Connection, StreamMissing
from broker.faults import StoreFault
from schemas import subjects
from schemas.subjects import ANY, Bucket
from schemas.subjects import Stream as Name

__all__ = [
    "FORMAT_VERSION",
    "STREAMS",
    "Consumer",
    "Quota",
    "Stream",
    "add_consumer",
    "add_stream",
    "check",
    "exists",
    "healthy",
    "ingress",
    "provision",
]

FORMAT_VERSION = 1
"""Of the streams' layout as a whole. A start on another one is refused with a sentence."""

DAY_S = 24 * 3600
DUPLICATES_S = 2 * 60
MAX_ENVELOPE_BYTES = 400 * 1024  # protocol.md 2
HEADROOM_BYTES = (
    64 * 1024
)  # a delivery wraps an envelope's parts once more, with receipt and headers
IDS_KEPT_S = 72 * 3600  # architecture.md: past exp, iat window and every clock's error
VERDICTS_KEPT_S = 400 * DAY_S  # a ceiling only: our own code deletes on the domain clock
ONE_IN_FLIGHT = 1
DELIVERIES_IN_FLIGHT = 64

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A durable pull consumer. It never gives up on a message: the bus decides when to park."""

    name: str
    filters: tuple[str, ...]
    max_ack_pending: int = ONE_IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream and who reads it."""

    name: str
    subjects: tuple[str, ...]
    retention: Literal["limits", "workqueue"] = "limits"
    max_age_s: int = 0
    max_bytes: int = -1
    max_msgs: int = -1
    max_msg_bytes: int = MAX_ENVELOPE_BYTES * 2 + HEADROOM_BYTES
    per_subject: int = -1
    permanent: bool = False
    """Deleting and purging are denied, for good."""
    consumers: tuple[Consumer, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """How much one agency may have waiting in its ingress; then its messages are refused, typed."""

    max_bytes: int = 64 * 1024 * 1024
    max_messages: int = 10_000


def _bucket(name: str, *, max_age_s: int = 0) -> Stream:
    return Stream(f"KV_{name}", (f"$KV.{name}.>",), max_age_s=max_age_s, per_subject=1)


STREAMS: tuple[Stream, ...] = (
    Stream(
        Name.RETRY, (ANY[Name.RETRY],), retention="workqueue",
        consumers=tuple(
            Consumer(service, (f"retry.{service}.>",)) for service in get_args(subjects.Service)
        ),
    ),
    Stream(Name.PARKED, (ANY[Name.PARKED],), per_subject=1, consumers=(Consumer("gate", (ANY[Name.PARKED],)),)),
    Stream(
        Name.VERDICTS, (ANY[Name.VERDICTS],), max_age_s=VERDICTS_KEPT_S, per_subject=1,
        consumers=(Consumer("release", (ANY[Name.VERDICTS],)), Consumer("gathering", (ANY[Name.VERDICTS],))),
    ),
    Stream(Name.RECORDS, (ANY[Name.RECORDS],), per_subject=1, consumers=(Consumer("audit", (ANY[Name.RECORDS],)),)),
    Stream(Name.OUT, (ANY[Name.OUT],), per_subject=1),
    Stream(Name.CONTENT, (ANY[Name.CONTENT],), per_subject=1),
    Stream(Name.LOG, (ANY[Name.LOG],), permanent=True),
    Stream(Name.CHECKPOINTS, (ANY[Name.CHECKPOINTS],), permanent=True),
    Stream(Name.FEED, (ANY[Name.FEED],), per_subject=1),
    _bucket(Bucket.IDS, max_age_s=IDS_KEPT_S),
    *(_bucket(name) for name in Bucket if name not in {Bucket.IDS, Bucket.META}),
    _bucket(Bucket.META),  # last: its format version says that all the others exist
)  # fmt: skip


def ingress(account: str, quota: Quota | None = None) -> Stream:
    """The stream of what one agency sent: its own, so that no agency fills or blocks another's."""
    quota = quota or Quota()
    return Stream(
        subjects.ingress_stream(account),
        (subjects.ingress(account, "env"), subjects.ingress(account, "receipt")),
        retention="workqueue",
        max_bytes=quota.max_bytes,
        max_msgs=quota.max_messages,
        max_msg_bytes=MAX_ENVELOPE_BYTES + HEADROOM_BYTES,
        consumers=(
            Consumer("gate", (subjects.ingress(account, "env"),)),
            Consumer("release", (subjects.ingress(account, "receipt"),)),
        ),
    )


def _stream_config(stream: Stream, replicas: int) -> JsonObject:
    """The stream as the JetStream API has it.

    What an agency could misuse stays off by being left out: schedules, message TTLs, roll-ups,
    atomic batches, republishing.
    """
    config: JsonObject = {
        "name": stream.name,
        "subjects": list(stream.subjects),
        "retention": stream.retention,
        "storage": "file",
        "num_replicas": replicas,
        "discard": "new",  # full means refused, never the oldest silently dropped
        "max_age": stream.max_age_s * 1_000_000_000,
        "max_bytes": stream.max_bytes,
        "max_msgs": stream.max_msgs,
        "max_msg_size": stream.max_msg_bytes,
        "max_msgs_per_subject": stream.per_subject,
        "duplicate_window": DUPLICATES_S * 1_000_000_000,
        "allow_direct": stream.retention == "limits",
        "deny_delete": stream.permanent,
        "deny_purge": stream.permanent,
        "metadata": {"dovetail.format": str(FORMAT_VERSION)},
    }
    if stream.per_subject == 1 and not stream.name.startswith("KV_"):
        config["discard_new_per_subject"] = (
            True  # a second write is refused even without the header
        )
    return config


async def add_stream(
    admin: Connection,
    stream: Stream,
    *,
    replicas: int = 1,
    ack_wait_s: float | None = None,
    update: bool = False,
) -> None:
    """Create a stream and its consumers. Calling again with the same declaration changes nothing.

    Args:
        admin: A connection of role ``admin``.
        stream: What to declare.
        replicas: Copies.
        ack_wait_s: Only tests shorten it.
        update: It exists: bring its limits in line with the declaration.

    Raises:
        StoreFault: It exists with another configuration, or the server refused.
        BusUnavailable: No answer in time.

    """
    verb = "UPDATE" if update else "CREATE"
    await admin.api(f"STREAM.{verb}.{stream.name}", _stream_config(stream, replicas))
    for consumer in stream.consumers:
        await add_consumer(admin, stream.name, consumer, ack_wait_s=ack_wait_s)


async def add_consumer(
    admin: Connection, stream: str, consumer: Consumer, *, ack_wait_s: float | None = None
) -> None:
    """Create a durable pull consumer, from the stream's beginning; one that is there is brought in line."""
    config: JsonObject = {
        "durable_name": consumer.name,
        "ack_policy": "explicit",
        "ack_wait": int((ack_wait_s or backoff.ACK_WAIT_S) * 1e9),
        "deliver_policy": "all",
        "replay_policy": "instant",
        "max_deliver": -1,  # the server would give up silently; the bus parks, and says so
        "max_ack_pending": consumer.max_ack_pending,
        "max_waiting": 16,
    }
    if len(consumer.filters) == 1:
        config["filter_subject"] = consumer.filters[0]
    else:
        config["filter_subjects"] = list(consumer.filters)
    await admin.api(
        f"CONSUMER.CREATE.{stream}.{consumer.name}",
        {"stream_name": stream, "config": config},
    )


async def provision(
    admin: Connection, *, replicas: int = 1, ack_wait_s: float | None = None
) -> None:
    """Make a new bus: every stream, every bucket, and last the format version.

    Only for a bus that never held anything; a first start that was broken off may be repeated.

    Args:
        admin: A connection of role ``admin``.
        replicas: Copies of each stream; 1 on one machine, 3 in a cluster.
        ack_wait_s: Only tests shorten it.

    Raises:
        StoreFault: There is something already, of another kind or with messages in it.

    """
    held = {stream["config"]["name"]: stream for stream in await _streams(admin)}
    if any(stream["state"]["messages"] for stream in held.values()):
        raise StoreFault("This store holds messages: it is not new, and is not made again.")
    for stream in STREAMS:
        await add_stream(admin, stream, replicas=replicas, ack_wait_s=ack_wait_s)
    await admin.store("$KV.meta.format", str(FORMAT_VERSION).encode())


async def check(admin: Connection, system: Connection) -> None:
    """Return if the store is whole and of our format; otherwise nothing may start.

    Raises:
        StoreFault: Unhealthy, of an unknown format, or a stream or consumer is missing or different.
        BusUnavailable: No answer in time: try again.

    """
    if not await healthy(system):
        raise StoreFault("The bus cannot read its store: is the encryption key the right one?")
    held = {stream["config"]["name"]: stream["config"] for stream in await _streams(admin)}
    missing = [stream.name for stream in STREAMS if stream.name not in held]
    if missing:
        raise StoreFault(
            f"Streams are missing, and are not made again over what was lost: {', '.join(missing)}."
        )
    try:
        answer = await admin.api("STREAM.MSG.GET.KV_meta", {"last_by_subj": "$KV.meta.format"})
    except LookupError:
        raise StoreFault("The store was never completed: its format version is missing.") from None
    if answer["message"].get("data") != _b64(str(FORMAT_VERSION)):
        raise StoreFault("The store has a format that this version does not know.")
    for stream in STREAMS:
        _compare(stream, held[stream.name])


def _compare(stream: Stream, held: Mapping[str, Any]) -> None:
    """What a start relies on must be as declared; limits may have been raised by an operator."""
    wanted = _stream_config(stream, 1)
    for member in (
        "subjects",
        "retention",
        "storage",
        "discard",
        "max_msgs_per_subject",
        "deny_delete",
        "deny_purge",
    ):
        if held.get(member, False) != wanted[member]:
            raise StoreFault(f"The stream {stream.name} is not as declared: {member}.")


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def healthy(system: Connection) -> bool:
    """Whether every stream and consumer of the server has come back."""
    try:
        answer = await system.request("$SYS.REQ.SERVER.PING.HEALTHZ", b"{}")
        found = json.loads(answer.data)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("data", {}).get("status") == "ok"


async def _streams(admin: Connection) -> list[JsonObject]:
    """Every stream of the account, page by page."""
    found: list[JsonObject] = []
    while True:
        page = await admin.api("STREAM.LIST", {"offset": len(found)})
        found.extend(page.get("streams") or [])
        if len(found) >= int(page.get("total", 0)) or not page.get("streams"):
            return found


async def exists(admin: Connection, name: str) -> bool:
    """Whether there is a stream of this name."""
    try:
        await admin.api(f"STREAM.INFO.{name}")
    except StreamMissing:
        return False
    return True
