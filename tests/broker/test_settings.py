"""Settings: environment over file over defaults; nothing misspelt, nothing echoed."""

from pathlib import Path

import pytest

from broker.settings import Settings, SettingsFault, load


def test_nothing_set_gives_the_defaults() -> None:
    """An empty environment is a complete one."""
    assert load({}) == load({"HOME": "/root", "DOVETAIL_DEMO_COUNT": "5"}) == Settings()


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    """A file sets many things; the environment changes one for this process."""
    file = tmp_path / "dovetail.toml"
    file.write_text('replicas = 3\nlog_level = "error"\n')
    found = load({"DOVETAIL_CONFIG": str(file), "DOVETAIL_LOG_LEVEL": "debug"})
    assert (found.replicas, found.log_level) == (3, "debug")


def test_values_have_their_types() -> None:
    """What comes as text from the environment is a number or a path inside."""
    found = load({"DOVETAIL_REPLICAS": "3", "DOVETAIL_DIRECTORY": "some/where"})
    assert (found.replicas, found.directory) == (3, Path("some/where"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOVETAIL_REPLICAS", "0"),
        ("DOVETAIL_REPLICAS", "hunter2"),
        ("DOVETAIL_BUS_URL", "http://hunter2"),
        ("DOVETAIL_LOG_LEVEL", "hunter2"),
        ("DOVETAIL_DIRECTORY", ""),
        ("DOVETAIL_DIRECTRY", "hunter2"),
    ],
)
def test_what_is_wrong_is_named_and_not_quoted(name: str, value: str) -> None:
    """A misspelt name or a value out of range stops the start; the sentence has no value in it."""
    with pytest.raises(SettingsFault) as told:
        load({name: value})
    assert name.removeprefix("DOVETAIL_").lower() in str(told.value)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("text", ["replicas =", 'unheard_of = "x"', "\x00"])
def test_a_file_that_is_not_in_form_stops_the_start(tmp_path: Path, text: str) -> None:
    """Neither broken TOML nor an unknown name is passed over."""
    file = tmp_path / "dovetail.toml"
    file.write_text(text)
    with pytest.raises(SettingsFault):
        load({"DOVETAIL_CONFIG": str(file)})


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    """A file that was named must be there."""
    with pytest.raises(SettingsFault):
        load({"DOVETAIL_CONFIG": str(tmp_path / "none.toml")})
