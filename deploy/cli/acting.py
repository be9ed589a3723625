"""What commands that act as an agency share: whose world, which agency, and what became of a message."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from adapters.compose import Queued
from adapters.edge import Edge, EdgeFault
from adapters.keyring import KeyRingError
from adapters.mailbox import Letter, due_of, letter, short
from adapters.store import StoreError
from broker.faults import Fault
from deploy.cli.output import Exit, console, emit, explain_problems, fail, local_time, prose
from deploy.sandbox.founding import FoundingError
from deploy.sandbox.place import endpoints, open_edge
from schemas.problems import Problem

__all__ = [
    "agency_options",
    "dir_option",
    "due_facts",
    "letter_facts",
    "opened_edge",
    "problem_facts",
    "report",
    "wait_for_verdict",
]

_WAIT_S = 10.0
_LOOK_S = 0.05


def dir_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--dir``."""
    option = click.option(
        "--dir",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("northmere"),
        show_default=True,
        help="The world's folder, as given to `dovetail up`.",
    )
    return option(command)


def agency_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--dir`` and ``--as``."""
    as_option = click.option("--as", "agency", required=True, help="The agency that you act as.")
    return dir_option(as_option(command))


def opened_edge(folder: Path, agency: str) -> Edge:
    """Open an agency's edge, or end with what is wrong and what to do."""
    try:
        return asyncio.run(open_edge(folder, agency))
    except FoundingError as error:
        fail(Exit.NOT_FOUND, str(error))
    except (KeyRingError, StoreError, EdgeFault, Fault) as error:
        fail(Exit.FAILED, str(error))


def wait_for_verdict(edge: Edge, jti: str, *, running: bool) -> Letter:
    """Wait until the broker judged a message of ours, or it is clear that nothing runs.

    Args:
        edge: Whose message.
        jti: Its id.
        running: Whether a world runs here; without one there is nobody to wait for.

    """
    ends = time.monotonic() + (_WAIT_S if running else 0)
    while True:
        with edge.store.read() as c:
            found = letter(c, "out", jti)
        if found is None:
            raise LookupError(jti)
        if found.state != "queued" or time.monotonic() >= ends:
            return found
        time.sleep(_LOOK_S)


def report(
    edge: Edge,
    folder: Path,
    result: Queued | tuple[Problem, ...],
    done: str,
    *,
    json_wanted: bool,
) -> None:
    """Tell what became of a message, and end with 4 when it was refused, here or by the broker."""
    if isinstance(result, tuple):
        emit(
            "refusal",
            {"sent": False, "problems": problem_facts(result)},
            lambda: None,
            json_wanted=json_wanted,
        )
        fail(Exit.REFUSED, "Nothing was sent.\n" + explain_problems(result))
    found = wait_for_verdict(edge, result.jti, running=endpoints(folder) is not None)
    emit("message", letter_facts(found), partial(_show, found, done), json_wanted=json_wanted)
    if found.state == "refused":
        fail(Exit.REFUSED, "The broker refused it.\n" + explain_problems(found.problems))
    if found.state == "queued":
        prose("It waits in the outbox and is sent, once, when `dovetail up` runs.")


def letter_facts(found: Letter) -> Mapping[str, Any]:
    """A message as scripts read it; no values."""
    return {
        "id": found.jti,
        "type": found.mt,
        "from": found.iss.removeprefix("urn:dovetail:org:"),
        "to": found.aud.removeprefix("urn:dovetail:org:"),
        "case": found.conv,
        "request": found.request,
        "state": found.state,
        "arrived_at": found.arrived_at,
        "late": found.late,
        "due": found.due,
        "problems": problem_facts(found.problems),
    }


def problem_facts(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems as scripts read them."""
    return [
        {
            "code": one.code.value,
            "where": one.where,
            "rule": one.rule,
            "says": one.meaning.says,
            "remedy": one.meaning.remedy,
        }
        for one in problems
    ]


def due_facts(due: Mapping[str, Any] | None) -> str:
    """A due time in words, for a table."""
    if due is None:
        return "–"
    return "clock paused" if due.get("stopped") else local_time(due_of(due))


def _show(found: Letter, done: str) -> None:
    out = console()
    out.print(f"{done} (reference {short(found.jti)})")
    if found.arrived_at is not None:
        late = ", late" if found.late else ""
        out.print(f"The broker has it since {local_time(found.arrived_at)}{late}.")
    if found.due is not None:
        out.print(f"Answer due: {due_facts(found.due)}")
