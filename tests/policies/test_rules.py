"""Each rule refuses alone, what lies just inside passes, and an explanation says the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from policies.check import Outcome, Place, check_body, explain
from policies.necessity import statement_digest
from policies.rules.register import BY_ID, RULES
from schemas.problems import MEANING, Code, Problem
from tests.builders.bodies import item
from tests.builders.values import VALID
from tests.policies.builders import (
    AREA,
    AT,
    RESPONDERS,
    Case,
    about,
    agency_id,
    answer,
    asked,
    org,
    request,
)
from tests.policies.rows import (
    BODY_ROWS,
    EDU,
    LONG,
    MANIFEST_ROWS,
    adult,
    many,
    packed,
    private,
    redigested,
    refused,
    saying,
    wide,
    with_role,
)


def _id(row: tuple[str, Callable[[], Case], Code, str | None]) -> str:
    return f"{row[0]}-{row[2].value}-{row[3]}"


@pytest.mark.parametrize("row", MANIFEST_ROWS, ids=_id)
def test_each_reason_stands_alone_in_the_manifest(row):
    """A message that is valid but for one thing is refused for it alone, at the gate as well."""
    rule, case, code, where = row
    assert case().at_gate() == refused(code, where, rule)


@pytest.mark.parametrize("row", BODY_ROWS, ids=_id)
def test_each_reason_stands_alone_in_the_values(row):
    """A value that is wrong is refused at the edge for that alone; the gate cannot see it."""
    rule, case, code, where = row
    made = case()
    assert made.problems() == refused(code, where, rule)
    assert made.at_gate() == ()


@pytest.mark.parametrize("asker", ["la_panel", "police_ctp"])
@pytest.mark.parametrize("kind", RESPONDERS)
def test_the_valid_base_passes(kind, asker):
    """A request for all that may be asked of each kind, and its whole answer, are let through."""
    if kind != asker:
        assert request(kind, asker).problems() == ()
        assert answer(kind, asker).problems() == ()


@pytest.mark.parametrize("mt", [
    "information.acknowledgement/1", "information.nil_return/1", "information.refusal/1",
    "information.clarification_query/1", "information.clarification_reply/1",
    "information.redirect/1", "information.extension_request/1",
    "information.extension_decision/1", "information.withdrawal/1",
    "deadline.reminder/1", "deadline.escalation/1", "deadline.recalculated/1",
])  # fmt: skip
def test_every_other_type_has_a_valid_base(mt):
    """Each type of the two families can be sent as the pack wants it."""
    assert about(mt).problems() == ()


@pytest.mark.parametrize("case", [
    lambda: adult(answer(), "adult"),
    lambda: private(answer()),
    lambda: wide("2024-11-16"),
    lambda: wide("2021-11-16", supervisor_approval="SUP/1"),
    lambda: many(9),
    lambda: many(8, supervisor_approval="SUP/1"),
    lambda: request("la_csc").but(attest={"working_days": ..., "elapsed_h": 4}),
    lambda: request().but(attest={"working_days": 1}),
    lambda: request().but(attest={"working_days": ...}),
    lambda: answer().where(superseded_at=AT - timedelta(hours=23, minutes=59)),
    lambda: answer().where(pack=packed(valid_to=date(2026, 11, 15))),
    lambda: answer().but(retain_until="2028-11-16"),
    lambda: about("information.withdrawal/1").knowing(open=False),
    lambda: about("information.clarification_query/1").knowing(queries=1).but(
        attest={"clarification_accepted": True}),
    lambda: about("information.extension_decision/1").knowing(extension_days=2).but(
        from_={"role": "LACC_SUP"}),
    lambda: about("information.refusal/1", "police_force").telling(
        refusal__reason="prejudice_to_investigation"),
    lambda: answer(**EDU).knowing(closed_questions=frozenset({"E2"})),
    lambda: answer("la_csc").where(sender=org("la_csc", controller="One Council", agreements=[]),
        recipient=org("la_panel", controller="One Council")).but(legal={"agreement": None}),
    lambda: with_role("la_panel", "LACC", persons=("staff-0001", "staff-0002")),
    lambda: answer("la_csc").where(sender=org("la_csc", nation="wales")).but(
        legal={"authority": ["CA2004-s28"]}),
], ids=str)  # fmt: skip
def test_what_lies_just_inside_passes(case):
    """The last thing that a rule lets through is let through."""
    assert case().problems() == ()


def test_northern_ireland_is_not_asked_by_a_statement_that_cites_the_act():
    """POL-23: the public task statement cites sections 36 and 38 as much as the authority does."""
    case = request().where(recipient=org("school", nation="northern-ireland"))
    found = case.but(legal={"authority": []}).at_gate()
    where = "manifest.attest.public_task_statement"
    assert Problem(Code.BASIS_JURISDICTION, where, "POL-23") in found


def test_no_excluded_kind_receives_anything():
    """POL-16: were a kind enrolled that the constant excludes, nothing would reach it."""

    class Kind:
        value = "immigration_enforcement"

    entry = org("school").model_copy(update={"kind": Kind()})
    found = request().where(recipient=entry).at_gate()
    assert Problem(Code.RECIPIENT_EXCLUDED, "manifest.aud", "POL-16") in found


def test_a_paragraph_for_unlawful_acts_needs_no_document_towards_a_competent_authority():
    """Paragraph 10(2): disclosure to a competent authority is the one exception of POL-03."""

    def to(kind: str) -> bool:
        case = answer("school", kind).but(legal={"sch1": [10], "policy_document": None})
        return any(one.rule == "POL-03" for one in case.at_gate())

    assert to("la_panel")
    assert not to("police_ctp")


def test_the_vital_interest_condition_needs_no_extension():
    """POL-05: paragraph 30 stands for criminal data by itself; the pack does not offer it yet."""
    found = answer("yjs").but(legal={"sch1": [6, 30]}).at_gate()
    assert [one.rule for one in found] == ["POL-31"]


def test_a_message_to_oneself_is_refused():
    """POL-29: no agency sends to itself."""
    case = request().but(aud=[org("la_panel").urn])
    assert Problem(Code.RECIPIENT_NOT_ALLOWED, "manifest.to.role", "POL-29") in case.at_gate()


def test_a_statement_used_lately_in_another_request_is_refused():
    """POL-18: what the edge remembers counts as repeated, whatever its case or spacing."""
    case = saying(LONG).where(recent_necessity=frozenset({statement_digest(LONG.upper())}))
    assert case.problems() == refused(Code.NECESSITY_INSUFFICIENT, "ask.questions/0", "POL-18")


def test_a_question_without_a_statement_is_refused():
    """POL-18: a question of the manifest that the body gives no reason for is named."""
    case = request(**EDU, E2=("edu.attendance_pct",))
    made = redigested(case.telling(ask__questions=[asked("E1", 0)]))
    found = {(one.rule, one.where) for one in made.problems()}
    assert {("POL-18", "E2"), ("POL-18", "manifest.necessity")} <= found


def test_only_the_lead_of_the_area_asks():
    """POL-16: where the overlay says that police lead, a coordinator's request is refused."""
    case = request("school", **EDU).where(
        sender=org("la_panel", area=["E99000002"], roles=_roles("LACC", "E99000002")),
        recipient=org("school", area=[AREA]),
    )
    case = case.but(attest={"working_days": 4}).telling(id__upn=...)
    assert case.at_gate() == refused(Code.ROLE_NOT_HELD, "manifest.from.role", "POL-16")
    december = case.but(iat=case.claims["iat"] + 15 * 86_400, exp=case.claims["exp"] + 15 * 86_400)
    assert december.where(at=AT + timedelta(days=15)).at_gate() == ()


def _roles(role: str, area: str) -> list[dict[str, object]]:
    return [{"role": role, "areas": [area], "valid_from": "2026-01-01T00:00:00Z", "valid_to": None}]


def test_all_problems_come_at_once_in_the_order_of_the_rules():
    """Who must mend a message learns of everything in one go."""
    case = answer().but(
        marking={"tier": "SECRET"}, onward="pack", retain_until="2040-01-01",
        legal={"agreement": None},
    )  # fmt: skip
    assert [one.rule for one in case.at_gate()] == ["POL-11", "POL-17", "POL-22", "POL-26"]


@pytest.mark.parametrize("row", [*MANIFEST_ROWS, *BODY_ROWS], ids=_id)
def test_an_explanation_says_what_the_check_says(row):
    """The findings' problems are those of the checks, and each comes with a remedy."""
    case = row[1]()
    findings = explain(case.manifest, case.context, case.fields)
    assert {p for one in findings for p in one.problems} == set(case.problems())
    for one in findings:
        assert (one.outcome is Outcome.REFUSED) == bool(one.problems)
        assert bool(one.remedies) == bool(one.problems)
        assert one.pack == ("none" if case.context.pack is None else "uk-channel 2026.11.1")


def test_the_gate_says_which_rules_it_cannot_check():
    """Values are never seen at the gate; rules for the case's history come with a later version."""
    case = answer()
    findings = explain(case.manifest, replace(case.context, place=Place.GATE))
    left = {one.rule for one in findings if one.outcome is Outcome.NOT_CHECKED_HERE}
    later = {"POL-12", "POL-14", "POL-15", "POL-24", "POL-25"}
    assert left == later | {"POL-08", "POL-20", "POL-27", "POL-41", "POL-42"}
    assert {one.rule for one in findings if not one.places} == later


def test_the_gate_says_what_the_edges_check_further():
    """A rule that passed on names says that values are still to be looked at."""
    case = request()
    findings = explain(case.manifest, replace(case.context, place=Place.GATE))
    said = {one.rule: one.found for one in findings if one.outcome is Outcome.PASSED}
    assert "edges check the values" in said["POL-19"]
    assert "edges" not in said["POL-11"]


def test_a_request_without_wants_is_refused():
    """POL-32: what asks for nothing is no request."""
    found = {(one.rule, one.where) for one in request().but(wants=...).at_gate()}
    assert ("POL-32", "manifest.wants") in found


@pytest.mark.parametrize("asks", [["no question"], [{"qid": "E1"}], "no list"])
def test_questions_of_another_form_are_left_to_whoever_reads_the_body(asks):
    """POL-19 measures windows that are there; a body of another form never came so far."""
    case = request(**EDU).telling(ask__questions=asks)
    assert "POL-19" not in {one.rule for one in case.problems()}


def test_a_decision_without_its_attestation_is_refused():
    """POL-37: the gate must know how many days were granted; POL-40 has nothing to count."""
    found = about("information.extension_decision/1").but(attest={"extension": ...}).at_gate()
    where = "manifest.attest.extension"
    assert found == refused(Code.ATTESTATION_REQUIRED, where, "POL-37")


def test_values_that_no_manifest_could_list_are_not_repeated():
    """POL-41: a value under a name that is not ours is refused without saying the name."""
    case = replace(answer(), fields={**answer().fields, "secret_name": "x"})
    assert case.problems() == refused(Code.ATTESTATION_DISAGREES, "manifest.f", "POL-41")


def test_an_answer_that_is_no_item_carries_no_particulars():
    """POL-08 looks at held items only; the form of an item is checked where it is read."""
    case = replace(answer("la_csc"), fields={**answer("la_csc").fields, "csc.missing_12m": 3})
    assert case.problems() == ()


def test_between_agencies_of_northern_ireland_nothing_is_sent_either():
    """Without any citation POL-23 has nothing to say, and still no basis is listed."""
    case = answer("la_csc").where(
        sender=org("la_csc", nation="northern-ireland"),
        recipient=org("la_panel", nation="northern-ireland"),
    )
    found = case.but(legal={"authority": []}).at_gate()
    assert found == refused(Code.BASIS_NOT_ALLOWED, "manifest.legal", "POL-31")


def test_the_gate_is_never_given_values():
    """Calling the value checks at the gate is a bug of ours, and fails loudly."""
    case = answer()
    with pytest.raises(ValueError, match="gate"):
        check_body(case.manifest, case.fields, replace(case.context, place=Place.GATE))


def test_every_rule_of_the_domain_has_its_place():
    """POL-01 to POL-28 are all there, each with a sentence; ours follow without a gap."""
    assert [rule.id for rule in RULES] == [f"POL-{n:02}" for n in range(1, len(RULES) + 1)]
    assert len(RULES) >= 28
    for rule in RULES:
        assert rule.sentence.endswith(".")
        assert (rule.later is None) == (rule.manifest is not None or rule.body is not None)


def test_every_rule_that_is_checked_has_a_row():
    """No rule is without a message that it alone refuses."""
    rows = {rule for rule, *_ in (*MANIFEST_ROWS, *BODY_ROWS)}
    assert rows == {rule.id for rule in RULES if rule.later is None}
    assert rows <= BY_ID.keys()


def test_every_code_has_a_sentence_and_a_remedy():
    """What a refusal says can be understood and acted on."""
    for _, _, code, _ in (*MANIFEST_ROWS, *BODY_ROWS):
        assert MEANING[code].says.endswith(".")
        assert MEANING[code].remedy.endswith(".")


def test_would_this_have_passed_on_another_day():
    """A decision is repeated by asking with another instant: the law of that day holds."""
    case = private(answer())
    assert case.at_gate() == ()
    then = case.where(at=datetime(2026, 2, 4, 9, tzinfo=UTC)).at_gate()
    assert Problem(Code.PACK_NOT_IN_FORCE, "manifest.pol.ver", "POL-28") in then
    # Recognised legitimate interests began on 5 February 2026.
    assert Problem(Code.BASIS_NOT_ALLOWED, "manifest.legal.art6", "POL-31") in then
    next_day = case.where(at=datetime(2026, 2, 5, 9, tzinfo=UTC)).at_gate()
    assert not any(one.rule == "POL-31" for one in next_day)
    assert next_day == case.where(at=datetime(2026, 2, 5, 9, tzinfo=UTC)).at_gate()


def test_nothing_that_was_sent_is_repeated_back():
    """A name that the sender invented stands in no problem."""
    case = answer().listing("edu.secret_name_of_a_pupil")
    assert all("secret" not in (one.where or "") for one in case.at_gate())
    odd = request().but(wants={"E1": ["edu.secret_name_of_a_pupil"]})
    assert all("secret" not in (one.where or "") for one in odd.at_gate())


def test_agencies_are_named_after_their_kind():
    """The builders' ids are valid ids."""
    assert agency_id("la_csc") == "la-csc"
    assert item(VALID["edu.year_group"])["state"] == "held"
