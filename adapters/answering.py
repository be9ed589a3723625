"""From a matched record to an answer: the part that every agency's adapter has in common. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeAlias, TypeVar, assert_never, cast

from adapters.agency import (
    Answer,
    CannotShare,
    NothingHeld,
    Subject,
    Teller,
    Unanswered,
    Wanted,
    Window,
    collect,
    searched_window,
)
from adapters.matching import Ambiguous, Candidate, Matched, Nobody, match
from schemas.encoding import JsonValue
from schemas.fields.exchange import SearchedSystem
from schemas.fields.item import Held, Item, Kind, NotHeld
from schemas.fields.refusal_reason import RefusalReason

__all__ = ["Stated", "answer", "months_before", "tell", "year_month"]

R = TypeVar("R")
T = TypeVar("T")

# What a summary sheet says of one cell: a value, "looked, and nothing is held", or nothing.
Stated: TypeAlias = T | NotHeld | None


def answer(
    subject: Subject,
    wanted: Wanted,
    candidates: Iterable[Candidate],
    records: Mapping[str, R],
    tellers: Mapping[str, Teller[R]],
    searched: tuple[SearchedSystem, ...],
    covers: Iterable[Window],
) -> Answer:
    """Match the person, then tell exactly what is wanted of them.

    Args:
        subject: Whom the request is about.
        wanted: What it asks.
        candidates: Every record that could be meant.
        records: By the candidates' keys.
        tellers: Field id to its reader.
        searched: What a nil return says was searched.
        covers: The days for which each source that people are matched in names everybody.

    """
    found = match(subject, candidates)
    match found:
        case Matched(key=key, confidence=confidence):
            return collect(wanted, tellers, records[key], confidence)
        case Ambiguous():
            return CannotShare(RefusalReason.IDENTITY_NOT_MATCHED)
        case Nobody():
            return NothingHeld(searched, searched_window(wanted, covers))
        case _:
            assert_never(found)


def tell(stated: object, kind: Kind, as_at: date, source: str) -> Item | Unanswered:
    """Turn one cell of a summary (``Stated``) into an item.

    An empty cell says nothing, which is never "not held". A value is JSON already, and
    ``agency.collect`` checks it against the field.
    """
    if stated is None:
        return Unanswered.NO_SOURCE
    if isinstance(stated, NotHeld):
        return stated
    return Held(cast("JsonValue", stated), kind, as_at, source)


def year_month(on: date) -> str:
    """Write the month of a day, ``YYYY-MM``."""
    return on.isoformat()[:7]


def months_before(on: date, months: int) -> date:
    """The day so many months earlier; the last day of that month where it is shorter."""
    month = on.year * 12 + on.month - 1 - months
    for day in range(on.day, on.day - 4, -1):
        try:
            return date(month // 12, month % 12 + 1, day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
