"""Matching a person: the written rules, each with a row, and what holds for all inputs."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.agency import Address, Match, Subject
from adapters.matching import Ambiguous, Candidate, Level, Matched, Nobody, judge, letters, match

HOME = Address(postcode="ZZ99 3AB", uprn="99000000101")
NEXT_DOOR = Address(postcode="ZZ99 3AB", uprn="99000000102")
BEFORE = Address(postcode="ZZ99 2PQ")
SUBJECT = Subject(
    "Ashdown-Pryce",
    "Rowan Leith",
    date(2011, 3, 9),
    known_as=("Ro",),
    address_current=HOME,
    addresses_previous=(BEFORE,),
    upn="X999400122017",
)
RECORD = Candidate(
    key="1",
    family_names=("Ashdown-Pryce",),
    given_names="Rowan Leith",
    dob=date(2011, 3, 9),
    addresses=(HOME,),
    numbers={"upn": "X999400122017"},
)
NO_NUMBER: dict = {"numbers": {}}


@pytest.mark.parametrize(
    ("rule", "changes", "level"),
    [
        ("M1", {"numbers": {"upn": "other"}}, Level.DOUBT),
        ("M2", {"numbers": {"upn": "other"}, "given_names": "Robin"}, Level.NONE),
        ("M3", {}, Level.EXACT),
        ("M3", {"given_names": "", "addresses": ()}, Level.EXACT),
        ("M3", {"given_names": "R"}, Level.EXACT),
        ("M3", {"given_names": "Ro", "addresses": (NEXT_DOOR,)}, Level.EXACT),
        ("M4", {"family_names": ("Sedge",)}, Level.PROBABLE),
        ("M4", {"family_names": ()}, Level.PROBABLE),
        ("M5", {"given_names": "Robin"}, Level.DOUBT),
        ("M5", {"family_names": ("Sedge",), "given_names": ""}, Level.DOUBT),
        ("M5", {"dob": date(2009, 7, 21)}, Level.DOUBT),
        ("M5", {"dob": None}, Level.DOUBT),
        ("M6", NO_NUMBER, Level.EXACT),
        ("M6", {**NO_NUMBER, "given_names": "Rowan"}, Level.EXACT),
        ("M6", {**NO_NUMBER, "given_names": "ROWAN L."}, Level.EXACT),
        ("M6", {**NO_NUMBER, "family_names": ("Sedge", "Ashdown Pryce")}, Level.EXACT),
        ("M7", {**NO_NUMBER, "given_names": "Rowan Thorne"}, Level.PROBABLE),
        ("M7", {**NO_NUMBER, "given_names": "Ro"}, Level.PROBABLE),
        ("M7", {**NO_NUMBER, "given_names": "Aster", "known_as": ("Rowan",)}, Level.PROBABLE),
        ("M7", {**NO_NUMBER, "addresses": ()}, Level.PROBABLE),
        ("M7", {**NO_NUMBER, "addresses": (NEXT_DOOR,)}, Level.PROBABLE),
        ("M7", {**NO_NUMBER, "addresses": (BEFORE,)}, Level.PROBABLE),
        ("M7", {**NO_NUMBER, "addresses": (), "addresses_former": (HOME,)}, Level.PROBABLE),
        (
            "M7",
            {**NO_NUMBER, "family_names": ("Sedge",), "known_as": ("Rowan Ashdown-Pryce",)},
            Level.PROBABLE,
        ),
        ("M8", {**NO_NUMBER, "given_names": ""}, Level.PROBABLE),
        ("M8", {**NO_NUMBER, "given_names": "R", "addresses": (BEFORE,)}, Level.PROBABLE),
        ("M9", {**NO_NUMBER, "given_names": "R", "addresses": ()}, Level.DOUBT),
        ("M10", {**NO_NUMBER, "family_names": ("Sedge",)}, Level.DOUBT),
        ("M11", {**NO_NUMBER, "dob": None}, Level.DOUBT),
        ("M11", {**NO_NUMBER, "dob": date(2011, 9, 3)}, Level.DOUBT),
        ("M11", {**NO_NUMBER, "dob": date(2001, 3, 9)}, Level.DOUBT),
        ("M11", {**NO_NUMBER, "dob": date(2011, 3, 19)}, Level.DOUBT),
        ("M12", {**NO_NUMBER, "given_names": "Robin"}, Level.NONE),
        ("M12", {**NO_NUMBER, "given_names": "B"}, Level.NONE),
        ("M12", {**NO_NUMBER, "dob": date(1979, 5, 30)}, Level.NONE),
        ("M12", {**NO_NUMBER, "dob": None, "addresses": ()}, Level.NONE),
        ("M12", {**NO_NUMBER, "dob": None, "family_names": ("Sedge",)}, Level.NONE),
        ("M12", {**NO_NUMBER, "family_names": ("Sedge",), "addresses": ()}, Level.NONE),
        ("M12", {**NO_NUMBER, "family_names": ("---",), "dob": None}, Level.NONE),
    ],
)
def test_each_rule(rule, changes, level):
    """One record, changed in what the rule is about, falls under that rule."""
    assert judge(SUBJECT, dataclasses.replace(RECORD, **changes)) is level


def test_a_record_may_be_under_the_whole_name_by_which_somebody_is_known():
    """A known-as of several words names given and family name together; it is never exact alone."""
    person = dataclasses.replace(SUBJECT, known_as=("Ro Sedge",), upn=None)
    record = dataclasses.replace(RECORD, family_names=("Sedge",), given_names="Ro", numbers={})
    assert judge(person, record) is Level.PROBABLE


OTHER = dataclasses.replace(RECORD, key="2")
PROBABLE = dataclasses.replace(RECORD, key="3", addresses=(), numbers={})
DOUBT = dataclasses.replace(RECORD, key="4", numbers={"upn": "other"})
NOBODY = dataclasses.replace(RECORD, key="5", given_names="Robin", numbers={})
HOLDS_NUMBER = dataclasses.replace(RECORD, key="6", given_names="Robin")
NO_NUMBER_BUT_EXACT = dataclasses.replace(RECORD, key="7", numbers={})


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([], Nobody()),
        ([NOBODY], Nobody()),
        ([RECORD], Matched("1", Match.EXACT)),
        ([NOBODY, RECORD, PROBABLE, DOUBT], Matched("1", Match.EXACT)),
        ([RECORD, OTHER], Ambiguous()),
        ([NO_NUMBER_BUT_EXACT, HOLDS_NUMBER], Ambiguous()),
        ([PROBABLE], Matched("3", Match.PROBABLE)),
        ([PROBABLE, NOBODY], Matched("3", Match.PROBABLE)),
        ([PROBABLE, dataclasses.replace(PROBABLE, key="8")], Ambiguous()),
        ([PROBABLE, DOUBT], Ambiguous()),
        ([DOUBT], Ambiguous()),
        ([HOLDS_NUMBER], Ambiguous()),
    ],
)
def test_one_or_nobody_or_a_person_must_look(records, told):
    """Only a single best candidate is the match, whatever the order of the records."""
    assert match(SUBJECT, records) == told
    assert match(SUBJECT, list(reversed(records))) == told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ashdown-Pryce", "ASHDOWN PRYCE"),
        ("O'Neill", "O’Neill"),
        ("Zoë", "Zoe\u0308"),
        ("Søren", "SOREN"),
        ("Łukasz", "Lukasz"),
        ("Straße", "STRASSE"),
        ("Ægir", "Aegir"),
        ("Ｒｏｗａｎ", "Rowan"),
        ("Yıldız", "Yildiz"),
    ],
)
def test_spellings_of_one_name(one, other):
    """Case, accents, hyphens, apostrophes and special letters make no other name."""
    assert letters(one) == letters(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("Ashdown", "Ashdown-Pryce"), ("Jon", "John"), ("李", "王")]
)
def test_other_names(one, other):
    """Half a name, a like-sounding name and another script's name are other names."""
    assert letters(one) != letters(other)


NAMES = st.sampled_from(["Rowan", "Robin", "R", "", "Rowan Leith", "Ro", "-", "ROWAN", "Łukasz"])
FAMILIES = st.sampled_from(["Ashdown-Pryce", "Ashdown Pryce", "Sedge", "", "Ashdown"])
BIRTHS = st.sampled_from([date(2011, 3, 9), date(2011, 9, 3), date(1979, 5, 30)])
PLACES = st.sampled_from([HOME, NEXT_DOOR, BEFORE, Address()])
UPNS = st.sampled_from(["a", "b", None])
SUBJECTS = st.builds(
    Subject,
    FAMILIES,
    NAMES,
    BIRTHS,
    known_as=st.lists(NAMES, max_size=2).map(tuple),
    address_current=st.none() | PLACES,
    addresses_previous=st.lists(PLACES, max_size=1).map(tuple),
    upn=UPNS,
)
CANDIDATES = st.builds(
    Candidate,
    key=st.just("k"),
    family_names=st.lists(FAMILIES, max_size=2).map(tuple),
    given_names=NAMES,
    known_as=st.lists(NAMES, max_size=1).map(tuple),
    dob=st.none() | BIRTHS,
    addresses=st.lists(PLACES, max_size=1).map(tuple),
    addresses_former=st.lists(PLACES, max_size=1).map(tuple),
    numbers=UPNS.map(lambda upn: {"upn": upn} if upn else {}),
)


@given(SUBJECTS, CANDIDATES)
def test_an_exact_match_never_rests_on_less(person, record):
    """Exact means: birth agrees, and a number or the current address does, and no number differs."""
    if judge(person, record) is not Level.EXACT:
        return
    assert record.dob == person.dob
    numbers_agree = person.upn is not None and record.numbers.get("upn") == person.upn
    assert numbers_agree or person.address_current is not None
    assert person.upn is None or record.numbers.get("upn", person.upn) == person.upn


@given(SUBJECTS, CANDIDATES)
def test_a_probable_match_has_the_day_of_birth(person, record):
    """No name, number or address makes up for another day of birth."""
    if judge(person, record) is Level.PROBABLE:
        assert record.dob == person.dob


@given(SUBJECTS, st.lists(CANDIDATES, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_records_decides_nothing(person, records, chance):
    """Whichever way the records lie, the answer is the same."""
    records = [dataclasses.replace(r, key=str(n)) for n, r in enumerate(records)]
    told = match(person, records)
    chance.shuffle(records)
    assert match(person, records) == told


@given(SUBJECTS, st.lists(CANDIDATES, max_size=4))
def test_two_equal_records_are_never_chosen_from(person, records):
    """A record that stands there twice makes no match, for it may be two people."""
    twice = [dataclasses.replace(r, key=f"{n}{c}") for n, r in enumerate(records) for c in "ab"]
    assert not isinstance(match(person, twice), Matched)


@given(st.text(max_size=40))
def test_letters_are_stable(name):
    """Letters of letters are the same letters, and hold nothing but letters."""
    once = letters(name)
    assert letters(once) == once
    assert all(c.isalpha() for c in once)
