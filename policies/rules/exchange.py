"""How a message fits the request that it is about: POL-32, 40, 42."""

from collections.abc import Iterator, Mapping

from policies.context import RequestFacts
from policies.pack_values import ExtensionRule
from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.directory_entry import OrganisationKind, Role
from schemas.encoding import JsonValue
from schemas.fields.refusal_reason import REFUSAL_MEANING
from schemas.messages.message_type import Direction, Effect
from schemas.problems import Code, Problem

__all__ = ["RULES"]

_POLICE = frozenset({OrganisationKind.POLICE_CTP, OrganisationKind.POLICE_FORCE})
# Who may be told to forget a request even when it was answered (domain 4.6, edge cases).
_EVEN_WHEN_CLOSED = frozenset({Effect.WITHDRAWS})


def _about(facts: Facts) -> Found:
    if facts.type is None:
        return None
    manifest, request = facts.manifest, facts.request
    if facts.asks:
        problems = []
        if manifest.req is not None:
            problems.append(Problem(Code.REQUEST_MISMATCH, "manifest.req"))
        if manifest.wants is None:
            problems.append(Problem(Code.MANIFEST_MISSING_MEMBER, "manifest.wants"))
        return tuple(problems)
    if manifest.wants is not None:
        return (Problem(Code.MANIFEST_UNKNOWN_MEMBER, "manifest.wants"),)
    if manifest.req is None or request is None:
        return (Problem(Code.REQUEST_UNKNOWN, "manifest.req"),)
    if (manifest.req.jti, manifest.req.h) != (request.jti, request.h):
        return (Problem(Code.REQUEST_MISMATCH, "manifest.req"),)
    return (*_parties(facts, request), *_state(facts, request))


def _parties(facts: Facts, request: RequestFacts) -> Iterator[Problem]:
    manifest = facts.manifest
    direction = None if facts.type is None else facts.type.direction
    ends = {
        Direction.TO_REQUESTER: ((request.aud,), (request.iss,)),
        Direction.TO_RESPONDER: ((request.iss,), (request.aud,)),
    }
    # The broker tells either of the two; that it is the broker is POL-29.
    senders, recipients = ends.get(
        direction or Direction.FROM_BROKER, ((manifest.iss,), (request.iss, request.aud))
    )
    if manifest.iss not in senders:
        yield Problem(Code.REQUEST_NOT_YOURS, "manifest.iss")
    if manifest.recipient not in recipients:
        yield Problem(Code.REQUEST_NOT_YOURS, "manifest.aud")


def _state(facts: Facts, request: RequestFacts) -> Iterator[Problem]:
    if facts.manifest.conv != request.conv:
        yield Problem(Code.REQUEST_MISMATCH, "manifest.conv")
    if not request.open and facts.effect not in _EVEN_WHEN_CLOSED:
        yield Problem(Code.REQUEST_CLOSED, "manifest.req")


def _time(facts: Facts) -> Found:
    request = facts.request
    if request is None or facts.rule is None:
        return None
    attest = facts.manifest.attest
    extension = facts.rule.extension
    match facts.effect:
        case Effect.STOPS_CLOCK:
            if request.queries and attest.clarification_accepted is not True:
                return (
                    Problem(Code.CLOCK_ALREADY_STOPPED, "manifest.attest.clarification_accepted"),
                )
            return NONE
        case Effect.ASKS_TIME if extension is not None:
            return tuple(_asked_time(facts, request, extension))
        case Effect.DECIDES_TIME if extension is not None:
            return tuple(_granted_time(facts, request, extension))
        case _:
            return None


def _asked_time(facts: Facts, request: RequestFacts, rule: ExtensionRule) -> Iterator[Problem]:
    asked = facts.manifest.attest.extension_days or 0
    if request.extension_days + asked > rule.supervisor:
        yield Problem(Code.EXTENSION_TOO_LONG, "manifest.attest.extension_days")
    if request.due_at is not None and facts.context.at > request.due_at:
        yield Problem(Code.EXTENSION_TOO_LATE, "manifest.req")


def _granted_time(facts: Facts, request: RequestFacts, rule: ExtensionRule) -> Iterator[Problem]:
    decision = facts.manifest.attest.extension
    if decision is None:
        return
    supervises = facts.manifest.from_.role is Role.LACC_SUP
    total = request.extension_days + decision.days
    if total > (rule.supervisor if supervises else rule.requester) or (
        decision.granted != (decision.days > 0)
    ):
        yield Problem(Code.EXTENSION_TOO_LONG, "manifest.attest.extension")


def _reasons(facts: Facts) -> Found:
    body = facts.body
    if body is None or not facts.answers:
        return None
    given = {"refusal.reason": body.get("refusal.reason")} | _withheld(body)
    codes = {reason.value for reason, one in REFUSAL_MEANING.items() if one.police_only}
    if not any(given.values()):
        return None
    if facts.sender.kind in _POLICE:
        return NONE
    return tuple(
        Problem(Code.REFUSAL_REASON_NOT_YOURS, where)
        for where, reason in given.items()
        if reason in codes
    )


def _withheld(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        name: item.get("reason")
        for name, item in body.items()
        if isinstance(item, dict) and item.get("state") == "withheld"
    }


RULES = (
    Rule(
        "POL-32",
        "A message fits the request that it is about: its reference, its two agencies, its case,"
        " and it is still open.",
        _about,
    ),
    Rule(
        "POL-40",
        "The clock stops once for a question, and more time stays within what requester and"
        " supervisor may give, asked for before it is due.",
        _time,
    ),
    Rule(
        "POL-42",
        "Prejudice to an investigation is a reason that only police may give.",
        body=_reasons,
    ),
)
