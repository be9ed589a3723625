"""Children's social care: index, summaries and census."""

from datetime import date

import pytest

from adapters.agency import Found, Match, SourceError, Unanswered, Window
from adapters.council import ChildrensServices
from schemas.fields.item import Held, NotHeld
from tests.builders.records import AT, copied, rewritten, subject, subject_for, wanted
from tests.contracts.agency import AgencyContract

CENSUS = "cin_2026-27.xml"
CHILDREN = "children_2016-04-01_2026-11-13.csv"
SINCE_APRIL = Window(date(2026, 4, 1), AT)


class TestChildrensServices(AgencyContract):
    """A council's adapter."""

    sector = "children"
    prefix = "csc."
    # Marlow's NHS number with Rowan's name.
    several = subject(nhs_number="9990002444")

    def agency(self, folder, **settings):
        """The council."""
        return ChildrensServices(folder, **settings)


@pytest.fixture
def folder(tmp_path):
    """A copy of the council's records."""
    return copied(tmp_path, "children")


def marlow():
    """A child under a protection plan."""
    return subject(family_name="Hythe", given_names="Marlow", known_as=(), nhs_number="9990002444")


async def ask(folder, field, person=None, **asked):
    """Ask for one field; the item's value, or why there is none."""
    agency = ChildrensServices(folder)
    found = await agency.find(person or subject_for("children"), wanted(field, **asked))
    assert isinstance(found, Found)
    answer = found.items.get(field) or found.unanswered[field]
    return answer.value if isinstance(answer, Held) else answer


async def test_a_former_name_with_the_number_is_exact(folder):
    """Marlow is on the index under a new family name and the old one."""
    found = await ChildrensServices(folder).find(marlow(), wanted())
    assert found.confidence is Match.EXACT


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",cin,", ",cin,", {"status": "cin", "since": "2026-06-02"}),
        (",cin,", ",cla,", {"status": "cla", "since": "2026-06-02"}),
        (",cin,", ",cp,", Unanswered.NOT_CERTAIN),
        (",cin,", ",none,", Unanswered.NOT_CERTAIN),
        (",cin,", ",-,", NotHeld()),
        (",cin,2026-06-02", ",,", Unanswered.NO_SOURCE),
    ],
)
async def test_the_census_may_contradict_the_index(folder, old, new, told):
    """Where the two disagree on what is in place, a person must see which is right."""
    rewritten(folder / CHILDREN, old, new)
    assert await ask(folder, "csc.status") == told


async def test_without_a_census_the_index_stands(folder):
    """The census is optional; what it alone tells is then for a person."""
    (folder / CENSUS).unlink()
    assert (await ask(folder, "csc.status"))["status"] == "cin"
    assert await ask(folder, "csc.cp_category") is Unanswered.NO_SOURCE


async def test_a_child_who_is_in_no_census(folder):
    """Early help alone is no episode of need."""
    person = subject(
        family_name="Brackwater", given_names="Teasel", known_as=(), dob=date(2010, 5, 14)
    )
    assert (await ask(folder, "csc.status", person))["status"] == "early_help"


async def test_the_category_is_the_latest_of_the_plan_that_stands(folder):
    """The plan began as neglect and is now for emotional abuse."""
    assert await ask(folder, "csc.cp_category", marlow()) == "emotional"
    rewritten(folder / CENSUS, "<LatestCategoryOfAbuse>EMO</LatestCategoryOfAbuse>", "")
    assert await ask(folder, "csc.cp_category", marlow()) == "neglect"
    rewritten(folder / CENSUS, "<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>", "")
    assert await ask(folder, "csc.cp_category", marlow()) is Unanswered.NOT_CERTAIN


async def test_a_plan_that_ended_is_neither_a_plan_nor_nothing(folder):
    """It ended in the time asked about: a person words that."""
    rewritten(
        folder / CENSUS,
        "<CPPstartDate>2026-08-20</CPPstartDate>",
        "<CPPstartDate>2026-08-20</CPPstartDate><CPPendDate>2026-10-20</CPPendDate>",
    )
    rewritten(folder / CHILDREN, ",cp,", ",cin,")
    assert await ask(folder, "csc.cp_category", marlow()) is Unanswered.NOT_CERTAIN
    last_week = Window(date(2026, 11, 9), AT)
    assert await ask(folder, "csc.cp_category", marlow(), window=last_week) == NotHeld()


async def test_no_plan_is_said_only_of_the_census_year(folder):
    """The census begins in April: before that, it says nothing."""
    assert await ask(folder, "csc.cp_category") is Unanswered.WINDOW_NOT_COVERED
    assert await ask(folder, "csc.cp_category", window=SINCE_APRIL) == NotHeld()


async def test_a_dash_is_not_held_and_an_empty_cell_is_not(folder):
    """Somebody looked, against nobody filled it in."""
    assert await ask(folder, "csc.court_orders") == NotHeld()
    assert await ask(folder, "csc.exploitation_risk") is Unanswered.NO_SOURCE


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("csc.exploitation_risk", {"level": "medium", "types": ["criminal"]}),
        ("csc.court_orders", ["supervision_order"]),
        ("csc.missing_12m", 5),
    ],
)
async def test_what_the_worker_states(folder, field, told):
    """Cells become the field's value."""
    assert await ask(folder, field, marlow()) == told


async def test_a_count_of_twelve_months_ages(folder):
    """A count that was made four months ago is another twelve months'."""
    rewritten(folder / CHILDREN, "2026-11-11,cin", "2026-07-11,cin")
    assert await ask(folder, "csc.missing_12m") is Unanswered.NOT_CERTAIN


async def test_parental_responsibility_from_its_own_file(folder):
    """The one place where a name is asked for; a child without a line is for a person."""
    (folder / "responsibility_2026-11-13.csv").write_text(
        "la_child_id,name,contact,contact_safe\nNM-20417,Linnet Ashdown-Pryce,,no\n",
        encoding="utf-8",
    )
    assert await ask(folder, "csc.parental_responsibility") == [
        {"name": "Linnet Ashdown-Pryce", "contact_safe": False}
    ]
    assert await ask(folder, "csc.parental_responsibility", marlow()) is Unanswered.NO_SOURCE


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        (CHILDREN, "NM-20418", "NM-20417", "line 3, column la_child_id"),
        (CHILDREN, "9990002444", "9990002445", "line 4, column nhs_number"),
        (CHILDREN, "2026-11-11,cin", "2026-11-14,cin", "line 2, column recorded_on"),
        (CHILDREN, ",99000000101,", ",0101,", "line 2, column uprn"),
        (CHILDREN, "supervision_order", "some_order", "line 4, column court_order_1"),
        (CHILDREN, ",historic,", ",past,", "line 2, column domestic_abuse_in_home"),
        ("household_2026-11-13.csv", "NM-20417,parent", "NM-1,parent", "line 2, column la_child_id"),
        ("household_2026-11-13.csv", "25-64", "44", "line 2, column age_band"),
        ("household_2026-11-13.csv", "yes", "", "line 2, column lives_with"),
        (CENSUS, "<Collection>CIN", "<Collection>CLA", "line 5, /Message/Header/CollectionDetails/Collection"),
        (CENSUS, "NM-20418", "NM-20417", "line 34, /Message/Children/Child/ChildIdentifiers/LAchildID"),
        (CENSUS, ">2026-06-02<", ">2.6.2026<", "line 26, /Message/Children/Child/CINdetails/CINreferralDate"),
        (CENSUS, ">EMO<", ">ZZZ<", "line 61, /Message/Children/Child/CINdetails/ChildProtectionPlans/LatestCategoryOfAbuse"),
    ],
)  # fmt: skip
async def test_a_wrong_value_is_named_by_its_place(folder, name, old, new, where):
    """Every error says where, and not what."""
    rewritten(folder / name, old, new)
    with pytest.raises(SourceError) as broken:
        await ask(folder, "csc.status")
    assert (broken.value.file, broken.value.where) == (name, where)


async def test_one_number_for_two_children_stops_everything(folder):
    """Index and census disagree on a day of birth: joining them would be a guess."""
    rewritten(folder / CENSUS, "2011-03-09", "2012-03-09")
    with pytest.raises(SourceError, match="another date of birth"):
        await ask(folder, "csc.status")
