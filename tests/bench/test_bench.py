"""The benchmark runs and says what it promises to say. How fast anything is, is not tested here."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.keys import SigningKey
from tests.bench import measure, report, run, tape
from tests.bench.measure import Figure, Sample, Spread

RUN = Path(run.__file__)
OURS = [name for name in run.NAMES if name not in {"as4", "memory"}]


def bench(*args: str) -> dict[str, object]:
    """Run the benchmark as `dev.py bench` does, and read its document."""
    done = subprocess.run(
        [sys.executable, str(RUN), "--json", "--quick", "--rounds", "2", *args],
        capture_output=True, check=False, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_every_contender_is_measured(nats_server: Path):
    """One document with a figure for each, its signatures named, and memory beside it."""
    found = bench("--count", "4", "--requests", "20", "--only", *OURS, "memory")
    assert found["schema"] == "dovetail.bench/1"
    assert list(found["figures"]) == OURS
    for figure in found["figures"].values():
        assert figure["contains"]
        assert figure["rounds"] == 2
        assert figure["operations"] == 8
        assert figure["cpu_s"]["low"] <= figure["cpu_s"]["median"] <= figure["cpu_s"]["high"]
    served = {name for name, one in found["figures"].items() if one["server_cpu_s"]["median"]}
    assert served == set(run.ON_BUS)
    assert found["memory"]["requests"] == 20
    assert 0 < found["memory"]["full_bytes"] <= found["memory"]["peak_bytes"]


@pytest.mark.skipif(run.AS4 not in os.environ, reason="as4 is installed by `dev.py bench` only")
def test_as4_is_measured_with_the_same_payload():
    """The Python AS4 stack goes through its whole exchange, and the aim is judged by it."""
    found = bench("--count", "2", "--only", "as4", "exchange")
    assert "RSA-2048" in found["figures"]["as4"]["contains"]
    assert [aim["most"] for aim in found["aims"]] == [0.5]


def test_a_gate_judges_what_the_tape_says_it_judges():
    """Both signatures of the sender, the record sealed to both sides, both receipts: no more, no less."""
    found = asyncio.run(run.in_memory(frozenset({"gate"})))
    assert found[0].contains == (
        "2 Ed25519 sign · 1 Ed25519 verify · 1 ML-DSA-65 verify · 2 X-Wing seal"
    )


def test_a_tape_plays_what_was_recorded_and_nothing_stays_recorded():
    """The same calls again; the classes are as they were."""
    before = SigningKey.sign
    key = SigningKey.from_seed("Ed25519", bytes(32))
    with tape.recording() as made:
        first = key.sign(b"a")
        assert key.public.verifies(first, b"a")
    assert SigningKey.sign is before
    assert made.contains == "1 Ed25519 sign · 1 Ed25519 verify"
    assert [call() for call in made.calls] == [first, True]


class Steps:
    """A contender that takes as long as it is told."""

    title = contains = ""

    def __init__(self, name: str, turns: list[str]) -> None:
        self.name = name
        self.turns = turns

    async def round(self, count: int) -> Sample:
        self.turns.append(self.name)
        return Sample(count, 0.01, 0.02)

    async def close(self) -> None:
        pass


async def test_contenders_take_turns():
    """Each round begins with another one, after a warm-up that is not counted."""
    turns: list[str] = []
    made = await measure.take_turns(
        [Steps("a", turns), Steps("b", turns), Steps("c", turns)], rounds=3, round_s=1, count=5
    )
    assert "".join(turns) == "abc" + "abc" + "bca" + "cab"
    assert [len(one.samples) for one in made.values()] == [3, 3, 3]


def figure(*cpu_s: float, server_cpu_s: float = 0.0) -> Figure:
    """A figure of ten operations in each round."""
    return Figure("x", "", "", [Sample(10, 1.0, cpu, server_cpu_s) for cpu in cpu_s])


def test_figures_divide_by_operations_and_count_the_server():
    """Per core means everybody's processor time; ratios are of the same round."""
    one = figure(0.1, 0.3, 0.2, server_cpu_s=0.1)
    assert one.per_core.median == pytest.approx(10 / 0.3)
    assert one.cpu_s == Spread(pytest.approx(0.02), pytest.approx(0.015), pytest.approx(0.025))
    assert measure.ratio(figure(1, 2, 3), figure(2, 4, 6)) == Spread(0.5, 0.5, 0.5)


@pytest.mark.parametrize(("cpu_s", "met"), [(1.0, True), (1.01, False)])
def test_an_aim_is_met_up_to_its_number(cpu_s: float, met: bool):
    """Twice as many exchanges for each core means half the processor time of as4, or less."""
    found = report.document({"exchange": figure(cpu_s), "as4": figure(2.0)}, None, {})
    assert [aim["met"] for aim in found["aims"]] == [met]


def test_processor_time_of_another_process_is_read():
    """The clock of this process, asked for by pid, is the one that Python knows."""
    assert measure.cpu_of(os.getpid()) == pytest.approx(time.process_time(), abs=0.05)
