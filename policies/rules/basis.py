"""Whether the lawful basis named may be relied on by this sender: POL-01, 02, 13, 31."""

from collections.abc import Iterator

from policies.lawful_basis import BasisKind, find
from policies.pack_values import LegalOption, Profile
from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.directory_entry import DirectoryEntry
from schemas.manifest import Legal
from schemas.problems import Code, Problem

__all__ = ["RULES", "named_bases", "option_open_to"]

_EA = "A6-1-ea"
_CONSENT_6, _CONSENT_9, _CONSENT_PART_3 = "A6-1-a", "A9-2-a", "2a"
_DISCLOSURE_ON_REQUEST = 1  # Annex 1 paragraph 1


def _public_authority(facts: Facts) -> Found:
    if facts.manifest.legal.art6 != _EA:
        return None
    if facts.sender.public_authority:
        return (Problem(Code.BASIS_LEGITIMATE_INTEREST, "manifest.legal.art6"),)
    return NONE


def _public_task_statement(facts: Facts) -> Found:
    legal = facts.manifest.legal
    if legal.art6 != _EA or _DISCLOSURE_ON_REQUEST not in legal.annex1:
        return None
    if facts.request is None or not facts.request.public_task_statement:
        return (Problem(Code.BASIS_PUBLIC_TASK_STATEMENT, "manifest.legal.annex1"),)
    return NONE


def _consent(facts: Facts) -> Found:
    legal = facts.manifest.legal
    found = {
        "manifest.legal.art6": legal.art6 == _CONSENT_6,
        "manifest.legal.art9": legal.art9 == _CONSENT_9,
        "manifest.legal.part3": legal.part3 is not None and legal.part3.s35 == _CONSENT_PART_3,
    }
    return tuple(Problem(Code.BASIS_CONSENT, where) for where, is_it in found.items() if is_it)


def named_bases(legal: Legal) -> Iterator[tuple[str, BasisKind, str | int]]:
    """Give every basis that a manifest names, with the member that names it."""
    if legal.art6 is not None:
        yield "manifest.legal.art6", BasisKind.ARTICLE_6, legal.art6
    if legal.art9 is not None:
        yield "manifest.legal.art9", BasisKind.ARTICLE_9, legal.art9
    if legal.part3 is not None:
        yield "manifest.legal.part3.s35", BasisKind.PART_3, legal.part3.s35
        for number in legal.part3.sch8:
            yield "manifest.legal.part3.sch8", BasisKind.SCHEDULE_8, number
    for number in legal.annex1:
        yield "manifest.legal.annex1", BasisKind.ANNEX_1, number
    for number in legal.sch1:
        yield "manifest.legal.sch1", BasisKind.SCHEDULE_1, number
    for code in legal.authority:
        yield "manifest.legal.authority", BasisKind.AUTHORITY, code


def option_open_to(option: LegalOption, profile: Profile, sender: DirectoryEntry) -> bool:
    """Tell whether a sender of this kind, status and nation may use an option at all."""
    return (
        profile.enabled
        and (not option.kinds or sender.kind in option.kinds)
        and option.public_authority in {None, sender.public_authority}
        and option.competent_authority in {None, sender.competent_authority}
        and (not profile.personal_data or sender.nation in option.nations)
    )


def _listed(facts: Facts) -> Found:
    if facts.rule is None or facts.pack is None:
        return None
    legal = facts.manifest.legal
    # Consent has a rule and a sentence of its own (POL-13); it is not refused twice.
    if any(code in {_CONSENT_6, _CONSENT_9, _CONSENT_PART_3} for _, _, code in named_bases(legal)):
        return None
    problems = []
    for where, kind, code in named_bases(legal):
        basis = find(kind, code)
        if basis is None or basis.refused is not None or not basis.holds_on(facts.on):
            problems.append(Problem(Code.BASIS_NOT_ALLOWED, where))
    fits = any(
        option_open_to(option, facts.pack.profiles[option.profile], _as_claimed(facts))
        and _fits(legal, option, facts.pack.profiles[option.profile])
        for option in facts.rule.legal
    )
    if not fits and not problems:
        problems.append(Problem(Code.BASIS_NOT_ALLOWED, "manifest.legal"))
    return tuple(dict.fromkeys(problems))


def _as_claimed(facts: Facts) -> DirectoryEntry:
    """Give the sender with the status that its basis claims.

    That a public authority relies on a legitimate interest is said by POL-01, that nobody but a
    competent authority is under Part 3 by POL-06: one fault is told once, by its own rule.
    """
    legal, status = facts.manifest.legal, {}
    if legal.art6 == _EA:
        status["public_authority"] = False
    if legal.regime == "part3":
        status["competent_authority"] = True
    return facts.sender.model_copy(update=status) if status else facts.sender


def _fits(legal: Legal, option: LegalOption, profile: Profile) -> bool:
    # A crossing without an authority is told by POL-07.
    crossing = (legal.regime, legal.recipient_regime) == ("part3", "ukgdpr")
    return (
        _regime_fits(legal, profile)
        and _condition_fits(legal, profile)
        and set(legal.authority) <= set(option.authority)
        and (not option.authority or bool(legal.authority) or crossing)
    )


def _regime_fits(legal: Legal, profile: Profile) -> bool:
    if legal.regime != profile.regime:
        return False
    if profile.recipient_regime not in {None, legal.recipient_regime}:
        return False
    if profile.part_3 is not None:
        part3 = legal.part3
        return (
            part3 is not None
            and part3.s35 == profile.part_3.section_35
            and set(part3.sch8) <= set(profile.part_3.schedule_8)
            and legal.art6 is None
            and not legal.annex1
        )
    return (
        legal.part3 is None
        and legal.art6 in profile.article_6
        and set(legal.annex1) <= set(profile.annex_1)
        and bool(legal.annex1) == bool(profile.annex_1)
    )


def _condition_fits(legal: Legal, profile: Profile) -> bool:
    special = profile.special.article_9 if profile.special is not None else ()
    allowed: set[int] = set()
    if profile.special is not None:
        allowed |= set(profile.special.schedule_1)
    if profile.criminal is not None:
        allowed |= {*profile.criminal.extends, *profile.criminal.alone}
        allowed |= {36} if profile.criminal.extends else set()
    return (legal.art9 is None or legal.art9 in special) and set(legal.sch1) <= allowed


RULES = (
    Rule(
        "POL-01",
        "A public authority does not rely on a recognised legitimate interest for its own tasks.",
        _public_authority,
    ),
    Rule(
        "POL-02",
        "Who shares because a request states a public task answers a request that does state it.",
        _public_task_statement,
    ),
    Rule(
        "POL-13",
        "Consent is not the lawful basis for gathering information.",
        _consent,
    ),
    Rule(
        "POL-31",
        "The lawful basis is in force, and one that the pack lists for this sender and type.",
        _listed,
    ),
)
