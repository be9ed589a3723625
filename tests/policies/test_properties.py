"""What holds for every message: what is not listed is refused, and a decision can be repeated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.check import Outcome, explain
from policies.lawful_basis import AUTHORITIES
from schemas.directory_entry import OrganisationKind, Role
from schemas.fields.catalogue import CATALOGUE
from schemas.messages.registry import REGISTRY
from tests.policies.builders import AREA, RESPONDERS, about, answer, org, pack, request

KINDS = sorted(kind.value for kind in OrganisationKind)
ROLES = sorted(role.value for role in Role)
NAMES = sorted(CATALOGUE)
IDENTITY = [name for name in NAMES if CATALOGUE[name].is_identity]
request, answer, about = cache(request), cache(answer), cache(about)


def roles_everywhere() -> list[dict[str, object]]:
    """Every role, for the area: so that the pack alone decides."""
    return [
        {"role": role, "areas": [AREA], "valid_from": "2020-01-01T00:00:00Z", "valid_to": None}
        for role in ROLES
    ]


@cache
def anyone(kind: str):
    """An agency of a kind that holds every role."""
    return org(kind, roles=roles_everywhere())


def listed(mt: str, kind: str, role: str, to_kind: str, to_role: str) -> bool:
    """Read the YAML's own words once more: is this pair of parties in it?"""
    name = mt.partition("/")[0]
    for rule in (*pack().types.values(), *pack().answers.values()):
        gatherer = {"LACC", "CTCO"}

        def party(parties, kind, role, gatherer=gatherer):
            return any(
                kind in p.kinds
                and (role in p.roles or ("GATHERER" in p.roles and role in gatherer))
                for p in parties
            )

        if (
            rule.type == name
            and party(rule.senders, kind, role)
            and party(rule.recipients, to_kind, to_role)
        ):
            return True
    return False


@settings(max_examples=250, deadline=None)
@given(
    mt=st.sampled_from(sorted(REGISTRY)),
    kind=st.sampled_from(KINDS),
    role=st.sampled_from(ROLES),
    to_kind=st.sampled_from(KINDS),
    to_role=st.sampled_from(ROLES),
)
def test_what_is_not_listed_is_refused(mt, kind, role, to_kind, to_role):
    """A pair of kinds and roles that no file names gets nothing through, whatever else is right."""
    assume(not listed(mt, kind, role, to_kind, to_role))
    case = (
        answer("school")
        if mt == "information.response/1"
        else (request("school") if mt == "information.request/1" else about(mt))
    )
    made = case.where(sender=anyone(kind), recipient=anyone(to_kind)).but(
        from_={"role": role}, to={"role": to_role}
    )
    assert "POL-29" in {one.rule for one in made.at_gate()}


@settings(max_examples=120, deadline=None)
@given(kind=st.sampled_from(RESPONDERS), name=st.sampled_from(NAMES))
def test_an_answer_with_any_further_field_is_refused(kind, name):
    """No field of the catalogue can be added to an answer that is complete, unless it is metadata."""
    case = answer(kind)
    assume(name not in case.claims["f"])
    optional = pack().answers[OrganisationKind(kind)].fields
    found = case.listing(name).at_gate()
    assert bool(found) is (name not in optional)


@settings(max_examples=120, deadline=None)
@given(kind=st.sampled_from(RESPONDERS), data=st.data())
def test_an_answer_that_leaves_any_field_out_is_refused(kind, data):
    """Presence shows nothing: each field of a question is listed, held or not."""
    case = answer(kind)
    name = data.draw(st.sampled_from(sorted(case.claims["f"])))
    optional = pack().answers[OrganisationKind(kind)].fields
    required = name not in optional or optional[name].required
    wanted = {n for names in case.context.request.wants.values() for n in names}
    alone = any(names == (name,) for names in case.context.request.wants.values())
    found = case.listing(without=(name,)).at_gate()
    # A question of a single field is simply left open: that is an answer in part.
    assert bool(found) is (required and not (alone and name in wanted))


@settings(max_examples=120, deadline=None)
@given(kind=st.sampled_from(RESPONDERS), qid=st.text("ABCDEGHPY", min_size=1, max_size=1),
       name=st.sampled_from(NAMES))  # fmt: skip
def test_a_request_for_any_unlisted_field_is_refused(kind, qid, name):
    """Of a kind of agency only what its sector's file lists can be asked, under its question."""
    may = pack().may_ask(OrganisationKind(kind))
    asked = f"{qid}1"
    assume(name not in may or may[name].question != asked)
    case = request(kind)
    wants = {q: n for q, n in case.claims["wants"].items() if q != asked and name not in n}
    made = case.but(wants=..., necessity={"n": len(wants) + 1})
    found = replace(made, claims={**made.claims, "wants": {**wants, asked: [name]}}).at_gate()
    assert "POL-09" in {one.rule for one in found}


@settings(max_examples=80, deadline=None)
@given(kind=st.sampled_from(RESPONDERS), name=st.sampled_from(IDENTITY))
def test_no_agency_is_told_an_identifier_of_another_sector(kind, name):
    """Whatever identity field is added to a request, it is its sector's or it is refused."""
    case = request(kind)
    assume(name not in case.claims["f"])
    assert "POL-10" in {one.rule for one in case.listing(name).at_gate()}


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(RESPONDERS),
    art6=st.sampled_from(["A6-1-a", "A6-1-b", "A6-1-c", "A6-1-d", "A6-1-e", "A6-1-ea", "A6-1-f"]),
    authority=st.lists(st.sampled_from(sorted(AUTHORITIES)), max_size=3, unique=True),
    annex1=st.lists(st.integers(1, 9), max_size=2, unique=True),
)
def test_no_basis_passes_that_no_option_lists(kind, art6, authority, annex1):
    """Of all combinations of basis and authority only those of one option of the file pass."""
    case = answer(kind)
    assume(case.claims["legal"]["regime"] == "ukgdpr")
    made = case.but(legal={"art6": art6, "authority": authority, "annex1": annex1})
    if made.at_gate() == ():
        rule = pack().answers[OrganisationKind(kind)]
        assert any(
            art6 in pack().profiles[one.profile].article_6
            and set(annex1) <= set(pack().profiles[one.profile].annex_1)
            and set(authority) <= set(one.authority)
            for one in rule.legal
        )
        public = case.context.sender.public_authority
        assert not (public and art6 == "A6-1-ea")


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(RESPONDERS),
    minutes=st.integers(-600_000, 1_200_000),
    change=st.sampled_from([{}, {"onward": "pack"}, {"retain_until": "2028-01-01"}]),
)
def test_a_decision_can_be_repeated(kind, minutes, change):
    """The same question gets the same answer, whenever and in whatever order it is asked."""
    at = datetime(2026, 11, 16, 9, tzinfo=UTC) + timedelta(minutes=minutes)
    case = answer(kind).but(**change).where(at=at)
    first = case.problems()
    assert answer(kind).problems() == ()
    assert case.problems() == first
    findings = explain(case.manifest, case.context, case.fields)
    assert {p for one in findings for p in one.problems} == set(first)
    assert sum(one.outcome is Outcome.REFUSED for one in findings) == len({p.rule for p in first})
