"""What a rule is, and how its result is told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from policies.findings import Finding, Outcome
from policies.roles import Place
from policies.rules.facts import Facts
from schemas.problems import Problem

__all__ = ["BOTH", "EDGE_ONLY", "NONE", "Check", "Found", "Rule", "judge_rule"]

# None: the rule does not concern this message. Otherwise the problems, perhaps none.
Found: TypeAlias = tuple[Problem, ...] | None
Check: TypeAlias = Callable[[Facts], Found]

NONE: tuple[Problem, ...] = ()
BOTH = frozenset(Place)
EDGE_ONLY = frozenset({Place.EDGE})


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy rule.

    Attributes:
        id: Its number. 01 to 28 are those of domain 3.3; later ones are ours (decision 0010).
        sentence: What it says, in plain English.
        manifest: What can be checked on names and attestations, at the gate and both edges.
        body: What needs values: at the edges only.
        later: Why it is not checked in this version; then neither check stands.

    """

    id: str
    sentence: str
    manifest: Check | None = None
    body: Check | None = None
    later: str | None = None

    @property
    def places(self) -> frozenset[Place]:
        """Where the rule runs; nowhere yet for a rule that comes later."""
        if self.later is not None:
            return frozenset()
        return BOTH if self.manifest is not None else EDGE_ONLY

    def on_manifest(self, facts: Facts) -> Found:
        """Check names and attestations; problems carry the rule's number."""
        return None if self.manifest is None else self._numbered(self.manifest(facts))

    def on_body(self, facts: Facts) -> Found:
        """Check values, where they are at hand."""
        if self.body is None or facts.body is None:
            return None
        return self._numbered(self.body(facts))

    def _numbered(self, found: Found) -> Found:
        return tuple(replace(one, rule=self.id) for one in found) if found else found


def judge_rule(rule: Rule, facts: Facts) -> Finding:
    """Tell the result of one rule."""
    on_manifest, on_body = rule.on_manifest(facts), rule.on_body(facts)
    problems = tuple(dict.fromkeys((*(on_manifest or ()), *(on_body or ()))))
    needs_values = rule.body is not None and facts.body is None
    if rule.later is not None:
        outcome, found = Outcome.NOT_CHECKED_HERE, rule.later
    elif problems:
        outcome, found = Outcome.REFUSED, _said(problems)
    elif rule.manifest is None and needs_values:
        outcome, found = Outcome.NOT_CHECKED_HERE, "It needs values, which only the edges see."
    elif on_manifest is None and on_body is None:
        outcome, found = Outcome.NOT_APPLICABLE, "It does not concern this message."
    elif needs_values:
        outcome = Outcome.PASSED
        found = "Nothing stands against it in the manifest; the edges check the values as well."
    else:
        outcome, found = Outcome.PASSED, "Nothing stands against it."
    remedies = tuple(dict.fromkeys(one.meaning.remedy for one in problems))
    return Finding(
        rule.id, rule.places, rule.sentence, outcome, found, remedies, problems, facts.pack_name
    )


def _said(problems: Iterable[Problem]) -> str:
    return " ".join(
        one.meaning.says if one.where is None else f"{one.meaning.says} ({one.where})"
        for one in problems
    )
