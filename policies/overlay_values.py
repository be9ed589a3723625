"""What an area's overlay says, as values; there is no key by which anything could be widened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Limits

from policies.pack_values import STRICT, Level, Months, Sentence, Signatory, SignoffRule, Words
from schemas.directory_entry import OrganisationKind

__all__ = ["Lead", "Most", "Overlay", "Withdrawn"]


@dataclass(frozen=True, slots=True)
class Lead:
    """Who leads gathering in an area, from a day until a day (both included, None: open)."""

    __pydantic_config__ = STRICT
    lead: Literal["lacc", "ctco"]
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What an area takes away from the pack: fields, questions, senders, recipients."""

    __pydantic_config__ = STRICT
    fields: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    identity: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    senders: Mapping[str, tuple[OrganisationKind, ...]] = field(default_factory=dict)
    recipients: Mapping[str, tuple[OrganisationKind, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Most:
    """Lower ceilings of an area; what is left out stays as the pack has it."""

    __pydantic_config__ = STRICT
    questions: Annotated[int, Limits(ge=1, le=30)] | None = None
    questions_approved: Annotated[int, Limits(ge=1, le=30)] | None = None
    window_months: Months | None = None
    window_months_approved: Months | None = None
    working_days: Annotated[int, Limits(ge=1, le=10)] | None = None
    extension_requester: Annotated[int, Limits(ge=0, le=10)] | None = None
    extension_supervisor: Annotated[int, Limits(ge=0, le=10)] | None = None
    retention_months: Mapping[str, Months] = field(default_factory=dict)
    concern: Mapping[str, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overlay:
    """``overlays/<name>.yaml``: how one area tightens the pack, and who leads gathering there.

    There is no key by which anything could be added or widened.
    """

    __pydantic_config__ = STRICT
    area: Annotated[str, Limits(pattern=r"^[ENSW][0-9]{8}$")]
    name: Words
    why: Sentence
    valid_from: date
    valid_to: date
    signed_by: Annotated[tuple[Signatory, ...], Limits(min_length=1)]
    gathering_lead: tuple[Lead, ...] = ()
    withdrawn: Withdrawn = field(default_factory=Withdrawn)
    most: Most = field(default_factory=Most)
    signoff: Mapping[str, SignoffRule] = field(default_factory=dict)
