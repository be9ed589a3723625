"""Request clocks in November 2026: example 1 of the domain reference, and what may happen to it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from policies.calendar import Division, WorkingCalendar, shipped_bank_holidays
from policies.clock import RequestClock, reckon
from policies.clock_events import Closed, Decider, Outcome, TimeAsked, TimeDecided
from policies.clock_extension import expected

LIST = shipped_bank_holidays()
CALENDAR = WorkingCalendar(LIST, frozenset({Division.ENGLAND_AND_WALES}))
REQUESTER, SUPERVISOR = Decider.REQUESTER, Decider.SUPERVISOR
FRIDAY = date(2026, 11, 20)


def nov(text):
    """An instant in November 2026, GMT: ``16T09:00``."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def clock(*events, opened="16T09:00", **changes):
    """Example 1: asked on Monday 16 November at 09:00, due on Monday 23 at 17:00."""
    made = RequestClock(nov(opened), frozenset({"E1", "E3"}), **changes)
    for event in events:
        made = made.with_event(event)
    return made


def happened(kind, at, **more):
    """An event, named by what and when it is."""
    return kind(id=f"{kind.__name__} {at}", at=nov(at), **more)


def answered(at, *questions, outcome=Outcome.ANSWERED):
    """The end of some questions; of all when none is named."""
    return happened(Closed, at, outcome=outcome, questions=frozenset(questions) or None)


def asked_days(at, days):
    """The responder asks for more working days."""
    return happened(TimeAsked, at, days=days)


def given_days(at, days, by=REQUESTER, **more):
    """More working days are given, or with 0 are not."""
    return happened(TimeDecided, at, days=days, by=by, **more)


def due_day(made):
    """The day of the month on which it is due, or can be at the earliest."""
    return expected(reckon(made, CALENDAR).due).due_at.day


def with_days(version, *, more=(), fewer=()):
    """The shipped list under another version, some days more and some fewer."""
    days = {
        division: MappingProxyType(
            {day: title for day, title in known.items() if day not in fewer}
            | dict.fromkeys(more, "Proclaimed")
        )
        for division, known in LIST.days.items()
    }
    newer = replace(LIST, version=version, days=MappingProxyType(days))
    return WorkingCalendar(newer, CALENDAR.divisions)
