"""The vocabulary of bases, purposes and roles is closed, sourced and dated."""

from datetime import date

import pytest

from policies.lawful_basis import (
    AUTHORITIES,
    BASES,
    BasisKind,
    basis_name,
    broad_matches,
    find,
)
from policies.purposes import PURPOSES, Purpose
from policies.roles import EXCLUDED_KINDS, GATHERER_ROLES, NATIONS, holds_anywhere, roles_of
from schemas.directory_entry import OrganisationKind, Role
from schemas.manifest import Legal, Pol
from tests.policies.builders import AT, org


@pytest.mark.parametrize("basis", BASES.values(), ids=lambda one: f"{one.kind}-{one.code}")
def test_every_entry_says_where_it_stands_and_when_it_was_read(basis):
    """No basis is without label, source, day read, and at least one nation."""
    assert basis.label
    assert len(basis.source) > 5
    assert date(2026, 1, 1) <= basis.read_on <= date(2026, 12, 31)
    assert basis.nations <= set(NATIONS)
    assert basis.nations
    assert basis.broad_match is None or basis.broad_match.startswith("https://w3id.org/dpv")
    assert basis_name(basis) == f"{basis.source}: {basis.label}"


def test_what_a_manifest_can_say_is_known_or_refused():
    """Each code of the table fits the manifest's form; what the table lacks is refused."""
    legal = {
        "regime": "ukgdpr", "recipient_regime": "ukgdpr", "art6": None, "annex1": (), "art9": None,
        "sch1": (), "part3": None, "authority": (), "agreement": None, "policy_document": None,
    }  # fmt: skip
    for kind, code in BASES:
        match kind:
            case BasisKind.ARTICLE_6 | BasisKind.ARTICLE_9:
                Legal.model_validate({**legal, kind.value: code})
            case BasisKind.ANNEX_1 | BasisKind.SCHEDULE_1:
                Legal.model_validate({**legal, kind.value: (int(code),)})
            case BasisKind.PART_3:
                Legal.model_validate({**legal, "part3": {"s35": code, "sch8": ()}})
            case BasisKind.SCHEDULE_8:
                Legal.model_validate({**legal, "part3": {"s35": "2b", "sch8": (int(code),)}})
            case BasisKind.AUTHORITY:
                Legal.model_validate({**legal, "authority": (code,)})
    assert find(BasisKind.ARTICLE_6, "A6-1-f") is None
    assert find(BasisKind.SCHEDULE_1, 6) is find(BasisKind.SCHEDULE_1, "6")


def test_recognised_legitimate_interests_begin_on_5_february_2026():
    """SI 2026/82: nobody could rely on them the day before."""
    ea = BASES[BasisKind.ARTICLE_6, "A6-1-ea"]
    assert not ea.holds_on(date(2026, 2, 4))
    assert ea.holds_on(date(2026, 2, 5))
    assert BASES[BasisKind.ARTICLE_6, "A6-1-e"].holds_on(date(1990, 1, 1))


@pytest.mark.parametrize("kind_and_code", [
    (BasisKind.ARTICLE_6, "A6-1-a"), (BasisKind.ARTICLE_9, "A9-2-a"),
    (BasisKind.ARTICLE_9, "A9-2-h"), (BasisKind.PART_3, "2a"),
])  # fmt: skip
def test_what_may_never_be_relied_on_says_why(kind_and_code):
    """Consent and care purposes are listed only so that their refusal can be explained."""
    refused = BASES[kind_and_code].refused
    assert refused is not None
    assert refused.endswith(".")


def test_the_channel_sections_do_not_reach_northern_ireland():
    """Section 51 of the 2015 Act; statutes of one nation do not reach another."""
    for code in AUTHORITIES:
        if code.startswith("CTSA"):
            basis = find(BasisKind.AUTHORITY, code)
            assert basis is not None
            assert basis.nations == {"england", "wales", "scotland"}
    assert BASES[BasisKind.AUTHORITY, "CA2004-s11"].nations == {"england"}
    assert BASES[BasisKind.AUTHORITY, "CA2004-s28"].nations == {"wales"}


def test_the_four_paragraphs_with_a_policy_document():
    """Schedule 1 paragraphs 6, 8, 10 and 18 need one; paragraph 36 through what it extends."""
    need = {c for (k, c), b in BASES.items() if k == "sch1" and b.needs_policy_document}
    assert need == {"6", "8", "10", "18"}


def test_our_names_lead_to_wider_terms_where_there_are_some():
    """Exports as linked data name a broader term, never an equivalent."""
    matches = broad_matches()
    assert matches["urn:dovetail:basis:art6:A6-1-e"].endswith("gdpr#A6-1-e")
    assert all(ours.startswith("urn:dovetail:basis:") for ours in matches)
    assert "urn:dovetail:basis:sch1:36" not in matches


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_purpose_is_told_in_words_and_fits_the_manifest(purpose):
    """A purpose has a sentence for the person concerned, a source, and a wider term."""
    meaning = PURPOSES[purpose]
    assert meaning.says.endswith(".")
    assert meaning.source
    assert meaning.broad_match.startswith("https://w3id.org/dpv")
    Pol.model_validate({"id": "p", "ver": "1", "h": "A" * 43, "purpose": purpose.value})


def test_no_excluded_kind_can_be_enrolled():
    """The directory has no name for them: the constant is the second lock."""
    assert not EXCLUDED_KINDS & {kind.value for kind in OrganisationKind}


def test_gatherer_stands_for_those_who_may_lead():
    """In a pack the word means coordinator or police case officer; any other role itself."""
    assert roles_of((Role.GATHERER, Role.AIO)) == {Role.LACC, Role.CTCO, Role.AIO}
    assert Role.GATHERER not in GATHERER_ROLES


def test_a_role_is_held_somewhere_or_not():
    """Whether an agency holds a role for any area at an instant."""
    assert holds_anywhere(org("school"), Role.AIO, AT)
    assert not holds_anywhere(org("school"), Role.LACC, AT)
