"""``dovetail agency``: let one more agency take part in a world."""

import secrets
import time
from functools import partial
from pathlib import Path

import click

from deploy.cli.acting import dir_option, founded
from deploy.cli.output import Exit, emit, fail, json_option, one_of, say
from deploy.sandbox.cast import Part
from deploy.sandbox.founding import FoundingError, agency_folder, enrol
from deploy.sandbox.place import endpoints, open_clock
from schemas.directory_entry import OrganisationKind, Role
from schemas.identifiers import parse_agency_id
from schemas.problems import Problem

__all__ = ["agency"]

_ASKERS = frozenset({OrganisationKind.LA_PANEL, OrganisationKind.POLICE_CTP})
_WAIT_S = 10.0


@click.group()
def agency() -> None:
    """Agencies of a world: add one."""


@agency.command()
@click.argument("agency_id")
@one_of(
    "--kind",
    [one.value for one in OrganisationKind if one is not OrganisationKind.BROKER],
    "What it is.",
    metavar="KIND",
    required=True,
)
@click.option("--name", required=True, help="As people call it.")
@click.option(
    "--controller", help="The organisation that answers for it in law; its own name if left out."
)
@click.option(
    "--post", default="Information officer", show_default=True, help="The post that answers."
)
@dir_option
@json_option
def new(
    agency_id: str,
    kind: str,
    name: str,
    controller: str | None,
    post: str,
    folder: Path,
    *,
    json_wanted: bool,
) -> None:
    """Add an agency: keys, directory entry, connection. A running world lets it in within a second.

    Its own records, if it has files like those of the sandbox, go into agencies/AGENCY_ID/records.
    """
    founded(folder)
    if isinstance(parse_agency_id(agency_id), Problem):
        fail(
            Exit.USAGE,
            "An agency id has small letters, digits and single hyphens, such as southmere-school.",
        )
    of_kind = OrganisationKind(kind)
    asks = (
        (Role.LACC, Role.LACC_SUP, Role.CHAIR)
        if of_kind is OrganisationKind.LA_PANEL
        else (Role.CTCO, Role.AIO)
    )
    roles = asks if of_kind in _ASKERS else (Role.AIO, Role.SIGNOFF)
    part = Part(agency_id, name, of_kind, controller or name, (*roles, Role.DPO), None, post)
    try:
        entry = enrol(folder, part, secrets.token_bytes, open_clock(folder).now())
    except FoundingError as error:
        fail(Exit.FAILED, str(error))
    joined = _wait(folder, agency_id)
    facts = {
        "id": entry.id,
        "kind": entry.kind.value,
        "account": entry.account,
        "credentials": str(agency_folder(folder, entry.id) / "agency.creds"),
        "roles": [held.role.value for held in entry.roles],
        "joined": joined,
    }
    emit("agency", facts, partial(_show, agency_id, joined=joined), json_wanted=json_wanted)


def _wait(folder: Path, agency_id: str) -> bool:
    """Wait until the running world has let it in; False when nothing runs."""
    ends = time.monotonic() + _WAIT_S
    while (running := endpoints(folder)) is not None and time.monotonic() < ends:
        if any(one["id"] == agency_id for one in running["agencies"]):
            return True
        time.sleep(0.05)
    return False


def _show(agency_id: str, *, joined: bool) -> None:
    now = "It takes part now." if joined else "It takes part when `dovetail up` runs."
    say(f"{agency_id} is enrolled: keys, directory entry, credentials. {now}")
