"""What a person is told outside the bus, from what stands in the store; each thing once by each way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, insert, select

from adapters.alarms import alarm, alarms
from adapters.announce import AnnounceFault, Announcer, Kind, Notice
from adapters.edge import Edge
from adapters.mailbox import due_of, letters, newest_due, short
from adapters.store import ANNOUNCED, RECEIPTS
from schemas.encoding import instant_text

__all__ = ["announce_news"]

_KINDS: Final = {
    "information.request/1": Kind.NEW_REQUEST,
    "deadline.reminder/1": Kind.REMINDER,
    "deadline.escalation/1": Kind.ESCALATION,
    "information.response/1": Kind.ANSWERED,
    "information.nil_return/1": Kind.ANSWERED,
    "information.refusal/1": Kind.ANSWERED,
    "information.clarification_query/1": Kind.ASKED,
}
#: What is older helps nobody: an edge that gets its first announcer does not tell its whole past.
_NEWS: Final = timedelta(days=7)
_FAILED: Final = "announce.failed"


@dataclass(frozen=True, slots=True)
class _News:
    about: str
    notice: Notice


async def announce_news(edge: Edge, announcers: Sequence[Announcer]) -> bool:
    """Tell by every way what was not told by it yet.

    A way that fails is left alone for this time, and somebody is called; the others go on.

    Returns:
        Whether every way could be used.

    """
    if not announcers:
        return True
    with edge.store.read() as c:
        news = tuple(_news(edge, c))
    reached = [await _announce(edge, news, way, one) for way, one in enumerate(announcers)]
    return all(reached)


async def _announce(edge: Edge, news: tuple[_News, ...], way: int, announcer: Announcer) -> bool:
    with edge.store.read() as c:
        query = select(ANNOUNCED.c.about).where(ANNOUNCED.c.way == way)
        told = set(c.execute(query).scalars())
    for one in news:
        if one.about in told:
            continue
        try:
            await announcer.announce(one.notice)
        except AnnounceFault:
            with edge.store.change() as c:
                alarm(c, _FAILED, str(way), edge.clock.now())
            return False
        with edge.store.change() as c:
            at = instant_text(edge.clock.now())
            c.execute(insert(ANNOUNCED).values(about=one.about, way=way, at=at))
    return True


def _news(edge: Edge, c: Connection) -> Iterator[_News]:
    since = edge.clock.now() - _NEWS
    for found in letters(c, way="in", state="opened"):
        kind = _KINDS.get(found.mt)
        if kind is not None and found.at >= since:
            due = due_of(newest_due(c, found.request))
            yield _News(found.jti, Notice(kind, short(found.request), due))
    uncollected = select(RECEIPTS).where(
        RECEIPTS.c.status == "uncollected", RECEIPTS.c.at >= instant_text(since)
    )
    for row in c.execute(uncollected):
        for sent in letters(c, way="out", h=row.about):
            due = due_of(newest_due(c, sent.request))
            yield _News(row.jti, Notice(Kind.NOT_COLLECTED, short(sent.request), due))
    for one in alarms(c):
        # That a notice did not go out cannot be told by a notice; an uncollected message just was.
        if one.at >= since and one.kind not in {_FAILED, "message.uncollected"}:
            yield _News(f"alarm {one.place}", Notice(Kind.ALARM, f"alarm {one.place}", None))
