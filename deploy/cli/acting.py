"""What commands that act as an agency share: whose world, which agency, and what became of a message."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from adapters.compose import Queued
from adapters.edge import Edge, EdgeFault
from adapters.keyring import KeyRingError
from adapters.mailbox import Letter, due_of, letter, short
from adapters.store import StoreError
from broker.faults import Fault
from deploy.cli.output import Exit, brief_time, emit, fail, local_time, prose, say
from deploy.cli.problems import explain_problems, problem_facts
from deploy.sandbox.founding import FoundingError, is_founded
from deploy.sandbox.place import endpoints, open_edge
from schemas.identifiers import agency_id
from schemas.messages.message_type import Effect
from schemas.messages.registry import REGISTRY
from schemas.problems import Problem

__all__ = [
    "agency_options",
    "dir_option",
    "due_words",
    "founded",
    "letter_facts",
    "name_of",
    "opened_edge",
    "refused",
    "report",
    "running_world",
    "state_words",
    "type_words",
    "wait_for_verdict",
    "waits",
]

_WAIT_S = 10.0
_LOOK_S = 0.05
_STATES = {
    "queued": "waits here",
    "submitted": "sent",
    "announced": "on its way",
    "delivered": "collected",
}
_CLOSES = frozenset({Effect.ANSWERS, Effect.HOLDS_NOTHING, Effect.REFUSES})
_ENDS = frozenset({Effect.WITHDRAWS})


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
    as_option = click.option(
        "--as", "agency", required=True, metavar="AGENCY", help="The agency that you act as."
    )
    return as_option(dir_option(command))


def founded(folder: Path) -> Path:
    """The folder of a world, or the end with 3."""
    if not is_founded(folder):
        fail(
            Exit.NOT_FOUND,
            f"There is no world in {folder}: start one with `dovetail up --dir {folder}`.",
        )
    return folder


def running_world(folder: Path) -> Mapping[str, Any]:
    """Where a world that runs now can be reached; the end with 3 or 69 when there is none."""
    running = endpoints(founded(folder))
    if running is None:
        fail(
            Exit.UNAVAILABLE,
            f"Nothing runs in {folder}: start it with `dovetail up --dir {folder}`.",
        )
    return running


def opened_edge(folder: Path, agency: str) -> Edge:
    """Open an agency's edge, or end with what is wrong and what to do."""
    try:
        return asyncio.run(open_edge(folder, agency))
    except FoundingError as error:
        fail(Exit.NOT_FOUND, str(error))
    except (KeyRingError, StoreError, EdgeFault, Fault) as error:
        fail(Exit.FAILED, str(error))


def name_of(edge: Edge, agency: str) -> str:
    """An agency's name by its id or by how messages name it; the id when it is not listed."""
    found = agency_id(agency) if agency.startswith("urn:") else agency
    entry = edge.directory.entry(found)
    return found if entry is None else entry.name


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
        refused(result, json_wanted=json_wanted)
    running = endpoints(folder) is not None
    found = wait_for_verdict(edge, result.jti, running=running)
    emit("message", letter_facts(found), partial(_show, found, done), json_wanted=json_wanted)
    if found.state == "refused":
        fail(Exit.REFUSED, "The broker refused it.\n" + explain_problems(found.problems))
    if found.state == "queued":
        waits(folder, running=running)


def refused(
    problems: tuple[Problem, ...], questions: tuple[str, ...] = (), *, json_wanted: bool
) -> NoReturn:
    """Tell that nothing was sent, and why, and end with 4."""
    facts = {"sent": False, "problems": problem_facts(problems)}
    emit("refusal", facts, lambda: None, json_wanted=json_wanted)
    fail(Exit.REFUSED, "Nothing was sent.\n" + explain_problems(problems, questions))


def waits(folder: Path, *, running: bool) -> None:
    """Say, on stderr, what becomes of a message that the broker has not judged yet."""
    prose(
        "The broker has not judged it yet: look again soon."
        if running
        else f"Nothing runs in {folder}. It waits in the outbox, and is sent once, when `dovetail up` runs."
    )


def letter_facts(found: Letter) -> Mapping[str, Any]:
    """A message as scripts read it; no values."""
    return {
        "id": found.jti,
        "type": found.mt,
        "from": agency_id(found.iss),
        "to": agency_id(found.aud),
        "case": found.conv,
        "request": found.request,
        "state": found.state,
        "arrived_at": found.arrived_at,
        "late": found.late,
        "due": found.due,
        "problems": problem_facts(found.problems),
    }


def state_words(state: str) -> str:
    """A message's state for a person."""
    return _STATES.get(state, state)


def type_words(mt: str) -> str:
    """A message type for a person: ``clarification query``."""
    return mt.partition("/")[0].rpartition(".")[2].replace("_", " ")


def due_words(due: Mapping[str, Any] | None) -> str:
    """A due time in words, for a table."""
    if due is None:
        return "–"
    return "clock paused" if due.get("stopped") else brief_time(due_of(due))


def _show(found: Letter, done: str) -> None:
    if found.state == "refused":
        return
    if found.state == "queued":
        say(f"Written, not sent yet (reference {short(found.jti)}).")
        return
    say(f"{done} (reference {short(found.jti)})")
    if found.arrived_at is not None:
        say(f"The broker has it since {local_time(found.arrived_at)}. {_in_time(found)}".rstrip())


def _in_time(found: Letter) -> str:
    """What a message says of the request's time: kept, missed, running or standing."""
    effect, due_at = _effect(found.mt), due_of(found.due)
    if effect in _ENDS or found.due is None:
        return ""
    if effect in _CLOSES:
        known = "" if due_at is None else f": it was due {local_time(due_at)}"
        return f"It came late{known}." if found.late else f"In time{known}."
    if found.due.get("stopped"):
        return "The clock stands until the reply."
    return f"The answer is due {local_time(due_at)}."


def _effect(mt: str) -> Effect | None:
    known = REGISTRY.get(mt)
    return None if known is None else known.effect
