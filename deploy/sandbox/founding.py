"""Found a small world in a folder: keys for everybody, a signed directory, the shipped policy pack.

Everything is made once and kept; nothing is ever made again over what is there. One process holds
every key here, which only a sandbox may; the next step toward production is ``docs/threat-model``.

::

    DIR/clock.jsonl                     how domain time was moved
    DIR/trust.json                      public keys by which everybody knows the directory
    DIR/directory/                      the directory as published
    DIR/founder/                        directory keys, broker keys (0700)
    DIR/bus/                            nats-server: configuration, keys, store
    DIR/agencies/<id>/                  one agency: keys, passphrase, credentials, store (0700)
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

from adapters.keyring import AgencyKeys, Seeds, load, make_seeds, save
from broker.nkeys import NKey
from deploy.nats.accounts import write_secret
from deploy.nats.join import agency_credentials
from deploy.sandbox.cast import AREA, BROKER, CAST, Part
from deploy.sandbox.directory_writer import PublishedPack, publish, write_trust
from policies.pack import bundle
from policies.packs.shipped import shipped_files
from schemas.directory_entry import (
    Agreement,
    Contact,
    DirectoryEntry,
    DirectoryKey,
    KeyUse,
    OrganisationKind,
    PolicyDocument,
    Role,
    RoleHeld,
    Service,
    parse_entry,
)
from schemas.encoding import b64u, parse_b64u
from schemas.jwk import AkpJwk, OkpJwk, thumbprint
from schemas.keys import SEED_BYTES, LogSigner, MessageSigner, SigningKey
from schemas.problems import Problem

__all__ = [
    "BrokerKeys",
    "FoundingError",
    "agency_folder",
    "agency_keys",
    "broker_keys",
    "enrol",
    "found",
    "is_founded",
]

LOG_ORIGIN: Final = "log.dovetail.example/northmere"
PACK: Final = "uk-channel"
_FORMAT: Final = "1"
_SIGNING_LIFE: Final = timedelta(days=365)
# Thirty days in earnest (design 10.9); rotation comes with key custody, and until then a sandbox
# must not stop being reachable after a month.
_ENC_LIFE: Final = timedelta(days=365)
_DIRECTORY_SEEDS: Final = ("directory_ed25519", "directory_ml_dsa_65")
_BROKER_SEEDS: Final = (
    "gate_ed25519",
    "release_ed25519",
    "gathering_ed25519",
    "gathering_ml_dsa_65",
    "log_ed25519",
    "log_ml_dsa_44",
)

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, repr=False)
class BrokerKeys:
    """The signing keys of the broker's services, each its own.

    Attributes:
        gate: Signs refusals and what was submitted and forwarded.
        release: Signs what was recalled.
        gathering: Signs reminders and escalations, as agency ``broker``.
        log: Signs checkpoints.

    """

    gate: SigningKey
    release: SigningKey
    gathering: MessageSigner
    log: LogSigner


def is_founded(folder: Path) -> bool:
    """Whether a world was founded here, and wholly.

    Raises:
        FoundingError: The folder holds a world of a format that this program does not know.

    """
    marker = folder / "format"
    if not marker.exists():
        return False
    if marker.read_text().strip() != _FORMAT:
        raise FoundingError(
            f"{folder} holds a world of another format: use the program that made it, or a new folder."
        )
    return True


class FoundingError(Exception):
    """The world cannot be founded or read; the message says why and what to do."""


def found(folder: Path, random: Random, now: datetime) -> None:
    """Make a world: keys of the directory and the broker, every agency of the cast, the directory.

    Args:
        folder: New, or holding a founding that was broken off: then it is begun again, which
            only replaces keys that nobody has used yet.
        random: Gives that many random bytes.
        now: Domain instant; keys and roles begin a day before it.

    """
    founder = folder / "founder"
    founder.mkdir(parents=True, exist_ok=True, mode=0o700)
    seeds = {name: b64u(random(SEED_BYTES)) for name in (*_DIRECTORY_SEEDS, *_BROKER_SEEDS)}
    write_secret(founder / "seeds.json", json.dumps(seeds))
    account = NKey.generate("account")
    entries = [_broker_entry(_broker(seeds), account.public, now)]
    entries += [_enrolled(folder, part, random, now) for part in CAST.values()]
    write_trust(folder / "trust.json", _directory_signer(seeds))
    _publish(folder, entries, 1, now)
    (folder / "format").write_text(_FORMAT + "\n")


def enrol(folder: Path, part: Part, random: Random, now: datetime) -> DirectoryEntry:
    """Let one more agency in: its keys, its entry, a new version of the directory.

    Every agency gets an agreement with every other; the sandbox has no lawyers.

    Raises:
        FoundingError: There is an agency of this id.

    """
    known, version = _read_directory(folder)
    if part.id in known:
        raise FoundingError(f"There is an agency {part.id} already: choose another id.")
    entry = _enrolled(folder, part, random, now)
    _publish(folder, [*known.values(), entry], version + 1, now)
    return entry


def agency_folder(folder: Path, agency: str) -> Path:
    """Where an agency keeps its keys, credentials and store."""
    return folder / "agencies" / agency


def agency_keys(folder: Path, agency: str, random: Random) -> AgencyKeys:
    """Open an agency's keys with the passphrase beside them."""
    own = agency_folder(folder, agency)
    return AgencyKeys.of(load(own, (own / "passphrase").read_bytes().strip()), random)


def broker_keys(folder: Path) -> BrokerKeys:
    """The broker's keys."""
    return _broker(_read_seeds(folder))


def _enrolled(folder: Path, part: Part, random: Random, now: datetime) -> DirectoryEntry:
    own = agency_folder(folder, part.id)
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = b64u(random(24))
    write_secret(own / "passphrase", passphrase)
    seeds = make_seeds(random)
    save(own, seeds, passphrase.encode(), random)
    account = NKey.generate("account")
    write_secret(own / "account.nk", account.seed)
    write_secret(own / "agency.creds", agency_credentials(account).text())
    return _agency_entry(part, seeds, account.public, random, now)


def _agency_entry(
    part: Part, seeds: Seeds, account: str, random: Random, now: datetime
) -> DirectoryEntry:
    keys = AgencyKeys.of(seeds, random)
    police = part.kind in {OrganisationKind.POLICE_FORCE, OrganisationKind.POLICE_CTP}
    began = now - timedelta(days=1)
    return DirectoryEntry(
        v=1,
        id=part.id,
        name=part.name,
        kind=part.kind,
        controller=part.controller,
        account=account,
        area=(AREA,),
        division="england-and-wales",
        nation="england",
        public_authority=True,
        competent_authority=police,
        regime="part3" if police else "ukgdpr",
        roles=tuple(
            RoleHeld(role=role, areas=(AREA,), valid_from=began, valid_to=None)
            for role in part.roles
        ),
        contacts=(
            Contact(
                role=Role.LACC if Role.LACC in part.roles else Role.AIO,
                area=AREA,
                service=None,
                name_of_post=part.post,
                email=None,
                last_confirmed=now.date(),
            ),
        ),
        keys=(
            *(_key(key.jwk, "sig", None, began, _SIGNING_LIFE) for key in keys.signer.public),
            *(_key(one.public.jwk, "enc", None, began, _ENC_LIFE) for one in keys.enc.values()),
            *(_key(one.public.jwk, "feed", None, began, _ENC_LIFE) for one in keys.feed.values()),
        ),
        agreements=(),
        policy_document=_document(part.id, now.date()),
    )


def _broker_entry(keys: BrokerKeys, account: str, now: datetime) -> DirectoryEntry:
    began = now - timedelta(days=1)
    signing: list[tuple[Service, OkpJwk | AkpJwk]] = [
        ("gate", keys.gate.public.jwk),
        ("release", keys.release.public.jwk),
        *(("gathering", key.jwk) for key in keys.gathering.public),
        *(("log", key.jwk) for key in keys.log.public),
    ]
    return DirectoryEntry(
        v=1,
        id=BROKER,
        name="Dovetail broker",
        kind=OrganisationKind.BROKER,
        controller="The agencies together; the operator is their processor",
        account=account,
        area=(AREA,),
        division="england-and-wales",
        nation="england",
        public_authority=True,
        competent_authority=False,
        regime="ukgdpr",
        roles=(RoleHeld(role=Role.BROKER, areas=(AREA,), valid_from=began, valid_to=None),),
        contacts=(),
        keys=tuple(_key(jwk, "sig", service, began, _SIGNING_LIFE) for service, jwk in signing),
        agreements=(),
        policy_document=None,
        log_origin=LOG_ORIGIN,
    )


def _key(
    jwk: OkpJwk | AkpJwk, use: KeyUse, service: Service | None, nbf: datetime, life: timedelta
) -> DirectoryKey:
    return DirectoryKey(
        use=use,
        service=service,
        jwk=jwk,
        kid=thumbprint(jwk),
        nbf=nbf,
        exp=nbf + life,
        status="active",
        revoked_at=None,
    )


def _document(agency: str, today: date) -> PolicyDocument:
    return PolicyDocument(
        ref=f"APD-{agency}",
        valid_from=today - timedelta(days=30),
        valid_to=today + timedelta(days=335),
    )


def _agreed(
    entry: DirectoryEntry, entries: Iterable[DirectoryEntry], today: date
) -> DirectoryEntry:
    """Give an agency an agreement with every other; the broker is a processor and has none."""
    others = tuple(sorted(one.id for one in entries if one.id not in {entry.id, BROKER}))
    if (
        entry.id == BROKER
        or not others
        or (entry.agreements and set(entry.agreements[0].with_) == set(others))
    ):
        return entry
    agreement = Agreement.model_validate(
        {
            "with": others,
            "ref": "DSA-northmere-1",
            "dpia_ref": "DPIA-northmere-1",
            "valid_from": today - timedelta(days=30),
            "valid_to": today + timedelta(days=335),
        }
    )
    return entry.model_copy(update={"agreements": (agreement,)})


def _publish(folder: Path, entries: list[DirectoryEntry], version: int, now: datetime) -> None:
    publish(
        folder / "directory",
        _directory_signer(_read_seeds(folder)),
        version=version,
        made_at=now,
        entries=[_agreed(one, entries, now.date()) for one in entries],
        packs=[PublishedPack(bundle(shipped_files(PACK)))],
        calendar=files("policies.data").joinpath("bank_holidays.json").read_bytes(),
    )


def _read_directory(folder: Path) -> tuple[Mapping[str, DirectoryEntry], int]:
    """Everything that the newest version lists. The founder wrote it, so it is only read."""
    index = json.loads((folder / "directory" / "index.json").read_text())
    payload = parse_b64u(index["payload"])
    if isinstance(payload, Problem):
        raise FoundingError("The directory's index cannot be read: restore the folder.")
    listed = json.loads(payload)
    found: dict[str, DirectoryEntry] = {}
    for one in listed["entries"]:
        path = folder / "directory" / "entries" / f"{one['id']}.{one['h']}.json"
        entry = parse_entry(path.read_bytes())
        if isinstance(entry, Problem):
            raise FoundingError(
                f"The directory entry of {one['id']} cannot be read: restore the folder."
            )
        found[entry.id] = entry
    return found, listed["version"]


def _read_seeds(folder: Path) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads((folder / "founder" / "seeds.json").read_text())
    return found


def _seed(seeds: Mapping[str, str], name: str) -> bytes:
    read = parse_b64u(seeds[name], size_bytes=SEED_BYTES)
    if isinstance(read, Problem):
        raise FoundingError("The founder's seeds cannot be read: restore the folder.")
    return read


def _directory_signer(seeds: Mapping[str, str]) -> MessageSigner:
    return MessageSigner.from_seeds(*(_seed(seeds, name) for name in _DIRECTORY_SEEDS))


def _broker(seeds: Mapping[str, str]) -> BrokerKeys:
    return BrokerKeys(
        SigningKey.from_seed("Ed25519", _seed(seeds, "gate_ed25519")),
        SigningKey.from_seed("Ed25519", _seed(seeds, "release_ed25519")),
        MessageSigner.from_seeds(
            _seed(seeds, "gathering_ed25519"), _seed(seeds, "gathering_ml_dsa_65")
        ),
        LogSigner.from_seeds(_seed(seeds, "log_ed25519"), _seed(seeds, "log_ml_dsa_44")),
    )
