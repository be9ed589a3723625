"""Directory entries: form, and what their keys and roles mean at an instant."""

import json
from datetime import timedelta

import pytest

from schemas.directory_entry import (
    MAX_ENTRY_BYTES,
    DirectoryEntry,
    OrganisationKind,
    Role,
    dump_entry,
    parse_entry,
)
from schemas.encoding import b64u, dump_json, instant_text
from schemas.problems import Code, Problem
from tests.builders.messages import AREA, AT, agency, broker, directory_key, entry, with_key

REFUSED = Problem(Code.MESSAGE_MALFORMED, "directory_entry")
SECOND = timedelta(microseconds=1)


def value(name="oakfield-school"):
    """An entry as JSON."""
    return json.loads(dump_entry(agency(name).entry))


def test_an_entry_comes_back():
    """What is spelled is read as the same entry."""
    for found in (agency().entry, broker().entry, agency("northshire-police").entry):
        assert parse_entry(dump_entry(found)) == found


def test_excluded_kinds_cannot_be_named():
    """Immigration, borders, intelligence, employers: no kind exists for whom none may receive."""
    kinds = {kind.value for kind in OrganisationKind}
    assert not {k for k in kinds for w in ("immigration", "border", "intel", "employer") if w in k}
    assert len(kinds) == 24


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"id": "A"},
        {"kind": "immigration_enforcement"},
        {"account": "X"},
        {"area": ["E1"]},
        {"division": "england"},
        {"nation": "cornwall"},
        {"public_authority": "yes"},
        {"regime": "gdpr"},
        {"policy_document": {}},
        {"note": "x"},
        {"log_origin": "log.dovetail.example"},
        {"roles": [{"role": "AIO", "areas": [], "valid_from": instant_text(AT), "valid_to": None}]},
        {"contacts": [{"role": "AIO"}]},
    ],
)
def test_the_form_is_closed(changes):
    """An entry with one thing wrong is refused as a whole."""
    assert parse_entry(dump_json(value() | changes)) == REFUSED


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": b64u(bytes(32))},
        {"use": "enc"},
        {"use": "feed"},
        {"service": "gate"},
        {"status": "revoked"},
        {"revoked_at": instant_text(AT)},
        {"exp": instant_text(AT - timedelta(days=31))},
        {"nbf": "2026-01-01T00:00:00+00:00"},
        {"jwk": {"kty": "OKP", "crv": "X25519", "x": b64u(bytes(32))}},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes(31))}},
        {"jwk": {"kty": "AKP", "alg": "ML-DSA-65", "pub": b64u(bytes(32))}},
        {"jwk": {"kty": "oct", "k": "AA"}},
    ],
)
def test_a_key_is_named_by_itself_and_fits_its_use(changes):
    """A key under a wrong id, for a wrong use or with contradicting dates stops the entry."""
    found = value()
    found["keys"][0] |= changes
    assert parse_entry(dump_json(found)) == REFUSED


def test_no_key_stands_twice():
    """The same key twice could have two lives."""
    found = value()
    found["keys"].append(found["keys"][0])
    assert parse_entry(dump_json(found)) == REFUSED


def test_the_logs_keys_are_the_logs():
    """ML-DSA-44 signs checkpoints and nothing else."""
    log = broker().log.ml_dsa_44
    found = json.loads(dump_entry(broker().entry))
    found["keys"] = [directory_key(log.public.jwk, log.kid, use="sig", service="gate")]
    assert parse_entry(dump_json(found)) == REFUSED


def test_broken_bytes_are_refused():
    """Strict JSON comes first."""
    assert parse_entry(b"{") == Problem(Code.MESSAGE_NOT_JSON, "directory_entry")
    too_large = b" " * (MAX_ENTRY_BYTES + 1)
    assert parse_entry(too_large) == Problem(Code.MESSAGE_TOO_LARGE, "directory_entry")


def test_contacts_and_agreements_are_read():
    """Posts, deputies and agreements come back under the names of the wire."""
    contact = {
        "role": "AIO",
        "area": AREA,
        "service": None,
        "name_of_post": "Information officer",
        "email": "aio@oakfield.example",
        "deputy_of": "SIGNOFF",
        "last_confirmed": "2026-11-01",
    }
    found = entry("oakfield-school", contacts=[contact])
    assert found.contacts[0].deputy_of is Role.SIGNOFF
    assert found.agreements[0].with_[0] == "northshire-panel"
    assert json.loads(dump_entry(found))["contacts"] == [contact]


def test_keys_hold_from_nbf_until_exp():
    """The first instant is in, the last one out."""
    key = agency().entry.keys[0]
    assert [key.valid_at(at) for at in (key.nbf - SECOND, key.nbf, key.exp - SECOND, key.exp)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_revoked_key_holds_until_then():
    """What arrived before the revocation stays good, what arrives at it or after does not."""
    found = agency().entry
    kid = found.keys[0].kid
    key = with_key(found, kid, status="revoked", revoked_at=AT).key(kid)
    assert key is not None
    assert key.valid_at(AT - SECOND)
    assert not key.valid_at(AT)


def test_keys_are_found():
    """By id, by use and instant, newest first; an agency has no service keys."""
    found = agency().entry
    assert found.key(b64u(bytes(32))) is None
    assert [key.jwk.alg for key in found.keys_valid("enc", AT)] == ["HPKE-9-KE"]
    assert {key.jwk.alg for key in found.keys_valid("sig", AT)} == {"Ed25519", "ML-DSA-65"}
    assert found.keys_valid("sig", AT + timedelta(days=1000)) == ()
    assert found.keys_valid("sig", AT, service="gate") == ()
    gate = broker().entry.keys_valid("sig", AT, service="gate")
    assert [key.kid for key in gate] == [broker().gate.kid]


def test_one_seals_to_the_newest_active_key():
    """Around a rotation the newer key is taken; retired keys open and are not sealed to."""
    old, new = agency().opening.public, agency("other").opening.public
    keys = [
        directory_key(old.jwk, old.kid, use="enc"),
        directory_key(new.jwk, new.kid, use="enc", nbf=instant_text(AT)),
    ]
    found = entry("oakfield-school", keys=keys)

    def sealed_to(found: DirectoryEntry, at=AT):
        key = found.key_to_seal_to("enc", at)
        return key and key.kid

    assert sealed_to(found) == new.kid
    assert sealed_to(found, AT - SECOND) == old.kid
    assert sealed_to(with_key(found, new.kid, status="retired")) == old.kid
    assert found.key_to_seal_to("feed", AT) is None


def test_roles_are_held_for_an_area_and_a_time():
    """Role, area and instant must all fit; the end is out."""
    role = {
        "role": "AIO",
        "areas": [AREA],
        "valid_from": instant_text(AT),
        "valid_to": instant_text(AT + timedelta(days=1)),
        "persons": ["aio-0001"],
    }
    found = entry("oakfield-school", roles=[role])
    assert found.holds(Role.AIO, AREA, AT)
    assert not found.holds(Role.AIO, AREA, AT - SECOND)
    assert not found.holds(Role.AIO, AREA, AT + timedelta(days=1))
    assert not found.holds(Role.SIGNOFF, AREA, AT)
    assert not found.holds(Role.AIO, "E06000001", AT)
    assert agency().entry.holds(Role.AIO, AREA, AT + timedelta(days=9999))


def test_an_entry_names_itself():
    """Its URN is made of its id."""
    assert agency().entry.urn == "urn:dovetail:org:oakfield-school"
