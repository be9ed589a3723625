"""One case as a document: marked at both ends, with provenance, recorded before it is given."""

import hashlib
import json

import pytest

from adapters.compose import Queued
from adapters.gatherer.board import board
from adapters.gatherer.enquiry import Asking
from adapters.gatherer.export import Exported, export_case
from adapters.gatherer.lead import take_down
from adapters.gatherer.notes import NoteKind, notes
from adapters.responder import answer
from schemas.problems import Code, Problem
from tests.adapters.gatherer.office import ACT, HAND, HOUSING, NOT_HELD, SCHOOL, Office, held

MARKING = "OFFICIAL-SENSITIVE | RECIPIENTS ONLY"


@pytest.fixture
def answered(office: Office) -> Office:
    """A case with one answer in part, one taken down by hand, one still open."""
    found = office.ask(Asking(agency=SCHOOL, questions=("E2", "E5")), Asking(agency=HOUSING))
    office.carry()
    office.later(hours=1)
    items = {
        "edu.attendance_pct": held({"current": 61, "previous": 97}),
        "edu.suspensions": NOT_HELD,
        "edu.behaviour_change": held("Quiet since May.\n## Forged heading", kind="opinion"),
        "edu.online_concern": NOT_HELD,
    }
    act = ACT.__class__(person="officer-0001", checked=True, signoff_ref="DSL/7")
    sent = answer(office.edge(SCHOOL), office.asked(SCHOOL, found[SCHOOL]), items, "exact", act)
    assert isinstance(sent, Queued), sent
    office.carry(SCHOOL)
    assert take_down(office.panel, found[HOUSING], "Tenant since 2019.", HAND) == ()
    return office


def taken(office: Office, **how: object) -> Exported:
    """Take the case out."""
    found = export_case(office.panel, "NS-2026-014", "lacc-0007", office.holidays, **how)  # type: ignore[arg-type]
    assert isinstance(found, Exported)
    return found


def test_the_text_is_marked_at_both_ends(answered: Office):
    """Whoever holds a page of it sees the marking first and last, and how to handle it."""
    lines = taken(answered).data.decode().splitlines()
    assert (lines[0], lines[-1]) == (MARKING, MARKING)
    assert lines[1].startswith("Only the people named may see it")


def test_the_text_says_what_each_agency_said_and_where_it_is_from(answered: Office):
    """Fact or opinion, as of when, from which system, in which message, to be erased when."""
    text = taken(answered).data.decode()
    assert "# Case NS-2026-014" in text
    assert "2 of 2 agencies answered." in text
    assert "## Oakfield School: Answered" in text
    assert "- Attendance: current: 61, previous: 97" in text
    assert "  (fact, as at 2026-11-13, from: Sample MIS)" in text
    assert "nothing held" in text
    assert "to be passed on only with the sender's consent" in text
    assert "taken down by lacc-0007" in text
    assert "Tenant since 2019." in text


def test_a_value_cannot_look_like_our_own_lines(answered: Office):
    """Text with line breaks is quoted, so that nobody can write a heading or a marking into it."""
    lines = taken(answered).data.decode().splitlines()
    assert "  > ## Forged heading" in lines
    assert "## Forged heading" not in lines


def test_programs_get_the_same_as_json(answered: Office):
    """One document with a schema, the marking first and last, values as they came."""
    value = json.loads(taken(answered, form="json").data)
    assert value["schema"] == "dovetail.case_export/1"
    assert (value["marking"], list(value)[-1], value["marking_end"]) == (
        MARKING,
        "marking_end",
        MARKING,
    )
    assert value["case"]["reference"] == "NS-2026-014"
    assert [one["field"] for one in value["answers"]] == [
        "edu.attendance_pct",
        "edu.suspensions",
        "edu.behaviour_change",
        "edu.online_concern",
    ]
    assert value["answers"][0]["provenance"]["agency"] == SCHOOL
    assert {one["agency"]: one["stand"] for one in value["requests"]} == {
        SCHOOL: "answered",
        HOUSING: "answered_by_telephone",
    }
    assert value["telephone"][0]["text"] == "Tenant since 2019."


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_person_is_in_it_only_when_asked_for(answered: Office, form: str):
    """The reference stands for the person unless the reader needs more."""
    assert b"Exemplar" not in taken(answered, form=form).data
    assert b"Exemplar" in taken(answered, form=form, with_person=True).data


@pytest.mark.parametrize("kind", [NoteKind.EXPORT, NoteKind.PRINT])
def test_taking_out_is_recorded_with_the_hash(answered: Office, kind: NoteKind):
    """Who took what out and when stands in the store, sealed; the hash proves which document."""
    found = taken(answered, kind=kind)
    assert found.sha256 == hashlib.sha256(found.data).hexdigest()
    conv = board(answered.panel, answered.holidays)[0].conv
    with answered.panel.store.read() as c:
        (note,) = notes(answered.panel, c, conv)
    assert (note.kind, note.by, note.at) == (kind, "lacc-0007", answered.clock.at)
    assert note.said == {
        "sha256": found.sha256,
        "form": "text",
        "bytes": len(found.data),
        "with_person": False,
    }


def test_the_file_name_says_nothing(answered: Office):
    """No name, no reference: a file name is seen by whoever sees the folder."""
    found = taken(answered, form="json")
    conv = board(answered.panel, answered.holidays)[0].conv
    assert found.name == f"dovetail-{conv[:8]}-{found.sha256[:8]}.json"
    assert found.marking == MARKING


def test_there_is_nothing_to_take_out_of_an_unknown_case(office: Office):
    """An unknown reference is a problem, and leaves no record."""
    found = export_case(office.panel, "NS-2026-999", "lacc-0007", office.holidays)
    assert found == (Problem(Code.REQUEST_UNKNOWN, "case.reference"),)
