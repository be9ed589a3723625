"""Attestations, marking, sign-off, onward sharing, retention: POL-11, 22, 26, 36, 37, 38, 41."""

from collections.abc import Iterator, Mapping

from policies.necessity import necessity_digest, necessity_of
from policies.retention import latest_until
from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.directory_entry import OrganisationKind
from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.field import Tag
from schemas.messages.message_type import Effect
from schemas.problems import Code, Problem

__all__ = ["RULES", "needs_signoff"]

_ONWARD = ("none", "originator_consent", "pack")
# These have a rule of their own, which says more about them.
_OWN_RULE = frozenset({"no_sensitive_info_s38_5", "residence_link", "signoff_ref"})


def _intelligence(facts: Facts) -> Found:
    problems = []
    if facts.manifest.marking.tier != "OFFICIAL":
        problems.append(Problem(Code.MARKING_TOO_HIGH, "manifest.marking.tier"))
    attested = facts.manifest.attest.no_sensitive_info_s38_5 is True
    if not attested and facts.sender.kind is not OrganisationKind.BROKER:
        problems.append(
            Problem(Code.ATTESTATION_MISSING, "manifest.attest.no_sensitive_info_s38_5")
        )
    return tuple(problems)


def _onward(facts: Facts) -> Found:
    if facts.manifest.orig is not None:
        return (Problem(Code.ONWARD_NOT_ALLOWED, "manifest.orig"),)
    if facts.rule is None:
        return None
    if _ONWARD.index(facts.manifest.onward) > _ONWARD.index(facts.rule.onward):
        return (Problem(Code.ONWARD_NOT_ALLOWED, "manifest.onward"),)
    return NONE


def _retention(facts: Facts) -> Found:
    if facts.rule is None or facts.pack is None:
        return None
    latest = latest_until(facts.pack, facts.rule, facts.manifest.subject_class, facts.on)
    if facts.manifest.retain_until > latest:
        return (Problem(Code.RETENTION_TOO_LONG, "manifest.retain_until"),)
    return NONE


def needs_signoff(facts: Facts) -> bool:
    """Tell whether somebody must have signed the message off before it was sent."""
    signoff = None if facts.rule is None else facts.rule.signoff
    if signoff is None:
        return False
    return signoff.when == "always" or (
        signoff.when == "special_category" and facts.special_category
    )


def _signoff(facts: Facts) -> Found:
    if not needs_signoff(facts):
        return None
    if facts.manifest.attest.signoff_ref is None:
        return (Problem(Code.ATTESTATION_SIGNOFF, "manifest.attest.signoff_ref"),)
    return NONE


def _attestations(facts: Facts) -> Found:
    if facts.rule is None:
        return None
    rule, attest = facts.rule.attest, facts.manifest.attest
    problems = [
        Problem(Code.ATTESTATION_REQUIRED, f"manifest.attest.{name}")
        for name in rule.required
        if name not in _OWN_RULE and getattr(attest, name) in (None, False)
    ]
    allowed = {*rule.required, *rule.allowed}
    problems += [
        Problem(Code.ATTESTATION_NOT_ALLOWED, f"manifest.attest.{name}")
        for name in sorted(attest.model_fields_set)
        if name not in allowed and getattr(attest, name) is not None
    ]
    return tuple(problems)


def _marking(facts: Facts) -> Found:
    if facts.rule is None:
        return None
    least, marking = facts.rule.marking, facts.manifest.marking
    problems = []
    if least.sensitive and not marking.sensitive:
        problems.append(Problem(Code.MARKING_TOO_LOW, "manifest.marking.sensitive"))
    if not set(least.handling) <= set(marking.handling):
        problems.append(Problem(Code.MARKING_TOO_LOW, "manifest.marking.handling"))
    return tuple(problems)


def _agreement_of_values(facts: Facts) -> Found:
    if facts.body is None or facts.type is None:
        return None
    return tuple(_disagreements(facts, facts.body))


def _disagreements(facts: Facts, body: Mapping[str, JsonValue]) -> Iterator[Problem]:
    attest, manifest = facts.manifest.attest, facts.manifest
    if set(body) != set(manifest.f):
        yield Problem(Code.ATTESTATION_DISAGREES, "manifest.f")
    match facts.effect:
        case Effect.OPENS:
            if list(necessity_of(body)) != list(manifest.wants or ()):
                yield Problem(Code.ATTESTATION_DISAGREES, "manifest.wants")
            if manifest.necessity is not None and manifest.necessity.h != necessity_digest(body):
                yield Problem(Code.ATTESTATION_DISAGREES, "manifest.necessity")
        case Effect.ASKS_TIME:
            if attest.extension_days != body.get("ext.days"):
                yield Problem(Code.ATTESTATION_DISAGREES, "manifest.attest.extension_days")
        case Effect.DECIDES_TIME:
            said = attest.extension
            pair = None if said is None else (said.granted, said.days)
            if pair != (body.get("ext.granted"), body.get("ext.days_granted")):
                yield Problem(Code.ATTESTATION_DISAGREES, "manifest.attest.extension")
        case Effect.TELLS:
            if attest.rung != body.get("dl.rung"):
                yield Problem(Code.ATTESTATION_DISAGREES, "manifest.attest.rung")
        case Effect.ANSWERS:
            yield from _denied(facts, body)
        case _:
            pass


def _denied(facts: Facts, body: Mapping[str, JsonValue]) -> Iterator[Problem]:
    """Find values held of a kind that the manifest says are not there."""
    attest = facts.manifest.attest
    held = frozenset(
        tag
        for name, item in body.items()
        if isinstance(item, dict) and item.get("state") == "held" and name in CATALOGUE
        for tag in CATALOGUE[name].tags
    )
    if Tag.SPECIAL_HEALTH in held and attest.special_category is False:
        yield Problem(Code.ATTESTATION_DISAGREES, "manifest.attest.special_category")
    if Tag.CRIMINAL in held and attest.criminal is False:
        yield Problem(Code.ATTESTATION_DISAGREES, "manifest.attest.criminal")


RULES = (
    Rule(
        "POL-11",
        "The sender attests that nothing comes from an intelligence service (section 38(5)), and"
        " nothing above OFFICIAL is sent.",
        _intelligence,
    ),
    Rule(
        "POL-22",
        "Nothing is passed on unless the originator's rule or consent allows it.",
        _onward,
    ),
    Rule(
        "POL-26",
        "Nothing is kept beyond the ceiling of its class without a recorded review.",
        _retention,
    ),
    Rule(
        "POL-36",
        "Where the pack wants a sign-off, the office named has signed before sending.",
        _signoff,
    ),
    Rule(
        "POL-37",
        "A message makes the attestations that its type needs, and no other.",
        _attestations,
    ),
    Rule(
        "POL-38",
        "A message is marked at least as its type wants.",
        _marking,
    ),
    Rule(
        "POL-41",
        "The values say what the manifest attests.",
        body=_agreement_of_values,
    ),
)
