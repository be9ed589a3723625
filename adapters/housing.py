"""Housing services and associations: tenancies, residents and people from CSV.

A folder of records holds, all three needed and of the same days (one day: only what runs then):

* ``tenancies_<from>_<to>.csv``: a line per tenancy, application or homelessness duty;
* ``people_<from>_<to>.csv``: a line per person known;
* ``residents_<from>_<to>.csv``: ``person_ref, tenancy_ref, part`` (tenant, household, applicant).

The property comes first: where the subject's own UPRN has a current tenancy whose people are
not all named, nobody can say that the subject is not one of them.
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
    CannotShare,
    NothingHeld,
    SourceError,
    Subject,
    Teller,
    Unanswered,
    Wanted,
    Window,
)
from adapters.answering import Stated, answer, tell, year_month
from adapters.matching import Candidate
from adapters.sources.csv_drop import Column, Row, read
from adapters.sources.folder import Dated, Watched, newest, only_known, still_current
from adapters.sources.identifiers import is_postcode, is_uprn
from adapters.sources.summary import chosen, pair, stated
from schemas.encoding import JsonValue
from schemas.fields.item import Held, Item, NotHeld
from schemas.fields.refusal_reason import RefusalReason

__all__ = ["Housing"]

SYSTEM = "Housing management system"

_TENURES = {
    t: t
    for t in (
        "social", "affordable", "shared_ownership", "private", "temporary", "supported", "other",
    )
}  # fmt: skip
_STATUSES = {s: s for s in ("current", "former", "applicant", "homeless_duty")}
_PARTS = {p: p for p in ("tenant", "household", "applicant")}
_ASB = {p: p for p in ("none", "complainant", "subject")}
_ASB_CATEGORIES = {
    c: c for c in ("noise", "harassment", "hate", "damage", "drugs", "violence", "other")
}
_TENANCIES = tuple(
    map(
        Column,
        (
            "tenancy_ref", "uprn", "postcode", "tenure", "status", "started_on", "ended_on",
            "adults", "children", "eviction_risk", "eviction_on", "officer_role",
            "officer_contact", "observed_concern", "observed_on",
        ),
    )
)  # fmt: skip
_PEOPLE = tuple(
    map(
        Column,
        (
            "person_ref", "family_name", "former_family_name", "given_names", "dob", "asb_part",
            "asb_category", "asb_on",
        ),
    )
)  # fmt: skip
_RESIDENTS = tuple(map(Column, ("person_ref", "tenancy_ref", "part")))


@dataclass(frozen=True, slots=True)
class _Tenancy:
    address: Address
    tenure: Stated[str]
    status: str
    started_on: date
    ended_on: date | None
    adults: int | None
    children: int | None
    eviction: Stated[dict[str, JsonValue]]
    officer: Stated[dict[str, JsonValue]]
    observed: Stated[tuple[str, date]]


@dataclass(frozen=True, slots=True)
class _Person:
    family_names: tuple[str, ...]
    given_names: str
    dob: date | None
    asb: Stated[tuple[dict[str, JsonValue], date | None]]


@dataclass(frozen=True, slots=True)
class _Stock:
    covers: Window
    tenancies: Mapping[str, _Tenancy]
    people: Mapping[str, _Person]
    lives_in: Mapping[str, tuple[str, ...]]  # person -> tenancies
    named_in: Mapping[str, int]  # tenancy -> how many people are named


@dataclass(frozen=True, slots=True)
class _Record:
    """A person and the tenancy that says how they stand to the landlord now."""

    person: _Person
    tenancies: tuple[_Tenancy, ...]
    as_at: date

    @property
    def tenancy(self) -> _Tenancy | Unanswered:
        """The one that is open, else the one that ended last; two open ones are not certain."""
        running = [t for t in self.tenancies if t.status != "former"]
        if len(running) > 1 or not self.tenancies:
            return Unanswered.NOT_CERTAIN
        if running:
            return running[0]
        return max(self.tenancies, key=lambda t: t.ended_on or date.min)


class Housing:
    """The adapter of one landlord or housing service."""

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
        stock = self._folder.current()
        still_current(self._name, stock.covers.to_on, wanted.at, self._max_age_days)
        records = {ref: _record(stock, ref) for ref in stock.people}
        candidates = [_candidate(stock, ref) for ref in stock.people]
        told = answer(
            subject, wanted, candidates, records, TELLERS, ("housing_management",), [stock.covers]
        )
        if isinstance(told, NothingHeld) and _unnamed_at_home(stock, subject):
            return CannotShare(RefusalReason.IDENTITY_NOT_MATCHED)
        return told


def _unnamed_at_home(stock: _Stock, subject: Subject) -> bool:
    home = subject.address_current
    if home is None or home.uprn is None:
        return False
    return any(
        tenancy.address.uprn == home.uprn
        and tenancy.status == "current"
        and (
            tenancy.adults is None
            or tenancy.children is None
            or tenancy.adults + tenancy.children > stock.named_in.get(ref, 0)
        )
        for ref, tenancy in stock.tenancies.items()
    )


def _record(stock: _Stock, ref: str) -> _Record:
    tenancies = tuple(stock.tenancies[t] for t in stock.lives_in.get(ref, ()))
    return _Record(stock.people[ref], tenancies, stock.covers.to_on)


def _candidate(stock: _Stock, ref: str) -> Candidate:
    person = stock.people[ref]
    tenancies = [stock.tenancies[t] for t in stock.lives_in.get(ref, ())]
    return Candidate(
        key=ref,
        family_names=person.family_names,
        given_names=person.given_names,
        dob=person.dob,
        addresses=tuple(t.address for t in tenancies if t.status != "former"),
        addresses_former=tuple(t.address for t in tenancies if t.status == "former"),
    )


def _load(paths: tuple[Path, ...]) -> _Stock:
    stems = ("tenancies", "people", "residents")
    only_known(paths, frozenset(stems), frozenset())
    files: list[Dated] = []
    for stem in stems:
        file = newest(paths, stem)
        if file is None:
            raise SourceError(f"{stem}_<day>.csv", "folder", "The file is not there.")
        files.append(file)
    periods = {file.covers for file in files}
    if len(periods) > 1:
        raise SourceError(files[0].path.name, "file name", "The three files are of different days.")
    tenancies, people = _tenancies(files[0]), _people(files[1])
    lives_in: dict[str, list[str]] = defaultdict(list)
    named_in: dict[str, int] = defaultdict(int)
    for row in read(files[2].path, _RESIDENTS):
        person, tenancy = row.text("person_ref"), row.text("tenancy_ref")
        if person not in people:
            raise row.wrong("person_ref", "There is no such person.")
        if tenancy not in tenancies or tenancy in lives_in[person]:
            raise row.wrong("tenancy_ref", "There is no such tenancy, or the person has it twice.")
        row.choice_of("part", row.text("part"), _PARTS)
        lives_in[person].append(tenancy)
        named_in[tenancy] += 1
    return _Stock(
        periods.pop(), tenancies, people, {p: tuple(t) for p, t in lives_in.items()}, dict(named_in)
    )


def _tenancies(file: Dated) -> dict[str, _Tenancy]:
    found: dict[str, _Tenancy] = {}
    for row in read(file.path, _TENANCIES):
        ref, status = (
            row.text("tenancy_ref"),
            row.choice_of("status", row.text("status"), _STATUSES),
        )
        if ref in found:
            raise row.wrong("tenancy_ref", "Another line has it.")
        started, ended = row.needed_day("started_on"), row.day("ended_on")
        if (status == "former") != (ended is not None):
            raise row.wrong("ended_on", "Former tenancies have an end, and no others.")
        if ended is not None and ended < started:
            raise row.wrong("ended_on", "It is before the beginning.")
        found[ref] = _Tenancy(
            address=Address(
                postcode=row.fitting("postcode", is_postcode, "postcode"),
                uprn=row.fitting("uprn", is_uprn, "UPRN"),
            ),
            tenure=chosen(row, "tenure", _TENURES),
            status=status,
            started_on=started,
            ended_on=ended,
            adults=row.whole("adults"),
            children=row.whole("children"),
            eviction=_eviction(row),
            officer=pair(row, "officer_role", "officer_contact", ("role", "contact")),
            observed=_observed(row),
        )
    return found


def _eviction(row: Row) -> Stated[dict[str, JsonValue]]:
    at_risk = stated(row, "eviction_risk", row.yes_no)
    when = row.day("eviction_on")
    if not isinstance(at_risk, bool):
        return at_risk
    return {"at_risk": at_risk, **({"month": year_month(when)} if when else {})}


def _observed(row: Row) -> Stated[tuple[str, date]]:
    text = stated(row, "observed_concern", row.text)
    return (text, row.needed_day("observed_on")) if isinstance(text, str) else text


def _people(file: Dated) -> dict[str, _Person]:
    found: dict[str, _Person] = {}
    for row in read(file.path, _PEOPLE):
        ref = row.text("person_ref")
        if ref in found:
            raise row.wrong("person_ref", "Another line has it.")
        former = row.maybe("former_family_name")
        found[ref] = _Person(
            family_names=(row.text("family_name"), *([former] if former else [])),
            given_names=row.maybe("given_names") or "",
            dob=row.day("dob"),
            asb=_asb(row),
        )
    return found


def _asb(row: Row) -> Stated[tuple[dict[str, JsonValue], date | None]]:
    part = chosen(row, "asb_part", _ASB)
    category, when = row.choice("asb_category", _ASB_CATEGORIES), row.day("asb_on")
    if not isinstance(part, str):
        return part
    value: dict[str, JsonValue] = {"part": part}
    value |= {"category": category} if category else {}
    value |= {"month": year_month(when)} if when else {}
    return value, when


def _status(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    tenancy = record.tenancy
    if isinstance(tenancy, Unanswered):
        return tenancy
    if window is not None and tenancy.ended_on is not None and tenancy.ended_on < window.from_on:
        return NotHeld()  # it ended before the time asked about
    return Held(tenancy.status, "fact", record.as_at, SYSTEM)


def _of_tenancy(part: str) -> Teller[_Record]:
    """Make the teller of one column of the tenancy, if it runs: what is past is not the home."""

    def teller(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
        tenancy = record.tenancy
        if isinstance(tenancy, Unanswered):
            return tenancy
        if tenancy.status == "former":
            return NotHeld()
        return tell(getattr(tenancy, part), "fact", record.as_at, SYSTEM)

    return teller


def _counts(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    tenancy = record.tenancy
    if isinstance(tenancy, Unanswered):
        return tenancy
    if tenancy.status == "former":
        return NotHeld()
    if tenancy.adults is None or tenancy.children is None:
        return Unanswered.NO_SOURCE
    counts: dict[str, JsonValue] = {"adults": tenancy.adults, "children": tenancy.children}
    return Held(counts, "fact", record.as_at, SYSTEM)


def _antisocial(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    held = record.person.asb
    if not isinstance(held, tuple):
        return Unanswered.NO_SOURCE if held is None else held
    value, when = held
    if window is not None and when is not None and not window.holds(when):
        return Unanswered.NOT_CERTAIN  # the file has room for one case, and it is another time's
    return Held(value, "fact", record.as_at, SYSTEM)


def _seen(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    tenancy = record.tenancy
    if isinstance(tenancy, Unanswered):
        return tenancy
    if not isinstance(tenancy.observed, tuple):
        return Unanswered.NO_SOURCE if tenancy.observed is None else tenancy.observed
    text, on = tenancy.observed
    if window is not None and not window.holds(on):
        return Unanswered.NOT_CERTAIN
    return Held(text, "fact", on, SYSTEM)


TELLERS: Mapping[str, Teller[_Record]] = {
    "hsg.status": _status,
    "hsg.tenure": _of_tenancy("tenure"),
    "hsg.household_counts": _counts,
    "hsg.eviction_risk": _of_tenancy("eviction"),
    "hsg.asb_case": _antisocial,
    "hsg.observed_concern": _seen,
    "hsg.officer_contact": _of_tenancy("officer"),
}
