"""The directory's table of contents: which files it has, by hash, in which version, doubly signed.

One version of a directory is one index; every other file is named by its own hash, so a new version
appears at once and whole when its index does, and an old file is never changed under a reader.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas.encoding import dump_json, parse_json
from schemas.identifiers import Hash, Instant
from schemas.jws import read_jws, sign_jws, verify_jws
from schemas.keys import MessageSigner, VerifyingKey
from schemas.problems import Code, Problem

__all__ = ["MAX_INDEX_BYTES", "DirectoryIndex", "Listed", "ListedPack", "dump_index", "parse_index"]

MAX_INDEX_BYTES: Final = 4 * 1024 * 1024  # 20,000 agencies at about 150 bytes
_TYP: Final = "dovetail-directory+jws"
_WHERE: Final = "directory"

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
_Version = Annotated[str, StringConstraints(pattern=r"^[0-9a-z.-]{1,40}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Listed(_Closed):
    """An agency's entry: the file ``entries/<id>.<h>.json``."""

    id: _Name
    h: Hash


class ListedPack(_Closed):
    """A pack's bundle: the file ``packs/<id>-<ver>.<h>.json``.

    Attributes:
        h: SHA-256 of the bundle's exact bytes, as manifests name it in ``pol.h``.
        superseded_at: When another version took its place; None while none has.

    """

    id: _Name
    ver: _Version
    h: Hash
    superseded_at: Instant | None


class DirectoryIndex(_Closed):
    """One version of the directory.

    Attributes:
        version: From 1, and only ever more: a lower one is a replay of an old directory.
        made_at: When it was signed.
        entries: Every agency, also those that left: their old messages must verify.
        packs: Every pack that ever was in force.
        calendar: Hash of the bank holidays, the file ``calendar.<h>.json``.

    """

    v: Literal[1]
    version: Annotated[int, Field(ge=1, le=2**53 - 1)]
    made_at: Instant
    entries: tuple[Listed, ...]
    packs: tuple[ListedPack, ...]
    calendar: Hash


def dump_index(index: DirectoryIndex, signer: MessageSigner) -> bytes:
    """Sign an index with both keys of the directory."""
    payload = dump_json(index.model_dump(mode="json"))
    return sign_jws(payload, _TYP, (signer.ed25519, signer.ml_dsa_65)).encode("ascii")


def parse_index(data: bytes, keys: Sequence[VerifyingKey]) -> DirectoryIndex | Problem:
    """Read an index and verify both signatures with the keys that we were given by another way.

    Args:
        data: The file as it came.
        keys: Ed25519 and ML-DSA-65, in this order.

    Returns:
        The index, or why it is not one of this directory.

    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return Problem(Code.MESSAGE_NOT_UTF8, _WHERE)
    jws = read_jws(text, _TYP, ("Ed25519", "ML-DSA-65"), limit_bytes=MAX_INDEX_BYTES, where=_WHERE)
    if isinstance(jws, Problem):
        return jws
    problem = verify_jws(jws, keys, _WHERE)
    if problem is not None:
        return problem
    value = parse_json(jws.payload, limit_bytes=MAX_INDEX_BYTES, where=_WHERE)
    if isinstance(value, Problem):
        return value
    try:
        index = DirectoryIndex.model_validate_json(jws.payload)
    except ValidationError:
        return Problem(Code.MESSAGE_MALFORMED, _WHERE)
    twice = len({one.id for one in index.entries}) != len(index.entries)
    twice = twice or len({one.h for one in index.packs}) != len(index.packs)
    return Problem(Code.MESSAGE_MALFORMED, _WHERE) if twice else index
