"""Where one request stands: a pure fold over its messages, receipts and notes. No store, no clock.

The broker's newest receipt says when it is due, since the broker's clock is the one that counts;
``policies.clock`` says what has happened to the time: pauses, extensions, the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from adapters.gatherer.standing import SETTLED, Facts, Said, Stand, Standing
from policies.calendar import BankHolidays, WorkingCalendar
from policies.clock import RequestClock, reckon
from policies.clock import Standing as ClockStanding
from policies.clock_events import (
    Acknowledged,
    Closed,
    Decider,
    Event,
    Outcome,
    Queried,
    Redirected,
    Replied,
    TimeAsked,
    TimeDecided,
)
from policies.deadline import Elapsed, Stopped, Terms, civil_date, due, working_time
from schemas.messages.message_type import Effect

__all__ = ["stand"]

_CLOSING: Mapping[Effect, Outcome] = MappingProxyType(
    {
        Effect.ANSWERS: Outcome.ANSWERED,
        Effect.HOLDS_NOTHING: Outcome.NIL,
        Effect.REFUSES: Outcome.REFUSED,
    }
)
_UNCOLLECTED = frozenset({"queued", "submitted"})


def stand(facts: Facts, now: datetime, holidays: BankHolidays) -> Standing:
    """Tell where a request stands.

    Args:
        facts: What is known of it.
        now: Aware.
        holidays: The list of bank holidays in force.

    """
    facts = replace(facts, messages=tuple(sorted(facts.messages, key=lambda m: (m.at, m.jti))))
    counted = tuple(one for one in facts.messages if one.counts)
    divisions = facts.told.divisions if facts.told else frozenset({facts.division})
    calendar = WorkingCalendar(holidays, divisions)
    clock = _reckoned(facts, counted, calendar, now)
    outcomes = {} if clock is None else dict(clock.outcomes)
    case = _Case(facts, counted, clock, _time(facts, clock, calendar, now), calendar, now)
    found = case.stand()
    settled = found in SETTLED or (found is Stand.REDIRECTED and facts.redirect_followed)
    rejected = [one for one in facts.messages if one.inbound and one.state == "rejected"]
    answers = [one for one in counted if one.effect in _CLOSING]
    return Standing(
        jti=facts.jti,
        conv=facts.conv,
        agency=facts.agency,
        stand=found,
        questions=facts.questions,
        open_questions=case.open,
        outcomes=MappingProxyType(outcomes),
        reasons=MappingProxyType({q: why for one in answers for q, why in one.reasons.items()}),
        problems=facts.problems,
        due_at=case.time.due_at,
        paused=case.time.paused and not settled,
        provisional=case.time.provisional,
        past=case.time.past,
        overdue=case.time.overdue and not settled,
        in_hours=isinstance(facts.terms, Elapsed),
        working_days=case.time.working_days,
        working_left=case.time.working_left,
        taken=None if clock is None or clock.ended is None else clock.ended.working_days,
        late=any(one.late for one in answers),
        extension_asked=case.time_asked,
        extension_days=0 if clock is None else clock.extension_days,
        queries=sum(one.effect is Effect.STOPS_CLOCK for one in counted),
        rejected=tuple(one.jti for one in rejected),
        proofs=tuple(one.jti for one in rejected if one.proof),
        settled=settled,
    )


# ---------------------------------------------------------------------------------- the time
@dataclass(frozen=True, slots=True)
class _Time:
    due_at: datetime | None = None
    paused: bool = False
    provisional: bool = False
    past: bool = False
    overdue: bool = False
    working_days: int | None = None
    working_left: timedelta | None = None


def _reckoned(
    facts: Facts, counted: Sequence[Said], calendar: WorkingCalendar, now: datetime
) -> ClockStanding | None:
    if facts.opened_at is None:
        return None
    clock = RequestClock(facts.opened_at, frozenset(facts.questions), facts.terms, facts.limits)
    for one in counted:
        event = _event(one)
        if event is not None:
            clock = clock.with_event(event)
    return reckon(clock, calendar, now)


def _event(one: Said) -> Event | None:
    match one.effect:
        case Effect.ACKNOWLEDGES:
            return Acknowledged(id=one.jti, at=one.at)
        case Effect.ANSWERS | Effect.HOLDS_NOTHING | Effect.REFUSES:
            return Closed(id=one.jti, at=one.at, outcome=_CLOSING[one.effect], questions=one.closes)
        case Effect.STOPS_CLOCK:
            return Queried(id=one.jti, at=one.at, accepted=one.accepted)
        case Effect.RESUMES_CLOCK:
            return Replied(id=one.jti, at=one.at)
        case Effect.REDIRECTS:
            return Redirected(id=one.jti, at=one.at, same_organisation=one.same_organisation)
        case Effect.ASKS_TIME:
            return TimeAsked(id=one.jti, at=one.at, days=one.days)
        case Effect.DECIDES_TIME:
            by = Decider.SUPERVISOR if one.by_supervisor else Decider.REQUESTER
            return TimeDecided(id=one.jti, at=one.at, days=one.days, by=by)
        case Effect.WITHDRAWS:
            return Closed(id=one.jti, at=one.at, outcome=Outcome.WITHDRAWN)
        case Effect.OPENS | Effect.TELLS:
            return None


def _time(
    facts: Facts, clock: ClockStanding | None, calendar: WorkingCalendar, now: datetime
) -> _Time:
    if clock is None:
        return _Time()
    paused = isinstance(clock.due, Stopped)
    reckoned = clock.due.earliest if isinstance(clock.due, Stopped) else clock.due
    due_at, provisional = reckoned.due_at, reckoned.provisional
    if facts.told is not None and not facts.told.stopped and not paused:
        due_at, provisional = facts.told.due_at, facts.told.provisional
    stands_at = clock.due.since if isinstance(clock.due, Stopped) else now
    shielded = clock.shielded_until is not None and now <= clock.shielded_until
    past = now > due_at and not paused
    today, last = civil_date(stands_at), civil_date(due_at)
    return _Time(
        due_at=due_at,
        paused=paused,
        provisional=provisional,
        past=past,
        overdue=past and not shielded and clock.ended is None,
        working_days=calendar.working_days_between(today, last),
        working_left=working_time(stands_at, due_at, calendar, facts.terms),
    )


# --------------------------------------------------------------------------- where it stands
@dataclass(frozen=True, slots=True)
class _Case:
    """One request while its standing is decided."""

    facts: Facts
    counted: tuple[Said, ...]
    clock: ClockStanding | None
    time: _Time
    calendar: WorkingCalendar
    now: datetime

    @property
    def open(self) -> tuple[str, ...]:
        """The questions that nothing has closed, in the order asked."""
        if self.clock is None:
            return self.facts.questions
        return tuple(qid for qid in self.facts.questions if qid in self.clock.open_questions)

    @property
    def time_asked(self) -> int:
        """Working days asked for since the last decision."""
        asked = 0
        for one in self.counted:
            if one.effect is Effect.ASKS_TIME:
                asked = one.days
            elif one.effect is Effect.DECIDES_TIME:
                asked = 0
        return asked

    def stand(self) -> Stand:
        """Decide; the order is that of what a coordinator must know first."""
        return self._given_up() or self._closed() or self._needs_you() or self._running()

    def _given_up(self) -> Stand | None:
        if self.facts.state == "recalled":
            return Stand.RECALLED
        if self._last(Effect.WITHDRAWS) is not None:
            return Stand.WITHDRAWN
        if self.facts.state == "refused":
            return Stand.REFUSED_BY_GATE
        return Stand.NOT_ACCEPTED if self.facts.state == "rejected" else None

    def _closed(self) -> Stand | None:
        if not self.open and self.clock is not None:
            outcomes = set(self.clock.outcomes.values())
            if Outcome.REDIRECTED in outcomes:
                return Stand.REDIRECTED
            closing = [one for one in self.counted if one.effect in _CLOSING]
            if any(one.state == "announced" for one in closing):
                return Stand.ANSWER_ARRIVED
            if Outcome.ANSWERED in outcomes:
                return Stand.ANSWERED
            return Stand.REFUSED if Outcome.REFUSED in outcomes else Stand.NOTHING_HELD
        spoken = {qid for one in self.facts.spoken for qid in one.questions}
        return Stand.BY_TELEPHONE if spoken.issuperset(self.open) else None

    def _needs_you(self) -> Stand | None:
        inbound = [one for one in self.facts.messages if one.inbound]
        if inbound and inbound[-1].state == "rejected":
            return Stand.ANSWER_REJECTED
        query, reply = self._last(Effect.STOPS_CLOCK), self._last(Effect.RESUMES_CLOCK)
        if query is not None and (reply is None or reply < query):
            return Stand.ASKED
        if self.time_asked:
            return Stand.TIME_ASKED
        if self._last(Effect.REDIRECTS) is not None and not self.facts.redirect_followed:
            return Stand.REDIRECTED
        return self._uncollected()

    def _uncollected(self) -> Stand | None:
        if self.facts.state not in _UNCOLLECTED or any(one.inbound for one in self.counted):
            return None
        if self.facts.opened_at is None or not self._a_working_day_since(self.facts.opened_at):
            return None
        return Stand.NOT_COLLECTED if self.facts.known else Stand.NOT_CONNECTED

    def _running(self) -> Stand:
        if self.clock is None or self.facts.opened_at is None:
            return Stand.QUEUED
        if self.time.overdue:
            return Stand.OVERDUE
        if len(self.open) < len(self.facts.questions):
            return Stand.ANSWERED_IN_PART
        if self.clock.extension_days:
            return Stand.EXTENDED
        if self.clock.acknowledged:
            return Stand.ACKNOWLEDGED
        if self.facts.state in _UNCOLLECTED:
            return Stand.SUBMITTED
        since = self.facts.delivered_at or self.facts.opened_at
        return Stand.SILENT if self._a_working_day_since(since) else Stand.DELIVERED

    def _last(self, effect: Effect) -> int | None:
        """The place of the last message with an effect, or None."""
        places = [place for place, one in enumerate(self.counted) if one.effect is effect]
        return places[-1] if places else None

    def _a_working_day_since(self, at: datetime) -> bool:
        """Whether the first working day after an instant is over."""
        ends = due(at, self.calendar, Terms(working_days=1))
        return not isinstance(ends, Stopped) and self.now > ends.due_at
