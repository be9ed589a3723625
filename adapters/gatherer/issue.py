"""Ask: show what every agency would receive, then send one message to each.

Issuing repeats the preview and sends only what passed it. One agency's problem never holds up
another's request. The case gets its random name once, before the first message names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from adapters.compose import Queued, check_draft, send
from adapters.edge import Edge
from adapters.gatherer.cases import Case, find_case, keep_case, person_of
from adapters.gatherer.enquiry import Enquiry
from adapters.gatherer.plan import Notice, Person, Plan, Warns, plan
from adapters.mailbox import letters
from adapters.request_facts import request_facts
from policies.calendar import BankHolidays
from schemas.identifiers import agency_urn, make_conv
from schemas.manifest import RequestRef
from schemas.problems import Code, Problem

__all__ = ["REQUEST", "AskedAlready", "Issued", "Preview", "issue", "preview"]

REQUEST = "information.request/1"
_CONV_BYTES = 16
_GONE = frozenset({"refused", "rejected", "recalled"})


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen.

    Attributes:
        plans: One for each agency, in the order asked.
        problems: Why nothing can be sent at all: the reference, or the person.

    """

    plans: tuple[Plan, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedAlready:
    """Nothing was sent: the same was asked before and is still open; ``Asking.anew`` asks again."""

    request: str


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of one agency's part.

    Attributes:
        agency: Its directory id.
        outcome: What was queued, what was asked already, or every problem.
        warnings: What to know; those of the preview.

    """

    agency: str
    outcome: Queued | AskedAlready | tuple[Problem, ...]
    warnings: tuple[Notice, ...] = ()


def preview(edge: Edge, enquiry: Enquiry, holidays: BankHolidays) -> Preview:
    """Show who exactly would receive what, when it would be due, and what stands against it.

    Nothing is sent and nothing is kept; the messages are made as they would be, so that whatever
    the gate would refuse is found here.
    """
    with edge.store.read() as c:
        case = find_case(edge, c, enquiry.reference)
        asked = {} if case is None else _asked_and_open(c, case.conv)
    found = person_of(enquiry.reference, case, enquiry.subject)
    problems = (*(found if isinstance(found, tuple) else ()), *_recipients(enquiry))
    if problems or isinstance(found, tuple):
        return Preview(problems=problems)
    person = Person(
        conv=make_conv(edge.random(_CONV_BYTES)) if case is None else case.conv,
        subject=found,
        subject_class=enquiry.subject_class or ("unknown" if case is None else case.subject_class),
        case_due=enquiry.case_due or (None if case is None else case.due_at),
    )
    plans = (plan(edge, enquiry, asking, person, holidays) for asking in enquiry.asking)
    return Preview(tuple(_checked(edge, one, asked) for one in plans))


def issue(
    edge: Edge, enquiry: Enquiry, holidays: BankHolidays
) -> tuple[Issued, ...] | tuple[Problem, ...]:
    """Send one request to each agency for which nothing stands against it.

    Returns:
        What came of each, in the order asked; or the problems of the whole, and then nothing was
        kept and nothing sent.

    """
    shown = preview(edge, enquiry, holidays)
    if shown.problems:
        return shown.problems
    case: Case | tuple[Problem, ...] | None = None
    if any(one.may_go for one in shown.plans):
        with edge.store.change() as c:
            case = keep_case(
                edge,
                c,
                enquiry.reference,
                enquiry.subject,
                enquiry.subject_class,
                enquiry.case_due,
            )
    if isinstance(case, tuple):
        return case
    return tuple(_issue(edge, one, case) for one in shown.plans)


def _issue(edge: Edge, one: Plan, case: Case | None) -> Issued:
    agency = one.asking.agency
    if one.draft is None or one.problems:
        return Issued(agency, one.problems, one.warnings)
    if one.asked_already is not None and not one.asking.anew:
        return Issued(agency, AskedAlready(one.asked_already), one.warnings)
    if case is None:
        raise AssertionError("something may be sent, so there is a case")
    # The case may have been made since, here or by a colleague: its name stands.
    return Issued(agency, send(edge, replace(one.draft, conv=case.conv)), one.warnings)


def _recipients(enquiry: Enquiry) -> tuple[Problem, ...]:
    agencies = [one.agency for one in enquiry.asking]
    if not agencies:
        return (Problem(Code.FIELD_MISSING, "asking"),)
    if len(set(agencies)) < len(agencies):  # one message per agency: two would race each other
        return (Problem(Code.FIELD_CONTRADICTS, "asking"),)
    return ()


def _checked(edge: Edge, one: Plan, asked: Mapping[tuple[str, str], str]) -> Plan:
    """Add what the whole check finds, and an open request with the same question."""
    if one.draft is None:
        return one
    before = next(
        (
            asked[agency_urn(one.asking.agency), question.id]
            for question in one.questions
            if (agency_urn(one.asking.agency), question.id) in asked
        ),
        None,
    )
    warnings = one.warnings
    if before is not None:
        says = "This agency has an open request in this case that asks the same already."
        warnings = (*warnings, Notice(Warns.ASKED_ALREADY, says))
    problems = (*one.problems, *check_draft(edge, one.draft))
    return replace(one, warnings=warnings, asked_already=before, problems=problems)


def _asked_and_open(c: Connection, conv: str) -> Mapping[tuple[str, str], str]:
    """Agency (as messages name it) and question to the newest open request that asks it."""
    found: dict[tuple[str, str], str] = {}
    for sent in letters(c, way="out", mt=REQUEST, conv=conv):
        facts = request_facts(c, RequestRef(jti=sent.jti, h=sent.h))
        if sent.state in _GONE or facts is None or not facts.open:
            continue
        for qid in facts.wants.keys() - facts.closed_questions:
            found[sent.aud, qid] = sent.jti
    return found
