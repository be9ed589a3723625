"""What an edge does with requests by itself: acknowledge, look into the records, answer.

Each step leaves a mark in the store, the proposal last. Killed before it, the edge does the steps
again, and sees by the messages already queued which of them are done; a request that was answered
by then needs no proposal any more.
"""

from sqlalchemy import select

from adapters.agency import Agency
from adapters.alarms import alarm
from adapters.edge import Edge
from adapters.mailbox import Letter, answered_about, letters
from adapters.proposal import Proposal, look_up, proposal, write_down
from adapters.request_facts import closed_questions, counts, manifest_of, request_facts
from adapters.responder import Act, acknowledge, answer, nil
from adapters.store import DRAFTS
from schemas.manifest import RequestRef

__all__ = ["act"]

_REQUEST = "information.request/1"
#: It names a role and what the records say, so the edge itself can attest what it attests.
_ITSELF = Act(person="edge-runtime", checked=True)


async def act(
    edge: Edge, agency: Agency | None, *, acknowledges: bool, answers: bool, find_s: float
) -> None:
    """Do for every request what is undone.

    Args:
        edge: Who was asked.
        agency: Its records, or None.
        acknowledges: Whether it says by itself that the request reached it.
        answers: Whether a complete answer leaves without a person.
        find_s: How long the records may take for one request.

    """
    for request in _undone(edge):
        if acknowledges and not _has_spoken(edge, request):
            acknowledge(edge, request, _ITSELF)
        found = await look_up(edge, agency, request, timeout_s=find_s)
        if answers and not _has_closed(edge, request):
            _answer(edge, request, found)
        _keep(edge, request, found)


def _undone(edge: Edge) -> tuple[Letter, ...]:
    """Requests that nobody looked up yet and that are still waited for, the oldest first."""
    with edge.store.read() as c:
        looked_up = set(c.execute(select(DRAFTS.c.request)).scalars())
        found = letters(c, way="in", mt=_REQUEST, state="opened")
        undone = [one for one in found if one.jti not in looked_up]
        facts = {one.jti: request_facts(c, RequestRef(jti=one.jti, h=one.h)) for one in undone}
    # Of a request that was withdrawn, nobody looks into anybody's records.
    return tuple(one for one in undone if (known := facts[one.jti]) is not None and known.open)


def _has_spoken(edge: Edge, request: Letter) -> bool:
    with edge.store.read() as c:
        about = answered_about(c, request.jti)
    return any(one.way == "out" and counts(one) for one in about)


def _has_closed(edge: Edge, request: Letter) -> bool:
    with edge.store.read() as c:
        return bool(closed_questions(c, request))


def _answer(edge: Edge, request: Letter, found: Proposal) -> None:
    """Let a complete answer go; whatever policy has against it leaves it to a person."""
    asked = {name for names in (manifest_of(request).wants or {}).values() for name in names}
    if found.outcome == "nothing_held" and found.window is not None:
        nil(edge, request, found.searched, found.window, _ITSELF)
    elif found.outcome == "found" and found.confidence == "exact" and found.items.keys() == asked:
        answer(edge, request, found.items, found.confidence, _ITSELF)


def _keep(edge: Edge, request: Letter, found: Proposal) -> None:
    """Keep what the records said, unless a person has begun on the answer meanwhile."""
    with edge.store.change() as c:
        if proposal(edge, c, request.jti) is None:
            write_down(edge, c, request.jti, found)
        if found.fault is not None:
            alarm(c, "source.broken", request.jti, edge.clock.now())
