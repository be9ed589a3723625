"""Education: roll, registers and the safeguarding lead's summary."""

from datetime import date

import pytest

from adapters.agency import Found, Match, NothingHeld, SourceError, Unanswered, Window
from adapters.education import Education
from schemas.fields.item import Held, NotHeld
from tests.builders.records import AT, copied, rewritten, subject, subject_for, wanted
from tests.contracts.agency import AgencyContract

ROLL = "9994001_CTF_999LLLL_001.xml"


class TestEducation(AgencyContract):
    """A school's adapter."""

    sector = "education"
    prefix = "edu."
    # The number is Robin's, the names and the day of birth are Rowan's.
    several = subject(upn="L999400122018")

    def agency(self, folder, **settings):
        """The school."""
        return Education(folder, **settings)


@pytest.fixture
def folder(tmp_path):
    """A copy of the school's records."""
    return copied(tmp_path, "education")


async def ask(folder, field, person=None, **asked):
    """Ask for one field; the item, or why there is none."""
    found = await Education(folder).find(person or subject_for("education"), wanted(field, **asked))
    assert isinstance(found, Found)
    return found.items.get(field) or found.unanswered[field]


async def test_the_number_makes_a_match_exact_and_its_absence_does_not_hide_the_pupil(folder):
    """With the UPN exact; with name, birth and postcode exact too; elsewhere probable."""
    agency = Education(folder)
    for person, sure in (
        (subject_for("education"), Match.EXACT),
        (subject(), Match.EXACT),
        (subject(address_current=None), Match.PROBABLE),
        (subject(given_names="Rowan Thorne", address_current=None), Match.PROBABLE),
    ):
        assert (await agency.find(person, wanted())).confidence is sure


async def test_a_nil_return_covers_the_day_of_the_roll_alone(folder):
    """A roll names nobody who left before: "nothing held" is not said for two years."""
    told = await Education(folder).find(
        subject(given_names="Ivo", family_name="Sedge", known_as=()), wanted("edu.year_group")
    )
    assert told == NothingHeld(
        ("education_records",), Window(date(2026, 11, 13), date(2026, 11, 13))
    )


async def test_a_leaver_is_off_roll(folder):
    """The leaving date of the school that made the file outweighs the enrolment code."""
    rewritten(
        folder / ROLL,
        "<EntryDate>2022-09-01</EntryDate>",
        "<EntryDate>2022-09-01</EntryDate><LeavingDate>2026-10-23</LeavingDate>",
    )
    assert (await ask(folder, "edu.enrolment_status")).value == "off_roll"


async def test_a_pupil_who_came_back_is_on_roll(folder):
    """Somebody who left and entered again is on roll."""
    rewritten(
        folder / ROLL,
        "<EntryDate>2022-09-01</EntryDate>\n        </School>",
        "<EntryDate>2022-09-01</EntryDate><LeavingDate>2025-10-23</LeavingDate></School>"
        "<School><LEA>999</LEA><Estab>4001</Estab><EntryDate>2025-11-03</EntryDate></School>",
    )
    assert (await ask(folder, "edu.enrolment_status")).value == "on_roll"


@pytest.mark.parametrize(
    ("old", "new", "field", "told"),
    [
        ("<EnrolStatus>C<", "<EnrolStatus>P<", "edu.enrolment_status", Unanswered.NOT_CERTAIN),
        ("<NCyearActual>11</NCyearActual>", "", "edu.year_group", Unanswered.NO_SOURCE),
        ("<NCyearActual>11<", "<NCyearActual>99<", "edu.year_group", Unanswered.DOES_NOT_FIT),
        ("<SENprovision>K<", "<SENprovision>A<", "edu.send_status", Unanswered.NOT_CERTAIN),
        ("<SENprovision>K<", "<SENprovision>N<", "edu.send_status", "N"),
        ("<SENtypeRank>1<", "<SENtypeRank>2<", "edu.send_primary_need", Unanswered.NOT_CERTAIN),
        ("<SENtype>ASD<", "<SENtype>BESD<", "edu.send_primary_need", Unanswered.DOES_NOT_FIT),
    ],
)
async def test_what_the_roll_says_and_what_it_does_not(folder, old, new, field, told):
    """A code that no longer says what it said, and a value left out, are for a person."""
    rewritten(folder / ROLL, old, new)
    answer = await ask(folder, field)
    assert (answer.value if isinstance(answer, Held) else answer) == told


async def test_no_sen_history_is_no_answer(folder):
    """The history is optional in the file: its absence does not say that there are no needs."""
    path = folder / ROLL
    text = path.read_text(encoding="utf-8")
    begin, end = text.index("<SENhistory>"), text.index("</SENhistory>") + len("</SENhistory>")
    path.write_text(text[:begin] + text[end:], encoding="utf-8")
    assert await ask(folder, "edu.send_status") is Unanswered.NO_SOURCE
    assert await ask(folder, "edu.send_primary_need") is Unanswered.NO_SOURCE


async def test_no_need_is_not_held_only_beside_no_provision(folder):
    """Robin has no special needs; that the history names none then means none."""
    robin = subject(given_names="Robin", known_as=(), upn="L999400122018")
    assert await ask(folder, "edu.send_primary_need", robin) == NotHeld()


@pytest.mark.parametrize("name", ["attendance", "suspensions", "welfare"])
async def test_without_a_file_its_fields_are_for_a_person(folder, name):
    """A register that is not there never becomes "not held"."""
    field = {
        "attendance": "edu.attendance_pct",
        "suspensions": "edu.suspensions",
        "welfare": "edu.behaviour_change",
    }[name]
    next(folder.glob(f"{name}_*.csv")).unlink()
    assert await ask(folder, field) is Unanswered.NO_SOURCE


async def test_suspensions_outside_the_window_are_not_told(folder):
    """Only what lies in the time asked about; and nothing, where the register does not reach."""
    before = Window(date(2024, 9, 1), date(2026, 9, 27))
    too_early = Window(date(2024, 8, 31), AT)
    assert await ask(folder, "edu.suspensions", window=before) == NotHeld()
    assert await ask(folder, "edu.suspensions", window=too_early) is Unanswered.WINDOW_NOT_COVERED


async def test_what_was_noticed_at_another_time_is_not_told(folder):
    """The summary's note is of November; asked about the year before, a person must look."""
    before = Window(date(2024, 9, 1), date(2025, 9, 1))
    assert await ask(folder, "edu.behaviour_change", window=before) is Unanswered.NOT_CERTAIN


async def test_a_note_that_is_too_long_is_for_a_person_to_shorten(folder):
    """Nothing is cut off."""
    path = next(folder.glob("welfare_*.csv"))
    rewritten(path, "Eats alone", "Eats alone " * 30)
    assert await ask(folder, "edu.peer_context") is Unanswered.DOES_NOT_FIT


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("attendance", "AM,/", "AM,Ä", "line 2, column code"),
        ("attendance", "AM,/", "XM,/", "line 2, column session"),
        ("attendance", "2025-09-02,AM", "2024-09-02,AM", "line 2, column date"),
        ("attendance", "2025-09-02,AM", "2025-09-31,AM", "line 2, column date"),
        ("attendance", "X999400122017", "X999400122018", "line 2, column upn"),
        ("suspensions", ",VP", ",ZZ", "line 2, column reason"),
        ("suspensions", ",4,VP", ",0,VP", "line 2, column sessions"),
        ("welfare", ",cin,", ",unclear,", "line 2, column safeguarding_status"),
        ("welfare", ",opinion,", ",hearsay,", "line 2, column behaviour_kind"),
    ],
)
async def test_a_wrong_value_is_named_by_line_and_column(folder, name, old, new, where):
    """Every error says where, and not what."""
    path = next(folder.glob(f"{name}_*.csv"))
    rewritten(path, old, new)
    with pytest.raises(SourceError) as broken:
        await ask(folder, "edu.year_group")
    assert (broken.value.file, broken.value.where) == (path.name, where)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (">Common Transfer File<", ">Something Else<", "/CTfile/Header/DocumentName"),
        ("16:05:00", "", "/CTfile/Header/DateTime"),
        ("X999400122017", "X999400122018", "/CTfile/CTFpupilData/Pupil/UPN"),
        ("ZZ99 3AB", "nowhere", "/CTfile/CTFpupilData/Pupil/Address/AddressLines"),
        (">C<", ">?<", "/CTfile/CTFpupilData/Pupil/BasicDetails/EnrolStatus"),
        (">2011-03-09<", "><", "/CTfile/CTFpupilData/Pupil/DOB"),
        (
            "</EntryDate>",
            "</EntryDate><LeavingDate>2001-01-01</LeavingDate>",
            "/CTfile/CTFpupilData/Pupil/SchoolHistory/School/LeavingDate",
        ),
        (">K<", ">Z<", "/CTfile/CTFpupilData/Pupil/SENhistory/SEN/SENprovision"),
    ],
)
async def test_a_wrong_element_is_named_by_line_and_path(folder, old, new, path):
    """Every error says where, and not what."""
    rewritten(folder / ROLL, old, new)
    with pytest.raises(SourceError) as broken:
        await ask(folder, "edu.year_group")
    assert broken.value.file == ROLL
    assert broken.value.where.endswith(f", {path}")


async def test_of_a_pupil_in_two_files_the_newer_counts(folder):
    """Transfer files are made per occasion; two of one instant are an error."""
    text = (folder / ROLL).read_text("utf-8")
    other = folder / "9994001_CTF_999LLLL_002.xml"
    newer = text.replace("2026-11-13T16:05", "2026-11-15T16:05").replace(">11<", ">10<")
    other.write_text(newer, encoding="utf-8")
    assert (await ask(folder, "edu.year_group")).value == "10"
    other.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="same instant"):
        await ask(folder, "edu.year_group")


async def test_two_stages_of_need_that_are_open(folder):
    """The later beginning holds; two of one day are not certain; none open is not certain."""
    stage = "<SEN><StartDate>{}</StartDate><SENprovision>E</SENprovision></SEN><SENneeds>"
    rewritten(folder / ROLL, "<SENneeds>", stage.format("2025-01-01"))
    assert (await ask(folder, "edu.send_status")).value == "E"
    rewritten(folder / ROLL, "2025-01-01", "2024-01-08")
    assert await ask(folder, "edu.send_status") is Unanswered.NOT_CERTAIN
    path = folder / ROLL
    ended = "<EndDate>2026-01-01</EndDate><SENprovision>"
    path.write_text(path.read_text("utf-8").replace("<SENprovision>", ended), encoding="utf-8")
    assert await ask(folder, "edu.send_status") is Unanswered.NOT_CERTAIN


async def test_a_register_that_begins_in_the_school_year(folder):
    """A year of which the beginning is not covered has no percentage; the one before may lack."""
    path = next(folder.glob("attendance_*.csv"))
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.unlink()
    for first, told in (
        ("2026-09-02", Unanswered.WINDOW_NOT_COVERED),
        ("2026-09-01", {"current": 64}),
    ):
        kept = [line for line in lines[1:] if line.split(",")[1] >= first]
        file = folder / f"attendance_{first}_2026-11-13.csv"
        file.write_text("".join([lines[0], *kept]), encoding="utf-8")
        answer = await ask(folder, "edu.attendance_pct")
        assert (answer.value if isinstance(answer, Held) else answer) == told
        file.unlink()


async def test_the_newest_file_counts(folder):
    """A later register replaces an earlier one; two of the same day are an error."""
    (folder / "welfare_2026-11-14.csv").write_text(
        next(folder.glob("welfare_*.csv")).read_text("utf-8").replace("Form tutor", "Librarian"),
        encoding="utf-8",
    )
    answer = await ask(folder, "edu.best_person_to_approach")
    assert answer.value["role"] == "Librarian"
    (folder / "suspensions_2024-08-01_2026-11-13.csv").write_text("x\n", encoding="utf-8")
    with pytest.raises(SourceError, match="same day"):
        await ask(folder, "edu.suspensions")
