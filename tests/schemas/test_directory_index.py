"""The directory's index: signed twice, in form, and nothing listed twice."""

import hashlib
from datetime import UTC, datetime

import pytest

from schemas.directory_index import DirectoryIndex, Listed, ListedPack, dump_index, parse_index
from schemas.encoding import b64u, dump_json
from schemas.jws import sign_jws
from schemas.keys import MessageSigner
from schemas.problems import Code, Problem

SIGNER = MessageSigner.from_seeds(b"d" * 32, b"d" * 32)
STRANGER = MessageSigner.from_seeds(b"e" * 32, b"e" * 32)
H = b64u(hashlib.sha256(b"x").digest())
INDEX = DirectoryIndex(
    v=1,
    version=3,
    made_at=datetime(2026, 11, 16, 9, 0, tzinfo=UTC),
    entries=(Listed(id="school-1", h=H),),
    packs=(ListedPack(id="uk-channel", ver="2026.1", h=H, superseded_at=None),),
    calendar=H,
)


def signed(payload: bytes, typ: str = "dovetail-directory+jws") -> bytes:
    """A payload under both signatures of the directory, whatever it is."""
    return sign_jws(payload, typ, (SIGNER.ed25519, SIGNER.ml_dsa_65)).encode()


def test_an_index_comes_back() -> None:
    """What is written is read, the same."""
    assert parse_index(dump_index(INDEX, SIGNER), SIGNER.public) == INDEX


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff", Code.MESSAGE_NOT_UTF8),
        (b"nonsense", Code.MESSAGE_NOT_JSON),
        (dump_index(INDEX, STRANGER), None),
        (signed(b"nonsense"), Code.MESSAGE_NOT_JSON),
        (signed(b"{}"), Code.MESSAGE_MALFORMED),
        (signed(dump_json({"v": 1, "x": 1})), Code.MESSAGE_MALFORMED),
        (signed(b"{}", "dovetail-receipt+jwt"), None),
        (
            dump_index(INDEX.model_copy(update={"entries": INDEX.entries * 2}), SIGNER),
            Code.MESSAGE_MALFORMED,
        ),
        (
            dump_index(INDEX.model_copy(update={"packs": INDEX.packs * 2}), SIGNER),
            Code.MESSAGE_MALFORMED,
        ),
        (dump_index(INDEX.model_copy(update={"version": 0}), SIGNER), Code.MESSAGE_MALFORMED),
        (dump_index(INDEX.model_copy(update={"v": 2}), SIGNER), Code.MESSAGE_MALFORMED),
    ],
)
def test_each_reason_to_refuse_an_index(data: bytes, code: Code | None) -> None:
    """Signed or not, what is not an index is refused, and the problem names only the directory."""
    found = parse_index(data, SIGNER.public)
    assert isinstance(found, Problem)
    assert found.where == "directory"
    assert code is None or found.code is code
