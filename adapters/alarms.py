"""What somebody at the agency must look at. An alarm names a kind and an id; it never holds content."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from adapters.mailbox import instant
from adapters.store import ALARMS
from schemas.encoding import instant_text

__all__ = ["Alarm", "alarm", "alarms", "calm"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is not as it should be.

    Attributes:
        place: Its number at this agency, from 1.
        kind: What, such as ``sequence.gap``.
        about: The id of what it is about.
        at: When it was noticed.

    """

    place: int
    kind: str
    about: str
    at: datetime


def alarm(c: Connection, kind: str, about: str, at: datetime) -> None:
    """Raise an alarm, once for each kind and thing; ``about`` is an id, never content."""
    where = (ALARMS.c.kind == kind) & (ALARMS.c.about == about)
    if c.execute(select(ALARMS.c.place).where(where)).first() is None:
        c.execute(insert(ALARMS).values(kind=kind, about=about, at=instant_text(at)))


def calm(c: Connection, kind: str, about: str) -> None:
    """Take an alarm back that has been explained since: a missing number that came after all."""
    c.execute(delete(ALARMS).where(ALARMS.c.kind == kind, ALARMS.c.about == about))


def alarms(c: Connection) -> tuple[Alarm, ...]:
    """Every alarm that stands, oldest first."""
    rows = c.execute(select(ALARMS).order_by(ALARMS.c.place))
    return tuple(Alarm(row.place, row.kind, row.about, instant(row.at)) for row in rows)
