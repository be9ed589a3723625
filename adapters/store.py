"""What one agency's edge keeps: its outbox, messages, receipts, feed and notes, in SQL.

A SQLite file, mode 0600, through SQLAlchemy Core. Everything that holds a value of a person (bodies,
notes, drafts, subjects, content keys, opened records) is sealed under the agency's storage key
before it is written, so a copied file shows who wrote to whom but not what. Two processes of the
same agency may use the store at once (the running edge and the command line): every change is one
transaction that takes the write lock first, so that no number is ever given twice. Another database
needs such a lock of its own, and is refused until it has one.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import DatabaseError

from adapters.vault import StoreError, Vault

__all__ = ["FORMAT_VERSION", "EdgeStore", "StoreBusy", "StoreError", "Vault", "tables"]

FORMAT_VERSION: Final = "1"
_BUSY_S: Final = 20.0  # longer than any of our transactions, also on a slow disk

tables = MetaData()

META = Table("meta", tables, Column("name", String, primary_key=True), Column("value", Text))

#: The number and hash of the last message to each agency (protocol 2.1, ``seq`` and ``prev``).
SEQUENCES = Table(
    "sequences",
    tables,
    Column("aud", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("prev", String, nullable=False),
)

#: Every number from each agency that is accounted for: by a message (``h``, and the ``prev`` that
#: it names) or by the broker's word that it will not come (both null).
HEARD = Table(
    "heard",
    tables,
    Column("iss", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("h", String),
    Column("prev", String),
)

#: Bytes that are to go to the bus, in this order. They are never made again: a retry sends these.
OUTBOX = Table(
    "outbox",
    tables,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),  # env | receipt
    Column("data", LargeBinary, nullable=False),
    Column("queued_at", String, nullable=False),
    Column("sent_at", String),
)

#: Every message in or out. ``body`` and ``cek`` are sealed. ``state`` for a message in: announced,
#: opened, rejected, recalled; for a message out: queued, submitted, refused, delivered, opened,
#: rejected, recalled.
MESSAGES = Table(
    "messages",
    tables,
    Column("jti", String, primary_key=True),
    Column("way", String, primary_key=True),  # in | out
    Column("iss", String, nullable=False),
    Column("aud", String, nullable=False),
    Column("mt", String, nullable=False),
    Column("conv", String, nullable=False, index=True),
    Column("request", String, nullable=False, index=True),  # jti of the request it is about
    Column("h", String, nullable=False, index=True),
    Column("ch", String, nullable=False),
    Column("id", String, nullable=False, index=True),  # hex SHA-256 of the envelope, "" when in
    Column("manifest", Text, nullable=False),
    Column("body", LargeBinary),
    Column("cek", LargeBinary),
    Column("state", String, nullable=False),
    Column("at", String, nullable=False),  # queued (out), heard (in): RFC 3339 UTC
    Column("arrived_at", String),  # at the broker, as its receipt says
    Column("due", Text),  # JSON as the broker's newest receipt about it says, or null
    Column("late", Integer, nullable=False, default=0),
    Column("problems", Text, nullable=False, default="[]"),
    Column("content", Text),  # the sealed content of a message that was rejected: evidence
)

RECEIPTS = Table(
    "receipts",
    tables,
    Column("jti", String, primary_key=True),
    Column("about", String, nullable=False, index=True),  # h of the message, else b64u of its bytes
    Column("status", String, nullable=False, index=True),
    Column("iss", String, nullable=False),
    Column("at", String, nullable=False),
    Column("receipt", Text, nullable=False),
)

#: A case as its gatherer knows it. ``subject`` is sealed; ``reference`` is the agency's own.
CASES = Table(
    "cases",
    tables,
    Column("conv", String, primary_key=True),
    Column("reference", String, nullable=False, unique=True),
    Column("due_at", String),
    Column("opened_at", String, nullable=False),
    Column("subject", LargeBinary),
)

#: An answer that waits for a person. ``draft`` is sealed.
DRAFTS = Table(
    "drafts",
    tables,
    Column("request", String, primary_key=True),
    Column("draft", LargeBinary, nullable=False),
    Column("made_at", String, nullable=False),
)

#: What a person wrote down by hand, such as an answer by telephone (``gatherer.notes`` lists the
#: kinds). ``text`` is sealed.
NOTES = Table(
    "notes",
    tables,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("request", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", String, nullable=False),
    Column("text", LargeBinary),
)

#: What was told to a person outside the bus: which thing (id of a message, a receipt or an alarm),
#: by which of the edge's announcers.
ANNOUNCED = Table(
    "announced",
    tables,
    Column("about", String, primary_key=True),
    Column("way", Integer, primary_key=True),
    Column("at", String, nullable=False),
)

#: Deliveries that could not be taken, until they can. ``data`` is sealed.
ASIDE = Table(
    "aside",
    tables,
    Column("id", String, primary_key=True),  # hex SHA-256 of the bytes
    Column("kind", String, nullable=False),  # manifest | content | receipt | feed
    Column("data", LargeBinary, nullable=False),
    Column("stored_at", String, nullable=False),
    Column("at", String, nullable=False),
)

#: What somebody must look at: a gap, a smuggled field, a clock that disagrees.
ALARMS = Table(
    "alarms",
    tables,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("about", String, nullable=False),
    Column("at", String, nullable=False),
    UniqueConstraint("kind", "about"),
)

#: The agency's feed of the log: each record that concerns it, with its inclusion proof. ``opened``
#: is the record in clear, sealed under the storage key; ``prev`` and ``entry_hash`` chain entries.
FEED = Table(
    "feed",
    tables,
    Column("n", Integer, primary_key=True),
    Column("entry_hash", String, nullable=False),
    Column("prev", String, nullable=False),
    Column("leaf", String, nullable=False),
    Column("place_in_log", Integer, nullable=False),
    Column("about", String, nullable=False, index=True),  # jti of the message, or ""
    Column("record", Text, nullable=False),  # sealed, as logged
    Column("opened", LargeBinary, nullable=False),
    Column("proof", Text, nullable=False),
)


class StoreBusy(StoreError):
    """Another process holds the store, or the disk takes nothing now: try again later."""


class EdgeStore:
    """One agency's store.

    What reads and writes rows takes a connection, so that several steps compose in one transaction.
    """

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Wrap an engine; use :meth:`open`."""
        self._engine = engine
        self.vault = vault

    @classmethod
    def open(cls, url: str, agency: str, vault: Vault) -> "EdgeStore":
        """Open the store, making its file and tables when it is new.

        Args:
            url: SQLAlchemy URL, such as ``sqlite:////var/lib/dovetail/edge.db``.
            agency: The agency id that the store belongs to.
            vault: Seals what is personal.

        Raises:
            StoreError: It belongs to another agency, has an unknown format version, is damaged or
                no SQLite file.
            StoreBusy: Another process holds it for longer than any of ours would.

        """
        _make_private(url)
        # Without values in messages: what fails names columns, never what was to be written.
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_S})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        store = cls(engine, vault)
        with ExitStack() as undo:
            undo.callback(store.close)
            store._claim(agency)
            undo.pop_all()
        return store

    def _claim(self, agency: str) -> None:
        """Make a new store this agency's; refuse another's, and one of another format."""
        with self.change() as c:
            META.create(c, checkfirst=True)
            found = {row.name: row.value for row in c.execute(select(META))}
            if not found:
                rows = (
                    {"name": "version", "value": FORMAT_VERSION},
                    {"name": "agency", "value": agency},
                )
                c.execute(insert(META), rows)
            elif found.get("version") != FORMAT_VERSION:
                msg = f"the store has format {found.get('version')}, this program knows {FORMAT_VERSION}: use the program that made it, or migrate"
                raise StoreError(msg)
            elif found.get("agency") != agency:
                msg = f"the store belongs to {found.get('agency')}, not to {agency}: check the configuration"
                raise StoreError(msg)
            tables.create_all(c)

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction that nobody else writes beside: all of it, or nothing.

        Raises:
            StoreBusy: Nothing was written; again later may help.
            StoreError: The file is damaged.

        """
        with _explained(), self._engine.begin() as c:
            yield c

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One moment's view: nobody is kept from writing, and nothing can be changed through it."""
        with (
            _explained(),
            self._engine.connect() as c,
            c.execution_options(**{_READS: True}).begin(),
        ):
            yield c

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


_READS: Final = "dovetail_reads"
_AGAIN: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
}
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def _explained() -> Iterator[None]:
    """Say of what happened to the file what to do; a fault in a statement of ours stays what it is."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:  # the latter while it connects
        found = error.orig if isinstance(error, DatabaseError) else error
        code = getattr(found, "sqlite_errorcode", 0) & 0xFF  # without the extended part
        if code in _AGAIN:
            raise StoreBusy("the store cannot be used now: see to its disk, or wait") from error
        if code in _DAMAGED:
            raise StoreError("the store is damaged: restore it from a backup") from error
        raise


def _make_private(url: str) -> None:
    """Make the file before SQLite does, for this user alone; its journals take over its mode."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise StoreError(
            "the store is a SQLite file: give its URL, such as sqlite:////path/edge.db"
        )
    try:
        os.close(os.open(Path(parsed.database), os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"the store's file cannot be opened ({error.strerror})") from error


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a power cut must not lose what was promised
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # an erased body is overwritten, not only unlinked
    cursor.close()


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql(f"PRAGMA query_only={int(reads)}")
    # The lock comes first: to read a number and write its successor must be one step.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
