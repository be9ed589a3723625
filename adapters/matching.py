"""Whether a record is the person asked about: written rules, no scores, never a guess. Pure.

Each candidate record is compared on five points, and each point *agrees*, *differs* or is
*silent* (one side does not know it):

==============  ==================================================================================
family name     letters alone, without case, accents, hyphens, apostrophes and spaces; any former
                name of the record agrees as well
given names     the first one likewise; a known-as agrees; an initial that fits is silent
date of birth   the day; a *slip* is one part different, or day and month the other way round
address         the UPRN when both sides have it, otherwise the postcode
strong number   UPN, NHS number or PNC id; one that differs outweighs one that agrees
==============  ==================================================================================

and falls under the first rule that fits (number / birth / family / given / address):

==========  ========================================================================  ==========
M1          differs / agrees / agrees / agrees / any                                  doubt
M2          differs / otherwise                                                       none
M3          agrees / agrees / agrees / agrees or silent / any                         exact
M4          agrees / agrees / differs or silent / agrees / any                        probable
M5          agrees / otherwise                                                        doubt
M6          silent / agrees / agrees / all given names agree / current address agrees exact
M7          silent / agrees / agrees / agrees / any                                   probable
M8          silent / agrees / agrees / silent / agrees                                probable
M9          silent / agrees / agrees / silent / any                                   doubt
M10         silent / agrees / differs / agrees / agrees                               doubt
M11         silent / slip or silent / agrees / agrees / agrees                        doubt
M12         otherwise                                                                 none
==========  ========================================================================  ==========

Twins share family name, birth and address and differ in the given name: that is M12, on purpose;
and a twin's number with the other's name is M5, never M4.
A name that agrees only through a known-as is never exact without a number (M7 instead of M6).

One exact candidate is the match unless another record carries a number of the subject. Without
an exact one, one probable candidate is the match if there is no doubt about any other. Everything
else that is not "nobody at all" is ambiguous, and the agency answers ``identity_not_matched``: a
person must look.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum, auto
from typing import assert_never

from adapters.agency import Address, Match, Subject

__all__ = ["Ambiguous", "Candidate", "Level", "Matched", "Nobody", "judge", "letters", "match"]

# Letters that Unicode does not decompose, as passports and registers transcribe them
# (ICAO Doc 9303 part 3, section 6 B, in its one-letter-group form).
_WRITTEN_OUT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a record knows to tell a person by.

    Attributes:
        key: How the adapter finds the record again; never leaves the agency.
        family_names: Current and former.
        given_names: All, first one first; empty when not recorded.
        known_as: Other given names or whole names in use.
        dob: None when not recorded.
        addresses: Current.
        addresses_former: Before.
        numbers: ``upn``, ``nhs_number``, ``pnc_id`` to the number; absent when not recorded.

    """

    key: str
    family_names: tuple[str, ...]
    given_names: str = ""
    known_as: tuple[str, ...] = ()
    dob: date | None = None
    addresses: tuple[Address, ...] = ()
    addresses_former: tuple[Address, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)


class Level(StrEnum):
    """How well one candidate fits."""

    EXACT = "exact"
    PROBABLE = "probable"
    DOUBT = "doubt"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Matched:
    """One record is the person."""

    key: str
    confidence: Match


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Somebody may be the person; our rules do not say who. Holds nothing about them."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """No record is or nearly is the person."""


class _Point(Enum):
    AGREES = auto()
    DIFFERS = auto()
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class _Given:
    point: _Point
    full: bool = False  # by the recorded first name itself, and later names do not differ


def letters(name: str) -> str:
    """Bring a name to its letters: no case, accents, hyphens, apostrophes, spaces, digits.

    Returns:
        Possibly nothing; two names without letters never agree.

    """
    written = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in written.translate(_WRITTEN_OUT) if c.isalpha())


def match(subject: Subject, candidates: Iterable[Candidate]) -> Matched | Ambiguous | Nobody:
    """Tell which record is the person, if the rules say so of exactly one.

    Args:
        subject: Whose fields the request gave.
        candidates: Every record of the agency that could be meant; keys are unique.

    """
    judged = [(judge(subject, c), _number(subject, c) is _Point.AGREES, c.key) for c in candidates]
    exact = [key for level, _, key in judged if level is Level.EXACT]
    if exact:
        others = [key for _, numbered, key in judged if numbered and key != exact[0]]
        return Ambiguous() if len(exact) > 1 or others else Matched(exact[0], Match.EXACT)
    near = [(level, key) for level, _, key in judged if level is not Level.NONE]
    if not near:
        return Nobody()
    level, key = near[0]
    alone = len(near) == 1 and level is Level.PROBABLE
    return Matched(key, Match.PROBABLE) if alone else Ambiguous()


def judge(subject: Subject, candidate: Candidate) -> Level:
    """Put one candidate under the first rule (M1 to M12) that fits."""
    given = _given(subject, candidate)
    recorded = _family(subject, candidate)
    known_by = bool(_whole_names(subject) & _whole_names(candidate))
    family = _Point.AGREES if known_by else recorded
    birth = _birth(subject, candidate)
    given = given if given.point is _Point.AGREES or not known_by else _Given(_Point.AGREES)
    name_and_birth = _all_agree(family, given.point, birth)
    match _number(subject, candidate):
        case _Point.DIFFERS:
            return Level.DOUBT if name_and_birth else Level.NONE  # M1, M2
        case _Point.AGREES:
            return _with_number(family, given.point, birth)
        case _Point.SILENT:
            full = given.full and recorded is _Point.AGREES
            given = _Given(given.point, full=full)
            return _without_number(subject, candidate, family, given, birth)
        case never:
            assert_never(never)


def _with_number(family: _Point, given: _Point, birth: _Point) -> Level:
    if birth is _Point.AGREES and given is not _Point.DIFFERS and family is _Point.AGREES:
        return Level.EXACT  # M3
    if birth is _Point.AGREES and given is _Point.AGREES:
        return Level.PROBABLE  # M4: the family name changes with marriage, adoption, deed
    return Level.DOUBT  # M5


def _without_number(
    subject: Subject, candidate: Candidate, family: _Point, given: _Given, birth: _Point
) -> Level:
    somewhere = _address(subject, candidate, current_only=False) is _Point.AGREES
    if _all_agree(birth, family, given.point):
        here = _address(subject, candidate, current_only=True) is _Point.AGREES
        return Level.EXACT if given.full and here else Level.PROBABLE  # M6, M7
    if _all_agree(birth, family) and given.point is _Point.SILENT:
        return Level.PROBABLE if somewhere else Level.DOUBT  # M8, M9
    if not somewhere or given.point is not _Point.AGREES:
        return Level.NONE  # M12
    if birth is _Point.AGREES:
        return Level.DOUBT  # M10
    near = candidate.dob is None or _slip(subject.dob, candidate.dob)
    return Level.DOUBT if near and family is _Point.AGREES else Level.NONE  # M11, M12


def _all_agree(*points: _Point) -> bool:
    return all(point is _Point.AGREES for point in points)


def _family(subject: Subject, candidate: Candidate) -> _Point:
    ours = letters(subject.family_name)
    theirs = {letters(name) for name in candidate.family_names} - {""}
    if not ours or not theirs:
        return _Point.SILENT
    return _Point.AGREES if ours in theirs else _Point.DIFFERS


def _given(subject: Subject, candidate: Candidate) -> _Given:
    ours, theirs = _words(subject.given_names), _words(candidate.given_names)
    if ours and theirs and ours[0] == theirs[0] and len(ours[0]) > 1:
        return _Given(_Point.AGREES, full=_later_names_fit(ours[1:], theirs[1:]))
    our_names = {*ours[:1], *map(letters, subject.known_as)} - {""}
    their_names = {*theirs[:1], *map(letters, candidate.known_as)} - {""}
    if not our_names or not their_names:
        return _Given(_Point.SILENT)
    if any(len(name) > 1 for name in our_names & their_names):
        return _Given(_Point.AGREES)
    # Here at least one side of any pair that fits is a mere initial.
    initials = any(1 in (len(a), len(b)) and a[0] == b[0] for a in our_names for b in their_names)
    return _Given(_Point.SILENT if initials else _Point.DIFFERS)


def _words(names: str) -> list[str]:
    return [word for word in map(letters, names.split()) if word]


def _later_names_fit(ours: list[str], theirs: list[str]) -> bool:
    """Middle names agree as far as both sides give them; an initial fits its name."""
    return all(
        a == b or (1 in (len(a), len(b)) and a[0] == b[0])
        for a, b in zip(ours, theirs, strict=False)
    )


def _whole_names(person: Subject | Candidate) -> set[str]:
    """Given and family name run together: as recorded, and each known-as of several words."""
    families = (person.family_name,) if isinstance(person, Subject) else person.family_names
    first = _words(person.given_names)[:1]
    recorded = {first[0] + letters(family) for family in families if first and letters(family)}
    return recorded | {letters(alias) for alias in person.known_as if len(_words(alias)) > 1}


def _birth(subject: Subject, candidate: Candidate) -> _Point:
    if candidate.dob is None:
        return _Point.SILENT
    return _Point.AGREES if subject.dob == candidate.dob else _Point.DIFFERS


def _slip(one: date, other: date) -> bool:
    """One part of the date differs, or day and month stand the other way round."""
    parts = zip((one.year, one.month, one.day), (other.year, other.month, other.day), strict=True)
    swapped = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    return swapped or sum(a != b for a, b in parts) == 1


def _address(subject: Subject, candidate: Candidate, *, current_only: bool) -> _Point:
    current = () if subject.address_current is None else (subject.address_current,)
    ours = current if current_only else (*current, *subject.addresses_previous)
    theirs = (
        candidate.addresses if current_only else (*candidate.addresses, *candidate.addresses_former)
    )
    points = {_same_place(a, b) for a in ours for b in theirs}
    for point in (_Point.AGREES, _Point.DIFFERS):
        if point in points:
            return point
    return _Point.SILENT


def _same_place(one: Address, other: Address) -> _Point:
    if one.uprn and other.uprn:
        return _Point.AGREES if one.uprn == other.uprn else _Point.DIFFERS
    if one.postcode and other.postcode:
        same = one.postcode.replace(" ", "").upper() == other.postcode.replace(" ", "").upper()
        return _Point.AGREES if same else _Point.DIFFERS
    return _Point.SILENT


def _number(subject: Subject, candidate: Candidate) -> _Point:
    given = {
        "upn": subject.upn,
        "nhs_number": subject.nhs_number,
        "pnc_id": subject.pnc_id,
    }
    pairs = [
        (ours, candidate.numbers[kind])
        for kind, ours in given.items()
        if ours is not None and kind in candidate.numbers
    ]
    if any(ours != theirs for ours, theirs in pairs):
        return _Point.DIFFERS
    return _Point.AGREES if pairs else _Point.SILENT
