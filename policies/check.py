"""The only entry: is this message allowed, and why.

The same check runs at the sender before sealing, at the gate on the manifest, and at the
recipient after opening. What the pack does not list is refused. Nothing is fetched and no clock
is read, so a decision can be repeated: "would this have passed on 4 February 2026?" is the same
call with another ``at``.
"""

from collections.abc import Mapping

from policies.context import Context, RequestFacts
from policies.findings import Finding, Outcome
from policies.roles import Place
from policies.rules.facts import facts_of
from policies.rules.register import RULES
from policies.rules.rule import judge_rule
from schemas.encoding import JsonValue
from schemas.manifest import Manifest
from schemas.problems import Problem

__all__ = [
    "Context",
    "Finding",
    "Outcome",
    "Place",
    "RequestFacts",
    "check_body",
    "check_manifest",
    "explain",
]


def check_manifest(manifest: Manifest, context: Context) -> tuple[Problem, ...]:
    """Tell everything that policy has against a manifest.

    Args:
        manifest: As parsed; that its signatures hold is checked elsewhere.
        context: What is known of the world; ``place`` says who asks.

    Returns:
        No problem, or all of them, in the order of the rules. Each has the rule's number, and
        ``where`` is a name of ours or one that the pack lists, never what was sent.

    """
    facts = facts_of(manifest, context)
    found = (problem for rule in RULES for problem in rule.on_manifest(facts) or ())
    return tuple(dict.fromkeys(found))


def check_body(
    manifest: Manifest, body_fields: Mapping[str, JsonValue], context: Context
) -> tuple[Problem, ...]:
    """Tell everything that policy has against the values: rules that only an edge can run.

    Args:
        manifest: The manifest that the values belong to.
        body_fields: Field names to decoded JSON values, each already of its catalogue form.
        context: As for ``check_manifest``.

    Returns:
        No problem, or all of them, in the order of the rules.

    Raises:
        ValueError: Called at the gate, which must never see a value.

    """
    if context.place is Place.GATE:
        raise ValueError("the gate sees no values")
    facts = facts_of(manifest, context, body_fields)
    found = (problem for rule in RULES for problem in rule.on_body(facts) or ())
    return tuple(dict.fromkeys(found))


def explain(
    manifest: Manifest, context: Context, body_fields: Mapping[str, JsonValue] | None = None
) -> tuple[Finding, ...]:
    """Tell rule by rule what was found, for a person to read.

    Args:
        manifest: As for ``check_manifest``.
        context: As for ``check_manifest``.
        body_fields: The values where they are at hand (an edge); None otherwise.

    Returns:
        One finding per rule, in order. The problems of all refused findings are exactly those
        of ``check_manifest`` and, where values were given, ``check_body``.

    """
    facts = facts_of(manifest, context, body_fields)
    return tuple(judge_rule(rule, facts) for rule in RULES)
