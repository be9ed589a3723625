"""FHIR R4 resources (UK Core) from bundles (``*.json``) and bulk exports (``*_<day>.ndjson``).

Every resource that is read is first checked by ``fhir.resources`` (its R4B models: of the six
kinds read here, R4B is R4 4.0.1 unchanged). Other kinds are skipped unread; an extract should not
hold them. Of persons other than the patient nothing is read: practitioners and participants
appear as roles alone.

Resources entered in error are left out. Where a resource carries a confidentiality label above
normal, only its kind is kept, so that nobody takes silence for "nothing held".
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapters.agency import Address, SourceError
from adapters.sources import json_tree
from adapters.sources.fhir_parts import (
    Code,
    bound,
    codes,
    one_day,
    patient_numbers,
    places,
    words,
)
from adapters.sources.folder import read_bytes
from adapters.sources.json_tree import Place

__all__ = ["CareTeam", "Condition", "Contact", "Episode", "Extract", "Flag", "Patient", "read"]

KINDS = frozenset({"Patient", "Condition", "EpisodeOfCare", "Encounter", "Flag", "CareTeam"})
_OF_PATIENT = {"EpisodeOfCare": "patient"}  # all others call it subject
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_ABOVE_NORMAL = frozenset({"R", "V"})
# FHIR R4's required value sets; ``fhir.resources`` does not hold a resource to them.
_CLINICAL = words("active recurrence relapse inactive remission resolved")
_VERIFICATION = words("unconfirmed provisional differential confirmed refuted entered-in-error")
_EPISODE = words("planned waitlist active onhold finished cancelled entered-in-error")
_TOOK_PLACE = words("arrived triaged in-progress onleave finished")
_ENCOUNTER = _TOOK_PLACE | words("planned cancelled entered-in-error unknown")
_FLAG = words("active inactive entered-in-error")
_TEAM = words("proposed active suspended inactive entered-in-error")
_EXPORT_DAY = re.compile(r".*_(\d{4}-\d{2}-\d{2})\.ndjson", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """A problem or diagnosis; ``clinical`` and ``verification`` are FHIR's codes or None."""

    codes: frozenset[Code]
    clinical: str | None
    verification: str | None
    recorded_on: date | None


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of care: FHIR's status and the kinds of service."""

    status: str
    types: frozenset[Code]


@dataclass(frozen=True, slots=True)
class Contact:
    """An encounter that took place: its last day."""

    on: date


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that stands: what it says in codes, in the system's own words, and since when."""

    codes: frozenset[Code]
    categories: frozenset[Code]
    text: str | None
    since: date | None


@dataclass(frozen=True, slots=True)
class CareTeam:
    """An active team: the roles in it (text, codes) and its work contact; no names."""

    roles: tuple[tuple[str | None, frozenset[Code]], ...]
    contact: str | None


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient with everything that is read of them.

    Attributes:
        restricted: Kinds of resource of which one carries a label above normal.

    """

    key: str
    family_names: tuple[str, ...]
    given_names: str
    known_as: tuple[str, ...]
    dob: date | None
    addresses: tuple[Address, ...]
    addresses_former: tuple[Address, ...]
    nhs_number: str | None
    conditions: tuple[Condition, ...] = ()
    episodes: tuple[Episode, ...] = ()
    contacts: tuple[Contact, ...] = ()
    flags: tuple[Flag, ...] = ()
    teams: tuple[CareTeam, ...] = ()
    restricted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Extract:
    """All patients, and the day that the oldest of the files speaks for."""

    as_at: date
    patients: Mapping[str, Patient]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A resource, and the names under which others may refer to it."""

    kind: str
    place: Place
    names: tuple[str, ...]


def read(paths: tuple[Path, ...]) -> Extract:
    """Read all files of a folder as one extract.

    Raises:
        SourceError: A resource is no valid FHIR, refers to a patient who is not there, or two
            patients have one id.

    """
    days: list[date] = []
    entries: list[_Entry] = []
    for path in paths:
        day, found = _bulk(path) if path.suffix == ".ndjson" else _bundle(path)
        days.append(day)
        entries.extend(found)
    if not days:
        raise SourceError("*.json", "folder", "There is no bundle and no export.")
    patients = _patients(entries)
    belongings: dict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        if entry.kind != "Patient":
            owner = entry.place.member(_OF_PATIENT.get(entry.kind, "subject")).member("reference")
            if owner.text() not in patients:
                raise owner.wrong("It refers to a patient who is not in the extract.")
            belongings[patients[owner.text()].names[0]].append(entry)
    people = {
        entry.names[0]: _patient(entry, belongings[entry.names[0]])
        for entry in entries
        if entry.kind == "Patient" and not _replaced(entry.place)
    }
    return Extract(min(days), people)


def _patients(entries: list[_Entry]) -> dict[str, _Entry]:
    found: dict[str, _Entry] = {}
    for entry in entries:
        for name in entry.names if entry.kind == "Patient" else ():
            if name in found:
                raise entry.place.wrong("Another patient has its id.")
            found[name] = entry
    return found


def _bundle(path: Path) -> tuple[date, list[_Entry]]:
    root = json_tree.parse(path.name, read_bytes(path))
    if root.member("resourceType").text() != "Bundle":
        raise root.wrong("It is no Bundle.")
    if root.member("type").text() not in ("collection", "searchset"):
        raise root.member("type").wrong("It is neither collection nor searchset.")
    if any(link.member("relation").maybe() == "next" for link in root.member("link").items()):
        raise root.member("link").wrong("It is one page of several; the rest is not there.")
    made = root.member("timestamp").needed_day()
    found: list[_Entry] = []
    for entry in root.member("entry").items():
        resource = entry.member("resource")
        kind = resource.member("resourceType").text()
        if kind in KINDS:
            found.append(_checked(kind, resource, entry.member("fullUrl").maybe()))
    return made, found


def _bulk(path: Path) -> tuple[date, list[_Entry]]:
    name = _EXPORT_DAY.fullmatch(path.name)
    if name is None:
        raise SourceError(path.name, "file name", "It does not end in _YYYY-MM-DD.ndjson.")
    made = Place(path.name, "file name", name.group(1)).needed_day()
    found: list[_Entry] = []
    for line, written in enumerate(read_bytes(path).split(b"\n"), start=1):
        if not written.strip():
            continue
        resource = json_tree.parse(path.name, written, line=line)
        kind = resource.member("resourceType").text()
        if kind in KINDS:
            found.append(_checked(kind, resource, None))
    return made, found


def _checked(kind: str, place: Place, full_url: str | None) -> _Entry:
    try:
        get_fhir_model_class(kind).model_validate(place.value)
    except ValidationError as error:
        where = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # The last step of an unknown member is the sender's word.
        steps = where["loc"][:-1] if where["type"] == "extra_forbidden" else where["loc"]
        pointer = "".join(f"/{step}" for step in steps)
        raise SourceError(
            place.file, f"{place.pointer}{pointer}" or "/", f"It is no valid FHIR R4 {kind}."
        ) from None
    names = [f"{kind}/{place.member('id').text()}", *([full_url] if full_url else [])]
    return _Entry(kind, place, tuple(names))


def _replaced(place: Place) -> bool:
    """Whether the record was merged into another, which stands in the extract itself."""
    links = place.member("link").items()
    return any(link.member("type").maybe() == "replaced-by" for link in links)


def _patient(entry: _Entry, belongings: list[_Entry]) -> Patient:
    place = entry.place
    families, given, known_as = _names(place)
    current, former = places(place.member("address"))
    parts: dict[str, list[Place]] = defaultdict(list)
    restricted = {"Patient"} if _above_normal(place) else set()
    for belonging in belongings:
        if _above_normal(belonging.place):
            restricted.add(belonging.kind)
        else:
            parts[belonging.kind].append(belonging.place)
    return Patient(
        key=entry.names[0],
        family_names=families,
        given_names=given,
        known_as=known_as,
        dob=one_day(place.member("birthDate")),
        addresses=current,
        addresses_former=former,
        nhs_number=patient_numbers(place.member("identifier")),
        conditions=tuple(_conditions(parts["Condition"])),
        episodes=tuple(_episodes(parts["EpisodeOfCare"])),
        contacts=tuple(_contacts(parts["Encounter"])),
        flags=tuple(_flags(parts["Flag"])),
        teams=tuple(_teams(parts["CareTeam"])),
        restricted=frozenset(restricted),
    )


def _above_normal(place: Place) -> bool:
    labels = place.member("meta").member("security") if place.value.get("meta") else None
    return labels is not None and any(
        (label.member("system").maybe(), label.member("code").maybe()) == (_CONFIDENTIALITY, code)
        for label in labels.items()
        for code in _ABOVE_NORMAL
    )


def _names(place: Place) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Family names (all), given names (of the name in use), and other given names."""
    families: list[str] = []
    in_use: list[str] = []
    other: list[str] = []
    for name in sorted(place.member("name").items(), key=_rank):
        family = name.member("family").maybe()
        families += [family] if family else []
        given = " ".join(part.text() for part in name.member("given").items())
        if given:
            (other if in_use or name.member("use").maybe() == "nickname" else in_use).append(given)
    return tuple(dict.fromkeys(families)), "".join(in_use), tuple(dict.fromkeys(other))


def _rank(name: Place) -> int:
    uses = ("official", "usual", None)
    use = name.member("use").maybe()
    return uses.index(use) if use in uses else len(uses)


def _conditions(found: list[Place]) -> Iterator[Condition]:
    for place in found:
        verification = bound(place.member("verificationStatus"), _VERIFICATION)
        if verification not in ("entered-in-error", "refuted"):
            yield Condition(
                codes(place.member("code")),
                bound(place.member("clinicalStatus"), _CLINICAL),
                verification,
                one_day(place.member("recordedDate")),
            )


def _episodes(found: list[Place]) -> Iterator[Episode]:
    for place in found:
        status = place.member("status").needed(_EPISODE)
        if status != "entered-in-error":
            kinds = [codes(kind) for kind in place.member("type").items()]
            yield Episode(status, frozenset().union(*kinds))


def _contacts(found: list[Place]) -> Iterator[Contact]:
    for place in found:
        if place.member("status").needed(_ENCOUNTER) not in _TOOK_PLACE:
            continue
        period = place.member("period")
        if period.value is None:
            continue
        on = one_day(period.member("end")) or one_day(period.member("start"))
        if on is not None:
            yield Contact(on)


def _flags(found: list[Place]) -> Iterator[Flag]:
    for place in found:
        if place.member("status").needed(_FLAG) != "active":
            continue
        period = place.member("period")
        kinds = [codes(category) for category in place.member("category").items()]
        yield Flag(
            codes(place.member("code")),
            frozenset().union(*kinds),
            place.member("code").member("text").maybe(),
            one_day(period.member("start")) if period.value is not None else None,
        )


def _teams(found: list[Place]) -> Iterator[CareTeam]:
    for place in found:
        if place.member("status").choice(_TEAM) != "active":
            continue
        roles = [
            (_role_text(role), codes(role))
            for participant in place.member("participant").items()
            for role in participant.member("role").items()
        ]
        contacts = [
            point.member("value").text()
            for point in place.member("telecom").items()
            if point.member("use").maybe() == "work"
        ]
        yield CareTeam(tuple(roles), contacts[0] if contacts else None)


def _role_text(role: Place) -> str | None:
    shown = [coding.member("display").maybe() for coding in role.member("coding").items()]
    return role.member("text").maybe() or next((text for text in shown if text), None)
