"""Whether the pack itself may be relied on, and the purpose that it lists: POL-28, 30."""

from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.messages.message_type import Direction
from schemas.problems import Code, Problem

__all__ = ["RULES"]


def _in_force(facts: Facts) -> Found:
    pack, said = facts.context.pack, facts.manifest.pol
    if pack is None or (pack.id, pack.version, pack.h) != (said.id, said.ver, said.h):
        return (Problem(Code.PACK_UNKNOWN, "manifest.pol"),)
    problems = []
    if not pack.in_force(facts.context.at, facts.context.superseded_at):
        problems.append(Problem(Code.PACK_NOT_IN_FORCE, "manifest.pol.ver"))
    if not pack.countersigned:
        problems.append(Problem(Code.PACK_NOT_COUNTERSIGNED, "manifest.pol.id"))
    return tuple(problems)


def _purpose(facts: Facts) -> Found:
    if facts.rule is None or facts.type is None:
        return None
    purpose = facts.manifest.pol.purpose
    asked_for = None if facts.request is None else facts.request.purpose
    changed = (
        facts.type.direction is not Direction.FROM_BROKER
        and asked_for is not None
        and purpose != asked_for
    )
    if changed or purpose not in {one.value for one in facts.rule.purposes}:
        return (Problem(Code.PURPOSE_NOT_ALLOWED, "manifest.pol.purpose"),)
    return NONE


RULES = (
    Rule(
        "POL-28",
        "The policy pack is known, in force, and signed by data protection officers of two"
        " different sectors; otherwise nothing is sent.",
        _in_force,
    ),
    Rule(
        "POL-30",
        "The purpose is one that the type is for, and that of the request that it is about.",
        _purpose,
    ),
)
