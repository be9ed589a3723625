"""The request clock: from what has happened to a request, where its time stands.

Decision 0007. The state is a *set* of events. Where it stands is reckoned anew from the set, in the
order of the events' own instants, so that a duplicate, a late or an early delivery changes nothing.
Instants are those at which the broker accepted a message: senders' clocks are advisory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from policies.calendar import WorkingCalendar
from policies.clock_events import (
    Closed,
    Decider,
    Event,
    HoldBegan,
    HoldLifted,
    Opened,
    Outcome,
    Queried,
    Recalculated,
    Redirected,
    Replied,
    TimeDecided,
    place_in_order,
    shows_receipt,
)
from policies.clock_extension import Disregarded, ExtensionLimits, Extensions, expected
from policies.deadline import (
    MAX_WORKING_DAYS,
    Due,
    Elapsed,
    Stop,
    Stopped,
    Terms,
    as_utc,
    civil_date,
    day_zero,
    due,
    working_time,
)
from schemas.problems import Code, Problem

__all__ = [
    "Disregarded",
    "Ended",
    "ExtensionLimits",
    "RequestClock",
    "Standing",
    "TimeLeft",
    "calendar_of",
    "is_overdue",
    "problems_of",
    "reckon",
    "request_due",
    "working_time_left",
]


@dataclass(frozen=True, slots=True)
class RequestClock:
    """All that the time of one request depends on, beside the calendar.

    Attributes:
        opened_at: When the broker accepted it into the responder's mailbox; aware.
        questions: The ids of its questions; at least one.
        terms: Its time limit, without extensions; as it was when it was opened.
        limits: How far it may be extended.
        events: What has happened since, by id.

    Raises:
        ValueError: No question, a naive instant, or more days than can be counted.

    """

    opened_at: datetime
    questions: frozenset[str]
    terms: Terms | Elapsed = field(default_factory=Terms)
    limits: ExtensionLimits = field(default_factory=ExtensionLimits)
    events: Mapping[str, Event] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        as_utc(self.opened_at)
        if not self.questions:
            raise ValueError("a request asks at least one question")
        if isinstance(self.terms, Terms):
            most = self.terms.working_days + self.limits.supervisor
            if most > MAX_WORKING_DAYS:
                raise ValueError("the time limit and its extensions are too long together")

    def with_event(self, event: Event) -> "RequestClock":
        """Add an event. One known by its id, and the request itself said again, change nothing.

        Of two with one id the earlier stands, whichever came first.
        """
        if isinstance(event, Opened):
            return replace(self, opened_at=min(self.opened_at, event.at, key=as_utc))
        known = self.events.get(event.id, event)
        stands = min(known, event, key=place_in_order)
        return replace(self, events=MappingProxyType({**self.events, event.id: stands}))

    def until(self, at: datetime | None) -> list[Event]:
        """Give the events up to and with an instant, or all, in the order in which they happened."""
        events = sorted(self.events.values(), key=place_in_order)
        return [event for event in events if at is None or as_utc(event.at) <= as_utc(at)]


@dataclass(frozen=True, slots=True)
class Ended:
    """The last open question ended.

    Attributes:
        outcome: How that last one ended; ``Standing.outcomes`` has each.
        at: When.
        late: Whether the request was overdue then.
        working_days: How many after day 0; 0 on day 0 and before it. Stops are not taken off.

    """

    outcome: Outcome
    at: datetime
    late: bool
    working_days: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the time of a request stands.

    Attributes:
        due: When it is or was due; ``Stopped`` while the clock stands. Open questions keep it
            when others are answered.
        unstopped: What would be due without any stop; for statistics.
        stops: When the clock stood.
        held: Whether deconfliction holds the case, even past the due instant.
        ended: The end, or None while a question is open.
        outcomes: Each question that ended, and how.
        open_questions: The others.
        acknowledged: Whether the responder has shown that it has the request.
        queries: Clarifications that stopped the clock.
        extension_days: Working days given.
        shielded_until: While time was asked for before the due instant and nobody has decided: the
            instant up to which it is not overdue (what would be due if all of it were given).
        overdue: Whether the last instant has passed without an end.
        disregarded: Events that do not move the clock: clarifications first, then requests for time.

    """

    due: Due | Stopped
    unstopped: Due
    stops: tuple[Stop, ...]
    held: bool
    ended: Ended | None
    outcomes: Mapping[str, Outcome]
    open_questions: frozenset[str]
    acknowledged: bool
    queries: int
    extension_days: int
    shielded_until: datetime | None
    overdue: bool
    disregarded: tuple[Disregarded, ...]

    def falls_after(self, case_due_at: datetime) -> bool:
        """Tell whether the request is due after its case: warn who leads gathering (domain 4.1)."""
        return as_utc(expected(self.due).due_at) > as_utc(case_due_at)


def reckon(clock: RequestClock, calendar: WorkingCalendar, at: datetime | None = None) -> Standing:
    """Tell where the time of a request stands.

    Args:
        clock: The request and what has happened.
        calendar: By the list in force; what earlier lists promised is added here.
        at: The instant to stand at: what happened later is left out. None: after all events,
            where nothing is overdue merely because time went by.

    """
    events = clock.until(at)
    outcomes, end = _end(clock, events)
    running = events if end is None else events[: events.index(end)]
    unaccepted = _unaccepted(running)
    heeded = [event for event in running if event not in unaccepted]
    holds = _stops(heeded, HoldBegan, HoldLifted)
    stops = (*_stops(heeded, Queried, Replied), *holds)
    kept = _keeping(calendar, running)
    time = Extensions(clock.opened_at, clock.terms, clock.limits, kept, stops)
    refused = [Disregarded(e.id, Problem(Code.CLOCK_ALREADY_STOPPED)) for e in unaccepted]
    refused += time.follow(running)
    shield = time.shield()
    now = end.at if end else at
    past = now is not None and time.is_past(now)
    overdue = past and not (now and shield and as_utc(now) <= shield)
    return Standing(
        due=time.due(),
        unstopped=expected(due(clock.opened_at, kept, time.terms())),
        stops=stops,
        held=any(hold.to_at is None for hold in holds),
        ended=None if end is None else _ended(clock, kept, end, late=overdue),
        outcomes=MappingProxyType(outcomes),
        open_questions=clock.questions - outcomes.keys(),
        acknowledged=any(shows_receipt(event) for event in events),
        queries=sum(isinstance(event, Queried) for event in heeded),
        extension_days=time.given,
        shielded_until=None if end else shield,
        overdue=overdue and end is None,
        disregarded=tuple(refused),
    )


def request_due(clock: RequestClock, calendar: WorkingCalendar) -> Due | Stopped:
    """Tell when a request is due, after all that has happened to it."""
    return reckon(clock, calendar).due


def is_overdue(clock: RequestClock, calendar: WorkingCalendar, at: datetime) -> bool:
    """Tell whether a request was overdue at an instant, by what had happened up to then."""
    return reckon(clock, calendar, at).overdue


def problems_of(
    clock: RequestClock, calendar: WorkingCalendar, event: Event
) -> tuple[Problem, ...]:
    """Tell why an event would not move the clock: to refuse its message before it is forwarded.

    Returns:
        Empty when it may be, or when the request has ended, which is for others to judge.

    """
    standing = reckon(clock.with_event(event), calendar, event.at)
    found = [one.problem for one in standing.disregarded if one.event_id == event.id]
    if not found and _beyond_case(event, standing):
        found.append(Problem(Code.EXTENSION_TOO_LONG))
    return tuple(found)


def _beyond_case(event: Event, standing: Standing) -> bool:
    """Tell whether a requester gave time past its case's due instant, which only a supervisor may.

    Asked once, when it is decided. Time given stays given when a newer list of bank holidays moves
    the request past its case; ``Standing.falls_after`` tells of that.
    """
    match event:
        case TimeDecided(by=Decider.REQUESTER, case_due_at=datetime() as case_due_at):
            given = event.days > 0 and standing.ended is None
            return given and standing.falls_after(case_due_at)
        case _:
            return False


# ---------------------------------------------------------------------------------- time left
@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How much time is left, for people and for sorting by urgency.

    Attributes:
        working_days: After today up to the due day: 0 on the due day, -1 on the first working day
            after it. "4 working days left", "due today", "overdue by 3 working days".
        working_time: Between opening and cut-off of working days (for a limit in hours: all time);
            negative when the due instant has passed.
        stopped: The clock stands, and both figures with it.
        provisional: They rest on days past the end of the list of bank holidays.

    """

    working_days: int
    working_time: timedelta
    stopped: bool
    provisional: bool


def working_time_left(
    clock: RequestClock, calendar: WorkingCalendar, at: datetime
) -> TimeLeft | Ended:
    """Tell how much time is left at an instant, by what had happened up to then."""
    standing = reckon(clock, calendar, at)
    if standing.ended:
        return standing.ended
    stopped = isinstance(standing.due, Stopped)
    now = standing.due.since if isinstance(standing.due, Stopped) else as_utc(at)
    until = expected(standing.due)
    kept = _keeping(calendar, clock.until(at))
    today = civil_date(now, clock.terms.zone)
    last = civil_date(until.due_at, clock.terms.zone)
    return TimeLeft(
        working_days=kept.working_days_between(today, last),
        working_time=working_time(now, until.due_at, kept, clock.terms),
        stopped=stopped,
        provisional=until.provisional,
    )


# ---------------------------------------------------------------------------- parts of reckon
def calendar_of(
    clock: RequestClock, calendar: WorkingCalendar, at: datetime | None = None
) -> WorkingCalendar:
    """Give the calendar with the days that earlier lists promised to this request."""
    return _keeping(calendar, clock.until(at))


def _keeping(calendar: WorkingCalendar, events: Sequence[Event]) -> WorkingCalendar:
    kept: frozenset[date] = frozenset()
    for event in events:
        if isinstance(event, Recalculated):
            kept = event.kept if event.earlier_allowed else kept | event.kept
    return calendar.closing(kept)


def _end(
    clock: RequestClock, events: Sequence[Event]
) -> tuple[dict[str, Outcome], Closed | Redirected | None]:
    """Give each question's end, and the event that ended the last of them. The first end stands."""
    outcomes: dict[str, Outcome] = {}
    for event in events:
        match event:
            case Closed(outcome=outcome, questions=named):
                ends = clock.questions if named is None else named & clock.questions
            case Redirected(same_organisation=False):
                outcome, ends = Outcome.REDIRECTED, clock.questions
            case _:
                continue
        outcomes = {**dict.fromkeys(sorted(ends), outcome), **outcomes}
        if outcomes.keys() == clock.questions:
            return outcomes, event
    return outcomes, None


def _ended(
    clock: RequestClock,
    calendar: WorkingCalendar,
    end: Closed | Redirected,
    *,
    late: bool,
) -> Ended:
    terms = clock.terms
    day = civil_date(end.at, terms.zone)
    if isinstance(terms, Terms):
        day_0 = day_zero(clock.opened_at, calendar, terms)
    else:
        day_0 = civil_date(clock.opened_at, terms.zone)
    outcome = end.outcome if isinstance(end, Closed) else Outcome.REDIRECTED
    taken = max(calendar.working_days_between(day_0, day), 0)
    return Ended(outcome, end.at, late, taken)


def _unaccepted(events: Sequence[Event]) -> list[Queried]:
    """Give the further clarifications that nobody agreed to: they stop nothing."""
    asked = [event for event in events if isinstance(event, Queried)]
    return [event for event in asked[1:] if not event.accepted]


def _stops(
    events: Sequence[Event],
    begins: type[Queried | HoldBegan],
    ends: type[Replied | HoldLifted],
) -> list[Stop]:
    """Pair beginnings with ends.

    A pause opened twice is one pause: the first begins it, and an end ends all that began before.
    An end of nothing is no event of the clock.
    """
    found: list[Stop] = []
    since: datetime | None = None
    for event in events:
        if isinstance(event, begins):
            since = since or event.at
        elif isinstance(event, ends) and since:
            found.append(Stop(since, event.at))
            since = None
    return [*found, Stop(since, None)] if since else found
