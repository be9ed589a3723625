#!/usr/bin/env python3
"""Run everything of this project, on a machine that has only Python 3.11 or later and pip.

    python3 dev.py demo              show the whole exchange working
    python3 dev.py test [ARGS]       all checks and all tests, as CI does; ARGS go to pytest
    python3 dev.py check [ARGS]      format, lint, types, import contracts, fast tests
    python3 dev.py dovetail ARGS     the `dovetail` command
    python3 dev.py python ARGS       Python with everything importable, e.g. -m pytest tests/policies
    python3 dev.py bench [ARGS]      measure, beside the Python AS4 stack
    python3 dev.py lock              compile requirements/*.in again (maintainers)

The first run installs what requirements/*.txt names, hash by hash, into .tools/ and nowhere else;
pip's own settings (index, proxy, certificates) are followed. Delete .tools/ to begin again.
Decision 0001 says why this is not a virtual environment.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
PACKAGES = ("schemas", "policies", "broker", "adapters", "deploy")
SLOW = ("tests/flows", "tests/faults", "tests/attacks", "tests/bench")
LOCKED = ("lock", "run", "test", "as4")
PART_KEPT_S = 6 * 3600  # no install takes that long: what an older one left is rubbish
UNAVAILABLE = 69  # exit codes as in the `dovetail` command
INTERRUPTED = 130

NO_PIP = """\
dev.py: {python} has no pip.
  Debian, Ubuntu:  apt-get install python3-pip
  Fedora, RHEL:    dnf install python3-pip
  elsewhere:       {python} -m ensurepip --user
"""
NOT_INSTALLED = """
dev.py: pip could not install {file}; what it said is above. Nothing half-installed is kept: run again.
  * `{python} -m pip config list` shows which index, proxy and certificates pip uses.
  * A proxy that opens TLS: set PIP_CERT to its CA file, and HTTPS_PROXY.
  * No network: on a machine with one, and with this Python version and platform,
      {python} -m pip download --require-hashes --only-binary :all: -r {file} -d wheels
    carry `wheels` here, then set PIP_NO_INDEX=1 and PIP_FIND_LINKS=<that folder>.
  * "No matching distribution": a package has no wheel for this Python or platform ({platform}).
"""


def say(text: str) -> None:
    """Say it to the person, away from the data on stdout."""
    print(text, file=sys.stderr, flush=True)


def installed(name: str) -> Path:
    """Return the folder that holds the requirement set ``name``, installed if it was not.

    The folder's name holds the hash of all that decides its content, and it gets that name by
    one rename when it is complete: a folder that exists can be believed, and of two first runs
    at the same time the later drops its copy.

    Raises:
        SystemExit: pip is missing or failed; what to do has been said.

    """
    file = ROOT / "requirements" / f"{name}.txt"
    platform = f"{sys.implementation.cache_tag} {sysconfig.get_platform()}"
    digest = hashlib.sha256(file.read_bytes() + f"\n{sys.version}\n{platform}".encode()).hexdigest()
    place = TOOLS / f"{name}-{digest[:16]}"
    if place.is_dir():
        return place
    if importlib.util.find_spec("pip") is None:
        say(NO_PIP.format(python=sys.executable))
        raise SystemExit(UNAVAILABLE)

    TOOLS.mkdir(exist_ok=True)
    for old in TOOLS.glob(".part-*"):
        if old.stat().st_mtime < time.time() - PART_KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
    part = TOOLS / f".part-{name}-{secrets.token_hex(8)}"
    say(f"Installing what requirements/{file.name} names into .tools/ (once) ...")
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--target", str(part)]
    exact = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(file)]
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    beaten = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}  # settings that --target contradicts
    try:
        if subprocess.run([*pip, *exact], env={**os.environ, **quiet, **beaten}).returncode:
            say(NOT_INSTALLED.format(file=file, python=sys.executable, platform=platform))
            raise SystemExit(UNAVAILABLE)
        try:
            part.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return place


def environment(name: str) -> dict[str, str]:
    """Return the variables under which Python finds the set ``name``, its commands, and our code."""
    place = installed(name)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(place), str(ROOT))),
        "PYTHONNOUSERSITE": "1",  # what else this person installed is not what was tested
        "PYTHONSAFEPATH": "1",  # nor is what lies in the folder they stand in
        "PATH": os.pathsep.join((str(place / "bin"), os.environ.get("PATH", os.defpath))),
    }


def become(env: dict[str, str], *args: str) -> int:
    """Go on as Python with ``args``: signals, exit code and terminal are its own from here."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(sys.executable, [sys.executable, *args], env)
    return subprocess.run([sys.executable, *args], env=env).returncode


def verify(env: dict[str, str], pytest_args: list[str]) -> int:
    """Run every static check, then pytest, whatever failed before; pytest has the last word.

    Returns:
        0, or the exit code of the first that failed.

    """
    os.chdir(ROOT)
    steps = {
        "ruff format": ("-m", "ruff", "format", "--check", ".", "--output-format=concise"),
        "ruff check": ("-m", "ruff", "check", "--quiet", ".", "--output-format=concise"),
        "mypy": ("-m", "mypy", *PACKAGES),
        "lint-imports": (
            "-c",
            "from importlinter.cli import lint_imports_command as go; go()",
            "--no-logo",
        ),
    }
    failed = {}
    for step, args in steps.items():
        say(f"-- {step}")
        if code := subprocess.run([sys.executable, *args], env=env).returncode:
            failed[step] = code
    if failed:
        say(f"-- FAILED, whatever pytest says below: {', '.join(failed)}")
    say("-- pytest")
    tested = subprocess.run([sys.executable, "-m", "pytest", *pytest_args], env=env).returncode
    return next(iter(failed.values()), tested)


def lock() -> int:
    """Compile each requirements/*.in; a release younger than a week is not taken."""
    env = {**environment("lock"), "UV_SYSTEM_CERTS": "true"}
    os.chdir(ROOT)
    how = "--universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url"
    for name in LOCKED:
        files = (f"requirements/{name}.in", "-o", f"requirements/{name}.txt")
        uv = ("uv", "pip", "compile", *how.split(), "--exclude-newer", "7 days", "--quiet", *files)
        if code := subprocess.run(uv, env=env).returncode:
            return code
    return 0


def main(command: str = "help", *args: str) -> int:
    """Run one command and return its exit code."""
    if command == "demo":
        return become(environment("run"), "-m", "deploy.cli", "demo", *args)
    if command == "dovetail":
        return become(environment("run"), "-m", "deploy.cli", *args)
    if command == "python":
        return become(environment("test"), *args)
    if command == "test":
        return verify(environment("test"), list(args))
    if command == "check":
        return verify(environment("test"), [f"--ignore={folder}" for folder in SLOW] + list(args))
    if command == "bench":
        env = {**environment("test"), "DOVETAIL_BENCH_AS4": str(installed("as4"))}
        return become(env, str(ROOT / "tests" / "bench" / "run.py"), *args)
    if command == "lock":
        return lock()
    say(__doc__ or "")
    return 0 if command in ("help", "-h", "--help") else 2


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(
            f"dev.py: needs Python 3.11 or later; {sys.executable} is {sys.version.split()[0]}"
        )
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
