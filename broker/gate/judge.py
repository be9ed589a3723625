"""Judge one message: values in, verdict out. Pure.

Three steps, so that nothing is believed before its signature held, and nothing is looked up for
somebody who could not sign: ``read_envelope`` (schemas), then ``authenticate``, then ``judge``.
Until the signatures hold there is one problem and no record; afterwards all problems at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from broker.gate.effects import event_of, given, opened
from broker.notary import can_keep_records
from broker.request_facts import request_facts
from broker.requests import Given, Request, with_event
from broker.timing import Timing, calendar_for, release_until, timing
from policies.calendar import BankHolidays
from policies.check import Context, Place, check_manifest
from policies.clock_events import Closed, Outcome
from policies.pack_whole import Pack
from schemas.directory_entry import DirectoryEntry, DirectoryKey, OrganisationKind
from schemas.envelope import Envelope, Verified, check_content, verify
from schemas.keys import VerifyingKey
from schemas.manifest import Manifest
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.messages.registry import REGISTRY
from schemas.problems import Code, Problem

__all__ = [
    "CLOCK_ERROR",
    "MAX_AGE",
    "Facts",
    "Forward",
    "KeyFacts",
    "Refuse",
    "Reject",
    "authenticate",
    "judge",
]

MAX_AGE = timedelta(hours=24)  # design 10.1
CLOCK_ERROR = timedelta(minutes=5)  # design 10.1


@dataclass(frozen=True, slots=True)
class Reject:
    """Before the signatures held: one problem, a signed refusal, no record (design 10.4)."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Refuse:
    """Every problem of a message that its sender did sign.

    Attributes:
        problems: At least one.
        certain: Whether the addressee is certain, so that it may learn of the refusal.

    """

    problems: tuple[Problem, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class Forward:
    """The message goes on.

    Attributes:
        opens: Whether it opens a request.
        given: Of a request: how much time it gives.
        timing: The clock after it; None when it is about no request.
        late: Whether it is an answer after the due instant.
        release_until: Last instant at which its content is handed out; None: as the pack says.

    """

    opens: bool
    given: Given | None
    timing: Timing | None
    late: bool
    release_until: datetime | None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What the directory says of a key id: whose it is, the entry, and the key made of it."""

    owner: DirectoryEntry
    listed: DirectoryKey
    key: VerifyingKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the gate may know of the world when it decides.

    Attributes:
        at: Domain instant of the decision; a request's clock starts at it.
        arrived_at: When the ingress took the message in: the same at every delivery.
        ingress: The owner of the ingress.
        recipient: The entry of ``aud``, or None when the directory has none.
        pack: The pack whose hash the message names, or None.
        superseded_at: When another version took the pack's place.
        id_used_by: Message id (hex) that used this ``jti`` of this sender, or None.
        request: The request that ``req.h`` names, or None.
        gatherer: Directory id of the agency that the case is bound to, or None.
        holidays: The list of bank holidays in force.

    """

    at: datetime
    arrived_at: datetime
    ingress: DirectoryEntry
    recipient: DirectoryEntry | None
    pack: Pack | None
    superseded_at: datetime | None
    id_used_by: str | None
    request: Request | None
    gatherer: str | None
    holidays: BankHolidays

    def bound_to(self, gatherer: str) -> "Facts":
        """The same, with the case bound."""
        return replace(self, gatherer=gatherer)


def authenticate(
    envelope: Envelope, keys: tuple[KeyFacts | None, KeyFacts | None], arrived_at: datetime
) -> Verified | Problem:
    """Tell whether two keys of one agency signed this, both valid when it says and when it came.

    A revoked key cannot speak by dating itself back: it must hold at arrival too (design 10.2).

    Args:
        envelope: Its form holds.
        keys: What the directory says of its two key ids; None where it knows nothing.
        arrived_at: Domain instant of the arrival.

    """
    first, second = keys
    if first is None or second is None:
        return Problem(Code.KEY_UNKNOWN, "manifest")
    problem = _not_valid(first.listed, arrived_at) or _not_valid(second.listed, arrived_at)
    if problem is not None:
        return problem
    verified = verify(envelope.signed, first.key, second.key)
    if isinstance(verified, Problem):
        return verified
    made_at = _instant(verified.manifest.iat)
    problem = _not_valid(first.listed, made_at) or _not_valid(second.listed, made_at)
    if problem is not None:
        return problem
    owner = first.owner
    if second.owner.id != owner.id or verified.manifest.iss != owner.urn:
        return Problem(Code.SENDER_NOT_THE_SIGNER, "manifest.iss")
    service = "gathering" if owner.kind is OrganisationKind.BROKER else None
    if not all(k.listed.use == "sig" and k.listed.service == service for k in (first, second)):
        return Problem(Code.KEY_NOT_VALID, "manifest")
    return verified


def judge(envelope: Envelope, verified: Verified, facts: Facts) -> Refuse | Forward:
    """Decide on a message whose signatures hold.

    Args:
        envelope: As read.
        verified: From ``authenticate``.
        facts: Looked up once, before.

    Returns:
        ``Forward``, or ``Refuse`` with every problem, each code and place once.

    """
    manifest = verified.manifest
    if manifest.iss != facts.ingress.urn:
        # Whoever owns the ingress holds somebody else's message: nothing more is said about it.
        return Refuse((Problem(Code.SENDER_WRONG_INGRESS, "manifest.iss"),), certain=False)
    problems = [*_time_problems(manifest, facts.arrived_at)]
    if facts.id_used_by not in (None, envelope.id):
        problems.append(Problem(Code.MESSAGE_ID_REUSED, "manifest.jti"))
    if facts.recipient is None:
        problems.append(Problem(Code.RECIPIENT_UNKNOWN, "manifest.aud"))
        return Refuse(tuple(problems), certain=False)
    kind = REGISTRY.get(manifest.mt)
    problems += _content_problems(envelope, facts.ingress, facts.recipient, facts.arrived_at)
    problems += _standing_problems(kind, facts)
    problems += check_manifest(manifest, _context(facts.recipient, facts))
    if not problems and kind is not None and facts.pack is not None:
        if kind.effect is Effect.OPENS:
            return _opening(envelope, manifest, facts, facts.recipient, facts.pack)
        if facts.request is not None:
            return _about(envelope, manifest, kind, facts.request, facts)
    return Refuse(tuple(dict.fromkeys(problems)), certain=True)


def _opening(
    envelope: Envelope,
    manifest: Manifest,
    facts: Facts,
    recipient: DirectoryEntry,
    pack: Pack,
) -> Forward:
    """What follows from letting a request through: its clock begins now."""
    time = given(manifest, facts.ingress, recipient, pack)
    request = opened(
        manifest,
        message_id=envelope.id,
        h=envelope.signed.h,
        time=time,
        at=facts.at,
        arrived_at=facts.arrived_at,
        release_until=facts.at,
        calendar=facts.holidays.version,
    )
    found = timing(request, facts.holidays)
    until = release_until(found.due_at, calendar_for(time, facts.holidays))
    return Forward(opens=True, given=time, timing=found, late=False, release_until=until)


def _about(
    envelope: Envelope, manifest: Manifest, kind: MessageType, before: Request, facts: Facts
) -> Forward:
    """What follows from letting through a message about a request."""
    event = event_of(manifest, kind, before, message_id=envelope.id, arrived_at=facts.arrived_at)
    after = before if event is None else with_event(before, event)
    answers = isinstance(event, Closed) and event.outcome is not Outcome.WITHDRAWN
    late = answers and timing(before, facts.holidays, facts.arrived_at).standing.overdue
    found = timing(after, facts.holidays)
    until = release_until(found.due_at, calendar_for(before.given, facts.holidays))
    until = max(until, before.release_until)
    return Forward(opens=False, given=None, timing=found, late=late, release_until=until)


def _time_problems(manifest: Manifest, arrived_at: datetime) -> Iterator[Problem]:
    """Hold ``iat`` and ``exp`` against the arrival (design 10.1)."""
    made_at, expires_at = _instant(manifest.iat), _instant(manifest.exp)
    if made_at > arrived_at + CLOCK_ERROR:
        yield Problem(Code.TIME_IN_FUTURE, "manifest.iat")
    if made_at < arrived_at - MAX_AGE:
        yield Problem(Code.TIME_TOO_OLD, "manifest.iat")
    if arrived_at >= expires_at:
        yield Problem(Code.TIME_EXPIRED, "manifest.exp")


def _content_problems(
    envelope: Envelope, sender: DirectoryEntry, recipient: DirectoryEntry, arrived_at: datetime
) -> Iterator[Problem]:
    """Hold that the recipient can open the content, and both sides the record."""
    allowed = [key.kid for key in recipient.keys_valid("enc", arrived_at)]
    problem = check_content(envelope.content, allowed)
    if problem is not None:
        yield problem
    if not can_keep_records(sender, arrived_at):
        yield Problem(Code.KEY_NOT_VALID, "sender.feed")
    if not can_keep_records(recipient, arrived_at):
        yield Problem(Code.KEY_NOT_VALID, "recipient.feed")


def _standing_problems(kind: MessageType | None, facts: Facts) -> Iterator[Problem]:
    """Hold what policy cannot know: who leads the case, and that reminders end with the request."""
    if kind is None:
        return
    if kind.effect is Effect.OPENS and facts.gatherer not in (None, facts.ingress.id):
        yield Problem(Code.CASE_NOT_YOURS, "manifest.conv")
    # Late answers pass, marked: a person's safety outranks the clock (design 4.8). Only the
    # broker's own messages stop when nothing is waited for any more (design 10.11).
    if kind.direction is not Direction.FROM_BROKER or facts.request is None:
        return
    if timing(facts.request, facts.holidays).standing.ended is not None:
        yield Problem(Code.REQUEST_CLOSED, "manifest.req")


def _context(recipient: DirectoryEntry, facts: Facts) -> Context:
    """What policy may know."""
    request = facts.request
    about = None
    if request is not None:
        due_at = timing(request, facts.holidays).due_at
        about = request_facts(request, facts.arrived_at, due_at)
    return Context(
        at=facts.arrived_at,
        place=Place.GATE,
        sender=facts.ingress,
        recipient=recipient,
        pack=facts.pack,
        request=about,
        superseded_at=facts.superseded_at,
    )


def _not_valid(listed: DirectoryKey, at: datetime) -> Problem | None:
    """Say why a key does not hold at an instant, or None when it does."""
    if listed.revoked_at is not None and at >= listed.revoked_at:
        return Problem(Code.KEY_REVOKED, "manifest")
    return None if listed.valid_at(at) else Problem(Code.KEY_NOT_VALID, "manifest")


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
