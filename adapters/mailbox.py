"""Messages, receipts and the outbox of one agency, as rows become values and values rows.

Everything here takes a connection of :class:`adapters.store.EdgeStore`, so that several steps are
one transaction.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from adapters.store import MESSAGES, OUTBOX, RECEIPTS, Vault
from schemas.encoding import JsonValue, instant_text, parse_instant
from schemas.problems import Code, Problem

__all__ = [
    "Letter",
    "Receipt",
    "answered_about",
    "change_letter",
    "due_of",
    "instant",
    "keep_letter",
    "keep_receipt",
    "letter",
    "letters",
    "newest_due",
    "open_body",
    "queue",
    "receipts",
    "refers_to",
    "seal_body",
    "short",
]


_SHORT = 8


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as one side keeps it; bodies and keys stay sealed until asked for.

    Attributes:
        jti: Its id.
        way: ``in`` or ``out``.
        iss: Sender, as messages name it.
        aud: The one recipient.
        mt: Type and major version.
        conv: The case.
        request: Id of the request that it is, or is about.
        h: b64u(SHA-256(P)).
        ch: b64u(SHA-256(content)).
        id: Hex SHA-256 of the envelope; empty when it came in two parts.
        manifest: Exact text.
        body: Sealed fields, or None while unread.
        cek: Sealed content key, kept for the dispute window.
        state: In: announced, opened, rejected, recalled. Out: queued, submitted, refused,
            delivered, opened, rejected, recalled.
        at: When it was queued or heard.
        arrived_at: At the broker, or None while unknown.
        due: The request's due time as the broker's receipt on this message says, or None.
        late: Whether the broker marked it late.
        problems: Why it was refused or rejected.
        content: The sealed content of a message that was rejected once it was there, or None.

    """

    jti: str
    way: str
    iss: str
    aud: str
    mt: str
    conv: str
    request: str
    h: str
    ch: str
    id: str
    manifest: str
    body: bytes | None
    cek: bytes | None
    state: str
    at: datetime
    arrived_at: datetime | None
    due: Mapping[str, Any] | None
    late: bool
    problems: tuple[Problem, ...]
    content: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that was kept, ours or another's.

    Attributes:
        jti: Its id.
        about: ``h`` of the message; of one that we do not have, b64u(SHA-256) of its bytes, or
            the receipt's own id.
        status: What it states.
        iss: Who states it, as messages name it.
        at: When what it states happened.
        receipt: Its exact text.

    """

    jti: str
    about: str
    status: str
    iss: str
    at: datetime
    receipt: str


def short(jti: str) -> str:
    """The reference of a message for people: the end of its id, which is random; its beginning is a time."""
    return jti[-_SHORT:]


def refers_to(reference: str, jti: str) -> bool:
    """Whether a reference that a person gave means a message: its end, at least eight characters, or all."""
    return len(reference) >= _SHORT and jti.endswith(reference)


def instant(text: str) -> datetime:
    """Read an instant that we wrote."""
    read = parse_instant(text)
    if isinstance(read, Problem):
        msg = "the store holds an instant that is none"
        raise TypeError(msg)
    return read


def keep_letter(c: Connection, found: Letter) -> bool:
    """Keep a message once; False when its id is taken already, and then nothing changes."""
    values = {
        "jti": found.jti,
        "way": found.way,
        "iss": found.iss,
        "aud": found.aud,
        "mt": found.mt,
        "conv": found.conv,
        "request": found.request,
        "h": found.h,
        "ch": found.ch,
        "id": found.id,
        "manifest": found.manifest,
        "body": found.body,
        "cek": found.cek,
        "state": found.state,
        "at": instant_text(found.at),
        "arrived_at": None if found.arrived_at is None else instant_text(found.arrived_at),
        "due": None if found.due is None else json.dumps(found.due),
        "late": int(found.late),
        "problems": _problems_text(found.problems),
        "content": found.content,
    }
    if letter(c, found.way, found.jti) is not None:
        return False
    c.execute(insert(MESSAGES).values(**values))
    return True


def change_letter(c: Connection, way: str, jti: str, **changes: Any) -> None:  # noqa: ANN401 - columns
    """Change columns of one message; instants, problems and due times as values."""
    ready = dict(changes)
    for name in ("arrived_at", "at"):
        if isinstance(ready.get(name), datetime):
            ready[name] = instant_text(ready[name])
    if "problems" in ready:
        ready["problems"] = _problems_text(ready["problems"])
    if "due" in ready and ready["due"] is not None:
        ready["due"] = json.dumps(ready["due"])
    where = (MESSAGES.c.way == way) & (MESSAGES.c.jti == jti)
    c.execute(update(MESSAGES).where(where).values(**ready))


def letter(c: Connection, way: str, jti: str) -> Letter | None:
    """Find one message."""
    where = (MESSAGES.c.way == way) & (MESSAGES.c.jti == jti)
    row = c.execute(select(MESSAGES).where(where)).one_or_none()
    return None if row is None else _letter(row)


def letters(
    c: Connection,
    *,
    way: str | None = None,
    mt: str | None = None,
    conv: str | None = None,
    request: str | None = None,
    h: str | None = None,
    id: str | None = None,  # noqa: A002 - the column's name
    state: str | None = None,
) -> tuple[Letter, ...]:
    """Find messages by columns, in the order in which they were queued or heard."""
    query = select(MESSAGES).order_by(MESSAGES.c.at, MESSAGES.c.jti)
    wanted = {
        "way": way,
        "mt": mt,
        "conv": conv,
        "request": request,
        "h": h,
        "id": id,
        "state": state,
    }
    for name, value in wanted.items():
        if value is not None:
            query = query.where(MESSAGES.c[name] == value)
    return tuple(_letter(row) for row in c.execute(query))


def answered_about(c: Connection, request: str) -> tuple[Letter, ...]:
    """Every message about a request but the request itself, both ways."""
    return tuple(found for found in letters(c, request=request) if found.jti != request)


def newest_due(c: Connection, request: str) -> Mapping[str, Any] | None:
    """The due time of a request as the broker last told it, or None."""
    told = [found for found in letters(c, request=request) if found.due is not None]
    return max(told, key=lambda found: found.arrived_at or found.at).due if told else None


def due_of(due: Mapping[str, Any] | None) -> datetime | None:
    """The instant in a receipt's ``due`` member; None for none, or while the clock is stopped."""
    if due is None or due.get("stopped") or due.get("due_at") is None:
        return None
    return instant(due["due_at"])


def seal_body(vault: Vault, way: str, jti: str, fields: Mapping[str, JsonValue]) -> bytes:
    """Seal the field values of a message for its row."""
    return vault.seal(dict(fields), f"messages/{way}/{jti}/body")


def open_body(vault: Vault, found: Letter) -> Mapping[str, JsonValue] | None:
    """Open the field values of a message; None while it is unread."""
    if found.body is None:
        return None
    opened: Mapping[str, JsonValue] = vault.open(
        found.body, f"messages/{found.way}/{found.jti}/body"
    )
    return opened


def queue(c: Connection, kind: str, message_id: str, data: bytes, at: datetime) -> None:
    """Put bytes last into the outbox; the same bytes are there once."""
    row = {"kind": kind, "id": message_id, "data": data, "queued_at": instant_text(at)}
    if c.execute(select(OUTBOX.c.id).where(OUTBOX.c.id == message_id)).first() is None:
        c.execute(insert(OUTBOX).values(**row))


def keep_receipt(c: Connection, found: Receipt) -> bool:
    """Keep a receipt once; False when it is there already."""
    if c.execute(select(RECEIPTS.c.jti).where(RECEIPTS.c.jti == found.jti)).first() is not None:
        return False
    row = {
        "jti": found.jti,
        "about": found.about,
        "status": found.status,
        "iss": found.iss,
        "at": instant_text(found.at),
        "receipt": found.receipt,
    }
    c.execute(insert(RECEIPTS).values(**row))
    return True


def receipts(c: Connection, about: str) -> tuple[Receipt, ...]:
    """Every receipt about a message, oldest first."""
    query = select(RECEIPTS).where(RECEIPTS.c.about == about).order_by(RECEIPTS.c.at)
    return tuple(
        Receipt(row.jti, row.about, row.status, row.iss, instant(row.at), row.receipt)
        for row in c.execute(query)
    )


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        jti=row.jti,
        way=row.way,
        iss=row.iss,
        aud=row.aud,
        mt=row.mt,
        conv=row.conv,
        request=row.request,
        h=row.h,
        ch=row.ch,
        id=row.id,
        manifest=row.manifest,
        body=row.body,
        cek=row.cek,
        state=row.state,
        at=instant(row.at),
        arrived_at=None if row.arrived_at is None else instant(row.arrived_at),
        due=None if row.due is None else json.loads(row.due),
        late=bool(row.late),
        problems=_problems(json.loads(row.problems)),
        content=row.content,
    )


def _problems_text(problems: Iterable[Problem]) -> str:
    return json.dumps([{"code": p.code, "where": p.where, "rule": p.rule} for p in problems])


def _problems(found: Iterable[Mapping[str, Any]]) -> tuple[Problem, ...]:
    return tuple(Problem(Code(p["code"]), p["where"], p["rule"]) for p in found)
