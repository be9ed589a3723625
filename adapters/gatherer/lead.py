"""What whoever leads gathering may do about a request: withdraw, reply, give time, follow, take down.

Each act is one message about one request, made by a person and checked before it leaves, or a sealed
note where nothing has to be sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from adapters.compose import Draft, Queued, send
from adapters.edge import Edge
from adapters.gatherer.cases import case_of
from adapters.gatherer.enquiry import Asking
from adapters.gatherer.issue import REQUEST
from adapters.gatherer.notes import Note, NoteKind, write_note
from adapters.mailbox import Letter, due_of, letter, letters, newest_due, open_body
from adapters.request_facts import closed_questions, counts, manifest_of
from policies.calendar import BankHolidays, Division, WorkingCalendar
from policies.deadline import Terms, civil_date, instant_of
from policies.pack_whole import day_in_london
from schemas.directory_entry import Role
from schemas.encoding import JsonValue
from schemas.fields.forms import WorkContact
from schemas.identifiers import agency_id
from schemas.manifest import RequestRef
from schemas.messages.body import Body
from schemas.messages.information.clarification_reply import ClarificationReply
from schemas.messages.information.extension_decision import ExtensionDecision
from schemas.messages.information.redirect import Redirect
from schemas.messages.information.withdrawal import Withdrawal
from schemas.messages.registry import read_body
from schemas.problems import Code, Problem

__all__ = [
    "ERASE_WITHIN",
    "MAX_SPOKEN_CHARS",
    "Followed",
    "Hand",
    "MoreTime",
    "decide",
    "effect_of_time",
    "follow_redirect",
    "reply",
    "take_down",
    "withdraw",
]

ERASE_WITHIN: Final = timedelta(days=7)  # a withdrawn request is let go within a week
MAX_SPOKEN_CHARS: Final = 4000
_ACCEPTED: Final = "A further question is accepted."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who acts.

    Attributes:
        person: Staff pseudonym.
        role: LACC, or CTCO where the area says so; LACC_SUP for what only a supervisor may.
        checked: The person attests that nothing of what they wrote comes from an intelligence
            service (section 38(5)), and that other people's information was looked for.

    """

    person: str
    role: Role = Role.LACC
    checked: bool = False


@dataclass(frozen=True, slots=True)
class MoreTime:
    """What giving time would do.

    Attributes:
        due_at: When the request would be due, aware UTC; None while it has no due time.
        case_due: When the case is due, or None.
        after_case: Whether the request would be due after its case: then a supervisor decides.

    """

    due_at: datetime | None
    case_due: datetime | None
    after_case: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """What a redirect asks for. Nothing was sent.

    Attributes:
        post: The right post in the same organisation. The request is there already, since an
            organisation has one inbox, and its clock runs on: the coordinator knows whom to ask.
        name: Another organisation to ask instead: a new request, with its own clock.
        asking: What to issue to it, where the directory knows it; the reason is said anew.

    """

    post: WorkContact | None = None
    name: str | None = None
    asking: Asking | None = None


def withdraw(
    edge: Edge, request: str, reason: str, hand: Hand, *, erase_by: date | None = None
) -> Queued | tuple[Problem, ...]:
    """Take a request back. What was not collected yet is destroyed unread by the broker.

    Args:
        edge: Who leads gathering.
        request: The request's id.
        reason: ``case_closed``, ``case_on_hold``, ``no_longer_needed``, ``sent_in_error``,
            ``wrong_recipient`` or ``replaced``.
        hand: Who acts.
        erase_by: The last day on which the agency may hold the request; a week from now.

    """
    last = erase_by or day_in_london(edge.clock.now()) + ERASE_WITHIN
    # The message consists of a code and a date: there is nothing in it that could be attested.
    return _send(edge, request, Withdrawal(reason=reason, erase_by=last), hand, checked=True)


def reply(
    edge: Edge,
    request: str,
    text: str,
    hand: Hand,
    *,
    accept_another: bool = False,
    identity: Mapping[str, JsonValue] | None = None,
) -> Queued | tuple[Problem, ...]:
    """Answer the agency's query; its clock runs again.

    Args:
        edge: Who leads gathering.
        request: The request's id.
        text: The answer, at most 600 characters.
        hand: Who acts.
        accept_another: Let the agency ask once more, which stops the clock again. The reply says
            so, the acceptance is kept, and the agency attests it with its second query.
        identity: Further identity fields, as far as the pack lets the agency have them.

    """
    said = f"{text} {_ACCEPTED}" if accept_another else text
    body = ClarificationReply(reply=said, identity=dict(identity or {}))
    sent = _send(edge, request, body, hand, checked=hand.checked)
    if isinstance(sent, Queued) and accept_another:
        with edge.store.change() as c:
            now = edge.clock.now()
            write_note(edge, c, Note(request, NoteKind.ACCEPTED, hand.person, now, {}))
    return sent


def decide(
    edge: Edge,
    request: str,
    days: int,
    hand: Hand,
    holidays: BankHolidays,
    *,
    refused_because: str = "not_justified",
) -> Queued | tuple[Problem, ...]:
    """Give the agency more time, or not.

    Args:
        edge: Who leads gathering.
        request: The request's id.
        days: Working days given; 0 gives none.
        hand: Who acts; past the requester's own limit (the pack's) and past the case's due time a
            supervisor (LACC_SUP).
        holidays: The list of bank holidays in force.
        refused_because: When none are given: ``case_due_first``, ``not_justified`` or
            ``asked_too_late``.

    """
    with edge.store.read() as c:
        found = _request(c, request)
        if found is None:
            return (Problem(Code.REQUEST_UNKNOWN, "request"),)
        asked = _asked_days(c, request)
    if asked is None:
        return (Problem(Code.REQUEST_MISMATCH, "information.extension_request"),)
    effect = effect_of_time(edge, request, days, holidays)
    if days > 0 and effect.after_case and hand.role is not Role.LACC_SUP:
        return (Problem(Code.EXTENSION_TOO_LONG, "case.due_at", "POL-40"),)
    agreed = "agreed" if days == asked else "agreed_in_part"
    reason = agreed if days > 0 else refused_because
    body = ExtensionDecision(granted=days > 0, days=days, reason=reason)
    return _send(edge, request, body, hand, checked=True)  # codes and a number alone


def effect_of_time(edge: Edge, request: str, days: int, holidays: BankHolidays) -> MoreTime:
    """Tell when a request would be due with so many working days more, and what that does to the case."""
    with edge.store.read() as c:
        found = _request(c, request)
        case = None if found is None else case_of(edge, c, found.conv)
        told = None if found is None else newest_due(c, request)
    case_due = None if case is None else case.due_at
    due_at = due_of(told)
    if told is None or due_at is None:
        return MoreTime(None, case_due, after_case=False)
    calendar = WorkingCalendar(holidays, frozenset(Division(one) for one in told["calendar"]))
    if days > 0:
        last = calendar.nth_working_day_after(civil_date(due_at), days)
        due_at = instant_of(last, Terms().cut_off)
    return MoreTime(due_at, case_due, after_case=case_due is not None and due_at > case_due)


def follow_redirect(edge: Edge, request: str, hand: Hand) -> Followed | tuple[Problem, ...]:
    """Act on the agency's newest redirect, and keep that somebody did.

    Within the organisation nothing has to be sent: the request is in that organisation's one inbox,
    and the clock runs on from day 0. To another organisation the questions that are still open go
    as a new request, which the caller issues.
    """
    with edge.store.change() as c:
        found = _request(c, request)
        body = None if found is None else _redirect(edge, c, request)
        if found is None or body is None:
            return (Problem(Code.REQUEST_UNKNOWN, "information.redirect"),)
        followed = _followed(edge, c, found, body)
        said: dict[str, JsonValue] = {"elsewhere": followed.post is None}
        now = edge.clock.now()
        write_note(edge, c, Note(request, NoteKind.REDIRECT, hand.person, now, said))
    return followed


def take_down(
    edge: Edge, request: str, said: str, hand: Hand, *, questions: Iterable[str] | None = None
) -> tuple[Problem, ...]:
    """Keep, sealed, what the agency answered by telephone.

    The broker knows nothing of it and goes on reminding until the agency answers here or the request
    is withdrawn; the gatherer's board shows it as answered by telephone.

    Args:
        edge: Who leads gathering.
        request: The request's id.
        said: What was said, who said it and in which post; 1 to ``MAX_SPOKEN_CHARS`` characters.
        hand: Who took it down.
        questions: Which questions it answers; None for all that are open.

    Returns:
        No problem, or why nothing was kept.

    """
    text = said.strip()
    if not text:
        return (Problem(Code.FIELD_MISSING, "note.text"),)
    if len(text) > MAX_SPOKEN_CHARS:
        return (Problem(Code.FIELD_TOO_LONG, "note.text"),)
    with edge.store.change() as c:
        found = _request(c, request)
        if found is None:
            return (Problem(Code.REQUEST_UNKNOWN, "request"),)
        wants = manifest_of(found).wants or {}
        closed = closed_questions(c, found)
        chosen = [q for q in wants if q not in closed] if questions is None else list(questions)
        if not chosen or any(qid not in wants for qid in chosen):
            return (Problem(Code.FIELD_NOT_ASKED, "note.questions"),)
        value: dict[str, JsonValue] = {"questions": [*chosen], "text": text}
        now = edge.clock.now()
        write_note(edge, c, Note(request, NoteKind.TELEPHONE, hand.person, now, value))
    return ()


def _request(c: Connection, jti: str) -> Letter | None:
    found = letter(c, "out", jti)
    return found if found is not None and found.mt == REQUEST else None


def _send(
    edge: Edge, request: str, body: Body, hand: Hand, *, checked: bool
) -> Queued | tuple[Problem, ...]:
    with edge.store.read() as c:
        found = _request(c, request)
    if found is None:
        return (Problem(Code.REQUEST_UNKNOWN, "request"),)
    claims = manifest_of(found)
    attest: dict[str, JsonValue] = {}
    if checked:
        attest["no_sensitive_info_s38_5"] = True
    draft = Draft(
        body=body,
        to=agency_id(claims.recipient),
        conv=claims.conv,
        role=hand.role,
        person=hand.person,
        to_role=claims.to.role,
        area=claims.to.area,
        subject_class=claims.subject_class,
        request=RequestRef(jti=claims.jti, h=found.h),
        attest=attest,
    )
    return send(edge, draft)


def _asked_days(c: Connection, request: str) -> int | None:
    """Working days asked for and not decided on, as the newest request for time attests."""
    asked = letters(c, way="in", mt="information.extension_request/1", request=request)
    decided = letters(c, way="out", mt="information.extension_decision/1", request=request)
    open_ones = [one for one in asked if counts(one)]
    answers = [one for one in decided if counts(one)]
    if not open_ones or (answers and answers[-1].at >= open_ones[-1].at):
        return None
    return manifest_of(open_ones[-1]).attest.extension_days


def _redirect(edge: Edge, c: Connection, request: str) -> Redirect | None:
    came = letters(c, way="in", mt="information.redirect/1", request=request)
    for one in reversed(came):
        fields = open_body(edge.keys.vault, one) if one.state == "opened" else None
        body = None if fields is None else read_body(one.mt, fields)
        if isinstance(body, Redirect):
            return body
    return None


def _followed(edge: Edge, c: Connection, found: Letter, body: Redirect) -> Followed:
    if body.organisation is None:
        return Followed(post=body.post)
    name, urn = body.organisation["name"], body.organisation.get("agency")
    known = None if urn is None else edge.directory.entry(agency_id(urn))
    if known is None:
        return Followed(name=name)
    closed = closed_questions(c, found)
    left = tuple(qid for qid in manifest_of(found).wants or {} if qid not in closed)
    pack = edge.pack(edge.clock.now())
    may = {one.question for one in pack.may_ask(known.kind).values()}
    same = tuple(qid for qid in left if qid in may)
    return Followed(name=name, asking=Asking(agency=known.id, questions=same or None))
