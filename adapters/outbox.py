"""The outbox: bytes that are to go to the bus, in order, as they were sealed."""

from dataclasses import dataclass, field

from sqlalchemy import select, update

from adapters.alarms import alarm
from adapters.edge import Edge
from adapters.mailbox import change_letter, letters
from adapters.store import OUTBOX
from broker.client import MessageTooLarge, Sent
from schemas.encoding import instant_text
from schemas.problems import Code, Problem

__all__ = ["Waiting", "done", "oldest"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What goes next.

    Attributes:
        place: Its place in the outbox.
        id: Hex SHA-256 of the bytes.
        kind: ``env`` or ``receipt``.
        data: The bytes.

    """

    place: int
    id: str
    kind: str
    data: bytes = field(repr=False)


def oldest(edge: Edge) -> Waiting | None:
    """What was queued first and not sent; None when there is nothing."""
    query = select(OUTBOX).where(OUTBOX.c.sent_at.is_(None)).order_by(OUTBOX.c.place).limit(1)
    with edge.store.read() as c:
        row = c.execute(query).one_or_none()
    return None if row is None else Waiting(row.place, row.id, row.kind, row.data)


def done(edge: Edge, found: Waiting, result: Sent | MessageTooLarge) -> None:
    """Note that the bus has it, or that it never will: then its message is refused, and somebody is called.

    The bytes are let go: an outbox is not an archive, and the letter keeps the manifest.
    """
    now = edge.clock.now()
    with edge.store.change() as c:
        sent = {"sent_at": instant_text(now), "data": b""}
        c.execute(update(OUTBOX).where(OUTBOX.c.place == found.place).values(**sent))
        if isinstance(result, Sent):
            return
        alarm(c, "outbox.too_large", found.id, now)
        problems = (Problem(Code.MESSAGE_TOO_LARGE, "envelope"),)
        for one in letters(c, way="out", id=found.id):
            change_letter(c, "out", one.jti, state="refused", problems=problems)
