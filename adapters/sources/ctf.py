"""Common Transfer Files: the XML in which schools hand a pupil's record over (DfE, CTF 17 and later).

Read are the identity, year, enrolment, special educational needs and whether the school that
made the file still has the pupil. Never read, though they are in the file: ethnicity, language,
free school meals, assessments, contacts, telephone numbers, medical flags.

Source: element names of the DfE specifications CTF 17 (2017) to CTF 21 (July 2021), and CBDS code
sets; the XML structure was checked against published exporters of school systems.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from adapters.agency import Unanswered
from adapters.sources import xml_tree
from adapters.sources.identifiers import is_postcode, is_upn
from adapters.sources.xml_tree import Element

__all__ = ["Pupil", "Roll", "read"]

# CBDS enrolment status: current, main and subsidiary of dual registration, guest, and for colleges
# FE and other provider. P (previous) does not say when or whether the pupil was on this roll.
_ENROLMENT = {"C": True, "M": True, "S": True, "G": True, "F": True, "O": True, "P": None}
# CBDS SEN provision. Codes from before 2014 (A, P, S …) no longer say what is in place.
_PROVISION = {"N": "N", "K": "K", "E": "E", "A": None, "P": None, "S": None, "Q": None}


@dataclass(frozen=True, slots=True)
class Pupil:
    """What a CTF says of one pupil.

    Attributes:
        as_at: The day on which the file was made.
        on_roll: Whether the pupil is on this school's roll; None where the code does not say.
        send_status: ``N``, ``K`` or ``E``; ``NO_SOURCE`` when the file has no SEN history, which
            is optional; ``NOT_CERTAIN`` when it has two that are open, or an old code.
        send_need: CBDS need of rank 1; None when the history names no need.

    """

    upn: str
    family_names: tuple[str, ...]
    given_names: str
    known_as: tuple[str, ...]
    dob: date
    postcode: str | None
    as_at: date
    on_roll: bool | None
    year_group: str | None
    send_status: str | Unanswered
    send_need: str | None | Unanswered


@dataclass(frozen=True, slots=True)
class Roll:
    """The pupils of all files by UPN, and the day on which the oldest of the files was made."""

    as_at: date
    pupils: Mapping[str, Pupil]


def read(paths: Iterable[Path]) -> Roll:
    """Read at least one file; of a pupil in several the newest file counts.

    Raises:
        SourceError: A file is broken, or two of the same instant have the same pupil.

    """
    newest: dict[str, tuple[datetime, Pupil]] = {}
    days: list[date] = []
    for path in paths:
        root = xml_tree.read(path, "CTfile")
        header = root.one("Header")
        if header.needed("DocumentName") != "Common Transfer File":
            raise header.one("DocumentName").wrong("It is not Common Transfer File.")
        made = header.instant("DateTime")
        days.append(made.date())
        school = _school(header.one("SourceSchool"))
        for element in root.one("CTFpupilData").many("Pupil"):
            pupil = _pupil(element, made.date(), school)
            known = newest.get(pupil.upn)
            if known is not None and known[0] == made:
                raise element.wrong("Another record of the same instant has its UPN.")
            if known is None or known[0] < made:
                newest[pupil.upn] = (made, pupil)
    return Roll(min(days), {upn: pupil for upn, (_, pupil) in newest.items()})


def _school(element: Element) -> tuple[str, str]:
    """The school by local authority and establishment number."""
    return element.needed("LEA"), element.needed("Estab")


def _pupil(element: Element, as_at: date, school: tuple[str, str]) -> Pupil:
    upn = element.needed("UPN")
    if not is_upn(upn):
        raise element.one("UPN").wrong("It is no unique pupil number.")
    basic = element.maybe("BasicDetails") or Element(element.file, element.path, element.line)
    family = [
        element.needed("Surname"),
        basic.value("PreferredSurname"),
        basic.value("FormerSurname"),
    ]
    given = " ".join(filter(None, [element.needed("Forename"), basic.value("MiddleNames")]))
    other = [basic.value("PreferredForename"), basic.value("FormerForename")]
    status, need = _send(element)
    return Pupil(
        upn=upn,
        family_names=tuple(dict.fromkeys(name for name in family if name)),
        given_names=given,
        known_as=tuple(dict.fromkeys(name for name in other if name)),
        dob=element.needed_day("DOB"),
        postcode=_postcode(element.maybe("Address")),
        as_at=as_at,
        on_roll=_on_roll(element, basic, as_at, school),
        year_group=basic.value("NCyearActual"),
        send_status=status,
        send_need=need,
    )


def _postcode(address: Element | None) -> str | None:
    """The postcode; CBDS calls the element Postcode within BS7666Address or AddressLines."""
    for place in address.children if address is not None else ():
        code = place.value("Postcode") if place.tag != "Postcode" else place.text.strip() or None
        if code is None:
            continue
        if not is_postcode(code):
            raise place.wrong("It is no postcode.")
        return code
    return None


def _on_roll(element: Element, basic: Element, as_at: date, school: tuple[str, str]) -> bool | None:
    """Whether the pupil is on the roll of the school that made the file, on the day it was made."""
    status = basic.choice("EnrolStatus", _ENROLMENT)
    history = element.maybe("SchoolHistory")
    for stay in history.many("School") if history is not None else ():
        left = stay.day("LeavingDate")
        if _school(stay) == school and left is not None:
            joined = stay.needed_day("EntryDate")
            if left < joined:
                raise stay.one("LeavingDate").wrong("It is before the day of entry.")
            if left <= as_at and not _came_back(history, school, left):
                return False
    return status


def _came_back(history: Element | None, school: tuple[str, str], left: date) -> bool:
    stays = history.many("School") if history is not None else ()
    return any(_school(s) == school and s.needed_day("EntryDate") >= left for s in stays)


def _send(element: Element) -> tuple[str | Unanswered, str | None | Unanswered]:
    history = element.maybe("SENhistory")
    if history is None:
        return Unanswered.NO_SOURCE, Unanswered.NO_SOURCE
    open_stages = [stage for stage in history.many("SEN") if stage.day("EndDate") is None]
    started = [(stage.needed_day("StartDate"), stage) for stage in open_stages]
    if not started:
        return Unanswered.NOT_CERTAIN, Unanswered.NOT_CERTAIN
    # Exporters before CTF 17 give no end: the latest beginning holds, if it is one.
    latest = max(day for day, _ in started)
    codes = {stage.choice("SENprovision", _PROVISION) for day, stage in started if day == latest}
    status = codes.pop() if len(codes) == 1 else None
    needs = history.maybe("SENneeds") or element.maybe("SENneeds")
    return status or Unanswered.NOT_CERTAIN, _primary_need(needs)


def _primary_need(needs: Element | None) -> str | None | Unanswered:
    first = [
        need.needed("SENtype")
        for need in (needs.many("SENneed") if needs is not None else ())
        if need.needed("SENtypeRank") in ("1", "01")
    ]
    if len(first) > 1:
        return Unanswered.NOT_CERTAIN
    return first[0] if first else None
