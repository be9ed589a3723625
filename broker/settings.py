"""What an operator sets: environment ``DOVETAIL_*`` over one TOML file over these defaults.

The file is named by ``DOVETAIL_CONFIG``. Secrets stand in files of their own, and settings hold their
paths only. An unknown name, in the file or with our prefix in the environment, stops the start:
a misspelt setting that is silently ignored is worse than none.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from broker.faults import Fault

__all__ = ["PREFIX", "Settings", "SettingsFault", "load"]

PREFIX = "DOVETAIL_"
_CONFIG = "DOVETAIL_CONFIG"

# Not settings of the broker's services, but of the commands that start them; they share the prefix.
_ELSEWHERE = ("DOVETAIL_DEMO_", "DOVETAIL_TEST_")


class SettingsFault(Fault):
    """The settings cannot be used; the sentence names the setting, never its value."""


class Settings(BaseModel):
    """Every setting. Paths may be relative to where the process starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bus_url: Annotated[str, Field(pattern=r"^(nats|tls)://[a-zA-Z0-9.\[\]:-]+:[0-9]{1,5}$")] = (
        "nats://127.0.0.1:4222"
    )
    """Where the bus is."""
    bus_credentials: Path | None = None
    """Credentials file of this process on the bus, mode 0600."""
    directory: Path | None = None
    """Folder of the signed directory."""
    directory_trust: Path | None = None
    """``trust.json``: the public keys that sign the directory. It comes by another way than the folder."""
    state: Path = Path("var")
    """Where this process remembers what it must not forget (the directory's newest version)."""
    clock_history: Path | None = None
    """Sandbox and tests: the file by which domain time is moved. None in production."""
    keys: Path | None = None
    """Folder of this service's key files."""
    key_passphrase_file: Path | None = None
    """File with the passphrase of the key files."""
    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """Copies of each stream: 1 on one machine, 3 or 5 in a cluster."""
    store_bytes: Annotated[int, Field(ge=64 * 1024**2)] = 10 * 1024**3
    """The most that the embedded server's store may take."""
    ingress_bytes: Annotated[int, Field(ge=1024**2)] = 64 * 1024**2
    """The most that one agency may have waiting."""
    ingress_messages: Annotated[int, Field(ge=1)] = 10_000
    """Likewise, in messages."""
    directory_refresh_s: Annotated[float, Field(gt=0, le=24 * 3600)] = 900.0
    """How often the directory is read again: a revoked key speaks for so long at most."""
    checkpoint_interval_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How often the log signs a checkpoint when it has grown."""
    nats_server: Path | None = None
    """The nats-server to run; found by itself if not set."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """From which gravity on lines are written."""

    @field_validator("*", mode="after")
    @classmethod
    def _no_odd_path(cls, value: object) -> object:
        """An empty path would mean the current folder."""
        if isinstance(value, Path) and str(value) in {"", "."}:
            raise ValueError("a path is empty")
        return value


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        environment: Instead of the process's own.

    Raises:
        SettingsFault: A file that cannot be read, an unknown name, or a value out of its range.

    """
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {}
    if path := environment.get(_CONFIG):
        try:
            values.update(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise SettingsFault(f"The file that {_CONFIG} names is not readable TOML.") from None
    for name, value in environment.items():
        if name.startswith(PREFIX) and name != _CONFIG and not name.startswith(_ELSEWHERE):
            values[name.removeprefix(PREFIX).lower()] = value
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        names = sorted(
            {".".join(str(part) for part in one["loc"]) or "?" for one in error.errors()}
        )
        raise SettingsFault(
            f"Settings that are unknown or out of range: {', '.join(names)}."
        ) from None
