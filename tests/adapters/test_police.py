"""Police: POLE records, what is told of them and what is never read."""

import json
from datetime import date

import pytest

from adapters.agency import Address, Found, SourceError, Unanswered, Window
from adapters.police import Police
from schemas.fields.item import Held, NotHeld
from tests.builders.records import AT, copied, fields_of, subject, subject_for, wanted
from tests.contracts.agency import AgencyContract


class TestPolice(AgencyContract):
    """A force's adapter."""

    sector = "police"
    prefix = "pol."
    part3 = True
    # Two persons of one name and day of birth, of whom no number or address is known.
    several = subject(
        family_name="Brackwater", given_names="Teasel", known_as=(), dob=date(2010, 5, 14)
    )

    def agency(self, folder, **settings):
        """The force."""
        return Police(folder, **settings)


@pytest.fixture
def folder(tmp_path):
    """A copy of the force's records."""
    return copied(tmp_path, "police")


def changed(folder, change):
    """Change the extract through its persons and events by id, and as a whole by ``top``."""
    path = folder / "extract.json"
    extract = json.loads(path.read_text("utf-8"))
    known = {thing["id"]: thing for kind in ("persons", "events") for thing in extract[kind]}
    change(known | {"top": extract})
    path.write_text(json.dumps(extract), encoding="utf-8")


async def ask(folder, field, person=None, **asked):
    """Ask for one field; the item, or why there is none."""
    found = await Police(folder).find(person or subject_for("police"), wanted(field, **asked))
    assert isinstance(found, Found)
    return found.items.get(field) or found.unanswered[field]


def namesake():
    """Rowan's namesake, who is older and lives elsewhere."""
    elsewhere = Address(postcode="ZZ99 7TT", uprn="99000000512")
    return subject(dob=date(2009, 7, 21), known_as=(), address_current=elsewhere)


async def test_an_allegation_is_told_as_one(folder):
    """No further action: the value says allegation, and section 38(3) says suspect."""
    answer = await ask(folder, "pol.relevant_offending")
    assert answer.value == [
        {"category": "public_order", "outcome": "allegation_nfa", "month": "2026-05"}
    ]
    assert answer.p3.subject_category == "suspect"
    assert answer.p3.reliability == "2BP"


async def test_nobody_is_told_as_convicted_of_what_was_alleged(folder):
    """A conviction beside an allegation: the item's category is the lesser."""

    def convict(known):
        known["top"]["events"].append(
            {
                "id": "E99",
                "type": "crime",
                "date": "2026-08-01",
                "category": "theft",
                "outcome": "convicted",
                "grading": "1AP",
                "persons": [{"id": "P1", "role": "offender"}],
            }
        )

    changed(folder, convict)
    answer = await ask(folder, "pol.relevant_offending")
    assert [matter["outcome"] for matter in answer.value] == ["allegation_nfa", "convicted"]
    assert answer.p3.subject_category == "suspect"
    assert answer.p3.reliability == "unassessed"


async def test_a_conviction_alone_is_told_as_one(folder):
    """Where every matter is a conviction, the category says so."""
    answer = await ask(folder, "pol.relevant_offending", namesake())
    assert answer.p3.subject_category == "convicted"


async def test_a_live_matter_is_for_an_officer(folder):
    """While a matter is live, no machine says that there is nothing, nor what there is."""
    changed(folder, lambda known: known["E1"].update(live=True))
    assert await ask(folder, "pol.relevant_offending") is Unanswered.NOT_CERTAIN
    assert await ask(folder, "pol.domestic_abuse_role") is Unanswered.NOT_CERTAIN
    assert await ask(folder, "pol.court_or_bail_conditions") is Unanswered.NOT_CERTAIN


async def test_intelligence_and_section_38_5_leave_no_trace(folder):
    """With and without such events, the answer is the same to the letter."""
    before = await Police(folder).find(subject_for("police"), wanted(*fields_of("pol.")))

    def drop(known):
        extract = known["top"]
        extract["events"] = [e for e in extract["events"] if e["id"] not in ("E6", "E7")]

    changed(folder, drop)
    assert await Police(folder).find(subject_for("police"), wanted(*fields_of("pol."))) == before


async def test_associates_are_not_looked_at(folder):
    """Whatever stands under associates, even nonsense, changes nothing."""
    before = await Police(folder).find(subject_for("police"), wanted(*fields_of("pol.")))
    changed(folder, lambda known: known["P1"].update(associates={"CANARY": [None, 7]}))
    assert await Police(folder).find(subject_for("police"), wanted(*fields_of("pol."))) == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"domestic": True, "outcome": "nfa"}, Unanswered.NOT_CERTAIN),
        ({"domestic": True, "outcome": "charged"}, Unanswered.NOT_CERTAIN),
        ({"domestic": True, "outcome": "cautioned"}, "perpetrator"),
        ({}, NotHeld()),
    ],
)
async def test_only_a_finding_makes_a_perpetrator(folder, changes, told):
    """An allegation of domestic abuse is for a person to word."""
    changed(folder, lambda known: known["E1"].update(changes))
    answer = await ask(folder, "pol.domestic_abuse_role")
    assert (answer.value if isinstance(answer, Held) else answer) == told


async def test_victim_and_perpetrator_is_both(folder):
    """Both roles are told as both."""

    def change(known):
        known["E1"].update(domestic=True, outcome="cautioned")
        known["E4"].update(domestic=True)

    changed(folder, change)
    assert (await ask(folder, "pol.domestic_abuse_role")).value == "both"


async def test_missing_episodes_are_counted_over_the_fields_own_time(folder):
    """Twenty-four months from today, whatever the window; and only if the records reach back."""
    answer = await ask(folder, "pol.missing_episodes_24m", window=Window(AT, AT))
    assert answer.value == 2
    changed(folder, lambda known: known["E2"].update(date="2024-11-15"))
    assert (await ask(folder, "pol.missing_episodes_24m")).value == 1
    changed(folder, lambda known: known["top"].update(covers_from="2024-11-17"))
    assert await ask(folder, "pol.missing_episodes_24m") is Unanswered.WINDOW_NOT_COVERED


@pytest.mark.parametrize(
    "field",
    ["pol.relevant_offending", "pol.previous_prevent_referrals"],
)
async def test_records_that_do_not_reach_back(folder, field):
    """A part of the window without records: neither told as whole nor as nothing."""
    long_ago = Window(date(2015, 1, 1), AT)
    assert await ask(folder, field, window=long_ago) is Unanswered.WINDOW_NOT_COVERED


async def test_what_lies_outside_the_window_is_not_told(folder):
    """Asked about September and October 2026, the referral of 2025 is no answer."""
    autumn = Window(date(2026, 9, 1), date(2026, 10, 31))
    assert await ask(folder, "pol.previous_prevent_referrals", window=autumn) == NotHeld()
    assert await ask(folder, "pol.relevant_offending", window=autumn) == NotHeld()


async def test_no_advice_is_not_advice_that_it_is_safe(folder):
    """Without advice on record, a person answers."""
    changed(folder, lambda known: known["P1"].pop("visit_safety"))
    assert await ask(folder, "pol.visit_safety") is Unanswered.NO_SOURCE


async def test_conditions_and_markers_that_stand_today(folder):
    """What has ended is not told; what stands is."""
    assert (await ask(folder, "pol.violence_or_weapons_marker", namesake())).value == {
        "marker": True,
        "month": "2026-02",
    }
    assert (await ask(folder, "pol.court_or_bail_conditions", namesake())).p3 is not None
    changed(folder, lambda known: known["P3"]["conditions"][0].update(to="2026-11-15"))
    changed(folder, lambda known: known["P3"]["markers"][0].update(to="2026-11-15"))
    assert await ask(folder, "pol.court_or_bail_conditions", namesake()) == NotHeld()
    assert await ask(folder, "pol.violence_or_weapons_marker", namesake()) == NotHeld()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda k: k["top"].update(format="dovetail-pole/2"), "/format"),
        (lambda k: k["top"].update(CANARY=1), "/"),
        (lambda k: k["P1"].update(CANARY=1), "/persons/0"),
        (lambda k: k["P2"].update(id="P1"), "/persons"),
        (lambda k: k["P1"].update(dob="09/03/2011"), "/persons/0/dob"),
        (lambda k: k["P1"].update(dob="2011-W10-3"), "/persons/0/dob"),
        (lambda k: k["P1"].update(pnc_id="2011/0000001A"), "/persons/0/pnc_id"),
        (lambda k: k["P1"]["names"].append(k["P1"]["names"][0]), "/persons/0/names"),
        (lambda k: k["P1"]["locations"][0].update(id="L9"), "/persons/0/locations/0/id"),
        (lambda k: k["P3"]["markers"][0].update(to="2001-01-01"), "/persons/2/markers/0/to"),
        (lambda k: k["top"]["locations"][1].update(id="L1"), "/locations/1/id"),
        (lambda k: k["top"]["locations"][1].update(postcode="nowhere"), "/locations/1/postcode"),
        (lambda k: k["E2"].update(id="E1"), "/events/1/id"),
        (lambda k: k["E1"].update(type="rumour"), "/events/0/type"),
        (lambda k: k["E1"].update(date="2027-01-01"), "/events/0/date"),
        (lambda k: k["E1"].pop("outcome"), "/events/0"),
        (lambda k: k["E1"].update(outcome="convicted"), "/events/0/persons/0/role"),
        (lambda k: k["E1"]["persons"][0].update(id="P9"), "/events/0/persons/0/id"),
        (lambda k: k["E1"].update(grading="9ZZ"), "/events/0/grading"),
        (lambda k: k["E1"].update(live="yes"), "/events/0/live"),
        (lambda k: k["E5"].pop("outcome"), "/events/4/outcome"),
        (lambda k: k["top"].update(covers_from="2027-01-01"), "/covers_from"),
        (lambda k: k["top"].update(events={}), "/events"),
    ],
)
async def test_what_is_not_as_documented_is_named_by_its_place(folder, change, where):
    """The pointer leads to the place, and a member of another's choice is not repeated."""
    changed(folder, change)
    with pytest.raises(SourceError) as broken:
        await ask(folder, "pol.visit_safety")
    assert (broken.value.file, broken.value.where) == ("extract.json", where)
    assert "CANARY" not in str(broken.value)


async def test_a_second_extract(folder):
    """Which of two extracts holds is not a matter of taste."""
    (folder / "extract2.json").write_text("{}")
    with pytest.raises(SourceError, match="exactly one"):
        await ask(folder, "pol.visit_safety")
