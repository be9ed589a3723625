"""The order of another agency's messages to us (protocol 2.1, ``seq`` and ``prev``).

Every number that is accounted for has a row: by a message that came, or by the broker's word that it
will not come (refused, parked, recalled). A message is taken whatever its number; what does not fit
calls somebody. Each message names the hash of the one before, so both neighbours are held against
it whenever they come: after a number that was skipped, the next message's ``prev`` is the sender's
own word for what was skipped, and it must fit if that comes after all (brought back from parking).
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from adapters.alarms import alarm, calm
from adapters.store import HEARD, RECEIPTS

__all__ = ["hear", "recalled", "skip"]

_GAP = "sequence.gap"


def hear(c: Connection, iss: str, seq: int, h: str, prev: str, at: datetime) -> None:
    """Account for a message whose signatures hold and that is for us.

    Alarms: ``sequence.repeated`` (another message with a number that is taken: the first stands),
    ``sequence.reordered`` (a later number came before it), ``sequence.forked`` (it does not name
    the one before, or is not named by the one after), ``sequence.gap`` (the number before is
    missing; taken back when that is explained).
    """
    name = f"{iss} {seq}"
    same = _row(c, iss, seq)
    if same is not None and same.h is not None:
        if same.h != h:
            alarm(c, "sequence.repeated", f"{name} {h}", at)
        return
    if same is None:
        if c.execute(select(HEARD.c.seq).where(HEARD.c.iss == iss, HEARD.c.seq > seq)).first():
            alarm(c, "sequence.reordered", name, at)
        c.execute(insert(HEARD).values(iss=iss, seq=seq, h=h, prev=prev))
    else:  # the broker said that it would not come: it was parked, and has been brought back
        c.execute(update(HEARD).where(*_is(iss, seq)).values(h=h, prev=prev))
    calm(c, _GAP, name)
    before, after = _row(c, iss, seq - 1), _row(c, iss, seq + 1)
    if (before is not None and before.h not in {None, prev}) or (
        after is not None and after.prev not in {None, h}
    ):
        alarm(c, "sequence.forked", name, at)
    if before is None and seq > 1 and not _is_recalled(c, prev):
        alarm(c, _GAP, f"{iss} {seq - 1}", at)


def skip(c: Connection, iss: str, seq: int) -> None:
    """Account for a number that the gate says will not come."""
    if _row(c, iss, seq) is None:
        c.execute(insert(HEARD).values(iss=iss, seq=seq))
    calm(c, _GAP, f"{iss} {seq}")


def recalled(c: Connection, iss: str, h: str) -> None:
    """Account for a message that was taken back before it came: the next one names it."""
    following = c.execute(select(HEARD).where(HEARD.c.iss == iss, HEARD.c.prev == h)).first()
    if following is not None:
        skip(c, iss, following.seq - 1)


def _is_recalled(c: Connection, h: str) -> bool:
    query = select(RECEIPTS.c.jti).where(RECEIPTS.c.about == h, RECEIPTS.c.status == "recalled")
    return c.execute(query).first() is not None


def _row(c: Connection, iss: str, seq: int) -> Row[tuple[str, int, str | None, str | None]] | None:
    return c.execute(select(HEARD).where(*_is(iss, seq))).one_or_none()


def _is(iss: str, seq: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return HEARD.c.iss == iss, HEARD.c.seq == seq
