"""What an agency writes to take part: one method that finds a person and answers what was asked.

An adapter knows one agency's records and nothing else: no bus, no keys, no policy. It gets the
identity fields that its sector may receive and the ids of the fields that are wanted, and gives
back exactly those. It may say three things, and each is honest about what was looked at:

* ``Found``: this is the person; each wanted field is an item, or stands among ``unanswered``
  because no record answers it and a person must.
* ``NothingHeld``: the records named were searched, for the time named, and nobody fits.
* ``CannotShare``: a reason of the protocol, above all ``identity_not_matched``.

What is wrong with a source is none of these: it is a ``SourceError``, and there is no answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

from schemas.fields.catalogue import CATALOGUE
from schemas.fields.exchange import SearchedSystem
from schemas.fields.item import Held, Item
from schemas.fields.refusal_reason import RefusalReason

__all__ = [
    "Address",
    "Agency",
    "Answer",
    "CannotShare",
    "Found",
    "Match",
    "NothingHeld",
    "SourceError",
    "Subject",
    "Unanswered",
    "Wanted",
    "Window",
    "collect",
    "searched_window",
]

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives or lived, as a request gives it.

    Attributes:
        lines: For reading only; never compared.
        postcode: ``AA9 9AA``, or None. Education gets the postcode alone (domain 2.5).
        uprn: At most twelve digits without leading zeros, or None.

    """

    lines: tuple[str, ...] = ()
    postcode: str | None = None
    uprn: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is asked about: the ``id.*`` fields that this sector may receive, and no others.

    A member is empty when the request did not give it or the sector may not have it (POL-10).
    ``sex_recorded`` is carried and never compared: it changes, and it tells twins apart badly.
    """

    family_name: str
    given_names: str
    dob: date
    known_as: tuple[str, ...] = ()
    address_current: Address | None = None
    addresses_previous: tuple[Address, ...] = ()
    upn: str | None = None
    nhs_number: str | None = None
    pnc_id: str | None = None
    setting_urn: str | None = None
    sex_recorded: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a question is about, both days included."""

    from_on: date
    to_on: date

    def holds(self, on: date) -> bool:
        """Whether a day lies inside."""
        return self.from_on <= on <= self.to_on

    def meets(self, first: date, last: date) -> bool:
        """Whether the days ``first`` to ``last`` have a day in common with the window."""
        return first <= self.to_on and last >= self.from_on


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked: field ids, each with the window of its question, and today's date.

    Attributes:
        fields: Field id to window; None where the question is about now.
        at: Today in London on the domain clock, which in a demonstration is not the real day.

    """

    fields: Mapping[str, Window | None]
    at: date


class Match(StrEnum):
    """How sure the match is (``match_confidence`` of a nil return has the same words)."""

    EXACT = "exact"
    PROBABLE = "probable"  # the runtime lets no such answer leave without a person's sign-off
    NONE = "none"


class Unanswered(StrEnum):
    """Why a wanted field has no item. The runtime puts it before a person; it is never sent.

    It is not ``not_held``, which says that somebody looked where it would be and it is not
    there, and not ``withheld``, which is a decision that only a person takes.
    """

    NO_SOURCE = "no_source"  # nothing that this adapter reads would hold it
    WINDOW_NOT_COVERED = "window_not_covered"  # the records do not reach over the whole window
    NOT_CERTAIN = "not_certain"  # there is something, and our rules do not settle what it means
    DOES_NOT_FIT = "does_not_fit"  # the record has it, in a form that the field does not accept


@dataclass(frozen=True, slots=True)
class Found:
    """One person was matched.

    ``items`` and ``unanswered`` share no field and together are exactly the wanted fields.
    """

    confidence: Match
    items: Mapping[str, Item]
    unanswered: Mapping[str, Unanswered] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NothingHeld:
    """Nobody in these records fits, and nobody nearly fits.

    Attributes:
        searched: Kinds of systems that were searched, as ``nil.searched_systems`` names them.
        window: The part of the time asked about that the records really cover.

    """

    searched: tuple[SearchedSystem, ...]
    window: Window
    confidence: Match = Match.NONE


@dataclass(frozen=True, slots=True)
class CannotShare:
    """The adapter must not answer. The reason is a code; there is no note, it might name someone.

    By itself an adapter gives ``IDENTITY_NOT_MATCHED`` alone: all other reasons are a person's.
    """

    reason: RefusalReason


Answer: TypeAlias = Found | NothingHeld | CannotShare


class Agency(Protocol):
    """An agency's records, seen from the runtime."""

    async def find(self, subject: Subject, wanted: Wanted) -> Answer:
        """Find the person and answer exactly the wanted fields.

        Raises:
            SourceError: A source is missing, broken or contradicts itself. There is then no
                answer at all; mending the file helps, trying again alone does not.

        """
        ...


class SourceError(Exception):
    """An agency's own file cannot be used; everything in it is left unread.

    Attributes:
        file: Its name without folders.
        where: ``line 7, column dob``, an XML path with a line, or a JSON pointer.
        says: A sentence of ours; never a value of the file.

    """

    def __init__(self, file: str, where: str, says: str) -> None:
        """Name the file, the place in it and what is wrong there."""
        super().__init__(f"{file}, {where}: {says}")
        self.file = file
        self.where = where
        self.says = says


Teller: TypeAlias = Callable[[R_contra, Window | None, date], Item | Unanswered]


def collect(wanted: Wanted, tellers: Mapping[str, "Teller[R]"], record: R, sure: Match) -> Found:
    """Ask one teller for each wanted field, so that nothing else can come back.

    Args:
        wanted: What is asked.
        tellers: Field id (of the catalogue) to the function that reads it from this agency's
            record. A wanted field without one is ``Unanswered.NO_SOURCE``.
        record: All that the sources hold of the person who was matched.
        sure: How the person was matched.

    """
    items: dict[str, Item] = {}
    unanswered: dict[str, Unanswered] = {}
    for field_id, window in wanted.fields.items():
        teller = tellers.get(field_id)
        told = Unanswered.NO_SOURCE if teller is None else teller(record, window, wanted.at)
        if isinstance(told, Unanswered):
            unanswered[field_id] = told
        elif isinstance(told, Held) and CATALOGUE[field_id].check(told.value):
            unanswered[field_id] = Unanswered.DOES_NOT_FIT
        else:
            items[field_id] = told
    return Found(sure, items, unanswered)


def searched_window(wanted: Wanted, covers: Iterable[Window]) -> Window:
    """Tell for which time a search that found nobody really speaks.

    Args:
        wanted: What is asked; fields without a window ask about today.
        covers: The days for which each source names everybody whom it knows, at least one. A
            roll of today covers its own day alone: whoever left before is not on it.

    Returns:
        From the earliest day asked, or the first that every source covers if that is later, to
        the last that every source covers. A single day where the sources do not reach back.

    """
    known = tuple(covers)
    asked = [w.from_on for w in wanted.fields.values() if w is not None]
    last = min(wanted.at, *(c.to_on for c in known))
    first = max(min(asked, default=wanted.at), *(c.from_on for c in known))
    return Window(min(first, last), last)
