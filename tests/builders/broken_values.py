"""For every field of the catalogue, values that break one limit each."""

from typing import Any

from schemas.problems import Code
from tests.builders.values import ASKED, RISK, VALID

_LONG, _SHORT, _CHOICE = Code.FIELD_TOO_LONG, Code.FIELD_TOO_SHORT, Code.FIELD_NOT_A_CHOICE
_RANGE, _BAD, _MISSING = Code.FIELD_OUT_OF_RANGE, Code.FIELD_INVALID, Code.FIELD_MISSING
_DIFFERS = Code.FIELD_CONTRADICTS
_DIGIT, _CHARS = Code.FIELD_CHECK_DIGIT, Code.FIELD_CHARACTERS

_BROKEN_CONTACT = [
    ({}, _MISSING, "/role"),
    ({"role": "x" * 81}, _LONG, "/role"),
    ({"role": "x", "contact": "x" * 121}, _LONG, "/contact"),
]
_BROKEN_BEST = [
    ({"role": "x"}, _MISSING, "/why"),
    ({"role": "x" * 81, "why": "x"}, _LONG, "/role"),
    ({"role": "x", "why": "x" * 201}, _LONG, "/why"),
]
_BROKEN_POINTS = [
    ([], _SHORT, ""),
    (["x" * 81], _LONG, "/0"),
    ([str(n) for n in range(6)], _LONG, ""),
    (["a", "a"], _BAD, ""),
]
_BROKEN_RISK = [
    ({**RISK, "level": "severe"}, _CHOICE, "/level"),
    ({**RISK, "basis": "rumour"}, _CHOICE, "/basis"),
    ({"level": "low", "basis": "record"}, _MISSING, "/assessed_on"),
]
_BROKEN_CONCERN = [
    ({"note": "x"}, _MISSING, "/concern"),
    ({"concern": True, "note": "x" * 151}, _LONG, "/note"),
]
_BROKEN_CHOICE = [("no such choice", _CHOICE, "")]
_BROKEN_FLAG = [("true", _BAD, ""), (1, _BAD, "")]
_BROKEN_DATE = [
    ("2025-02-29", _BAD, ""),
    ("1899-12-31", _BAD, ""),
    ("2200-01-01", _BAD, ""),
    ("20250301", _BAD, ""),
    ("2025-03-01T00:00", _BAD, ""),
    (20250301, _BAD, ""),
]
_BROKEN_NAME = [
    ("", _SHORT, ""),
    ("x" * 101, _LONG, ""),
    (" x", _CHARS, ""),
    ("x\u202ey", _CHARS, ""),
    ("e\u0301", _CHARS, ""),
]
_BROKEN_INSTANT = [
    ("2026-11-23T17:00:00+00:00", _BAD, ""),
    ("2026-02-30T17:00:00Z", _BAD, ""),
    ("2026-11-23T17:00:00.5Z", _BAD, ""),
]


def _text(longest: int) -> list[tuple[Any, Code, str]]:
    return [("x" * (longest + 1), _LONG, ""), ("", _SHORT, ""), ("a\x00b", _CHARS, "")]


def _asked(**changes: Any) -> list[dict[str, Any]]:
    return [{**ASKED, **changes}]


# For every field: a value, the problem that it is refused for, and where within the field.
BROKEN: dict[str, list[tuple[Any, Code, str]]] = {
    "id.family_name": _BROKEN_NAME,
    "id.given_names": _BROKEN_NAME,
    "id.dob": _BROKEN_DATE,
    "id.known_as": [([], _SHORT, ""), (["a", "b", "c", "d"], _LONG, ""), (["a", "a"], _BAD, "")],
    "id.address_current": [
        ({"lines": ["1 Sample Street"]}, _MISSING, ""),
        ({"postcode": "AB12DE"}, _BAD, "/postcode"),
        ({"uprn": "0100"}, _BAD, "/uprn"),
        ({"uprn": "1" * 13}, _BAD, "/uprn"),
        ({"uprn": "1", "lines": ["a"] * 6}, _LONG, "/lines"),
    ],
    "id.address_previous": [([], _SHORT, ""), ([{"uprn": str(n)} for n in (1, 2, 3)], _LONG, "")],
    "id.postcode": [("ab1 2de", _BAD, ""), ("AB1  2DE", _BAD, ""), ("AB1 2CI", _BAD, "")],
    "id.upn": [
        ("B123456789012", _DIGIT, ""),
        ("A12345678901", _BAD, ""),
        ("I123456789012", _BAD, ""),
    ],
    "id.nhs_number": [
        ("9434765918", _DIGIT, ""),
        ("943 476 5919", _BAD, ""),
        (9434765919, _BAD, ""),
    ],
    "id.pnc_id": [("2004/0012345A", _DIGIT, ""), ("04/12345G", _BAD, "")],
    "id.setting_urn": [("012345", _BAD, ""), ("1000000", _BAD, ""), (100000, _BAD, "")],
    "id.sex_recorded": _BROKEN_CHOICE,
    "ask.questions": [
        ([], _SHORT, ""),
        (_asked() * 31, _LONG, ""),
        (_asked(necessity="x" * 39), _SHORT, "/0/necessity"),
        (_asked(necessity="x" * 401), _LONG, "/0/necessity"),
        (_asked(qid="E0"), _BAD, "/0/qid"),
        (_asked(less_intrusive_considered="no"), _CHOICE, "/0/less_intrusive_considered"),
        (_asked(window_to="2026-11-31"), _BAD, "/0/window_to"),
    ],
    "ask.public_task_statement": [("We would like to know.", _CHOICE, "")],
    "ask.concern_level": [("L3", _CHOICE, "")],
    "ask.concern_theme": [([], _SHORT, ""), (["islam"], _CHOICE, "/0")],
    "ask.concern_summary": _text(600),
    "ask.subject_informed": [({}, _MISSING, "/informed"), ({"informed": 1}, _BAD, "/informed")],
    "ask.contact_for_query": _BROKEN_CONTACT,
    "edu.enrolment_status": _BROKEN_CHOICE,
    "edu.year_group": [("15", _CHOICE, ""), (10, _CHOICE, "")],
    "edu.course_mode": _BROKEN_CHOICE,
    "edu.wellbeing_contact": _BROKEN_CONTACT,
    "edu.attendance_pct": [
        ({"current": 101}, _RANGE, "/current"),
        ({"current": -1}, _RANGE, "/current"),
        ({"current": 5, "previous": 101}, _RANGE, "/previous"),
        ({}, _MISSING, "/current"),
    ],
    "edu.suspensions": [
        ([{"date": "2026-03-02", "sessions": 0, "reason": "DB"}], _RANGE, "/0/sessions"),
        ([{"date": "2026-03-02", "sessions": 91, "reason": "DB"}], _RANGE, "/0/sessions"),
        ([{"date": "2026-03-02", "sessions": 1, "reason": "OT"}], _CHOICE, "/0/reason"),
        ([VALID["edu.suspensions"][0]] * 31, _LONG, ""),
    ],
    "edu.send_status": _BROKEN_CHOICE,
    "edu.send_primary_need": _BROKEN_CHOICE,
    "edu.safeguarding_status": [({"status": "care_leaver"}, _CHOICE, "/status")],
    "edu.behaviour_change": _text(500),
    "edu.online_concern": _text(300),
    "edu.peer_context": _text(200),
    "edu.family_engagement": _BROKEN_CHOICE,
    "edu.protective_factors": _BROKEN_POINTS,
    "edu.best_person_to_approach": _BROKEN_BEST,
    "edu.parent_aware": [(True, _CHOICE, "")],
    "hlt.known": [
        ({"status": "open", "last_contact": "2026-13"}, _BAD, "/last_contact"),
        ({"status": "not_known", "last_contact": "2026-10"}, _DIFFERS, ""),
    ],
    "hlt.service_type": [([], _SHORT, ""), (["gp"], _CHOICE, "/0"), (["ld", "ld"], _BAD, "")],
    "hlt.relevant_condition": _text(150),
    "hlt.neurodiversity": [
        ({"status": "diagnosed", "types": []}, _SHORT, "/types"),
        ({"status": "none", "types": ["adhd"]}, _DIFFERS, ""),
    ],
    "hlt.risk_to_self": _BROKEN_RISK,
    "hlt.risk_to_others": _BROKEN_RISK,
    "hlt.capacity_concern": _BROKEN_CONCERN,
    "hlt.engagement": _BROKEN_CHOICE,
    "hlt.adjustments": _text(150),
    "hlt.lead_professional": _BROKEN_CONTACT,
    "hlt.protective_factors": _BROKEN_POINTS,
    "hlt.confidentiality_basis": _BROKEN_CHOICE,
    "hlt.caldicott_ref": [({"ref": "x", "role": "x"}, _MISSING, "/date")],
    "hlt.patient_informed": [({"informed": False, "reason": "x"}, _CHOICE, "/reason")],
    "pol.relevant_offending": [
        ([{"category": "theft", "outcome": "nfa", "month": "2025-06"}], _CHOICE, "/0/outcome"),
        ([VALID["pol.relevant_offending"][0]] * 21, _LONG, ""),
    ],
    "pol.violence_or_weapons_marker": [({"marker": "no"}, _BAD, "/marker")],
    "pol.domestic_abuse_role": _BROKEN_CHOICE,
    "pol.visit_safety": [({"advice": "not_alone", "note": "x" * 151}, _LONG, "/note")],
    "pol.missing_episodes_24m": [(-1, _RANGE, ""), (1000, _RANGE, ""), (True, _BAD, "")],
    "pol.victim_of_hate_crime": _BROKEN_FLAG,
    "pol.court_or_bail_conditions": _text(150),
    "pol.previous_prevent_referrals": [
        ({"count": 100}, _RANGE, "/count"),
        ({**VALID["pol.previous_prevent_referrals"], "count": 0}, _DIFFERS, ""),
        ({"count": 1, "referrals": []}, _SHORT, "/referrals"),
    ],
    "pol.handling_conditions": _text(300),
    "csc.status": [({"status": "adopted"}, _CHOICE, "/status")],
    "csc.allocated_worker": _BROKEN_CONTACT,
    "csc.cp_category": _BROKEN_CHOICE,
    "csc.household": [
        ([VALID["csc.household"][0]] * 16, _LONG, ""),
        ([{**VALID["csc.household"][0], "name": "Sam"}], _BAD, "/0"),
    ],
    "csc.parental_responsibility": [
        ([VALID["csc.parental_responsibility"][0]] * 5, _LONG, ""),
        ([{"name": "Sam Exemplar"}], _MISSING, "/0/contact_safe"),
    ],
    "csc.court_orders": [
        (["none", "none"], _BAD, ""),
        (["none", "wardship"], _DIFFERS, ""),
        ([], _SHORT, ""),
    ],
    "csc.exploitation_risk": [
        ({"level": "some"}, _CHOICE, "/level"),
        ({"level": "none", "types": ["other"]}, _DIFFERS, ""),
    ],
    "csc.domestic_abuse_in_home": _BROKEN_CHOICE,
    "csc.missing_12m": [(-1, _RANGE, ""), (1000, _RANGE, "")],
    "csc.engagement": _BROKEN_CHOICE,
    "csc.strengths": _BROKEN_POINTS,
    "csc.best_person_to_approach": _BROKEN_BEST,
    "asc.status": _BROKEN_CHOICE,
    "asc.lead_worker": _BROKEN_CONTACT,
    "asc.care_and_support_needs": _BROKEN_FLAG,
    "asc.harm_risk": _BROKEN_FLAG,
    "asc.unable_to_protect": _BROKEN_FLAG,
    "asc.capacity_issue": _BROKEN_CONCERN,
    "asc.s42_enquiry": [
        ({"status": "closed", "outcome": "proven"}, _CHOICE, "/outcome"),
        ({"status": "none", "outcome": "risk_removed"}, _DIFFERS, ""),
        ({"status": "open", "outcome": "risk_removed"}, _DIFFERS, ""),
    ],
    "asc.living_situation": _BROKEN_CHOICE,
    "asc.engagement": _BROKEN_CHOICE,
    "asc.best_person_to_approach": _BROKEN_BEST,
    "hsg.tenure": _BROKEN_CHOICE,
    "hsg.status": _BROKEN_CHOICE,
    "hsg.household_counts": [({"adults": 31, "children": 0}, _RANGE, "/adults")],
    "hsg.eviction_risk": [({"at_risk": True, "month": "2027-1"}, _BAD, "/month")],
    "hsg.asb_case": [
        ({"part": "witness"}, _CHOICE, "/part"),
        ({"part": "none", "month": "2026-05"}, _DIFFERS, ""),
    ],
    "hsg.observed_concern": _text(150),
    "hsg.officer_contact": _BROKEN_CONTACT,
    "dst.community_safety_case": [
        ({"part": "witness"}, _CHOICE, "/part"),
        ({"part": "none", "month": "2026-05"}, _DIFFERS, ""),
    ],
    "dst.hate_incident_reporter": _BROKEN_FLAG,
    "dst.service_contact": _BROKEN_CONTACT,
    "yjs.status": [({"status": "none", "ends": "soon"}, _BAD, "/ends")],
    "yjs.relevant_offence_category": _BROKEN_CHOICE,
    "yjs.safety_wellbeing": _BROKEN_CHOICE,
    "yjs.rosh": _BROKEN_CHOICE,
    "yjs.slcn": _BROKEN_FLAG,
    "yjs.engagement": _BROKEN_CHOICE,
    "yjs.conditions": _text(150),
    "yjs.worker": _BROKEN_CONTACT,
    "prb.status": [({"status": "parole"}, _CHOICE, "/status")],
    "prb.rosh_level": _BROKEN_CHOICE,
    "prb.mappa": [
        ({"level": 4}, _CHOICE, "/level"),
        ({"level": 0, "category": 1}, _DIFFERS, ""),
        ({"level": 1, "category": 0}, _CHOICE, "/category"),
    ],
    "prb.tact_related": _BROKEN_FLAG,
    "prb.licence_conditions_relevant": _text(150),
    "prb.officer": _BROKEN_CONTACT,
    "ack.handler_role": _BROKEN_CHOICE,
    "ack.contact": _BROKEN_CONTACT,
    "rsp.match_confidence": [("none", _CHOICE, "")],
    "rsp.signoff": [({"role": "SIGNOFF", "ref": "x", "date": "2026-02-30"}, _BAD, "/date")],
    "nil.searched_systems": [([], _SHORT, ""), (["other", "other"], _BAD, "")],
    "nil.window": [({"from_on": "2026-01-01"}, _MISSING, "/to_on")],
    "nil.match_confidence": _BROKEN_CHOICE,
    "refusal.reason": _BROKEN_CHOICE,
    "refusal.reviewer_role": _BROKEN_CHOICE,
    "refusal.explanation": _text(300),
    "cla.reason": _BROKEN_CHOICE,
    "cla.questions": [([], _SHORT, ""), (["E1", "E1"], _BAD, ""), (["e1"], _BAD, "/0")],
    "cla.query": _text(300),
    "cla.reply": _text(600),
    "red.reason": _BROKEN_CHOICE,
    "red.post": _BROKEN_CONTACT,
    "red.organisation": [
        ({"agency": "sample-school", "name": "Sample School"}, _BAD, "/agency"),
        ({"agency": "urn:dovetail:org:" + "a" * 65, "name": "x"}, _LONG, "/agency"),
        ({"role": "AIO"}, _MISSING, "/name"),
    ],
    "ext.days": [(0, _RANGE, ""), (11, _RANGE, "")],
    "ext.reason": _BROKEN_CHOICE,
    "ext.granted": _BROKEN_FLAG,
    "ext.days_granted": [(-1, _RANGE, ""), (11, _RANGE, "")],
    "ext.decision_reason": _BROKEN_CHOICE,
    "wdr.reason": _BROKEN_CHOICE,
    "wdr.erase_by": _BROKEN_DATE,
    "dl.rung": _BROKEN_CHOICE,
    "dl.due_at": _BROKEN_INSTANT,
    "dl.working_days": [(-100, _RANGE, ""), (100, _RANGE, "")],
    "dl.old_due_at": _BROKEN_INSTANT,
    "dl.new_due_at": _BROKEN_INSTANT,
    "dl.calendar_version": [("", _BAD, ""), ("a" * 41, _BAD, "")],
}
