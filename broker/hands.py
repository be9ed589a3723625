"""What a service acts with: streams, its signature, and the sealing of records."""

from dataclasses import dataclass

from broker.deliveries import receipt_delivery
from broker.notary import Notary, Notice, Sealer
from broker.ports import Directory, Erasing, Reading, Writing
from schemas.directory_entry import DirectoryEntry, OrganisationKind
from schemas.subjects import out

__all__ = ["Hands", "entries_of", "is_broker"]


@dataclass(frozen=True, slots=True)
class Hands:
    """One service's hands. Each thing done has one place, so that doing it twice is doing it once."""

    writing: Writing
    reading: Reading
    erasing: Erasing
    notary: Notary
    sealer: Sealer

    async def hand_out(self, account: str, notice: Notice) -> None:
        """Put a receipt into an agency's deliveries, once."""
        place = out(account, "receipt", notice.name)
        await self.writing.create(place, receipt_delivery(notice.text))


def entries_of(directory: Directory, *ids: str | None) -> tuple[DirectoryEntry, ...]:
    """The entries of those agencies that the directory has, each once."""
    found = (directory.entry(one) for one in dict.fromkeys(ids) if one is not None)
    return tuple(entry for entry in found if entry is not None)


def is_broker(entry: DirectoryEntry | None) -> bool:
    """Whether this is the broker's own agency, which reads no deliveries and opens no record."""
    return entry is not None and entry.kind is OrganisationKind.BROKER
