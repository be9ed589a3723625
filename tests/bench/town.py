"""Who takes part: a panel that asks, a school that is asked, the broker; keys, entries, one pack.

Nobody and no place here exists. Domain time begins on Monday 16 November 2026 at nine whenever
this runs, so that the same rules hold and the same days are counted.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from broker.clock import Clock, real_now
from deploy.sandbox.founding import BrokerKeys
from schemas.directory_entry import DirectoryEntry
from schemas.jwk import AkpJwk, OkpJwk
from schemas.keys import SealingKey, VerifyingKey, sealing_key, verifying_key
from tests.broker.fakes import START
from tests.broker.scene import FakeDirectory
from tests.builders import messages

PAIRS = 4
KIND_OF = {"panel": "la_panel", "school": "school"}


class TownClock(Clock):
    """Domain time that began at nine when this process did."""

    def __init__(self) -> None:
        super().__init__()
        self._began = real_now()

    def of(self, stamp: datetime) -> datetime:
        return START + (stamp - self._began)


def name_of(kind: str, pair: int) -> str:
    """``panel-2``, ``school-2``."""
    return f"{kind}-{pair}"


def enrolled(name: str, account: str | None = None) -> DirectoryEntry:
    """An agency's entry; ``account`` where it has a real one on a bus."""
    others = [name_of(kind, pair) for kind in KIND_OF for pair in range(PAIRS)]
    agreement = {
        "with": [other for other in others if other != name],
        "ref": "DSA/1",
        "dpia_ref": "DPIA/1",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
    }
    changes = {"account": account} if account else {}
    kind = KIND_OF[name.partition("-")[0]]
    return messages.entry(name, kind, agreements=[agreement], **changes)


class Town(FakeDirectory):
    """The directory, with the look-ups of the real one: by hash, however many agencies there are."""

    def __init__(self, accounts: Mapping[str, str] | None = None) -> None:
        super().__init__()
        names = [name_of(kind, pair) for pair in range(PAIRS) for kind in KIND_OF]
        for name in names:
            self.held[name] = enrolled(name, (accounts or {}).get(name))
        self.held["broker"] = messages.broker().entry
        if accounts and "broker" in accounts:
            self.held["broker"] = self.held["broker"].model_copy(
                update={"account": accounts["broker"]}
            )

    @cached_property
    def _accounts(self) -> dict[str, DirectoryEntry]:
        return {entry.account: entry for entry in self.held.values()}

    @cached_property
    def _kids(self) -> dict[str, DirectoryEntry]:
        return {key.kid: entry for entry in self.held.values() for key in entry.keys}

    def by_account(self, account: str) -> DirectoryEntry | None:
        return self._accounts.get(account)

    def owner_of(self, kid: str) -> DirectoryEntry | None:
        return self._kids.get(kid)

    async def refresh(self) -> bool:
        return False


def broker_keys() -> BrokerKeys:
    """The keys of the broker's services."""
    broker = messages.broker()
    return BrokerKeys(broker.gate, broker.release, broker.gathering, broker.log)


def key_of(entry: DirectoryEntry, kid: str) -> VerifyingKey:
    """A listed key that verifies."""
    listed = entry.key(kid)
    assert listed is not None
    found = verifying_key(listed.jwk)
    assert isinstance(found, VerifyingKey)
    return found


def seal_to(jwk: OkpJwk | AkpJwk) -> SealingKey:
    """A listed key that is sealed to."""
    found = sealing_key(jwk)
    assert isinstance(found, SealingKey)
    return found
