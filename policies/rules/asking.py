"""How a request asks: POL-18, 19, 20, 39."""

import re
from collections.abc import Iterator
from datetime import date

from policies.necessity import necessity_of, own_words, statement_digest
from policies.retention import add_months
from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.encoding import JsonValue
from schemas.problems import Code, Problem

__all__ = ["RULES"]

_NAME_FIELDS = ("id.family_name", "id.given_names", "id.known_as")
# Several people in one name: a list, or "and" between names.
_SEVERAL = re.compile(r"[;,/&|+\n]|\d|\s(?:and|und|et)\s", re.IGNORECASE)


def _counted(facts: Facts) -> Found:
    if not facts.asks:
        return None
    necessity, wants = facts.manifest.necessity, facts.manifest.wants or {}
    if necessity is None or necessity.n != len(wants):
        return (Problem(Code.NECESSITY_INSUFFICIENT, "manifest.necessity"),)
    return NONE


def _in_own_words(facts: Facts) -> Found:
    if not facts.asks or facts.body is None or facts.pack is None:
        return None
    rule = facts.pack.necessity
    said = necessity_of(facts.body)
    seen = set(facts.context.recent_necessity)
    problems = [
        Problem(Code.NECESSITY_INSUFFICIENT, qid)
        for qid in (facts.manifest.wants or {})
        if qid not in said
    ]
    for place, text in enumerate(said.values()):
        own, _ = own_words(text, rule)
        repeated = statement_digest(text) in seen
        seen.add(statement_digest(text))
        right_length = rule.min_chars <= len(text) <= rule.max_chars
        if repeated or not right_length or len(own) < rule.own_words:
            problems.append(Problem(Code.NECESSITY_INSUFFICIENT, f"ask.questions/{place}"))
    return tuple(problems)


def _how_many(facts: Facts) -> Found:
    if not facts.asks or facts.pack is None:
        return None
    asked, limits = len(facts.manifest.wants or {}), facts.pack.limits
    if asked > limits.questions_approved:
        return (Problem(Code.APPROVAL_MISSING, "manifest.wants"),)
    if asked > limits.questions and facts.manifest.attest.supervisor_approval is None:
        return (Problem(Code.APPROVAL_MISSING, "manifest.attest.supervisor_approval"),)
    return NONE


def _how_far_back(facts: Facts) -> Found:
    if not facts.asks or facts.body is None or facts.pack is None:
        return None
    approved = facts.manifest.attest.supervisor_approval is not None
    limits = facts.pack.limits
    most = limits.window_months_approved if approved else limits.window_months
    return tuple(
        Problem(Code.APPROVAL_MISSING, f"ask.questions/{place}")
        for place, (first, last) in _windows(facts.body.get("ask.questions"))
        if last > add_months(first, most)
    )


def _windows(asked: JsonValue) -> Iterator[tuple[int, tuple[date, date]]]:
    for place, one in enumerate(asked if isinstance(asked, list) else ()):
        first, last = (
            one.get(name) if isinstance(one, dict) else None
            for name in ("window_from", "window_to")
        )
        # Another form was refused where the body was read.
        if isinstance(first, str) and isinstance(last, str):
            yield place, (date.fromisoformat(first), date.fromisoformat(last))


def _one_person(facts: Facts) -> Found:
    if not facts.asks or facts.body is None:
        return None
    return tuple(
        Problem(Code.SUBJECT_MORE_THAN_ONE, name)
        for name in _NAME_FIELDS
        if any(_SEVERAL.search(text) for text in _texts(facts.body.get(name)))
    )


def _texts(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    return (value,) if isinstance(value, str) else ()


def _days(facts: Facts) -> Found:
    if not facts.asks or facts.rule is None or facts.rule.deadline is None:
        return None
    rule, attest = facts.rule.deadline, facts.manifest.attest
    days, hours = attest.working_days, attest.elapsed_h
    if hours is not None:
        urgent = hours in rule.urgent_hours and facts.recipient.kind in rule.urgent_kinds
        if not urgent or days is not None:
            return (Problem(Code.DEADLINE_NOT_ALLOWED, "manifest.attest.elapsed_h"),)
    elif not rule.shortest <= (rule.default if days is None else days) <= rule.longest:
        return (Problem(Code.DEADLINE_NOT_ALLOWED, "manifest.attest.working_days"),)
    return NONE


RULES = (
    Rule(
        "POL-18",
        "Each question has a necessity statement in the asker's own words: long enough, not"
        " repeated, and more than a protected characteristic.",
        _counted,
        _in_own_words,
    ),
    Rule(
        "POL-19",
        "More questions or a longer time than usual need a supervisor's approval; beyond the"
        " ceiling nobody can approve.",
        _how_many,
        _how_far_back,
    ),
    Rule(
        "POL-20",
        "A request is about exactly one person.",
        body=_one_person,
    ),
    Rule(
        "POL-39",
        "The time to answer is one that the pack allows; hours only for those on duty around the"
        " clock.",
        _days,
    ),
)
