"""A standing in words: what happened, and the deadline, as a coordinator reads them (console 4.1).

Words carry everything that colour and shape may repeat. Nothing of what an agency answered is here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.gatherer.standing import Stand, Standing
from policies.deadline import LONDON
from schemas.fields.refusal_reason import REFUSAL_MEANING, RefusalReason

__all__ = ["clock_time", "day", "deadline", "happened", "moment"]

_PLAIN: Mapping[Stand, str] = {
    Stand.QUEUED: "Waiting here to be sent",
    Stand.SUBMITTED: "Sent; the agency has not collected it yet",
    Stand.REFUSED_BY_GATE: "Not sent: the policy check refused it",
    Stand.NOT_COLLECTED: "Not collected by the agency: telephone it",
    Stand.NOT_CONNECTED: "The agency is not connected: nothing has ever come from it; telephone it",
    Stand.NOT_ACCEPTED: "The agency's system could not accept the request",
    Stand.DELIVERED: "Collected by the agency",
    Stand.ACKNOWLEDGED: "Acknowledged by the agency",
    Stand.SILENT: "Collected, but not acknowledged: it may have the wrong contact",
    Stand.ASKED: "The agency asks for clarification: reply to it",
    Stand.REDIRECTED: "The agency says that somebody else must be asked",
    Stand.OVERDUE: "Not answered",
    Stand.ANSWER_ARRIVED: "An answer has arrived and is being opened",
    Stand.ANSWER_REJECTED: "A message of the agency was rejected: it is not shown",
    Stand.ANSWERED: "Answered",
    Stand.NOTHING_HELD: "Nothing held",
    Stand.REFUSED: "The agency does not share",
    Stand.BY_TELEPHONE: "Answered by telephone, written down by hand",
    Stand.WITHDRAWN: "Withdrawn",
    Stand.RECALLED: "Recalled before it was collected; destroyed unread",
}


def happened(standing: Standing) -> str:
    """Say where a request stands, in one line."""
    match standing.stand:
        case Stand.TIME_ASKED:
            more = _days(standing.extension_asked, "more working day")
            return f"The agency asks for {more}: decide on it"
        case Stand.EXTENDED:
            return f"Extended by {_days(standing.extension_days, 'working day')}"
        case Stand.ANSWERED_IN_PART:
            return f"Answered in part; {_open(standing)}"
        case _:
            said = _PLAIN[standing.stand]
    details = []
    if standing.stand in {Stand.OVERDUE, Stand.ASKED, Stand.ANSWER_REJECTED} and standing.outcomes:
        details.append(_open(standing))
    if standing.stand in {Stand.ANSWERED, Stand.REFUSED}:
        if whole := _one_reason(standing):
            return f"{said}. {whole}"
        details += _refused(standing)
    if standing.stand is Stand.ANSWER_REJECTED and standing.proofs:
        details.append("proof is kept")
    return "; ".join([said, *details])


def deadline(standing: Standing) -> str:
    """Say how its time stands, in one line; empty where it has none."""
    if standing.settled:
        return _settled(standing)
    if standing.paused:
        return "Clock paused: agency asked for clarification"
    if standing.due_at is None or standing.working_days is None or standing.working_left is None:
        return ""
    if standing.in_hours:
        return _in_hours(standing.due_at, standing.working_left)
    by = clock_time(standing.due_at)
    if standing.overdue:
        late = -standing.working_days
        if late > 0:
            return f"Overdue by {_days(late, 'working day')}"
        return f"Overdue since {moment(standing.due_at)}"
    if standing.past:
        said = f"Was due on {day(standing.due_at)}; more time is asked for"
    elif standing.working_days > 0:
        said = f"{_days(standing.working_days, 'working day')} left"
    else:
        said = f"Due today by {by}"
    return said + (" (provisional)" if standing.provisional else "")


def moment(at: datetime) -> str:
    """Spell an instant in London: ``5pm on Monday 23 November 2026``."""
    return f"{clock_time(at)} on {day(at)}"


def day(at: datetime) -> str:
    """Spell a day in London: ``Monday 23 November 2026``."""
    local = at.astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B %Y}"


def clock_time(at: datetime) -> str:
    """Spell a time in London: ``2:14pm``, ``5pm``."""
    local = at.astimezone(LONDON)
    hour, half = local.hour % 12 or 12, "am" if local.hour < 12 else "pm"
    return f"{hour}{half}" if local.minute == 0 else f"{hour}:{local.minute:02}{half}"


def _settled(standing: Standing) -> str:
    done = {Stand.ANSWERED, Stand.NOTHING_HELD, Stand.REFUSED}
    if standing.stand not in done or standing.taken is None:
        return ""
    late = ", late" if standing.late else ""
    if standing.taken <= 0:
        return f"Answered the same day{late}"
    return f"Answered in {_days(standing.taken, 'working day')}{late}"


def _in_hours(due_at: datetime, left: timedelta) -> str:
    hours = abs(left) // timedelta(hours=1)
    minutes = abs(left) // timedelta(minutes=1) % 60
    amount = _days(hours, "hour") if hours else _days(minutes, "minute")
    if left < timedelta():
        return f"Overdue by {amount}"
    return f"{amount} left, until {moment(due_at)}"


def _open(standing: Standing) -> str:
    return f"still open: {', '.join(standing.open_questions)}"


def _one_reason(standing: Standing) -> str:
    """The reason that stands for the whole request; empty when there is none, or several."""
    reasons = set(standing.reasons.values())
    if len(reasons) != 1 or set(standing.reasons) != set(standing.questions):
        return ""
    return REFUSAL_MEANING[reasons.pop()].says.rstrip(".")


def _refused(standing: Standing) -> list[str]:
    """Each reason once, after the questions that it is given for."""
    by_reason: dict[RefusalReason, list[str]] = {}
    for qid, why in sorted(standing.reasons.items()):
        by_reason.setdefault(why, []).append(qid)
    return [
        f"{', '.join(qids)}: {REFUSAL_MEANING[why].says.rstrip('.')}"
        for why, qids in by_reason.items()
    ]


def _days(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
