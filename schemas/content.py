"""The body of a message: one disclosure a line, each declared by its digest in the manifest.

Reading it is where smuggling is found. A line that the manifest does not declare, a salt that is
not derived, a needless space: each is room for bytes that no policy saw, and each is provable,
because the sender signed the hash of the content and a commitment to its key.
"""

from collections.abc import Mapping
from typing import Final

from schemas.commitment import disclosure, disclosure_digest, salt, salt_key
from schemas.encoding import JsonValue, parse_canonical_json
from schemas.identifiers import FieldName, Hash
from schemas.manifest import MAX_FIELDS
from schemas.problems import Code, Problem

__all__ = ["MAX_BODY_BYTES", "body_of", "digests_of", "read_body"]

MAX_BODY_BYTES: Final = 256 * 1024  # the largest bucket that an envelope of 400 KiB can hold


def body_of(cek: bytes, fields: Mapping[FieldName, JsonValue]) -> bytes:
    """Spell the body: each field's disclosure and a line break, in the order given."""
    key = salt_key(cek)
    return b"".join(disclosure(key, name, value) + b"\n" for name, value in fields.items())


def digests_of(cek: bytes, fields: Mapping[FieldName, JsonValue]) -> dict[FieldName, Hash]:
    """Give the digest that the manifest declares for each field."""
    key = salt_key(cek)
    return {name: disclosure_digest(disclosure(key, name, v)) for name, v in fields.items()}


def read_body(
    body: bytes, cek: bytes, declared: Mapping[FieldName, Hash]
) -> dict[FieldName, JsonValue] | Problem:
    """Read a body against what the manifest declares (protocol 2.4, step 11).

    Args:
        body: The lines, padding taken off.
        cek: The content key, of which the salts derive.
        declared: Field name to digest, in the manifest's order. ``where`` of a problem may be
            one of these names: check them against policy first.

    Returns:
        Every declared field with its value, or the first problem.

    """
    if len(body) > MAX_BODY_BYTES:
        return Problem(Code.CONTENT_SIZE, "content")
    lines = body.split(b"\n")[:-1]  # each line ends in a break, so the last piece is empty
    names = {digest: name for name, digest in declared.items()}
    found: dict[FieldName, bytes] = {}
    # A body with more lines than a manifest can declare is not worth hashing to its end.
    for line in lines[: MAX_FIELDS + 1]:
        name = names.get(disclosure_digest(line))
        if name is None:
            return Problem(Code.DISCLOSURE_UNDECLARED, "content")
        if name in found:
            return Problem(Code.DISCLOSURE_REPEATED, name)
        found[name] = line
    missing = next((name for name in declared if name not in found), None)
    if missing is not None:
        return Problem(Code.DISCLOSURE_MISSING, missing)
    if list(found) != list(declared):
        return Problem(Code.DISCLOSURE_FORM, "content")
    return _values(found, salt_key(cek))


def _values(lines: Mapping[FieldName, bytes], key: bytes) -> dict[FieldName, JsonValue] | Problem:
    """Read the value of each line, and hold its salt and its spelling."""
    values: dict[FieldName, JsonValue] = {}
    for name, line in lines.items():
        parsed = parse_canonical_json(line, limit_bytes=MAX_BODY_BYTES, where=name)
        match parsed:
            case [str(given), value]:
                if given != salt(key, name):
                    return Problem(Code.DISCLOSURE_SALT, name)
                values[name] = value
            case _:
                return Problem(Code.DISCLOSURE_FORM, name)
    return values
