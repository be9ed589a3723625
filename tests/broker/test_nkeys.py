"""NATS keys: the published form, refused when it is another."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.faults import CredentialsFault
from broker.nkeys import Credentials, Kind, NKey, is_public, read_credentials, verifies
from deploy.nats.accounts import agency_user_jwt, read_key, write_secret

# Made with the package nkeys 0.2.1 from the 32 bytes 00 01 … 1f; the signature is over b"nonce".
VECTORS: list[tuple[Kind, str, str]] = [
    (
        "user",
        "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y",
        "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK",
    ),
    (
        "account",
        "SAAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4HYMHI",
        "AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV",
    ),
    (
        "operator",
        "SOAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H2AJA",
        "OAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QZVT",
    ),
]
SIGNATURE = bytes.fromhex(
    "f874eae1de830c754d6fc32c4d1019b5221ad2f5c0ff2b996e5c1303b253e706"
    "3398a071276c2961f8c787b85ca6d66589d6d5c3fe992f2b9b8e6ff20e4f8e09"
)


@pytest.mark.parametrize(("kind", "seed", "public"), VECTORS)
def test_keys_are_as_another_program_makes_them(kind: Kind, seed: str, public: str) -> None:
    """Seeds, public keys and signatures are those of the NATS project's own package."""
    key = NKey.from_seed(seed)
    assert (key.kind, key.seed, key.public, key.sign(b"nonce")) == (kind, seed, public, SIGNATURE)


@pytest.mark.parametrize("kind", ["operator", "account", "user"])
def test_a_key_comes_back_from_its_seed(kind: Kind) -> None:
    """Seed and public key say their kind, and what one signs the other verifies."""
    key = NKey.generate(kind)
    again = NKey.from_seed(key.seed)
    assert (again.kind, again.public, again.seed) == (kind, key.public, key.seed)
    assert key.public[0] == {"operator": "O", "account": "A", "user": "U"}[kind]
    assert is_public(kind, key.public)
    assert verifies(key.public, again.sign(b"x"), b"x")
    assert not verifies(key.public, again.sign(b"x"), b"y")
    assert not verifies("nonsense", again.sign(b"x"), b"x")


def test_a_key_does_not_show_its_secret() -> None:
    """Neither a key nor credentials print what they hold."""
    key = NKey.generate("user")
    shown = repr(key) + repr(Credentials("the-jwt", key))
    assert key.seed not in shown
    assert "the-jwt" not in shown


@given(st.integers(0, 55), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_one_changed_letter_makes_it_no_key(place: int, letter: str) -> None:
    """The checksum catches every single change, and there is one spelling only."""
    public = NKey.generate("account").public
    changed = public[:place] + letter + public[place + 1 :]
    assert is_public("account", changed) == (changed == public)


@pytest.mark.parametrize(
    "text", ["", "SU", "nonsense", VECTORS[0][1].lower(), NKey.generate("user").public]
)
def test_what_is_no_seed_is_refused(text: str) -> None:
    """A fault, whose sentence does not repeat the text."""
    with pytest.raises(CredentialsFault):
        NKey.from_seed(text)


def test_credentials_come_back_from_their_file(tmp_path: Path) -> None:
    """What is written is read, with the account that signed."""
    account, user = NKey.generate("account"), NKey.generate("user")
    path = tmp_path / "a.creds"
    write_secret(path, Credentials(agency_user_jwt(account, user.public), user).text())
    found = read_credentials(path)
    assert (found.user.public, found.account) == (user.public, account.public)


@pytest.mark.parametrize(
    "text", ["", "x", "-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n"]
)
def test_what_is_no_credentials_file_is_refused(tmp_path: Path, text: str) -> None:
    """A file without both parts is refused."""
    path = tmp_path / "a.creds"
    write_secret(path, text)
    with pytest.raises(CredentialsFault):
        read_credentials(path)


def test_credentials_need_a_users_key_and_an_accounts_jwt(tmp_path: Path) -> None:
    """The seed of an account in a user's file is a leak; a JWT of nobody is refused."""
    account = NKey.generate("account")
    path = tmp_path / "a.creds"
    write_secret(path, Credentials("a.b.c", account).text())
    with pytest.raises(CredentialsFault):
        read_credentials(path)
    for jwt in ("a", "a.b.c", "a.e30.c", "a.eyJpc3MiOiJ4In0.c"):
        with pytest.raises(CredentialsFault):
            _ = Credentials(jwt, NKey.generate("user")).account


def test_secrets_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    """Mode 0600 from the first moment, and a file open to others is refused."""
    path = tmp_path / "keys" / "a.seed"
    write_secret(path, NKey.generate("account").seed)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    read_key(path)
    path.chmod(0o640)
    for read in (read_key, read_credentials):
        with pytest.raises(CredentialsFault, match="0600"):
            read(path)
        with pytest.raises(CredentialsFault):
            read(tmp_path / "missing")
