"""Who signed a manifest: both keys one agency's, of the right kind, valid when it says and when it came.

Protocol 2.4, steps 3 and 4. The gate asked the same; an edge does not believe the gate.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters.edge import Directory
from schemas.directory_entry import DirectoryEntry, DirectoryKey, OrganisationKind
from schemas.envelope import SignedManifest, Verified, verify
from schemas.keys import VerifyingKey, verifying_key
from schemas.problems import Code, Problem

__all__ = ["Signer", "signer_keys", "signer_of"]

_BROKERS_VOICE: Final = "gathering"  # the one service of the broker that sends messages


@dataclass(frozen=True, slots=True)
class Signer:
    """A message that is its sender's.

    Attributes:
        verified: Its claims and signatures.
        entry: The sender, as the directory has it now.

    """

    verified: Verified
    entry: DirectoryEntry


def signer_keys(
    directory: Directory, signed: SignedManifest
) -> tuple[DirectoryEntry, tuple[VerifyingKey, VerifyingKey]] | Problem:
    """The agency that has, or had, both keys, and the keys; their times are not looked at."""
    owner, second = (directory.owner_of(kid) for kid in signed.kids)
    listed = () if owner is None else tuple(owner.key(kid) for kid in signed.kids)
    if owner is None or second is None:
        return Problem(Code.KEY_UNKNOWN, "manifest")
    if owner.id != second.id:
        return Problem(Code.SENDER_NOT_THE_SIGNER, "manifest")
    keys = [verifying_key(one.jwk) for one in listed if one is not None]
    sound = [key for key in keys if not isinstance(key, Problem)]
    if len(sound) != 2:
        return Problem(Code.KEY_UNSAFE, "manifest")
    return owner, (sound[0], sound[1])


def signer_of(
    directory: Directory, signed: SignedManifest, arrived_at: datetime
) -> Signer | Problem:
    """Find who signed a manifest.

    Args:
        directory: Whose keys are whose.
        signed: Its form holds.
        arrived_at: When it came into the broker's ingress, as the gate says.

    Returns:
        The message with its sender, or one problem: nothing in it is to be believed then.

    """
    found = signer_keys(directory, signed)
    if isinstance(found, Problem):
        return found
    owner, keys = found
    verified = verify(signed, *keys)
    if isinstance(verified, Problem):
        return verified
    if verified.manifest.iss != owner.urn:
        return Problem(Code.SENDER_NOT_THE_SIGNER, "manifest.iss")
    made_at = datetime.fromtimestamp(verified.manifest.iat, tz=UTC)
    service = _BROKERS_VOICE if owner.kind is OrganisationKind.BROKER else None
    for kid in signed.kids:
        problem = _not_valid(owner.key(kid), service, made_at, arrived_at)
        if problem is not None:
            return problem
    return Signer(verified, owner)


def _not_valid(
    listed: DirectoryKey | None, service: str | None, made_at: datetime, arrived_at: datetime
) -> Problem | None:
    """Why a key may not sign this. A revoked one cannot speak by dating itself back."""
    if listed is None or (listed.use, listed.service) != ("sig", service):
        return Problem(Code.KEY_NOT_VALID, "manifest")
    if listed.revoked_at is not None and listed.revoked_at <= max(made_at, arrived_at):
        return Problem(Code.KEY_REVOKED, "manifest")
    if not (listed.valid_at(made_at) and listed.valid_at(arrived_at)):
        return Problem(Code.KEY_NOT_VALID, "manifest")
    return None
