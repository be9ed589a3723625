"""Look up, once, all that the gate may know of the world when it decides."""

from dataclasses import dataclass
from functools import lru_cache

from broker.calendars import Calendars
from broker.gate.judge import Facts, KeyFacts
from broker.kept import load
from broker.ports import Arrived, Buckets, Clock, Directory, Packs
from broker.requests import BUCKET as REQUESTS
from broker.requests import Request
from schemas.directory_entry import DirectoryEntry
from schemas.envelope import Envelope, Verified
from schemas.identifiers import Kid, agency_id
from schemas.jwk import Jwk
from schemas.keys import VerifyingKey, verifying_key
from schemas.problems import Problem
from schemas.subjects import case_key, id_key, request_key

__all__ = ["CASES", "IDS", "Known", "keys_of", "look_up"]

IDS = "ids"
CASES = "cases"


@dataclass(frozen=True, slots=True)
class Known:
    """Where facts are found."""

    buckets: Buckets
    directory: Directory
    packs: Packs
    calendars: Calendars
    clock: Clock


def keys_of(envelope: Envelope, directory: Directory) -> tuple[KeyFacts | None, KeyFacts | None]:
    """What the directory says of the two keys that a manifest names."""
    first, second = envelope.signed.kids
    return _key(first, directory), _key(second, directory)


async def look_up(
    message: Arrived, verified: Verified, ingress: DirectoryEntry, known: Known
) -> Facts:
    """Gather the facts for a message whose signatures hold.

    Raises:
        Fault: Something could not be looked up: nothing is decided.

    """
    manifest = verified.manifest
    directory = known.directory
    h = manifest.req.h if manifest.req is not None else None
    request = await known.buckets.bucket(REQUESTS).get(request_key(h)) if h else None
    used = await known.buckets.bucket(IDS).get(id_key(ingress.id, manifest.jti))
    case = await known.buckets.bucket(CASES).get(case_key(manifest.conv))
    recipient = directory.entry(agency_id(manifest.recipient))
    found = load(Request, request.value) if request else None
    return Facts(
        at=max(known.clock.now(), message.arrived_at),
        arrived_at=message.arrived_at,
        ingress=ingress,
        recipient=recipient,
        pack=known.packs.pack_by_hash(manifest.pol.h),
        superseded_at=known.packs.superseded_at(manifest.pol.h),
        id_used_by=used.value.decode() if used else None,
        request=found,
        gatherer=case.value.decode() if case else None,
        holidays=known.calendars.in_force(),
    )


def _key(kid: Kid, directory: Directory) -> KeyFacts | None:
    owner = directory.owner_of(kid)
    listed = owner.key(kid) if owner is not None else None
    if owner is None or listed is None:
        return None
    key = _made(listed.jwk)
    return None if key is None else KeyFacts(owner, listed, key)


@lru_cache(maxsize=4096)  # making a key costs as much as a signature; its JWK never changes
def _made(jwk: Jwk) -> VerifyingKey | None:
    key = verifying_key(jwk)
    return None if isinstance(key, Problem) else key
