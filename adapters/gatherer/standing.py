"""Where one request can stand, and what that depends on. Values only; ``fold`` decides.

What a letter's content says is looked at only where it was opened and believed: a rejected answer
closes nothing, and nothing of it is in here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from policies.calendar import Division
from policies.clock_events import Outcome
from policies.clock_extension import ExtensionLimits
from policies.deadline import Elapsed, Terms
from schemas.fields.refusal_reason import RefusalReason
from schemas.messages.message_type import Effect
from schemas.problems import Problem

__all__ = ["NEEDS_YOU", "SETTLED", "Facts", "Said", "Spoken", "Stand", "Standing", "Told"]


class Stand(StrEnum):
    """Where a request stands; one at a time, the most telling."""

    QUEUED = "queued"
    SUBMITTED = "submitted"
    REFUSED_BY_GATE = "refused_by_gate"
    NOT_COLLECTED = "not_collected"
    NOT_CONNECTED = "not_connected"
    NOT_ACCEPTED = "not_accepted"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    SILENT = "silent"
    ASKED = "asked_for_clarification"
    REDIRECTED = "redirected"
    TIME_ASKED = "extension_pending"
    EXTENDED = "extended"
    OVERDUE = "overdue"
    ANSWERED_IN_PART = "answered_in_part"
    ANSWER_ARRIVED = "answer_arrived"
    ANSWER_REJECTED = "answer_rejected"
    ANSWERED = "answered"
    NOTHING_HELD = "nothing_held"
    REFUSED = "refused"
    BY_TELEPHONE = "answered_by_telephone"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"


SETTLED = frozenset(
    {
        Stand.ANSWER_ARRIVED,
        Stand.ANSWERED,
        Stand.NOTHING_HELD,
        Stand.REFUSED,
        Stand.BY_TELEPHONE,
        Stand.WITHDRAWN,
        Stand.RECALLED,
    }
)
NEEDS_YOU = frozenset(
    {
        Stand.REFUSED_BY_GATE,
        Stand.NOT_COLLECTED,
        Stand.NOT_CONNECTED,
        Stand.NOT_ACCEPTED,
        Stand.ASKED,
        Stand.REDIRECTED,
        Stand.TIME_ASKED,
        Stand.ANSWER_REJECTED,
    }
)

#: A message in one of these states reached nobody, or was not believed: it has no effect.
_VOID = frozenset({"refused", "rejected", "recalled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message about the request, as far as its standing depends on it.

    Attributes:
        jti: Its id.
        effect: What it does.
        inbound: Whether it came from the agency.
        state: As the store keeps it.
        at: Its arrival at the broker; while that is unknown, when it was queued or heard.
        closes: Questions that it closes.
        late: Whether the broker marked it late.
        days: Working days asked for or granted.
        by_supervisor: Whether the supervisor's role sent it.
        accepted: A further clarification, which the requester accepted.
        same_organisation: Of a redirect.
        reasons: Question id to reason, of a refusal that was opened.
        proof: Whether it was rejected and what proves it against its sender is kept.

    """

    jti: str
    effect: Effect
    inbound: bool
    state: str
    at: datetime
    closes: frozenset[str] = frozenset()
    late: bool = False
    days: int = 0
    by_supervisor: bool = False
    accepted: bool = False
    same_organisation: bool = False
    reasons: Mapping[str, RefusalReason] = field(default_factory=dict)
    proof: bool = False

    @property
    def counts(self) -> bool:
        """Whether it has an effect."""
        return self.state not in _VOID


@dataclass(frozen=True, slots=True)
class Told:
    """The due time as the broker's newest receipt says.

    Attributes:
        due_at: The last instant in time as known then; aware UTC.
        stopped: Whether the clock stood then.
        provisional: Whether it lies past the list of bank holidays.
        divisions: Whose bank holidays do not count.

    """

    due_at: datetime
    stopped: bool
    provisional: bool
    divisions: frozenset[Division]


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer that somebody took down by hand: for these questions, at this instant."""

    at: datetime
    questions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the standing of one request depends on.

    Attributes:
        jti: The request's id.
        conv: The case.
        agency: Directory id of who was asked.
        questions: Ids of its questions, as asked.
        state: Of the request itself, as the store keeps it.
        problems: Why it was refused or not accepted.
        opened_at: When the gate forwarded it; None until its receipt came.
        delivered_at: When the agency collected it; None until its receipt came.
        terms: Its time limit, without extensions.
        limits: How far it may be extended.
        told: Where the broker says the due time is, or None.
        division: Whose bank holidays count while the broker has not said.
        known: Whether anything at all ever came from the agency.
        messages: What was said about it, both ways.
        spoken: Answers taken down by hand.
        redirect_followed: Whether somebody has acted on the agency's redirect.

    """

    jti: str
    conv: str
    agency: str
    questions: tuple[str, ...]
    state: str
    problems: tuple[Problem, ...] = ()
    opened_at: datetime | None = None
    delivered_at: datetime | None = None
    terms: Terms | Elapsed = field(default_factory=Terms)
    limits: ExtensionLimits = field(default_factory=ExtensionLimits)
    told: Told | None = None
    division: Division = Division.ENGLAND_AND_WALES
    known: bool = True
    messages: tuple[Said, ...] = ()
    spoken: tuple[Spoken, ...] = ()
    redirect_followed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a request stands, and its time.

    Attributes:
        jti: The request's id.
        conv: The case.
        agency: Directory id of who was asked.
        stand: Where it stands.
        questions: What was asked.
        open_questions: What no answer, nil return or refusal has closed.
        outcomes: How each other question ended.
        reasons: Why a question was refused, where the refusal was opened.
        problems: Why the gate or the agency did not take the request.
        due_at: The last instant in time; while the clock is paused the earliest that it can be;
            None before the gate forwarded the request.
        paused: Whether the clock stands.
        provisional: Whether the due time rests on days past the list of bank holidays.
        past: Whether the due time has passed, whatever it means; False while the clock is paused.
        overdue: Whether that makes it overdue: a question is open, and no undecided request for
            time protects it.
        in_hours: Whether the time limit is one in hours, day and night.
        working_days: Left after today, 0 on the due day, negative after it; None without due time.
        working_left: Working time left (time limit in hours: all time); negative when overdue.
        taken: Working days from day 0 until it was settled; None while it is not.
        late: Whether an answer came late.
        extension_asked: Working days asked for and not decided on; 0 for none.
        extension_days: Working days granted.
        queries: Clarifications asked.
        rejected: Ids of the agency's messages that were not believed.
        proofs: Those of them for which proof against their sender is kept.
        settled: Whether nothing is waited for any more, from anybody.

    """

    jti: str
    conv: str
    agency: str
    stand: Stand
    questions: tuple[str, ...]
    open_questions: tuple[str, ...]
    outcomes: Mapping[str, Outcome]
    reasons: Mapping[str, RefusalReason]
    problems: tuple[Problem, ...]
    due_at: datetime | None
    paused: bool
    provisional: bool
    past: bool
    overdue: bool
    in_hours: bool
    working_days: int | None
    working_left: timedelta | None
    taken: int | None
    late: bool
    extension_asked: int
    extension_days: int
    queries: int
    rejected: tuple[str, ...]
    proofs: tuple[str, ...]
    settled: bool

    @property
    def urgency(self) -> tuple[int, timedelta, datetime, str, str]:
        """What requests are sorted by, the most urgent first; different for any two requests.

        Overdue first, then what waits for the gatherer, then running clocks by working time left,
        then paused and not yet forwarded ones, then what is settled.
        """
        latest = datetime.max.replace(tzinfo=UTC)
        left = timedelta.max if self.working_left is None else self.working_left
        if self.settled:
            group = 4
        elif self.overdue:
            group = 0
        elif self.stand in NEEDS_YOU:
            group = 1
        else:
            group = 3 if self.working_left is None or self.paused else 2
        return group, left, self.due_at or latest, self.agency, self.jti
