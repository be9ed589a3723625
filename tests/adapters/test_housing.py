"""Housing: the property first, then the person."""

from datetime import date

import pytest

from adapters.agency import (
    Address,
    CannotShare,
    Found,
    Match,
    NothingHeld,
    SourceError,
    Unanswered,
    Window,
)
from adapters.housing import Housing
from schemas.fields.item import Held, NotHeld
from schemas.fields.refusal_reason import RefusalReason
from tests.builders.records import AT, copied, rewritten, subject, subject_for, wanted
from tests.contracts.agency import AgencyContract

DAYS = "2016-04-01_2026-11-13.csv"


def marlow(**changes):
    """A child in a current tenancy."""
    return subject(
        **{
            "family_name": "Tennick-Hythe",
            "given_names": "Marlow",
            "known_as": (),
            "address_current": Address(uprn="99000000345"),
            **changes,
        }
    )


def senna():
    """A former tenant who is owed a homelessness duty."""
    return subject(
        family_name="Brackwater", given_names="Senna", known_as=(), dob=date(1986, 10, 8)
    )


class TestHousing(AgencyContract):
    """A landlord's adapter."""

    sector = "housing"
    prefix = "hsg."
    # Day and month the other way round, at Marlow's address: somebody must look.
    several = marlow(dob=date(2011, 9, 3))

    def someone(self):
        """The sandbox's subject is not known here; Marlow is."""
        return marlow()

    def agency(self, folder, **settings):
        """The landlord."""
        return Housing(folder, **settings)


@pytest.fixture
def folder(tmp_path):
    """A copy of the landlord's records."""
    return copied(tmp_path, "housing")


async def ask(folder, field, person=None, **asked):
    """Ask for one field; the item's value, or why there is none."""
    found = await Housing(folder).find(person or marlow(), wanted(field, **asked))
    assert isinstance(found, Found)
    answer = found.items.get(field) or found.unanswered[field]
    return answer.value if isinstance(answer, Held) else answer


async def test_the_sandboxs_subject_is_not_held(folder):
    """Nobody of the household is known, over the whole time asked about."""
    told = await Housing(folder).find(subject_for("housing"), wanted("hsg.status"))
    assert told == NothingHeld(
        ("housing_management",), Window(date(2024, 11, 16), date(2026, 11, 13))
    )


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("hsg.status", "current"),
        ("hsg.tenure", "social"),
        ("hsg.household_counts", {"adults": 1, "children": 1}),
        ("hsg.eviction_risk", {"at_risk": True, "month": "2027-02"}),
        ("hsg.asb_case", NotHeld()),
        ("hsg.observed_concern", "Front door boarded up on the day of the visit."),
        (
            "hsg.officer_contact",
            {"role": "Neighbourhood officer, east", "contact": "01632 960 140"},
        ),
    ],
)
async def test_what_the_tenancy_says(folder, field, told):
    """Each column becomes its field's value."""
    assert await ask(folder, field) == told


async def test_an_application_stands_before_a_tenancy_that_ended(folder):
    """Senna left in 2023 and is owed a duty now; the old home's facts are not told."""
    assert await ask(folder, "hsg.status", senna()) == "homeless_duty"
    assert await ask(folder, "hsg.household_counts", senna()) is Unanswered.NO_SOURCE
    rewritten(folder / f"residents_{DAYS}", "P-700,A-2204,applicant\n", "")
    assert await ask(folder, "hsg.status", senna()) == NotHeld()
    long_ago = Window(date(2021, 1, 1), AT)
    assert await ask(folder, "hsg.status", senna(), window=long_ago) == "former"
    assert await ask(folder, "hsg.tenure", senna(), window=long_ago) == NotHeld()


async def test_two_tenancies_at_once_are_not_certain(folder):
    """Which of them is the home, a person must see."""
    rewritten(folder / f"residents_{DAYS}", "P-502,T-1187", "P-502,T-0930,tenant\nP-502,T-1187")
    for field in ("hsg.status", "hsg.tenure", "hsg.household_counts", "hsg.observed_concern"):
        assert await ask(folder, field) is Unanswered.NOT_CERTAIN


async def test_what_was_seen_at_another_time_is_not_told(folder):
    """One note has its day; asked about another time, a person must look."""
    september = Window(date(2026, 9, 1), date(2026, 9, 30))
    assert await ask(folder, "hsg.observed_concern", window=september) is Unanswered.NOT_CERTAIN


async def test_a_case_of_another_time_is_not_told(folder):
    """The file has room for one case per person, and this one is of August."""
    juniper = subject(
        family_name="Hythe", given_names="Juniper", known_as=(), dob=date(1984, 12, 2)
    )
    assert await ask(folder, "hsg.asb_case", juniper) == {
        "part": "complainant",
        "category": "noise",
        "month": "2026-08",
    }
    autumn = Window(date(2026, 9, 1), AT)
    assert await ask(folder, "hsg.asb_case", juniper, window=autumn) is Unanswered.NOT_CERTAIN


@pytest.mark.parametrize(
    ("old", "new"),
    [("2019-04-01,,1,1", "2019-04-01,,2,3"), ("2019-04-01,,1,1", "2019-04-01,,,")],
)
async def test_a_household_with_unnamed_people_is_never_nothing_held(folder, old, new):
    """At the subject's own property live people whom the file does not name."""
    newcomer = marlow(family_name="Quillfeather", given_names="Emrys", dob=date(2012, 1, 30))
    housing = Housing(folder)
    assert isinstance(await housing.find(newcomer, wanted("hsg.status")), NothingHeld)
    rewritten(folder / f"tenancies_{DAYS}", old, new)
    told = await housing.find(newcomer, wanted("hsg.status"))
    assert told == CannotShare(RefusalReason.IDENTITY_NOT_MATCHED)
    no_property = marlow(family_name="Quillfeather", given_names="Emrys", address_current=None)
    assert isinstance(await housing.find(no_property, wanted("hsg.status")), NothingHeld)


async def test_the_property_makes_a_match_exact(folder):
    """With the UPRN exact; a neighbour of the same postcode is another home."""
    housing = Housing(folder)
    assert (await housing.find(marlow(), wanted())).confidence is Match.EXACT
    next_door = Address(postcode="ZZ99 5LN", uprn="99000000346")
    found = await housing.find(marlow(address_current=next_door), wanted())
    assert found.confidence is Match.PROBABLE


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("tenancies", "current,2019-04-01,,", "former,2019-04-01,,", "line 2, column ended_on"),
        (
            "tenancies",
            "former,2021-01-04,2023",
            "former,2024-01-04,2023",
            "line 4, column ended_on",
        ),
        ("tenancies", "T-0930", "T-1187", "line 3, column tenancy_ref"),
        ("tenancies", ",social,", ",council,", "line 2, column tenure"),
        ("tenancies", ",yes,2027", ",maybe,2027", "line 2, column eviction_risk"),
        ("people", "P-502", "P-501", "line 3, column person_ref"),
        ("people", "2011-03-09", "2011-3-9", "line 3, column dob"),
        ("residents", "P-501,T-1187", "P-999,T-1187", "line 2, column person_ref"),
        ("residents", "P-501,T-1187", "P-501,T-9999", "line 2, column tenancy_ref"),
        ("residents", "P-501,T-1187,tenant", "P-501,T-1187,owner", "line 2, column part"),
    ],
)
async def test_a_wrong_value_is_named_by_line_and_column(folder, name, old, new, where):
    """Every error says where, and not what."""
    path = folder / f"{name}_{DAYS}"
    rewritten(path, old, new)
    with pytest.raises(SourceError) as broken:
        await ask(folder, "hsg.status")
    assert (broken.value.file, broken.value.where) == (path.name, where)


async def test_files_of_different_days(folder):
    """Three files make one picture only when they are of one day."""
    path = folder / f"people_{DAYS}"
    path.rename(folder / "people_2016-04-01_2026-11-12.csv")
    with pytest.raises(SourceError, match="different days"):
        await ask(folder, "hsg.status")
