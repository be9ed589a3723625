"""Deliveries that could not be taken: kept, sealed, until a newer directory or another delivery helps.

What does not hold must not be lost: the sender's keys may be newer than our directory, a feed entry
may wait for the broker's operator, and what can never hold is evidence. The bus has handed them
over once these rows stand. There is a limit, so that nobody fills our disk; past it a delivery stays
with the bus.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from adapters.mailbox import instant
from adapters.store import ASIDE, Vault
from schemas.encoding import instant_text
from schemas.envelope import envelope_id

__all__ = ["MOST_ASIDE", "Aside", "aside", "put_aside", "settled"]

MOST_ASIDE: Final = 500


@dataclass(frozen=True, slots=True)
class Aside:
    """A delivery that waits.

    Attributes:
        kind: ``manifest``, ``content``, ``receipt`` or ``feed``.
        data: As delivered.
        stored_at: Domain instant at which the broker's stream took it in.

    """

    kind: str
    data: bytes = field(repr=False)
    stored_at: datetime


def put_aside(c: Connection, vault: Vault, found: Aside, at: datetime) -> bool:
    """Keep a delivery once; False when there are too many: then it is not taken."""
    name = envelope_id(found.data)
    if c.execute(select(ASIDE.c.id).where(ASIDE.c.id == name)).first() is not None:
        return True
    if c.execute(select(func.count()).select_from(ASIDE)).scalar_one() >= MOST_ASIDE:
        return False
    row = {
        "id": name,
        "kind": found.kind,
        "data": vault.seal_bytes(found.data, f"aside/{name}"),
        "stored_at": instant_text(found.stored_at),
        "at": instant_text(at),
    }
    c.execute(insert(ASIDE).values(**row))
    return True


def aside(c: Connection, vault: Vault) -> tuple[Aside, ...]:
    """Everything that waits, in the order in which it was put aside."""
    rows = c.execute(select(ASIDE).order_by(ASIDE.c.at, ASIDE.c.id))
    return tuple(
        Aside(row.kind, vault.open_bytes(row.data, f"aside/{row.id}"), instant(row.stored_at))
        for row in rows
    )


def settled(c: Connection, data: bytes) -> None:
    """Forget a delivery that has been taken since."""
    c.execute(delete(ASIDE).where(ASIDE.c.id == envelope_id(data)))
