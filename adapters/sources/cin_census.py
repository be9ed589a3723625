"""Children in need census: the XML that councils return to the DfE, and extract for themselves.

The census names no child; it is joined to the children's index by ``LAchildID``. Read are open
episodes and child protection plans. Never read, though they are in the file: ethnicity,
disability, assessment factors, section 47 enquiries, reviews.

Source: element names and codes of the DfE CIN census guide as in published validators of the
returns of 2023-24 to 2026-27; the year runs from 1 April to 31 March.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from adapters.agency import Window
from adapters.sources import xml_tree
from adapters.sources.xml_tree import Element

__all__ = ["Census", "Child", "Plan", "read"]

_ABUSE = {
    "NEG": "neglect",
    "PHY": "physical",
    "SAB": "sexual",
    "EMO": "emotional",
    "MUL": "multiple",
}
_TRUE = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Plan:
    """A child protection plan; ``ended_on`` None while it stands, category as the field names it."""

    started_on: date
    ended_on: date | None
    category: str | None


@dataclass(frozen=True, slots=True)
class Child:
    """What the census says of one child.

    Attributes:
        dob: None for a child who was not yet born.
        in_need: Whether an episode is open that is more than a referral without further action.
        plans: In the census year.

    """

    dob: date | None
    in_need: bool
    plans: tuple[Plan, ...]

    @property
    def open_plans(self) -> tuple[Plan, ...]:
        """The plans that stand; more than one is a contradiction in the record."""
        return tuple(plan for plan in self.plans if plan.ended_on is None)


@dataclass(frozen=True, slots=True)
class Census:
    """A whole return.

    Attributes:
        name: Of the file.
        covers: From 1 April of its year to the day on which it was made.
        children: By ``LAchildID``.

    """

    name: str
    covers: Window
    children: Mapping[str, Child]


def read(path: Path) -> Census:
    """Read a return.

    Raises:
        SourceError: It is broken, a child stands in it twice, or a period ends before it begins.

    """
    root = xml_tree.read(path, "Message")
    header = root.one("Header")
    collection = header.one("CollectionDetails")
    if collection.needed("Collection") != "CIN":
        raise collection.one("Collection").wrong("It is not CIN.")
    reference = collection.needed_day("ReferenceDate")
    made = header.one("Source").instant("DateTime").date()
    began = date(
        reference.year - 1 if (reference.month, reference.day) < (4, 1) else reference.year, 4, 1
    )
    if made < began:
        raise header.one("Source").one("DateTime").wrong("It is before the census year.")
    children: dict[str, Child] = {}
    for element in root.one("Children").many("Child"):
        identifiers = element.one("ChildIdentifiers")
        key = identifiers.needed("LAchildID")
        if key in children:
            raise identifiers.one("LAchildID").wrong("Another child has it.")
        children[key] = _child(element, identifiers)
    return Census(path.name, Window(began, made), children)


def _child(element: Element, identifiers: Element) -> Child:
    episodes = element.many("CINdetails")
    plans = [plan for episode in episodes for plan in episode.many("ChildProtectionPlans")]
    return Child(
        dob=identifiers.day("PersonBirthDate"),
        in_need=any(_open_need(episode) for episode in episodes),
        plans=tuple(map(_plan, plans)),
    )


def _open_need(episode: Element) -> bool:
    referred = episode.needed_day("CINreferralDate")
    closed = episode.day("CINclosureDate")
    if closed is not None and closed < referred:
        raise episode.one("CINclosureDate").wrong("It is before the referral.")
    return closed is None and not episode.choice("ReferralNFA", _TRUE)


def _plan(element: Element) -> Plan:
    started, ended = element.needed_day("CPPstartDate"), element.day("CPPendDate")
    if ended is not None and ended < started:
        raise element.one("CPPendDate").wrong("It is before the plan began.")
    initial = element.choice("InitialCategoryOfAbuse", _ABUSE)
    return Plan(started, ended, element.choice("LatestCategoryOfAbuse", _ABUSE) or initial)
