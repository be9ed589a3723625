"""The table of rules for people: ``docs/policy.md`` holds it, and a test holds it current."""

from policies.roles import Place
from policies.rules.register import RULES
from policies.rules.rule import Rule

__all__ = ["rules_table"]


def rules_table() -> str:
    """Write the rules as a Markdown table: number, sentence, where each runs."""
    lines = ["| rule | what it says | checked |", "|---|---|---|"]
    lines += [f"| {rule.id} | {rule.sentence} | {_where(rule)} |" for rule in RULES]
    return "\n".join(lines) + "\n"


def _where(rule: Rule) -> str:
    if rule.later is not None:
        return "later: needs the case's history"
    if Place.GATE not in rule.places:
        return "edges (values)"
    return "edges and gate" if rule.body is None else "edges and gate; values at the edges"
