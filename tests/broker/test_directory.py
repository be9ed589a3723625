"""The directory is believed whole or not at all, and never goes back."""

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.directory import Directory, read_trust
from broker.faults import DirectoryFault
from broker.nkeys import NKey
from deploy.sandbox.directory_writer import PublishedPack, publish, write_trust
from policies.pack import bundle
from policies.packs.shipped import shipped_files
from schemas.directory_entry import DirectoryEntry, DirectoryKey, OrganisationKind
from schemas.directory_index import DirectoryIndex, dump_index
from schemas.keys import MessageSigner, SigningKey

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SIGNER = MessageSigner.from_seeds(b"d" * 32, b"d" * 32)
STRANGER = MessageSigner.from_seeds(b"e" * 32, b"e" * 32)
PACK = bundle(shipped_files("uk-channel"))


def account(number: int) -> str:
    """An account of its own for each number."""
    seed = hashlib.sha256(b"account %d" % number).digest()
    return NKey("account", Ed25519PrivateKey.from_private_bytes(seed)).public


def an_entry(number: int, *, key_seed: bytes | None = None, **changes: object) -> DirectoryEntry:
    """A school, valid but for what is changed."""
    public = SigningKey.from_seed(
        "Ed25519", key_seed or hashlib.sha256(b"%d" % number).digest()
    ).public
    key = DirectoryKey(
        use="sig",
        service=None,
        jwk=public.jwk,
        kid=public.kid,
        nbf=NOW - timedelta(days=1),
        exp=NOW + timedelta(days=365),
        status="active",
        revoked_at=None,
    )
    values: dict[str, object] = {
        "v": 1,
        "id": f"school-{number}",
        "name": "A school",
        "kind": OrganisationKind.SCHOOL,
        "controller": "Foxmoor Trust",
        "account": account(number),
        "area": ("E08000035",),
        "division": "england-and-wales",
        "nation": "england",
        "public_authority": True,
        "competent_authority": False,
        "regime": "ukgdpr",
        "roles": (),
        "contacts": (),
        "keys": (key,),
        "agreements": (),
        "policy_document": None,
    }
    return DirectoryEntry.model_validate(values | changes)


@dataclass
class Place:
    """A directory's folder, what its readers trust, and where one remembers."""

    root: Path
    entries: list[DirectoryEntry] = field(default_factory=lambda: [an_entry(1), an_entry(2)])

    @property
    def folder(self) -> Path:
        return self.root / "directory"

    def publish(
        self, version: int, *, signer: MessageSigner = SIGNER, **changes: object
    ) -> DirectoryIndex:
        values: dict[str, object] = {
            "made_at": NOW,
            "entries": self.entries,
            "packs": [PublishedPack(PACK)],
            "calendar": b"{}",
        }
        return publish(self.folder, signer, version=version, **(values | changes))  # type: ignore[arg-type]

    async def open(self) -> Directory:
        return await Directory.open(self.folder, self.root / "trust.json", seen=self.root / "seen")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A directory of two schools, version 1."""
    made = Place(tmp_path)
    write_trust(tmp_path / "trust.json", SIGNER)
    made.publish(1)
    return made


async def test_what_was_published_is_found(place: Place) -> None:
    """By id, by account, by key; and who is not there is not there."""
    directory = await place.open()
    one = place.entries[0]
    assert directory.version == 1
    assert directory.entries() == tuple(place.entries)
    assert directory.entry("school-1") == one == directory.by_account(one.account)
    assert directory.owner_of(one.keys[0].kid) == one
    assert directory.entry("x") is directory.by_account("x") is directory.owner_of("x") is None
    assert directory.bank_holidays() == b"{}"
    assert directory.origin is None


async def test_the_log_is_the_brokers(place: Place) -> None:
    """The checkpoint's origin line comes from the broker's own entry."""
    place.entries.append(
        an_entry(3, id="broker", kind=OrganisationKind.BROKER, log_origin="log.example/2026")
    )
    place.publish(2)
    assert (await place.open()).origin == "log.example/2026"


async def test_packs_are_found_by_hash_and_by_the_time_they_are_in_force(place: Place) -> None:
    """A pack that was superseded is still found by its hash, and is in force a day longer."""
    gone = NOW - timedelta(hours=23)
    index = place.publish(2, packs=[PublishedPack(PACK, superseded_at=gone)])
    directory = await place.open()
    h = index.packs[0].h
    pack = directory.pack_by_hash(h)
    assert pack is not None
    assert directory.pack(pack.id, pack.version) is pack
    assert directory.superseded_at(h) == gone
    assert directory.in_force(NOW) == (pack,)
    assert directory.in_force(NOW + timedelta(hours=2)) == ()
    assert (
        directory.pack("uk-channel", "0")
        is directory.pack_by_hash("x")
        is directory.superseded_at("x")
        is None
    )


async def test_a_newer_version_is_taken_and_an_equal_one_is_not_read_again(place: Place) -> None:
    """Refreshing says whether something is new; unchanged entries and packs are not parsed again."""
    directory = await place.open()
    pack, same = directory.in_force(NOW)[0], directory.entry("school-1")
    assert not await directory.refresh()
    place.entries.append(an_entry(3))
    place.publish(2)
    assert await directory.refresh()
    assert (directory.version, len(directory.entries())) == (2, 3)
    assert directory.in_force(NOW)[0] is pack
    assert directory.entry("school-1") is same


async def test_an_older_version_is_refused_also_after_a_restart(place: Place) -> None:
    """Who replays an old directory could bring a revoked key back."""
    old = (place.folder / "index.json").read_bytes()
    place.publish(2)
    directory = await place.open()
    (place.folder / "index.json").write_bytes(old)
    with pytest.raises(DirectoryFault, match="went back from version 2 to 1"):
        await directory.refresh()
    assert directory.version == 2
    with pytest.raises(DirectoryFault, match="went back"):
        await place.open()


async def test_several_processes_of_one_agency_may_read_it_at_once(place: Place) -> None:
    """A command and the runtime remember the newest version at the same moment, and neither fails."""
    place.publish(1)
    readers = await asyncio.gather(*(place.open() for _ in range(12)))
    place.publish(2)
    assert all(await asyncio.gather(*(one.refresh() for one in readers)))
    assert not list(place.root.rglob("*.part"))


async def test_two_directories_of_one_version_are_refused(place: Place) -> None:
    """A directory that shows different things to different readers is found out by who sees both."""
    directory = await place.open()
    place.entries.append(an_entry(3))
    place.publish(1)
    with pytest.raises(DirectoryFault, match="two different"):
        await directory.refresh()


async def test_a_version_that_could_not_be_read_is_not_remembered(place: Place) -> None:
    """A broken newer version does not lock us out of the one that we have."""
    await place.open()
    good = (place.folder / "index.json").read_bytes()
    index = place.publish(2, calendar=b'{"newer":1}')
    (place.folder / f"calendar.{index.calendar}.json").write_bytes(b"other")
    with pytest.raises(DirectoryFault, match="calendar is not the one that was signed"):
        await place.open()
    (place.folder / "index.json").write_bytes(good)
    assert (await place.open()).version == 1


@pytest.mark.parametrize("name", ["entries", "packs", "calendar"])
@pytest.mark.parametrize("how", ["changed", "missing", "large"])
async def test_a_file_that_was_touched_stops_the_reading(place: Place, name: str, how: str) -> None:
    """One bit, a missing file or an endless one: what was known stays, and the sentence says which file."""
    directory = await place.open()
    place.entries.append(an_entry(3))
    index = place.publish(2, calendar=b'{"new":1}', packs=[PublishedPack(PACK)])
    paths = {
        "entries": place.folder / "entries" / f"school-3.{index.entries[2].h}.json",
        "packs": next((place.folder / "packs").iterdir()),
        "calendar": place.folder / f"calendar.{index.calendar}.json",
    }
    path = paths[name]
    if how == "missing":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(
            bytes([data[0] ^ 1]) + data[1:] if how == "changed" else data + b" " * 5 * 1024 * 1024
        )
    fresh = Place(place.root / "fresh")
    with pytest.raises(DirectoryFault):
        await Directory.open(place.folder, place.root / "trust.json", seen=fresh.root)
    if name != "packs":  # a pack that is known by its hash needs no file
        with pytest.raises(DirectoryFault):
            await directory.refresh()
        assert directory.version == 1


@pytest.mark.parametrize("place_", [0, 1])
async def test_both_signatures_must_hold(place: Place, place_: int) -> None:
    """A stranger's index is refused, and one with a single wrong signature too."""
    place.publish(2, signer=STRANGER)
    with pytest.raises(DirectoryFault):
        await place.open()
    place.publish(3)
    text = json.loads((place.folder / "index.json").read_text())
    value = text["signatures"][place_]["signature"]
    text["signatures"][place_]["signature"] = ("B" if value[0] == "A" else "A") + value[1:]
    (place.folder / "index.json").write_text(json.dumps(text, separators=(",", ":")))
    with pytest.raises(DirectoryFault, match=r"signature\.invalid"):
        await place.open()


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"null", b" " * 5 * 1024 * 1024])
async def test_an_index_that_is_none_is_refused(place: Place, data: bytes) -> None:
    """Anything but a signed index stops the reading."""
    (place.folder / "index.json").write_bytes(data)
    with pytest.raises(DirectoryFault):
        await place.open()


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (an_entry(2, account=account(1)), "account"),
        (an_entry(2, key_seed=hashlib.sha256(b"1").digest()), "key"),
    ],
)
async def test_no_account_and_no_key_belongs_to_two(
    place: Place, second: DirectoryEntry, what: str
) -> None:
    """Two agencies with one account or one key could each speak as the other."""
    place.publish(2, entries=[an_entry(1), second])
    with pytest.raises(DirectoryFault, match=what):
        await place.open()


async def test_an_entry_listed_under_another_name_is_refused(place: Place) -> None:
    """A signed index that points at another agency's entry is a mistake, or worse."""
    index = place.publish(2)
    swapped = index.model_copy(
        update={
            "version": 3,
            "entries": (
                index.entries[0].model_copy(update={"h": index.entries[1].h}),
                index.entries[1],
            ),
        }
    )
    (place.folder / "index.json").write_bytes(dump_index(swapped, SIGNER))
    other = place.folder / "entries" / f"school-1.{index.entries[1].h}.json"
    other.write_bytes(
        (place.folder / "entries" / f"school-2.{index.entries[1].h}.json").read_bytes()
    )
    with pytest.raises(DirectoryFault, match="school-1 is another"):
        await place.open()


@pytest.mark.parametrize("text", ["", "[]", "[1]", "{}", '["x","y"]', "\xe9"])
async def test_a_damaged_memory_stops_the_start(place: Place, text: str) -> None:
    """Without knowing what was seen we cannot tell what is old."""
    (place.root / "seen").write_text(text, encoding="latin-1")
    with pytest.raises(DirectoryFault):
        await place.open()


@pytest.mark.parametrize("text", ["", "{}", '{"v":1,"keys":[]}'])
def test_trust_needs_two_sound_keys(tmp_path: Path, text: str) -> None:
    """A trust file without the two keys is refused."""
    (tmp_path / "trust.json").write_text(text)
    with pytest.raises(DirectoryFault):
        read_trust(tmp_path / "trust.json")
    with pytest.raises(DirectoryFault):
        read_trust(tmp_path / "none.json")


def test_trust_needs_the_keys_in_their_order(tmp_path: Path) -> None:
    """Two keys of one kind, swapped keys or an unknown version are refused."""
    write_trust(tmp_path / "trust.json", SIGNER)
    good = json.loads((tmp_path / "trust.json").read_text())
    first, second = good["keys"]
    for keys, version in (([second, first], 1), ([first, first], 1), ([first, second], 2)):
        (tmp_path / "trust.json").write_text(json.dumps({"v": version, "keys": keys}))
        with pytest.raises(DirectoryFault):
            read_trust(tmp_path / "trust.json")
