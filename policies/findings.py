"""What a rule found: for ``policy explain`` and for whoever must answer for a decision."""

from dataclasses import dataclass
from enum import StrEnum

from policies.roles import Place
from schemas.problems import Problem

__all__ = ["Finding", "Outcome"]


class Outcome(StrEnum):
    """What came of one rule."""

    PASSED = "passed"
    REFUSED = "refused"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED_HERE = "not_checked_here"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's result.

    Attributes:
        rule: Its number, such as ``POL-09``.
        places: Where the rule runs.
        sentence: What it says, in plain English.
        outcome: What came of it.
        found: What was found, in our words; never a value that was sent.
        remedies: What to do, one sentence for each problem; empty unless refused.
        problems: The problems; empty unless refused.
        pack: ``id version`` of the pack that was applied, or "none".

    """

    rule: str
    places: frozenset[Place]
    sentence: str
    outcome: Outcome
    found: str
    remedies: tuple[str, ...]
    problems: tuple[Problem, ...]
    pack: str
