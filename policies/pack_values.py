"""What a policy pack says, as values. The YAML of ``packs/`` has exactly these keys.

Plain frozen dataclasses: ``pack_text`` fills them strictly from text (an unknown key stops the
load), and nothing else makes them outside tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict
from pydantic import Field as Limits

from policies.purposes import Purpose
from schemas.directory_entry import Division, Nation, OrganisationKind, Regime, Role
from schemas.fields.field import Tag

__all__ = [
    "STRICT",
    "AnswerField",
    "AttestRule",
    "BrokerKeeps",
    "CaseLimits",
    "ConcernRule",
    "CriminalConditions",
    "DeadlineRule",
    "ExtensionRule",
    "Head",
    "IdentityField",
    "Jurisdiction",
    "LegalOption",
    "Level",
    "MarkingRule",
    "MessageField",
    "Months",
    "NecessityRule",
    "Part3Conditions",
    "Party",
    "Profile",
    "RetentionClass",
    "Sector",
    "Sentence",
    "Signatory",
    "SignoffRule",
    "Source",
    "SpecialConditions",
    "TypeRule",
    "Words",
]

STRICT = ConfigDict(extra="forbid")
Sentence = Annotated[str, Limits(min_length=10, max_length=600)]
Words = Annotated[str, Limits(min_length=2, max_length=160)]
Months = Annotated[int, Limits(ge=1, le=120)]
Days = Annotated[int, Limits(ge=0, le=400)]
SourceKeys = Annotated[tuple[str, ...], Limits(min_length=1)]
Level = Literal["L0", "L1", "L2"]
OnwardRule = Literal["none", "originator_consent", "pack"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entry comes from, and when it was read; ``memory`` marks what was not read."""

    __pydantic_config__ = STRICT
    title: Words
    read_on: date
    memory: bool = False


@dataclass(frozen=True, slots=True)
class Signatory:
    """The office of a data protection officer that has signed: an office, never a person."""

    __pydantic_config__ = STRICT
    office: Annotated[str, Limits(pattern=r"^dpo:[a-z0-9-]{2,60}$")]
    sector: Words
    on: date


@dataclass(frozen=True, slots=True)
class Head:
    """``pack.yaml``: what the pack is, from when, for whom, and signed by whom.

    ``valid_from`` and ``valid_to`` are civil days in London, both included.
    """

    __pydantic_config__ = STRICT
    pack: Annotated[str, Limits(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
    version: Annotated[str, Limits(pattern=r"^[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,3}$")]
    title: Words
    summary: Sentence
    valid_from: date
    valid_to: date
    signed_by: tuple[Signatory, ...]
    changes: tuple[Sentence, ...]
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class SpecialConditions:
    """Which Article 9 conditions, and which Schedule 1 paragraphs beneath them, may be used."""

    __pydantic_config__ = STRICT
    article_9: tuple[str, ...]
    schedule_1: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CriminalConditions:
    """Schedule 1 paragraph 36 and the paragraphs that it may extend, or a paragraph alone."""

    __pydantic_config__ = STRICT
    extends: tuple[int, ...] = ()
    alone: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part3Conditions:
    """The limb of section 35 and the paragraphs of Schedule 8 that may be used."""

    __pydantic_config__ = STRICT
    section_35: str
    schedule_8: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A legal profile (domain 2.2): a set of bases that fit together."""

    __pydantic_config__ = STRICT
    title: Words
    use: Sentence
    sources: SourceKeys
    regime: Regime
    article_6: tuple[str, ...] = ()
    annex_1: tuple[int, ...] = ()
    special: SpecialConditions | None = None
    criminal: CriminalConditions | None = None
    part_3: Part3Conditions | None = None
    recipient_regime: Regime | None = None
    personal_data: bool = True
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What differs in one nation (POL-23)."""

    __pydantic_config__ = STRICT
    title: Words
    note: Sentence
    sources: SourceKeys
    panel: Words | None
    channel_sections: bool
    calendar: Division
    agreement_form: Words
    languages: tuple[str, ...]
    data_rights_age: Annotated[int, Limits(ge=0, le=18)] | None


@dataclass(frozen=True, slots=True)
class Party:
    """Kinds of agency that may send or receive, and the role in which they do."""

    __pydantic_config__ = STRICT
    kinds: Annotated[tuple[OrganisationKind, ...], Limits(min_length=1)]
    roles: Annotated[tuple[Role, ...], Limits(min_length=1)]


@dataclass(frozen=True, slots=True)
class LegalOption:
    """One set of bases that a sender may rely on; the first that fits is the default.

    Attributes:
        profile: Which profile.
        why: Why this sender may rely on it; shown with every explanation.
        sources: Keys of ``pack.yaml``.
        authority: The statutes or powers of which at least one must be named.
        kinds: Which senders; empty means all senders of the type.
        public_authority: Only for senders that are (or are not) a public authority.
        competent_authority: Only for senders that are (or are not) a competent authority.
        nations: Where the sender must be.
        schedule_1: The paragraphs used by default, in place of the profile's first.
        schedule_8: Likewise.

    """

    __pydantic_config__ = STRICT
    profile: str
    why: Sentence
    sources: SourceKeys
    authority: tuple[str, ...] = ()
    kinds: tuple[OrganisationKind, ...] = ()
    public_authority: bool | None = None
    competent_authority: bool | None = None
    nations: tuple[Nation, ...] = ("england", "wales", "scotland")
    schedule_1: tuple[int, ...] = ()
    schedule_8: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerField:
    """A field that may be asked of a sector, under a question.

    ``kinds`` restricts it to some of the sector's kinds.
    """

    __pydantic_config__ = STRICT
    question: Annotated[str, Limits(pattern=r"^[A-Z][1-9]$")]
    why: Sentence
    tags: tuple[Tag, ...] = ()
    kinds: tuple[OrganisationKind, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageField:
    """A field that a message of this type carries beside answers: required unless said."""

    __pydantic_config__ = STRICT
    why: Sentence
    required: bool = True


@dataclass(frozen=True, slots=True)
class AttestRule:
    """Which attestations a message must carry, and which it may; any other is refused."""

    __pydantic_config__ = STRICT
    required: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignoffRule:
    """Who must have signed off before sending, and when."""

    __pydantic_config__ = STRICT
    office: Words
    when: Literal["always", "special_category", "never"]
    why: Sentence


@dataclass(frozen=True, slots=True)
class MarkingRule:
    """The least that a message must be marked with; the tier is always OFFICIAL."""

    __pydantic_config__ = STRICT
    sensitive: bool
    handling: tuple[str, ...] = ()
    means: Sentence = "Handle with care."


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """How many working days may be given, and who may be asked within hours."""

    __pydantic_config__ = STRICT
    default: Annotated[int, Limits(ge=1, le=10)]
    shortest: Annotated[int, Limits(ge=1, le=10)]
    longest: Annotated[int, Limits(ge=1, le=10)]
    urgent_hours: tuple[Annotated[int, Limits(ge=1, le=24)], ...] = ()
    urgent_kinds: tuple[OrganisationKind, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """How much longer may be given: by the requester, and by a supervisor, in working days."""

    __pydantic_config__ = STRICT
    requester: Annotated[int, Limits(ge=0, le=10)]
    supervisor: Annotated[int, Limits(ge=0, le=10)]


@dataclass(frozen=True, slots=True)
class BrokerKeeps:
    """How long the broker holds the sealed content: after receipt, and at most, in days."""

    __pydantic_config__ = STRICT
    after_ack_days: Days
    max_days: Annotated[int, Limits(ge=1, le=400)]


@dataclass(frozen=True, slots=True)
class TypeRule:
    """``types/<family>/<type>.yaml``: who may send what to whom, why and on which basis.

    Attributes:
        legal: What a sender may rely on; ``legal_as_answer`` takes the options of the sender's own
            answers instead.
        answers: Fields that may be asked of the sector; only in ``response/<sector>.yaml``.
        fields: Fields that the message itself carries.
        keep: The retention class of ``retention.yaml`` that its copies belong to.
        onward: The widest onward rule that a message may carry.

    """

    __pydantic_config__ = STRICT
    type: Annotated[str, Limits(pattern=r"^[a-z_]+\.[a-z_]+$")]
    major: Annotated[int, Limits(ge=1, le=99)]
    title: Words
    why: Sentence
    sources: SourceKeys
    purposes: Annotated[tuple[Purpose, ...], Limits(min_length=1)]
    senders: Annotated[tuple[Party, ...], Limits(min_length=1)]
    recipients: Annotated[tuple[Party, ...], Limits(min_length=1)]
    marking: MarkingRule
    onward: OnwardRule
    keep: str
    broker: BrokerKeeps
    fields: Mapping[str, MessageField]
    attest: AttestRule
    legal: tuple[LegalOption, ...] = ()
    legal_as_answer: bool = False
    sector: str | None = None
    answers: Mapping[str, AnswerField] = field(default_factory=dict)
    never: tuple[Words, ...] = ()
    signoff: SignoffRule | None = None
    residence_link: bool = False
    deadline: DeadlineRule | None = None
    extension: ExtensionRule | None = None
    personal_data: bool = True


@dataclass(frozen=True, slots=True)
class IdentityField:
    """An identity field that a sector may be given, and why; perhaps only with some questions."""

    __pydantic_config__ = STRICT
    why: Sentence
    with_questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConcernRule:
    """How much of the concern a sector is told at most, and why."""

    __pydantic_config__ = STRICT
    most: Level
    why: Sentence


@dataclass(frozen=True, slots=True)
class Sector:
    """``sectors.yaml``: what an agency of the sector may be told about whom it is asked."""

    __pydantic_config__ = STRICT
    title: Words
    identity: Mapping[str, IdentityField]
    concern: ConcernRule


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """``retention.yaml``: default and ceiling in months; a shorter ceiling for children."""

    __pydantic_config__ = STRICT
    title: Words
    why: Sentence
    default_months: Months
    ceiling_months: Months
    child_ceiling_months: Months
    sources: SourceKeys


@dataclass(frozen=True, slots=True)
class CaseLimits:
    """``limits.yaml``: how much may be asked at once, and how far back."""

    __pydantic_config__ = STRICT
    questions: Annotated[int, Limits(ge=1, le=30)]
    questions_approved: Annotated[int, Limits(ge=1, le=30)]
    window_months: Months
    window_months_approved: Months
    why: Sentence
    sources: SourceKeys


@dataclass(frozen=True, slots=True)
class NecessityRule:
    """``necessity.yaml``: what a necessity statement must be (POL-18)."""

    __pydantic_config__ = STRICT
    min_chars: Annotated[int, Limits(ge=1, le=400)]
    max_chars: Annotated[int, Limits(ge=1, le=400)]
    own_words: Annotated[int, Limits(ge=1, le=20)]
    template: Sentence
    protected: tuple[str, ...]
    filler: tuple[str, ...]
