"""Schools and colleges: roll from a Common Transfer File, registers and summaries from CSV.

A folder of records holds:

* one or more ``*.xml``: Common Transfer Files (``sources.ctf``); at least one;
* ``attendance_<from>_<to>.csv`` (``sources.attendance``);
* ``suspensions_<from>_<to>.csv``: ``upn, start_date, sessions, reason`` (DfE reason code);
* ``welfare_<day>.csv``: the designated safeguarding lead's summary, a line per pupil for whom
  one is kept (columns below; ``-`` says that nothing is held, an empty cell says nothing).

All but the first are optional; a field whose file is not there is put before a person.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from adapters.agency import (
    Address,
    Answer,
    SourceError,
    Subject,
    Teller,
    Unanswered,
    Wanted,
    Window,
)
from adapters.answering import Stated, answer, tell
from adapters.matching import Candidate
from adapters.sources import ctf
from adapters.sources.attendance import Register, per_cent, read_register
from adapters.sources.csv_drop import Column, Row, read
from adapters.sources.folder import Dated, Watched, newest, only_known, still_current
from adapters.sources.identifiers import is_upn
from adapters.sources.summary import chosen, pair, points, stated, words
from schemas.encoding import JsonValue
from schemas.fields.education import SuspensionReason
from schemas.fields.forms import Engagement
from schemas.fields.item import Held, Item, Kind, NotHeld

__all__ = ["Education"]

ROLL = "School roll (Common Transfer File)"
REGISTER = "Attendance register"
SUSPENSIONS = "Suspensions register"
WELFARE = "Safeguarding lead's summary"

_KINDS: dict[str, Kind] = {"fact": "fact", "opinion": "opinion", "assessment": "assessment"}
_STATUSES = {s: s for s in ("none", "early_help", "cin", "cp", "cla")}
_AWARE = {s: s for s in ("yes", "no", "unknown")}
_PROTECTIVE = tuple(f"protective_{n}" for n in range(1, 6))
_WELFARE = tuple(
    map(
        Column,
        (
            "upn", "recorded_on", "safeguarding_status", "safeguarding_since", "behaviour_change",
            "behaviour_kind", "behaviour_on", "online_concern", "online_kind", "online_on",
            "peer_context", "family_engagement", *_PROTECTIVE, "best_person_role", "best_person_why",
            "parent_aware",
        ),
    )
)  # fmt: skip
_SUSPENSIONS = tuple(map(Column, ("upn", "start_date", "sessions", "reason")))


@dataclass(frozen=True, slots=True)
class _Seen:
    """Something that staff noticed, with its kind and day."""

    text: str
    kind: Kind
    on: date


@dataclass(frozen=True, slots=True)
class _Welfare:
    recorded_on: date
    status: Stated[dict[str, JsonValue]]
    behaviour: Stated[_Seen]
    online: Stated[_Seen]
    peers: Stated[str]
    family: Stated[str]
    protective: Stated[list[JsonValue]]
    best_person: Stated[dict[str, JsonValue]]
    parent_aware: Stated[str]


@dataclass(frozen=True, slots=True)
class _Suspended:
    covers: Window
    by_upn: Mapping[str, tuple[tuple[date, int, str], ...]]


@dataclass(frozen=True, slots=True)
class _School:
    as_at: date
    pupils: Mapping[str, ctf.Pupil]
    register: Register | None
    suspended: _Suspended | None
    welfare: Mapping[str, _Welfare]


@dataclass(frozen=True, slots=True)
class _Record:
    """One pupil as the tellers see them."""

    pupil: ctf.Pupil
    school: _School


class Education:
    """The adapter of one school or college."""

    def __init__(self, records: Path, *, max_age_days: int | None = 35) -> None:
        """Remember where the records are.

        Args:
            records: The folder described above.
            max_age_days: How old the roll and the registers may be to speak for today; None for
                invented records.

        """
        self._folder = Watched(records, _load)
        self._name = records.name
        self._max_age_days = max_age_days

    async def find(self, subject: Subject, wanted: Wanted) -> Answer:
        """See ``Agency.find``."""
        return await asyncio.to_thread(self._find, subject, wanted)

    def _find(self, subject: Subject, wanted: Wanted) -> Answer:
        school = self._folder.current()
        days = [school.as_at]
        days += [school.register.covers.to_on] if school.register else []
        days += [school.suspended.covers.to_on] if school.suspended else []
        for day in days:
            still_current(self._name, day, wanted.at, self._max_age_days)
        records = {upn: _Record(pupil, school) for upn, pupil in school.pupils.items()}
        candidates = [_candidate(pupil) for pupil in school.pupils.values()]
        return answer(
            subject,
            wanted,
            candidates,
            records,
            TELLERS,
            ("education_records",),
            [Window(school.as_at, school.as_at)],
        )


def _candidate(pupil: ctf.Pupil) -> Candidate:
    return Candidate(
        key=pupil.upn,
        family_names=pupil.family_names,
        given_names=pupil.given_names,
        known_as=pupil.known_as,
        dob=pupil.dob,
        addresses=(Address(postcode=pupil.postcode),) if pupil.postcode else (),
        numbers={"upn": pupil.upn},
    )


def _load(paths: tuple[Path, ...]) -> _School:
    only_known(paths, frozenset({"attendance", "suspensions", "welfare"}), frozenset({".xml"}))
    rolls = [path for path in paths if path.suffix == ".xml"]
    if not rolls:
        raise SourceError("*.xml", "folder", "There is no Common Transfer File.")
    attendance, suspensions = newest(paths, "attendance"), newest(paths, "suspensions")
    welfare = newest(paths, "welfare")
    roll = ctf.read(rolls)
    return _School(
        as_at=roll.as_at,
        pupils=roll.pupils,
        register=read_register(attendance) if attendance else None,
        suspended=_suspended(suspensions) if suspensions else None,
        welfare=_welfare(welfare) if welfare else {},
    )


def _suspended(file: Dated) -> _Suspended:
    found: dict[str, list[tuple[date, int, str]]] = defaultdict(list)
    for row in read(file.path, _SUSPENSIONS):
        upn, day, sessions = _upn(row), row.needed_day("start_date"), row.whole("sessions")
        if not file.covers.holds(day):
            raise row.wrong("start_date", "It lies outside the days that the file's name says.")
        if not sessions:
            raise row.wrong("sessions", "It is empty or nought.")
        reason = row.choice_of("reason", row.text("reason"), words(SuspensionReason))
        found[upn].append((day, sessions, reason))
    return _Suspended(file.covers, {upn: tuple(sorted(them)) for upn, them in found.items()})


def _upn(row: Row) -> str:
    upn = row.text("upn")
    if not is_upn(upn):
        raise row.wrong("upn", "It is no unique pupil number.")
    return upn


def _welfare(file: Dated) -> dict[str, _Welfare]:
    found: dict[str, _Welfare] = {}
    for row in read(file.path, _WELFARE):
        upn = _upn(row)
        if upn in found:
            raise row.wrong("upn", "Another line has it.")
        since = row.day("safeguarding_since")
        status = chosen(row, "safeguarding_status", _STATUSES)
        found[upn] = _Welfare(
            recorded_on=row.needed_day("recorded_on"),
            status={"status": status, **({"since": since.isoformat()} if since else {})}
            if isinstance(status, str)
            else status,
            behaviour=_seen(row, "behaviour_change", "behaviour"),
            online=_seen(row, "online_concern", "online"),
            peers=stated(row, "peer_context", row.text),
            family=chosen(row, "family_engagement", words(Engagement)),
            protective=points(row, _PROTECTIVE),
            best_person=pair(row, "best_person_role", "best_person_why", ("role", "why")),
            parent_aware=chosen(row, "parent_aware", _AWARE),
        )
    return found


def _seen(row: Row, text: str, prefix: str) -> Stated[_Seen]:
    held = stated(row, text, row.text)
    if not isinstance(held, str):
        return held
    kind = row.choice_of(f"{prefix}_kind", row.text(f"{prefix}_kind"), _KINDS)
    return _Seen(held, kind, row.needed_day(f"{prefix}_on"))


def _enrolment(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    pupil = record.pupil
    if pupil.on_roll is None:
        return Unanswered.NOT_CERTAIN
    return Held("on_roll" if pupil.on_roll else "off_roll", "fact", pupil.as_at, ROLL)


def _year_group(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    if record.pupil.year_group is None:
        return Unanswered.NO_SOURCE
    return Held(record.pupil.year_group, "fact", record.pupil.as_at, ROLL)


def _attendance(record: _Record, _window: Window | None, at: date) -> Item | Unanswered:
    register = record.school.register
    if register is None:
        return Unanswered.NO_SOURCE
    covers, marks = register.covers, register.marks.get(record.pupil.upn, ())
    began = date(at.year if at.month >= 9 else at.year - 1, 9, 1)  # school year
    this_year = Window(began, min(at, covers.to_on))
    if covers.from_on > began:
        return Unanswered.WINDOW_NOT_COVERED
    current = per_cent(marks, this_year)
    if current is None:
        return Unanswered.NOT_CERTAIN
    value: dict[str, JsonValue] = {"current": current}
    year_before = Window(date(began.year - 1, 9, 1), date(began.year, 8, 31))
    if covers.from_on <= year_before.from_on:
        before = per_cent(marks, year_before)
        value |= {"previous": before} if before is not None else {}
    return Held(value, "fact", this_year.to_on, REGISTER)


def _suspensions(record: _Record, window: Window | None, at: date) -> Item | Unanswered:
    suspended = record.school.suspended
    if suspended is None:
        return Unanswered.NO_SOURCE
    window = window or suspended.covers
    held = [s for s in suspended.by_upn.get(record.pupil.upn, ()) if window.holds(s[0])]
    if suspended.covers.from_on > window.from_on:
        return Unanswered.WINDOW_NOT_COVERED
    if not held:
        return NotHeld()
    value: list[JsonValue] = [
        {"date": day.isoformat(), "sessions": sessions, "reason": reason}
        for day, sessions, reason in held
    ]
    return Held(value, "fact", min(suspended.covers.to_on, at), SUSPENSIONS)


def _send_status(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    status = record.pupil.send_status
    return status if isinstance(status, Unanswered) else _roll(record, status)


def _send_need(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    need = record.pupil.send_need
    if isinstance(need, Unanswered):
        return need
    if need is not None:
        return _roll(record, need)
    # No need is recorded: that says something only beside "no special educational needs".
    return NotHeld() if record.pupil.send_status == "N" else Unanswered.NOT_CERTAIN


def _roll(record: _Record, value: str) -> Held:
    return Held(value, "fact", record.pupil.as_at, ROLL)


def _of_welfare(part: str, kind: Kind) -> Teller[_Record]:
    """Make the teller of one part of the summary that is judged as the summary is dated."""

    def teller(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
        welfare = record.school.welfare.get(record.pupil.upn)
        if welfare is None:
            return Unanswered.NO_SOURCE
        return tell(getattr(welfare, part), kind, welfare.recorded_on, WELFARE)

    return teller


def _of_seen(part: str) -> Teller[_Record]:
    """Make the teller of something noticed on a day, which counts only inside the window."""

    def teller(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
        welfare = record.school.welfare.get(record.pupil.upn)
        seen: Stated[_Seen] = getattr(welfare, part) if welfare is not None else None
        if not isinstance(seen, _Seen):
            return Unanswered.NO_SOURCE if seen is None else seen
        if window is not None and not window.holds(seen.on):
            return Unanswered.NOT_CERTAIN  # the sheet has room for one, and it is another time's
        return Held(seen.text, seen.kind, seen.on, WELFARE)

    return teller


TELLERS: Mapping[str, Teller[_Record]] = {
    "edu.enrolment_status": _enrolment,
    "edu.year_group": _year_group,
    "edu.attendance_pct": _attendance,
    "edu.suspensions": _suspensions,
    "edu.send_status": _send_status,
    "edu.send_primary_need": _send_need,
    "edu.safeguarding_status": _of_welfare("status", "fact"),
    "edu.behaviour_change": _of_seen("behaviour"),
    "edu.online_concern": _of_seen("online"),
    "edu.peer_context": _of_welfare("peers", "opinion"),
    "edu.family_engagement": _of_welfare("family", "opinion"),
    "edu.protective_factors": _of_welfare("protective", "opinion"),
    "edu.best_person_to_approach": _of_welfare("best_person", "opinion"),
    "edu.parent_aware": _of_welfare("parent_aware", "fact"),
}
