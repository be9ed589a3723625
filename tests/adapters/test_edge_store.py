"""The edge's store: whose it is, what a copied file shows, and two processes at once."""

import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from adapters.aside import Aside, put_aside
from adapters.feed import take_entry
from adapters.gatherer.cases import find_case
from adapters.gatherer.notes import Note, NoteKind, write_note
from adapters.mailbox import letters, open_body, seal_body
from adapters.proposal import Proposal, write_down
from adapters.store import (
    ALARMS,
    DRAFTS,
    META,
    NOTES,
    SEQUENCES,
    EdgeStore,
    StoreBusy,
    StoreError,
    Vault,
)
from adapters.vault import StoreError as SameError
from schemas.fields.item import Held
from tests.adapters.edge_hands import Hands
from tests.adapters.feed_scene import FeedScene
from tests.adapters.gatherer.surroundings import keys_of
from tests.builders.agencies import AT

AGENCY = "oakfield-school"
VAULT = keys_of(AGENCY).vault


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/edge.db"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EdgeStore]:
    made = EdgeStore.open(url(tmp_path), AGENCY, VAULT)
    yield made
    made.close()


# ------------------------------------------------------------------------------------ whose


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("agency", "another-school", "belongs to another-school, not to oakfield-school"),
        ("version", "0", "has format 0, this program knows 1"),
        ("version", None, "has format None"),
    ],
)
def test_a_store_that_is_not_ours_is_refused(
    tmp_path: Path, store: EdgeStore, name: str, value: str | None, says: str
):
    """Another agency's, or another format's: a sentence says which, and nothing is changed."""
    with store.change() as c:
        c.execute(update(META).where(META.c.name == name).values(value=value))
    store.close()
    with pytest.raises(StoreError, match=says):
        EdgeStore.open(url(tmp_path), AGENCY, VAULT)
    assert SameError is StoreError


def test_a_store_is_opened_again(tmp_path: Path, store: EdgeStore):
    """What was written is there."""
    with store.change() as c:
        c.execute(insert(ALARMS).values(kind="k", about="a", at="t"))
    store.close()
    again = EdgeStore.open(url(tmp_path), AGENCY, VAULT)
    with again.read() as c:
        assert c.execute(select(ALARMS.c.kind)).scalars().all() == ["k"]
    again.close()


@pytest.mark.parametrize("given", ["sqlite://", "postgresql://somewhere/edge"])
def test_what_has_no_lock_of_ours_is_refused(given: str):
    """Two processes would give one number to two messages there."""
    with pytest.raises(StoreError, match="SQLite file"):
        EdgeStore.open(given, AGENCY, VAULT)


def test_a_file_that_cannot_be_opened_is_said_to_be_so(tmp_path: Path):
    """A folder that is not there, for one."""
    with pytest.raises(StoreError, match="cannot be opened"):
        EdgeStore.open(url(tmp_path / "nowhere"), AGENCY, VAULT)


@pytest.mark.parametrize("damage", [b"this is no database, it is a text of some length", b"SQLite format 3\0" + b"\xff" * 4000])  # fmt: skip
def test_a_damaged_file_is_said_to_be_so(tmp_path: Path, damage: bytes):
    """Nobody reads a traceback to find that a backup is needed."""
    (tmp_path / "edge.db").write_bytes(damage)
    with pytest.raises(StoreError, match="damaged"):
        EdgeStore.open(url(tmp_path), AGENCY, VAULT)


def test_nobody_else_may_read_the_file(tmp_path: Path, store: EdgeStore):
    """The file and its journals are this user's alone, whatever the umask."""
    with store.change() as c:
        c.execute(insert(ALARMS).values(kind="k", about="a", at="t"))
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


# ------------------------------------------------------------------------------ transactions


def test_a_change_is_whole_or_nothing(store: EdgeStore):
    """An exception anywhere takes everything back."""

    def break_off() -> None:
        with store.change() as c:
            c.execute(insert(ALARMS).values(kind="k", about="a", at="t"))
            c.execute(insert(ALARMS).values(kind="k", about="a", at="t"))

    with pytest.raises(IntegrityError):
        break_off()
    with store.read() as c:
        assert c.execute(select(ALARMS)).all() == []


def test_who_reads_cannot_write(store: EdgeStore):
    """A change that went by the reader's road would have no lock."""
    with pytest.raises(OperationalError, match="readonly"), store.read() as c:
        c.execute(insert(ALARMS).values(kind="k", about="a", at="t"))
    with store.change() as c:
        c.execute(insert(ALARMS).values(kind="k", about="a", at="t"))


def test_who_reads_keeps_nobody_from_writing(tmp_path: Path, store: EdgeStore):
    """A reader sees one moment, however much is written meanwhile."""
    other = EdgeStore.open(url(tmp_path), AGENCY, VAULT)
    with store.read() as reader:
        assert reader.execute(select(ALARMS)).all() == []
        with other.change() as c:
            c.execute(insert(ALARMS).values(kind="k", about="a", at="t"))
        assert reader.execute(select(ALARMS)).all() == []
    with store.read() as reader:
        assert len(reader.execute(select(ALARMS)).all()) == 1
    other.close()


def test_a_lock_that_is_not_given_back_is_a_fault_that_passes(tmp_path: Path, store: EdgeStore):
    """The edge waits and tries again; nothing of the message is in the fault."""
    with store.read() as c:
        c.exec_driver_sql("PRAGMA busy_timeout=1")
    holder = sqlite3.connect(tmp_path / "edge.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as busy, store.change() as c:
        c.execute(insert(ALARMS).values(kind="k", about="canary-1", at="t"))
    holder.close()
    assert "canary-1" not in f"{busy.value} {busy.value.__cause__}"


def test_a_fault_of_ours_names_no_value(store: EdgeStore):
    """What SQLAlchemy says of a failed statement has no parameters in it."""
    with pytest.raises(Exception) as found, store.change() as c:
        c.execute(insert(META).values(name="agency", value="canary-2"))
    assert "canary-2" not in str(found.value)


def _number(folder: str, times: int) -> None:
    own = EdgeStore.open(url(Path(folder)), AGENCY, VAULT)
    for _ in range(times):
        with own.change() as c:
            row = c.execute(select(SEQUENCES).where(SEQUENCES.c.aud == "x")).one_or_none()
            seq = 1 if row is None else row.seq + 1
            c.execute(delete(SEQUENCES).where(SEQUENCES.c.aud == "x"))
            c.execute(insert(SEQUENCES).values(aud="x", seq=seq, prev=str(os.getpid())))
            c.execute(insert(ALARMS).values(kind="given", about=str(seq), at="t"))
    own.close()


def test_two_processes_never_give_one_number_twice(tmp_path: Path, store: EdgeStore):
    """The command line and the running edge number messages at once: none is lost, none is doubled."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_number, args=(str(tmp_path), 40)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    with store.read() as c:
        given = sorted(int(about) for about in c.execute(select(ALARMS.c.about)).scalars())
        assert c.execute(select(SEQUENCES.c.seq)).scalar_one() == 80
    assert given == list(range(1, 81))


# ------------------------------------------------------------------------------------ sealed

CANARY = "Canarynine"


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_copied_file_shows_no_value(hands: Hands, tmp_path: Path):
    """Every column that holds a value of a person, in the database and in its journals."""
    subject = {
        "id.family_name": CANARY,
        "id.given_names": "Jo",
        "id.dob": "2010-02-28",
        "id.upn": "A123456789012",
    }
    found = hands.asks(subject=subject, because="staff saw canarynine withdrawal since September")
    hands.bring(found)
    item = Held(CANARY, "fact", AT.date(), CANARY)
    with hands.school.store.change() as c:
        write_down(hands.school, c, found.jti, Proposal("found", items={"edu.setting": item}))
        vault = hands.school.keys.vault
        put_aside(c, vault, Aside("manifest", CANARY.encode(), AT), AT)
        write_note(
            hands.school, c, Note(found.jti, NoteKind.TELEPHONE, "aio-1", AT, {"text": CANARY})
        )
    scene = FeedScene(hands)
    assert take_entry(hands.school, scene.entry(reason=CANARY), hands.now) == "kept"
    with hands.panel.store.read() as c:
        assert find_case(hands.panel, c, "NS-2026-014") is not None
        assert CANARY in str(open_body(hands.panel.keys.vault, letters(c, way="out")[0]))
    with hands.school.store.read() as c:
        assert CANARY in str(open_body(vault, letters(c, way="in")[0]))
        assert c.execute(select(DRAFTS.c.draft)).scalar_one()
        assert c.execute(select(NOTES.c.text)).scalar_one()
    copied = _bytes_of(tmp_path)
    assert CANARY.lower().encode() not in copied.lower()
    assert hands.letter(hands.school, found.jti).jti.encode() in copied


def test_another_key_opens_nothing(hands: Hands, tmp_path: Path):
    """A store with another agency's, or a new, storage key says so; values have one place each."""
    found = hands.asked()
    kept = hands.letter(hands.school, found.jti)
    with pytest.raises(StoreError, match="same backup"):
        open_body(Vault(b"x" * 32, lambda: b"n" * 12), kept)
    vault = hands.school.keys.vault
    assert kept.body is not None
    for place in ("messages/out/x/body", f"messages/in/{found.jti}/cek"):
        with pytest.raises(StoreError):
            vault.open(kept.body, place)
    for cut in (0, 5, 12, 20, len(kept.body) - 1):
        with pytest.raises(StoreError):
            vault.open(kept.body[:cut], f"messages/in/{found.jti}/body")


def test_no_key_stands_in_what_is_printed():
    """A vault that is logged by mistake shows nothing."""
    assert "x" * 32 not in repr(Vault(b"x" * 32, bytes))


def test_what_is_erased_is_overwritten(tmp_path: Path, store: EdgeStore):
    """Not even the sealed bytes of an erased body stay in the file."""
    sealed = seal_body(VAULT, "in", "some-jti", {"id.family_name": "x" * 500})
    with store.change() as c:
        c.execute(insert(DRAFTS).values(request="r", draft=sealed, made_at="t"))
    store.close()
    assert sealed in _bytes_of(tmp_path)
    again = EdgeStore.open(url(tmp_path), AGENCY, VAULT)
    with again.change() as c:
        c.execute(delete(DRAFTS))
    again.close()
    assert sealed not in _bytes_of(tmp_path)
