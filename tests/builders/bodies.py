"""Valid fields of every message type, and items, each with one thing changed."""

from typing import Any

from schemas.messages.registry import REGISTRY
from tests.builders.values import VALID

_HEALTH = ("hlt.confidentiality_basis", "hlt.caldicott_ref", "hlt.patient_informed")

# What a type needs beside the fields that it always has.
_MORE: dict[str, tuple[str, ...]] = {
    "information.request/1": ("id.family_name", "id.given_names", "id.dob", "ask.concern_theme"),
    "information.refusal/1": ("refusal.reason",),
    "information.redirect/1": ("red.post",),
}
_OTHER: dict[str, dict[str, Any]] = {
    "deadline.escalation/1": {"dl.rung": "e1", "dl.working_days": -1},
}


def item(value: object, **changes: object) -> dict[str, Any]:
    """A held item around a value; a change to None leaves the member out."""
    held = {
        "state": "held",
        "value": value,
        "kind": "fact",
        "as_at": "2026-11-01",
        "source": "Sample MIS",
        **changes,
    }
    return {name: member for name, member in held.items() if member is not None}


def fields_of(mt: str, **changes: object) -> dict[str, Any]:
    """Valid fields of a type; ``a__b`` stands for ``a.b``, and None leaves a field out."""
    kind = REGISTRY[mt]
    fields = {name: VALID[name] for name in (*sorted(kind.required), *_MORE.get(mt, ()))}
    if mt == "information.response/1":
        fields["edu.enrolment_status"] = item("on_roll")
    fields |= _OTHER.get(mt, {})
    fields |= {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in fields.items() if value is not None}


def health_fields(**changes: object) -> dict[str, Any]:
    """Valid fields of a health service's response."""
    more = {name.replace(".", "__"): VALID[name] for name in _HEALTH}
    answer = {"hlt__known": item(VALID["hlt.known"]), "edu__enrolment_status": None}
    return fields_of("information.response/1", **{**more, **answer, **changes})
