"""What a sender fills in: facts from the pack, and never what only a person can state."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.defaults import Defaults, defaults
from policies.necessity import necessity_digest, necessity_of, own_words, statement_digest
from policies.retention import add_months, default_until, latest_until
from schemas.directory_entry import OrganisationKind
from schemas.problems import Code, Problem
from tests.builders.bodies import fields_of, item
from tests.builders.values import VALID
from tests.policies.builders import AT, answer, asked, facts_of, org, pack, request


def said(mt: str, sender: str, recipient: str, fields: dict[str, object], **more: object):
    """Defaults of a message about a child, as of the test's Monday."""
    entries = {"sender": org(sender), "recipient": org(recipient)} | {
        name: more.pop(name) for name in ("sender_entry", "recipient_entry") if name in more
    }
    return defaults(
        pack(), mt,
        entries.get("sender_entry", entries["sender"]),
        entries.get("recipient_entry", entries["recipient"]),
        at=AT, fields=fields, subject_class="child", **more,
    )  # fmt: skip


def test_a_coordinator_s_request_says_what_the_pack_says():
    """Pack, purpose, basis, authority, agreement, marking, dates: all from data."""
    found = said("information.request/1", "la_panel", "school", dict(request().fields))
    assert isinstance(found, Defaults)
    assert found.pol == {
        "id": "uk-channel", "ver": "2026.11.1", "h": pack().h,
        "purpose": "channel_information_gathering",
    }  # fmt: skip
    assert found.legal == {
        "regime": "ukgdpr", "recipient_regime": "ukgdpr", "art6": "A6-1-e", "annex1": [],
        "art9": "A9-2-g", "sch1": [6], "part3": None, "authority": ["CTSA-s36-1"],
        "agreement": "DSA/1", "policy_document": "APD/2026/7",
    }  # fmt: skip
    assert found.marking == {
        "tier": "OFFICIAL", "sensitive": True, "handling": ["RECIPIENTS ONLY"],
    }  # fmt: skip
    assert found.onward == "none"
    assert found.retain_until == date(2027, 11, 16)
    assert found.attest == {
        "public_task_statement": True, "working_days": 5, "special_category": True,
    }  # fmt: skip


def test_what_only_a_person_can_state_is_left_to_a_person():
    """No default says that nothing is from an intelligence service, or that somebody signed."""
    found = said("information.response/1", "nhs_trust", "la_panel",
                 {"hlt.known": item(VALID["hlt.known"])})  # fmt: skip
    assert isinstance(found, Defaults)
    assert not {"no_sensitive_info_s38_5", "signoff_ref"} & found.attest.keys()
    assert found.to_attest == ("no_sensitive_info_s38_5", "signoff_ref")
    assert found.signoff_by == "Caldicott Guardian or delegate"


def test_the_basis_shows_names_and_not_values():
    """The same is said whether the fields are held or not: the broker learns nothing from it."""
    name = "edu.send_primary_need"
    held, empty = item(VALID[name]), {"state": "not_held"}
    both = [
        said("information.response/1", "school", "la_panel", {name: value})
        for value in (held, empty)
    ]
    assert both[0] == both[1]


def test_a_plain_answer_claims_no_condition_that_it_does_not_need():
    """Without special category or criminal fields there is no Article 9, paragraph or document."""
    found = said("information.response/1", "school", "la_panel",
                 {"edu.enrolment_status": item("on_roll")})  # fmt: skip
    assert isinstance(found, Defaults)
    legal = found.legal
    assert (legal["art9"], legal["sch1"], legal["policy_document"]) == (None, [], None)
    assert found.attest == {}
    assert found.signoff_by is None


def test_a_housing_association_answers_on_the_request_s_statement():
    """Annex 1 paragraph 1 where the request states the task; otherwise safeguarding."""
    asking = facts_of(request("rsl"))
    fields = {"hsg.tenure": item(VALID["hsg.tenure"])}
    stated = said("information.response/1", "rsl", "la_panel", fields, request=asking)
    unstated = said("information.response/1", "rsl", "la_panel", fields)
    assert isinstance(stated, Defaults)
    assert isinstance(unstated, Defaults)
    assert (stated.legal["art6"], stated.legal["annex1"]) == ("A6-1-ea", [1])
    assert unstated.legal["annex1"] == [6]


def test_paragraph_18_asks_a_person_for_its_limbs():
    """A private responder's special category data rests on safeguarding: reason, and limbs for an adult."""
    fields = {"hsg.observed_concern": item(VALID["hsg.observed_concern"])}
    for subject, names in (("child", ()), ("adult", ("adult_limbs",))):
        found = defaults(
            pack(), "information.response/1", org("rsl"), org("la_panel"), at=AT, fields=fields,
            subject_class=subject,
        )  # fmt: skip
        assert isinstance(found, Defaults)
        assert found.legal["sch1"] == [18]
        assert found.to_attest == (
            "no_sensitive_info_s38_5", "signoff_ref", "no_consent_reason", *names,
        )  # fmt: skip


def test_police_answer_under_part_3_and_name_the_law_at_the_crossing():
    """To a panel the crossing profile, to another competent authority under Part 3 the plain one."""
    fields = {"pol.missing_episodes_24m": item(0)}
    to_panel = said("information.response/1", "police_force", "la_panel", fields)
    to_police = said("information.response/1", "police_force", "police_ctp", fields)
    assert isinstance(to_panel, Defaults)
    assert isinstance(to_police, Defaults)
    assert to_panel.legal["recipient_regime"] == "ukgdpr"
    assert to_panel.legal["authority"] == ["CTSA-s36-3"]
    assert to_panel.legal["part3"] == {"s35": "2b", "sch8": []}
    assert to_police.legal["recipient_regime"] == "part3"


def test_a_service_under_part_3_uses_its_own_regime_first():
    """Youth justice declares: the entry's regime decides which option comes first."""
    fields = {"yjs.slcn": item(VALID["yjs.slcn"])}
    entry = org("yjs", competent_authority=True, regime="part3")
    found = said("information.response/1", "yjs", "la_panel", fields, sender_entry=entry)
    assert isinstance(found, Defaults)
    assert found.legal["regime"] == "part3"
    assert found.legal["part3"] == {"s35": "2b", "sch8": [1]}
    assert found.legal["policy_document"] == "APD/2026/7"


def test_an_authority_is_the_first_that_extends_to_the_sender_s_nation():
    """A Welsh or Scottish service never cites an English section by default."""
    rule = pack().answers[OrganisationKind.LA_CSC]
    assert rule.legal[0].authority[0] == "CTSA-s38-1"
    entry = org("la_csc", nation="northern-ireland")
    found = said("information.response/1", "la_csc", "la_panel",
                 {"csc.missing_12m": item(0)}, sender_entry=entry)  # fmt: skip
    assert found == (Problem(Code.BASIS_NOT_ALLOWED, "manifest.legal", "POL-31"),)


def test_an_authority_of_another_nation_is_passed_over():
    """The pack may list a Welsh section first; an English service cites the next one."""
    rule = pack().answers[OrganisationKind.LA_CSC]
    option = replace(rule.legal[0], authority=("CA2004-s28", "CTSA-s38-1"))
    answers = {OrganisationKind.LA_CSC: replace(rule, legal=(option,))}
    found = defaults(
        replace(pack(), answers=answers), "information.response/1", org("la_csc"),
        org("la_panel"), at=AT, fields={"csc.missing_12m": item(0)}, subject_class="child",
    )  # fmt: skip
    assert isinstance(found, Defaults)
    assert found.legal["authority"] == ["CTSA-s38-1"]
    welsh = {
        OrganisationKind.LA_CSC: replace(rule, legal=(replace(option, authority=("CA2004-s28",)),))
    }
    none = defaults(
        replace(pack(), answers=welsh), "information.response/1", org("la_csc"),
        org("la_panel"), at=AT, fields={}, subject_class="child",
    )  # fmt: skip
    assert none == (Problem(Code.BASIS_NOT_ALLOWED, "manifest.legal", "POL-31"),)


def test_a_type_that_is_closed_to_the_sender_is_a_problem():
    """What the pack does not list has no defaults."""
    asked_by_landlord = said("information.request/1", "rsl", "school", dict(request().fields))
    assert asked_by_landlord == (Problem(Code.BASIS_NOT_ALLOWED, "manifest.legal", "POL-31"),)
    unknown = said("information.response/1", "prison", "la_panel", {})
    assert unknown == (Problem(Code.TYPE_NOT_ALLOWED, "manifest.mt", "POL-29"),)


@pytest.mark.parametrize(("mt", "attest"), [
    ("information.extension_request/1", {"extension_days": fields_of(
        "information.extension_request/1")["ext.days"]}),
    ("information.extension_decision/1", {"extension": {
        "granted": fields_of("information.extension_decision/1")["ext.granted"],
        "days": fields_of("information.extension_decision/1")["ext.days_granted"]}}),
    ("information.acknowledgement/1", {}),
])  # fmt: skip
def test_what_the_gate_must_know_of_the_values_is_attested(mt, attest):
    """Days asked for and granted follow from the body."""
    sender, recipient = ("la_panel", "school") if "decision" in mt else ("school", "la_panel")
    found = said(mt, sender, recipient, fields_of(mt))
    assert isinstance(found, Defaults)
    assert found.attest == attest


def test_the_broker_s_messages_rest_on_no_agreement_or_purpose_of_a_case():
    """A reminder keeps its own purpose, whatever the request was for."""
    found = said("deadline.reminder/1", "broker", "school", fields_of("deadline.reminder/1"),
                 request=facts_of(request()))  # fmt: skip
    assert isinstance(found, Defaults)
    assert found.pol["purpose"] == "channel_deadline_keeping"
    assert found.attest == {"rung": fields_of("deadline.reminder/1")["dl.rung"]}
    assert found.to_attest == ()


def test_a_refusal_claims_nothing_about_what_is_held():
    """It names fields and carries no value."""
    fields = {**fields_of("information.refusal/1"), "hlt.known": {
        "state": "withheld", "reason": "excessive"}}  # fmt: skip
    found = said("information.refusal/1", "nhs_trust", "la_panel", fields)
    assert isinstance(found, Defaults)
    assert found.legal["art9"] is None
    assert found.attest == {}


def test_that_a_health_body_knows_nobody_is_health_data():
    """A nil return of a health body rests on the bases of an answer."""
    nil = fields_of("information.nil_return/1")
    health = said("information.nil_return/1", "nhs_trust", "la_panel", nil)
    housing = said("information.nil_return/1", "la_housing", "la_panel", nil)
    assert isinstance(health, Defaults)
    assert isinstance(housing, Defaults)
    assert health.legal["art9"] == "A9-2-g"
    assert housing.legal["art9"] is None


def test_the_shorter_of_default_and_ceiling_is_named():
    """Of a child a copy is kept for no longer than a child's ceiling."""
    rule = pack().types["information.request"]
    on = date(2026, 11, 16)
    assert default_until(pack(), rule, on) == date(2027, 11, 16)
    assert latest_until(pack(), rule, "child", on) == date(2027, 11, 16)
    assert latest_until(pack(), rule, "unknown", on) == date(2027, 11, 16)
    assert latest_until(pack(), rule, "adult", on) == date(2028, 11, 16)


@pytest.mark.parametrize(("day", "months", "then"), [
    (date(2026, 1, 31), 1, date(2026, 2, 28)),
    (date(2027, 1, 31), 13, date(2028, 2, 29)),
    (date(2026, 11, 30), 3, date(2027, 2, 28)),
    (date(2026, 12, 1), 12, date(2027, 12, 1)),
    (date(2026, 11, 16), 0, date(2026, 11, 16)),
])  # fmt: skip
def test_months_end_with_their_last_day(day, months, then):
    """The same day of a later month, or the month's last."""
    assert add_months(day, months) == then


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 240), st.integers(0, 240))
def test_more_months_are_never_earlier(day, months, more):
    """Adding months is monotonic."""
    assert add_months(day, months) <= add_months(day, months + more)


def test_a_statement_is_known_again_whatever_its_case_and_spacing():
    """Copying a statement with other capitals does not make it new."""
    assert statement_digest("We  need THIS, now!") == statement_digest("we need this now")
    assert statement_digest("We need this") != statement_digest("We need that")


def test_the_digest_of_necessity_binds_question_text_and_order():
    """A changed word, question or order gives another digest."""

    def digest(*asks: dict[str, object]) -> str:
        return necessity_digest({"ask.questions": list(asks)})

    first, second = asked("E1", 0), asked("E2", 1)
    digests = {
        digest(first, second), digest(second, first), digest(first),
        digest({**first, "qid": "E3"}, second), digest({**first, "necessity": "x"}, second),
    }  # fmt: skip
    assert len(digests) == 5
    assert digest({**first, "window_to": "2026-01-01"}, second) == digest(first, second)


@pytest.mark.parametrize("fields", [
    {}, {"ask.questions": "no"}, {"ask.questions": ["no"]}, {"ask.questions": [{"qid": 1}]},
])  # fmt: skip
def test_fields_without_questions_have_no_necessity(fields):
    """What is not of the catalogue's form is read as nothing."""
    assert necessity_of(fields) == {}


def test_a_statement_that_is_no_text_is_empty():
    """A missing statement is there, and empty: POL-18 refuses it."""
    assert necessity_of({"ask.questions": [{"qid": "E1", "necessity": 4}]}) == {"E1": ""}


def test_words_are_sorted_into_own_protected_and_filler():
    """Only a person's own words count as a reason."""
    own, protected = own_words("He is a Muslim because of it; mentoring starts.", pack().necessity)
    assert own == {"mentoring", "starts"}
    assert protected == {"muslim"}


def test_defaults_follow_the_overlay_of_the_sender_s_area():
    """Where an area gives four days, four are the default."""
    entry = org("la_panel", area=["E99000002"])
    found = said("information.request/1", "la_panel", "school", dict(request().fields),
                 sender_entry=entry)  # fmt: skip
    assert isinstance(found, Defaults)
    assert found.attest["working_days"] == 4


def test_wants_decide_where_they_are_given():
    """A request for plain fields of a question does not claim what its other fields would need."""
    fields = {"ask.public_task_statement": VALID["ask.public_task_statement"]}
    plain = said("information.request/1", "la_panel", "nhs_trust", fields, wants={"E1": ()})
    asked_health = said("information.request/1", "la_panel", "nhs_trust", fields,
                        wants={"H1": ("hlt.known",)})  # fmt: skip
    assert isinstance(plain, Defaults)
    assert isinstance(asked_health, Defaults)
    assert plain.legal["art9"] is None
    assert asked_health.legal["art9"] == "A9-2-g"


def test_times_are_those_of_london():
    """Just before midnight UTC in summer it is the next day in London."""
    found = defaults(
        pack(), "information.response/1", org("school"), org("la_panel"),
        at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC), subject_class="child",
        fields={"edu.enrolment_status": item("on_roll")},
    )  # fmt: skip
    assert isinstance(found, Defaults)
    assert found.retain_until == date(2027, 7, 2)
    assert answer().context.at - timedelta(0) == AT
