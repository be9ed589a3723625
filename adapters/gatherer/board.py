"""The gatherer's board: every case and request with where it stands.

Reads the gatherer's own store and never the broker. Ordered by urgency: a total order, the same at
every look. What agencies answered is in ``answered``.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.edge import Edge
from adapters.gatherer.cases import Case, cases, find_case
from adapters.gatherer.fold import stand
from adapters.gatherer.issue import REQUEST
from adapters.gatherer.notes import Note, NoteKind, notes
from adapters.gatherer.reading import agency_name, body_of, facts_of, heard_from
from adapters.gatherer.standing import Stand, Standing
from adapters.gatherer.wording import deadline, happened
from adapters.mailbox import Letter, letters
from adapters.request_facts import manifest_of
from policies.calendar import BankHolidays
from schemas.fields.forms import WorkContact
from schemas.messages.body import Body
from schemas.messages.information.acknowledgement import Acknowledgement
from schemas.messages.information.redirect import Redirect

__all__ = [
    "CaseView",
    "Exchange",
    "RequestView",
    "Row",
    "Telephone",
    "board",
    "case_view",
    "request_view",
    "telephone",
]

_HAS_ANSWERED = frozenset(
    {
        Stand.ANSWER_ARRIVED,
        Stand.ANSWERED,
        Stand.NOTHING_HELD,
        Stand.REFUSED,
        Stand.BY_TELEPHONE,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """One request on the board.

    Attributes:
        standing: Where it stands.
        name: The agency's name.
        says: Where it stands, in one line.
        deadline: How its time stands, in one line; empty where it has none.
        contact: The post that the agency named in its newest acknowledgement or redirect.

    """

    standing: Standing
    name: str
    says: str
    deadline: str
    contact: WorkContact | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case on the board.

    Attributes:
        conv: Its name in messages.
        reference: Its name here; None for requests that were sent without a case.
        due_at: When the case itself is due, or None.
        rows: Its requests, the most urgent first.
        asked: How many agencies are asked; not those whose requests were all taken back.
        answered: How many of them have answered everything, held nothing or refused.
        nearest: The next due time of a request that is open, or None.

    """

    conv: str
    reference: str | None
    due_at: datetime | None
    rows: tuple[Row, ...]
    asked: int
    answered: int
    nearest: datetime | None

    @property
    def says(self) -> str:
        """``4 of 5 agencies answered``."""
        return f"{self.answered} of {self.asked} {'agency' if self.asked == 1 else 'agencies'} answered"


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """A message about a request; ``body`` is None while unread, and for ever when rejected."""

    letter: Letter
    body: Body | None


@dataclass(frozen=True, slots=True, repr=False)
class Telephone:
    """An answer taken down by hand."""

    request: str
    name: str
    by: str
    at: datetime
    questions: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class RequestView:
    """One request with all that was said about it.

    Attributes:
        row: As on the board.
        request: As it was sent.
        exchanged: Messages about it, both ways, oldest first; not the broker's reminders.
        spoken: Answers taken down by hand.
        unaccepted_query: The agency says that a further query was accepted, but nobody here
            has said so: worth a telephone call.

    """

    row: Row
    request: Exchange
    exchanged: tuple[Exchange, ...]
    spoken: tuple[Telephone, ...]
    unaccepted_query: bool


def board(edge: Edge, holidays: BankHolidays) -> tuple[CaseView, ...]:
    """Every case, the one with the most urgent request first.

    Args:
        edge: Who leads gathering.
        holidays: The list of bank holidays in force.

    """
    with edge.store.read() as c:
        known = cases(edge, c)
        found = _views(edge, c, holidays, known, letters(c))
    return tuple(sorted(found, key=_urgency))


def case_view(edge: Edge, reference: str, holidays: BankHolidays) -> CaseView | None:
    """One case by its local reference; None for none."""
    with edge.store.read() as c:
        case = find_case(edge, c, reference)
        if case is None:
            return None
        return _views(edge, c, holidays, (case,), letters(c, conv=case.conv))[0]


def request_view(edge: Edge, request: str, holidays: BankHolidays) -> RequestView | None:
    """One request by its id or the beginning of it; None for none, or for several."""
    with edge.store.read() as c:
        sent = [one for one in letters(c, way="out", mt=REQUEST) if one.jti.startswith(request)]
        if len(sent) != 1:
            return None
        found, about = sent[0], letters(c, request=sent[0].jti)
        noted = notes(edge, c, found.jti)
        row = _row(edge, c, found, about, noted, holidays, heard_from(c))
    ours = [one for one in about if one.jti != found.jti and _between(one, found)]
    return RequestView(
        row=row,
        request=Exchange(found, body_of(edge, found)),
        exchanged=tuple(Exchange(one, body_of(edge, one)) for one in ours),
        spoken=_telephone(noted, row.name),
        unaccepted_query=_unaccepted(ours, noted),
    )


def telephone(edge: Edge, reference: str) -> tuple[Telephone, ...]:
    """What was taken down by hand in a case."""
    with edge.store.read() as c:
        case = find_case(edge, c, reference)
        if case is None:
            return ()
        sent = letters(c, way="out", mt=REQUEST, conv=case.conv)
        noted = {one.jti: notes(edge, c, one.jti) for one in sent}
    return tuple(
        spoken for one in sent for spoken in _telephone(noted[one.jti], agency_name(edge, one.aud))
    )


def _views(
    edge: Edge,
    c: Connection,
    holidays: BankHolidays,
    known: Iterable[Case],
    found: Iterable[Letter],
) -> list[CaseView]:
    about: dict[str, list[Letter]] = defaultdict(list)
    sent: dict[str, list[Letter]] = defaultdict(list)
    for one in found:
        about[one.request].append(one)
        if one.way == "out" and one.mt == REQUEST:
            sent[one.conv].append(one)
    noted: dict[str, list[Note]] = defaultdict(list)
    for note in notes(edge, c):
        noted[note.about].append(note)
    heard = heard_from(c)
    by_conv = {case.conv: case for case in known}
    return [
        _case_view(
            conv,
            by_conv.get(conv),
            [
                _row(edge, c, one, about[one.jti], noted[one.jti], holidays, heard)
                for one in sent.get(conv, ())
            ],
        )
        for conv in dict.fromkeys((*by_conv, *sent))
    ]


def _case_view(conv: str, case: Case | None, rows: list[Row]) -> CaseView:
    rows.sort(key=lambda row: row.standing.urgency)
    asked: dict[str, list[Standing]] = defaultdict(list)
    for row in rows:
        if not row.standing.settled or row.standing.stand in _HAS_ANSWERED:
            asked[row.standing.agency].append(row.standing)
    answered = [all(one.stand in _HAS_ANSWERED for one in group) for group in asked.values()]
    due = [row.standing.due_at for row in rows if not row.standing.settled]
    return CaseView(
        conv=conv,
        reference=None if case is None else case.reference,
        due_at=None if case is None else case.due_at,
        rows=tuple(rows),
        asked=len(asked),
        answered=sum(answered),
        nearest=min((at for at in due if at is not None), default=None),
    )


def _urgency(view: CaseView) -> tuple[tuple[int, timedelta, datetime | None, str, str], str]:
    return (view.rows[0].standing.urgency if view.rows else _NOTHING), view.conv


_NOTHING = (9, timedelta.max, None, "", "")  # a case without requests comes last


def _row(
    edge: Edge,
    c: Connection,
    request: Letter,
    about: Iterable[Letter],
    noted: Iterable[Note],
    holidays: BankHolidays,
    heard: frozenset[str],
) -> Row:
    listed = tuple(about)
    facts = facts_of(edge, c, request, listed, tuple(noted), heard)
    standing = stand(facts, edge.clock.now(), holidays)
    contact = _contact(edge, (one for one in listed if one.iss == request.aud))
    name = agency_name(edge, request.aud)
    return Row(standing, name, happened(standing), deadline(standing), contact)


def _contact(edge: Edge, came: Iterable[Letter]) -> WorkContact | None:
    found: WorkContact | None = None
    for one in came:
        match body_of(edge, one):
            case Acknowledgement(contact=contact) if contact is not None:
                found = contact
            case Redirect(post=post) if post is not None:
                found = post
            case _:
                pass
    return found


def _between(one: Letter, request: Letter) -> bool:
    return one.way == "out" or one.iss == request.aud


def _unaccepted(about: Iterable[Letter], noted: Iterable[Note]) -> bool:
    said = sum(bool(manifest_of(one).attest.clarification_accepted) for one in about)
    return said > sum(note.kind is NoteKind.ACCEPTED for note in noted)


def _telephone(noted: Iterable[Note], name: str) -> tuple[Telephone, ...]:
    found = []
    for note in noted:
        if note.kind is NoteKind.TELEPHONE:
            listed = note.said["questions"]
            questions = tuple(str(qid) for qid in listed) if isinstance(listed, list) else ()
            text = str(note.said["text"])
            found.append(Telephone(note.about, name, note.by, note.at, questions, text))
    return tuple(found)
