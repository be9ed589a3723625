"""What every agency's adapter must do, on its own kind of files. Subclass it in your test file."""

from datetime import timedelta

import pytest

from adapters.agency import (
    CannotShare,
    Found,
    Match,
    NothingHeld,
    SourceError,
    Subject,
    Unanswered,
)
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.item import Held, item_json, read_item
from schemas.fields.refusal_reason import RefusalReason
from tests.builders.records import (
    AT,
    RECORDS,
    copied,
    fields_of,
    stranger,
    subject_for,
    wanted,
)


class AgencyContract:
    """Every agency passes this suite.

    Attributes:
        sector: Folder under ``deploy/sandbox/records`` that the adapter reads.
        prefix: Of its fields.
        someone: A person whom the records know; the sandbox's subject by default.
        several: A person whom two records could be.

    """

    sector: str
    prefix: str
    several: Subject
    part3 = False

    def agency(self, folder, **settings):
        """Make the adapter on a folder: each subclass says how."""
        pytest.fail("the subclass makes its adapter")

    def someone(self):
        """A person whom the records know."""
        return subject_for(self.sector)

    @pytest.fixture
    def here(self):
        """The adapter on the sandbox's own records."""
        return self.agency(RECORDS / self.sector)

    @pytest.fixture
    def folder(self, tmp_path):
        """A copy of the records, to break."""
        return copied(tmp_path, self.sector)

    async def test_exactly_what_is_wanted_comes_back(self, here):
        """Asked for all fields, each comes back once: as an item or for a person to answer."""
        fields = fields_of(self.prefix)
        found = await here.find(self.someone(), wanted(*fields))
        assert isinstance(found, Found)
        assert found.items, "the sandbox's records answer nothing: the suite would prove nothing"
        assert {*found.items, *found.unanswered} == set(fields)
        assert not found.items.keys() & found.unanswered.keys()

    async def test_nothing_but_what_is_wanted_comes_back(self, here):
        """Asked for one field, only that one is in the answer, and it says the same as among all."""
        fields = fields_of(self.prefix)
        whole = await here.find(self.someone(), wanted(*fields))
        for field in fields:
            alone = await here.find(self.someone(), wanted(field))
            assert [*alone.items, *alone.unanswered] == [field]
            assert alone.items.get(field) == whole.items.get(field)

    async def test_nothing_wanted(self, here):
        """Asked for nothing, the answer is empty."""
        found = await here.find(self.someone(), wanted())
        assert isinstance(found, Found)
        assert not found.items
        assert not found.unanswered

    async def test_a_field_of_another_sector_is_nobodys_guess(self, here):
        """A field that the adapter does not know is for a person, not "not held"."""
        other = "hlt.known" if self.prefix != "hlt." else "edu.year_group"
        found = await here.find(self.someone(), wanted(other))
        assert found.unanswered == {other: Unanswered.NO_SOURCE}

    async def test_items_are_what_the_field_accepts(self, here):
        """Each item survives the wire; law enforcement particulars stand exactly where they must."""
        found = await here.find(self.someone(), wanted(*fields_of(self.prefix)))
        for name, item in found.items.items():
            assert read_item(CATALOGUE[name], item_json(item)) == item
            if isinstance(item, Held):
                assert item.as_at <= AT
                assert (item.p3 is not None) is self.part3

    async def test_nothing_about_anybody_else(self, here):
        """What the records say of others (marked CANARY) is in no answer."""
        texts = [p.read_text("utf-8") for p in (RECORDS / self.sector).iterdir()]
        found = await here.find(self.someone(), wanted(*fields_of(self.prefix)))
        assert "CANARY" not in repr(found)
        assert any("CANARY" in text for text in texts) or self.sector == "housing"

    async def test_nobody_is_said_with_what_was_searched(self, here):
        """A stranger is not held; the answer names systems, and no day that is not covered."""
        told = await here.find(stranger(), wanted(*fields_of(self.prefix)))
        assert isinstance(told, NothingHeld)
        assert told.confidence is Match.NONE
        assert told.searched
        assert told.window.from_on <= told.window.to_on <= AT

    async def test_several_candidates_are_never_chosen_from(self, here):
        """Two records that could be the person: a refusal that says so and nothing else."""
        told = await here.find(self.several, wanted(*fields_of(self.prefix)))
        assert told == CannotShare(RefusalReason.IDENTITY_NOT_MATCHED)

    @pytest.mark.parametrize("harm", ["empty", "cut", "not_utf8", "gone_on"])
    async def test_a_broken_file_stops_every_answer(self, folder, harm):
        """Whichever file breaks, and however: an error with its name and a place, about anybody."""
        agency = self.agency(folder)
        for path in sorted(folder.iterdir()):
            good = path.read_bytes()
            assert isinstance(await agency.find(self.someone(), wanted()), Found)
            path.write_bytes(_harmed(good, harm))
            for person in (self.someone(), stranger()):
                with pytest.raises(SourceError) as broken:
                    await agency.find(person, wanted(*fields_of(self.prefix)))
                assert broken.value.file == path.name
                assert broken.value.where
                _says_nothing_of_the_file(broken.value, good)
            path.write_bytes(good)
        assert isinstance(await agency.find(self.someone(), wanted()), Found)

    async def test_a_file_of_an_unknown_name(self, folder):
        """A misspelt name is an error and never a file left out; one not yet complete is not read."""
        (folder / "notes.csv.part").write_text("half")
        (folder / ".hidden").write_text("half")
        agency = self.agency(folder)
        assert isinstance(await agency.find(self.someone(), wanted()), Found)
        (folder / "notes.txt").write_text("what is this")
        with pytest.raises(SourceError, match=r"notes\.txt"):
            await agency.find(self.someone(), wanted())

    async def test_a_link_is_not_followed(self, folder, tmp_path):
        """A link out of the folder could bring in anybody's file."""
        (folder / "more.xml").symlink_to(tmp_path / "elsewhere.xml")
        with pytest.raises(SourceError, match=r"more\.xml"):
            await self.agency(folder).find(self.someone(), wanted())

    async def test_no_folder(self, tmp_path):
        """A folder that is not there is an error, not an agency that knows nobody."""
        with pytest.raises(SourceError, match="not there"):
            await self.agency(tmp_path / "gone").find(self.someone(), wanted())

    async def test_an_empty_folder(self, tmp_path):
        """Nor is an empty one."""
        (tmp_path / "empty").mkdir()
        with pytest.raises(SourceError):
            await self.agency(tmp_path / "empty").find(self.someone(), wanted())

    @pytest.mark.parametrize("days", [60, -30])
    async def test_records_of_another_time(self, here, days):
        """Old records do not speak for today, nor do records of a day that has not come."""
        at = AT + timedelta(days=days)
        with pytest.raises(SourceError):
            await here.find(self.someone(), wanted(at=at))
        timeless = self.agency(RECORDS / self.sector, max_age_days=None)
        assert isinstance(await timeless.find(self.someone(), wanted(at=at)), Found)


def _harmed(good, harm):
    match harm:
        case "empty":
            return b""
        case "cut":
            return good[: len(good) // 2 - 1] if good[len(good) // 2 - 2] != 0x0A else good[:-9]
        case "not_utf8":
            return good[:-12] + b"\xff\xfe" + good[-12:]
        case _:
            return good + b'}<x>,"\n'


def _says_nothing_of_the_file(error, good):
    """No name, date of birth or note of the records may stand in the error."""
    for secret in ("Ashdown", "Rowan", "2011-03-09", "CANARY", "Tennick", "ZZ99"):
        if secret.encode() in good:
            assert secret not in str(error)
