"""``dovetail deadline`` gives the worked examples, to the second, and refuses what it cannot read."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli.main import main

EXAMPLES = json.loads((Path(__file__).parents[1] / "vectors/working_day_examples.json").read_text())


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["deadline", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: str(one["id"]))
def test_each_worked_example_holds_through_the_command(example: dict[str, Any]) -> None:
    """Day 0 and due time are those of the worked example, under the default convention."""
    arguments = ["--received", example["received_utc"], "--days", str(example["working_days"])]
    for division in example["divisions"]:
        arguments += ["--calendar", division]
    for first, last in example["clock_stops"]:
        arguments += ["--stopped", f"{first}/{last}"]
    code, out, _ = _run(*arguments, "--json")
    found = json.loads(out)
    assert (code, found["day_0"], found["due_at"]) == (0, example["day0"], example["due_utc"])
    assert found["schema"] == "dovetail.deadline/1"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: str(one["id"]))
def test_each_worked_example_holds_under_the_other_convention(example: dict[str, Any]) -> None:
    """With ``calendar_receipt`` the due time, as a person reads it, is the example's alternative."""
    if example["clock_stops"]:
        return  # the examples give the alternative without stops
    arguments = ["--received", example["received_utc"], "--days", str(example["working_days"])]
    for division in example["divisions"]:
        arguments += ["--calendar", division]
    code, out, _ = _run(*arguments, "--convention", "calendar_receipt")
    day, month = example["due_alt_calendar_receipt"].split()[1:3]
    assert code == 0
    assert f" {int(day)} {month} " in next(line for line in out.splitlines() if line[:3] == "Due")


def test_the_ladder_of_the_first_example_is_as_published() -> None:
    """Reminders on working days 3, 4 and 5 at 09:00, escalations on the three after the due day."""
    _, out, _ = _run(
        "--received", "2026-11-16T09:00:00Z", "--calendar", "england-and-wales", "--json"
    )
    found = json.loads(out)
    at = {one["rung"]: one["at"] for one in found["reminders"] + found["escalations"]}
    assert at == {
        "ack": "2026-11-18T09:00:00Z",
        "r1": "2026-11-19T09:00:00Z",
        "r2": "2026-11-20T09:00:00Z",
        "r3": "2026-11-23T09:00:00Z",
        "e1": "2026-11-24T09:00:00Z",
        "e2": "2026-11-25T09:00:00Z",
        "e3": "2026-11-26T09:00:00Z",
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--received", "2026-11-16T09:00:00", "--calendar", "scotland"), "zone"),
        (("--received", "yesterday", "--calendar", "scotland"), "zone"),
        (("--received", "2026-11-16T09:00:00Z", "--calendar", "france"), "calendar"),
        (("--received", "2026-11-16T09:00:00Z"), "calendar"),
        (
            (
                "--received",
                "2026-11-16T09:00:00Z",
                "--calendar",
                "scotland",
                "--stopped",
                "2026-11-18T09:00:00Z/2026-11-17T09:00:00Z",
            ),
            "ends before",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_give(
    arguments: tuple[str, ...], says: str
) -> None:
    """Wrong usage ends with 2 and a sentence that names what is wanted."""
    code, out, err = _run(*arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_a_clock_that_still_stands_has_no_due_time() -> None:
    """An open stop ends with 1 and says what to give, instead of a date that will not hold."""
    code, out, err = _run(
        "--received",
        "2026-11-16T09:00:00Z",
        "--calendar",
        "scotland",
        "--stopped",
        "2026-11-17T09:00:00Z/",
    )
    assert (code, out) == (1, "")
    assert "Give the end of the stop" in err
