"""All rules, in the order of their numbers: a line here for each file beside it."""

from policies.rules import (
    asking,
    basis,
    conditions,
    exchange,
    fields,
    handling,
    later,
    packs,
    parties,
    regime,
)
from policies.rules.rule import Rule

__all__ = ["BY_ID", "RULES"]

_FILES = (
    asking.RULES, basis.RULES, conditions.RULES, exchange.RULES, fields.RULES, handling.RULES,
    later.RULES, packs.RULES, parties.RULES, regime.RULES,
)  # fmt: skip

RULES: tuple[Rule, ...] = tuple(sorted((r for rules in _FILES for r in rules), key=lambda r: r.id))
BY_ID = {rule.id: rule for rule in RULES}
