"""Records: what is kept of each judgement, sealed to the agencies that it concerns (protocol 5.1).

The broker makes a record and cannot read it afterwards: the content key is forgotten once the
record is sealed. The log commits to the sealed bytes, so anybody can check that a stored record is
the logged one, and only its parties can read it. All of them open the same text: AES-GCM alone
would let one ciphertext open to two, so the header commits to the key.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas.commitment import commits_to, key_commitment, sha256_text
from schemas.encoding import dump_json, parse_canonical_json
from schemas.identifiers import AgencyUrn, Hash, Instant, Kid
from schemas.jwe import decrypt_jwe, read_jwe, seal_jwe, unwrap_cek
from schemas.keys import OpeningKey, SealingKey
from schemas.problems import Code, Problem
from schemas.receipt import MAX_PROBLEMS, Due

__all__ = [
    "MAX_RECORD_BYTES",
    "Event",
    "JudgedUnder",
    "NotedProblem",
    "Record",
    "commitment",
    "leaf_data",
    "open_record",
    "record_kids",
    "seal_record",
]

MAX_RECORD_BYTES: Final = 400 * 1024  # sealed; like an envelope
_MAX_CLEAR_BYTES: Final = 256 * 1024
_TYP: Final = "dovetail-record"
_CONTEXT: Final = b"dovetail/1 record\x00"


class Event(StrEnum):
    """What happened."""

    FORWARDED = "forwarded"
    REFUSED = "refused"
    DELIVERED = "delivered"
    OPENED = "opened"
    REJECTED = "rejected"
    RELEASED = "released"
    RECALLED = "recalled"
    PARKED = "parked"


class _Closed(BaseModel):
    """Unknown members are refused, values are not converted, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NotedProblem(_Closed):
    """A problem as it is kept: the sentences are looked up by whoever reads it."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z0-9_]+$", max_length=64)]
    where: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None
    rule: Annotated[str, StringConstraints(pattern=r"^POL-[0-9]{2,3}$")] | None


class JudgedUnder(_Closed):
    """The policy pack that was applied, by its exact bytes."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    ver: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$")]
    h: Hash


class Record(_Closed):
    """The clear form, which exists only where it is made and at the agencies that it concerns.

    Attributes:
        at: When it was judged or done.
        arrived_at: When the ingress took in what it is about.
        ingress: The agency by whose ingress it came.
        bytes_: SHA-256 of what came.
        manifest: The manifest's exact text, where there was one.
        receipt: The receipt's exact text, for events that are receipts.
        release_until: The last instant at which the content is handed out.
        pack: What it was judged under; None for events that no policy judges.
        directory: The version of the directory that was asked.

    """

    v: Literal[1]
    ev: Event
    at: Instant
    arrived_at: Instant
    ingress: AgencyUrn
    bytes_: Hash = Field(alias="bytes")
    manifest: str | None
    receipt: str | None
    problems: Annotated[tuple[NotedProblem, ...], Field(max_length=MAX_PROBLEMS)]
    due: Due | None
    late: bool
    release_until: Instant | None
    pack: JudgedUnder | None
    directory: Annotated[int, Field(ge=0)]


def seal_record(record: Record, recipients: Sequence[SealingKey], *, cek: bytes, iv: bytes) -> str:
    """Seal a record.

    Args:
        record: In clear.
        recipients: The feed keys of the agencies that it concerns: sender and addressee, or
            before the addressee is certain the owner of the ingress alone.
        cek: 32 random bytes, used for this record alone and forgotten afterwards.
        iv: 12 random bytes.

    Returns:
        The exact text to keep: the log commits to these bytes.

    Raises:
        ValueError: Keys, sizes or recipients that no record can have.

    """
    clear = dump_json(record.model_dump(mode="json", by_alias=True))
    if len(clear) >= _MAX_CLEAR_BYTES:
        raise ValueError("a record has less than 256 KiB in clear")
    header = (("typ", _TYP), ("kc", key_commitment(cek)))
    return seal_jwe(header, clear + b"\n", recipients, context=_CONTEXT, cek=cek, iv=iv)


def open_record(sealed: str, key: OpeningKey) -> Record | Problem:
    """Open a record with an agency's own feed key."""
    jwe = read_jwe(sealed, _TYP, ("kc",), limit_bytes=MAX_RECORD_BYTES, where="record")
    if isinstance(jwe, Problem):
        return jwe
    cek = unwrap_cek(jwe, key, _CONTEXT, "record")
    if isinstance(cek, Problem):
        return cek
    if not commits_to(jwe.header["kc"], cek):
        return Problem(Code.CONTENT_KEY_COMMITMENT, "record")
    clear = decrypt_jwe(jwe, cek, "record")
    if isinstance(clear, Problem):
        return clear
    return _read(clear)


def record_kids(sealed: str) -> tuple[Kid, ...] | Problem:
    """Tell to which keys a record is sealed: audit routes it by these. Opens nothing."""
    jwe = read_jwe(sealed, _TYP, ("kc",), limit_bytes=MAX_RECORD_BYTES, where="record")
    return jwe if isinstance(jwe, Problem) else jwe.kids


def commitment(sealed: str) -> Hash:
    """SHA-256 of the sealed bytes: what receipts name and the log holds.

    There is no further salt: the bytes hold 256 random bits of content key, so that nobody can
    guess a record and try (decision 0003).
    """
    return sha256_text(sealed.encode())


def leaf_data(commitment_text: Hash) -> bytes:
    """Spell the leaf of the log for a commitment (protocol 5.2)."""
    return dump_json({"v": 1, "c": commitment_text})


def _read(clear: bytes) -> Record | Problem:
    """Read the one line that a record is in clear."""
    refused = Problem(Code.MESSAGE_MALFORMED, "record")
    line = clear.removesuffix(b"\n")
    value = parse_canonical_json(line, limit_bytes=_MAX_CLEAR_BYTES, where="record")
    if isinstance(value, Problem):
        return refused
    try:
        return Record.model_validate_json(line)
    except ValidationError:
        return refused
