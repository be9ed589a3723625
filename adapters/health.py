"""NHS bodies: from FHIR R4 resources (UK Core) that the patient record system exports.

A folder of records holds bundles (``*.json``) or bulk exports (``*_<day>.ndjson``), see
``sources.fhir``; which codes are understood stands in ``sources.health_codes``.

Never from here: ``hlt.confidentiality_basis``, ``hlt.caldicott_ref``, ``hlt.patient_informed``,
``hlt.capacity_concern``, ``hlt.protective_factors``. They are judgements about this disclosure or
this person now, and come from whoever signs off.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from adapters.agency import Answer, Subject, Teller, Unanswered, Wanted, Window
from adapters.answering import answer, year_month
from adapters.matching import Candidate
from adapters.sources import fhir
from adapters.sources.fhir import Condition, Flag, Patient
from adapters.sources.folder import Watched, only_known, still_current
from adapters.sources.health_codes import (
    ADJUSTMENT,
    LEAD,
    NEURODIVERSITY,
    OTHER_RELEVANT,
    RISK,
    RISK_BASIS,
    SERVICE,
)
from schemas.encoding import JsonValue
from schemas.fields.item import Held, Item, NotHeld

__all__ = ["Health"]

SYSTEM = "Patient record (FHIR extract)"

# EpisodeOfCare.status
_OPEN = frozenset({"planned", "waitlist", "active", "onhold"})
_CLOSED = frozenset({"finished", "cancelled"})
# Condition.clinicalStatus, verificationStatus
_PAST = frozenset({"inactive", "remission", "resolved"})
_SUSPECTED = frozenset({"unconfirmed", "provisional", "differential"})


@dataclass(frozen=True, slots=True)
class _Record:
    patient: Patient
    as_at: date

    def hides(self, *kinds: str) -> bool:
        """Whether a resource of such a kind, or the patient, is labelled above normal."""
        return bool(self.patient.restricted & {"Patient", *kinds})


class Health:
    """The adapter of one trust, practice or board."""

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
        still_current(self._name, extract.as_at, wanted.at, self._max_age_days)
        day = Window(extract.as_at, extract.as_at)
        records = {key: _Record(p, extract.as_at) for key, p in extract.patients.items()}
        candidates = [_candidate(patient) for patient in extract.patients.values()]
        return answer(subject, wanted, candidates, records, TELLERS, ("patient_record",), [day])


def _load(paths: tuple[Path, ...]) -> fhir.Extract:
    only_known(paths, frozenset(), frozenset({".json", ".ndjson"}))
    return fhir.read(paths)


def _candidate(patient: Patient) -> Candidate:
    return Candidate(
        key=patient.key,
        family_names=patient.family_names,
        given_names=patient.given_names,
        known_as=patient.known_as,
        dob=patient.dob,
        addresses=patient.addresses,
        addresses_former=patient.addresses_former,
        numbers={"nhs_number": patient.nhs_number} if patient.nhs_number else {},
    )


def _known(record: _Record, _window: Window | None, at: date) -> Item | Unanswered:
    patient = record.patient
    if record.hides("EpisodeOfCare", "Encounter"):
        return Unanswered.NOT_CERTAIN
    statuses = {episode.status for episode in patient.episodes}
    days = [contact.on for contact in patient.contacts if contact.on <= at]
    if not statuses - _OPEN - _CLOSED and (statuses or days):
        # An encounter without an episode says when, and not whether care goes on.
        if not statuses:
            return Unanswered.NOT_CERTAIN
        value: dict[str, JsonValue] = {"status": "open" if statuses & _OPEN else "closed"}
        value |= {"last_contact": year_month(max(days))} if days else {}
        return Held(value, "fact", record.as_at, SYSTEM)
    return Unanswered.NOT_CERTAIN


def _service_type(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    if record.hides("EpisodeOfCare"):
        return Unanswered.NOT_CERTAIN
    episodes = record.patient.episodes
    running = [episode for episode in episodes if episode.status in _OPEN] or list(episodes)
    if not running:
        return NotHeld()
    kinds = [{SERVICE[code] for code in episode.types if code in SERVICE} for episode in running]
    if not all(kinds):
        return Unanswered.NOT_CERTAIN  # a service whose kind the extract does not say
    value: list[JsonValue] = [*sorted(frozenset().union(*kinds))]
    return Held(value, "fact", record.as_at, SYSTEM)


def _relevant_condition(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    if record.hides("Condition"):
        return Unanswered.NOT_CERTAIN
    current = [c for c in record.patient.conditions if c.clinical not in _PAST]
    words = sorted({label for c in current if (label := _label(c)) is not None})
    if words:
        named = [c for c in current if _label(c) is not None]
        return Held("; ".join(words), "assessment", _recorded(record, named), SYSTEM)
    # Whether another condition bears on this, only a clinician can say.
    return Unanswered.NOT_CERTAIN if current else NotHeld()


def _label(condition: Condition) -> str | None:
    words = {NEURODIVERSITY[c][1] for c in condition.codes if c in NEURODIVERSITY}
    words |= {OTHER_RELEVANT[c] for c in condition.codes if c in OTHER_RELEVANT}
    if len(words) != 1:
        return None
    confirmed = condition.verification == "confirmed"
    return f"{words.pop()} ({'diagnosed' if confirmed else 'not confirmed'})"


def _neurodiversity(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    if record.hides("Condition", "EpisodeOfCare"):
        return Unanswered.NOT_CERTAIN
    conditions = record.patient.conditions
    listed = [c for c in conditions if c.codes & NEURODIVERSITY.keys()]
    waiting = any(
        episode.status in _OPEN and SERVICE.get(code) == "nd"
        for episode in record.patient.episodes
        for code in episode.types
    )
    if any(c.clinical in _PAST or c.verification is None for c in listed):
        return Unanswered.NOT_CERTAIN  # lifelong conditions do not pass: somebody must look
    confirmed = [c for c in listed if c.verification == "confirmed"]
    status, meant = (
        ("diagnosed", confirmed)
        if confirmed
        else ("pathway", listed)
        if waiting
        else ("suspected", [c for c in listed if c.verification in _SUSPECTED])
    )
    if not meant and not waiting:
        understood = all(c.codes & OTHER_RELEVANT.keys() for c in conditions)
        return NotHeld() if understood else Unanswered.NOT_CERTAIN
    kinds: list[JsonValue] = [
        *sorted(
            {NEURODIVERSITY[code][0] for c in meant for code in c.codes & NEURODIVERSITY.keys()}
        )
    ]
    value: dict[str, JsonValue] = {"status": status, **({"types": kinds} if kinds else {})}
    return Held(value, "assessment", _recorded(record, meant), SYSTEM)


def _recorded(record: _Record, conditions: list[Condition]) -> date:
    """The day of the latest entry, or of the extract where no entry is dated."""
    days = [c.recorded_on for c in conditions if c.recorded_on is not None]
    return max(days, default=record.as_at)


def _risk(whom: str) -> Teller[_Record]:
    """Make the teller of the level of risk to ``self`` or ``others``."""

    def teller(record: _Record, window: Window | None, _at: date) -> Item | Unanswered:
        if record.hides("Flag"):
            return Unanswered.NOT_CERTAIN
        flags = [flag for flag in record.patient.flags if ADJUSTMENT not in flag.categories]
        levels = [(flag, level) for flag in flags for level in _levels(flag, whom)]
        if not levels:
            # A flag without a level that we know may be the very warning that matters.
            understood = all(flag.codes & RISK.keys() for flag in flags)
            return NotHeld() if understood else Unanswered.NOT_CERTAIN
        (flag, level), *further = levels
        bases = [RISK_BASIS[code] for code in flag.codes if code in RISK_BASIS]
        if further or flag.since is None or len(bases) != 1:
            return Unanswered.NOT_CERTAIN
        if window is not None and flag.since > window.to_on:
            return Unanswered.NOT_CERTAIN
        value: dict[str, JsonValue] = {
            "level": level,
            "assessed_on": flag.since.isoformat(),
            "basis": bases[0],
        }
        return Held(value, "assessment", flag.since, SYSTEM)

    return teller


def _levels(flag: Flag, whom: str) -> list[str]:
    return [RISK[code][1] for code in flag.codes if code in RISK and RISK[code][0] == whom]


def _adjustments(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    if record.hides("Flag"):
        return Unanswered.NOT_CERTAIN
    flags = [flag for flag in record.patient.flags if ADJUSTMENT in flag.categories]
    texts = [flag.text for flag in flags if flag.text is not None]
    if not flags:
        return Unanswered.NO_SOURCE  # the national flag may be held elsewhere
    if len(texts) < len(flags):
        return Unanswered.NOT_CERTAIN
    since = max((flag.since for flag in flags if flag.since is not None), default=record.as_at)
    return Held("; ".join(sorted(texts)), "assessment", since, SYSTEM)


def _lead(record: _Record, _window: Window | None, _at: date) -> Item | Unanswered:
    if record.hides("CareTeam"):
        return Unanswered.NOT_CERTAIN
    roles = [
        (text, team.contact, LEAD in marks)
        for team in record.patient.teams
        for text, marks in team.roles
    ]
    leading = [role for role in roles if role[2]] or roles
    if not leading:
        return Unanswered.NO_SOURCE
    text, contact, _ = leading[0]
    if len(leading) > 1 or text is None:
        return Unanswered.NOT_CERTAIN
    value: dict[str, JsonValue] = {"role": text, **({"contact": contact} if contact else {})}
    return Held(value, "fact", record.as_at, SYSTEM)


TELLERS: Mapping[str, Teller[_Record]] = {
    "hlt.known": _known,
    "hlt.service_type": _service_type,
    "hlt.relevant_condition": _relevant_condition,
    "hlt.neurodiversity": _neurodiversity,
    "hlt.risk_to_self": _risk("self"),
    "hlt.risk_to_others": _risk("others"),
    "hlt.adjustments": _adjustments,
    "hlt.lead_professional": _lead,
}
