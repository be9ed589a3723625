"""dev.py, with a stand-in for pip: what is believed to be installed is installed (decision 0001)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEV = Path(__file__).resolve().parents[1] / "dev.py"

# Notes how it was called, then does as FAKE_PIP says.
FAKE_PIP = """
import json, os, pathlib, sys, time
place = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
with open(os.environ["FAKE_PIP_CALLS"], "a") as calls:
    calls.write(json.dumps({"args": sys.argv[1:], "env": dict(os.environ)}) + "\\n")
place.mkdir()
(place / "first.py").write_text("")
if os.environ.get("FAKE_PIP") == "fails":
    sys.exit(3)
if os.environ.get("FAKE_PIP") == "slow":
    time.sleep(0.5)
(place / "last.py").write_text("WHICH = 'installed'")
"""


class Checkout:
    """A checkout with dev.py, one requirement set and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root / "a checkout"
        (self.root / "requirements").mkdir(parents=True)
        self.requirements = self.root / "requirements" / "test.txt"
        self.requirements.write_text("a==1\n")
        shutil.copy(DEV, self.root)
        self.pip = root / "lib" / "pip"
        self.pip.mkdir(parents=True)
        (self.pip / "__init__.py").write_text("")
        (self.pip / "__main__.py").write_text(FAKE_PIP)
        self.calls_file = root / "calls"

    def start(self, *args: str, python: tuple[str, ...] = (), **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *python, str(self.root / "dev.py"), *args],
            env={
                **os.environ,
                "PYTHONPATH": str(self.pip.parent),
                "FAKE_PIP_CALLS": str(self.calls_file),
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str, **env: str) -> tuple[int, str, str]:
        process = self.start(*args, **env)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    @property
    def tools(self) -> list[str]:
        return sorted(path.name for path in (self.root / ".tools").iterdir())


USES = ("python", "-c", "import last; print(last.WHICH)")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_second_start_installs_nothing(checkout):
    """The first run installs and says so on stderr; the next believes the folder."""
    assert checkout.run(*USES)[:2] == (0, "installed\n")
    code, out, err = checkout.run(*USES)
    assert (code, out, err) == (0, "installed\n", "")
    assert len(checkout.calls) == 1


def test_pip_is_told_to_check_every_hash(checkout):
    """Nothing is installed that is not named with its hash, and nothing is built."""
    checkout.run(*USES)
    for flag in ("--require-hashes", "--no-deps", "--only-binary"):
        assert f'"{flag}"' in checkout.calls[0]


def test_settings_of_the_person_reach_pip(checkout):
    """Index, proxy and certificates are theirs; only what --target cannot bear is set aside."""
    checkout.run(*USES, PIP_INDEX_URL="theirs", PIP_USER="1")
    assert '"PIP_INDEX_URL": "theirs"' in checkout.calls[0]
    assert '"PIP_USER": "0"' in checkout.calls[0]


def test_a_changed_requirement_is_installed(checkout):
    """The folder's name holds the hash of the file, so an old folder is never taken for a new one."""
    checkout.run(*USES)
    checkout.requirements.write_text("a==2\n")
    checkout.run(*USES)
    assert len(checkout.calls) == 2
    assert len(checkout.tools) == 2


def test_a_failed_install_leaves_nothing_and_says_what_to_do(checkout):
    """Half an environment would fail later and elsewhere."""
    code, out, err = checkout.run(*USES, FAKE_PIP="fails")
    assert (code, out) == (69, "")
    assert "PIP_CERT" in err
    assert checkout.tools == []
    assert checkout.run(*USES)[:2] == (0, "installed\n")


def test_a_killed_install_is_not_believed(checkout):
    """Killed at any instant: the folder has its final name only when it is complete."""
    (checkout.root / ".tools" / ".part-test-0123").mkdir(parents=True)
    (checkout.root / ".tools" / ".part-test-0123" / "first.py").write_text("")
    assert checkout.run(*USES)[:2] == (0, "installed\n")


def test_two_first_runs_at_once_both_work(checkout):
    """Each installs to a place of its own; the later drops its copy and uses the other's."""
    both = [checkout.start(*USES, FAKE_PIP="slow") for _ in range(2)]
    outs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outs == ["installed\n"] * 2
    assert len(checkout.tools) == 1


def test_without_pip_it_says_how_to_get_it(checkout):
    """A machine without pip gets the command that installs pip, not a traceback."""
    shutil.rmtree(checkout.pip)
    process = checkout.start(*USES, python=("-S",))  # -S: nor any other pip
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (69, "")
    assert "apt-get install python3-pip" in err
    assert not (checkout.root / ".tools").exists()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("python", "-c", "import sys; sys.exit(7)"), 7),
        (("help",), 0),
        ((), 0),
        (("nonsense",), 2),
    ],
)
def test_exit_codes_pass_through(checkout, args, code):
    """A script that calls dev.py can rely on what the command said."""
    assert checkout.run(*args)[0] == code
