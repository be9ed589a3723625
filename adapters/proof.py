"""Prove to somebody who holds no key that a sender signed a content which breaks the protocol."""

from dataclasses import dataclass

from adapters.edge import Edge
from adapters.mailbox import Letter
from adapters.signer import signer_keys
from schemas.envelope import read_manifest
from schemas.problems import Problem
from schemas.sealing import Finding, arbiter

__all__ = ["Evidence", "evidence", "smuggling"]


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """What an arbiter needs beside the directory: it shows what was smuggled, so it is for the two DPOs.

    Attributes:
        manifest: Exact text.
        content: Exact text.
        cek: The content key, 32 bytes.

    """

    manifest: str
    content: str
    cek: bytes


def evidence(edge: Edge, rejected: Letter) -> Evidence | None:
    """What was kept of a message that was rejected after it was opened; None if nothing proves it."""
    if rejected.content is None or rejected.cek is None:
        return None
    cek = edge.keys.vault.open(rejected.cek, f"messages/in/{rejected.jti}/cek")
    return Evidence(rejected.manifest, rejected.content, bytes.fromhex(cek))


def smuggling(edge: Edge, rejected: Letter) -> Finding | None:
    """Judge a rejected message as an arbiter would; None when there is nothing to judge."""
    found = evidence(edge, rejected)
    signed = read_manifest(rejected.manifest)
    if found is None or isinstance(signed, Problem):
        return None
    signer = signer_keys(edge.directory, signed)
    if isinstance(signer, Problem):
        return None
    _, (ed25519, ml_dsa_65) = signer
    return arbiter(found.manifest, found.content, found.cek, ed25519, ml_dsa_65)
