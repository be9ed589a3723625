"""The tree holds nothing that ties it to one machine, and every file is of the agreed form."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "policies", "broker", "adapters", "deploy")
MADE_BY_TOOLS = {".git", ".tools", "__pycache__", "build", "dist", ".venv"}

# Files that pass 400 lines, each with its reason; anything else is split.
LONG_FILES: dict[str, str] = {
    "schemas/problems.py": "a catalogue: every code with its sentence and remedy, looked up, not followed",
}
MAX_LINES = 400

# Where every exception may be caught, and why. Each must raise it again or settle it durably.
CATCH_ALL: dict[str, str] = {
    "broker/bus_settle.py": "one place decides between try again and park (style 4)",
    "adapters/proposal.py": "an adapter's bug is kept as a broken source, and calls a person",
}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is, or is about to be, committed; without git, every file not made by tools."""
    if (ROOT / ".git").exists():
        command = ("git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z")
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = [ROOT / name for name in names.split("\0") if name]
    else:
        found = [p for p in ROOT.rglob("*") if not MADE_BY_TOOLS & {*p.relative_to(ROOT).parts}]
        found = [p for p in found if not any("cache" in part for part in p.parts)]
    return tuple(sorted(path for path in found if path.is_file()))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: str) -> list[Path]:
    found = [path for path in tracked() if path.suffix == ".py"]
    return [p for p in found if not folders or p.relative_to(ROOT).parts[0] in folders]


def matches(pattern: str) -> list[str]:
    """Every line of text in the tree that matches, as ``file:line``."""
    wanted = re.compile(pattern, re.IGNORECASE)
    found = []
    for path in tracked():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{name(path)}:{n}" for n, line in enumerate(lines, 1) if wanted.search(line)]
    return found


def test_no_package_index_is_named():
    """Whoever installs decides where from: the tree names versions and hashes, never a host."""
    hosts = (
        r"files\.python" + "hosted",
        r"py" + r"pi\.org",
        r"registry\.npm" + "js",
        r"deb\.deb" + "ian",
    )
    assert matches("|".join(hosts)) == []


def test_no_path_of_one_machine_is_named():
    """A path that exists on one machine only is a defect on every other."""
    assert matches(r"(?<![\w.$}])/(?:work|root|home/[a-z]+|Users/[a-z]+)/[\w.]") == []


def test_no_private_key_is_in_the_tree():
    """Keys are made where they are used; test vectors hold raw values, not key files."""
    assert [at for at in matches(r"BEGIN [A-Z ]*PRIVATE " + "KEY") if "vectors/" not in at] == []


def test_no_lock_file_that_records_addresses():
    """uv.lock, pylock.toml and the like record where each file was downloaded from."""
    locks = re.compile(
        r"(uv\.lock|poetry\.lock|Pipfile\.lock|pdm\.lock|pylock(\..+)?\.toml|package-lock\.json)"
    )
    assert [name(path) for path in tracked() if locks.fullmatch(path.name)] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda p: p.name
)
def test_each_requirement_is_one_version_with_hashes(path):
    """An installer must be able to refuse any file that is not the one that was looked at."""
    blocks = re.split(r"\n(?=\S)", path.read_text().strip())
    for block in blocks:
        assert re.match(r"[a-z0-9][a-z0-9.-]*(\[[a-z,]+\])?==[\w.!+]+( ; [^\\]+)? \\\n", block), (
            block[:80]
        )
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:80]
        assert "://" not in block
    assert path.with_suffix(".in").exists()


def asked(file: str) -> set[str]:
    """The names in a hand-kept file, normalised; of pyproject.toml, those it depends on."""
    if file == "pyproject.toml":
        lines = tomllib.loads((ROOT / file).read_text())["project"]["dependencies"]
    else:
        lines = (ROOT / "requirements" / file).read_text().splitlines()
    names = [
        re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith(("#", "-"))
    ]
    return {found[0].lower().replace(".", "-").replace("_", "-") for found in names if found}


def pins(file: str) -> dict[str, str]:
    text = (ROOT / "requirements" / file).read_text()
    return dict(
        re.findall(r"^([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==([\w.!+]+)", text, re.MULTILINE)
    )


def test_what_is_asked_for_is_what_is_pinned():
    """`dev.py lock` was run, and what is tested is what runs, version for version."""
    for set_ in ("run", "test", "as4", "lock"):
        assert asked(f"{set_}.in") <= pins(f"{set_}.txt").keys()
    assert asked("pyproject.toml") == asked("run.in")
    assert pins("run.txt").items() <= pins("test.txt").items()


def test_each_init_holds_its_map_and_nothing_else():
    """Importing a package does nothing; its docstring tells what is in the folder (style 6)."""
    for path in python_files():
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert len(body) == 1 or (not body and path.is_relative_to(ROOT / "tests")), name(path)
            assert all(isinstance(b, ast.Expr) and isinstance(b.value, ast.Constant) for b in body)


def test_each_folder_of_code_is_a_package():
    """A folder without ``__init__.py`` is seen by neither the import contracts nor the wheel."""
    for path in python_files(*PACKAGES):
        assert (path.parent / "__init__.py").exists(), name(path)


def test_no_name_says_nothing():
    """A file called utils holds whatever no one could place (style 6)."""
    empty = {"utils", "helpers", "common", "misc", "manager", "base", "util", "helper"}
    assert [name(path) for path in python_files() if path.stem in empty] == []


def test_long_files_have_a_reason():
    """A file that passes 400 lines is split, or says here why not (style 13)."""
    lengths = {name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in python_files()}
    long = {path for path, lines in lengths.items() if lines > MAX_LINES}
    assert long - LONG_FILES.keys() == set(), "split, or give the reason in LONG_FILES"
    assert LONG_FILES.keys() - long == set(), "these have become short: strike them off"


def test_no_unfinished_marks():
    """What is not finished is not in the tree, or is an open issue."""
    marks = re.compile(
        r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error|pytest\.mark\.sk" + r"ip\b)"
    )
    assert [name(p) for p in python_files() if marks.search(p.read_text(encoding="utf-8"))] == []


def test_each_silenced_warning_says_why():
    """``noqa`` and ``type: ignore`` carry their code and a reason (style 7)."""
    silenced = re.compile(r"# (?:noqa|type: ignore)(?P<rest>[^\n]*)")
    reasoned = re.compile(
        r"(?:: ?[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|\[[a-z-]+(?:, ?[a-z-]+)*\])\W+\w+"
    )
    without = [
        f"{name(path)}: {found[0]}"
        for path in python_files(*PACKAGES)
        for found in silenced.finditer(path.read_text(encoding="utf-8"))
        if not reasoned.match(found["rest"])
    ]
    assert without == [], "\n".join(without)


def catches_all(handler: ast.ExceptHandler) -> bool:
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(t is None or getattr(t, "id", "") in {"Exception", "BaseException"} for t in types)


def test_every_exception_is_caught_in_one_place_only():
    """A handler for everything hides bugs; it stands once, and raises again (style 4)."""
    found = {
        name(path)
        for path in python_files(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    }
    assert found == CATCH_ALL.keys()


def test_each_test_says_in_a_sentence_what_it_holds():
    """The docstring is what a reader has when the test fails (style 12)."""
    without = [
        f"{name(path)}::{node.name}"
        for path in python_files("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
        and ast.get_docstring(node) is None
    ]
    assert without == []
