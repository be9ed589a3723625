"""Problems as the person at the command line meets them: each once, in words, with what to type."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.cli.output import wrapped
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.words import form_words
from schemas.problems import Code, Problem

__all__ = ["explain_problems", "problem_facts"]

#: Where something is missing or wrong -> the option that gives it.
_OPTIONS: Mapping[str, str] = {
    "asking": "--to (no agency twice)",
    "because": "--because",
    "case.reference": "--case (letters, digits and - . / _; no spaces, and not a name)",
    "ask.concern_level": "--concern-level",
    "ask.concern_summary": "--summary-file",
    "ask.concern_theme": "--theme",
    "ask.questions": "--ask",
    "manifest.attest.elapsed_h": "--hours",
    "manifest.attest.no_sensitive_info_s38_5": "--checked",
    "manifest.attest.signoff_ref": "--signoff",
    "manifest.attest.supervisor_approval": "--approval",
    "manifest.attest.third_party_checked": "--checked",
    "manifest.attest.working_days": "--days",
    "manifest.aud": "--to",
    "manifest.subject_class": "--subject-class",
    "manifest.attest.clarification_accepted": "a second question",
    "manifest.attest.extension": "--days",
    "manifest.attest.extension_days": "--days",
    "manifest.req": "the request",
    "information.extension_request": "the request for time",
    "information.response": "the answer",
    "hlt.confidentiality_basis": "--confidentiality",
    "hlt.caldicott_ref": "--signoff",
    "hlt.patient_informed": "--informed or --not-informed",
    "nil.searched_systems": "--searched",
    "nil.window": "--since",
    "cla.questions": "--question",
    "cla.query": "--query",
    "red.post": "--post",
    "red.organisation": "--name",
    "refusal.explanation": "--explain",
    "rsp.signoff": "--signoff",
}
_NEEDS_VALUE = frozenset(
    {
        Code.FIELD_NOT_A_CHOICE,
        Code.FIELD_INVALID,
        Code.FIELD_MISSING,
        Code.FIELD_TOO_LONG,
        Code.FIELD_OUT_OF_RANGE,
    }
)
_MOST_PLACES = 12
#: What a code alone does not say, but whoever types would want to know.
_HINTS: Mapping[Code, str] = {
    Code.NECESSITY_INSUFFICIENT: (
        "The words of --because are too few, or were used in another case: say what is so in this one."
    ),
}


def explain_problems(problems: Iterable[Problem], questions: Sequence[str] = ()) -> str:
    """Each kind of problem once: where, what is wrong, what to do, rule and code.

    Args:
        problems: Any; several of one kind are told together.
        questions: Ids of the questions in the order in which they were asked, so that the third
            is called by its id.

    """
    groups: dict[tuple[Code, str | None], list[str]] = {}
    for one in problems:
        places = groups.setdefault((one.code, one.rule), [])
        if one.where is not None and one.where not in places:
            places.append(one.where)
    return "\n".join(
        _told(Problem(code, None, rule), places, questions)
        for (code, rule), places in groups.items()
    )


def problem_facts(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems as scripts read them."""
    return [
        {
            "code": one.code.value,
            "where": one.where,
            "rule": one.rule,
            "says": one.meaning.says,
            "remedy": one.meaning.remedy,
        }
        for one in problems
    ]


def _told(kind: Problem, places: Sequence[str], questions: Sequence[str]) -> str:
    rule = f"{kind.rule}, " if kind.rule else ""
    names = list(dict.fromkeys(_name(place, questions) for place in places))
    more = f" and {len(names) - _MOST_PLACES} more" if len(names) > _MOST_PLACES else ""
    head = f"{', '.join(names[:_MOST_PLACES])}{more}: " if names else ""
    says = f"{head}{kind.meaning.says} {kind.meaning.remedy} ({rule}{kind.code})"
    told = [wrapped(says, 2, 2)]
    if kind.code in _HINTS:
        told.append(wrapped(_HINTS[kind.code], 4, 2))
    if kind.code in _NEEDS_VALUE:
        forms = dict.fromkeys(place.split("/")[0] for place in places)
        told += [
            wrapped(f"{name} is {form_words(CATALOGUE[name])}.", 4, 2)
            for name in forms
            if name in CATALOGUE and not name.startswith("ask.")
        ]
    return "\n".join(told)


def _name(place: str, questions: Sequence[str]) -> str:
    """A place as a person knows it: an option, a question, or a field by its label."""
    head, _, rest = place.partition("/")
    number = rest.split("/")[0]
    if head == "ask.questions" and number.isdecimal() and int(number) < len(questions):
        return questions[int(number)]
    if head in _OPTIONS:
        return _OPTIONS[head]
    if head in CATALOGUE:
        part = f", {rest}" if rest else ""
        return f"{CATALOGUE[head].label} ({head}{part})"
    return place
