"""Which fields may be asked, told and answered: POL-09, 10, 33, 34, 35, 27."""

from policies.rules.facts import Facts, known
from policies.rules.rule import NONE, Found, Rule
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.prohibited import lint
from schemas.problems import Code, Problem

__all__ = ["RULES"]

_LEVELS = ("L0", "L1", "L2")
_TELLS = {"ask.concern_theme": "L1", "ask.concern_summary": "L2"}


def _asked_and_allowed(facts: Facts) -> Found:
    if facts.pack is None or facts.type is None:
        return None
    if facts.asks:
        may = facts.pack.may_ask(facts.recipient.kind)
        return tuple(
            Problem(Code.FIELD_NOT_ALLOWED, known(name, "manifest.wants"))
            for qid, names in (facts.manifest.wants or {}).items()
            for name in names
            if name not in may or may[name].question != qid
        )
    if not facts.listed:
        return None
    if not facts.answers:
        return tuple(Problem(Code.FIELD_NOT_ALLOWED, name) for name in facts.listed)
    return _answered(facts)


def _answered(facts: Facts) -> Found:
    if facts.pack is None or facts.request is None:
        return None
    may = facts.pack.may_ask(facts.sender.kind)
    asked = {name for names in facts.request.wants.values() for name in names}
    problems = [Problem(Code.FIELD_NOT_ASKED, name) for name in facts.listed if name not in asked]
    problems += [
        Problem(Code.FIELD_NOT_ALLOWED, name)
        for name in facts.listed
        if name in asked and name not in may
    ]
    return tuple(problems)


def _whole_questions(facts: Facts) -> Found:
    request = facts.request
    if request is None or facts.pack is None or not facts.answers or not facts.listed:
        return None
    listed = set(facts.listed)
    # A field that a newer pack took away since it was asked can be left out, and must be (POL-09).
    may = facts.pack.may_ask(facts.sender.kind)
    problems: list[Problem] = []
    for qid, wanted in request.wants.items():
        if not listed.intersection(wanted):
            continue
        if qid in request.closed_questions:
            problems.append(Problem(Code.QUESTION_CLOSED, qid))
        problems += [
            Problem(Code.FIELD_NOT_ANSWERED, name)
            for name in wanted
            if name not in listed and name in may
        ]
    return tuple(problems)


def _identity(facts: Facts) -> Found:
    told = [n for n in facts.manifest.f if n in CATALOGUE and CATALOGUE[n].is_identity]
    if facts.type is None or (not told and not facts.asks):
        return None
    if not facts.asks or facts.pack is None:
        return tuple(Problem(Code.FIELD_NOT_FOR_RECIPIENT, name) for name in told)
    sector = facts.pack.sector_of(facts.recipient.kind)
    allowed = facts.pack.sectors[sector].identity if sector is not None else {}
    asked = set(facts.manifest.wants or ())
    return tuple(
        Problem(Code.FIELD_NOT_FOR_RECIPIENT, name)
        for name in told
        if name not in allowed
        or (allowed[name].with_questions and not asked.intersection(allowed[name].with_questions))
    )


def _own_fields(facts: Facts) -> Found:
    if facts.rule is None or facts.type is None:
        return None
    problems = []
    for name in facts.manifest.f:
        field = CATALOGUE.get(name)
        if field is None:
            problems.append(Problem(Code.FIELD_UNKNOWN, "manifest.f"))
        elif not field.is_answer and not field.is_identity and name not in facts.rule.fields:
            problems.append(Problem(Code.FIELD_NOT_FOR_TYPE, name))
    problems += [
        Problem(Code.FIELD_MISSING, name)
        for name, one in facts.rule.fields.items()
        if one.required and name not in facts.manifest.f
    ]
    return tuple(dict.fromkeys(problems))


def _most_told(facts: Facts) -> str | None:
    if not facts.asks or facts.pack is None:
        return None
    sector = facts.pack.sector_of(facts.recipient.kind)
    return None if sector is None else facts.pack.sectors[sector].concern.most


def _concern_named(facts: Facts) -> Found:
    most = _most_told(facts)
    if most is None:
        return None
    return tuple(
        Problem(Code.FIELD_NOT_FOR_RECIPIENT, name)
        for name, level in _TELLS.items()
        if name in facts.manifest.f and _LEVELS.index(level) > _LEVELS.index(most)
    )


def _concern_told(facts: Facts) -> Found:
    most = _most_told(facts)
    level = (facts.body or {}).get("ask.concern_level")
    if most is None or not isinstance(level, str) or level not in _LEVELS:
        return None
    if _LEVELS.index(level) > _LEVELS.index(most):
        return (Problem(Code.FIELD_NOT_FOR_RECIPIENT, "ask.concern_level"),)
    return NONE


def _prohibited(facts: Facts) -> Found:
    problems: list[Problem] = []
    for name, value in (facts.body or {}).items():
        field = CATALOGUE.get(name)
        if field is None:
            continue
        if field.is_answer and isinstance(value, dict):
            problems += lint(field, value.get("value"))
        else:
            problems += lint(field, value)
    return tuple(problems)


RULES = (
    Rule(
        "POL-09",
        "Only fields that the pack lists for this agency are asked, and only fields that were"
        " asked are answered.",
        _asked_and_allowed,
    ),
    Rule(
        "POL-10",
        "An agency is told only the identifiers of its own sector.",
        _identity,
    ),
    Rule(
        "POL-27",
        "No text carries what must never be sent: immigration status, religion as practised,"
        " sexual health, browsing history, other people's names.",
        body=_prohibited,
    ),
    Rule(
        "POL-33",
        "A message carries the fields of its type: every required one, and no other.",
        _own_fields,
    ),
    Rule(
        "POL-34",
        "An answer closes whole questions, each once: all fields that were asked under them.",
        _whole_questions,
    ),
    Rule(
        "POL-35",
        "An agency is told no more of the concern than its sector needs.",
        _concern_named,
        _concern_told,
    ),
)
