"""Who may publish what inside the HUB account: the whole list, role by role.

Everybody subscribes to its own inbox only. A role that is not here, and a subject that is not in its
row, is denied by the server. No role but ``admin`` may create, change or delete a stream or a
consumer; ``admin`` provisions and is used by no service.
"""

from collections.abc import Sequence
from typing import Literal, get_args

__all__ = ["ROLES", "SERVICES", "SYSTEM", "Role", "publish"]

Role = Literal["gate", "release", "gathering", "audit", "worker", "operator", "auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
SERVICES: tuple[Role, ...] = ("gate", "release", "gathering", "audit")


def _take(durable: str) -> tuple[str, ...]:
    """Bind to the consumers of this name, wherever they exist, and acknowledge."""
    return f"$JS.API.CONSUMER.MSG.NEXT.*.{durable}", f"$JS.ACK.*.{durable}.>"


def _look(*streams: str) -> tuple[str, ...]:
    """Read what stands in a stream."""
    return tuple(
        f"$JS.API.{way}.{stream}" for stream in streams for way in ("STREAM.MSG.GET", "DIRECT.GET")
    )


def _bucket(*names: str) -> tuple[str, ...]:
    """Read, write and delete keys."""
    return (
        *(f"$KV.{name}.>" for name in names),
        *_look(*(f"KV_{name}" for name in names)),
        *(f"$JS.API.STREAM.PURGE.KV_{name}" for name in names),
    )


_RIGHTS: dict[str, tuple[str, ...]] = {
    "gate": (
        *_take("gate"),
        *_look("RETRY", "PARKED", "VERDICTS", "RECORDS", "OUT", "CONTENT"),
        *_bucket("ids", "requests", "cases", "contents"),
        "verdicts.>", "records.gate.>", "out.>", "content.>", "parked.gate.>",
    ),
    "release": (
        *_take("release"),
        *_look("RETRY", "VERDICTS", "RECORDS", "OUT", "CONTENT"),
        *_bucket("contents", "requests"),
        "records.release.>", "out.>", "parked.release.>",
        "$JS.API.STREAM.MSG.DELETE.CONTENT", "$JS.API.STREAM.PURGE.CONTENT", "$JS.API.STREAM.PURGE.OUT",
    ),
    "gathering": (
        *_take("gathering"),
        *_look("RETRY", "VERDICTS", "OUT"),
        *_bucket("requests", "cases", "ladder"),
        "parked.gathering.>",
    ),
    "audit": (
        *_take("audit"),
        *_look("RETRY", "RECORDS", "LOG", "CHECKPOINTS", "FEED"),
        *_bucket("feeds"),
        "log.>", "checkpoint.>", "feed.>", "parked.audit.>",
    ),
    # Reads what anybody may hold against the log; writes nothing and opens no record.
    "auditor": _look("LOG", "RECORDS", "CHECKPOINTS"),
    "operator": (*_look("PARKED", "RETRY"), "retry.>", "$JS.API.STREAM.MSG.DELETE.PARKED"),
    "admin": ("$JS.API.>", "$KV.meta.>"),
}  # fmt: skip
# One process may run all services, as in the sandbox: it may what they may, and no more.
_RIGHTS["worker"] = tuple(sorted({right for service in SERVICES for right in _RIGHTS[service]}))

SYSTEM = (
    "$SYS.REQ.CLAIMS.UPDATE",
    "$SYS.REQ.CLAIMS.DELETE",
    "$SYS.REQ.SERVER.PING.HEALTHZ",
)
"""What the system user may ask of the server."""


def publish(role: Role, *, broker_account: str | None = None) -> Sequence[str]:
    """The subjects that a role may publish to.

    Args:
        role: One of ROLES.
        broker_account: Account of agency ``broker``, into whose ingress gathering writes reminders.

    """
    extra = (
        (f"in.{broker_account}.env",) if broker_account and role in {"gathering", "worker"} else ()
    )
    return (*_RIGHTS[role], *extra)
