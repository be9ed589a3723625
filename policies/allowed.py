"""What may be asked of whom, and why: for ``policy list``, ``policy show`` and the templates."""

from collections.abc import Mapping
from dataclasses import dataclass

from policies.lawful_basis import BasisKind, basis_name, find
from policies.pack_values import DeadlineRule, LegalOption, SignoffRule, Source
from policies.pack_whole import Pack
from policies.roles import roles_of
from schemas.directory_entry import OrganisationKind, Role
from schemas.fields.catalogue import CATALOGUE, QUESTIONS

__all__ = ["Allowed", "AllowedField", "AllowedQuestion", "allowed"]

_REQUEST = "information.request/1"


@dataclass(frozen=True, slots=True)
class AllowedField:
    """A field that may be asked: id, label, why the pack allows it, and its tags."""

    id: str
    label: str
    why: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllowedQuestion:
    """A question that may be asked, in plain words, with its fields in the order of a form."""

    id: str
    text: str
    fields: tuple[AllowedField, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Everything about asking one kind of agency.

    Attributes:
        sector: The sector in which it answers.
        identity: The identity fields that it may be told: id to why.
        concern: How much of the concern it may be told (``L0`` … ``L2``), and why.
        questions: What may be asked.
        never: What it never sends, whatever is asked.
        deadline: How many working days it may be given.
        signoff: Who signs its answers off, and when; None when nobody.
        asks_on: On which basis the asker asks, in words with source.
        answers_on: On which bases it answers, in words with source; the default first.
        keep_months: For how long the asker keeps an answer by default, and at most.
        sources: The pack's sources of these entries.

    """

    sector: str
    identity: Mapping[str, str]
    concern: tuple[str, str]
    questions: tuple[AllowedQuestion, ...]
    never: tuple[str, ...]
    deadline: DeadlineRule
    signoff: SignoffRule | None
    asks_on: tuple[str, ...]
    answers_on: tuple[str, ...]
    keep_months: tuple[int, int]
    sources: Mapping[str, Source]


def allowed(
    pack: Pack, sender_kind: OrganisationKind, role: Role, recipient_kind: OrganisationKind
) -> Allowed | None:
    """Tell what somebody in a role may ask of a kind of agency.

    Args:
        pack: The pack; tightened beforehand (``tightened_for``) to see it as an area has it.
        sender_kind: The asker's kind.
        role: The asker's role.
        recipient_kind: The kind of agency to be asked.

    Returns:
        Everything about it, or None when nothing may be asked: what is not listed is refused.

    """
    ask, answer = pack.rule(_REQUEST, sender_kind), pack.answers.get(recipient_kind)
    if ask is None or ask.deadline is None or answer is None or answer.sector is None:
        return None
    if not any(sender_kind in p.kinds and role in roles_of(p.roles) for p in ask.senders):
        return None
    if not any(recipient_kind in party.kinds for party in ask.recipients):
        return None
    sector = pack.sectors[answer.sector]
    kept = pack.retention[answer.keep]
    return Allowed(
        sector=answer.sector,
        identity={name: one.why for name, one in sector.identity.items()},
        concern=(sector.concern.most, sector.concern.why),
        questions=_questions(pack, recipient_kind),
        never=answer.never,
        deadline=ask.deadline,
        signoff=answer.signoff,
        asks_on=tuple(_said(pack, one) for one in ask.legal if _is_for(one, sender_kind)),
        answers_on=tuple(_said(pack, one) for one in answer.legal if _is_for(one, recipient_kind)),
        keep_months=(kept.default_months, kept.ceiling_months),
        sources={key: pack.head.sources[key] for key in (*ask.sources, *answer.sources)},
    )


def _questions(pack: Pack, kind: OrganisationKind) -> tuple[AllowedQuestion, ...]:
    found: dict[str, list[AllowedField]] = {}
    for name, one in pack.may_ask(kind).items():
        tags = tuple(sorted(one.tags))
        found.setdefault(one.question, []).append(
            AllowedField(name, CATALOGUE[name].label, one.why, tags)
        )
    return tuple(
        AllowedQuestion(qid, QUESTIONS[qid].text, tuple(fields)) for qid, fields in found.items()
    )


def _is_for(option: LegalOption, kind: OrganisationKind) -> bool:
    return not option.kinds or kind in option.kinds


def _said(pack: Pack, option: LegalOption) -> str:
    profile = pack.profiles[option.profile]
    named = [find(BasisKind.ARTICLE_6, code) for code in profile.article_6]
    if profile.part_3 is not None:
        named.append(find(BasisKind.PART_3, profile.part_3.section_35))
    named += [find(BasisKind.AUTHORITY, code) for code in option.authority]
    cited = "; ".join(basis_name(one) for one in named if one is not None)
    return f"{option.profile} {profile.title}: {option.why} ({cited})"
