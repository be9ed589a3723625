"""A whole pack as values, and what may be looked up in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from policies.overlay_values import Overlay
from policies.pack_values import (
    AnswerField,
    CaseLimits,
    Head,
    Jurisdiction,
    NecessityRule,
    Profile,
    RetentionClass,
    Sector,
    TypeRule,
)
from schemas.directory_entry import Nation, OrganisationKind

__all__ = ["GRACE", "LONDON", "Pack", "day_begins", "day_in_london"]

LONDON = ZoneInfo("Europe/London")
GRACE = timedelta(hours=24)  # design 10.16: in force at arrival, or within the 24 h before it
MIN_SIGNATORIES = 2  # POL-28


def day_begins(day: date) -> datetime:
    """Give the first instant of a civil day in London."""
    return datetime.combine(day, time(), tzinfo=LONDON)


def day_in_london(at: datetime) -> date:
    """Give the civil day in London of an instant."""
    return at.astimezone(LONDON).date()


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A pack that was parsed; compared by identity, told apart by ``h``.

    Attributes:
        h: b64u(SHA-256) of the exact bytes of its bundle: ``pol.h``.
        types: Type rules by ``family.name`` for types whose rule is the same for every sender.
        answers: The rule of ``information.response`` by the kind of agency that answers.
        overlays: Tightenings by area.

    """

    h: str
    head: Head
    profiles: Mapping[str, Profile]
    jurisdictions: Mapping[Nation, Jurisdiction]
    sectors: Mapping[str, Sector]
    retention: Mapping[str, RetentionClass]
    limits: CaseLimits
    necessity: NecessityRule
    types: Mapping[str, TypeRule]
    answers: Mapping[OrganisationKind, TypeRule]
    overlays: Mapping[str, tuple[Overlay, ...]]

    @property
    def id(self) -> str:
        """The pack's id, ``pol.id``."""
        return self.head.pack

    @property
    def version(self) -> str:
        """The pack's version, ``pol.ver``."""
        return self.head.version

    @property
    def countersigned(self) -> bool:
        """Whether data protection officers of two different sectors have signed."""
        offices = {one.office for one in self.head.signed_by}
        sectors = {one.sector for one in self.head.signed_by}
        return len(offices) >= MIN_SIGNATORIES and len(sectors) >= MIN_SIGNATORIES

    def in_force(self, at: datetime, superseded_at: datetime | None = None) -> bool:
        """Tell whether it is in force at an instant, or was within the 24 hours before it."""
        begins = day_begins(self.head.valid_from)
        ends = day_begins(self.head.valid_to + timedelta(days=1))
        if superseded_at is not None:
            ends = min(ends, superseded_at)
        return begins <= at and at - GRACE < ends

    def rule(self, mt: str, sender: OrganisationKind) -> TypeRule | None:
        """Find the rule for a type (``information.request/1``) and a kind of sender.

        None means that the pack does not list it, and what is not listed is refused.
        """
        name, _, major = mt.rpartition("/")
        found = self.answers.get(sender) if name == "information.response" else self.types.get(name)
        if found is None or str(found.major) != major:
            return None
        if found.legal_as_answer:
            answer = self.answers.get(sender)
            return replace(found, legal=() if answer is None else answer.legal)
        return found

    def sector_of(self, kind: OrganisationKind) -> str | None:
        """Tell in which sector a kind of agency answers; None when it is never asked."""
        rule = self.answers.get(kind)
        return None if rule is None else rule.sector

    def may_ask(self, kind: OrganisationKind) -> Mapping[str, AnswerField]:
        """Give the fields that may be asked of a kind of agency, with question and reason."""
        return _may_ask(self, kind)


@lru_cache(maxsize=1024)  # asked several times for every message
def _may_ask(pack: Pack, kind: OrganisationKind) -> Mapping[str, AnswerField]:
    rule = pack.answers.get(kind)
    answers = {} if rule is None else rule.answers
    return MappingProxyType(
        {name: one for name, one in answers.items() if not one.kinds or kind in one.kinds}
    )
