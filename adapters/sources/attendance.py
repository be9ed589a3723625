"""Attendance registers as CSV: one line per pupil and session, with the national code.

Columns: ``upn``, ``date``, ``session`` (``AM`` or ``PM``), ``code``. The file's name says which
days it speaks for; a pupil who was on roll has a line for every session of those days.

Source: School Attendance (Pupil Registration) (England) Regulations 2024 and the DfE guidance
"Working together to improve school attendance", in force 19 August 2024: which codes count as
attending, as absent, and as no possible session.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from adapters.agency import Window
from adapters.sources.csv_drop import Column, read
from adapters.sources.folder import Dated
from adapters.sources.identifiers import is_upn

__all__ = ["ABSENT", "ATTENDING", "NOT_POSSIBLE", "Register", "per_cent", "read_register"]

# Present, late before the register closed, and attending elsewhere for education.
ATTENDING = frozenset({"/", "\\", "L", "K", "V", "P", "W", "B"})
# Authorised, then unauthorised.
ABSENT = frozenset(["C", "C1", "C2", "E", "I", "J1", "M", "R", "S", "T"]) | frozenset(
    ["G", "N", "O", "U"]
)
# Dual registered elsewhere, not of age, no access, school shut or the like, not yet on roll, holiday.
NOT_POSSIBLE = frozenset(["D", "X", "Q", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "Z", "#"])
NOT_TAKEN = "-"  # systems export it where no mark was made

_COLUMNS = tuple(map(Column, ("upn", "date", "session", "code")))
_CODES = {code: code for code in (*ATTENDING, *ABSENT, *NOT_POSSIBLE, NOT_TAKEN)}
_SESSIONS = {"AM": "AM", "PM": "PM"}


@dataclass(frozen=True, slots=True)
class Register:
    """The marks of every pupil.

    Attributes:
        covers: The days that the file speaks for.
        marks: UPN to (day, code) of each session.

    """

    covers: Window
    marks: Mapping[str, tuple[tuple[date, str], ...]]


def read_register(file: Dated) -> Register:
    """Read the register.

    Raises:
        SourceError: A code is none of 2024, a day lies outside the file's days, or a pupil has
            two marks for one session.

    """
    marks: dict[str, dict[tuple[date, str], str]] = defaultdict(dict)
    for row in read(file.path, _COLUMNS):
        upn, day = row.text("upn"), row.needed_day("date")
        if not is_upn(upn):
            raise row.wrong("upn", "It is no unique pupil number.")
        if not file.covers.holds(day):
            raise row.wrong("date", "It lies outside the days that the file's name says.")
        session = row.choice_of("session", row.text("session"), _SESSIONS)
        if (day, session) in marks[upn]:
            raise row.wrong("session", "The pupil has another mark for it.")
        marks[upn][day, session] = row.choice_of("code", row.text("code"), _CODES)
    return Register(
        file.covers,
        {upn: tuple((day, code) for (day, _), code in m.items()) for upn, m in marks.items()},
    )


def per_cent(marks: tuple[tuple[date, str], ...], days: Window) -> int | None:
    """Attendance in whole per cent of possible sessions, halves rounded up.

    Args:
        marks: Of one pupil.
        days: Of which only the marks inside count.

    Returns:
        None when there was no possible session, or for a session no mark was made: then nobody
        can say whether the pupil was there.

    """
    codes = [code for day, code in marks if days.holds(day)]
    attended = sum(code in ATTENDING for code in codes)
    possible = attended + sum(code in ABSENT for code in codes)
    if not possible or NOT_TAKEN in codes:
        return None
    return (200 * attended + possible) // (2 * possible)
