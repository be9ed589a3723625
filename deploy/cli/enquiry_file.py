"""Read an enquiry for the command line: the person from a file or stdin, never from an argument.

What stands in an argument stands in the shell's history and in every process list of the machine.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TextIO, cast

from adapters.gatherer.enquiry import Asking, Enquiry
from deploy.cli.output import Exit, fail
from schemas.directory_entry import Role
from schemas.encoding import JsonValue
from schemas.fields.asking import ConcernLevel, SubjectInformed, Theme
from schemas.fields.catalogue import CATALOGUE
from schemas.manifest import SubjectClass

__all__ = ["enquiry", "read_person"]


def read_person(file: TextIO | None) -> Mapping[str, JsonValue]:
    """Read ``{"id.family_name": …, …}``; an example is ``deploy/sandbox/rowan.json``."""
    if file is None:
        return {}
    try:
        given = json.load(file)
    except ValueError as error:
        fail(Exit.USAGE, f"The file is not JSON (line {getattr(error, 'lineno', '?')}).")
    known = [name for name in CATALOGUE if name.startswith("id.")]
    if not isinstance(given, dict) or not set(given) <= set(known):
        fail(
            Exit.USAGE,
            f"The file must hold one JSON object with these fields and no other: {', '.join(known)}.",
        )
    return cast("Mapping[str, JsonValue]", given)


def enquiry(
    *,
    case: str,
    case_due: datetime | None,
    to: tuple[str, ...],
    ask: tuple[str, ...],
    because: str,
    person: str,
    subject: Mapping[str, JsonValue],
    subject_class: str | None,
    days: int | None,
    hours: int | None,
    concern_level: str | None,
    theme: tuple[str, ...],
    summary: str | None,
    informed: bool,
    not_informed: str | None,
    months: int,
    role: str,
    approval: str | None,
    checked: bool,
    anew: bool,
) -> Enquiry:
    """Put an enquiry together: the same for each agency, but for questions given as AGENCY:QUESTION."""
    if days is not None and hours is not None:
        fail(Exit.USAGE, "Give --days or --hours, not both.")
    return Enquiry(
        reference=case,
        asking=tuple(
            Asking(
                agency=agency,
                questions=_questions(agency, to, ask),
                days=days,
                hours=hours,
                concern=cast("ConcernLevel | None", concern_level),
                anew=anew,
            )
            for agency in to
        ),
        because=because,
        subject_informed=_informed(not_informed, informed=informed),
        person=person,
        subject=subject,
        subject_class=cast("SubjectClass | None", subject_class),
        case_due=case_due,
        role=Role(role),
        themes=cast("tuple[Theme, ...]", theme),
        summary=summary,
        months=months,
        checked=checked,
        approval=approval,
    )


def _informed(not_informed: str | None, *, informed: bool) -> SubjectInformed:
    """Nobody says for a person whether the subject knows (decision 0014): one of the two is wanted."""
    if informed == (not_informed is not None):
        fail(
            Exit.USAGE,
            "Say whether the person knows of the request: --informed, or --not-informed REASON.",
        )
    told = {"informed": True} if informed else {"informed": False, "reason": not_informed}
    return cast("SubjectInformed", told)


def _questions(agency: str, to: tuple[str, ...], ask: tuple[str, ...]) -> tuple[str, ...] | None:
    """``E1`` for whoever is asked alone, ``ashgrove-academy:E1`` among several."""
    chosen = []
    for one in ask:
        whom, colon, question = one.rpartition(":")
        if colon and whom not in to:
            fail(Exit.USAGE, f"--ask {one}: {whom} is not among --to.")
        if not colon and len(to) > 1:
            fail(Exit.USAGE, "With several --to, say whom: --ask AGENCY:QUESTION.")
        if not colon or whom == agency:
            chosen.append(question)
    return tuple(chosen) or None
