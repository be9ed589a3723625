"""Values and forms in words: complete, and without the marks of a programming language."""

import pytest

from schemas.fields.catalogue import CATALOGUE
from schemas.fields.words import form_words, value_words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("edu.safeguarding_status", {"status": "early_help", "since": "2026-06-02"}, "status: early help, since: 2 June 2026"),
        ("edu.safeguarding_status", {"since": "2026-06-02", "status": "cin"}, "status: cin, since: 2 June 2026"),
        ("edu.attendance_pct", {"current": 64, "previous": 96}, "current: 64, previous: 96"),
        ("edu.suspensions", [{"date": "2026-09-28", "sessions": 4, "reason": "VP"}], "date: 28 September 2026, sessions: 4, reason: VP"),
        ("edu.suspensions", [], "none"),
        ("edu.protective_factors", ["Runs every week", "Close to an uncle"], "Runs every week; Close to an uncle"),
        ("edu.behaviour_change", "Says he_is not sure.\nThen quiet.", "Says he_is not sure.\nThen quiet."),
        ("hlt.known", {"status": "not_known"}, "status: not known"),
        ("hlt.known", {"status": "open", "last_contact": "2026-10"}, "status: open, last contact: October 2026"),
        ("hlt.engagement", "did_not_attend", "did not attend"),
        ("asc.harm_risk", True, "yes"),
        ("asc.harm_risk", False, "no"),
        ("pol.missing_episodes_24m", 3, "3"),
        ("id.known_as", ["Ro"], "Ro"),
        ("id.address_current", {"lines": ["Larchfield Row", "Northmere"], "uprn": "77", "postcode": "ZZ99 3AB"}, "Larchfield Row, Northmere, ZZ99 3AB, UPRN 77"),
        ("id.address_previous", [{"uprn": "77"}, {"postcode": "ZZ99 2PQ"}], "UPRN 77; ZZ99 2PQ"),
        ("edu.year_group", None, "–"),
        ("edu.attendance_pct", {"current": 64, "more_so": "x_y"}, "current: 64, more so: x_y"),
    ],
)  # fmt: skip
def test_values_in_words(name, value, words):
    """Codes lose their underscores, days and months are spelled, free text is left alone."""
    assert value_words(CATALOGUE[name], value) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hlt.engagement", "one of: good, partial, did_not_attend"),
        ("edu.attendance_pct", "an object with current: a whole number from 0 to 100; previous (may be left out): a whole number from 0 to 100"),
        ("edu.protective_factors", "a list of at most 5, each a text of at most 80 characters"),
        ("asc.harm_risk", "true or false"),
        ("id.dob", "a date, YYYY-MM-DD"),
        ("ask.public_task_statement", "a fixed text"),
        ("id.upn", "a text of a fixed form"),
        ("hlt.known", "an object with status: one of: open, closed, not_known; last_contact (may be left out): a month, YYYY-MM"),
    ],
)  # fmt: skip
def test_forms_in_words(name, words):
    """Whoever fills a field in by hand is told what it takes, codes as they must be typed."""
    assert form_words(CATALOGUE[name]) == words


@pytest.mark.parametrize("field", CATALOGUE.values(), ids=lambda field: field.id)
def test_every_field_has_words_for_its_form(field):
    """No form is left that only a programmer can read."""
    said = form_words(field)
    assert said
    assert not set(said) & set("{}[]'\"$")
