"""How a request looks to whoever must answer it, and what their records say to it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from adapters.edge import Edge
from adapters.mailbox import newest_due, short
from adapters.proposal import Proposal
from adapters.request_facts import manifest_of
from adapters.responder import Asked
from deploy.cli.acting import due_words, name_of
from deploy.cli.output import heading, say, show_table
from deploy.cli.request_view import without_id
from policies.lawful_basis import Basis, BasisKind, find
from schemas.fields.catalogue import CATALOGUE, QUESTIONS
from schemas.fields.item import Held, Item, NotHeld, Withheld, item_json
from schemas.fields.refusal_reason import REFUSAL_MEANING
from schemas.fields.words import form_words, value_words
from schemas.identifiers import agency_id
from schemas.manifest import Manifest
from schemas.messages.information.request import Request
from schemas.messages.registry import body_fields

__all__ = ["asked_facts", "item_words", "proposal_line", "show_inbox", "show_request"]

_OUTCOMES = {
    "nothing_held": "nobody found: nothing held",
    "cannot_share": "not certain who is meant: do not answer",
    "broken": "a source file is broken",
    "by_hand": "answer by hand",
}
_UNANSWERED = {
    "no_source": "no system that was asked would hold it",
    "window_not_covered": "the records do not reach over the whole time",
    "not_certain": "the record does not settle it",
    "does_not_fit": "the record has it in another form",
}


def asked_facts(found: Asked) -> dict[str, Any]:
    """A request as scripts read it; no values of a person."""
    return {
        "id": found.request.jti,
        "from": agency_id(found.request.iss),
        "case": found.request.conv,
        "state": found.outcome if found.request.state == "opened" else found.request.state,
        "questions": list(manifest_of(found.request).wants or {}),
        "open_questions": list(found.open_questions),
        "proposal": None if found.proposal is None else found.proposal.outcome,
        "unanswered": {} if found.proposal is None else dict(found.proposal.unanswered),
    }


def show_inbox(
    edge: Edge, found: tuple[Asked, ...], dues: Mapping[str, Mapping[str, Any] | None]
) -> None:
    """Print every request to this agency."""
    if not found:
        say("Nothing was asked of this agency yet.")
        return
    rows = [
        (
            short(one.request.jti),
            name_of(edge, one.request.iss),
            " ".join(manifest_of(one.request).wants or {}),
            due_words(dues[one.request.jti]),
            _state(one),
            proposal_line(one.proposal),
        )
        for one in found
    ]
    show_table(("reference", "from", "asked", "due", "state", "our records"), rows)
    say("\n`dovetail inbox show --as AGENCY REFERENCE` shows one request.")


def _state(one: Asked) -> str:
    if one.outcome == "answered in part":
        return f"open: {' '.join(one.open_questions)}"
    return one.outcome


def proposal_line(found: Proposal | None) -> str:
    """What the records say, in a few words."""
    if found is None:
        return "not looked up yet"
    if found.outcome == "found":
        more = f", {len(found.unanswered)} for a person" if found.unanswered else ""
        return f"{found.confidence} match, {len(found.items)} fields{more}"
    return _OUTCOMES[found.outcome]


def item_words(name: str, item: Item) -> str:
    """An item in words, with what kind of statement it is, its day and source."""
    match item:
        case Held(value=value, kind=kind, as_at=as_at, source=source):
            day = f"{as_at.day} {as_at:%B %Y}"
            return f"{value_words(CATALOGUE[name], value)}\n({kind}, {day}, {source})"
        case NotHeld():
            return "nothing held"
        case Withheld(reason=reason):
            return f"not shared. {REFUSAL_MEANING[reason].says}"


def show_request(
    edge: Edge, found: Asked, request: Request
) -> tuple[Mapping[str, Any], Callable[[], None]]:
    """A request in full, for scripts and for a person: this agency may see all of it."""
    claims = manifest_of(found.request)
    with edge.store.read() as c:
        due = newest_due(c, found.request.jti)
    items = found.proposal.items if found.proposal is not None else {}
    facts = {
        **asked_facts(found),
        "due": due,
        "fields": body_fields(request),
        "wants": {qid: list(names) for qid, names in (claims.wants or {}).items()},
        "records_say": {name: item_json(item) for name, item in items.items()},
        "fault": None if found.proposal is None else found.proposal.fault,
    }
    return facts, partial(_show, edge, found, request, claims, due)


def _show(
    edge: Edge, found: Asked, request: Request, claims: Manifest, due: Mapping[str, Any] | None
) -> None:
    mark = f"{claims.marking.tier}{'-SENSITIVE' if claims.marking.sensitive else ''}"
    heading("  ".join((mark, *claims.marking.handling)))
    say(
        f"Request {short(claims.jti)} from {name_of(edge, claims.iss)}; answer due {due_words(due)}."
    )
    say(_law(claims), hanging=2)
    say()
    heading("About")
    for name, value in request.identity.items():
        say(f"{CATALOGUE[name].label}: {value_words(CATALOGUE[name], value)}", 2, 4)
    _show_concern(request)
    say()
    _show_questions(found, request, claims.wants or {})
    if found.proposal is not None and found.proposal.fault is not None:
        say(f"\nOur records could not be read: {found.proposal.fault}")
    pack = edge.directory.pack_by_hash(claims.pol.h)
    rule = None if pack is None else pack.answers.get(edge.entry.kind)
    if rule is not None and rule.never:
        say()
        say(f"Never send: {'; '.join(rule.never)}.", hanging=2)
    say()
    _show_next(edge.agency, found)


def _law(claims: Manifest) -> str:
    legal = claims.legal
    named = [find(BasisKind.ARTICLE_6, legal.art6)] if legal.art6 is not None else []
    named += [find(BasisKind.AUTHORITY, code) for code in legal.authority]
    said = [_basis(one) for one in named if one is not None] or ["Part 3 Data Protection Act 2018"]
    agreement = f" Agreement {legal.agreement}." if legal.agreement else ""
    return f"Asked on: {'; '.join(said)}.{agreement}"


def _basis(one: Basis) -> str:
    return f"{one.label} ({one.source})"


def _show_concern(request: Request) -> None:
    if request.concern_summary is not None:
        say(f"The concern: {request.concern_summary}", 2, 4)
    elif request.concern_theme is not None:
        themes = ", ".join(one.replace("_", " ") for one in request.concern_theme)
        say(f"The concern is about: {themes}", 2, 4)
    else:
        say("Nothing is told of the concern.", 2)
    told = request.subject_informed
    reason = str(told.get("reason", "")).replace("_", " ")
    says = (
        "knows of this request" if told["informed"] else f"does not know of this request ({reason})"
    )
    say(f"The person {says}.", 2, 4)
    reach = request.contact_for_query.get("contact")
    say(f"Whom to ask: {request.contact_for_query['role']}{f', {reach}' if reach else ''}", 2, 4)


def _show_questions(found: Asked, request: Request, wants: Mapping[str, tuple[str, ...]]) -> None:
    items = found.proposal.items if found.proposal is not None else {}
    for asked in request.questions:
        closed = "" if asked.qid in found.open_questions else " (closed)"
        heading(f"{asked.qid} Please tell us {QUESTIONS[asked.qid].text}{closed}")
        first, last = (f"{day.day} {day:%B %Y}" for day in (asked.window_from, asked.window_to))
        say(f"From {first} to {last}. {without_id(asked.necessity, asked.qid)}", 2)
        for name in wants.get(asked.qid, ()):
            field = CATALOGUE[name]
            if name in items:
                said = item_words(name, items[name])
                say(f"{field.label} ({name}): {said}", 2, 4)
            else:
                say(f"{field.label} ({name}): {_missing(found.proposal, name)}", 2, 4)
                say(f"It is {form_words(field)}.", 6)


def _missing(found: Proposal | None, name: str) -> str:
    why = "" if found is None else found.unanswered.get(name, "")
    return f"A PERSON MUST LOOK ({_UNANSWERED.get(why, 'no system was asked')})"


def _show_next(agency: str, found: Asked) -> None:
    if not found.open_questions or found.outcome in {"withdrawn", "refused", "nothing held"}:
        say("Nothing is left to answer.")
        return
    reference = f"--as {agency} {short(found.request.jti)}"
    ready = "sends what the records say; --file, --not-held and --withhold change it"
    say(
        f"`dovetail inbox answer {reference}` {ready}. Or: nil, refuse, clarify, redirect, extend.",
        hanging=2,
    )
