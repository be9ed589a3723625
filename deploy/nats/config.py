"""Write the server's configuration: operator mode, every write on disk, encrypted, no monitoring port.

A root directory looks so, mode 0700, every secret 0600::

    nats.conf               written here, at every start; no secret in it
    jetstream-key.conf      the key of the store: included by nats.conf, never in an environment
    keys/                   seeds: operator, SYS, HUB, and credentials of admin, worker and system
    js/  jwt/  ports/       the server's own
    provisioned             made once all streams exist: from then on a missing one is a loss
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from broker.faults import StoreFault
from broker.nkeys import Credentials, NKey
from deploy.nats import accounts, permissions

__all__ = [
    "BusKeys",
    "Limits",
    "create_keys",
    "hub_credentials",
    "load_keys",
    "system_credentials",
    "write_config",
]

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """What the machine gives to the store."""

    store_bytes: int = 10 * 1024**3
    connections: int = 10_000


@dataclass(frozen=True, slots=True)
class BusKeys:
    """The keys of one bus. The operator's key signs accounts; in production it is kept apart."""

    operator: NKey
    system: NKey
    hub: NKey


def _path(root: Path, name: str) -> Path:
    return root / "keys" / f"{name}.seed"


def create_keys(root: Path) -> BusKeys:
    """Make the keys of a new bus, and credentials for those who run it.

    Raises:
        StoreFault: There are keys already; they are never replaced.

    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (root / "keys").exists():
        raise StoreFault("This directory has the keys of a bus already.")
    keys = BusKeys(NKey.generate("operator"), NKey.generate("account"), NKey.generate("account"))
    # The seeds come last: load_keys finds them all, or the bus was never made.
    accounts.write_secret(root / "jetstream-key.conf", f'key: "{secrets.token_hex(KEY_BYTES)}"\n')
    for name, key in (("operator", keys.operator), ("system", keys.system), ("hub", keys.hub)):
        accounts.write_secret(_path(root, name), key.seed + "\n")
    return keys


def load_keys(root: Path) -> BusKeys:
    """Read the keys of a bus.

    Raises:
        CredentialsFault: One is missing or open to others.

    """
    operator, system, hub = (
        accounts.read_key(_path(root, name)) for name in ("operator", "system", "hub")
    )
    return BusKeys(operator, system, hub)


def hub_credentials(
    keys: BusKeys, role: permissions.Role, *, broker_account: str | None = None
) -> Credentials:
    """Credentials of a user of the HUB account, with exactly the rights of its role."""
    user = NKey.generate("user")
    jwt = accounts.user_jwt(
        keys.hub,
        user.public,
        role,
        publish=permissions.publish(role, broker_account=broker_account),
    )
    return Credentials(jwt, user)


def system_credentials(keys: BusKeys) -> Credentials:
    """Credentials of whoever lets agencies join and leave, and asks for health."""
    user = NKey.generate("user")
    return Credentials(
        accounts.user_jwt(keys.system, user.public, "system", publish=permissions.SYSTEM), user
    )


def write_config(
    root: Path,
    keys: BusKeys,
    *,
    limits: Limits | None = None,
    listen: str = "127.0.0.1:-1",
    name: str = "hub",
) -> Path:
    """Write ``nats.conf`` and return its path.

    Args:
        root: As above.
        keys: Of this bus.
        limits: What the store may take.
        listen: Address and port; −1 takes a free port. Anything but loopback needs TLS, which this
            version does not set up yet: it is refused.
        name: The server's name; unique within a cluster.

    Raises:
        StoreFault: The address is not loopback.

    """
    limits = limits or Limits()
    if not listen.startswith(("127.0.0.1:", "[::1]:")):
        raise StoreFault("Without TLS the bus listens on loopback only.")
    operator = accounts.operator_jwt(keys.operator, keys.system.public)
    system = accounts.system_account_jwt(keys.operator, keys.system.public)
    hub = accounts.hub_account_jwt(keys.operator, keys.hub.public)

    def text(value: str | Path) -> str:
        return json.dumps(str(value))

    config = f"""\
# Written by deploy/nats/config.py at every start; changes here are lost.
listen: {text(listen)}
server_name: {text(name)}
max_payload: {accounts.MAX_PAYLOAD_BYTES}
max_connections: {limits.connections}
max_control_line: 4KB
write_deadline: "10s"
# No http_port: monitoring has no password. Health is asked for over the system account.

jetstream {{
  store_dir: {text(root / "js")}
  max_file: {limits.store_bytes}
  sync_interval: always      # else a power cut loses what was acknowledged (two minutes of it)
  cipher: chachapoly
  include "jetstream-key.conf"
}}

# tls {{ ... verify: true, min_version: "1.3", handshake_first: true }} stands here once it listens wider.

operator: {operator}
system_account: {keys.system.public}
resolver: {{ type: full, dir: {text(root / "jwt")}, allow_delete: true, interval: "2m" }}
resolver_preload: {{
  {keys.system.public}: {system}
  {keys.hub.public}: {hub}
}}
"""
    path = root / "nats.conf"
    accounts.write_secret(path, config)
    return path
