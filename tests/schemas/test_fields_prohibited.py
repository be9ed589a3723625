"""What may never be a field, and signs of it in free text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields.catalogue import CATALOGUE
from schemas.fields.field import Tag
from schemas.fields.prohibited import PROHIBITED, PROHIBITED_ANYWHERE, lint, prohibited_id
from schemas.fields.sector import Sector
from schemas.problems import Code, Problem
from tests.builders.values import BEST, VALID

PEERS = "edu.peer_context"
SUMMARY = "ask.concern_summary"


@pytest.mark.parametrize(
    ("field_id", "concept"),
    [
        ("edu.ethnicity", "ethnicity or race"),
        ("id.religion", "religion, belief or their practice"),
        ("csc.nationality", "nationality or immigration status"),
        ("edu.exam_grades", "attainment"),
        ("edu.fsm", "family income"),
        ("hlt.sexual_health", "sexual or reproductive health"),
        ("hlt.medication_list", "medication"),
        ("pol.intelligence", "intelligence and its sources"),
        ("pol.associates", "associates"),
        ("csc.adoption", "adoption"),
        ("asc.finances", "finances"),
        ("hsg.rent_account", "money"),
        ("dst.council_tax", "money"),
        ("yjs.assessment", "assessments"),
        ("prb.assessment", "assessments"),
        ("edu.attachments", "attachments"),
        ("hlt.exam", None),
        ("edu.grace", None),
    ],
)
def test_ids_that_may_never_be_added(field_id, concept):
    """A field id that names something prohibited is recognised, by whole words and per sector."""
    assert prohibited_id(field_id) == concept


def test_every_sector_has_a_list():
    """The domain says for every sector what is never asked; so does the list, in usable words."""
    assert PROHIBITED.keys() == set(Sector)
    for entries in (PROHIBITED_ANYWHERE, *PROHIBITED.values()):
        for entry in entries:
            assert entry.concept
            assert all(word == word.lower() and " " not in word for word in entry.words)


SIGNS = [
    (Code.TEXT_IDENTIFIER, "NHS number 943 476 5919"),
    (Code.TEXT_IDENTIFIER, "number 9434765919 on file"),
    (Code.TEXT_IDENTIFIER, "UPN A123456789012"),
    (Code.TEXT_IDENTIFIER, "NINO QQ 12 34 56 C".replace("QQ", "AB")),
    (Code.TEXT_IDENTIFIER, "record 2004/0012345D"),
    (Code.TEXT_CONTACT, "write to someone@example.org"),
    (Code.TEXT_CONTACT, "posts as @someone_x"),
    (Code.TEXT_CONTACT, "see https://example.org/x"),
    (Code.TEXT_CONTACT, "see www.example.org"),
    (Code.TEXT_CONTACT, "mobile 07700 900123"),
    (Code.TEXT_CONTACT, "call +44 20 7946 0958"),
    (Code.TEXT_CONTACT, "lives at AB1 2DE"),
    (Code.TEXT_NAME, "spoke to Mr Exemplar"),
    (Code.TEXT_NAME, "with a friend Sam on most days"),
    (Code.TEXT_NAME, "an older boy called Sam"),
    (Code.TEXT_IMMIGRATION, "has indefinite leave to remain"),
    (Code.TEXT_IMMIGRATION, "Immigration status is unclear"),
    (Code.TEXT_IMMIGRATION, "the family are refugees"),
    (Code.TEXT_IMMIGRATION, "he is an asylum seeker"),
    (Code.TEXT_IMMIGRATION, "father's visa expired"),
    (Code.TEXT_IMMIGRATION, "no recourse to public funds"),
    (Code.TEXT_RELIGIOUS_PRACTICE, "She prays at lunch"),
    (Code.TEXT_RELIGIOUS_PRACTICE, "now wears a hijab"),
    (Code.TEXT_RELIGIOUS_PRACTICE, "has grown a long beard"),
    (Code.TEXT_RELIGIOUS_PRACTICE, "attends the local mosque"),
    (Code.TEXT_RELIGIOUS_PRACTICE, "goes to church on weekdays"),
    (Code.TEXT_RELIGIOUS_PRACTICE, "converted to Islam last year"),
    (Code.TEXT_RELIGIOUS_PRACTICE, "fasting during Ramadan"),
    (Code.TEXT_SEXUAL_HEALTH, "is pregnant"),
    (Code.TEXT_SEXUAL_HEALTH, "tested for HIV"),
    (Code.TEXT_SEXUAL_HEALTH, "gender dysphoria"),
    (Code.TEXT_BROWSING, "browsing history attached"),
    (Code.TEXT_BROWSING, "the web logs show"),
    (Code.TEXT_INTELLIGENCE, "per an intelligence report"),
    (Code.TEXT_INTELLIGENCE, "MI5 told us"),
    (Code.TEXT_INTELLIGENCE, "from a covert source"),
]


@pytest.mark.parametrize(("code", "text"), SIGNS)
def test_each_sign_is_found(code, text):
    """A text with one sign gives that problem alone, with its rule and without the text."""
    assert lint(CATALOGUE[SUMMARY], text) == (Problem(code, SUMMARY, "POL-27"),)


@pytest.mark.parametrize(
    "text",
    [
        "Said that he wants to attack a mosque.",
        "Hostile to refugees and asylum seekers in class debates.",
        "Wrote a leaflet against the church.",
        "Searched for knives on a school computer in May.",
        "Uses a Visa card to buy knives.",
        "In Year 10 since September 2025, sat 12 tests.",
        "Reference 9434765918 of the safeguarding log.",
        "A friend on Monday, and an older cousin, drove him.",
        "Met a friend, Monday and Tuesday.",
        "Fascinated by attacks of 2011 and 2019.",
        "Says that prayer is banned at school and is angry about it.",
    ],
)
def test_what_is_itself_the_concern_passes(text):
    """Conservative: what staff must be able to say about a concern is not refused."""
    assert lint(CATALOGUE[SUMMARY], text) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("spends breaks with Sam Exemplar", True),
        ("since Year Ten has been excluded", False),
        ("Sam Exemplar", False),  # at the start of a sentence two capitals prove nothing
        ("older pupils tease", False),
    ],
)
def test_names_in_a_field_about_others(text, found):
    """Where others are described, two capitalised words inside a sentence count as a name."""
    assert lint(CATALOGUE[PEERS], text) == (
        (Problem(Code.TEXT_NAME, PEERS, "POL-27"),) if found else ()
    )
    assert lint(CATALOGUE[SUMMARY], text) == ()


def test_a_name_is_reported_once():
    """Two signs of one kind are one problem; two kinds are two, in a fixed order."""
    text = "with a friend Sam, and also Jo Exemplar, see www.example.org"
    assert [problem.code for problem in lint(CATALOGUE[PEERS], text)] == [
        Code.TEXT_CONTACT,
        Code.TEXT_NAME,
    ]


def test_every_text_of_a_value_is_looked_at():
    """Signs are found inside lists and objects, and other values are passed over."""
    points = ["Plays in the band", "Mobile 07700 900123"]
    assert lint(CATALOGUE["edu.protective_factors"], points)[0].code is Code.TEXT_CONTACT
    best = {**BEST, "why": "Mr Exemplar knows her."}
    assert lint(CATALOGUE["edu.best_person_to_approach"], best)[0].code is Code.TEXT_NAME
    assert lint(CATALOGUE["hlt.capacity_concern"], {"concern": True}) == ()


@pytest.mark.parametrize(
    "field_id", ["csc.parental_responsibility", "csc.allocated_worker", "id.nhs_number"]
)
def test_fields_that_are_for_names_and_numbers_are_left_alone(field_id):
    """A contact, a name and an identifier have their own fields, where they are no sign."""
    assert Tag.FREE_TEXT not in CATALOGUE[field_id].tags
    assert lint(CATALOGUE[field_id], "Mr Exemplar, 07700 900123") == ()


@pytest.mark.parametrize("field_id", VALID)
def test_the_examples_are_clean(field_id):
    """What we show people as an example passes the same check as what they write."""
    assert lint(CATALOGUE[field_id], VALID[field_id]) == ()


@given(st.text(max_size=600))
def test_any_text_ends_in_problems_or_none(text):
    """Whatever is typed, the search ends, and repeats nothing of it."""
    for problem in lint(CATALOGUE[PEERS], text):
        assert problem.where == PEERS


@pytest.mark.parametrize("unit", ["a ", "0 ", "@", "he a ", "A1", "a@", "wears a a a ", "Aa "])
def test_repetition_does_not_slow_the_search(unit):
    """The longest text of any one unit is searched at once: no pattern can explode."""
    lint(CATALOGUE[PEERS], unit * 5000)
