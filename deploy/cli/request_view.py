"""What an enquiry would send, and what became of it, as a coordinator reads it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.edge import Edge
from adapters.gatherer.issue import AskedAlready, Issued
from adapters.gatherer.plan import Plan
from adapters.gatherer.wording import clock_time
from adapters.mailbox import short
from deploy.cli.acting import due_words, name_of, state_words
from deploy.cli.output import day_words, heading, local_time, say, show_table
from deploy.cli.problems import explain_problems, problem_facts
from policies.deadline import civil_date
from schemas.problems import Problem

__all__ = ["plan_facts", "show_issued", "show_plans", "without_id"]

_LEVELS = {
    "L0": "nothing of the concern",
    "L1": "the theme of the concern",
    "L2": "a summary of the concern",
}


def without_id(necessity: str, qid: str) -> str:
    """A necessity statement as a sentence: without the question's id at its beginning."""
    said = necessity.removeprefix(f"{qid}: ")
    return said[:1].upper() + said[1:]


def plan_facts(one: Plan) -> dict[str, Any]:
    """A plan as scripts read it; identifiers by name, no value of a person."""
    return {
        "agency": one.asking.agency,
        "name": one.name,
        "post": None if one.post is None else one.post.name_of_post,
        "questions": [
            {"id": q.id, "necessity": q.necessity, "fields": [f.id for f in q.fields]}
            for q in one.questions
        ],
        "identity": [f.id for f in one.identity],
        "concern_level": one.level,
        "due_at": None if one.due is None else one.due.due_at,
        "holidays": [{"day": h.day.isoformat(), "title": h.title} for h in one.holidays],
        "warnings": [w.says for w in one.warnings],
        "problems": problem_facts(one.problems),
        "may_go": one.may_go,
    }


def show_plans(plans: Sequence[Plan], now: datetime) -> None:
    """Print, agency by agency, what would be sent."""
    for number, one in enumerate(plans):
        if number:
            say()
        _show_plan(one, now)
    say()
    stopped = [one.name for one in plans if not one.may_go]
    say(
        f"Nothing was sent. Not possible like this: {', '.join(stopped)}."
        if stopped
        else "This is a preview: nothing was sent."
    )


def _show_plan(one: Plan, now: datetime) -> None:
    heading(one.name + ("" if one.may_go else ": CANNOT BE SENT"))
    post = "no post is known there" if one.post is None else one.post.name_of_post
    say(f"To: {post}", 2)
    if one.due is not None:
        say(f"Answer due: {local_time(one.due.due_at)} (London)", 2)
        if one.due.day_0 - civil_date(now) > timedelta():
            say(
                f"It is {clock_time(now)} on {day_words(now)}: the request counts as received on {one.due.day_0:%a} {one.due.day_0.day} {one.due.day_0:%b}.",
                2,
            )
    for day in one.holidays:
        say(f"{day.day:%a} {day.day.day} {day.day:%b} does not count: {day.title}", 2)
    if one.questions:
        told = ", ".join(field.label.lower() for field in one.identity)
        say(f"It is told who is meant: {told}; and {_LEVELS[one.level]}.", 2, 2)
    for question in one.questions:
        asked = ", ".join(f"{field.label} ({field.id})" for field in question.fields)
        say(f"{question.id}: {asked}", 2, 4)
        if question.necessity:
            say(without_id(question.necessity, question.id), 6)
    for warning in one.warnings:
        say(f"Note: {warning.says}", 2)
    if one.problems:
        say(explain_problems(one.problems, [question.id for question in one.questions]))


def show_issued(
    edge: Edge,
    found: Sequence[Issued],
    facts: Sequence[Mapping[str, Any]],
    questions: Mapping[str, Sequence[str]],
) -> None:
    """Print what became of each agency's part."""
    rows = [
        (
            short(one["id"]) if one["sent"] else "–",
            name_of(edge, one["agency"]),
            state_words(one["state"]) if one["sent"] else "not sent",
            due_words(one["due"]) if one["sent"] else "–",
        )
        for one in facts
    ]
    show_table(("reference", "agency", "state", "answer due"), rows)
    for issued, one in zip(found, facts, strict=True):
        _show_why(name_of(edge, issued.agency), issued, one, questions.get(issued.agency, ()))


def _show_why(
    name: str, issued: Issued, facts: Mapping[str, Any], questions: Sequence[str]
) -> None:
    for says in facts["warnings"]:
        if not isinstance(issued.outcome, AskedAlready):
            say(f"{name}: {says}", hanging=2)
    match issued.outcome:
        case AskedAlready(request=before):
            say(f"{name}: the same is open already as {short(before)}; --anew asks again.", 0, 2)
        case tuple():
            _explain(f"{name}: not sent.", issued.outcome, questions)
        case _ if facts["state"] == "refused":
            say(f"{name}: the broker refused it. `dovetail policy explain` tells why.", 0, 2)
            for one in facts["problems"]:
                say(f"{one['says']} {one['remedy']} ({one['code']})", 2, 2)
        case _:
            pass


def _explain(head: str, problems: tuple[Problem, ...], questions: Sequence[str]) -> None:
    say(head)
    say(explain_problems(problems, questions))
