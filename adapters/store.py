"""What one agency's edge keeps: its outbox, messages, receipts, feed and notes, in SQL.

SQLite by default, any database that SQLAlchemy speaks by URL. Everything that holds a value of a
person (bodies, notes, drafts, content keys) is sealed under the agency's storage key before it
is written, so a copied file shows who wrote to whom but not what. Two processes of the same
agency may use the store at once (the running edge and the command line): every change is one
transaction that takes the write lock first.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
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
    select,
)

__all__ = ["FORMAT_VERSION", "EdgeStore", "StoreError", "Vault", "tables"]

FORMAT_VERSION = "1"

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

#: What was heard last from each agency, to notice a gap or a repetition.
HEARD = Table(
    "heard",
    tables,
    Column("iss", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("prev", String, nullable=False),
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

#: Every message in or out. ``body`` is sealed. ``state`` for a message in: announced, opened,
#: rejected, recalled; for a message out: queued, submitted, refused, delivered, opened, rejected,
#: recalled.
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
    Column("h", String, nullable=False),
    Column("ch", String, nullable=False),
    Column("id", String, nullable=False),  # hex SHA-256 of the envelope, "" when in
    Column("manifest", Text, nullable=False),
    Column("body", LargeBinary),
    Column("cek", LargeBinary),
    Column("state", String, nullable=False),
    Column("at", String, nullable=False),  # queued (out), heard (in): RFC 3339 UTC
    Column("arrived_at", String),  # at the broker, as its receipt says
    Column("due", Text),  # JSON as the broker's newest receipt about it says, or null
    Column("late", Integer, nullable=False, default=0),
    Column("problems", Text, nullable=False, default="[]"),
    Column("content", Text),  # sealed content that waits, until it is opened
)

RECEIPTS = Table(
    "receipts",
    tables,
    Column("jti", String, primary_key=True),
    Column("about", String, nullable=False, index=True),  # h of the message, or its bytes' hash
    Column("status", String, nullable=False),
    Column("iss", String, nullable=False),
    Column("at", String, nullable=False),
    Column("receipt", Text, nullable=False),
)

#: A case as its gatherer knows it. ``label`` and ``subject`` are sealed.
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

#: What a person wrote down by hand, such as an answer by telephone. ``text`` is sealed.
NOTES = Table(
    "notes",
    tables,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("request", String, nullable=False, index=True),
    Column("kind", String, nullable=False),  # telephone | export | print
    Column("by", String, nullable=False),
    Column("at", String, nullable=False),
    Column("text", LargeBinary),
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

#: The agency's feed of the log: each record that concerns it, opened, with its inclusion proof.
FEED = Table(
    "feed",
    tables,
    Column("n", Integer, primary_key=True),
    Column("entry_hash", String, nullable=False),
    Column("leaf", String, nullable=False),
    Column("place_in_log", Integer, nullable=False),
    Column("about", String, nullable=False, index=True),  # jti of the message, or ""
    Column("record", Text, nullable=False),  # sealed, as logged
    Column("opened", LargeBinary, nullable=False),
    Column("proof", Text, nullable=False),
)


class StoreError(Exception):
    """The store cannot be used; the message says why and what to do, without any content."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals values at rest under the agency's storage key (AES-256-GCM, random nonce).

    Attributes:
        key: 32 bytes.
        nonces: Gives 12 fresh random bytes at each call.

    """

    key: bytes
    nonces: Callable[[], bytes]

    def seal(self, value: object, place: str) -> bytes:
        """Seal a JSON value for one place (table and row); it opens at no other place."""
        nonce: bytes = self.nonces()
        text = json.dumps(value, ensure_ascii=False).encode()
        return nonce + AESGCM(self.key).encrypt(nonce, text, place.encode())

    def open(self, sealed: bytes, place: str) -> Any:  # noqa: ANN401 - JSON, checked by the caller
        """Open what was sealed for this place.

        Raises:
            StoreError: Another key, another place, or changed bytes.

        """
        try:
            text = AESGCM(self.key).decrypt(sealed[:12], sealed[12:], place.encode())
        except InvalidTag:
            msg = (
                "a stored value does not open with this agency's storage key: restore the "
                "store and the keys from the same backup"
            )
            raise StoreError(msg) from None
        return json.loads(text)


class EdgeStore:
    """One agency's store. Methods elsewhere take a connection, so that they compose in one transaction."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Wrap an engine; use :meth:`open`."""
        self._engine = engine
        self.vault = vault

    @classmethod
    def open(cls, url: str, agency: str, vault: Vault) -> "EdgeStore":
        """Open the store, making its tables when it is new.

        Args:
            url: SQLAlchemy URL, such as ``sqlite:////var/lib/dovetail/edge.db``.
            agency: The agency id that the store belongs to.
            vault: Seals what is personal.

        Raises:
            StoreError: The store belongs to another agency or has an unknown format version.

        """
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _take_write_lock)
        store = cls(engine, vault)
        with store.change() as c:
            tables.create_all(c)
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
        return store

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing."""
        with self._engine.begin() as c:
            yield c

    #: Reading takes the same road, so that a reader never sees half of a change.
    read = change

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a power cut must not lose what was promised
    cursor.execute("PRAGMA busy_timeout=20000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # an erased body is overwritten, not only unlinked
    cursor.close()


def _take_write_lock(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def row_json(value: str | None) -> Mapping[str, Any] | None:
    """Read a JSON column that may be null."""
    return None if value is None else json.loads(value)
