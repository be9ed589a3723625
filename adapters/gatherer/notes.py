"""What a person wrote down by hand, or took out of the system: sealed, dated, with who did it.

The store's column ``request`` holds the id of the request that a note is about; of a note about a
whole case (an export, a print) its ``conv``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from adapters.edge import Edge
from adapters.mailbox import instant
from adapters.store import NOTES
from schemas.encoding import JsonValue, instant_text

__all__ = ["Note", "NoteKind", "notes", "write_note"]


class NoteKind(StrEnum):
    """What a note records; the store's column ``kind``.

    ``telephone`` an answer taken down by hand · ``redirect`` somebody acted on a redirect ·
    ``accepted`` the agency may ask a further clarification · ``export``, ``print`` a case was
    taken out.
    """

    TELEPHONE = "telephone"
    REDIRECT = "redirect"
    ACCEPTED = "accepted"
    EXPORT = "export"
    PRINT = "print"


@dataclass(frozen=True, slots=True, repr=False)
class Note:
    """A note.

    Attributes:
        about: The request's id, or the case.
        kind: What it records.
        by: Staff pseudonym.
        at: When it was written.
        said: What it says; members depend on the kind.

    """

    about: str
    kind: NoteKind
    by: str
    at: datetime
    said: Mapping[str, JsonValue]


def write_note(edge: Edge, c: Connection, note: Note) -> None:
    """Keep a note, sealed; it is never changed afterwards."""
    sealed = edge.keys.vault.seal(dict(note.said), _place(note.about, note.kind))
    row = {
        "request": note.about,
        "kind": note.kind.value,
        "by": note.by,
        "at": instant_text(note.at),
        "text": sealed,
    }
    c.execute(insert(NOTES).values(**row))


def notes(edge: Edge, c: Connection, about: str | None = None) -> tuple[Note, ...]:
    """Give the notes about a request or a case, or all, in the order in which they were written."""
    query = select(NOTES).order_by(NOTES.c.place)
    if about is not None:
        query = query.where(NOTES.c.request == about)
    return tuple(
        Note(
            row.request,
            NoteKind(row.kind),
            row.by,
            instant(row.at),
            edge.keys.vault.open(row.text, _place(row.request, row.kind)),
        )
        for row in c.execute(query)
    )


def _place(about: str, kind: str) -> str:
    return f"notes/{about}/{kind}"
