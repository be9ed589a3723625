"""Receipts: signed statements about a message (protocol 4.1).

One Ed25519 signature at once; what protects them from a quantum computer is the log's ML-DSA
signature over the record that holds them. A receipt is never receipted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.directory_entry import Division
from schemas.encoding import dump_json, parse_canonical_json
from schemas.envelope import Verified
from schemas.identifiers import AgencyUrn, CivilDate, Hash, Instant, Jti, Kid
from schemas.jws import Jws, read_jws, sign_jws, verify_jws
from schemas.keys import SigningKey, VerifyingKey
from schemas.problems import Code, Problem

__all__ = [
    "MAX_RECEIPT_BYTES",
    "Ack",
    "Due",
    "Receipt",
    "ReportedProblem",
    "SignedReceipt",
    "Status",
    "acknowledge",
    "check_ack",
    "read_receipt",
    "reported",
    "sign_receipt",
    "verify_receipt",
]

MAX_RECEIPT_BYTES: Final = 64 * 1024
_MAX_PAYLOAD_BYTES: Final = 48 * 1024
MAX_PROBLEMS: Final = 200
_TYP: Final = "dovetail-receipt+jwt"


class Status(StrEnum):
    """What a receipt states; who says it to whom stands in protocol 4.1."""

    SUBMITTED = "submitted"
    FORWARDED = "forwarded"
    REFUSED = "refused"
    DELIVERED = "delivered"
    OPENED = "opened"
    REJECTED = "rejected"
    RECALLED = "recalled"
    SKIPPED = "skipped"
    UNCOLLECTED = "uncollected"


class _Closed(BaseModel):
    """Unknown members are refused, values are not converted, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Ack(_Closed):
    """Names a message so that nobody can mean another: claims, content and both signatures."""

    jti: Jti
    iss: AgencyUrn
    h: Hash
    ch: Hash
    sigs: Annotated[tuple[Hash, ...], Field(min_length=2, max_length=2)]


class Due(_Closed):
    """Where the clock of a request stands.

    Attributes:
        day_0: The day of deemed receipt; not counted.
        due_at: The last instant that is in time, as it is known now.
        calendar_version: Which bank holidays were known.
        provisional: Whether it lies past the last bank holiday known.
        stopped: Whether the clock stands still: then ``due_at`` will move.

    """

    day_0: CivilDate
    due_at: Instant
    convention: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
    calendar: Annotated[tuple[Division, ...], Field(min_length=1, max_length=3)]
    calendar_version: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]
    provisional: bool
    stopped: bool


class ReportedProblem(_Closed):
    """A problem with its sentence and remedy, readable without our tables.

    A code that this version does not know is still a code: codes are only ever added.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z0-9_]+$", max_length=64)]
    where: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None
    rule: Annotated[str, StringConstraints(pattern=r"^POL-[0-9]{2,3}$")] | None
    says: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    remedy: Annotated[str, StringConstraints(min_length=1, max_length=400)]


_ALWAYS: Final = frozenset({"iss", "jti", "iat", "mt", "status", "at", "ack"})
_ARRIVED: Final = frozenset({"record", "arrived_at", "due", "late", "release_until"})
_MEMBERS: Final[Mapping[Status, frozenset[str]]] = {
    Status.SUBMITTED: _ARRIVED,
    Status.FORWARDED: _ARRIVED,
    Status.REFUSED: frozenset({"problems", "arrived_at", "record", "bytes_"}),
    Status.DELIVERED: frozenset(),
    Status.OPENED: frozenset({"open_"}),
    Status.REJECTED: frozenset({"problems"}),
    Status.RECALLED: frozenset(),
    Status.SKIPPED: frozenset({"seq", "from_"}),
    Status.UNCOLLECTED: frozenset(),
}
_NULLABLE: Final = frozenset({"due", "release_until"})


class Receipt(_Closed):
    """A receipt's payload. Which members stand in it depends on ``status`` and on nothing else.

    Attributes:
        iat: When it was signed, seconds since 1970.
        at: When what it states happened.
        ack: The message; None when it could not be read, or where only its number may be told.
        record: SHA-256 of the sealed record; null on a refusal that has none.
        bytes_: SHA-256 of what came, on a refusal.
        open_: What only an opener can say, on ``opened``.
        seq: The number that was not forwarded, on ``skipped``, and ``from_`` whose it was.

    """

    iss: AgencyUrn
    jti: Jti
    iat: Annotated[int, Field(ge=0, le=253_402_300_799)]
    mt: Literal["receipt/1"]
    status: Status
    at: Instant
    ack: Ack | None
    record: Hash | None = None
    arrived_at: Instant | None = None
    due: Due | None = None
    late: bool | None = None
    release_until: Instant | None = None
    problems: Annotated[
        tuple[ReportedProblem, ...] | None, Field(min_length=1, max_length=MAX_PROBLEMS)
    ] = None
    bytes_: Hash | None = Field(default=None, alias="bytes")
    open_: Hash | None = Field(default=None, alias="open")
    seq: Annotated[int, Field(ge=1)] | None = None
    from_: AgencyUrn | None = Field(default=None, alias="from")

    @model_validator(mode="after")
    def _members_fit_the_status(self) -> Self:
        expected = _MEMBERS[self.status]
        if self.model_fields_set - _ALWAYS != expected:
            raise PydanticCustomError("members", "not the members of this status")
        nullable = _NULLABLE | ({"record"} if self.status is Status.REFUSED else frozenset())
        if any(getattr(self, name) is None for name in expected - nullable):
            raise PydanticCustomError("null", "a member of this status is null")
        if self.ack is None and self.status not in {Status.REFUSED, Status.SKIPPED}:
            raise PydanticCustomError("ack", "only a refusal or a notice may name no message")
        return self


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt whose form holds and whose signature nobody has verified yet.

    Attributes:
        text: The JSON text as received.
        kid: The key that it names.
        claimed: What it says, not to be believed yet: for finding out whose key to ask for.

    """

    text: str = field(repr=False)
    kid: Kid
    claimed: Receipt = field(repr=False)
    jws: Jws = field(repr=False)


def reported(problem: Problem) -> ReportedProblem:
    """Give a problem the sentence and remedy of its code."""
    meaning = problem.meaning
    return ReportedProblem(
        code=problem.code.value,
        where=problem.where,
        rule=problem.rule,
        says=meaning.says,
        remedy=meaning.remedy,
    )


def acknowledge(verified: Verified) -> Ack:
    """Name a message in a receipt."""
    return Ack(
        jti=verified.manifest.jti,
        iss=verified.manifest.iss,
        h=verified.signed.h,
        ch=verified.signed.content_hash,
        sigs=verified.signed.signature_hashes,
    )


def check_ack(receipt: Receipt, verified: Verified) -> Problem | None:
    """Check that a receipt is about this very message."""
    if receipt.ack != acknowledge(verified):
        return Problem(Code.RECEIPT_MISMATCH, "receipt.ack")
    return None


def sign_receipt(receipt: Receipt, key: SigningKey) -> str:
    """Sign a receipt.

    Raises:
        ValueError: The key is not Ed25519, or the receipt is larger than a reader takes.

    """
    payload = dump_json(receipt.model_dump(mode="json", by_alias=True, exclude_unset=True))
    if key.alg != "Ed25519" or len(payload) > _MAX_PAYLOAD_BYTES:
        raise ValueError("a receipt has one Ed25519 signature, and at most 48 KiB")
    return sign_jws(payload, _TYP, (key,))


def read_receipt(text: str) -> SignedReceipt | Problem:
    """Read a receipt's form; exactly one problem when it is broken."""
    jws = read_jws(text, _TYP, ("Ed25519",), limit_bytes=MAX_RECEIPT_BYTES, where="receipt")
    if isinstance(jws, Problem):
        return jws
    value = parse_canonical_json(jws.payload, limit_bytes=_MAX_PAYLOAD_BYTES, where="receipt")
    if isinstance(value, Problem):
        return value
    try:
        claimed = Receipt.model_validate_json(jws.payload)
    except ValidationError:
        return Problem(Code.MESSAGE_MALFORMED, "receipt")
    return SignedReceipt(text, jws.signatures[0].kid, claimed, jws)


def verify_receipt(signed: SignedReceipt, key: VerifyingKey) -> Receipt | Problem:
    """Verify a receipt.

    Args:
        signed: From ``read_receipt``.
        key: The directory's key for ``signed.kid``. The caller sees that it is ``iss``'s, or for
            ``submitted``, ``forwarded``, ``refused``, ``skipped`` and ``recalled`` that of the
            broker's gate or release, and valid.

    """
    problem = verify_jws(signed.jws, (key,), "receipt")
    return signed.claimed if problem is None else problem
