"""The one clock: real time plus a history of offsets that only grow."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.clock import Clock, real_now
from broker.faults import Fault

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Machine:
    """A machine's time, set by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


def test_without_a_history_domain_time_is_real_time(tmp_path: Path) -> None:
    """In production, and in a sandbox that nobody has moved, the clock adds nothing."""
    assert Clock(real=Machine()).now() == START
    assert Clock(tmp_path / "none", real=Machine()).now() == START
    assert Clock().now() - real_now() < timedelta(seconds=5)


def test_a_stamp_keeps_the_offset_that_held_when_it_was_made(tmp_path: Path) -> None:
    """What arrived at nine arrived at nine, however far the clock is moved afterwards."""
    machine = Machine()
    clock = Clock(tmp_path / "clock", real=machine)
    before = clock.of(START)
    machine.at += timedelta(minutes=1)
    assert clock.advance(timedelta(days=1)) == START + timedelta(days=1, minutes=1)
    between = clock.of(machine.at)
    machine.at += timedelta(minutes=1)
    clock.advance(timedelta(hours=2))
    assert clock.of(START) == before == START
    assert clock.of(START + timedelta(minutes=1)) == between
    assert clock.now() == START + timedelta(days=1, hours=2, minutes=2)


def test_two_processes_move_together(tmp_path: Path) -> None:
    """A clock sees what another wrote into the history, also after it has read it once."""
    machine = Machine()
    one, other = (Clock(tmp_path / "clock", real=machine) for _ in range(2))
    assert other.now() == START
    one.advance(timedelta(hours=1))
    assert other.now() == START + timedelta(hours=1)


def test_instants_are_utc_whatever_zone_the_stamp_has(tmp_path: Path) -> None:
    """A stamp in another zone gives the same instant, in UTC."""
    stamp = START.astimezone(timezone(timedelta(hours=5)))
    found = Clock().of(stamp)
    assert (found, found.tzinfo) == (START, UTC)


def test_a_naive_stamp_is_a_mistake() -> None:
    """A datetime without a zone is refused, not guessed at."""
    with pytest.raises(ValueError, match="zone"):
        Clock().of(datetime(2026, 3, 2))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("by", [timedelta(), timedelta(seconds=-1), timedelta(seconds=1.5)])
def test_the_clock_moves_forward_by_whole_seconds(tmp_path: Path, by: timedelta) -> None:
    """Backwards, standing still or by parts of seconds is refused."""
    with pytest.raises(ValueError, match="forward"):
        Clock(tmp_path / "clock").advance(by)


def test_a_clock_without_history_cannot_be_moved() -> None:
    """In production nobody moves time, whatever a caller asks."""
    with pytest.raises(Fault):
        Clock().advance(timedelta(hours=1))


def test_a_machine_set_back_is_noticed(tmp_path: Path) -> None:
    """If the machine's time went back past the last entry, a new entry would change old stamps."""
    machine = Machine()
    clock = Clock(tmp_path / "clock", real=machine)
    clock.advance(timedelta(hours=1))
    machine.at -= timedelta(seconds=1)
    with pytest.raises(Fault):
        clock.advance(timedelta(hours=1))


def test_an_unfinished_line_is_not_part_of_the_history(tmp_path: Path) -> None:
    """A reader that comes while a line is being written sees the history before it."""
    path = tmp_path / "clock"
    path.write_text(json.dumps([START.isoformat(), 60]) + "\n" + '["2026-03-02T09:')
    machine = Machine()
    assert Clock(path, real=machine).now() == START + timedelta(seconds=60)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "{}",
        "[1, 2]",
        '["2026-03-02T09:00:00+00:00"]',
        '["2026-03-02T09:00:00", 5]',
        '["2026-03-02T09:00:00+00:00", 1.5]',
        '["2026-03-02T09:00:00+00:00", true]',
        '["2026-03-02T09:00:00+00:00", "5"]',
        '["2026-03-02T09:00:00+00:00", 1e99]',
        '["2026-03-02T09:00:00+00:00", -5]',
        '["2026-03-02T09:00:00+00:00", 5]\n["2026-03-02T08:00:00+00:00", 6]',
        '["2026-03-02T09:00:00+00:00", 5]\n["2026-03-02T10:00:00+00:00", 4]',
    ],
)
def test_a_damaged_history_is_a_fault(tmp_path: Path, line: str) -> None:
    """Time is not guessed: a history that is not in form, or goes backwards, stops the caller."""
    path = tmp_path / "clock"
    path.write_text(line + "\n")
    with pytest.raises(Fault):
        Clock(path).now()


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 10**6)), max_size=8), st.data())
def test_domain_time_never_runs_backwards(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Of two stamps, the later one never stands for the earlier instant."""
    machine = Machine()
    clock = Clock(tmp_path_factory.mktemp("c") / "clock", real=machine)
    for wait_s, by_s in moves:
        machine.at += timedelta(seconds=wait_s)
        clock.advance(timedelta(seconds=by_s))
    first, second = sorted(data.draw(st.lists(st.integers(-100, 100_000), min_size=2, max_size=2)))
    assert clock.of(START + timedelta(seconds=first)) <= clock.of(START + timedelta(seconds=second))
