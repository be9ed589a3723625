"""What a sender fills its manifest with, so that neither gatherer nor runtime hard-codes law.

Facts are filled in (which basis the pack lists first, which agreement is registered, what the
fields say). What only a person can state is left out: that nothing comes from an intelligence
service, a sign-off, a residence link, the limbs of paragraph 18. ``to_attest`` names those.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from policies.context import RequestFacts
from policies.lawful_basis import BasisKind, find
from policies.overlay import tightened_for
from policies.pack_values import LegalOption, Profile, TypeRule
from policies.pack_whole import Pack, day_in_london
from policies.retention import default_until, latest_until
from policies.rules.basis import option_open_to
from policies.rules.parties import agreement_between
from schemas.directory_entry import DirectoryEntry, Regime
from schemas.encoding import JsonValue
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.field import Tag
from schemas.manifest import SubjectClass
from schemas.messages.message_type import Effect
from schemas.messages.registry import REGISTRY
from schemas.problems import Code, Problem

__all__ = ["Defaults", "defaults"]

_SAFEGUARDING = 18
_ON_REQUEST = 1  # Annex 1 paragraph 1
_SPECIAL = frozenset({Tag.SPECIAL_HEALTH, Tag.SPECIAL_POSSIBLE})
_CRIMINAL = frozenset({Tag.CRIMINAL, Tag.CRIMINAL_POSSIBLE})
_BY_PERSON = frozenset(
    {"no_sensitive_info_s38_5", "signoff_ref", "residence_link", "no_consent_reason", "adult_limbs"}
)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Members of a manifest, as JSON, except the date.

    Attributes:
        pol: ``pol``.
        legal: ``legal``.
        marking: ``marking``.
        onward: ``onward``.
        retain_until: ``retain_until``, a civil date.
        attest: What follows from the message itself; a person's attestations are added to it.
        to_attest: Names in ``attest`` that a person must still state for this message.
        signoff_by: The office that must sign off first, or None.

    """

    pol: dict[str, JsonValue]
    legal: dict[str, JsonValue]
    marking: dict[str, JsonValue]
    onward: str
    retain_until: date
    attest: dict[str, JsonValue]
    to_attest: tuple[str, ...]
    signoff_by: str | None


@dataclass(frozen=True, slots=True)
class _Carried:
    """Which kinds of data the fields may hold; from names alone, so that nothing shows."""

    special: bool
    firmly_special: bool
    criminal: bool


def defaults(
    pack: Pack,
    mt: str,
    sender: DirectoryEntry,
    recipient: DirectoryEntry,
    *,
    at: datetime,
    fields: Mapping[str, JsonValue],
    subject_class: SubjectClass,
    wants: Mapping[str, tuple[str, ...]] | None = None,
    request: RequestFacts | None = None,
) -> Defaults | tuple[Problem, ...]:
    """Work out what a message says of itself.

    Args:
        pack: The pack in force, as parsed.
        mt: Type and major version.
        sender: The sender's entry.
        recipient: The recipient's.
        at: Now.
        fields: The body's fields; only their names, questions, and days or steps are looked at.
        subject_class: As the manifest will say.
        wants: For a request: question to fields; when left out, all fields of its questions.
        request: For any other message: the request that it is about.

    Returns:
        The members, or the problem that the type or every basis is closed to this sender.

    """
    on = day_in_london(at)
    pack = tightened_for(pack, (*sender.area, *recipient.area), on)
    rule, kind = pack.rule(mt, sender.kind), REGISTRY.get(mt)
    if rule is None or kind is None:
        return (Problem(Code.TYPE_NOT_ALLOWED, "manifest.mt", "POL-29"),)
    option = _option(pack, rule, sender, recipient)
    if option is None:
        return (Problem(Code.BASIS_NOT_ALLOWED, "manifest.legal", "POL-31"),)
    carried = _carried(pack, kind.effect, sender, recipient, _names(fields, wants))
    legal = _legal(pack, option, sender, recipient, carried, request)
    legal["agreement"] = agreement_between(sender, recipient, on)
    signoff = rule.signoff
    signs = signoff is not None and (
        signoff.when == "always" or (signoff.when == "special_category" and carried.special)
    )
    attest = _attest(rule, kind.effect, fields, carried)
    purpose = rule.purposes[0].value if request is None else request.purpose
    if kind.effect is Effect.TELLS:
        purpose = rule.purposes[0].value
    return Defaults(
        pol={"id": pack.id, "ver": pack.version, "h": pack.h, "purpose": purpose},
        legal=legal,
        marking={
            "tier": "OFFICIAL",
            "sensitive": rule.marking.sensitive,
            "handling": list(rule.marking.handling),
        },
        onward=rule.onward,
        retain_until=min(
            default_until(pack, rule, on), latest_until(pack, rule, subject_class, on)
        ),
        attest=attest,
        to_attest=_to_attest(rule, legal, subject_class, signs=signs),
        signoff_by=signoff.office if signoff is not None and signs else None,
    )


def _option(
    pack: Pack, rule: TypeRule, sender: DirectoryEntry, recipient: DirectoryEntry
) -> LegalOption | None:
    """Choose the first basis open to the sender; its own usual regime first."""
    fit = [
        option
        for option in rule.legal
        if option_open_to(option, pack.profiles[option.profile], sender)
        and _recipient_regime(pack.profiles[option.profile], recipient) is not None
        and (not option.authority or _authority(option, sender))
    ]
    fit.sort(key=lambda option: pack.profiles[option.profile].regime != sender.regime)
    return fit[0] if fit else None


def _recipient_regime(profile: Profile, recipient: DirectoryEntry) -> Regime | None:
    usual: Regime = recipient.regime if recipient.competent_authority else "ukgdpr"
    return usual if profile.recipient_regime in {None, usual} else None


def _authority(option: LegalOption, sender: DirectoryEntry) -> str | None:
    for code in option.authority:
        basis = find(BasisKind.AUTHORITY, code)
        if basis is not None and sender.nation in basis.nations:
            return code
    return None


def _names(
    fields: Mapping[str, JsonValue], wants: Mapping[str, tuple[str, ...]] | None
) -> frozenset[str]:
    if wants is not None:
        return frozenset(fields).union(*wants.values())
    asked = fields.get("ask.questions")
    qids = {one.get("qid") for one in asked if isinstance(one, dict)} if isinstance(asked, list) else set()  # fmt: skip
    return frozenset(fields) | {f.id for f in CATALOGUE.values() if f.question in qids}


def _carried(
    pack: Pack,
    effect: Effect,
    sender: DirectoryEntry,
    recipient: DirectoryEntry,
    names: frozenset[str],
) -> _Carried:
    if effect is Effect.REFUSES:  # names of fields, and no value
        return _Carried(special=False, firmly_special=False, criminal=False)
    may = pack.may_ask(recipient.kind if effect is Effect.OPENS else sender.kind)
    if effect is Effect.HOLDS_NOTHING:  # that a health body does not know somebody is health data
        firm = any(Tag.SPECIAL_HEALTH in one.tags for one in may.values())
        return _Carried(special=firm, firmly_special=firm, criminal=False)
    tags: set[Tag] = set()
    for name in names:
        tags |= CATALOGUE[name].tags if name in CATALOGUE else set()
        tags |= set(may[name].tags) if name in may else set()
    return _Carried(
        special=bool(tags & _SPECIAL),
        firmly_special=Tag.SPECIAL_HEALTH in tags,
        criminal=bool(tags & _CRIMINAL),
    )


def _legal(
    pack: Pack,
    option: LegalOption,
    sender: DirectoryEntry,
    recipient: DirectoryEntry,
    carried: _Carried,
    request: RequestFacts | None,
) -> dict[str, JsonValue]:
    profile = pack.profiles[option.profile]
    special, part_3 = profile.special, profile.part_3
    paragraph = (option.schedule_1 or (special.schedule_1 if special is not None else ()))[:1]
    sch1: list[JsonValue] = []
    if part_3 is None and (carried.special or carried.criminal):
        sch1 += paragraph
    if part_3 is None and carried.criminal and profile.criminal is not None:
        sch1.append(36)
    sch8: list[JsonValue] = []
    if part_3 is not None and carried.special:
        sch8 += (option.schedule_8 or part_3.schedule_8)[:1]
    authority = _authority(option, sender)
    document = sender.policy_document
    named = bool(sch1 or sch8) and document is not None
    return {
        "regime": profile.regime,
        "recipient_regime": _recipient_regime(profile, recipient) or "ukgdpr",
        "art6": profile.article_6[0] if profile.article_6 else None,
        "annex1": _annex(profile, request),
        "art9": special.article_9[0] if special is not None and carried.special else None,
        "sch1": sch1,
        "part3": None if part_3 is None else {"s35": part_3.section_35, "sch8": sch8},
        "authority": [] if authority is None else [authority],
        "agreement": None,
        "policy_document": document.ref if document is not None and named else None,
    }


def _annex(profile: Profile, request: RequestFacts | None) -> list[JsonValue]:
    # Paragraph 1 stands on the request's statement; without one, safeguarding does (6).
    stated = request is not None and request.public_task_statement
    found: list[JsonValue] = [n for n in profile.annex_1 if stated or n != _ON_REQUEST]
    return found[:1]


def _attest(
    rule: TypeRule, effect: Effect, fields: Mapping[str, JsonValue], carried: _Carried
) -> dict[str, JsonValue]:
    listed = {*rule.attest.required, *rule.attest.allowed}
    found: dict[str, JsonValue] = {}
    if "ask.public_task_statement" in fields:
        found["public_task_statement"] = True
    if rule.deadline is not None:
        found["working_days"] = rule.deadline.default
    if carried.special:
        found["special_category"] = True
    if carried.criminal:
        found["criminal"] = True
    match effect:
        case Effect.ASKS_TIME:
            found["extension_days"] = fields["ext.days"]
        case Effect.DECIDES_TIME:
            found["extension"] = {
                "granted": fields["ext.granted"],
                "days": fields["ext.days_granted"],
            }
        case Effect.TELLS if "dl.rung" in fields:
            found["rung"] = fields["dl.rung"]
        case _:
            pass
    return {name: value for name, value in found.items() if name in listed}


def _to_attest(
    rule: TypeRule, legal: Mapping[str, JsonValue], subject: SubjectClass, *, signs: bool
) -> tuple[str, ...]:
    names = [name for name in rule.attest.required if name in _BY_PERSON]
    if signs:
        names.append("signoff_ref")
    paragraphs = legal["sch1"]
    if isinstance(paragraphs, list) and _SAFEGUARDING in paragraphs:
        names.append("no_consent_reason")
        if subject != "child":
            names.append("adult_limbs")
    return tuple(names)
