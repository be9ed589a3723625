"""What a message does to the request that it opens or is about, from its manifest alone. Pure."""

from datetime import datetime
from types import MappingProxyType
from typing import assert_never

from broker.requests import Given, Request
from policies.calendar import Division
from policies.clock_events import (
    Acknowledged,
    Closed,
    Decider,
    Event,
    Outcome,
    Queried,
    Redirected,
    Replied,
    TimeAsked,
    TimeDecided,
)
from policies.deadline import Convention
from policies.pack_whole import Pack
from schemas.directory_entry import DirectoryEntry, Role
from schemas.identifiers import Hash, agency_id
from schemas.manifest import Manifest
from schemas.messages.message_type import Effect, MessageType

__all__ = ["event_of", "given", "opened"]

_DEFAULT_DAYS = 5  # domain 4.1; packs say otherwise
_DECISION = "information.extension_decision"
_OTHER_ORGANISATION = "red.organisation"  # the one field whose presence says that the clock ends
_OUTCOMES = MappingProxyType(
    {
        Effect.ANSWERS: Outcome.ANSWERED,
        Effect.HOLDS_NOTHING: Outcome.NIL,
        Effect.REFUSES: Outcome.REFUSED,
    }
)


def given(
    manifest: Manifest, sender: DirectoryEntry, recipient: DirectoryEntry, pack: Pack
) -> Given:
    """How much time a request gives: what it says, else what the pack gives.

    Working days are those of whoever answers (domain 4.2 rule 7).
    """
    rule = pack.rule(manifest.mt, sender.kind)
    deadline = rule.deadline if rule is not None else None
    decision = pack.types.get(_DECISION)
    more = decision.extension if decision is not None else None
    hours = manifest.attest.elapsed_h
    days = manifest.attest.working_days or (deadline.default if deadline else _DEFAULT_DAYS)
    return Given(
        working_days=None if hours is not None else days,
        hours=hours,
        divisions=(Division(recipient.division),),
        convention=Convention.CUT_OFF,
        more=more.requester if more else 0,
        most=more.supervisor if more else 0,
    )


def opened(
    manifest: Manifest,
    *,
    message_id: str,
    h: Hash,
    time: Given,
    at: datetime,
    arrived_at: datetime,
    release_until: datetime,
    calendar: str,
) -> Request:
    """The request that a message opens; its clock begins ``at``."""
    return Request(
        h=h,
        id=message_id,
        jti=manifest.jti,
        iss=agency_id(manifest.iss),
        aud=agency_id(manifest.recipient),
        conv=manifest.conv,
        purpose=manifest.pol.purpose,
        subject_class=manifest.subject_class,
        public_task_statement=bool(manifest.attest.public_task_statement),
        from_role=manifest.from_.role.value,
        to_role=manifest.to.role.value,
        area=manifest.to.area,
        service=manifest.to.service,
        wants={question: tuple(names) for question, names in (manifest.wants or {}).items()},
        opened_at=at,
        arrived_at=arrived_at,
        given=time,
        pack=manifest.pol.h,
        release_until=release_until,
        calendar=calendar,
    )


def event_of(
    manifest: Manifest,
    kind: MessageType,
    request: Request,
    *,
    message_id: str,
    arrived_at: datetime,
) -> Event | None:
    """What a message about a request means for its clock; None when it means nothing."""
    attest = manifest.attest
    match kind.effect:
        case Effect.ACKNOWLEDGES:
            return Acknowledged(id=message_id, at=arrived_at)
        case Effect.ANSWERS | Effect.HOLDS_NOTHING | Effect.REFUSES:
            closes = kind.closes(manifest.f, request.wants)
            outcome = _OUTCOMES[kind.effect]
            return Closed(id=message_id, at=arrived_at, outcome=outcome, questions=closes)
        case Effect.STOPS_CLOCK:
            accepted = bool(attest.clarification_accepted)
            return Queried(id=message_id, at=arrived_at, accepted=accepted)
        case Effect.RESUMES_CLOCK:
            return Replied(id=message_id, at=arrived_at)
        case Effect.REDIRECTS:
            same = _OTHER_ORGANISATION not in manifest.f
            return Redirected(id=message_id, at=arrived_at, same_organisation=same)
        case Effect.ASKS_TIME:
            return TimeAsked(id=message_id, at=arrived_at, days=attest.extension_days or 1)
        case Effect.DECIDES_TIME:
            decided = attest.extension
            days = decided.days if decided is not None and decided.granted else 0
            by = Decider.SUPERVISOR if _by_supervisor(manifest) else Decider.REQUESTER
            return TimeDecided(id=message_id, at=arrived_at, days=days, by=by)
        case Effect.WITHDRAWS:
            return Closed(id=message_id, at=arrived_at, outcome=Outcome.WITHDRAWN)
        case Effect.OPENS | Effect.TELLS:
            return None
        case _:
            assert_never(kind.effect)


def _by_supervisor(manifest: Manifest) -> bool:
    """Whether time is given with a supervisor's authority: by one, or with one's approval."""
    return manifest.from_.role is Role.LACC_SUP or manifest.attest.supervisor_approval is not None
