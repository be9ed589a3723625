"""A judgement as it is stored, and what follows from what is stored. Pure."""

from datetime import timedelta

from broker.contents import Content
from broker.gate.judge import Facts, Forward, Refuse
from broker.timing import calendar_for, end_of_first_day
from broker.verdicts import Holding, Kept, PackRef, Verdict
from policies.pack_whole import Pack
from schemas.directory_entry import OrganisationKind
from schemas.envelope import Envelope, Verified
from schemas.identifiers import agency_id
from schemas.messages.registry import REGISTRY
from schemas.receipt import acknowledge

__all__ = ["content_of", "verdict_of"]

_LEAST_DAYS = 30  # for a type whose pack does not say


def verdict_of(
    judged: Refuse | Forward,
    envelope: Envelope,
    verified: Verified,
    facts: Facts,
    *,
    directory: int,
) -> Verdict:
    """Spell a judgement as it is stored.

    Args:
        judged: From ``judge``.
        envelope: The message.
        verified: Its claims.
        facts: What it was judged by.
        directory: Version of the directory that was asked.

    """
    manifest = verified.manifest
    kind = REGISTRY.get(manifest.mt)
    forward = judged if isinstance(judged, Forward) else None
    certain = isinstance(judged, Forward) or judged.certain
    recipient = facts.recipient if certain else None
    problems = judged.problems if isinstance(judged, Refuse) else ()
    about = manifest.req.h if manifest.req is not None else None
    return Verdict(
        id=envelope.id,
        ingress=facts.ingress.id,
        account=facts.ingress.account,
        at=facts.at,
        arrived_at=facts.arrived_at,
        directory=directory,
        ack=acknowledge(verified),
        seq=manifest.seq,
        mt=manifest.mt,
        effect=kind.effect if kind is not None else None,
        recipient=recipient.id if recipient is not None else None,
        recipient_account=recipient.account if recipient is not None else None,
        req=envelope.signed.h if forward and forward.opens else about,
        problems=tuple(Kept(p.code, p.where, p.rule) for p in problems),
        due=forward.timing.due if forward and forward.timing else None,
        late=forward.late if forward else False,
        given=forward.given if forward else None,
        holding=_holding(forward, verified, facts) if forward else None,
        pack=PackRef(manifest.pol.id, manifest.pol.ver, manifest.pol.h),
    )


def content_of(verdict: Verdict) -> Content | None:
    """The entry of a forwarded message's content; None of one that was refused."""
    holding = verdict.holding
    if holding is None or verdict.recipient is None or verdict.recipient_account is None:
        return None
    return Content(
        h=verdict.ack.h,
        id=verdict.id,
        mt=verdict.mt,
        sender=agency_id(verdict.ack.iss),
        sender_account=verdict.account,
        recipient=verdict.recipient,
        recipient_account=verdict.recipient_account,
        ack=verdict.ack,
        forwarded_at=verdict.at,
        after_ack_days=holding.after_ack_days,
        keep_until=holding.keep_until,
        release_until=holding.release_until,
        uncollected_at=holding.uncollected_at,
        about=verdict.req,
    )


def _holding(forward: Forward, verified: Verified, facts: Facts) -> Holding:
    """How long the content is held: as the pack says of the type, and for as long as it is released."""
    keeps = _keeps(facts.pack, verified.manifest.mt, facts.ingress.kind)
    after_ack_days, most_days = keeps if keeps is not None else (_LEAST_DAYS, _LEAST_DAYS)
    at = facts.at
    until = forward.release_until or at + timedelta(days=most_days)
    given = forward.given or (facts.request.given if facts.request is not None else None)
    uncollected_at = (
        end_of_first_day(at, calendar_for(given, facts.holidays))
        if given is not None
        else at + timedelta(days=1)
    )
    return Holding(
        release_until=until,
        keep_until=max(until, at + timedelta(days=most_days)),
        after_ack_days=after_ack_days,
        uncollected_at=uncollected_at,
    )


def _keeps(pack: Pack | None, mt: str, kind: OrganisationKind) -> tuple[int, int] | None:
    rule = pack.rule(mt, kind) if pack is not None else None
    return None if rule is None else (rule.broker.after_ack_days, rule.broker.max_days)
