"""Who may send what to whom: POL-16, 17, 21, 29."""

from collections.abc import Iterable
from datetime import date, datetime

from policies.overlay import gathering_lead
from policies.pack_values import Party
from policies.roles import EXCLUDED_KINDS, GATHERER_ROLES, roles_of
from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.directory_entry import DirectoryEntry, OrganisationKind, Role, RoleHeld
from schemas.problems import Code, Problem

__all__ = ["RULES", "agreement_between"]

_LEADS = {Role.LACC: "lacc", Role.CTCO: "ctco"}


def _roles(facts: Facts) -> Found:
    manifest, at = facts.manifest, facts.context.at
    if facts.recipient.kind.value in EXCLUDED_KINDS:
        return (Problem(Code.RECIPIENT_EXCLUDED, "manifest.aud"),)
    problems = []
    # Design 10.2: a role holds twice, when the message says it was made and when it arrived.
    acting = _held(facts.sender, manifest.from_.role, facts)
    if not acting:
        problems.append(Problem(Code.ROLE_NOT_HELD, "manifest.from.role"))
    elif not any(one.persons is None or manifest.from_.person in one.persons for one in acting):
        problems.append(Problem(Code.ROLE_NOT_HELD, "manifest.from.person"))
    elif facts.asks and not _leads(facts, acting):
        problems.append(Problem(Code.ROLE_NOT_HELD, "manifest.from.role"))
    if not facts.recipient.holds(manifest.to.role, manifest.to.area, at):
        problems.append(Problem(Code.ROLE_NOT_HELD, "manifest.to.role"))
    return tuple(problems)


def _held(entry: DirectoryEntry, role: Role, facts: Facts) -> tuple[RoleHeld, ...]:
    """Give the grants of a role that hold at arrival, if the role was held when made as well."""
    if not _grants(entry, role, facts.made_at):
        return ()
    return _grants(entry, role, facts.context.at)


def _grants(entry: DirectoryEntry, role: Role, at: datetime) -> tuple[RoleHeld, ...]:
    return tuple(
        one
        for one in entry.roles
        if one.role is role and one.valid_from <= at and (one.valid_to is None or at < one.valid_to)
    )


def _leads(facts: Facts, acting: Iterable[RoleHeld]) -> bool:
    """Whether the sender's role leads gathering in at least one area for which it is held."""
    role = facts.manifest.from_.role
    if role not in GATHERER_ROLES or facts.pack is None:
        return True
    leads = {gathering_lead(facts.pack, area, facts.on) for one in acting for area in one.areas}
    return None in leads or _LEADS[role] in leads


def agreement_between(sender: DirectoryEntry, recipient: DirectoryEntry, on: date) -> str | None:
    """Give the reference of an agreement in date that both entries register, or None.

    Both, so that neither side can claim an agreement alone, and either can end it.
    """
    ours = _refs(sender, recipient.id, on)
    theirs = _refs(recipient, sender.id, on)
    return next((ref for ref in ours if ref in theirs), None)


def _refs(entry: DirectoryEntry, other: str, on: date) -> tuple[str, ...]:
    return tuple(
        one.ref
        for one in entry.agreements
        if other in one.with_ and one.valid_from <= on <= one.valid_to
    )


def _agreement(facts: Facts) -> Found:
    if facts.rule is None or not facts.rule.personal_data:
        return None
    if facts.sender.controller == facts.recipient.controller:
        return None  # one controller does not contract with itself
    ref = facts.manifest.legal.agreement
    ours = _refs(facts.sender, facts.recipient.id, facts.on)
    theirs = _refs(facts.recipient, facts.sender.id, facts.on)
    if ref is None or ref not in ours or ref not in theirs:
        return (Problem(Code.AGREEMENT_MISSING, "manifest.legal.agreement"),)
    return NONE


def _residence(facts: Facts) -> Found:
    if facts.rule is None or not facts.rule.residence_link:
        return None
    if facts.manifest.attest.residence_link is not True:
        return (Problem(Code.RESIDENCE_MISSING, "manifest.attest.residence_link"),)
    return NONE


def _listed(facts: Facts) -> Found:
    if facts.type is None:
        return (Problem(Code.TYPE_UNKNOWN, "manifest.mt"),)
    if facts.pack is None:
        return None
    if facts.rule is None:
        return (Problem(Code.TYPE_NOT_ALLOWED, "manifest.mt"),)
    problems = []
    if not _is_party(facts.rule.senders, facts.sender.kind, facts.manifest.from_.role):
        problems.append(Problem(Code.TYPE_NOT_ALLOWED, "manifest.from.role"))
    if facts.manifest.iss in facts.manifest.aud or not _is_party(
        facts.rule.recipients, facts.recipient.kind, facts.manifest.to.role
    ):
        problems.append(Problem(Code.RECIPIENT_NOT_ALLOWED, "manifest.to.role"))
    return tuple(problems)


def _is_party(parties: Iterable[Party], kind: OrganisationKind, role: Role) -> bool:
    return any(kind in party.kinds and role in roles_of(party.roles) for party in parties)


RULES = (
    Rule(
        "POL-16",
        "Nobody of an excluded kind receives anything; sender and recipient hold the roles named,"
        " when the message was made and when it arrived.",
        _roles,
    ),
    Rule(
        "POL-17",
        "A sharing agreement with an impact assessment is in date between the two organisations.",
        _agreement,
    ),
    Rule(
        "POL-21",
        "A district answers only about a person with a link of residence to it.",
        _residence,
    ),
    Rule(
        "POL-29",
        "The pack lists the message type for this kind of sender, recipient, and their roles.",
        _listed,
    ),
)
