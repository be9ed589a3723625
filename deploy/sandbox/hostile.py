"""An agency whose software was tampered with: it skips its own checks. For the demonstration alone.

It holds its agency's real keys and credentials, which is the worst that an honest broker and an
honest recipient have to expect. What it sends is stopped by others, not by itself.
"""

import hashlib
from collections.abc import Mapping

from adapters.compose import Draft, Made, Prepared, keep, prepare
from adapters.edge import Edge
from schemas.commitment import CEK_BYTES, disclosure, key_commitment, salt_key, sha256_text
from schemas.content import body_of, digests_of
from schemas.encoding import JsonValue, dump_json
from schemas.envelope import CONTENT_TYP, MANIFEST_TYP, dump_envelope, read_manifest
from schemas.jwe import IV_BYTES, seal_jwe
from schemas.jws import sign_jws
from schemas.manifest import parse_claims
from schemas.problems import Problem
from schemas.sealing import Sealed

__all__ = ["send_unchecked"]


def send_unchecked(
    edge: Edge,
    draft: Draft,
    *,
    declared: Mapping[str, JsonValue] | None = None,
    undeclared: Mapping[str, JsonValue] | None = None,
) -> str:
    """Send a message with more in it than the draft says.

    Args:
        edge: The agency.
        draft: What it should say.
        declared: Further fields, named in the manifest: the gate can see them.
        undeclared: Further fields inside the content alone: only the recipient can see them.

    Returns:
        The message's id.

    """
    with edge.store.change() as c:
        ready = prepare(edge, c, draft)
        if not isinstance(ready, Prepared):
            raise TypeError("the draft itself must be a good one")
        made = _make(edge, ready, declared or {}, undeclared or {})
        keep(edge, c, made)
        return made.manifest.jti


def _make(
    edge: Edge,
    ready: Prepared,
    declared: Mapping[str, JsonValue],
    undeclared: Mapping[str, JsonValue],
) -> Made:
    cek, iv = edge.random(CEK_BYTES), edge.random(IV_BYTES)
    fields = {**ready.fields, **declared}
    hidden: dict[str, JsonValue] = {
        name: [{"...": digest}] for name, digest in digests_of(cek, fields).items()
    }
    payload = dump_json({**ready.claims, "_sd_alg": "sha-256", "f": hidden})
    body = body_of(cek, fields)
    for name, value in undeclared.items():
        body += disclosure(salt_key(cek), name, value) + b"\n"
    h = sha256_text(payload)
    context = b"dovetail/1\x00" + hashlib.sha256(payload).digest()
    header = (("typ", CONTENT_TYP), ("ctx", h))
    content = seal_jwe(header, body, (ready.key,), context=context, cek=cek, iv=iv)
    commitments = (("ch", sha256_text(content.encode())), ("kc", key_commitment(cek)))
    signer = edge.keys.signer
    text = sign_jws(payload, MANIFEST_TYP, (signer.ed25519, signer.ml_dsa_65), commitments)
    signed, manifest = read_manifest(text), parse_claims(payload)
    if isinstance(signed, Problem) or isinstance(manifest, Problem):
        raise TypeError("even a hostile message must be readable to get anywhere")
    sealed = Sealed(dump_envelope(signed.text, content), signed, h)
    return Made(sealed, manifest, fields, cek, ready.now)
