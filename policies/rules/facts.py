"""What the rules look at: the message, the world, and what follows from both, worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from policies.context import Context, RequestFacts
from policies.overlay import tightened_for
from policies.pack_values import AnswerField, TypeRule
from policies.pack_whole import Pack, day_in_london
from schemas.directory_entry import DirectoryEntry
from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.field import Tag
from schemas.manifest import Manifest
from schemas.messages.message_type import Effect, MessageType
from schemas.messages.registry import REGISTRY

__all__ = ["Facts", "facts_of", "known"]


_ANSWERS = frozenset(name for name, field in CATALOGUE.items() if field.is_answer)


def known(name: str, otherwise: str = "manifest.f") -> str:
    """Give a field's id where it is ours; a name that was sent is never repeated."""
    return name if name in CATALOGUE else otherwise


@dataclass(frozen=True, slots=True)
class Facts:
    """A message with everything that the rules ask about it.

    Attributes:
        pack: The pack with the overlays of every area that the message touches, or None.
        type: The message type, or None when there is none of that name.
        rule: What the pack says of the type for this sender, or None when it is not listed.
        on: The civil day in London on which the message arrived.
        body: Field names to values; None at the gate and wherever there are none.
        listed: The answers of the catalogue that ``f`` names, in order.
        legal_tags: Tags of the fields whose values the message carries or asks for. A refusal
            names fields and carries no value. Names decide, not values: that a field is listed
            says nothing of what is held, and so neither does the basis that is named.

    """

    manifest: Manifest
    context: Context
    pack: Pack | None
    type: MessageType | None
    rule: TypeRule | None
    on: date
    body: Mapping[str, JsonValue] | None
    listed: tuple[str, ...]
    legal_tags: frozenset[Tag]

    @property
    def sender(self) -> DirectoryEntry:
        """Who sends."""
        return self.context.sender

    @property
    def recipient(self) -> DirectoryEntry:
        """Who is addressed."""
        return self.context.recipient

    @property
    def request(self) -> RequestFacts | None:
        """The request that the message is about."""
        return self.context.request

    @property
    def made_at(self) -> datetime:
        """When the sender says that it made the message."""
        return datetime.fromtimestamp(self.manifest.iat, tz=UTC)

    @property
    def effect(self) -> Effect | None:
        """What the message does to its request; None when the type is unknown."""
        return None if self.type is None else self.type.effect

    @property
    def asks(self) -> bool:
        """Whether it is a request."""
        return self.effect is Effect.OPENS

    @property
    def answers(self) -> bool:
        """Whether it may list answers: a response, or a refusal of single questions."""
        return self.effect in {Effect.ANSWERS, Effect.REFUSES}

    @property
    def special_category(self) -> bool:
        """Whether Article 9 (or section 35(8)) data is carried or asked for."""
        return Tag.SPECIAL_HEALTH in self.legal_tags or bool(self.manifest.attest.special_category)

    @property
    def criminal(self) -> bool:
        """Whether Article 10 data is carried or asked for."""
        return Tag.CRIMINAL in self.legal_tags or bool(self.manifest.attest.criminal)

    @property
    def pack_name(self) -> str:
        """Id and version of the pack, for an explanation."""
        return "none" if self.pack is None else f"{self.pack.id} {self.pack.version}"


def facts_of(
    manifest: Manifest, context: Context, body: Mapping[str, JsonValue] | None = None
) -> Facts:
    """Work out what the rules look at."""
    on = day_in_london(context.at)
    pack = context.pack
    if pack is not None:
        # The same areas both ways, so that what was asked under them can be answered.
        areas = (*context.sender.area, *context.recipient.area, manifest.to.area)
        pack = tightened_for(pack, areas, on)
    kind = REGISTRY.get(manifest.mt)
    rule = None
    if pack is not None and kind is not None:
        rule = pack.rule(manifest.mt, context.sender.kind)
    listed = tuple(name for name in manifest.f if name in _ANSWERS)
    tags = _legal_tags(manifest, context, pack, kind)
    return Facts(manifest, context, pack, kind, rule, on, body, listed, tags)


def _legal_tags(
    manifest: Manifest, context: Context, pack: Pack | None, kind: MessageType | None
) -> frozenset[Tag]:
    if kind is not None and kind.effect is Effect.REFUSES:
        return frozenset()
    asks = kind is not None and kind.effect is Effect.OPENS
    asked = context.recipient.kind if asks else context.sender.kind
    may: Mapping[str, AnswerField] = {} if pack is None else pack.may_ask(asked)
    found: set[Tag] = set()
    for name in (*manifest.f, *manifest.wanted):
        if name in CATALOGUE:
            found |= CATALOGUE[name].tags
        # A pack may give a field more tags than the catalogue does, never fewer.
        if name in may:
            found.update(may[name].tags)
    return frozenset(found)
