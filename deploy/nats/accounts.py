"""Operator, accounts and users as NATS JWTs (version 2), and the files that hold their keys.

Every agency is an account of its own: a reply subject is not permission-checked inside one account,
so in a shared account any agency could delete any stream (decision 0020). What an agency can reach
is what its account imports, and the server checks that the account key in the subject is the
importer's own (``account_token_position``).
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from broker.faults import CredentialsFault
from broker.nkeys import NKey

__all__ = [
    "EXPORTS",
    "account_jwt",
    "agency_account_jwt",
    "agency_user_jwt",
    "deletion_jwt",
    "hub_account_jwt",
    "operator_jwt",
    "read_key",
    "system_account_jwt",
    "user_jwt",
    "write_secret",
]

Claims = Mapping[str, Any]  # Any: JSON as the NATS JWT schema has it

AGENCY_CONNECTIONS = 8
"""An edge, its console and its command line, with room for reconnects that overlap."""

AGENCY_SUBSCRIPTIONS = 64
MAX_PAYLOAD_BYTES = 1024 * 1024

EXPORTS: tuple[Claims, ...] = (
    {"name": "in", "subject": "in.*.>", "type": "service", "response_type": "Singleton", "account_token_position": 2},
    *(
        {"name": f"{word}-next", "subject": f"$JS.API.CONSUMER.MSG.NEXT.{stream}.*", "type": "service",
         "response_type": "Stream", "account_token_position": 7}
        for word, stream in (("out", "OUT"), ("feed", "FEED"))
    ),
    *(
        {"name": f"{word}-ack", "subject": f"$JS.ACK.{stream}.*.>", "type": "service",
         "response_type": "Singleton", "account_token_position": 4}
        for word, stream in (("out", "OUT"), ("feed", "FEED"))
    ),
)  # fmt: skip
"""What the HUB account offers. It never changes when an agency joins."""


def _b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _sign(
    issuer: NKey, subject: str, name: str, nats: Claims, *, expires_at_s: int | None = None
) -> str:
    """Make a NATS JWT. ``iat`` is real time: the server judges it by its own clock."""
    claims: dict[str, Any] = {
        "iat": int(time.time()), "iss": issuer.public, "name": name, "sub": subject, "nats": nats,
    }  # fmt: skip
    if expires_at_s is not None:
        claims["exp"] = expires_at_s
    digest = hashlib.new("sha512_256", json.dumps(claims).encode()).digest()
    claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
    head = _b64u(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
    body = _b64u(json.dumps(claims, separators=(",", ":")).encode())
    return f"{head}.{body}.{_b64u(issuer.sign(f'{head}.{body}'.encode()))}"


def operator_jwt(operator: NKey, system_account: str) -> str:
    """The root of trust of one bus, self-signed."""
    nats = {
        "type": "operator",
        "version": 2,
        "system_account": system_account,
        "strict_signing_key_usage": False,
    }
    return _sign(operator, operator.public, "dovetail", nats)


def account_jwt(
    operator: NKey,
    account: str,
    name: str,
    *,
    imports: Sequence[Claims] = (),
    exports: Sequence[Claims] = (),
    jetstream: bool = False,
    connections: int = -1,
    subscriptions: int = -1,
    revocations: Mapping[str, int] | None = None,
) -> str:
    """An account: what it offers, what it uses, how much it may hold open.

    Args:
        operator: The operator's key.
        account: Public key of the account.
        name: For people reading server logs.
        imports: As the NATS JWT schema has them.
        exports: Likewise.
        jetstream: Whether the account may store; only the HUB does.
        connections: Most connections at once; −1 means no limit.
        subscriptions: Most subscriptions a connection; −1 means no limit.
        revocations: User public key, or ``*``, → every JWT issued before this real second is void.

    """
    limits: dict[str, Any] = {
        "subs": subscriptions, "data": -1, "payload": MAX_PAYLOAD_BYTES, "imports": -1, "exports": -1,
        "wildcards": True, "conn": connections, "leaf": 0, "disallow_bearer": True,
    }  # fmt: skip
    if jetstream:
        limits |= {
            "mem_storage": 0,
            "disk_storage": -1,
            "streams": -1,
            "consumer": -1,
            "max_ack_pending": -1,
        }
    nats: dict[str, Any] = {
        "type": "account", "version": 2, "limits": limits, "imports": list(imports), "exports": list(exports),
    }  # fmt: skip
    if revocations:
        nats["revocations"] = dict(revocations)
    return _sign(operator, account, name, nats)


def hub_account_jwt(operator: NKey, hub: str) -> str:
    """The broker's own account: the only one with streams."""
    return account_jwt(operator, hub, "HUB", exports=EXPORTS, jetstream=True)


def system_account_jwt(operator: NKey, system: str) -> str:
    """The server's own account, for joining, leaving and health."""
    return account_jwt(operator, system, "SYS")


def agency_account_jwt(
    operator: NKey,
    hub: str,
    account: str,
    name: str,
    *,
    revocations: Mapping[str, int] | None = None,
) -> str:
    """An agency's account: its own ingress, its own deliveries, its own feed, nothing else."""

    def use(word: str, subject: str, local: str | None = None) -> Claims:
        claims = {"name": word, "subject": subject, "account": hub, "type": "service"}
        return claims | ({"local_subject": local} if local else {})

    imports = [
        use("in", f"in.{account}.>", "in.>"),
        use("out-next", f"$JS.API.CONSUMER.MSG.NEXT.OUT.{account}", "inbox.next"),
        use("feed-next", f"$JS.API.CONSUMER.MSG.NEXT.FEED.{account}", "feed.next"),
        use("out-ack", f"$JS.ACK.OUT.{account}.>"),
        use("feed-ack", f"$JS.ACK.FEED.{account}.>"),
    ]
    return account_jwt(
        operator, account, name,
        imports=imports, connections=AGENCY_CONNECTIONS, subscriptions=AGENCY_SUBSCRIPTIONS, revocations=revocations,
    )  # fmt: skip


def user_jwt(
    account: NKey,
    user: str,
    name: str,
    *,
    publish: Sequence[str],
    subscribe: Sequence[str] = ("_INBOX.>",),
    expires_at_s: int | None = None,
) -> str:
    """A user: exactly what it may publish and subscribe to; everything else is denied."""
    nats = {
        "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
        "allowed_connection_types": ["STANDARD"],
        "pub": {"allow": list(publish)}, "sub": {"allow": list(subscribe)},
    }  # fmt: skip
    return _sign(account, user, name, nats, expires_at_s=expires_at_s)


def agency_user_jwt(account: NKey, user: str, *, expires_at_s: int | None = None) -> str:
    """What an agency's edge may do inside its own account."""
    publish = (
        "in.>",
        "inbox.next",
        "feed.next",
        f"$JS.ACK.OUT.{account.public}.>",
        f"$JS.ACK.FEED.{account.public}.>",
    )
    return user_jwt(account, user, "edge", publish=publish, expires_at_s=expires_at_s)


def deletion_jwt(operator: NKey, accounts: Sequence[str]) -> str:
    """The operator's word that these accounts are to be forgotten."""
    return _sign(
        operator,
        operator.public,
        "leave",
        {"type": "generic", "version": 2, "accounts": list(accounts)},
    )


def write_secret(path: Path, text: str) -> None:
    """Write a secret file, mode 0600, complete or not at all; it may exist already."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_key(path: Path) -> NKey:
    """Read a seed file written by :func:`write_secret`.

    Raises:
        CredentialsFault: Missing, open to others, or not a seed.

    """
    try:
        if path.stat().st_mode & 0o077:
            raise CredentialsFault("A key file is open to others: give it mode 0600.")
        return NKey.from_seed(path.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsFault("A key file cannot be read.") from error
