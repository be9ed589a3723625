"""A folder of records: whole, newest, and read again when it changes."""

import os

import pytest

from adapters.agency import SourceError
from adapters.sources import folder as folder_module
from adapters.sources.folder import Watched, listing, newest, read_bytes


def load_names(paths):
    """Load the names and contents of a folder."""
    return {path.name: path.read_text() for path in paths}


def test_a_change_is_seen_and_an_unchanged_folder_is_not_read_again(tmp_path):
    """Content, size, a new file, a file gone and a replacement each count as a change."""
    loads = []

    def load(paths):
        loads.append(paths)
        return load_names(paths)

    watched = Watched(tmp_path, load)
    (tmp_path / "a.csv").write_text("one")
    assert watched.current() == watched.current() == {"a.csv": "one"}
    assert len(loads) == 1
    replacement = tmp_path / "a.csv.part"
    replacement.write_text("two")
    os.utime(replacement, ns=(0, (tmp_path / "a.csv").stat().st_mtime_ns))
    replacement.rename(tmp_path / "a.csv")
    assert watched.current() == {"a.csv": "two"}
    (tmp_path / "b.csv").write_text("three")
    assert watched.current() == {"a.csv": "two", "b.csv": "three"}
    (tmp_path / "a.csv").unlink()
    assert watched.current() == {"b.csv": "three"}


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path):
    """What was read is given only if it is still what stands there."""
    (tmp_path / "a.csv").write_text("one")
    seen = []

    def load(paths):
        found = load_names(paths)
        if not seen:
            (tmp_path / "a.csv").write_text("changed meanwhile")
        seen.append(found)
        return found

    assert Watched(tmp_path, load).current() == {"a.csv": "changed meanwhile"}


def test_files_that_never_rest(tmp_path):
    """A folder that changes at every look gives no records."""
    file = tmp_path / "a.csv"
    file.write_text("")

    def load(paths):
        file.write_text(file.read_text() + "x")
        return load_names(paths)

    with pytest.raises(SourceError, match="change while"):
        Watched(tmp_path, load).current()


def test_a_broken_load_is_not_papered_over_by_the_last_good_one(tmp_path):
    """After an error there is no answer until the file is mended."""
    file = tmp_path / "a.csv"
    file.write_text("good")

    def load(paths):
        if "bad" in file.read_text():
            raise SourceError("a.csv", "line 1", "It is bad.")
        return load_names(paths)

    watched = Watched(tmp_path, load)
    assert watched.current()
    file.write_text("bad!")
    for _ in range(2):
        with pytest.raises(SourceError):
            watched.current()
    file.write_text("good again")
    assert watched.current() == {"a.csv": "good again"}


@pytest.mark.parametrize("name", ["x_2026-02-30.csv", "x_2026-11-16_2026-11-15.csv"])
def test_dates_in_a_name_are_days_in_order(tmp_path, name):
    """A name with a day that is none is an error, not a file of another kind."""
    (tmp_path / name).touch()
    with pytest.raises(SourceError):
        newest(listing(tmp_path), "x")


def test_the_newest_by_its_last_day(tmp_path):
    """The name decides, not when the file was copied; stems are not prefixes."""
    for name in ("x_2026-11-01_2026-11-15.csv", "x_2026-11-14.csv", "x_y_2026-11-16.csv"):
        (tmp_path / name).touch()
    assert newest(listing(tmp_path), "x").path.name == "x_2026-11-01_2026-11-15.csv"
    assert newest(listing(tmp_path), "z") is None


def test_limits(tmp_path, monkeypatch):
    """Too large a file and too many files are refused."""
    monkeypatch.setattr(folder_module, "MAX_FILE_BYTES", 3)
    monkeypatch.setattr(folder_module, "MAX_FILES", 1)
    (tmp_path / "a").write_text("1234")
    with pytest.raises(SourceError, match="larger"):
        read_bytes(tmp_path / "a")
    (tmp_path / "b").touch()
    with pytest.raises(SourceError, match="more than"):
        listing(tmp_path)


def test_a_file_that_is_gone(tmp_path):
    """What cannot be read is named."""
    with pytest.raises(SourceError, match="cannot be read"):
        read_bytes(tmp_path / "a")
