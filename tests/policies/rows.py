"""One row per way to break a rule: a message that is valid but for one thing, and what is said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from policies.necessity import necessity_digest, necessity_of
from policies.pack_whole import Pack
from schemas.directory_entry import RoleHeld
from schemas.problems import Code, Problem
from tests.builders.messages import jti
from tests.policies.builders import AT, PART_3, Case, about, answer, asked, org, pack, request

H = "A" * 43
NOW = "2026-11-16"
EDU = {"E1": ("edu.enrolment_status", "edu.year_group")}
LIMBS = {"care_needs": True, "at_risk": True, "unable_to_protect": True}


def refused(code: Code, where: str | None, rule: str) -> tuple[Problem, ...]:
    """One problem and no other."""
    return (Problem(code, where, rule),)


def private(case: Case) -> Case:
    """The same answer from a school that is no public authority, on Annex 1 paragraph 1."""
    return case.where(sender=org("school", public_authority=False)).but(
        legal={"art6": "A6-1-ea", "annex1": [1], "authority": [], "sch1": [18]},
        attest={"no_consent_reason": "would_prejudice"},
    )


def adult(case: Case, subject: str, **limbs: bool) -> Case:
    """The same message about an adult, relying on paragraph 18."""
    return case.but(
        subject_class=subject,
        legal={"sch1": [18]},
        attest={"no_consent_reason": "cannot_be_given", "adult_limbs": LIMBS | limbs},
    )


def many(number: int, **attest: object) -> Case:
    """A request with the given number of questions: nine of education's, further ones split."""
    wants = {qid: tuple(names) for qid, names in request().claims["wants"].items()}
    assert len(wants) == 9
    case = request()
    limits = replace(pack().limits, questions=number, questions_approved=number + 1)
    return case.where(pack=replace(pack(), limits=limits)).but(attest=attest)


def wide(months: str, **attest: object) -> Case:
    """A request about one question, from a day until the day of asking."""
    case = request(**EDU)
    one = {**asked("E1", 0), "window_from": months, "window_to": NOW}
    return case.telling(ask__questions=[one]).but(attest=attest)


def saying(*texts: str) -> Case:
    """A request with the given necessity statements."""
    wants = {"E1": ("edu.enrolment_status",), "E2": ("edu.attendance_pct",)}
    case = request(**dict(list(wants.items())[: len(texts)]))
    asks = [{**asked(f"E{n + 1}", n), "necessity": text} for n, text in enumerate(texts)]
    return redigested(case.telling(ask__questions=asks))


def redigested(case: Case) -> Case:
    """The same request with the digest of what it says now."""
    said = {"h": necessity_digest(case.fields), "n": len(necessity_of(case.fields))}
    return case.but(necessity=said)


def packed(**head: object) -> Pack:
    """The pack with its head changed."""
    return replace(pack(), head=replace(pack().head, **head))


def with_role(kind: str, role: str, **changes: object) -> Case:
    """A request whose sender's roles are changed."""
    entry = org(kind)
    roles = tuple(
        RoleHeld.model_validate({**one.model_dump(), **changes}) if one.role == role else one
        for one in entry.roles
    )
    return request().where(sender=entry.model_copy(update={"roles": roles}))


def held(case: Case, name: str, **changes: object) -> Case:
    """An answer with one item changed; None leaves a member out."""
    new = {k: v for k, v in {**case.fields[name], **changes}.items() if v is not None}
    return replace(case, fields={**case.fields, name: new})


LONG = "The coordinator must decide by Friday which adult Robin trusts enough to begin mentoring."
DSL = org("school")

MANIFEST_ROWS: list[tuple[str, Callable[[], Case], Code, str | None]] = [
    ("POL-01", lambda: private(answer()).where(sender=org("school")),
     Code.BASIS_LEGITIMATE_INTEREST, "manifest.legal.art6"),
    ("POL-02", lambda: private(answer()).knowing(public_task_statement=False),
     Code.BASIS_PUBLIC_TASK_STATEMENT, "manifest.legal.annex1"),
    ("POL-03", lambda: answer("nhs_trust").but(legal={"art9": None, "sch1": []}),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.art9"),
    ("POL-03", lambda: answer("nhs_trust").but(legal={"sch1": []}),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.sch1"),
    ("POL-03", lambda: answer("nhs_trust").but(legal={"policy_document": None}),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.policy_document"),
    ("POL-03", lambda: answer("nhs_trust").but(legal={"policy_document": "APD/OTHER"}),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.policy_document"),
    ("POL-03", lambda: answer("nhs_trust").where(sender=org("nhs_trust", policy_document={
        "ref": "APD/2026/7", "valid_from": "2025-01-01", "valid_to": "2026-11-15"})),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.policy_document"),
    ("POL-03", lambda: answer("nhs_trust").where(sender=org("nhs_trust", policy_document=None)),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.policy_document"),
    ("POL-03", lambda: answer("police_force").but(attest={"special_category": True}),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.part3.sch8"),
    ("POL-03", lambda: answer("police_force").but(
        attest={"special_category": True}, legal={"part3": {"s35": "2b", "sch8": [1]}}),
     Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.policy_document"),
    ("POL-04", lambda: adult(answer(), "adult", at_risk=False),
     Code.BASIS_SAFEGUARDING, "manifest.attest.adult_limbs"),
    ("POL-04", lambda: adult(answer(), "unknown", care_needs=False),
     Code.BASIS_SAFEGUARDING, "manifest.attest.adult_limbs"),
    ("POL-04", lambda: adult(answer(), "adult_at_risk").but(attest={"adult_limbs": ...}),
     Code.BASIS_SAFEGUARDING, "manifest.attest.adult_limbs"),
    ("POL-04", lambda: answer().but(legal={"sch1": [18]}),
     Code.BASIS_SAFEGUARDING, "manifest.attest.no_consent_reason"),
    ("POL-04", lambda: answer("police_force").but(
        legal={"part3": {"s35": "2b", "sch8": [4]}}),
     Code.BASIS_SAFEGUARDING, "manifest.attest.no_consent_reason"),
    ("POL-05", lambda: answer("yjs").but(legal={"sch1": [6]}),
     Code.BASIS_CRIMINAL, "manifest.legal.sch1"),
    ("POL-05", lambda: answer("la_housing", G1=("hsg.tenure", "hsg.status")).but(
        attest={"criminal": True}),
     Code.BASIS_CRIMINAL, "manifest.legal.sch1"),
    ("POL-05", lambda: answer("probation", B1=("prb.status",)).but(
        legal={"art9": None, "policy_document": None}),
     Code.BASIS_CRIMINAL, "manifest.legal.policy_document"),
    ("POL-06", lambda: answer("police_force").where(
        sender=org("police_force", competent_authority=False)),
     Code.BASIS_REGIME, "manifest.legal.regime"),
    ("POL-07", lambda: answer("police_force").but(legal={"authority": []}),
     Code.BASIS_CROSSING, "manifest.legal.authority"),
    ("POL-06", lambda: answer("yjs").but(
        legal={"recipient_regime": "part3"}),
     Code.BASIS_REGIME, "manifest.legal.recipient_regime"),
    ("POL-09", lambda: request(E1=("edu.enrolment_status", "edu.course_mode")),
     Code.FIELD_NOT_ALLOWED, "edu.course_mode"),
    ("POL-09", lambda: request(E2=("edu.enrolment_status",)),
     Code.FIELD_NOT_ALLOWED, "edu.enrolment_status"),
    ("POL-09", lambda: answer(**EDU).listing("edu.attendance_pct"),
     Code.FIELD_NOT_ASKED, "edu.attendance_pct"),
    ("POL-09", lambda: answer(**EDU).listing("edu.course_mode").knowing(
        wants={"E1": ("edu.enrolment_status", "edu.year_group", "edu.course_mode")}),
     Code.FIELD_NOT_ALLOWED, "edu.course_mode"),
    ("POL-09", lambda: about("information.redirect/1").listing("edu.year_group"),
     Code.FIELD_NOT_ALLOWED, "edu.year_group"),
    ("POL-10", lambda: request().listing("id.nhs_number"),
     Code.FIELD_NOT_FOR_RECIPIENT, "id.nhs_number"),
    ("POL-10", lambda: request("nhs_trust").listing("id.upn"),
     Code.FIELD_NOT_FOR_RECIPIENT, "id.upn"),
    ("POL-10", lambda: request("la_housing", G2=("hsg.household_counts",)).listing(
        "id.address_previous"),
     Code.FIELD_NOT_FOR_RECIPIENT, "id.address_previous"),
    ("POL-10", lambda: answer().listing("id.dob"), Code.FIELD_NOT_FOR_RECIPIENT, "id.dob"),
    ("POL-11", lambda: answer().but(attest={"no_sensitive_info_s38_5": ...}),
     Code.ATTESTATION_MISSING, "manifest.attest.no_sensitive_info_s38_5"),
    ("POL-11", lambda: request().but(attest={"no_sensitive_info_s38_5": False}),
     Code.ATTESTATION_MISSING, "manifest.attest.no_sensitive_info_s38_5"),
    ("POL-11", lambda: answer().but(marking={"tier": "SECRET"}),
     Code.MARKING_TOO_HIGH, "manifest.marking.tier"),
    ("POL-13", lambda: answer().but(legal={"art6": "A6-1-a"}),
     Code.BASIS_CONSENT, "manifest.legal.art6"),
    ("POL-13", lambda: answer().but(legal={"art9": "A9-2-a"}),
     Code.BASIS_CONSENT, "manifest.legal.art9"),
    ("POL-13", lambda: answer("police_force").but(legal={"part3": {"s35": "2a", "sch8": []}}),
     Code.BASIS_CONSENT, "manifest.legal.part3"),
    ("POL-16", lambda: with_role("la_panel", "LACC", valid_to=AT - timedelta(seconds=1)),
     Code.ROLE_NOT_HELD, "manifest.from.role"),
    ("POL-16", lambda: with_role("la_panel", "LACC", valid_from=AT - timedelta(seconds=1)),
     Code.ROLE_NOT_HELD, "manifest.from.role"),
    ("POL-16", lambda: with_role("la_panel", "LACC", persons=("staff-0002",)),
     Code.ROLE_NOT_HELD, "manifest.from.person"),
    ("POL-16", lambda: request().but(to={"area": "E06000001"}),
     Code.ROLE_NOT_HELD, "manifest.to.role"),
    ("POL-17", lambda: answer().but(legal={"agreement": None}),
     Code.AGREEMENT_MISSING, "manifest.legal.agreement"),
    ("POL-17", lambda: answer().where(sender=org("school", agreements=[])),
     Code.AGREEMENT_MISSING, "manifest.legal.agreement"),
    ("POL-17", lambda: answer().where(recipient=org("la_panel", agreements=[])),
     Code.AGREEMENT_MISSING, "manifest.legal.agreement"),
    ("POL-17", lambda: answer().where(at=datetime(2028, 1, 1, 9, tzinfo=UTC), pack=packed(
        valid_to=date(2028, 12, 31))).where(sender=org("school", policy_document={
            "ref": "APD/2026/7", "valid_from": "2026-01-01", "valid_to": "2029-01-01"})),
     Code.AGREEMENT_MISSING, "manifest.legal.agreement"),
    ("POL-18", lambda: request().but(necessity=...),
     Code.NECESSITY_INSUFFICIENT, "manifest.necessity"),
    ("POL-19", lambda: many(8), Code.APPROVAL_MISSING, "manifest.attest.supervisor_approval"),
    ("POL-19", lambda: many(7, supervisor_approval="SUP/1"), Code.APPROVAL_MISSING,
     "manifest.wants"),
    ("POL-21", lambda: answer("district").but(attest={"residence_link": ...}),
     Code.RESIDENCE_MISSING, "manifest.attest.residence_link"),
    ("POL-21", lambda: answer("district").but(attest={"residence_link": False}),
     Code.RESIDENCE_MISSING, "manifest.attest.residence_link"),
    ("POL-22", lambda: answer().but(onward="pack"), Code.ONWARD_NOT_ALLOWED, "manifest.onward"),
    ("POL-22", lambda: request().but(onward="originator_consent"),
     Code.ONWARD_NOT_ALLOWED, "manifest.onward"),
    ("POL-22", lambda: answer().but(orig={"h": H, "jti": jti("other"), "iss": DSL.urn}),
     Code.ONWARD_NOT_ALLOWED, "manifest.orig"),
    ("POL-23", lambda: answer("la_csc").but(legal={"authority": ["CA2004-s28"]}),
     Code.BASIS_JURISDICTION, "manifest.legal.authority"),
    ("POL-23", lambda: answer().where(
        sender=org("school", nation="scotland")).but(legal={"authority": ["EdA2002-s175"]}),
     Code.BASIS_JURISDICTION, "manifest.legal.authority"),
    ("POL-23", lambda: request().where(recipient=org("school", nation="northern-ireland")),
     Code.BASIS_JURISDICTION, "manifest.legal.authority"),
    ("POL-26", lambda: answer().but(retain_until="2028-11-17"),
     Code.RETENTION_TOO_LONG, "manifest.retain_until"),
    ("POL-26", lambda: answer().but(retain_until="2028-11-17", subject_class="unknown"),
     Code.RETENTION_TOO_LONG, "manifest.retain_until"),
    ("POL-26", lambda: answer().but(retain_until="2029-11-17", subject_class="adult"),
     Code.RETENTION_TOO_LONG, "manifest.retain_until"),
    ("POL-28", lambda: answer().but(pol={"h": H}), Code.PACK_UNKNOWN, "manifest.pol"),
    ("POL-28", lambda: answer().but(pol={"ver": "2026.11.2"}), Code.PACK_UNKNOWN, "manifest.pol"),
    ("POL-28", lambda: answer().where(pack=None), Code.PACK_UNKNOWN, "manifest.pol"),
    ("POL-28", lambda: answer().where(pack=packed(valid_to=date(2026, 11, 14))),
     Code.PACK_NOT_IN_FORCE, "manifest.pol.ver"),
    ("POL-28", lambda: answer().where(pack=packed(valid_from=date(2026, 11, 17))),
     Code.PACK_NOT_IN_FORCE, "manifest.pol.ver"),
    ("POL-28", lambda: answer().where(superseded_at=AT - timedelta(hours=24)),
     Code.PACK_NOT_IN_FORCE, "manifest.pol.ver"),
    ("POL-28", lambda: answer().where(pack=packed(signed_by=pack().head.signed_by[:1])),
     Code.PACK_NOT_COUNTERSIGNED, "manifest.pol.id"),
    ("POL-28", lambda: answer().where(pack=packed(signed_by=tuple(
        replace(one, sector="health") for one in pack().head.signed_by))),
     Code.PACK_NOT_COUNTERSIGNED, "manifest.pol.id"),
    ("POL-29", lambda: request().but(from_={"role": "CHAIR"}),
     Code.TYPE_NOT_ALLOWED, "manifest.from.role"),
    ("POL-29", lambda: request().but(to={"role": "SIGNOFF"}),
     Code.RECIPIENT_NOT_ALLOWED, "manifest.to.role"),
    ("POL-29", lambda: request().but(mt="information.request/2"), Code.TYPE_UNKNOWN, "manifest.mt"),
    ("POL-29", lambda: about("information.redirect/1").where(sender=org("oversight", roles=[
        one.model_dump(mode="json") for one in org("school").roles])),
     Code.TYPE_NOT_ALLOWED, "manifest.from.role"),
    ("POL-30", lambda: request().but(pol={"purpose": "recruitment"}),
     Code.PURPOSE_NOT_ALLOWED, "manifest.pol.purpose"),
    ("POL-30", lambda: answer().but(pol={"purpose": "channel_post_exit_review"}),
     Code.PURPOSE_NOT_ALLOWED, "manifest.pol.purpose"),
    ("POL-31", lambda: answer().but(legal={"art6": "A6-1-f"}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal.art6"),
    ("POL-31", lambda: answer().but(legal={"art6": "A6-1-c"}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal"),
    ("POL-31", lambda: answer().but(legal={"authority": []}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal"),
    ("POL-31", lambda: answer().but(legal={"authority": ["CA1989-s47"]}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal"),
    ("POL-31", lambda: answer().but(legal={"authority": ["CTSA-s99"]}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal.authority"),
    ("POL-31", lambda: answer("nhs_trust").but(legal={"art9": "A9-2-h"}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal.art9"),
    ("POL-31", lambda: answer("nhs_trust").but(legal={"art9": "A9-2-c"}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal"),
    ("POL-31", lambda: answer().but(legal={"sch1": [6, 8]}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal"),
    ("POL-31", lambda: answer("police_force").but(
        legal={"part3": {"s35": "4", "sch8": []}}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal.part3.s35"),
    ("POL-31", lambda: private(answer()).but(legal={"annex1": []}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal"),
    ("POL-31", lambda: answer().but(legal={"part3": {"s35": "2b", "sch8": []}}),
     Code.BASIS_NOT_ALLOWED, "manifest.legal"),
    ("POL-32", lambda: request().but(req={"jti": jti("x"), "h": H}),
     Code.REQUEST_MISMATCH, "manifest.req"),
    ("POL-32", lambda: about("information.redirect/1").but(wants={"E1": ["edu.year_group"]}),
     Code.MANIFEST_UNKNOWN_MEMBER, "manifest.wants"),
    ("POL-32", lambda: about("information.redirect/1").where(request=None),
     Code.REQUEST_UNKNOWN, "manifest.req"),
    ("POL-32", lambda: about("information.redirect/1").but(req=...),
     Code.REQUEST_UNKNOWN, "manifest.req"),
    ("POL-32", lambda: answer().where(request=None), Code.REQUEST_UNKNOWN, "manifest.req"),
    ("POL-32", lambda: answer().but(req={"h": H}), Code.REQUEST_MISMATCH, "manifest.req"),
    ("POL-32", lambda: answer().but(req={"jti": jti("x")}), Code.REQUEST_MISMATCH, "manifest.req"),
    ("POL-32", lambda: answer().knowing(aud=org("college").urn),
     Code.REQUEST_NOT_YOURS, "manifest.iss"),
    ("POL-32", lambda: answer().knowing(iss=org("police_ctp").urn),
     Code.REQUEST_NOT_YOURS, "manifest.aud"),
    ("POL-32", lambda: about("information.withdrawal/1").knowing(iss=org("police_ctp").urn),
     Code.REQUEST_NOT_YOURS, "manifest.iss"),
    ("POL-32", lambda: about("deadline.reminder/1").knowing(aud=org("college").urn),
     Code.REQUEST_NOT_YOURS, "manifest.aud"),
    ("POL-32", lambda: answer().knowing(conv="a" * 26), Code.REQUEST_MISMATCH, "manifest.conv"),
    ("POL-32", lambda: answer().knowing(open=False), Code.REQUEST_CLOSED, "manifest.req"),
    ("POL-33", lambda: answer().listing(without=("rsp.match_confidence",)),
     Code.FIELD_MISSING, "rsp.match_confidence"),
    ("POL-33", lambda: answer("nhs_trust").listing(without=("hlt.caldicott_ref",)),
     Code.FIELD_MISSING, "hlt.caldicott_ref"),
    ("POL-33", lambda: answer().listing("hlt.caldicott_ref"),
     Code.FIELD_NOT_FOR_TYPE, "hlt.caldicott_ref"),
    ("POL-33", lambda: answer().listing("edu.invented_by_sender"),
     Code.FIELD_UNKNOWN, "manifest.f"),
    ("POL-34", lambda: answer(**EDU).listing(without=("edu.year_group",)),
     Code.FIELD_NOT_ANSWERED, "edu.year_group"),
    ("POL-34", lambda: answer(**EDU).knowing(closed_questions=frozenset({"E1"})),
     Code.QUESTION_CLOSED, "E1"),
    ("POL-35", lambda: request("la_housing").listing("ask.concern_theme"),
     Code.FIELD_NOT_FOR_RECIPIENT, "ask.concern_theme"),
    ("POL-35", lambda: request("school").listing("ask.concern_summary"),
     Code.FIELD_NOT_FOR_RECIPIENT, "ask.concern_summary"),
    ("POL-36", lambda: answer("nhs_trust").but(attest={"signoff_ref": ...}),
     Code.ATTESTATION_SIGNOFF, "manifest.attest.signoff_ref"),
    ("POL-36", lambda: answer(E3=("edu.send_status", "edu.send_primary_need")).but(
        attest={"signoff_ref": ..., "special_category": False}),
     Code.ATTESTATION_SIGNOFF, "manifest.attest.signoff_ref"),
    ("POL-37", lambda: request().but(attest={"public_task_statement": False}),
     Code.ATTESTATION_REQUIRED, "manifest.attest.public_task_statement"),
    ("POL-37", lambda: answer().but(attest={"working_days": 5}),
     Code.ATTESTATION_NOT_ALLOWED, "manifest.attest.working_days"),
    ("POL-37", lambda: about("deadline.reminder/1").but(attest={"rung": ...}),
     Code.ATTESTATION_REQUIRED, "manifest.attest.rung"),
    ("POL-38", lambda: answer().but(marking={"sensitive": False}),
     Code.MARKING_TOO_LOW, "manifest.marking.sensitive"),
    ("POL-38", lambda: answer().but(marking={"handling": []}),
     Code.MARKING_TOO_LOW, "manifest.marking.handling"),
    ("POL-39", lambda: request().but(attest={"working_days": ..., "elapsed_h": 4}),
     Code.DEADLINE_NOT_ALLOWED, "manifest.attest.elapsed_h"),
    ("POL-39", lambda: request("la_csc").but(attest={"working_days": ..., "elapsed_h": 5}),
     Code.DEADLINE_NOT_ALLOWED, "manifest.attest.elapsed_h"),
    ("POL-39", lambda: request("la_csc").but(attest={"elapsed_h": 4}),
     Code.DEADLINE_NOT_ALLOWED, "manifest.attest.elapsed_h"),
    ("POL-40", lambda: about("information.clarification_query/1").knowing(queries=1),
     Code.CLOCK_ALREADY_STOPPED, "manifest.attest.clarification_accepted"),
    ("POL-40", lambda: about("information.extension_request/1").knowing(extension_days=9),
     Code.EXTENSION_TOO_LONG, "manifest.attest.extension_days"),
    ("POL-40", lambda: about("information.extension_request/1").knowing(
        due_at=AT - timedelta(seconds=1)),
     Code.EXTENSION_TOO_LATE, "manifest.req"),
    ("POL-40", lambda: about("information.extension_decision/1").knowing(extension_days=2),
     Code.EXTENSION_TOO_LONG, "manifest.attest.extension"),
]  # fmt: skip


BODY_ROWS: list[tuple[str, Callable[[], Case], Code, str | None]] = [
    ("POL-08", lambda: held(answer("police_force"), "pol.missing_episodes_24m", p3=None),
     Code.BASIS_PART3_METADATA, "pol.missing_episodes_24m"),
    ("POL-08", lambda: held(answer("police_force"), "pol.missing_episodes_24m",
                            p3={**PART_3, "reliability": None}),
     Code.BASIS_PART3_METADATA, "pol.missing_episodes_24m"),
    ("POL-08", lambda: held(answer("la_csc"), "csc.missing_12m", p3=PART_3),
     Code.BASIS_PART3_METADATA, "csc.missing_12m"),
    ("POL-18", lambda: saying("Need to know because of the concern in this case about him now."),
     Code.NECESSITY_INSUFFICIENT, "ask.questions/0"),
    ("POL-18", lambda: saying("He is a muslim and his islamic faith and religious belief is why we need it."),
     Code.NECESSITY_INSUFFICIENT, "ask.questions/0"),
    ("POL-18", lambda: saying("Mentoring begins Friday, decide now."),
     Code.NECESSITY_INSUFFICIENT, "ask.questions/0"),
    ("POL-18", lambda: saying(LONG * 5), Code.NECESSITY_INSUFFICIENT, "ask.questions/0"),
    ("POL-18", lambda: saying(LONG, LONG.upper()), Code.NECESSITY_INSUFFICIENT, "ask.questions/1"),
    ("POL-19", lambda: wide("2024-11-15"), Code.APPROVAL_MISSING, "ask.questions/0"),
    ("POL-19", lambda: wide("2021-11-15", supervisor_approval="SUP/1"),
     Code.APPROVAL_MISSING, "ask.questions/0"),
    ("POL-20", lambda: request().telling(id__given_names="Robin and Sam"),
     Code.SUBJECT_MORE_THAN_ONE, "id.given_names"),
    ("POL-20", lambda: request().telling(id__family_name="Example; Sample"),
     Code.SUBJECT_MORE_THAN_ONE, "id.family_name"),
    ("POL-20", lambda: request().telling(id__known_as=["Rob", "Example, Sam"]),
     Code.SUBJECT_MORE_THAN_ONE, "id.known_as"),
    ("POL-27", lambda: held(answer(), "edu.behaviour_change",
                            value="He asked about indefinite leave to remain for his uncle."),
     Code.TEXT_IMMIGRATION, "edu.behaviour_change"),
    ("POL-27", lambda: about("information.clarification_query/1").telling(
        cla__query="Should we add the browsing history of the library computer?"),
     Code.TEXT_BROWSING, "cla.query"),
    ("POL-35", lambda: request("la_housing").telling(ask__concern_level="L1"),
     Code.FIELD_NOT_FOR_RECIPIENT, "ask.concern_level"),
    ("POL-41", lambda: replace(answer(), fields={
        k: v for k, v in answer().fields.items() if k != "edu.year_group"}),
     Code.ATTESTATION_DISAGREES, "manifest.f"),
    ("POL-41", lambda: request().but(necessity={"h": H}),
     Code.ATTESTATION_DISAGREES, "manifest.necessity"),
    ("POL-41", lambda: about("information.extension_request/1").but(attest={"extension_days": 1}),
     Code.ATTESTATION_DISAGREES, "manifest.attest.extension_days"),
    ("POL-41", lambda: about("information.extension_decision/1").but(
        attest={"extension": {"granted": True, "days": 1}}),
     Code.ATTESTATION_DISAGREES, "manifest.attest.extension"),
    ("POL-41", lambda: about("deadline.reminder/1").but(attest={"rung": "e3"}),
     Code.ATTESTATION_DISAGREES, "manifest.attest.rung"),
    ("POL-41", lambda: answer("nhs_trust").but(attest={"special_category": False}),
     Code.ATTESTATION_DISAGREES, "manifest.attest.special_category"),
    ("POL-41", lambda: answer("police_force").but(attest={"criminal": False}),
     Code.ATTESTATION_DISAGREES, "manifest.attest.criminal"),
    ("POL-42", lambda: about("information.refusal/1").telling(
        refusal__reason="prejudice_to_investigation"),
     Code.REFUSAL_REASON_NOT_YOURS, "refusal.reason"),
    ("POL-42", lambda: replace(answer(), fields={**answer().fields, "edu.year_group": {
        "state": "withheld", "reason": "prejudice_to_investigation"}}),
     Code.REFUSAL_REASON_NOT_YOURS, "edu.year_group"),
]  # fmt: skip
