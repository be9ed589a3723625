"""Children's social care: the children's index and summaries as CSV, plans from the CIN census.

A folder of records holds:

* ``children_<from>_<to>.csv``: the index, a line for every child known between these days, and
  what the worker states of each (one day in the name: only who is open on that day);
* ``household_<day>.csv``: ``la_child_id, relationship, age_band, lives_with``, no names;
* ``responsibility_<day>.csv``: ``la_child_id, name, contact, contact_safe``;
* ``*.xml``: one children in need census (``sources.cin_census``).

Only the first is needed. Housing is its own agency and adapter (``adapters.housing``).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_type_hints

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
from adapters.sources import cin_census
from adapters.sources.cin_census import Census, Child
from adapters.sources.csv_drop import Column, Row, read
from adapters.sources.folder import Dated, Watched, newest, only_known, still_current
from adapters.sources.identifiers import is_nhs_number, is_postcode, is_uprn
from adapters.sources.summary import chosen, pair, points, stated, words
from schemas.encoding import JsonValue
from schemas.fields.childrens_social_care import CourtOrder, HouseholdMember
from schemas.fields.forms import Engagement, RiskLevel
from schemas.fields.item import Held, Item, Kind, NotHeld

__all__ = ["ChildrensServices"]

INDEX = "Children's case system"
CENSUS = "Children in need census"
MISSING_COUNT_AGES_DAYS = 92

_STATUSES = {s: s for s in ("none", "early_help", "cin", "cp", "cla", "care_leaver")}
_ABUSE_AT_HOME = {s: s for s in ("none", "historic", "current")}
_STRENGTHS = tuple(f"strength_{n}" for n in range(1, 6))
_ORDERS = ("court_order_1", "court_order_2", "court_order_3")
_CHILDREN = tuple(
    map(
        Column,
        (
            "la_child_id", "family_name", "former_family_name", "given_names", "known_as", "dob",
            "nhs_number", "uprn", "postcode", "previous_uprn", "previous_postcode", "recorded_on",
            "status", "status_since", "worker_role", "worker_contact", *_ORDERS,
            "exploitation_level", "exploitation_sexual", "exploitation_criminal",
            "exploitation_other", "domestic_abuse_in_home", "missing_12m", "engagement",
            *_STRENGTHS, "best_person_role", "best_person_why",
        ),
    )
)  # fmt: skip
_HOUSEHOLD = tuple(map(Column, ("la_child_id", "relationship", "age_band", "lives_with")))
_RESPONSIBILITY = tuple(map(Column, ("la_child_id", "name", "contact", "contact_safe")))

# Which statuses of the index do not contradict the census. A looked-after child is in need as
# well, and may have a plan; a care leaver may be.
_WITH_PLAN = frozenset({"cp", "cla"})
_IN_NEED = frozenset({"cin", "cla", "care_leaver"})
_NEITHER = frozenset({"none", "early_help", "care_leaver"})


@dataclass(frozen=True, slots=True)
class _Child:
    """One line of the index."""

    candidate: Candidate
    recorded_on: date
    status: Stated[str]
    status_since: date | None
    stated: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Extra:
    """A further file: the day it speaks for, and per child what it says."""

    as_at: date
    by_child: Mapping[str, list[JsonValue]]


@dataclass(frozen=True, slots=True)
class _Service:
    covers: Window
    children: Mapping[str, _Child]
    household: _Extra | None
    responsibility: _Extra | None
    census: Census | None


@dataclass(frozen=True, slots=True)
class _Record:
    child: _Child
    key: str
    service: _Service

    @property
    def in_census(self) -> Child | None:
        """What the census says; None when there is no census or the child is not in it."""
        return self.service.census.children.get(self.key) if self.service.census else None


class ChildrensServices:
    """The adapter of one council's children's social care."""

    def __init__(self, records: Path, *, max_age_days: int | None = 35) -> None:
        """Remember where the records are.

        Args:
            records: The folder described above.
            max_age_days: How old the index and the census may be; None for invented records.

        """
        self._folder = Watched(records, _load)
        self._name = records.name
        self._max_age_days = max_age_days

    async def find(self, subject: Subject, wanted: Wanted) -> Answer:
        """See ``Agency.find``."""
        return await asyncio.to_thread(self._find, subject, wanted)

    def _find(self, subject: Subject, wanted: Wanted) -> Answer:
        service = self._folder.current()
        days = [service.covers.to_on, *([service.census.covers.to_on] if service.census else [])]
        for day in days:
            still_current(self._name, day, wanted.at, self._max_age_days)
        records = {key: _Record(child, key, service) for key, child in service.children.items()}
        candidates = [child.candidate for child in service.children.values()]
        return answer(
            subject,
            wanted,
            candidates,
            records,
            TELLERS,
            ("childrens_case_system",),
            [service.covers],
        )


def _load(paths: tuple[Path, ...]) -> _Service:
    only_known(paths, frozenset({"children", "household", "responsibility"}), frozenset({".xml"}))
    index = newest(paths, "children")
    if index is None:
        raise SourceError("children_<day>.csv", "folder", "There is no children's index.")
    children = _children(index)
    censuses = [path for path in paths if path.suffix == ".xml"]
    if len(censuses) > 1:
        raise SourceError(censuses[1].name, "folder", "There is a second census.")
    census = cin_census.read(censuses[0]) if censuses else None
    if census is not None:
        _agree(index, children, census)
    household, responsibility = newest(paths, "household"), newest(paths, "responsibility")
    return _Service(
        covers=index.covers,
        children=children,
        household=_extra(household, _HOUSEHOLD, children, _member) if household else None,
        responsibility=_extra(responsibility, _RESPONSIBILITY, children, _holder)
        if responsibility
        else None,
        census=census,
    )


def _agree(index: Dated, children: Mapping[str, _Child], census: Census) -> None:
    """Refuse both files when one number means two children: the join would be a guess."""
    for key, child in children.items():
        counted = census.children.get(key)
        known = child.candidate.dob
        if counted is not None and None not in (counted.dob, known) and counted.dob != known:
            says = "A child in it has another date of birth than in the index."
            raise SourceError(census.name, f"beside {index.path.name}", says)


def _children(file: Dated) -> dict[str, _Child]:
    found: dict[str, _Child] = {}
    for row in read(file.path, _CHILDREN):
        key = row.text("la_child_id")
        if key in found:
            raise row.wrong("la_child_id", "Another line has it.")
        recorded_on = row.needed_day("recorded_on")
        if recorded_on > file.covers.to_on:
            raise row.wrong("recorded_on", "It is after the day of the file.")
        found[key] = _Child(
            candidate=_candidate(row, key),
            recorded_on=recorded_on,
            status=chosen(row, "status", _STATUSES),
            status_since=row.day("status_since"),
            stated=_stated(row),
        )
    return found


def _candidate(row: Row, key: str) -> Candidate:
    number = row.fitting("nhs_number", is_nhs_number, "NHS number")
    former = row.maybe("former_family_name")
    known_as = row.maybe("known_as")
    return Candidate(
        key=key,
        family_names=(row.text("family_name"), *([former] if former else [])),
        given_names=row.text("given_names"),
        known_as=(known_as,) if known_as else (),
        dob=row.day("dob"),
        addresses=_address(row, ""),
        addresses_former=_address(row, "previous_"),
        numbers={"nhs_number": number} if number else {},
    )


def _address(row: Row, prefix: str) -> tuple[Address, ...]:
    uprn = row.fitting(f"{prefix}uprn", is_uprn, "UPRN")
    postcode = row.fitting(f"{prefix}postcode", is_postcode, "postcode")
    return (Address(postcode=postcode, uprn=uprn),) if uprn or postcode else ()


def _stated(row: Row) -> dict[str, object]:
    """What the worker states, by field id; see ``answering.Stated``."""
    missing = stated(row, "missing_12m", row.whole)
    return {
        "csc.allocated_worker": pair(row, "worker_role", "worker_contact", ("role", "contact")),
        "csc.court_orders": _orders(row),
        "csc.exploitation_risk": _exploitation(row),
        "csc.domestic_abuse_in_home": chosen(row, "domestic_abuse_in_home", _ABUSE_AT_HOME),
        "csc.missing_12m": missing,
        "csc.engagement": chosen(row, "engagement", words(Engagement)),
        "csc.strengths": points(row, _STRENGTHS),
        "csc.best_person_to_approach": pair(
            row, "best_person_role", "best_person_why", ("role", "why")
        ),
    }


def _orders(row: Row) -> Stated[list[JsonValue]]:
    held = points(row, _ORDERS)
    if isinstance(held, list):
        for column in _ORDERS:
            row.choice(column, words(CourtOrder))
    return held


def _exploitation(row: Row) -> Stated[dict[str, JsonValue]]:
    level = chosen(row, "exploitation_level", words(RiskLevel))
    kinds: list[JsonValue] = [
        kind for kind in ("sexual", "criminal", "other") if row.yes_no(f"exploitation_{kind}")
    ]
    if not isinstance(level, str):
        return level
    return {"level": level, **({"types": kinds} if kinds else {})}


def _extra(
    file: Dated,
    columns: tuple[Column, ...],
    children: Mapping[str, _Child],
    member: Callable[[Row], JsonValue],
) -> _Extra:
    found: dict[str, list[JsonValue]] = defaultdict(list)
    for row in read(file.path, columns):
        key = row.text("la_child_id")
        if key not in children:
            raise row.wrong("la_child_id", "The index has no such child.")
        found[key].append(member(row))
    return _Extra(file.covers.to_on, dict(found))


def _member(row: Row) -> JsonValue:
    lives_with = row.yes_no("lives_with")
    if lives_with is None:
        raise row.wrong("lives_with", "It is empty.")
    forms = get_type_hints(HouseholdMember)
    return {
        "relationship": row.choice_of(
            "relationship", row.text("relationship"), words(forms["relationship"])
        ),
        "age_band": row.choice_of("age_band", row.text("age_band"), words(forms["age_band"])),
        "lives_with": lives_with,
    }


def _holder(row: Row) -> JsonValue:
    safe = row.yes_no("contact_safe")
    if safe is None:
        raise row.wrong("contact_safe", "It is empty.")
    contact = row.maybe("contact")
    return {
        "name": row.text("name"),
        **({"contact": contact} if contact is not None else {}),
        "contact_safe": safe,
    }


def _status(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    """The index's word, unless the census contradicts it: which is right, a person must see."""
    status = record.child.status
    if not isinstance(status, str):
        return Unanswered.NO_SOURCE if status is None else status
    if record.service.census is not None and status not in _census_allows(record.in_census):
        return Unanswered.NOT_CERTAIN
    since = record.child.status_since
    value: dict[str, JsonValue] = {"status": status}
    value |= {"since": since.isoformat()} if since else {}
    return Held(value, "fact", record.child.recorded_on, INDEX)


def _census_allows(child: Child | None) -> frozenset[str]:
    if child is not None and child.open_plans:
        return _WITH_PLAN
    return _IN_NEED if child is not None and child.in_need else _NEITHER


def _cp_category(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
    census = record.service.census
    if census is None:
        return Unanswered.NO_SOURCE
    child = record.in_census
    if child is not None and child.open_plans:
        categories = {plan.category for plan in child.open_plans}
        category = categories.pop()
        if len(child.open_plans) > 1 or category is None:
            return Unanswered.NOT_CERTAIN
        return Held(category, "assessment", census.covers.to_on, CENSUS)
    ended = [plan.ended_on for plan in (child.plans if child is not None else ())]
    if any(day is not None and (window is None or window.holds(day)) for day in ended):
        return Unanswered.NOT_CERTAIN  # a plan that ended is no plan, and not nothing
    if window is not None and window.from_on < census.covers.from_on:
        return Unanswered.WINDOW_NOT_COVERED
    return NotHeld()


def _household(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    return _of_extra(record.service.household, record.key)


def _responsibility(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    return _of_extra(record.service.responsibility, record.key)


def _of_extra(extra: _Extra | None, key: str) -> Item | Unanswered:
    # No line for a child may mean "nobody" or "not entered yet".
    held = extra.by_child.get(key) if extra is not None else None
    if extra is None or held is None:
        return Unanswered.NO_SOURCE
    return Held(held, "fact", extra.as_at, INDEX)


def _of_index(field_id: str, kind: Kind) -> Teller[_Record]:
    """Make the teller of something that the worker states."""

    def teller(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
        return tell(record.child.stated[field_id], kind, record.child.recorded_on, INDEX)

    return teller


def _missing(record: _Record, _window: Window | None, at: date) -> Item | Unanswered:
    # A count of the last twelve months is no such count once it is a quarter old.
    if (at - record.child.recorded_on).days > MISSING_COUNT_AGES_DAYS:
        return Unanswered.NOT_CERTAIN
    held = record.child.stated["csc.missing_12m"]
    return tell(held, "fact", record.child.recorded_on, INDEX)


TELLERS: Mapping[str, Teller[_Record]] = {
    "csc.status": _status,
    "csc.allocated_worker": _of_index("csc.allocated_worker", "fact"),
    "csc.cp_category": _cp_category,
    "csc.household": _household,
    "csc.parental_responsibility": _responsibility,
    "csc.court_orders": _of_index("csc.court_orders", "fact"),
    "csc.exploitation_risk": _of_index("csc.exploitation_risk", "assessment"),
    "csc.domestic_abuse_in_home": _of_index("csc.domestic_abuse_in_home", "assessment"),
    "csc.missing_12m": _missing,
    "csc.engagement": _of_index("csc.engagement", "opinion"),
    "csc.strengths": _of_index("csc.strengths", "opinion"),
    "csc.best_person_to_approach": _of_index("csc.best_person_to_approach", "opinion"),
}
