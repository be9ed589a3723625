"""``dovetail deadline``: when an answer is due, and who is told when. Needs no broker and no world."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from deploy.cli.instants import INSTANT, STRETCH
from deploy.cli.output import Exit, emit, fail, heading, json_option, local_time, say, show_table
from policies.calendar import Division, WorkingCalendar, shipped_bank_holidays
from policies.clock import ExtensionLimits, RequestClock
from policies.clock_events import HoldBegan, HoldLifted
from policies.deadline import Convention, Due, Stop, Stopped, Terms, civil_date, due
from policies.ladder import Rung, ladder

__all__ = ["deadline"]


@click.command()
@click.option("--received", type=INSTANT, required=True, help="When the broker accepted it.")
@click.option(
    "--calendar",
    "divisions",
    type=click.Choice([one.value for one in Division]),
    multiple=True,
    required=True,
    help="Whose bank holidays; several: a day off in any of them does not count.",
)
@click.option(
    "--days", type=click.IntRange(1, 20), default=5, show_default=True, help="Working days."
)
@click.option(
    "--convention",
    type=click.Choice([one.value for one in Convention]),
    default=Convention.CUT_OFF.value,
    show_default=True,
    help="How receipt after hours counts.",
)
@click.option(
    "--stopped", "stops", type=STRETCH, multiple=True, metavar="FROM/TO", help="The clock stood."
)
@json_option
def deadline(
    received: datetime,
    divisions: tuple[str, ...],
    days: int,
    convention: str,
    stops: tuple[Stop, ...],
    *,
    json_wanted: bool,
) -> None:
    """Work out a due time, its reminders and escalations.

    Day 0 is the day of receipt; at or after 5pm counts as the next working day. The answer is in
    time up to and including the due instant. Times given without a zone are refused.
    """
    calendar = WorkingCalendar(
        shipped_bank_holidays(), frozenset(Division(one) for one in divisions)
    )
    terms = Terms(working_days=days, convention=Convention(convention))
    found = due(received, calendar, terms, stops)
    if isinstance(found, Stopped):
        fail(
            Exit.FAILED,
            f"The clock has stood since {local_time(found.since)}: there is no due time until it "
            "runs again. Give the end of the stop to see what it would be.",
        )
    rungs = ladder(_clock(received, terms, stops), calendar)
    facts = _facts(found, rungs, calendar, terms)
    emit(
        "deadline", facts, partial(_show, found, rungs, received, calendar), json_wanted=json_wanted
    )


def _clock(received: datetime, terms: Terms, stops: tuple[Stop, ...]) -> RequestClock:
    """A request that was opened, stopped and restarted; the reason of a stop does not matter here."""
    clock = RequestClock(
        opened_at=received,
        questions=frozenset({"E1"}),
        terms=terms,
        limits=ExtensionLimits(requester=0, supervisor=0),
    )
    for number, stop in enumerate(stops):
        clock = clock.with_event(HoldBegan(id=f"stop-{number}", at=stop.from_at))
        if stop.to_at is not None:
            clock = clock.with_event(HoldLifted(id=f"end-{number}", at=stop.to_at))
    return clock


def _facts(
    found: Due, rungs: tuple[Rung, ...], calendar: WorkingCalendar, terms: Terms
) -> Mapping[str, Any]:
    steps = [
        {"rung": r.kind.value, "at": _seconds(r.at), "to": [one.value for one in r.to]}
        for r in rungs
    ]
    return {
        "day_0": found.day_0.isoformat(),
        "due_at": _seconds(found.due_at),
        "provisional": found.provisional,
        "convention": terms.convention.value,
        "working_days": terms.working_days,
        "calendar": sorted(one.value for one in calendar.divisions),
        "calendar_version": calendar.holidays.version,
        "reminders": [one for one in steps if one["rung"] in {"ack", "r1", "r2", "r3"}],
        "escalations": [one for one in steps if one["rung"] in {"e1", "e2", "e3"}],
    }


_WORDS = {
    "ack": "alarm if not acknowledged",
    "r1": "first reminder",
    "r2": "second reminder",
    "r3": "reminder on the due day",
    "e1": "overdue: supervisor and coordinator",
    "e2": "overdue: supervisors of both sides",
    "e3": "overdue: chair",
}


def _show(
    found: Due, rungs: tuple[Rung, ...], received: datetime, calendar: WorkingCalendar
) -> None:
    say(f"Received  {local_time(received)}")
    say(f"Day 0     {found.day_0:%a} {found.day_0.day} {found.day_0:%b %Y}")
    heading(f"Due       {local_time(found.due_at)} (London)")
    for day in calendar.skipped(found.day_0, civil_date(found.due_at)):
        say(f"{day.day:%a} {day.day.day} {day.day:%b} does not count: {day.title}.")
    if found.provisional:
        say("The due day lies past the last bank holiday known: provisional.")
    say()
    show_table(("when", "what"), [(local_time(r.at), _WORDS[r.kind.value]) for r in rungs])


def _seconds(at: datetime) -> str:
    """UTC to the second: no rule here knows a shorter time."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
