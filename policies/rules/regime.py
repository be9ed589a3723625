"""Law enforcement and nations: POL-06, 07, 08, 23."""

from collections.abc import Mapping

from policies.lawful_basis import BasisKind, find
from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.encoding import JsonValue
from schemas.messages.message_type import Effect
from schemas.problems import Code, Problem

__all__ = ["RULES"]

_CHANNEL_ACT = "CTSA-"


def _competent(facts: Facts) -> Found:
    legal = facts.manifest.legal
    if "part3" not in {legal.regime, legal.recipient_regime}:
        return None
    problems = []
    if legal.regime == "part3" and not facts.sender.competent_authority:
        problems.append(Problem(Code.BASIS_REGIME, "manifest.legal.regime"))
    if legal.recipient_regime == "part3" and not facts.recipient.competent_authority:
        problems.append(Problem(Code.BASIS_REGIME, "manifest.legal.recipient_regime"))
    return tuple(problems)


def _crossing(facts: Facts) -> Found:
    legal = facts.manifest.legal
    if (legal.regime, legal.recipient_regime) != ("part3", "ukgdpr"):
        return None
    return NONE if legal.authority else (Problem(Code.BASIS_CROSSING, "manifest.legal.authority"),)


def _particulars(facts: Facts) -> Found:
    body = facts.body
    if body is None or facts.effect is not Effect.ANSWERS:
        return None
    wanted = facts.manifest.legal.regime == "part3"
    held = {
        name: item
        for name, item in ((name, body.get(name)) for name in facts.listed)
        if isinstance(item, dict) and item.get("state") == "held"
    }
    if not wanted and not any(_has_particulars(item) for item in held.values()):
        return None
    return tuple(
        Problem(Code.BASIS_PART3_METADATA, name)
        for name, item in held.items()
        if _has_particulars(item) is not wanted
    )


def _has_particulars(item: Mapping[str, JsonValue]) -> bool:
    p3 = item.get("p3")
    names = ("subject_category", "fact_or_assessment", "reliability", "as_at")
    return isinstance(p3, dict) and all(isinstance(p3.get(name), str) for name in names)


def _nations(facts: Facts) -> Found:
    if facts.pack is None or facts.rule is None or not facts.rule.personal_data:
        return None
    where = "manifest.legal.authority"
    authorities = facts.manifest.legal.authority
    bases = (find(BasisKind.AUTHORITY, code) for code in authorities)
    if any(basis is not None and facts.sender.nation not in basis.nations for basis in bases):
        return (Problem(Code.BASIS_JURISDICTION, where),)
    nations = {facts.sender.nation, facts.recipient.nation}
    if all(facts.pack.jurisdictions[nation].channel_sections for nation in nations):
        return NONE
    if any(code.startswith(_CHANNEL_ACT) for code in authorities):
        return (Problem(Code.BASIS_JURISDICTION, where),)
    if facts.manifest.attest.public_task_statement:  # its wording cites sections 36 to 38
        return (Problem(Code.BASIS_JURISDICTION, "manifest.attest.public_task_statement"),)
    return NONE


RULES = (
    Rule(
        "POL-06",
        "Only a competent authority sends or receives under Part 3.",
        _competent,
    ),
    Rule(
        "POL-07",
        "What crosses from Part 3 to UK GDPR names the law that authorises it.",
        _crossing,
    ),
    Rule(
        "POL-08",
        "Each item sent under Part 3 says what the person is in it, whether it is fact or"
        " assessment, how reliable it is and of which day; no other item does.",
        body=_particulars,
    ),
    Rule(
        "POL-23",
        "An authority is cited only where it extends; sections 36 and 38 never for Northern"
        " Ireland.",
        _nations,
    ),
)
