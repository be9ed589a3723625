"""What the agency that was asked may do: acknowledge, answer, hold nothing, refuse, ask, redirect, ask for time.

Each act is one message about one request, made by a person (or by the runtime, where the policy
lets it) and checked before it leaves. An answer closes the questions all of whose fields have an
item; the others stay open with their own due time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from sqlalchemy import Connection

from adapters.compose import Draft, Queued, send
from adapters.edge import Edge
from adapters.mailbox import Letter, letters, refers_to
from adapters.proposal import Proposal, proposal
from adapters.request_facts import closed_questions, counts, manifest_of, type_of
from policies.pack_whole import day_in_london
from schemas.directory_entry import Role
from schemas.encoding import JsonValue
from schemas.fields.exchange import OtherOrganisation
from schemas.fields.forms import WorkContact
from schemas.fields.item import Item, Withheld, item_json
from schemas.fields.refusal_reason import RefusalReason
from schemas.identifiers import agency_id
from schemas.manifest import RequestRef
from schemas.messages.message_type import Effect
from schemas.messages.registry import read_body
from schemas.problems import Code, Problem

__all__ = [
    "Act",
    "Asked",
    "HealthBasis",
    "acknowledge",
    "answer",
    "answer_draft",
    "ask_for_time",
    "clarify",
    "find_request",
    "inbox",
    "nil",
    "redirect",
    "refuse",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts, and what they attest.

    Attributes:
        person: Staff pseudonym.
        role: In which role: information officer, or who signs off.
        checked: The person attests that nothing comes from an intelligence service
            (section 38(5)) and that other people's information was looked for.
        signoff_ref: The reference of the sign-off, where the policy wants one.
        attest: Further attestations by their names in the manifest.

    """

    person: str
    role: Role = Role.AIO
    checked: bool = False
    signoff_ref: str | None = None
    attest: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HealthBasis:
    """What an answer from health says of confidentiality (domain 2.2.2)."""

    basis: str
    decided_by: str
    ref: str
    informed: bool
    not_informed_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in the inbox, as a person needs to see it.

    Attributes:
        request: The request.
        outcome: ``waiting``, ``acknowledged``, ``answered in part``, ``answered``,
            ``nothing held``, ``refused``, ``clarifying``, ``redirected``, ``withdrawn``,
            ``recalled``, or ``rejected`` when it could not be believed.
        open_questions: Questions without an answer.
        proposal: What the records say, or None.

    """

    request: Letter
    outcome: str
    open_questions: tuple[str, ...]
    proposal: Proposal | None


def inbox(edge: Edge) -> tuple[Asked, ...]:
    """Every request to this agency, the oldest first."""
    with edge.store.read() as c:
        found = letters(c, way="in", mt="information.request/1")
        return tuple(_asked(edge, c, one) for one in found)


def find_request(edge: Edge, reference: str) -> Asked | None:
    """One request by its id or the end of it; None for none, or for several."""
    found = [one for one in inbox(edge) if refers_to(reference, one.request.jti)]
    return found[0] if len(found) == 1 else None


def acknowledge(
    edge: Edge, request: Letter, act: Act, contact: WorkContact | None = None
) -> Queued | tuple[Problem, ...]:
    """Say that the request reached somebody who can answer."""
    said: dict[str, object] = {"ack.handler_role": act.role.value, "ack.contact": contact}
    return _send(edge, request, "information.acknowledgement/1", said, act)


def answer(
    edge: Edge,
    request: Letter,
    items: Mapping[str, Item],
    confidence: str,
    act: Act,
    *,
    health: HealthBasis | None = None,
    handling_conditions: str | None = None,
) -> Queued | tuple[Problem, ...]:
    """Answer the questions all of whose fields have an item, and only those; see ``answer_draft``."""
    draft = answer_draft(
        edge,
        request,
        items,
        confidence,
        act,
        health=health,
        handling_conditions=handling_conditions,
    )
    return draft if isinstance(draft, tuple) else send(edge, draft)


def answer_draft(
    edge: Edge,
    request: Letter,
    items: Mapping[str, Item],
    confidence: str,
    act: Act,
    *,
    health: HealthBasis | None = None,
    handling_conditions: str | None = None,
) -> Draft | tuple[Problem, ...]:
    """Draft an answer to the questions all of whose fields have an item, and only those.

    Args:
        edge: Who answers.
        request: The request.
        items: Field id to item; fields that were not asked for are a problem.
        confidence: ``exact`` or ``probable``.
        act: Who acts; a sign-off reference where the policy wants one.
        health: Required from health, and only from there.
        handling_conditions: Police only.

    """
    wants = manifest_of(request).wants or {}
    unasked = sorted(set(items).difference(*wants.values()))
    if unasked:
        return tuple(Problem(Code.FIELD_NOT_ASKED, name, "POL-09") for name in unasked)
    with edge.store.read() as c:
        closed = closed_questions(c, request)
    complete = [
        qid for qid, names in wants.items() if qid not in closed and items.keys() >= set(names)
    ]
    if not complete:
        return (Problem(Code.FIELD_NOT_ANSWERED, "information.response", "POL-09"),)
    today = day_in_london(edge.clock.now()).isoformat()
    said: dict[str, object] = {
        name: item_json(items[name]) for qid in complete for name in wants[qid]
    }
    said["rsp.match_confidence"] = confidence
    if act.signoff_ref is not None:
        role = Role.SIGNOFF.value
        said["rsp.signoff"] = {"role": role, "ref": act.signoff_ref, "date": today}
    if health is not None:
        said["hlt.confidentiality_basis"] = health.basis
        said["hlt.caldicott_ref"] = {"ref": health.ref, "role": health.decided_by, "date": today}
        said["hlt.patient_informed"] = _without_none(
            {"informed": health.informed, "reason": health.not_informed_reason}
        )
    said["pol.handling_conditions"] = handling_conditions
    return _draft(request, "information.response/1", said, act)


def nil(
    edge: Edge,
    request: Letter,
    searched: Iterable[str],
    window: tuple[date, date],
    act: Act,
    *,
    confidence: str = "none",
) -> Queued | tuple[Problem, ...]:
    """Say that the records were searched and nothing is held."""
    first, last = window
    said: dict[str, object] = {
        "nil.searched_systems": list(searched),
        "nil.window": {"from_on": first.isoformat(), "to_on": last.isoformat()},
        "nil.match_confidence": confidence,
    }
    return _send(edge, request, "information.nil_return/1", said, act)


def refuse(
    edge: Edge,
    request: Letter,
    reason: RefusalReason,
    act: Act,
    *,
    questions: Iterable[str] = (),
    explanation: str | None = None,
) -> Queued | tuple[Problem, ...]:
    """Lawfully refuse, the whole request or single questions."""
    wants = manifest_of(request).wants or {}
    chosen = tuple(questions)
    if any(qid not in wants for qid in chosen):
        return (Problem(Code.FIELD_NOT_ASKED, "information.refusal", "POL-09"),)
    said: dict[str, object] = {
        name: item_json(Withheld(reason)) for qid in chosen for name in wants[qid]
    }
    said["refusal.reviewer_role"] = act.role.value
    said["refusal.reason"] = None if chosen else reason.value
    said["refusal.explanation"] = explanation
    return _send(edge, request, "information.refusal/1", said, act)


def clarify(
    edge: Edge, request: Letter, reason: str, query: str, act: Act, *, questions: Iterable[str] = ()
) -> Queued | tuple[Problem, ...]:
    """Ask what must be known first; the request's clock stops."""
    said: dict[str, object] = {
        "cla.reason": reason,
        "cla.query": query,
        "cla.questions": list(questions) or None,
    }
    return _send(edge, request, "information.clarification_query/1", said, act)


def redirect(
    edge: Edge,
    request: Letter,
    reason: str,
    act: Act,
    *,
    post: WorkContact | None = None,
    organisation: OtherOrganisation | None = None,
) -> Queued | tuple[Problem, ...]:
    """Say who should be asked instead: another post here, or another organisation."""
    said: dict[str, object] = {
        "red.reason": reason,
        "red.post": post,
        "red.organisation": organisation,
    }
    return _send(edge, request, "information.redirect/1", said, act)


def ask_for_time(
    edge: Edge, request: Letter, days: int, reason: str, act: Act
) -> Queued | tuple[Problem, ...]:
    """Ask for more working days, before the request is due."""
    said: dict[str, object] = {"ext.days": days, "ext.reason": reason}
    return _send(edge, request, "information.extension_request/1", said, act)


def _send(
    edge: Edge, request: Letter, mt: str, said: Mapping[str, object], act: Act
) -> Queued | tuple[Problem, ...]:
    draft = _draft(request, mt, said, act)
    return draft if isinstance(draft, tuple) else send(edge, draft)


def _draft(
    request: Letter, mt: str, said: Mapping[str, object], act: Act
) -> Draft | tuple[Problem, ...]:
    body = read_body(mt, cast("Mapping[str, JsonValue]", _without_none(said)))
    if isinstance(body, tuple):
        return body
    claims = manifest_of(request)
    attest: dict[str, JsonValue] = {}
    if act.checked:
        attest |= {"no_sensitive_info_s38_5": True, "third_party_checked": True}
    if act.signoff_ref is not None:
        attest["signoff_ref"] = act.signoff_ref
    return Draft(
        body=body,
        to=agency_id(claims.iss),
        conv=claims.conv,
        role=act.role,
        person=act.person,
        to_role=claims.from_.role,
        area=claims.to.area,
        subject_class=claims.subject_class,
        request=RequestRef(jti=claims.jti, h=request.h),
        attest={**attest, **act.attest},
    )


def _without_none(said: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in said.items() if value is not None}


_OUTCOMES = {
    Effect.ACKNOWLEDGES: "acknowledged",
    Effect.HOLDS_NOTHING: "nothing held",
    Effect.REFUSES: "refused",
    Effect.STOPS_CLOCK: "clarifying",
    Effect.REDIRECTS: "redirected",
}


def _asked(edge: Edge, c: Connection, request: Letter) -> Asked:
    wants = manifest_of(request).wants or {}
    closed = closed_questions(c, request)
    outcome = request.state if request.state in {"recalled", "rejected"} else "waiting"
    for found in (f for f in letters(c, request=request.jti) if f.jti != request.jti and counts(f)):
        effect = type_of(found).effect
        if effect is Effect.WITHDRAWS:
            outcome = "withdrawn"
        elif effect is Effect.RESUMES_CLOCK and outcome == "clarifying":
            outcome = "acknowledged"
        elif effect is Effect.ANSWERS:
            outcome = "answered" if closed >= set(wants) else "answered in part"
        elif effect in _OUTCOMES and outcome not in {"withdrawn", "answered", "answered in part"}:
            outcome = _OUTCOMES[effect]
    return Asked(
        request, outcome, tuple(q for q in wants if q not in closed), proposal(edge, c, request.jti)
    )
