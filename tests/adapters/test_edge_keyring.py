"""An agency's keys on disk: they come back whole, or a sentence says why not."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.keyring import AgencyKeys, KeyRingError, Seeds, load, make_seeds, save
from adapters.vault import Vault
from tests.adapters.gatherer.surroundings import Chance

PASSPHRASE = b"correct horse"
SEEDS = make_seeds(Chance("seeds"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys as they are kept."""
    save(tmp_path / "keys", SEEDS, PASSPHRASE, Chance("save"))
    return tmp_path / "keys"


def test_keys_come_back(folder: Path):
    """All of them, in order; what they make signs and opens under the same ids."""
    assert load(folder, PASSPHRASE) == SEEDS
    more = Seeds(SEEDS.storage, SEEDS.ed25519, SEEDS.ml_dsa_65, (b"n" * 32, *SEEDS.enc), SEEDS.feed)
    save(folder, more, PASSPHRASE, Chance("again"))
    found = load(folder, PASSPHRASE)
    assert found == more
    keys = AgencyKeys.of(found, Chance("use"))
    assert len(keys.enc) == 2
    assert len(keys.feed) == 1
    assert keys.vault.open(keys.vault.seal({"a": 1}, "place"), "place") == {"a": 1}


def test_the_files_are_private_and_few(folder: Path):
    """Mode 0600 in a folder of 0700, whatever the umask was; no draft stays."""
    assert {path.name for path in folder.iterdir()} == {"storage.key", "ring"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_seed_stands_in_a_file(folder: Path):
    """Nor in what is printed."""
    seeds = (SEEDS.storage, SEEDS.ed25519, SEEDS.ml_dsa_65, *SEEDS.enc, *SEEDS.feed)
    for path in folder.iterdir():
        assert not any(seed in path.read_bytes() for seed in seeds)
    assert not any(repr(seed)[2:-1] in repr(SEEDS) for seed in seeds)
    assert repr(SEEDS.storage) not in repr(AgencyKeys.of(SEEDS, Chance("use")))


def test_two_savings_never_look_alike(folder: Path):
    """Salts and nonces are new each time."""
    first = [path.read_bytes() for path in sorted(folder.iterdir())]
    save(folder, SEEDS, PASSPHRASE, Chance("other"))
    assert all(
        a != path.read_bytes() for a, path in zip(first, sorted(folder.iterdir()), strict=True)
    )


def swapped(folder: Path) -> None:
    """The two files exchanged."""
    one, other = folder / "storage.key", folder / "ring"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def from_another(name: str) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        """One file of another agency with the same passphrase."""
        save(folder / "other", make_seeds(Chance("other")), PASSPHRASE, Chance("other save"))
        (folder / name).write_bytes((folder / "other" / name).read_bytes())

    return put


def cut(name: str, size: int) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:size])

    return put


def flipped(name: str, place: int) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[place] ^= 1
        (folder / name).write_bytes(bytes(data))

    return put


def open_to_others(folder: Path) -> None:
    (folder / "ring").chmod(0o640)


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def folder_instead(folder: Path) -> None:
    (folder / "ring").unlink()
    (folder / "ring").mkdir(mode=0o700)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (swapped, "check the passphrase"),
        (from_another("storage.key"), "does not fit"),
        (from_another("ring"), "does not fit"),
        (cut("storage.key", 0), "check the passphrase"),
        (cut("storage.key", 123), "check the passphrase"),
        *((cut("ring", size), "does not fit") for size in (0, 5, 11, 12, 27, 100)),
        (flipped("storage.key", 60), "check the passphrase"),
        (flipped("storage.key", 20), "check the passphrase"),
        (flipped("ring", 3), "does not fit"),
        (flipped("ring", -1), "does not fit"),
        (gone("storage.key"), "missing"),
        (gone("ring"), "missing"),
        (open_to_others, "mode 0600"),
        (folder_instead, "cannot be read"),
    ],
)
def test_damage_is_one_sentence(folder: Path, damage: Callable[[Path], None], says: str):
    """Which of the two files, and what to do; never a traceback, never anything of the keys."""
    damage(folder)
    with pytest.raises(KeyRingError, match=says):
        load(folder, PASSPHRASE)


def test_another_passphrase_opens_nothing(folder: Path):
    """And is not repeated."""
    with pytest.raises(KeyRingError) as refused:
        load(folder, b"wrong staple")
    assert "staple" not in str(refused.value)


def test_a_ring_that_holds_no_key_is_refused(folder: Path):
    """Sealed by us, and yet not ours: a fault of a program, said to be one."""
    vault = Vault(SEEDS.storage, lambda: b"n" * 12)
    ring = {"ed25519": "short", "ml_dsa_65": "", "enc": [], "feed": []}
    (folder / "ring").write_bytes(vault.seal(ring, "ring"))
    with pytest.raises(KeyRingError, match="no key"):
        load(folder, PASSPHRASE)


@pytest.mark.parametrize("step", [0, 1])
def test_a_crash_while_saving_leaves_keys_that_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: int
):
    """Killed before either rename: the old or the new passphrase opens, and every key is there."""
    renames = iter(range(9))
    true = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if next(renames) == step:
            raise OSError("the power failed")
        return true(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="power"):
        save(folder, SEEDS, b"new words", Chance("new"))
    monkeypatch.undo()
    assert load(folder, PASSPHRASE if step == 0 else b"new words") == SEEDS
    (folder / "ring.new").write_bytes(b"")
    (folder / "ring.new").chmod(0o644)
    save(folder, SEEDS, PASSPHRASE, Chance("after"))
    assert load(folder, PASSPHRASE) == SEEDS
    assert not list(folder.glob("*.new"))
