"""The claims: every member's form, and problems that name places of ours alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64u, dump_json
from schemas.manifest import (
    MAX_CLAIMS_BYTES,
    MAX_FIELDS,
    MAX_QUESTIONS,
    Manifest,
    dump_claims,
    parse_claims,
)
from schemas.problems import Code, Problem
from tests.builders.messages import claims, manifest, signed_request

HASH = b64u(bytes(32))
FIELDS = {"_sd_alg": "sha-256", "f": {"id.dob": [{"...": HASH}]}}
MISSING = Code.MANIFEST_MISSING_MEMBER
UNKNOWN = Code.MANIFEST_UNKNOWN_MEMBER
INVALID = Code.MANIFEST_INVALID_MEMBER
OPTIONAL = {"req", "wants", "necessity", "orig"}


def parse(hidden: Any = FIELDS, **changes: Any) -> Manifest | Problem:
    """Read the builder's claims with changes."""
    return parse_claims(dump_json(claims(**changes) | hidden))


def test_the_builders_claims_are_good():
    """The claims of a request come back as they were spelled."""
    payload = dump_json(claims() | FIELDS)
    found = parse_claims(payload)
    assert isinstance(found, Manifest)
    assert dump_claims(found) == payload
    assert found.recipient == "urn:dovetail:org:oakfield-school"
    assert found.digests == {"id.dob": HASH}
    assert found.wanted == {"edu.enrolment_status", "edu.year_group"}
    assert manifest(wants=...).wanted == frozenset()


@pytest.mark.parametrize("name", sorted({*claims(), "_sd_alg", "f"} - OPTIONAL))
def test_each_member_is_required(name):
    """A message without a required member is refused for that alone, by its name."""
    value = claims() | FIELDS
    del value[name]
    assert parse_claims(dump_json(value)) == Problem(MISSING, f"manifest.{name}")


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_optional_members_are_absent_or_whole(name):
    """An optional member may be left out; null and an empty object are not absence."""
    assert isinstance(parse(**{name: ...}), Manifest)
    assert parse(**{name: None}) == Problem(INVALID, "manifest")
    value = claims() | FIELDS | {name: {}}
    found = parse_claims(dump_json(value))
    assert isinstance(found, Problem)
    assert (found.where or "").startswith(f"manifest.{name}")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"iss": "urn:dovetail:org:A"}, "iss"),
        ({"iss": "oakfield-school"}, "iss"),
        ({"aud": []}, "aud"),
        ({"aud": ["urn:dovetail:org:a", "urn:dovetail:org:b"]}, "aud"),
        ({"aud": "urn:dovetail:org:a"}, "aud"),
        ({"aud": ["a"]}, "aud"),
        ({"jti": "01a1e395-ae80-4000-8000-000000000000"}, "jti"),
        ({"iat": -1}, "iat"),
        ({"iat": True}, "iat"),
        ({"iat": "1794819600"}, "iat"),
        ({"exp": claims()["iat"]}, "exp"),
        ({"exp": claims()["iat"] + 86_401}, "exp"),
        ({"seq": 0}, "seq"),
        ({"seq": 2}, "prev"),
        ({"prev": HASH}, "prev"),
        ({"seq": 2, "prev": HASH + "A"}, "prev"),
        ({"mt": "information.request"}, "mt"),
        ({"mt": "information.request/0"}, "mt"),
        ({"mt": "Information.request/1"}, "mt"),
        ({"mt": "information.request_/1"}, "mt"),
        ({"conv": "a" * 25 + "b"}, "conv"),
        ({"req": {"h": HASH, "jti": "x"}}, "req.jti"),
        ({"req": {"h": "x", "jti": claims()["jti"]}}, "req.h"),
        ({"from_": {"role": "OWNER"}}, "from.role"),
        ({"from_": {"person": "Ann"}}, "from.person"),
        ({"to": {"area": "K02000001"}}, "to.area"),
        ({"to": {"service": "a b"}}, "to.service"),
        ({"wants": {"e1": ["a"]}}, "wants"),
        ({"wants": {"E1": []}}, "wants"),
        ({"wants": {"E1": ["A"]}}, "wants"),
        ({"wants": {"E1": ["a"], "E2": ["b", "a"]}}, "wants"),
        ({"wants": {f"E{n}": [f"a.{n}"] for n in range(MAX_QUESTIONS + 1)}}, "wants"),
        ({"pol": {"h": "x"}}, "pol.h"),
        ({"pol": {"id": "UK"}}, "pol.id"),
        ({"pol": {"ver": "1 0"}}, "pol.ver"),
        ({"pol": {"purpose": "two words"}}, "pol.purpose"),
        ({"legal": {"regime": "gdpr"}}, "legal.regime"),
        ({"legal": {"recipient_regime": None}}, "legal.recipient_regime"),
        ({"legal": {"art6": "6(1)(e)"}}, "legal.art6"),
        ({"legal": {"art9": "A9-2-k"}}, "legal.art9"),
        ({"legal": {"sch1": [6, 6]}}, "legal.sch1"),
        ({"legal": {"sch1": [0]}}, "legal.sch1"),
        ({"legal": {"annex1": ["1"]}}, "legal.annex1"),
        ({"legal": {"part3": {"s35": "1a", "sch8": []}}}, "legal.part3.s35"),
        ({"legal": {"part3": {"s35": "2b", "sch8": [100]}}}, "legal.part3.sch8"),
        ({"legal": {"authority": ["a b"]}}, "legal.authority"),
        ({"legal": {"authority": ["A", "A"]}}, "legal.authority"),
        ({"legal": {"agreement": "for Robin Example"}}, "legal.agreement"),
        ({"legal": {"policy_document": ""}}, "legal.policy_document"),
        ({"subject_class": "toddler"}, "subject_class"),
        ({"necessity": {"n": 0}}, "necessity.n"),
        ({"necessity": {"n": MAX_QUESTIONS + 1}}, "necessity.n"),
        ({"marking": {"tier": "RESTRICTED"}}, "marking.tier"),
        ({"marking": {"sensitive": 1}}, "marking.sensitive"),
        ({"marking": {"handling": ["recipients only"]}}, "marking.handling"),
        ({"marking": {"handling": ["A", "A"]}}, "marking.handling"),
        ({"onward": "all"}, "onward"),
        ({"retain_until": "2027-02-29"}, "retain_until"),
        ({"retain_until": "2027-02-28T00:00:00Z"}, "retain_until"),
        ({"attest": {"working_days": 6}}, "attest.working_days"),
        ({"attest": {"elapsed_h": 0}}, "attest.elapsed_h"),
        ({"attest": {"signoff_ref": "signed by hand"}}, "attest.signoff_ref"),
        ({"attest": {"no_consent_reason": "refused"}}, "attest.no_consent_reason"),
        ({"attest": {"extension": {"granted": True, "days": 11}}}, "attest.extension.days"),
        ({"attest": {"extension_days": 0}}, "attest.extension_days"),
        ({"attest": {"rung": "two words"}}, "attest.rung"),
    ],
)
def test_each_member_has_its_form(changes, where):
    """A valid message with one member bent is refused for that member alone."""
    assert parse(**changes) == Problem(INVALID, f"manifest.{where}")


@pytest.mark.parametrize(
    ("hidden", "problem"),
    [
        ({"f": {}}, Problem(INVALID, "manifest.f")),
        ({"f": {"A": [{"...": HASH}]}}, Problem(INVALID, "manifest.f")),
        ({"f": {"a": []}}, Problem(INVALID, "manifest.f")),
        ({"f": {"a": [{"...": HASH}, {"...": HASH}]}}, Problem(INVALID, "manifest.f")),
        ({"f": {"a": [{"...": HASH, "role": 1}]}}, Problem(UNKNOWN, "manifest.f")),
        ({"f": {"a": [{}]}}, Problem(MISSING, "manifest.f")),
        ({"f": {"a": ["value"]}}, Problem(INVALID, "manifest.f")),
        ({"f": {"a": "value"}}, Problem(INVALID, "manifest.f")),
        (
            {"f": {f"a.{n}": [{"...": HASH}] for n in range(MAX_FIELDS + 1)}},
            Problem(INVALID, "manifest.f"),
        ),
        ({"_sd_alg": "sha-512"}, Problem(INVALID, "manifest._sd_alg")),
    ],
)
def test_the_hidden_values_have_one_form(hidden, problem):
    """Each name has exactly one digest and nothing beside it; what a sender named is not repeated."""
    assert parse(FIELDS | hidden) == problem


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"note": "x"}, "manifest"),
        ({"role": "x"}, "manifest"),
        ({"from_": {"name": "x"}}, "manifest.from"),
        ({"to": {"person": "x"}}, "manifest.to"),
        ({"legal": {"part3": {"s35": "2b", "sch8": [], "h": 1}}}, "manifest.legal.part3"),
        ({"attest": {"iss": True}}, "manifest.attest"),
        ({"attest": {"adult_limbs": {"x": True}}}, "manifest.attest.adult_limbs"),
        ({"pol": {"seq": 1}}, "manifest.pol"),
    ],
)
def test_unknown_members_are_refused(changes, where):
    """A member that is not listed is refused where it stands, and is not named."""
    found = parse(**changes)
    if changes.get("attest", {}).get("adult_limbs"):
        assert isinstance(found, Problem)
        assert (found.where or "").startswith(where)
    else:
        assert found == Problem(UNKNOWN, where)


@pytest.mark.parametrize(
    "changes",
    [
        {"legal": {"regime": "part3", "art6": None, "part3": {"s35": "2b", "sch8": [1, 4]}}},
        {"legal": {"agreement": None, "policy_document": None, "art9": None}},
        {
            "attest": {
                "adult_limbs": {"care_needs": True, "at_risk": True, "unable_to_protect": False}
            }
        },
        {"attest": {"extension": {"granted": False, "days": 0}}},
        {"attest": {"elapsed_h": 4, "working_days": ...}},
        {"marking": {"tier": "SECRET"}},
        {"to": {"service": "housing_options"}},
        {"seq": 2, "prev": HASH},
        {"exp": claims()["iat"] + 1},
        {"req": {"jti": claims()["jti"], "h": HASH}},
        {"orig": {"h": HASH, "jti": claims()["jti"], "iss": claims()["iss"]}},
    ],
)
def test_what_may_be_said(changes):
    """Forms that policy may refuse, but that are good forms."""
    assert isinstance(parse(**changes), Manifest)


@pytest.mark.parametrize("changes", [{"to": {"service": None}}, {"attest": {"working_days": None}}])
def test_null_is_not_absence(changes):
    """Inside, too, an optional member is left out and not null."""
    (name,) = changes
    assert parse(**changes) == Problem(INVALID, f"manifest.{name}")


def test_strict_json_comes_first():
    """Duplicate members, white space and size are refused before any member is read."""
    payload = dump_json(claims() | FIELDS)
    doubled = payload[:-1] + b',"iss":"urn:dovetail:org:b"}'
    assert parse_claims(doubled) == Problem(Code.MESSAGE_DUPLICATE_MEMBER, "manifest")
    assert parse_claims(payload + b"\n") == Problem(Code.MESSAGE_MALFORMED, "manifest")
    assert parse_claims(b" " * (MAX_CLAIMS_BYTES + 1)) == Problem(
        Code.MESSAGE_TOO_LARGE, "manifest"
    )
    assert parse_claims(b"[]") == Problem(INVALID, "manifest")


@given(st.data())
def test_what_was_sent_is_never_repeated(data):
    """Whatever a sender writes where, a problem names only members that the protocol lists."""
    value = json.loads(signed_request().signed.payload)
    secret = "robin-example"
    holders = [value, value["from"], value["to"], value["pol"], value["legal"], value["attest"]]
    holder = data.draw(st.sampled_from(holders))
    name = data.draw(st.sampled_from([secret, *holder]))
    holder[name] = data.draw(st.sampled_from([secret, {secret: secret}, [secret], 1, None]))
    found = parse_claims(dump_json(value))
    assert isinstance(found, Manifest) or secret not in repr(found)


def test_manifests_do_not_change():
    """A manifest that was read stays as it was."""
    found = manifest()
    with pytest.raises(ValueError, match="frozen"):
        found.seq = 7  # type: ignore[misc]  # that it cannot be done is under test
