"""One case as one document, marked at top and bottom, and recorded with its hash before it is given.

Whoever holds the document can see what it is, where each value came from and how it may be used;
whoever holds the store can see that it was taken out, by whom and when.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapters.edge import Edge
from adapters.gatherer.answered import Answer, Provenance, answers
from adapters.gatherer.board import CaseView, Row, Telephone, case_view, telephone
from adapters.gatherer.cases import Case, find_case
from adapters.gatherer.notes import Note, NoteKind, write_note
from adapters.gatherer.wording import moment
from adapters.mailbox import letters
from adapters.request_facts import counts, manifest_of
from policies.calendar import BankHolidays
from schemas.encoding import JsonValue, instant_text
from schemas.fields.catalogue import CATALOGUE, QUESTIONS
from schemas.fields.refusal_reason import REFUSAL_MEANING
from schemas.fields.words import value_words
from schemas.problems import Code, Problem

__all__ = ["Exported", "export_case"]

Form = Literal["json", "text"]
_ONWARD = {
    "none": "not to be passed on",
    "originator_consent": "to be passed on only with the sender's consent",
    "pack": "to be passed on as the policy pack says",
}


@dataclass(frozen=True, slots=True, repr=False)
class Exported:
    """A document that was taken out.

    Attributes:
        data: UTF-8.
        sha256: Of ``data``, lower-case hex; as recorded.
        marking: The protective marking on it.
        name: A file name that says nothing of the case's content or person.

    """

    data: bytes
    sha256: str
    marking: str
    name: str


@dataclass(frozen=True, slots=True, repr=False)
class _Parts:
    case: Case
    view: CaseView
    given: tuple[Answer, ...]
    spoken: tuple[Telephone, ...]
    marking: str
    handling: str
    by: str
    at: datetime
    with_person: bool


def export_case(
    edge: Edge,
    reference: str,
    by: str,
    holidays: BankHolidays,
    *,
    form: Form = "text",
    kind: NoteKind = NoteKind.EXPORT,
    with_person: bool = False,
) -> Exported | tuple[Problem, ...]:
    """Take a case out as a document.

    Args:
        edge: Who leads gathering.
        reference: The case's local reference.
        by: Staff pseudonym of who takes it out.
        holidays: The list of bank holidays in force.
        form: ``json`` for programs, ``text`` for people.
        kind: ``EXPORT`` or ``PRINT``: what is recorded.
        with_person: Put the person's identity fields into it; otherwise the reference stands for
            the person.

    Returns:
        The document, which is recorded already; or that there is no such case.

    """
    now = edge.clock.now()
    with edge.store.read() as c:
        case = find_case(edge, c, reference)
        found = () if case is None else letters(c, conv=case.conv)
    view = case_view(edge, reference, holidays)
    if case is None or view is None:
        return (Problem(Code.REQUEST_UNKNOWN, "case.reference"),)
    marks = [manifest_of(one).marking for one in found if counts(one)]
    handling = sorted({caveat for mark in marks for caveat in mark.handling})
    marking = " | ".join(("OFFICIAL-SENSITIVE", *handling))
    parts = _Parts(
        case=case,
        view=view,
        given=answers(edge, reference),
        spoken=telephone(edge, reference),
        marking=marking,
        handling=edge.pack(now).types["information.request"].marking.means,
        by=by,
        at=now,
        with_person=with_person,
    )
    text = _json(parts) if form == "json" else "\n".join(_text(parts)) + "\n"
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    said: dict[str, JsonValue] = {
        "sha256": digest,
        "form": form,
        "bytes": len(data),
        "with_person": with_person,
    }
    with edge.store.change() as c:  # recorded first: what cannot be recorded is not given out
        write_note(edge, c, Note(case.conv, kind, by, now, said))
    ending = "json" if form == "json" else "txt"
    return Exported(data, digest, marking, f"dovetail-{case.conv[:8]}-{digest[:8]}.{ending}")


# ------------------------------------------------------------------------------- for programs
def _json(parts: _Parts) -> str:
    view = parts.view
    value: dict[str, JsonValue] = {
        "schema": "dovetail.case_export/1",
        "marking": parts.marking,
        "handling": parts.handling,
        "case": {
            "reference": parts.case.reference,
            "conv": parts.case.conv,
            "due_at": None if view.due_at is None else instant_text(view.due_at),
            "says": view.says,
            "person": {**parts.case.subject} if parts.with_person else None,
        },
        "taken_out": {"by": parts.by, "at": instant_text(parts.at)},
        "requests": [_row_json(row) for row in view.rows],
        "answers": [_answer_json(one) for one in parts.given],
        "telephone": [
            {
                "request": one.request,
                "agency": one.name,
                "by": one.by,
                "at": instant_text(one.at),
                "questions": list(one.questions),
                "text": one.text,
            }
            for one in parts.spoken
        ],
        "marking_end": parts.marking,
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _row_json(row: Row) -> JsonValue:
    standing = row.standing
    return {
        "request": standing.jti,
        "agency": standing.agency,
        "name": row.name,
        "stand": standing.stand.value,
        "says": row.says,
        "deadline": row.deadline,
        "due_at": None if standing.due_at is None else instant_text(standing.due_at),
        "late": standing.late,
        "questions": list(standing.questions),
        "open_questions": list(standing.open_questions),
        "refused": {qid: reason.value for qid, reason in standing.reasons.items()},
    }


def _answer_json(one: Answer) -> JsonValue:
    source = one.provenance
    return {
        "field": one.field,
        "label": one.label,
        "question": one.question,
        "state": one.state,
        "value": one.value,
        "kind": one.kind,
        "as_at": None if one.as_at is None else one.as_at.isoformat(),
        "source": one.source,
        "reason": None if one.reason is None else one.reason.value,
        "provenance": {
            "message": source.message,
            "request": source.request,
            "agency": source.agency,
            "name": source.name,
            "received_at": instant_text(source.received_at),
            "late": source.late,
            "confidence": source.confidence,
            "onward": source.onward,
            "retain_until": source.retain_until.isoformat(),
            "conditions": source.conditions,
        },
    }


# --------------------------------------------------------------------------------- for people
def _text(parts: _Parts) -> Iterator[str]:
    yield from (parts.marking, parts.handling, "")
    yield from (f"# Case {parts.case.reference}", "", f"{parts.view.says}.")
    yield from (f"Taken out at {moment(parts.at)} by {parts.by}.", "")
    if parts.with_person:
        yield "## The person"
        for name, value in parts.case.subject.items():
            yield from _value(CATALOGUE[name].label, value_words(CATALOGUE[name], value))
        yield ""
    for row in parts.view.rows:
        yield from _row_text(row, parts)
    yield parts.marking


def _row_text(row: Row, parts: _Parts) -> Iterator[str]:
    standing = row.standing
    yield f"## {row.name}: {row.says}"
    if row.deadline:
        yield f"{row.deadline}."
    yield f"Asked {', '.join(standing.questions)} in request {standing.jti}."
    given = [one for one in parts.given if one.provenance.request == standing.jti]
    for provenance in dict.fromkeys(one.provenance for one in given):
        yield from ("", _provenance(provenance))
        if provenance.conditions is not None:
            yield from _value("The sender's conditions", provenance.conditions)
        yield from _answers_text(one for one in given if one.provenance == provenance)
    for spoken in (one for one in parts.spoken if one.request == standing.jti):
        yield ""
        questions = ", ".join(spoken.questions)
        yield from _value(
            f"By telephone at {moment(spoken.at)}, taken down by {spoken.by} ({questions})",
            spoken.text,
        )
    yield ""


def _answers_text(given: Iterable[Answer]) -> Iterator[str]:
    question = ""
    for one in given:
        if one.question != question:
            question = one.question
            yield f"### {question}: {QUESTIONS[question].text}"
        match one.state:
            case "held":
                yield from _value(one.label, value_words(CATALOGUE[one.field], one.value))
                yield f"  ({one.kind}, as at {one.as_at}, from: {one.source})"
            case "not_held":
                yield f"- {one.label}: nothing held"
            case _:
                why = "" if one.reason is None else f" {REFUSAL_MEANING[one.reason].says}"
                yield f"- {one.label}: not shared.{why}"


def _provenance(one: Provenance) -> str:
    late = ", late" if one.late else ""
    sure = "" if one.confidence is None else f"; match {one.confidence}"
    return (
        f"Message {one.message} of {one.name}, received at {moment(one.received_at)}{late}{sure};"
        f" {_ONWARD[one.onward]}; to be erased by {one.retain_until.isoformat()}."
    )


def _value(label: str, value: str) -> Iterator[str]:
    """A value under its label; every further line is quoted, so that no value can look like ours."""
    first, *more = value.splitlines() or [""]
    if not more:
        yield f"- {label}: {first}"
        return
    yield f"- {label}:"
    yield from (f"  > {line}" for line in (first, *more))
