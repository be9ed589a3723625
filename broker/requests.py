"""What the broker must know of a request while it is open: its terms and what has happened since.

The gate writes it, gathering reads it (and raises ``floor`` when the calendar changes). The key is
``h``, b64u(SHA-256(P)) of the request and never the ``jti`` alone, which its sender chose: nobody
can take another's place. Only names, codes and instants stand here; no value, no person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from schemas.messages.message_type import Effect

__all__ = ["BUCKET", "Happening", "Request", "is_done", "is_open", "is_withdrawn", "with_happening"]

BUCKET = "requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A forwarded message about the request.

    Attributes:
        id: Message id, hex; folding the same message twice changes nothing.
        jti: The message's own id.
        effect: What it does to the request.
        at: When it counts: its arrival in its sender's ingress. Aware UTC.
        closes: Question ids that it closes.
        days: Working days asked for (``asks_time``) or granted (``decides_time``).
        granted: Of a decision.
        accepted: Of a clarification reply: the requester accepts a second query. Of a second
            query: it was accepted.
        rung: Of the broker's own messages: which step of the ladder.

    """

    id: str
    jti: str
    effect: Effect
    at: datetime
    closes: tuple[str, ...] = ()
    days: int | None = None
    granted: bool | None = None
    accepted: bool = False
    rung: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as forwarded.

    Attributes:
        h: b64u(SHA-256(P)).
        id: Message id, hex.
        iss: Who asked; ``aud`` who was asked; both directory ids.
        area: Area addressed; ``to_role`` and ``service`` the post; ``from_role`` who asked.
        wants: Question id to field ids.
        opened_at: Domain instant of the first Forward verdict: the start of the clock.
        arrived_at: When it came into the ingress.
        working_days: How many were given; None when ``elapsed_h`` is.
        pack: ``pol.h``.
        release_until: After this nothing about it is taken any more.
        floor: No computation puts the due instant before this one (domain 4.3 b).
        happenings: In the order in which they were folded in; ``at`` may go back.

    """

    v: Literal[1] = 1
    h: str
    id: str
    jti: str
    iss: str
    aud: str
    conv: str
    purpose: str
    subject_class: str
    public_task_statement: bool
    from_role: str
    to_role: str
    area: str
    service: str | None
    wants: Mapping[str, tuple[str, ...]]
    opened_at: datetime
    arrived_at: datetime
    working_days: int | None
    elapsed_h: int | None
    pack: str
    release_until: datetime
    floor: datetime | None = None
    happenings: tuple[Happening, ...] = ()


_CLOSING = frozenset({Effect.ANSWERS, Effect.HOLDS_NOTHING, Effect.REFUSES})


def with_happening(request: Request, happening: Happening) -> Request:
    """Fold a message in; the same request when it is in already."""
    if any(known.id == happening.id for known in request.happenings):
        return request
    return replace(request, happenings=(*request.happenings, happening))


def closed_questions(request: Request) -> frozenset[str]:
    """Questions that were answered, refused or searched without a find."""
    return frozenset(
        question
        for happening in request.happenings
        if happening.effect in _CLOSING
        for question in happening.closes
    )


def is_withdrawn(request: Request) -> bool:
    """Whether the requester took it back."""
    return any(happening.effect is Effect.WITHDRAWS for happening in request.happenings)


def is_done(request: Request) -> bool:
    """Whether nothing more is waited for: every question closed, redirected elsewhere, or withdrawn."""
    return is_withdrawn(request) or closed_questions(request) >= request.wants.keys()


def is_open(request: Request, at: datetime) -> bool:
    """Whether messages about it are still taken: late ones are, until its last date (design 4.8)."""
    return not is_withdrawn(request) and at <= request.release_until
