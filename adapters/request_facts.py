"""What an edge knows of a request: from its own store, for policy and for people."""

from sqlalchemy import Connection

from adapters.mailbox import Letter, answered_about, due_of, letter, newest_due
from policies.check import RequestFacts
from schemas.envelope import read_manifest
from schemas.manifest import Manifest, RequestRef, parse_claims
from schemas.messages.message_type import Effect, MessageType
from schemas.messages.registry import REGISTRY
from schemas.problems import Problem

__all__ = [
    "closed_questions",
    "counts",
    "manifest_of",
    "request_facts",
    "request_letter",
    "type_of",
]

#: A message in one of these states does not count: it never reached anybody, or was not believed.
_VOID = frozenset({"refused", "rejected", "recalled"})
_ENDS = frozenset({Effect.WITHDRAWS})


def manifest_of(found: Letter) -> Manifest:
    """Read the claims of a message that was verified before it was kept."""
    signed = read_manifest(found.manifest)
    claims = signed if isinstance(signed, Problem) else parse_claims(signed.payload)
    if isinstance(claims, Problem):
        msg = "the store holds a manifest that is none"
        raise TypeError(msg)
    return claims


def type_of(found: Letter) -> MessageType:
    """The type of a message that was let in."""
    return REGISTRY[found.mt]


def counts(found: Letter) -> bool:
    """Whether a message has an effect: an answer that was refused or rejected has none."""
    return found.state not in _VOID


def request_letter(c: Connection, jti: str) -> Letter | None:
    """The request itself, on whichever side this agency is."""
    return letter(c, "in", jti) or letter(c, "out", jti)


def closed_questions(c: Connection, request: Letter) -> frozenset[str]:
    """The questions that answers, nil returns and refusals have closed so far."""
    wants = manifest_of(request).wants or {}
    closed: set[str] = set()
    for found in answered_about(c, request.jti):
        if counts(found) and found.mt in REGISTRY:
            closed |= type_of(found).closes(manifest_of(found).f, wants)
    return frozenset(closed)


def request_facts(c: Connection, about: RequestRef | None) -> RequestFacts | None:
    """What is known of the request that a message is about; None for none, or an unknown one."""
    if about is None:
        return None
    request = request_letter(c, about.jti)
    if request is None:
        return None
    claims = manifest_of(request)
    if claims.wants is None:
        return None
    others = tuple(found for found in answered_about(c, request.jti) if counts(found))
    effects = [type_of(found).effect for found in others if found.mt in REGISTRY]
    granted = [
        manifest_of(f).attest.extension
        for f in others
        if f.mt in REGISTRY and type_of(f).effect is Effect.DECIDES_TIME
    ]
    closed = closed_questions(c, request)
    return RequestFacts(
        jti=request.jti,
        h=request.h,
        iss=claims.iss,
        aud=claims.recipient,
        conv=claims.conv,
        wants=claims.wants,
        purpose=claims.pol.purpose,
        subject_class=claims.subject_class,
        public_task_statement=bool(claims.attest.public_task_statement),
        open=counts(request)
        and not _ENDS.intersection(effects)
        and closed != frozenset(claims.wants),
        closed_questions=closed,
        queries=effects.count(Effect.STOPS_CLOCK),
        extension_days=sum(one.days for one in granted if one is not None and one.granted),
        due_at=due_of(newest_due(c, request.jti)),
    )
