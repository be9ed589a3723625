"""How a request looks to whoever must answer it, and what their records say to it."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.edge import Edge
from adapters.mailbox import newest_due, short
from adapters.proposal import Proposal
from adapters.request_facts import manifest_of
from adapters.responder import Asked
from deploy.cli.acting import due_facts
from deploy.cli.output import console, table
from schemas.fields.catalogue import CATALOGUE, QUESTIONS
from schemas.fields.item import Held, Item, NotHeld, Withheld, item_json
from schemas.messages.information.request import Request
from schemas.messages.registry import body_fields

__all__ = ["asked_facts", "item_line", "proposal_line", "show_request"]

_OUTCOMES = {
    "nothing_held": "nobody found: nothing held",
    "cannot_share": "not certain who is meant: do not answer",
    "broken": "a source file is broken",
    "by_hand": "answer by hand",
}


def asked_facts(found: Asked) -> dict[str, Any]:
    """A request as scripts read it; no values of a person."""
    return {
        "id": found.request.jti,
        "from": found.request.iss.removeprefix("urn:dovetail:org:"),
        "case": found.request.conv,
        "state": found.outcome if found.request.state == "opened" else found.request.state,
        "questions": list(manifest_of(found.request).wants or {}),
        "open_questions": list(found.open_questions),
        "proposal": None if found.proposal is None else found.proposal.outcome,
        "unanswered": {} if found.proposal is None else dict(found.proposal.unanswered),
    }


def proposal_line(found: Proposal | None) -> str:
    """What the records say, in a few words."""
    if found is None:
        return "not looked up yet"
    if found.outcome == "found":
        more = f", {len(found.unanswered)} for a person" if found.unanswered else ""
        return f"{found.confidence} match, {len(found.items)} fields{more}"
    return _OUTCOMES[found.outcome]


def item_line(item: Item) -> str:
    """An item in words, with what kind of statement it is, its day and source."""
    match item:
        case Held(value=value, kind=kind, as_at=as_at, source=source):
            return f"{value}  ({kind}, {as_at.isoformat()}, {source})"
        case NotHeld():
            return "not held"
        case Withheld(reason=reason):
            return f"withheld: {reason.value}"


def show_request(
    edge: Edge, found: Asked, request: Request
) -> tuple[Mapping[str, Any], Callable[[], None]]:
    """A request in full, for scripts and for a person: this agency may see all of it."""
    wants = manifest_of(found.request).wants or {}
    with edge.store.read() as c:
        due = newest_due(c, found.request.jti)
    items = found.proposal.items if found.proposal is not None else {}
    facts = {
        **asked_facts(found),
        "due": due,
        "fields": body_fields(request),
        "wants": {qid: list(names) for qid, names in wants.items()},
        "records_say": {name: item_json(item) for name, item in items.items()},
        "fault": None if found.proposal is None else found.proposal.fault,
    }

    def shown() -> None:
        out = console()
        claims = manifest_of(found.request)
        out.print(
            f"[bold]{claims.marking.tier}{'-SENSITIVE' if claims.marking.sensitive else ''}[/bold]  {', '.join(claims.marking.handling)}"
        )
        out.print(
            f"Request {short(found.request.jti)} from {claims.iss.removeprefix('urn:dovetail:org:')}, answer due {due_facts(due)}"
        )
        out.print(
            f"Basis: {claims.legal.art6 or 'Part 3'}, {', '.join(claims.legal.authority)}; agreement {claims.legal.agreement}"
        )
        out.print()
        rows = [(CATALOGUE[name].label, str(value)) for name, value in request.identity.items()]
        out.print(table(("about", ""), rows))
        out.print()
        for asked in request.questions:
            out.print(f"[bold]{asked.qid}[/bold] Please tell us {QUESTIONS[asked.qid].text}")
            out.print(f"   from {asked.window_from} to {asked.window_to}. Why: {asked.necessity}")
            for name in wants.get(asked.qid, ()):
                said = item_line(items[name]) if name in items else _missing(found.proposal, name)
                out.print(f"   {name}: {said}", markup=False)
        if found.proposal is not None and found.proposal.fault is not None:
            out.print(f"Our records could not be read: {found.proposal.fault}", markup=False)
        pack = edge.directory.pack_by_hash(claims.pol.h)
        rule = None if pack is None else pack.answers.get(edge.entry.kind)
        if rule is not None and rule.never:
            out.print(f"\nNever send: {'; '.join(rule.never)}.")

    return facts, shown


def _missing(found: Proposal | None, name: str) -> str:
    why = {} if found is None else found.unanswered
    return f"a person must look ({why.get(name, 'no record was asked')})"
