"""Read a receipt as it came into an ingress, and believe it only from the ingress's owner."""

from functools import lru_cache

from broker.ports import Arrived, Directory
from broker.release.admit import Claim, Said
from schemas.directory_entry import DirectoryEntry
from schemas.jwk import Jwk
from schemas.keys import VerifyingKey, verifying_key
from schemas.problems import Code, Problem
from schemas.receipt import Status, read_receipt, verify_receipt

__all__ = ["read_claim"]

_SAID: dict[Status, Said] = {
    Status.DELIVERED: "delivered",
    Status.OPENED: "opened",
    Status.REJECTED: "rejected",
}


def read_claim(message: Arrived, ingress: DirectoryEntry, directory: Directory) -> Claim | Problem:
    """Read a receipt and verify it.

    Args:
        message: As it came.
        ingress: The owner of the ingress.
        directory: Whose key it names.

    Returns:
        What it says; or one problem: its form, a key that is unknown, another's, a service's, or
        not valid when it arrived, a signature that does not hold, or a status that is not an
        agency's to give.

    """
    try:
        text = message.data.decode()
    except UnicodeDecodeError:
        return Problem(Code.MESSAGE_NOT_UTF8, "receipt")
    signed = read_receipt(text)
    if isinstance(signed, Problem):
        return signed
    said = _SAID.get(signed.claimed.status)
    ack = signed.claimed.ack
    if said is None or ack is None:
        return Problem(Code.RECEIPT_MISMATCH, "receipt.status")
    owner = directory.owner_of(signed.kid)
    listed = owner.key(signed.kid) if owner is not None else None
    if owner is None or listed is None:
        return Problem(Code.KEY_UNKNOWN, "receipt")
    if owner.id != ingress.id or signed.claimed.iss != ingress.urn:
        return Problem(Code.SENDER_NOT_THE_SIGNER, "receipt")
    if listed.use != "sig" or listed.service is not None or not listed.valid_at(message.arrived_at):
        return Problem(Code.KEY_NOT_VALID, "receipt")
    key = _made(listed.jwk)
    problem = (
        verify_receipt(signed, key) if key is not None else Problem(Code.KEY_UNSAFE, "receipt")
    )
    if isinstance(problem, Problem):
        return problem
    return Claim(id=message.id, by=ingress.id, said=said, ack=ack)


@lru_cache(maxsize=4096)  # making a key costs as much as a signature; its JWK never changes
def _made(jwk: Jwk) -> VerifyingKey | None:
    key = verifying_key(jwk)
    return None if isinstance(key, Problem) else key
