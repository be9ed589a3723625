"""Police records as JSON in POLE shape: persons, objects, locations, events. Format dovetail-pole/1.

One file ``*.json`` per extract::

    {"format": "dovetail-pole/1", "system": …, "extracted_at": instant, "covers_from": day,
     "persons":   [{"id", "pnc_id", "dob", "names": [{"type": legal|former|alias, "family", "given"}],
                    "locations": [{"id", "from", "to"}], "markers": [{"type", "from", "to"}],
                    "conditions": [{"text", "from", "to"}],
                    "visit_safety": {"advice", "note", "as_at"}, "associates": …}],
     "objects":   [{"id", "type"}],
     "locations": [{"id", "uprn", "postcode", "lines"}],
     "events":    [{"id", "type", "date", "category", "outcome", "hate", "domestic", "live",
                    "grading", "sensitive_s38_5", "persons": [{"id", "role"}], …}]}

Associates, objects and an event's other persons are never read into memory of ours: what the
field catalogue shuts out should not be a slip away. Of an event marked ``sensitive_s38_5`` or of
type ``intelligence`` nothing is kept at all, not even that there was one. Of one marked ``live``
it is kept that there is one, so that a person decides; nothing else.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

from adapters.agency import Address, Window
from adapters.sources import json_tree
from adapters.sources.folder import read_bytes
from adapters.sources.identifiers import is_pnc_id, is_postcode, is_uprn
from adapters.sources.json_tree import Place
from schemas.fields.item import SubjectCategory
from schemas.fields.police import OffenceCategory

__all__ = ["Event", "Extract", "Period", "Person", "read"]

FORMAT = "dovetail-pole/1"
_TOP = frozenset(
    {"format", "system", "extracted_at", "covers_from", "persons", "objects", "locations", "events"}
)
_PERSON = frozenset(
    {
        "id", "pnc_id", "dob", "sex", "names", "locations", "markers", "conditions",
        "visit_safety", "associates",
    }
)  # fmt: skip
_EVENT = frozenset(
    {
        "id", "type", "date", "category", "outcome", "hate", "domestic", "live", "grading",
        "sensitive_s38_5", "persons", "locations", "objects", "closed_on",
    }
)  # fmt: skip
_TYPES = {t: t for t in ("crime", "incident", "missing", "prevent_referral", "intelligence")}
_ROLES: Mapping[str, SubjectCategory] = {
    "suspect": "suspect",
    "offender": "convicted",
    "victim": "victim",
    "witness": "witness",
    "missing": "none",
    "referred": "none",
}
_CATEGORIES = {c: c for c in get_args(OffenceCategory)}
_OUTCOMES = {
    "convicted": "convicted",
    "cautioned": "cautioned",
    "charged": "charged",
    "nfa": "allegation_nfa",
}
_REFERRAL_OUTCOMES = {
    o: o
    for o in (
        "no_further_action", "signposted", "channel_not_adopted", "channel_adopted", "police_led",
        "unknown",
    )
}  # fmt: skip
_MARKERS = {m: m for m in ("violence", "weapons", "other")}
_ADVICE = {
    a: a
    for a in (
        "no_known_risk", "not_alone", "at_office_only", "ask_police_first", "do_not_visit",
    )
}  # fmt: skip
_GRADINGS = {f"{s}{i}{h}": f"{s}{i}{h}" for s in "123" for i in "ABCDE" for h in "PC"} | {
    "unassessed": "unassessed"
}


@dataclass(frozen=True, slots=True)
class Period:
    """Something that stands from a day, and to a day where that is known (included)."""

    what: str
    from_on: date
    to_on: date | None

    def stands(self, at: date) -> bool:
        """Whether it stands on a day."""
        return self.from_on <= at and (self.to_on is None or at <= self.to_on)


@dataclass(frozen=True, slots=True)
class Event:
    """An event and one person's part in it.

    Attributes:
        part: What the person is in it, in the words of section 38(3) of the 2018 Act.
        outcome: As the field of its type names it; None where the type has none.
        grading: 3x5x2, or ``unassessed``.

    """

    kind: str
    on: date
    part: SubjectCategory
    category: str | None
    outcome: str | None
    hate: bool
    domestic: bool
    grading: str


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the extract; ``live`` where a live matter concerns them."""

    key: str
    family_names: tuple[str, ...]
    given_names: str
    known_as: tuple[str, ...]
    dob: date | None
    pnc_id: str | None
    addresses: tuple[Address, ...]
    addresses_former: tuple[Address, ...]
    markers: tuple[Period, ...]
    conditions: tuple[Period, ...]
    advice: tuple[str, str | None, date] | None
    events: tuple[Event, ...]
    live: bool


@dataclass(frozen=True, slots=True)
class Extract:
    """All persons, and from when to when the extract speaks."""

    covers: Window
    persons: Mapping[str, Person]


def read(path: Path) -> Extract:
    """Read an extract.

    Raises:
        SourceError: With the JSON pointer of what is not as documented: an unknown member, word or
            reference, a person or event twice, a date that is none.

    """
    root = json_tree.parse(path.name, read_bytes(path))
    root.only(_TOP)
    if root.member("format").text() != FORMAT:
        raise root.member("format").wrong(f"It is not {FORMAT}.")
    covers = Window(
        root.member("covers_from").needed_day(), root.member("extracted_at").needed_day()
    )
    if covers.to_on < covers.from_on:
        raise root.member("covers_from").wrong("It is after the extract was made.")
    locations = _locations(root.member("locations"))
    people = root.member("persons").items()
    keys = {person.member("id").text() for person in people}
    if len(keys) < len(people):
        raise root.member("persons").wrong("Two persons have one id.")
    events, live = _events(root.member("events"), keys, covers)
    found = [
        _person(person, locations, events[key], live=key in live)
        for person in people
        for key in [person.member("id").text()]
    ]
    return Extract(covers, {person.key: person for person in found})


def _locations(places: Place) -> dict[str, Address]:
    found: dict[str, Address] = {}
    for place in places.items():
        place.only(frozenset({"id", "uprn", "postcode", "lines"}))
        key = place.member("id").text()
        if key in found:
            raise place.member("id").wrong("Another location has it.")
        found[key] = Address(
            postcode=place.member("postcode").fitting(is_postcode, "postcode"),
            uprn=place.member("uprn").fitting(is_uprn, "UPRN"),
        )
    return found


def _events(
    places: Place, persons: set[str], covers: Window
) -> tuple[dict[str, list[Event]], set[str]]:
    found: dict[str, list[Event]] = defaultdict(list)
    live: set[str] = set()
    seen: set[str] = set()
    for place in places.items():
        place.only(_EVENT)
        if place.member("sensitive_s38_5").flag():
            continue
        kind = place.member("type").needed(_TYPES)
        key = place.member("id").text()
        if key in seen:
            raise place.member("id").wrong("Another event has it.")
        seen.add(key)
        if kind == "intelligence":
            continue
        for link in place.member("persons").items():
            link.only(frozenset({"id", "role"}))
            who = link.member("id").text()
            if who not in persons:
                raise link.member("id").wrong("There is no such person.")
            if place.member("live").flag():
                live.add(who)
            else:
                found[who].append(_event(place, kind, link, covers))
    return found, live


def _event(place: Place, kind: str, link: Place, covers: Window) -> Event:
    on = place.member("date").needed_day()
    if on > covers.to_on:
        raise place.member("date").wrong("It is after the extract was made.")
    outcomes = _REFERRAL_OUTCOMES if kind == "prevent_referral" else _OUTCOMES
    part = link.member("role").needed(_ROLES)
    category = place.member("category").choice(_CATEGORIES)
    outcome = place.member("outcome").choice(outcomes)
    if (part == "convicted") != (outcome == "convicted") and part in ("suspect", "convicted"):
        raise link.member("role").wrong("Offender and the outcome convicted go together.")
    if kind == "crime" and part in ("suspect", "convicted") and None in (category, outcome):
        raise place.wrong("A crime with a suspect has a category and an outcome, or is live.")
    if kind == "prevent_referral" and outcome is None:
        raise place.member("outcome").wrong("It is not there, or empty.")
    return Event(
        kind=kind,
        on=on,
        part=part,
        category=category,
        outcome=outcome,
        hate=bool(place.member("hate").flag()),
        domestic=bool(place.member("domestic").flag()),
        grading=place.member("grading").choice(_GRADINGS) or "unassessed",
    )


def _person(
    place: Place, locations: Mapping[str, Address], events: list[Event], *, live: bool
) -> Person:
    place.only(_PERSON)
    families, given, known_as = _names(place)
    current: list[Address] = []
    former: list[Address] = []
    for link in place.member("locations").items():
        link.only(frozenset({"id", "from", "to"}))
        key = link.member("id").text()
        if key not in locations:
            raise link.member("id").wrong("There is no such location.")
        (former if link.member("to").day() is not None else current).append(locations[key])
    return Person(
        key=place.member("id").text(),
        family_names=families,
        given_names=given,
        known_as=known_as,
        dob=place.member("dob").day(),
        pnc_id=place.member("pnc_id").fitting(is_pnc_id, "PNC id"),
        addresses=tuple(current),
        addresses_former=tuple(former),
        markers=tuple(
            _period(p, p.member("type").needed(_MARKERS)) for p in _each(place, "markers")
        ),
        conditions=tuple(_period(p, p.member("text").text()) for p in _each(place, "conditions")),
        advice=_advice(place.member("visit_safety")),
        events=tuple(sorted(events, key=lambda event: event.on)),
        live=live,
    )


def _each(place: Place, name: str) -> tuple[Place, ...]:
    return place.member(name).items()


def _names(place: Place) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    families: list[str] = []
    legal: list[str] = []
    known_as: list[str] = []
    for name in place.member("names").items():
        name.only(frozenset({"type", "family", "given"}))
        kind = name.member("type").needed({k: k for k in ("legal", "former", "alias")})
        family, given = name.member("family").maybe(), name.member("given").maybe()
        if kind == "alias":
            known_as.append(" ".join(filter(None, [given, family])))
        else:
            families += [family] if family else []
        if kind == "legal":
            legal.append(given or "")
    if len(legal) != 1 or not families:
        raise place.member("names").wrong("There is not exactly one legal name.")
    return tuple(dict.fromkeys(families)), legal[0], tuple(filter(None, known_as))


def _period(place: Place, what: str) -> Period:
    from_on, to_on = place.member("from").needed_day(), place.member("to").day()
    if to_on is not None and to_on < from_on:
        raise place.member("to").wrong("It is before the beginning.")
    return Period(what, from_on, to_on)


def _advice(place: Place) -> tuple[str, str | None, date] | None:
    if place.value is None:
        return None
    place.only(frozenset({"advice", "note", "as_at"}))
    advice = place.member("advice").needed(_ADVICE)
    return advice, place.member("note").maybe(), place.member("as_at").needed_day()
