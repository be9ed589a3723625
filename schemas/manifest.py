"""What the broker reads: the claims of a message, signed, with field names and no value.

The list of members is ``docs/protocol.md`` 2.1. An unknown member is refused, an optional one is
left out rather than null.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from schemas.directory_entry import Regime, Role
from schemas.encoding import dump_json, parse_canonical_json
from schemas.identifiers import (
    AgencyUrn,
    CivilDate,
    Conv,
    FieldName,
    GssCode,
    Hash,
    Jti,
    MessageType,
    Pseudonym,
    QuestionId,
    Reference,
)
from schemas.problems import Code, Problem

__all__ = [
    "MAX_CLAIMS_BYTES",
    "MAX_FIELDS",
    "MAX_LIFETIME_S",
    "MAX_MANIFEST_BYTES",
    "MAX_QUESTIONS",
    "AdultLimbs",
    "Attest",
    "Extension",
    "FieldDigest",
    "From",
    "Legal",
    "Manifest",
    "Marking",
    "Necessity",
    "Original",
    "Part3",
    "Pol",
    "RequestRef",
    "SubjectClass",
    "To",
    "dump_claims",
    "parse_claims",
]

_T = TypeVar("_T")

MAX_MANIFEST_BYTES: Final = 64 * 1024  # design 10.15
MAX_CLAIMS_BYTES: Final = 48 * 1024  # base64 makes four of three; the rest is signatures
MAX_FIELDS: Final = 200
MAX_QUESTIONS: Final = 30
MAX_LIFETIME_S: Final = 24 * 60 * 60  # design 10.1: bounds entry at the gate only
_MAX_INSTANT_S: Final = 253_402_300_799  # the end of the year 9999, which datetime can hold

SubjectClass: TypeAlias = Literal["child", "adult_at_risk", "adult", "unknown"]
_EpochSeconds = Annotated[int, Field(ge=0, le=_MAX_INSTANT_S)]
_Paragraphs = Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], Field(max_length=8)]
_Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length=40)]
_Purpose = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
_PackId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
_PackVersion = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$")]
_ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")]
_Rung = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
_Handling = Annotated[str, StringConstraints(pattern=r"^[A-Z]+( [A-Z]+)*$", max_length=40)]


class _Closed(BaseModel):
    """Unknown members are refused, values are not converted, absent and null are not the same."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    nullable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _absent_is_not_null(self) -> Self:
        for name in self.model_fields_set - self.nullable:
            if getattr(self, name) is None:
                raise PydanticCustomError("null", "an optional member is left out, not null")
        return self


class RequestRef(_Closed):
    """The request that a message is about: its id, and SHA-256 of its P."""

    jti: Jti
    h: Hash


class Original(_Closed):
    """The message that a relay passes on. Reserved: this version's packs refuse it."""

    h: Hash
    jti: Jti
    iss: AgencyUrn


class From(_Closed):
    """Who acts at the sender: functional role and staff pseudonym."""

    role: Role
    person: Pseudonym


class To(_Closed):
    """Who is addressed: functional role, area, and the service within the agency where it has some."""

    role: Role
    area: GssCode
    service: _ServiceName | None = None


class Pol(_Closed):
    """Under which policy: pack, version, SHA-256 of its exact bytes, purpose."""

    id: _PackId
    ver: _PackVersion
    h: Hash
    purpose: _Purpose


class Part3(_Closed):
    """Conditions under DPA 2018 Part 3: s.35(2)(a|b), s.35(4|5), paragraphs of Schedule 8."""

    s35: Literal["2a", "2b", "4", "5"]
    sch8: _Paragraphs


class Legal(_Closed):
    """The lawful basis, in codes that the pack lists; ``null`` where a part does not apply.

    ``art6`` is ``A6-1-a`` … ``A6-1-f`` or ``A6-1-ea``; ``art9`` is ``A9-2-a`` … ``A9-2-j``;
    ``annex1``, ``sch1`` and ``sch8`` are paragraph numbers.
    """

    nullable: ClassVar[frozenset[str]] = frozenset(
        {"art6", "art9", "part3", "agreement", "policy_document"}
    )

    regime: Regime
    recipient_regime: Regime
    art6: Literal["A6-1-a", "A6-1-b", "A6-1-c", "A6-1-d", "A6-1-e", "A6-1-ea", "A6-1-f"] | None
    annex1: _Paragraphs
    art9: Annotated[str, StringConstraints(pattern=r"^A9-2-[a-j]$")] | None
    sch1: _Paragraphs
    part3: Part3 | None
    authority: Annotated[tuple[_Code, ...], Field(max_length=8)]
    agreement: Reference | None
    policy_document: Reference | None

    @field_validator("annex1", "sch1", "authority")
    @classmethod
    def _each_once(cls, value: tuple[int | str, ...]) -> tuple[int | str, ...]:
        return _distinct(value)


class Necessity(_Closed):
    """Digest of the necessity statements inside the content, and how many there are."""

    h: Hash
    n: Annotated[int, Field(ge=1, le=MAX_QUESTIONS)]


class Marking(_Closed):
    """Classification. Tiers above OFFICIAL can be said, so that they are refused by name."""

    tier: Literal["OFFICIAL", "SECRET", "TOP SECRET"]
    sensitive: bool
    handling: Annotated[tuple[_Handling, ...], Field(max_length=5)]

    @field_validator("handling")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _distinct(value)


class AdultLimbs(_Closed):
    """The three limbs of Schedule 1 paragraph 18 for an adult; all must be true to rely on it."""

    care_needs: bool
    at_risk: bool
    unable_to_protect: bool


class Extension(_Closed):
    """What an extension decision says: whether, and how many working days more."""

    granted: bool
    days: Annotated[int, Field(ge=0, le=10)]


class Attest(_Closed):
    """What the sender states for the gate to check, as far as it cannot see it for itself."""

    no_sensitive_info_s38_5: bool | None = None
    third_party_checked: bool | None = None
    signoff_ref: Reference | None = None
    public_task_statement: bool | None = None
    no_consent_reason: (
        Literal["cannot_be_given", "cannot_be_obtained", "would_prejudice"] | None
    ) = None
    adult_limbs: AdultLimbs | None = None
    residence_link: bool | None = None
    supervisor_approval: Reference | None = None
    working_days: Annotated[int, Field(ge=1, le=5)] | None = None
    elapsed_h: Annotated[int, Field(ge=1, le=72)] | None = None
    extension: Extension | None = None
    extension_days: Annotated[int, Field(ge=1, le=10)] | None = None
    special_category: bool | None = None
    criminal: bool | None = None
    rung: _Rung | None = None
    clarification_accepted: bool | None = None


class FieldDigest(BaseModel):
    """One hidden array element (RFC 9901, 4.2.4.2)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    digest: Hash = Field(alias="...")


class Manifest(_Closed):
    """The claims P of a message, member for member (protocol 2.1)."""

    iss: AgencyUrn
    aud: Annotated[tuple[AgencyUrn, ...], Field(min_length=1, max_length=1)]
    jti: Jti
    iat: _EpochSeconds
    exp: _EpochSeconds
    seq: Annotated[int, Field(ge=1)]
    prev: Hash | Literal[""]
    mt: MessageType
    conv: Conv
    req: RequestRef | None = None
    from_: From = Field(alias="from")
    to: To
    wants: (
        Annotated[
            Mapping[QuestionId, Annotated[tuple[FieldName, ...], Field(min_length=1)]],
            Field(min_length=1, max_length=MAX_QUESTIONS),
        ]
        | None
    ) = None
    pol: Pol
    legal: Legal
    subject_class: SubjectClass
    necessity: Necessity | None = None
    marking: Marking
    onward: Literal["none", "originator_consent", "pack"]
    retain_until: CivilDate
    attest: Attest
    orig: Original | None = None
    sd_alg: Literal["sha-256"] = Field(alias="_sd_alg")
    f: Annotated[
        Mapping[FieldName, Annotated[tuple[FieldDigest, ...], Field(min_length=1, max_length=1)]],
        Field(min_length=1, max_length=MAX_FIELDS),
    ]

    @field_validator("exp")
    @classmethod
    def _lives_a_day_at_most(cls, value: int, info: ValidationInfo) -> int:
        made = info.data.get("iat")
        if made is not None and not 0 < value - made <= MAX_LIFETIME_S:
            raise PydanticCustomError("exp", "not within a day after iat")
        return value

    @field_validator("prev")
    @classmethod
    def _only_the_first_has_none_before(cls, value: str, info: ValidationInfo) -> str:
        number = info.data.get("seq")
        if number is not None and (number == 1) != (value == ""):
            raise PydanticCustomError("prev", "empty when seq is 1, and only then")
        return value

    @field_validator("wants")
    @classmethod
    def _no_field_twice(
        cls, value: Mapping[str, tuple[str, ...]] | None
    ) -> Mapping[str, tuple[str, ...]] | None:
        if value is not None:
            _distinct(tuple(name for names in value.values() for name in names))
        return value

    @property
    def recipient(self) -> AgencyUrn:
        """The one agency that is addressed."""
        return self.aud[0]

    @property
    def digests(self) -> Mapping[FieldName, Hash]:
        """The digest D of each field, by name, in the order sent."""
        return {name: found[0].digest for name, found in self.f.items()}

    @property
    def wanted(self) -> frozenset[FieldName]:
        """All fields that a request asks for; empty for anything else."""
        return frozenset(name for names in (self.wants or {}).values() for name in names)


def parse_claims(payload: bytes) -> Manifest | Problem:
    """Read P.

    Args:
        payload: The bytes under the signatures. Whether they hold is checked elsewhere.

    Returns:
        The claims, or the first problem. ``where`` is ``manifest`` and a path of our members
        (``manifest.legal.sch1``), never a key or value that was sent.

    """
    value = parse_canonical_json(payload, limit_bytes=MAX_CLAIMS_BYTES, where="manifest")
    if isinstance(value, Problem):
        return value
    try:
        return Manifest.model_validate_json(payload)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        return _problem(details[0])


def dump_claims(manifest: Manifest) -> bytes:
    """Spell the claims; for making a message. What was received is never spelled again."""
    return dump_json(manifest.model_dump(mode="json", by_alias=True, exclude_unset=True))


def _distinct(value: tuple[_T, ...]) -> tuple[_T, ...]:
    """Refuse a list that names something twice."""
    if len(set(value)) != len(value):
        raise PydanticCustomError("distinct", "each at most once")
    return value


def _member_names(model: type[BaseModel]) -> frozenset[str]:
    """List the names that a model's members have on the wire."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


_OUR_NAMES: Final = frozenset().union(
    *(
        _member_names(model)
        for model in (
            Manifest,
            RequestRef,
            Original,
            From,
            To,
            Pol,
            Part3,
            Legal,
            Necessity,
            Marking,
            AdultLimbs,
            Extension,
            Attest,
        )
    )
)
_KEYED_BY_SENDER: Final = frozenset({"f", "wants"})


def _problem(error: ErrorDetails) -> Problem:
    """Say what is wrong and where, in names of ours alone."""
    path = ["manifest"]
    for part in error["loc"]:
        # An unknown member stands last in its path: that name is the sender's.
        if not isinstance(part, str) or part not in _OUR_NAMES:
            break
        path.append(part)
        if part in _KEYED_BY_SENDER:
            break
    match error["type"]:
        case "missing":
            code = Code.MANIFEST_MISSING_MEMBER
        case "extra_forbidden":
            code = Code.MANIFEST_UNKNOWN_MEMBER
            path = path[: len(error["loc"])]
        case _:
            code = Code.MANIFEST_INVALID_MEMBER
    return Problem(code, ".".join(path))
