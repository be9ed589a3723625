"""What the agency that was asked may do: acknowledge, answer, hold nothing, refuse, ask, redirect, ask for time.

Each act is one message about one request, made by a person (or by the runtime, where the policy
lets it) and checked before it leaves. An answer closes the questions all of whose fields have an
item; the others stay open with their own due time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from adapters.compose import Draft, Queued, send
from adapters.edge import Edge
from adapters.mailbox import Letter, letters
from adapters.proposal import Proposal, proposal
from adapters.request_facts import closed_questions, counts, manifest_of, type_of
from policies.pack_whole import day_in_london
from schemas.directory_entry import Role
from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.exchange import OtherOrganisation, SignedOff
from schemas.fields.field import Tag
from schemas.fields.forms import WorkContact
from schemas.fields.item import Held, Item, Withheld
from schemas.fields.refusal_reason import RefusalReason
from schemas.manifest import RequestRef
from schemas.messages.body import Body
from schemas.messages.information.acknowledgement import Acknowledgement
from schemas.messages.information.clarification_query import ClarificationQuery
from schemas.messages.information.extension_request import ExtensionRequest
from schemas.messages.information.nil_return import NilReturn
from schemas.messages.information.redirect import Redirect
from schemas.messages.information.refusal import Refusal
from schemas.messages.information.response import Response
from schemas.messages.message_type import Effect
from schemas.problems import Code, Problem

__all__ = [
    "Act",
    "Asked",
    "HealthBasis",
    "acknowledge",
    "answer",
    "ask_for_time",
    "clarify",
    "find_request",
    "inbox",
    "nil",
    "redirect",
    "refuse",
]

_SPECIAL = frozenset(tag for tag in Tag if tag.value.startswith("special"))


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
    """One request by its id or the beginning of it; None for none, or for several."""
    found = [one for one in inbox(edge) if one.request.jti.startswith(reference)]
    return found[0] if len(found) == 1 else None


def acknowledge(
    edge: Edge, request: Letter, act: Act, contact: WorkContact | None = None
) -> Queued | tuple[Problem, ...]:
    """Say that the request reached somebody who can answer."""
    return _send(edge, request, Acknowledgement(handler_role=act.role, contact=contact), act)


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
    """Answer the questions all of whose fields have an item, and only those.

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
    asked = {name for names in wants.values() for name in names}
    unasked = sorted(set(items) - asked)
    if unasked:
        return tuple(Problem(Code.FIELD_NOT_ASKED, name, "POL-09") for name in unasked)
    with edge.store.read() as c:
        closed = closed_questions(c, request)
    complete = [
        qid for qid, names in wants.items() if qid not in closed and items.keys() >= set(names)
    ]
    if not complete:
        return (Problem(Code.FIELD_NOT_ANSWERED, "information.response", "POL-09"),)
    said = {name: items[name] for qid in complete for name in wants[qid]}
    signoff: SignedOff | None = None
    today = day_in_london(edge.clock.now())
    if act.signoff_ref is not None:
        signoff = {"role": Role.SIGNOFF.value, "ref": act.signoff_ref, "date": today.isoformat()}
    body = Response(
        answers=said,
        match_confidence=confidence,
        signoff=signoff,
        confidentiality_basis=None if health is None else health.basis,  # type: ignore[arg-type]  # checked when the draft is read back
        caldicott_ref=None
        if health is None
        else {"ref": health.ref, "role": health.decided_by, "date": today.isoformat()},
        patient_informed=None if health is None else _informed(health),
        handling_conditions=handling_conditions,
    )
    return _send(edge, request, body, act, attest=_tags(said))


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
    body = NilReturn(
        searched_systems=list(searched),  # type: ignore[arg-type]  # checked when the draft is read back
        window={"from_on": window[0].isoformat(), "to_on": window[1].isoformat()},
        match_confidence=confidence,
    )
    return _send(edge, request, body, act)


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
    unknown = [qid for qid in chosen if qid not in wants]
    if unknown:
        return (Problem(Code.FIELD_NOT_ASKED, "information.refusal"),)
    withheld: dict[str, Item] = {name: Withheld(reason) for qid in chosen for name in wants[qid]}
    body = Refusal(
        reviewer_role=act.role,
        withheld=withheld,
        reason=None if chosen else reason,
        explanation=explanation,
    )
    return _send(edge, request, body, act)


def clarify(
    edge: Edge, request: Letter, reason: str, query: str, act: Act, *, questions: Iterable[str] = ()
) -> Queued | tuple[Problem, ...]:
    """Ask what must be known first; the request's clock stops."""
    body = ClarificationQuery(reason=reason, query=query, questions=list(questions) or None)
    return _send(edge, request, body, act)


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
    return _send(edge, request, Redirect(reason=reason, post=post, organisation=organisation), act)


def ask_for_time(
    edge: Edge, request: Letter, days: int, reason: str, act: Act
) -> Queued | tuple[Problem, ...]:
    """Ask for more working days, before the request is due."""
    return _send(
        edge,
        request,
        ExtensionRequest(days=days, reason=reason),
        act,
        attest={"extension_days": days},
    )


def _send(
    edge: Edge,
    request: Letter,
    body: Body,
    act: Act,
    *,
    attest: Mapping[str, JsonValue] | None = None,
) -> Queued | tuple[Problem, ...]:
    claims = manifest_of(request)
    said: dict[str, JsonValue] = dict(attest or {})
    if act.checked:
        said |= {"no_sensitive_info_s38_5": True, "third_party_checked": True}
    if act.signoff_ref is not None:
        said["signoff_ref"] = act.signoff_ref
    said |= act.attest
    return send(
        edge,
        Draft(
            body=body,
            to=claims.iss.removeprefix("urn:dovetail:org:"),
            conv=claims.conv,
            role=act.role,
            person=act.person,
            to_role=claims.from_.role,
            area=claims.to.area,
            subject_class=claims.subject_class,
            request=RequestRef(jti=claims.jti, h=request.h),
            attest=said,
        ),
    )


def _tags(items: Mapping[str, Item]) -> dict[str, JsonValue]:
    """What the gate may know of the values: whether any is special category or criminal."""
    held = [CATALOGUE[name] for name, item in items.items() if isinstance(item, Held)]
    said: dict[str, JsonValue] = {}
    if any(one.tags & _SPECIAL for one in held):
        said["special_category"] = True
    if any(Tag.CRIMINAL in one.tags for one in held):
        said["criminal"] = True
    return said


def _informed(health: HealthBasis) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {"informed": health.informed}
    if health.not_informed_reason is not None:
        told["reason"] = health.not_informed_reason
    return told


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
