"""What the broker knows of a message type."""

import pytest

from schemas.fields.catalogue import CATALOGUE
from schemas.messages.message_type import Direction, Effect
from schemas.messages.registry import REGISTRY

WANTS = {
    "E1": ["edu.enrolment_status", "edu.year_group"],
    "E2": ["edu.attendance_pct"],
}
E1, E2 = WANTS["E1"], WANTS["E2"]


@pytest.mark.parametrize(
    ("mt", "listed", "closed"),
    [
        ("information.response/1", [*E1, "rsp.match_confidence"], {"E1"}),
        ("information.response/1", [*E1, *E2, "rsp.match_confidence"], {"E1", "E2"}),
        ("information.response/1", ["edu.year_group"], set()),
        ("information.response/1", ["rsp.match_confidence"], set()),
        ("information.response/1", [*E1, "made.up"], {"E1"}),
        ("information.nil_return/1", ["nil.window"], {"E1", "E2"}),
        ("information.refusal/1", ["refusal.reviewer_role", "refusal.reason"], {"E1", "E2"}),
        ("information.refusal/1", ["refusal.reviewer_role", *E2], {"E2"}),
        ("information.redirect/1", ["red.reason", "red.post"], set()),
        ("information.withdrawal/1", ["wdr.reason"], set()),
        ("deadline.reminder/1", ["dl.rung"], set()),
    ],
)
def test_which_questions_a_message_closes(mt, listed, closed):
    """From names alone: an answer what it lists in full, a nil return or whole refusal everything."""
    assert REGISTRY[mt].closes(listed, WANTS) == closed


@pytest.mark.parametrize("kind", REGISTRY.values(), ids=lambda kind: kind.mt)
def test_a_request_alone_wants_and_needs_none(kind):
    """``wants`` and ``req`` exclude each other, and only a request opens."""
    opens = kind.mt == "information.request/1"
    assert kind.carries_wants is opens
    assert kind.needs_request is not opens
    assert (kind.effect is Effect.OPENS) is opens


@pytest.mark.parametrize("kind", REGISTRY.values(), ids=lambda kind: kind.mt)
def test_the_fields_of_a_type_are_in_the_catalogue(kind):
    """A type names only fields that exist, each either required or not, and none that answers."""
    assert kind.required | kind.optional <= CATALOGUE.keys()
    assert not kind.required & kind.optional
    assert not any(CATALOGUE[name].is_answer for name in kind.required | kind.optional)


def test_no_metadata_field_is_idle():
    """Every field that is neither answer nor identity has a type that carries it."""
    used = frozenset().union(*(kind.required | kind.optional for kind in REGISTRY.values()))
    plain = {f.id for f in CATALOGUE.values() if not f.is_answer and not f.is_identity}
    assert plain == used


@pytest.mark.parametrize(
    ("mt", "field_id", "may"),
    [
        ("information.request/1", "id.dob", True),
        ("information.request/1", "edu.year_group", False),
        ("information.clarification_reply/1", "id.dob", True),
        ("information.response/1", "id.dob", False),
        ("information.response/1", "edu.year_group", True),
        ("information.refusal/1", "edu.year_group", True),
        ("information.nil_return/1", "edu.year_group", False),
        ("information.response/1", "rsp.signoff", True),
        ("information.response/1", "rsp.match_confidence", True),
        ("deadline.reminder/1", "id.dob", False),
    ],
)
def test_which_fields_a_type_may_hold(mt, field_id, may):
    """Answers only where one answers or refuses, identity only where one asks or explains."""
    assert REGISTRY[mt].may_hold(CATALOGUE[field_id]) is may


def test_directions():
    """Deadlines come from the broker; of the rest the requester sends what steers a request."""
    sent = {
        d: {k.name.split(".")[1] for k in REGISTRY.values() if k.direction is d} for d in Direction
    }
    assert sent[Direction.FROM_BROKER] == {"reminder", "escalation", "recalculated"}
    assert sent[Direction.TO_RESPONDER] == {
        "request",
        "clarification_reply",
        "extension_decision",
        "withdrawal",
    }
