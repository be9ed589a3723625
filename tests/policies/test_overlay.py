"""An overlay can only tighten: whatever it says, it never permits what its pack refuses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.overlay import gathering_lead, tightened, tightened_for
from policies.overlay_values import Lead, Most, Overlay, Withdrawn
from policies.pack_values import Signatory, SignoffRule
from schemas.directory_entry import OrganisationKind
from schemas.fields.catalogue import QUESTIONS
from tests.builders.bodies import item
from tests.policies.builders import AREA, AT, RESPONDERS, Case, about, answer, org, pack, request

SOUTHMERE = "E99000002"
SECTORS = sorted(pack().sectors)
KINDS = [OrganisationKind(kind) for kind in RESPONDERS]
FIELDS = sorted({name for rule in pack().answers.values() for name in rule.answers})
LIMITS = ("questions", "questions_approved", "window_months", "window_months_approved")


def few(values: list[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Up to four of some values."""
    return st.lists(st.sampled_from(values), max_size=4, unique=True).map(tuple)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One of them, or nothing."""
    return st.none() | values


SIGNOFFS = st.builds(
    SignoffRule,
    office=st.just("Head"),
    when=st.sampled_from(["always", "special_category", "never"]),
    why=st.just("The area wants it."),
)
TYPES = st.sampled_from(["information.request", "information.response", "information.redirect"])
# Numbers reach beyond what a load would let through: applying takes the smaller of the two.
OVERLAYS = st.builds(
    Overlay,
    area=st.just(AREA),
    name=st.just("Anywhere"),
    why=st.just("An invented area."),
    valid_from=st.just(date(2026, 1, 1)),
    valid_to=st.just(date(2027, 12, 31)),
    signed_by=st.just((Signatory("dpo:example-area", "local government", date(2026, 1, 1)),)),
    gathering_lead=st.lists(
        st.builds(Lead, lead=st.sampled_from(["lacc", "ctco"]), valid_from=st.just(date(2026, 1, 1))),
        max_size=1,
    ).map(tuple),
    withdrawn=st.builds(
        Withdrawn,
        fields=few(FIELDS),
        questions=few(sorted(QUESTIONS)),
        identity=st.dictionaries(
            st.sampled_from(SECTORS), few(["id.dob", "id.upn", "id.known_as"]), max_size=2
        ),
        senders=st.dictionaries(TYPES, few(KINDS), max_size=2),
        recipients=st.dictionaries(TYPES, few(KINDS), max_size=2),
    ),
    most=st.builds(
        Most,
        **{name: maybe(st.integers(1, 90)) for name in LIMITS},
        working_days=maybe(st.integers(1, 10)),
        extension_requester=maybe(st.integers(0, 10)),
        extension_supervisor=maybe(st.integers(0, 10)),
        retention_months=st.dictionaries(
            st.sampled_from(sorted(pack().retention)), st.integers(1, 120), max_size=3
        ),
        concern=st.dictionaries(st.sampled_from(SECTORS), st.sampled_from(["L0", "L1", "L2"])),
    ),
    signoff=st.dictionaries(st.sampled_from(SECTORS), SIGNOFFS, max_size=3),
)  # fmt: skip

CHANGES: list[Mapping[str, Any]] = [
    {},
    {"retain_until": "2028-11-17"},
    {"retain_until": "2027-01-01"},
    {"attest": {"working_days": 1}},
    {"attest": {"signoff_ref": ...}},
    {"attest": {"supervisor_approval": "SUP/1"}},
    {"legal": {"art6": "A6-1-ea"}},
    {"legal": {"sch1": []}},
    {"onward": "pack"},
    {"subject_class": "adult"},
    {"from_": {"role": "CHAIR"}},
    {"from_": {"role": "LACC_SUP"}},
    {"to": {"role": "SIGNOFF"}},
    {"marking": {"sensitive": False}},
    {"pol": {"purpose": "channel_post_exit_review"}},
]
_BASES: dict[tuple[str, str], Case] = {}


def base(kind: str, what: str) -> Case:
    """A valid message about a kind of agency; made once."""
    if (kind, what) not in _BASES:
        made = {"request": request, "answer": answer}.get(what)
        _BASES[kind, what] = made(kind) if made is not None else about(what, kind)
    return _BASES[kind, what]


WHAT = st.sampled_from([
    "request", "answer", "information.extension_decision/1", "information.redirect/1",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    overlay=OVERLAYS,
    kind=st.sampled_from(RESPONDERS),
    what=WHAT,
    change=st.sampled_from(CHANGES),
    more=few(["id.dob", "id.nhs_number", "edu.year_group", "ask.concern_summary", "hlt.known"]),
    less=few(["id.dob", "ask.concern_theme", "edu.year_group", "rsp.match_confidence"]),
)
def test_an_overlay_never_permits_what_its_pack_refuses(overlay, kind, what, change, more, less):
    """Whatever an overlay says, a problem without it is still a refusal with it."""
    case = base(kind, what).but(**change).listing(*more, without=less)
    plain = case.problems()
    tight = case.where(pack=replace(pack(), overlays={AREA: (overlay,)})).problems()
    if plain:
        assert tight
    # Not only refused still: each of the pack's own reasons but those of names that the overlay
    # took away stands as before.
    gone = {"POL-09", "POL-29", "POL-10"}
    assert {p.rule for p in plain} - gone <= {p.rule for p in tight}


@settings(max_examples=50, deadline=None)
@given(overlay=OVERLAYS, other=OVERLAYS)
def test_every_part_is_at_most_what_it_was(overlay, other):
    """Fields, parties and numbers only shrink, also when two overlays follow each other."""
    before = tightened(pack(), other)
    after = tightened(before, overlay)
    for kind in KINDS:
        assert set(after.may_ask(kind)) <= set(before.may_ask(kind))
    for name, rule in (*after.types.items(), *((k, after.answers[k]) for k in KINDS)):
        old = before.types.get(name) or before.answers[name]
        assert _pairs(rule.senders) <= _pairs(old.senders)
        assert _pairs(rule.recipients) <= _pairs(old.recipients)
        if rule.deadline is not None and old.deadline is not None:
            assert rule.deadline.longest <= old.deadline.longest
            assert rule.deadline.default <= rule.deadline.longest
    for name, kept in after.retention.items():
        assert kept.ceiling_months <= before.retention[name].ceiling_months
        assert kept.default_months <= kept.child_ceiling_months <= kept.ceiling_months
    for name in LIMITS:
        assert getattr(after.limits, name) <= getattr(before.limits, name)
    for name, sector in after.sectors.items():
        assert set(sector.identity) <= set(before.sectors[name].identity)
        assert sector.concern.most <= before.sectors[name].concern.most
    assert (after.h, after.head) == (before.h, before.head)


def _pairs(parties: Any) -> set[tuple[str, str]]:
    return {(kind, role) for party in parties for kind in party.kinds for role in party.roles}


def southmere(case: Case) -> Case:
    """The same message where the agency that sends it serves the invented area."""
    sender = case.context.sender
    return case.where(sender=sender.model_copy(update={"area": (SOUTHMERE,)}))


@pytest.mark.parametrize(("case", "rule"), [
    (lambda: answer("school", E6=("edu.peer_context",)), "POL-09"),
    (lambda: request("school", E1=("edu.enrolment_status", "edu.year_group")).but(
        attest={"working_days": 5}), "POL-39"),
    (lambda: answer("school", E1=("edu.enrolment_status", "edu.year_group")).but(
        attest={"signoff_ref": ...}), "POL-36"),
    (lambda: answer("la_csc").but(retain_until="2028-10-01"), "POL-26"),
    (lambda: request("la_csc"), "POL-35"),
    (lambda: request("school"), "POL-10"),
    (lambda: request("school"), "POL-19"),
    (lambda: answer("rsl"), "POL-29"),
])  # fmt: skip
def test_the_example_overlay_refuses_what_it_says(case, rule):
    """Southmere's file holds in each of its parts; elsewhere the same message passes that rule."""
    assert rule not in {one.rule for one in case().problems()}
    assert rule in {one.rule for one in southmere(case()).problems()}


def test_an_overlay_holds_within_its_dates_only():
    """Before and after, the pack is as it was signed; within, it keeps its hash."""
    first = date(2026, 6, 19)
    assert tightened_for(pack(), {SOUTHMERE}, first - timedelta(days=1)) is pack()
    assert tightened_for(pack(), {SOUTHMERE}, date(2027, 12, 1)) is pack()
    assert tightened_for(pack(), {AREA}, first) is pack()
    tight = tightened_for(pack(), {SOUTHMERE, AREA}, first)
    assert tight.limits.questions == 8
    assert tight.h == pack().h
    assert tightened_for(pack(), [AREA, SOUTHMERE], first) is tight


def test_a_stronger_signoff_stays_when_an_overlay_names_a_weaker_one():
    """Applied without having been loaded, a weaker sign-off changes nothing; a stronger one does."""
    ours = pack().overlays[SOUTHMERE][0]
    weaker = replace(ours, signoff={"health": SignoffRule("Nobody", "never", "No need is seen.")})
    kept = tightened(pack(), weaker).answers[OrganisationKind.GP].signoff
    assert kept is not None
    assert kept.when == "always"
    none = replace(pack().answers[OrganisationKind.GP], signoff=None)
    bare = replace(pack(), answers={OrganisationKind.GP: none})
    gained = tightened(bare, weaker).answers[OrganisationKind.GP].signoff
    assert gained is not None


@pytest.mark.parametrize(("on", "lead"), [
    (date(2026, 6, 18), None),
    (date(2026, 6, 19), "ctco"),
    (date(2026, 11, 30), "ctco"),
    (date(2026, 12, 1), "lacc"),
    (date(2027, 11, 30), "lacc"),
    (date(2027, 12, 1), None),
])  # fmt: skip
def test_who_leads_gathering_is_a_dated_attribute(on, lead):
    """The operating model changes by date, not by code (design 7.9)."""
    assert gathering_lead(pack(), SOUTHMERE, on) == lead
    assert gathering_lead(pack(), AREA, on) is None


def test_a_gap_between_leads_leaves_both_open():
    """Where an overlay lays down nobody for a day, either may lead."""
    overlay = replace(
        pack().overlays[SOUTHMERE][0],
        gathering_lead=(Lead("lacc", date(2026, 6, 19), date(2026, 6, 30)),),
    )
    with_gap = replace(pack(), overlays={SOUTHMERE: (overlay,)})
    assert gathering_lead(with_gap, SOUTHMERE, date(2026, 7, 1)) is None


def test_what_a_newer_pack_took_away_can_be_left_out_of_an_answer():
    """A field asked for before the overlay began is neither answered nor missed."""
    wants = ("edu.peer_context",)
    more = {"E6": wants, "E1": ("edu.enrolment_status", "edu.year_group")}
    case = southmere(answer("school", **more))
    assert {one.rule for one in case.problems()} == {"POL-09"}
    assert case.telling(edu__peer_context=...).problems() == ()
    both = case.knowing(wants={"E6": (*wants, "edu.family_engagement")})
    left = both.telling(
        edu__peer_context=..., edu__enrolment_status=..., edu__year_group=...,
        edu__family_engagement=item("good"),
    )  # fmt: skip
    assert {one.rule for one in left.problems()} == set()


def test_the_overlay_of_the_addressed_area_holds_too():
    """The tightest of the areas that a message touches decides, not the sender's alone."""
    roles = [{"role": "AIO", "areas": [SOUTHMERE], "valid_from": "2026-01-01T00:00:00Z",
              "valid_to": None}]  # fmt: skip
    case = request("school").where(recipient=org("school", roles=roles))
    found = {one.rule for one in case.but(to={"area": SOUTHMERE}).problems()}
    assert {"POL-10", "POL-19"} <= found
    assert AT.year == 2026
