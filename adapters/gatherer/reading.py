"""From the store's rows to what a standing depends on. Reads; decides nothing; keeps nothing.

A body is opened only where the letter's state is ``opened``: what was rejected stays sealed.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from adapters.edge import Edge
from adapters.gatherer.notes import Note, NoteKind
from adapters.gatherer.standing import Facts, Said, Spoken, Told
from adapters.mailbox import Letter, instant, open_body, receipts
from adapters.request_facts import manifest_of
from adapters.store import HEARD, RECEIPTS
from policies.calendar import Division
from policies.clock_extension import ExtensionLimits
from policies.deadline import Elapsed, Terms
from schemas.directory_entry import Role
from schemas.fields.refusal_reason import RefusalReason
from schemas.identifiers import agency_id
from schemas.manifest import Manifest
from schemas.messages.body import Body
from schemas.messages.information.refusal import Refusal
from schemas.messages.message_type import Effect
from schemas.messages.registry import REGISTRY, read_body

__all__ = ["agency_name", "body_of", "facts_of", "heard_from"]

_DEFAULT_DAYS = 5


def body_of(edge: Edge, found: Letter) -> Body | None:
    """Read the body of a letter of ours, or of one that came and was opened; otherwise None."""
    if found.way == "in" and found.state != "opened":
        return None
    fields = open_body(edge.keys.vault, found)
    body = None if fields is None else read_body(found.mt, fields)
    return None if isinstance(body, tuple) else body


def agency_name(edge: Edge, urn: str) -> str:
    """Give an agency's name by how messages name it; its id when the directory has it no more."""
    entry = edge.directory.entry(agency_id(urn))
    return agency_id(urn) if entry is None else entry.name


def heard_from(c: Connection) -> frozenset[str]:
    """Give every agency (as messages name it) from which anything ever came."""
    messages = (row.iss for row in c.execute(select(HEARD.c.iss)))
    signed = (row.iss for row in c.execute(select(RECEIPTS.c.iss).distinct()))
    return frozenset((*messages, *signed))


def facts_of(
    edge: Edge,
    c: Connection,
    request: Letter,
    about: Iterable[Letter],
    noted: Sequence[Note],
    heard: frozenset[str],
) -> Facts:
    """Gather what the standing of one request depends on.

    Args:
        edge: Who leads gathering.
        c: A connection; only receipts are read through it.
        request: The request, as sent.
        about: Every letter about it, either way, itself or not.
        noted: The notes about it.
        heard: From ``heard_from``.

    """
    claims = manifest_of(request)
    agency = agency_id(request.aud)
    entry = edge.directory.entry(agency)
    others = [one for one in about if one.jti != request.jti and one.mt in REGISTRY]
    ours = [one for one in others if one.way == "out" or one.iss == request.aud]
    came = receipts(c, request.h)
    opened = [one.at for one in came if one.status == "submitted"]
    delivered = [one.at for one in came if one.status in {"delivered", "opened"}]
    return Facts(
        jti=request.jti,
        conv=request.conv,
        agency=agency,
        questions=tuple(claims.wants or ()),
        state=request.state,
        problems=request.problems,
        opened_at=min(opened, default=request.arrived_at),
        delivered_at=min(delivered, default=None),
        terms=_terms(claims),
        limits=_limits(edge, claims),
        told=_told((request, *others)),
        division=Division(edge.entry.division if entry is None else entry.division),
        known=request.aud in heard,
        messages=tuple(_said(edge, one, claims) for one in ours),
        spoken=tuple(_spoken(one) for one in noted if one.kind is NoteKind.TELEPHONE),
        redirect_followed=_followed(ours, noted),
    )


def _terms(claims: Manifest) -> Terms | Elapsed:
    if claims.attest.elapsed_h is not None:
        return Elapsed(claims.attest.elapsed_h)
    return Terms(claims.attest.working_days or _DEFAULT_DAYS)


def _limits(edge: Edge, claims: Manifest) -> ExtensionLimits:
    pack = edge.directory.pack_by_hash(claims.pol.h)
    rule = None if pack is None else pack.types["information.extension_decision"].extension
    return ExtensionLimits() if rule is None else ExtensionLimits(rule.requester, rule.supervisor)


def _told(about: Iterable[Letter]) -> Told | None:
    """The due time as the broker told it last: the order is that of arrival at the broker."""
    telling = [(one.arrived_at or one.at, one.due) for one in about if one.due is not None]
    if not telling:
        return None
    due = max(telling, key=lambda pair: pair[0])[1]
    return Told(
        due_at=instant(due["due_at"]),
        stopped=bool(due["stopped"]),
        provisional=bool(due["provisional"]),
        divisions=frozenset(Division(one) for one in due["calendar"]),
    )


def _said(edge: Edge, found: Letter, request: Manifest) -> Said:
    kind, claims = REGISTRY[found.mt], manifest_of(found)
    closes = kind.closes(claims.f, request.wants or {})
    attest = claims.attest
    days = attest.extension_days or (attest.extension.days if attest.extension else 0)
    return Said(
        jti=found.jti,
        effect=kind.effect,
        inbound=found.way == "in",
        state=found.state,
        at=found.arrived_at or found.at,
        closes=closes,
        late=found.late,
        days=days,
        by_supervisor=claims.from_.role is Role.LACC_SUP,
        accepted=bool(attest.clarification_accepted),
        same_organisation="red.post" in claims.f,
        reasons=_reasons(edge, found, closes, request) if kind.effect is Effect.REFUSES else {},
        proof=found.state == "rejected" and found.cek is not None and found.content is not None,
    )


def _reasons(
    edge: Edge, found: Letter, closes: frozenset[str], request: Manifest
) -> Mapping[str, RefusalReason]:
    """Why each question was refused, from the content where it was opened and believed."""
    body = body_of(edge, found)
    if not isinstance(body, Refusal):
        return {}
    if body.reason is not None:
        return dict.fromkeys(sorted(closes), body.reason)
    wants = request.wants or {}
    return {
        qid: reason
        for qid in sorted(closes)
        for reason in [getattr(body.withheld[wants[qid][0]], "reason", None)]
        if isinstance(reason, RefusalReason)
    }


def _spoken(note: Note) -> Spoken:
    listed = note.said.get("questions")
    questions = listed if isinstance(listed, list) else ()
    return Spoken(note.at, frozenset(str(qid) for qid in questions))


def _followed(about: Iterable[Letter], noted: Iterable[Note]) -> bool:
    """Whether somebody acted since the agency's newest redirect came."""
    acted = [one.at for one in noted if one.kind is NoteKind.REDIRECT]
    came = [one.at for one in about if one.mt.startswith("information.redirect/")]
    return bool(acted) and bool(came) and max(acted) >= max(came)
