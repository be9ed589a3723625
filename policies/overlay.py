"""An area's local tightening of a pack: fewer fields, senders and days, more sign-offs.

The form has no key by which anything could be widened (``pack_values.Overlay``); numbers are
taken as the smaller of the two whatever the overlay says, and one that is larger stops the load.
So an overlay never permits what its pack refuses.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import chain

from policies.overlay_values import Most, Overlay
from policies.pack_text import Doc, PackError
from policies.pack_values import (
    AnswerField,
    CaseLimits,
    DeadlineRule,
    ExtensionRule,
    Party,
    RetentionClass,
    Sector,
    SignoffRule,
    TypeRule,
)
from policies.pack_whole import Pack
from schemas.directory_entry import OrganisationKind

__all__ = ["gathering_lead", "read_overlay", "tightened", "tightened_for"]

_LEVELS = ("L0", "L1", "L2")
_SIGNOFF = ("never", "special_category", "always")


def tightened_for(pack: Pack, areas: Iterable[str], on: date) -> Pack:
    """Apply every overlay of some areas that is in force on a day.

    Args:
        pack: The pack as parsed.
        areas: GSS codes of all areas that a message touches: the tightest of them holds.
        on: The civil day in London.

    Returns:
        The tightened pack, with the hash of the signed one; the same pack when none applies.

    """
    return _tightened_for(pack, frozenset(areas), on)


@lru_cache(maxsize=256)
def _tightened_for(pack: Pack, areas: frozenset[str], on: date) -> Pack:
    for area in sorted(areas):
        for overlay in pack.overlays.get(area, ()):
            if overlay.valid_from <= on <= overlay.valid_to:
                pack = tightened(pack, overlay)
    return pack


def tightened(pack: Pack, overlay: Overlay) -> Pack:
    """Apply one overlay, whatever its dates."""
    most = overlay.most
    return replace(
        pack,
        sectors={name: _sector(name, one, overlay) for name, one in pack.sectors.items()},
        retention={
            name: _retention(one, most.retention_months.get(name))
            for name, one in pack.retention.items()
        },
        limits=_limits(pack.limits, most),
        types={name: _type(one, overlay) for name, one in pack.types.items()},
        answers={kind: _type(one, overlay) for kind, one in pack.answers.items()},
    )


def gathering_lead(pack: Pack, area: str, on: date) -> str | None:
    """Tell who leads gathering in an area on a day: ``lacc``, ``ctco``, or None if not laid down."""
    for overlay in pack.overlays.get(area, ()):
        if overlay.valid_from <= on <= overlay.valid_to:
            for lead in overlay.gathering_lead:
                if lead.valid_from <= on and (lead.valid_to is None or on <= lead.valid_to):
                    return lead.lead
    return None


def _least(ours: int, theirs: int | None) -> int:
    return ours if theirs is None else min(ours, theirs)


def _limits(limits: CaseLimits, most: Most) -> CaseLimits:
    return replace(
        limits,
        questions=_least(limits.questions, most.questions),
        questions_approved=_least(limits.questions_approved, most.questions_approved),
        window_months=_least(limits.window_months, most.window_months),
        window_months_approved=_least(limits.window_months_approved, most.window_months_approved),
    )


def _retention(one: RetentionClass, months: int | None) -> RetentionClass:
    return replace(
        one,
        default_months=_least(one.default_months, months),
        ceiling_months=_least(one.ceiling_months, months),
        child_ceiling_months=_least(one.child_ceiling_months, months),
    )


def _sector(name: str, sector: Sector, overlay: Overlay) -> Sector:
    gone = overlay.withdrawn.identity.get(name, ())
    level = min(sector.concern.most, overlay.most.concern.get(name, "L2"), key=_LEVELS.index)
    return replace(
        sector,
        identity={field: one for field, one in sector.identity.items() if field not in gone},
        concern=replace(sector.concern, most=level),
    )


def _type(rule: TypeRule, overlay: Overlay) -> TypeRule:
    gone = overlay.withdrawn
    return replace(
        rule,
        senders=_without(rule.senders, gone.senders.get(rule.type, ())),
        recipients=_without(rule.recipients, gone.recipients.get(rule.type, ())),
        answers={name: one for name, one in rule.answers.items() if _stays(name, one, overlay)},
        signoff=_signoff(rule, overlay),
        deadline=_deadline(rule.deadline, overlay.most),
        extension=_extension(rule.extension, overlay.most),
    )


def _stays(name: str, one: AnswerField, overlay: Overlay) -> bool:
    return name not in overlay.withdrawn.fields and one.question not in overlay.withdrawn.questions


def _without(parties: tuple[Party, ...], kinds: tuple[OrganisationKind, ...]) -> tuple[Party, ...]:
    left = (replace(p, kinds=tuple(k for k in p.kinds if k not in kinds)) for p in parties)
    return tuple(party for party in left if party.kinds)


def _signoff(rule: TypeRule, overlay: Overlay) -> SignoffRule | None:
    ours = rule.signoff
    theirs = overlay.signoff.get(rule.sector or "")
    if theirs is None:
        return ours
    if ours is None or _SIGNOFF.index(theirs.when) > _SIGNOFF.index(ours.when):
        return theirs
    return ours


def _deadline(rule: DeadlineRule | None, most: Most) -> DeadlineRule | None:
    if rule is None:
        return None
    longest = _least(rule.longest, most.working_days)
    return replace(rule, longest=longest, default=min(rule.default, longest))


def _extension(rule: ExtensionRule | None, most: Most) -> ExtensionRule | None:
    if rule is None:
        return None
    return replace(
        rule,
        requester=_least(rule.requester, most.extension_requester),
        supervisor=_least(rule.supervisor, most.extension_supervisor),
    )


def read_overlay(doc: Doc, pack: Pack) -> Overlay:
    """Read an overlay and hold it against its pack.

    Raises:
        PackError: An unknown key, a name that the pack does not have, or a value that is no
            tightening; with file and line.

    """
    overlay = doc.as_(Overlay)
    # One after the other: the second part relies on every name being known.
    for complaint in chain(_unknown(doc, overlay, pack), _wider(doc, overlay, pack)):
        raise complaint
    if overlay.valid_to < overlay.valid_from:
        raise doc.fail("valid_to is before valid_from", "valid_to")
    return overlay


def _unknown(doc: Doc, overlay: Overlay, pack: Pack) -> Iterator[PackError]:
    """Find names that the pack does not have."""
    answers = {name: one for rule in pack.answers.values() for name, one in rule.answers.items()}
    types = {*pack.types, *(rule.type for rule in pack.answers.values())}
    gone, sectors = overlay.withdrawn, set(pack.sectors)
    named: Mapping[tuple[str, ...], tuple[Iterable[str], set[str]]] = {
        ("withdrawn", "fields"): (gone.fields, set(answers)),
        ("withdrawn", "questions"): (gone.questions, {one.question for one in answers.values()}),
        ("withdrawn", "senders"): (gone.senders, types),
        ("withdrawn", "recipients"): (gone.recipients, types),
        ("withdrawn", "identity"): (gone.identity, sectors),
        ("signoff",): (overlay.signoff, sectors),
        ("most", "concern"): (overlay.most.concern, sectors),
        ("most", "retention_months"): (overlay.most.retention_months, set(pack.retention)),
    }
    for path, (names, known) in named.items():
        for one in names:
            if one not in known:
                yield doc.fail(f"{one} is not in the pack", *path, one)
    for sector, fields in gone.identity.items():
        for one in fields:
            if one not in pack.sectors[sector].identity:
                yield doc.fail(f"{one} is not in the pack", "withdrawn", "identity", sector)


def _wider(doc: Doc, overlay: Overlay, pack: Pack) -> Iterator[PackError]:
    most = overlay.most
    request = pack.types["information.request"].deadline
    extension = pack.types["information.extension_decision"].extension
    if request is None or extension is None:
        raise doc.fail("the pack gives no deadline or extension to tighten")
    pairs: dict[tuple[str, ...], tuple[int | None, int]] = {
        ("questions",): (most.questions, pack.limits.questions),
        ("questions_approved",): (most.questions_approved, pack.limits.questions_approved),
        ("window_months",): (most.window_months, pack.limits.window_months),
        ("window_months_approved",): (
            most.window_months_approved,
            pack.limits.window_months_approved,
        ),
        ("working_days",): (most.working_days, request.longest),
        ("extension_requester",): (most.extension_requester, extension.requester),
        ("extension_supervisor",): (most.extension_supervisor, extension.supervisor),
    }
    for name, months in most.retention_months.items():
        pairs["retention_months", name] = (months, pack.retention[name].ceiling_months)
    for sector, level in most.concern.items():
        ours = pack.sectors[sector].concern.most
        pairs["concern", sector] = (_LEVELS.index(level), _LEVELS.index(ours))
    for path, (theirs, bound) in pairs.items():
        if theirs is not None and theirs > bound:
            yield doc.fail("an overlay may only tighten: this is more than the pack", "most", *path)
    if most.working_days is not None and most.working_days < request.shortest:
        yield doc.fail("fewer days than the pack's shortest", "most", "working_days")
    for sector, rule in overlay.signoff.items():
        now = next((r.signoff for r in pack.answers.values() if r.sector == sector), None)
        if now is not None and _SIGNOFF.index(rule.when) < _SIGNOFF.index(now.when):
            yield doc.fail("an overlay may only tighten: this signs off less", "signoff", sector)
