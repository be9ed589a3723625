"""Police: from person and event records in POLE shape (``sources.pole``).

A folder of records holds one extract, ``*.json``. Every item carries what Part 3 of the Data
Protection Act 2018 wants said of it (section 38). ``pol.handling_conditions`` is the officer's.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from adapters.agency import Answer, SourceError, Subject, Teller, Unanswered, Wanted, Window
from adapters.answering import answer, months_before, year_month
from adapters.matching import Candidate
from adapters.sources import pole
from adapters.sources.folder import Watched, only_known, still_current
from adapters.sources.pole import Event, Extract, Person
from schemas.encoding import JsonValue
from schemas.fields.item import Held, Item, Kind, NotHeld, Part3, SubjectCategory

__all__ = ["Police"]

SYSTEM = "Police record management system"
MISSING_MONTHS = 24  # the field's own name says so
LISTED_REFERRALS = 20

_FOUND_TO_HAVE_DONE = frozenset({"convicted", "cautioned"})


@dataclass(frozen=True, slots=True)
class _Record:
    person: Person
    covers: Window

    def covered(self, window: Window | None) -> bool:
        """Whether the extract reaches back over the whole window."""
        return window is None or self.covers.from_on <= window.from_on


class Police:
    """The adapter of one force."""

    def __init__(self, records: Path, *, max_age_days: int | None = 35) -> None:
        """Remember where the records are.

        Args:
            records: The folder described above.
            max_age_days: How old the extract may be; None for invented records.

        """
        self._folder = Watched(records, _load)
        self._name = records.name
        self._max_age_days = max_age_days

    async def find(self, subject: Subject, wanted: Wanted) -> Answer:
        """See ``Agency.find``."""
        return await asyncio.to_thread(self._find, subject, wanted)

    def _find(self, subject: Subject, wanted: Wanted) -> Answer:
        extract = self._folder.current()
        still_current(self._name, extract.covers.to_on, wanted.at, self._max_age_days)
        records = {key: _Record(p, extract.covers) for key, p in extract.persons.items()}
        candidates = [_candidate(person) for person in extract.persons.values()]
        covers = [extract.covers]
        return answer(subject, wanted, candidates, records, TELLERS, ("crime_records",), covers)


def _load(paths: tuple[Path, ...]) -> Extract:
    only_known(paths, frozenset(), frozenset({".json"}))
    if len(paths) != 1:
        raise SourceError("*.json", "folder", "There is not exactly one extract.")
    return pole.read(paths[0])


def _candidate(person: Person) -> Candidate:
    return Candidate(
        key=person.key,
        family_names=person.family_names,
        given_names=person.given_names,
        known_as=person.known_as,
        dob=person.dob,
        addresses=person.addresses,
        addresses_former=person.addresses_former,
        numbers={"pnc_id": person.pnc_id} if person.pnc_id else {},
    )


def _held(value: JsonValue, kind: Kind, part: SubjectCategory, grading: str, as_at: date) -> Held:
    stands = "fact" if kind == "fact" else "assessment"
    return Held(value, kind, as_at, SYSTEM, Part3(part, stands, grading, as_at))  # type: ignore[arg-type]  # one of two words


def _of_events(value: JsonValue, events: list[Event]) -> Held:
    """An item that rests on events, graded no better than the least of them.

    The category of section 38(3) is that of all of them, else ``suspect`` as soon as one of the
    matters is no conviction: nobody is to be read as convicted of what was only alleged.
    """
    gradings = {event.grading for event in events}
    parts = {event.part for event in events}
    part: SubjectCategory = parts.pop() if len(parts) == 1 else "suspect"
    grading = gradings.pop() if len(gradings) == 1 else "unassessed"
    return _held(value, "fact", part, grading, max(event.on for event in events))


def _nothing(record: _Record, window: Window | None) -> Item | Unanswered:
    return NotHeld() if record.covered(window) else Unanswered.WINDOW_NOT_COVERED


def _inside(record: _Record, window: Window | None, *kinds: str) -> list[Event]:
    return [
        event
        for event in record.person.events
        if event.kind in kinds and (window is None or window.holds(event.on))
    ]


def _offending(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    if record.person.live:
        return Unanswered.NOT_CERTAIN  # whether and what may be said, an officer decides
    if not record.covered(window):
        return Unanswered.WINDOW_NOT_COVERED
    matters = [
        event
        for event in _inside(record, window, "crime")
        if event.part in ("suspect", "convicted")
    ]
    if not matters:
        return NotHeld()
    value: list[JsonValue] = [
        {"category": event.category, "outcome": event.outcome, "month": year_month(event.on)}
        for event in matters
    ]
    return _of_events(value, matters)


def _marker(record: _Record, _window: Window | None, at: date) -> Item | Unanswered:
    standing = [
        marker
        for marker in record.person.markers
        if marker.what in ("violence", "weapons") and marker.stands(at)
    ]
    if not standing:
        return NotHeld()
    since = min(marker.from_on for marker in standing)
    value: dict[str, JsonValue] = {"marker": True, "month": year_month(since)}
    return _held(value, "assessment", "none", "unassessed", record.covers.to_on)


def _domestic(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    events = [e for e in _inside(record, window, "crime", "incident") if e.domestic]
    done = [e for e in events if e.part in ("suspect", "convicted")]
    suffered = [e for e in events if e.part == "victim"]
    if record.person.live or any(e.outcome not in _FOUND_TO_HAVE_DONE for e in done):
        return Unanswered.NOT_CERTAIN  # an allegation makes nobody a perpetrator
    if not done and not suffered:
        return _nothing(record, window)
    role = "both" if done and suffered else "perpetrator" if done else "victim"
    return _of_events(role, [*done, *suffered])


def _visit_safety(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    advice = record.person.advice
    if advice is None:
        return Unanswered.NO_SOURCE  # no advice on record is not advice that it is safe
    what, note, as_at = advice
    value: dict[str, JsonValue] = {"advice": what, **({"note": note} if note else {})}
    return _held(value, "assessment", "none", "unassessed", as_at)


def _missing(record: _Record, _window: Window | None, at: date) -> Item | Unanswered:
    window = Window(months_before(at, MISSING_MONTHS), at)
    if not record.covered(window):
        return Unanswered.WINDOW_NOT_COVERED
    episodes = [e for e in _inside(record, window, "missing") if e.part == "none"]
    return _of_events(len(episodes), episodes) if episodes else NotHeld()


def _hate_crime(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    events = [
        event
        for event in _inside(record, window, "crime", "incident")
        if event.hate and event.part == "victim"
    ]
    return _of_events(value=True, events=events) if events else _nothing(record, window)


def _conditions(record: _Record, _window: Window | None, at: date) -> Item | Unanswered:
    standing = [condition for condition in record.person.conditions if condition.stands(at)]
    if not standing:
        return Unanswered.NOT_CERTAIN if record.person.live else NotHeld()
    text = "; ".join(condition.what for condition in standing)
    return _held(text, "fact", "suspect", "unassessed", record.covers.to_on)


def _referrals(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    if not record.covered(window):
        return Unanswered.WINDOW_NOT_COVERED
    events = _inside(record, window, "prevent_referral")
    if not events:
        return NotHeld()
    latest: list[JsonValue] = [
        {"month": year_month(event.on), "outcome": event.outcome}
        for event in events[-LISTED_REFERRALS:]
    ]
    return _of_events({"count": len(events), "referrals": latest}, events)


TELLERS: Mapping[str, Teller[_Record]] = {
    "pol.relevant_offending": _offending,
    "pol.violence_or_weapons_marker": _marker,
    "pol.domestic_abuse_role": _domestic,
    "pol.visit_safety": _visit_safety,
    "pol.missing_episodes_24m": _missing,
    "pol.victim_of_hate_crime": _hate_crime,
    "pol.court_or_bail_conditions": _conditions,
    "pol.previous_prevent_referrals": _referrals,
}
