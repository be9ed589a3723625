"""An agency in the directory: who it is, what it may do, its keys, its people's posts.

Kinds of organisation that never receive a message (immigration enforcement, intelligence services
and others, domain 2.1) have no name here: they cannot be enrolled.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from schemas.encoding import dump_json, parse_json
from schemas.identifiers import (
    Account,
    AgencyId,
    AgencyUrn,
    CivilDate,
    GssCode,
    Instant,
    Kid,
    Pseudonym,
    Reference,
    agency_urn,
)
from schemas.jwk import Jwk, thumbprint
from schemas.problems import Code, Problem

__all__ = [
    "MAX_ENTRY_BYTES",
    "Agreement",
    "Contact",
    "DirectoryEntry",
    "DirectoryKey",
    "Division",
    "KeyUse",
    "Nation",
    "OrganisationKind",
    "PolicyDocument",
    "Regime",
    "Role",
    "RoleHeld",
    "Service",
    "dump_entry",
    "parse_entry",
]

MAX_ENTRY_BYTES = 256 * 1024  # about 10.7 KB with one key of each use; room for years of old keys

Division: TypeAlias = Literal["england-and-wales", "scotland", "northern-ireland"]
Nation: TypeAlias = Literal["england", "wales", "scotland", "northern-ireland"]
Regime: TypeAlias = Literal["ukgdpr", "part3"]
KeyUse: TypeAlias = Literal["sig", "enc", "feed"]
Service: TypeAlias = Literal["gate", "release", "gathering", "log"]

_Label = Annotated[str, StringConstraints(min_length=1, max_length=120)]
_ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")]


class OrganisationKind(StrEnum):
    """What an agency is (domain 2.1), and the broker itself."""

    POLICE_CTP = "police_ctp"
    POLICE_FORCE = "police_force"
    LA_PANEL = "la_panel"
    LA_CSC = "la_csc"
    LA_ASC = "la_asc"
    LA_EDUCATION = "la_education"
    LA_HOUSING = "la_housing"
    DISTRICT = "district"
    SCHOOL = "school"
    COLLEGE = "college"
    UNIVERSITY = "university"
    NHS_TRUST = "nhs_trust"
    ICB = "icb"
    GP = "gp"
    LHB_WALES = "lhb_wales"
    NHS_SCOTLAND_BOARD = "nhs_scotland_board"
    YJS = "yjs"
    PROBATION = "probation"
    PRISON = "prison"
    RSL = "rsl"
    IP = "ip"
    HO_PREVENT = "ho_prevent"
    OVERSIGHT = "oversight"
    BROKER = "broker"


class Role(StrEnum):
    """A functional role (domain 2.1), granted per area and dated.

    ``GATHERER`` is whoever leads gathering in the area (LACC or CTCO); ``BROKER`` is the role in
    which the broker's own agency sends reminders and escalations.
    """

    REFERRER = "REFERRER"
    CTCO = "CTCO"
    FIMU = "FIMU"
    LACC = "LACC"
    LACC_SUP = "LACC_SUP"
    CHAIR = "CHAIR"
    PANEL_MEMBER = "PANEL_MEMBER"
    AIO = "AIO"
    SIGNOFF = "SIGNOFF"
    IP = "IP"
    DPO = "DPO"
    STATS = "STATS"
    DIRADMIN = "DIRADMIN"
    GATHERER = "GATHERER"
    BROKER = "BROKER"


class _Closed(BaseModel):
    """Unknown members are refused, values are not converted, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RoleHeld(_Closed):
    """A role that the agency holds in some areas, for some time.

    Attributes:
        valid_from: The first instant at which it is held.
        valid_to: The first instant at which it is held no longer, or None while it is open.
        persons: Pseudonyms of those who act in it, or None when the agency does not say.

    """

    role: Role
    areas: tuple[GssCode, ...] = Field(min_length=1)
    valid_from: Instant
    valid_to: Instant | None
    persons: tuple[Pseudonym, ...] | None = None


class Contact(_Closed):
    """Where a person at work can be reached about messages; a post, not a name."""

    role: Role
    area: GssCode
    service: _ServiceName | None
    name_of_post: _Label
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None
    deputy_of: Role | None = None
    last_confirmed: CivilDate


class DirectoryKey(_Closed):
    """A public key and the time for which it speaks. Old keys stay, so old messages verify.

    Attributes:
        use: ``sig`` signs, ``enc`` is sealed to, ``feed`` is what records and feeds are sealed to.
        service: Which of the broker's services holds it; None for an agency's own.
        nbf: The first instant at which it holds.
        exp: The first instant at which it holds no longer.
        status: ``retired`` keys verify what they signed and are not sealed to any more.
        revoked_at: From this instant it holds no longer, whatever ``exp`` says.

    """

    use: KeyUse
    service: Service | None
    jwk: Jwk
    kid: Kid
    nbf: Instant
    exp: Instant
    status: Literal["active", "retired", "revoked"]
    revoked_at: Instant | None

    def model_post_init(self, _: object) -> None:
        """Hold that the key is named by itself, has its use's algorithm, and is dated as it says."""
        if self.kid != thumbprint(self.jwk):
            raise PydanticCustomError("kid", "the kid is not the thumbprint")
        if (self.jwk.alg == "HPKE-9-KE") != (self.use != "sig"):
            raise PydanticCustomError("use", "the algorithm does not fit the use")
        if (self.jwk.alg == "ML-DSA-44") and self.service != "log":
            raise PydanticCustomError("use", "ML-DSA-44 is for the log alone")
        if self.exp <= self.nbf or (self.status == "revoked") != (self.revoked_at is not None):
            raise PydanticCustomError("dates", "the dates contradict one another")

    def valid_at(self, at: datetime) -> bool:
        """Tell whether the key holds at an instant: ``nbf`` ≤ at < ``exp``, and not yet revoked."""
        return self.nbf <= at < self.exp and (self.revoked_at is None or at < self.revoked_at)


class Agreement(_Closed):
    """A sharing agreement with its impact assessment."""

    with_: tuple[AgencyId, ...] = Field(alias="with", min_length=1)
    ref: Reference
    dpia_ref: Reference
    valid_from: CivilDate
    valid_to: CivilDate


class PolicyDocument(_Closed):
    """The appropriate policy document (DPA 2018 Sch 1 para 39, s.42)."""

    ref: Reference
    valid_from: CivilDate
    valid_to: CivilDate


class DirectoryEntry(_Closed):
    """All that the directory says of one agency.

    Attributes:
        id: ``[a-z0-9]+(-[a-z0-9]+)*``, at most 64 characters.
        controller: The organisation that answers for it; several agencies may have one.
        account: Its NATS account public key, its lasting identity.
        area: The areas that it serves.
        division: Whose bank holidays its working days follow.
        competent_authority: Whether DPA 2018 Part 3 is open to it (Schedule 7 or s.30(1)(b)).
        regime: Under which it processes unless a message says otherwise.
        log_origin: The origin line of the log's checkpoints; in the broker's entry alone.

    """

    v: Literal[1]
    id: AgencyId
    name: _Label
    kind: OrganisationKind
    controller: _Label
    account: Account
    area: tuple[GssCode, ...]
    division: Division
    nation: Nation
    public_authority: bool
    competent_authority: bool
    regime: Regime
    roles: tuple[RoleHeld, ...]
    contacts: tuple[Contact, ...]
    keys: tuple[DirectoryKey, ...]
    agreements: tuple[Agreement, ...]
    policy_document: PolicyDocument | None
    log_origin: Annotated[str, StringConstraints(pattern=r"^[a-z0-9./-]{1,120}$")] | None = None

    def model_post_init(self, _: object) -> None:
        """Hold that no key stands twice, and that services belong to the broker alone."""
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise PydanticCustomError("keys", "a key stands twice")
        if self.kind is not OrganisationKind.BROKER and (
            self.log_origin is not None or any(key.service is not None for key in self.keys)
        ):
            raise PydanticCustomError("keys", "only the broker has services")

    @property
    def urn(self) -> AgencyUrn:
        """The agency as messages name it."""
        return agency_urn(self.id)

    def key(self, kid: Kid) -> DirectoryKey | None:
        """Find a key by its id, valid or not; None when the agency never had it."""
        return next((key for key in self.keys if key.kid == kid), None)

    def keys_valid(
        self, use: KeyUse, at: datetime, *, service: Service | None = None
    ) -> tuple[DirectoryKey, ...]:
        """Give the keys of a use that hold at an instant, newest first; empty when none does.

        Retired keys are among them: they verify. ``key_to_seal_to`` leaves them out.
        """
        found = (k for k in self.keys if k.use == use and k.service == service and k.valid_at(at))
        return tuple(sorted(found, key=lambda k: (k.nbf, k.kid), reverse=True))

    def key_to_seal_to(self, use: Literal["enc", "feed"], at: datetime) -> DirectoryKey | None:
        """Give the newest active key to seal to, or None when the agency has none at this instant."""
        return next((k for k in self.keys_valid(use, at) if k.status == "active"), None)

    def holds(self, role: Role, area: GssCode, at: datetime) -> bool:
        """Tell whether the agency holds a role for an area at an instant (literal: no hierarchy)."""
        return any(
            held.role is role
            and area in held.areas
            and held.valid_from <= at
            and (held.valid_to is None or at < held.valid_to)
            for held in self.roles
        )


def parse_entry(data: bytes) -> DirectoryEntry | Problem:
    """Read an entry as the directory keeps it. A problem names no part: an operator compares."""
    value = parse_json(data, limit_bytes=MAX_ENTRY_BYTES, where="directory_entry")
    if isinstance(value, Problem):
        return value
    try:
        return DirectoryEntry.model_validate_json(data)
    except ValidationError:
        return Problem(Code.MESSAGE_MALFORMED, "directory_entry")


def dump_entry(entry: DirectoryEntry) -> bytes:
    """Spell an entry as the directory keeps it; ``parse_entry`` reads the same entry back."""
    return dump_json(entry.model_dump(mode="json", by_alias=True, exclude_unset=True))
