"""Conditions for special category and criminal data: POL-03, 04, 05."""

from policies.lawful_basis import BasisKind, find
from policies.rules.facts import Facts
from policies.rules.rule import NONE, Found, Rule
from schemas.problems import Code, Problem

__all__ = ["RULES", "policy_document_holds"]

_SUBSTANTIAL_PUBLIC_INTEREST = "A9-2-g"
_UNLAWFUL_ACTS, _SAFEGUARDING, _VITAL, _EXTENSION = 10, 18, 30, 36
_EXTENDED = frozenset({6, 10, 18})  # Part 2 paragraphs that paragraph 36 extends here
_SCHEDULE_8_SAFEGUARDING = 4


def policy_document_holds(facts: Facts) -> bool:
    """Tell whether the policy document named is the sender's, and in date on the day."""
    held = facts.sender.policy_document
    return (
        held is not None
        and facts.manifest.legal.policy_document == held.ref
        and held.valid_from <= facts.on <= held.valid_to
    )


def _special(facts: Facts) -> Found:
    if not facts.special_category:
        return None
    legal = facts.manifest.legal
    if legal.regime == "part3":
        if legal.part3 is None or not legal.part3.sch8:
            return (Problem(Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.part3.sch8"),)
        return _document(facts, needed=True)
    if legal.art9 is None:
        return (Problem(Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.art9"),)
    paragraphs = [n for n in legal.sch1 if n != _EXTENSION]
    if legal.art9 == _SUBSTANTIAL_PUBLIC_INTEREST and not paragraphs:
        return (Problem(Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.sch1"),)
    return _document(facts, needed=_needs_document(facts))


def _needs_document(facts: Facts) -> bool:
    """Paragraphs 6, 8, 10 and 18 do; 10 not towards a competent authority (paragraph 10(2))."""
    for number in facts.manifest.legal.sch1:
        basis = find(BasisKind.SCHEDULE_1, number)
        exempt = number == _UNLAWFUL_ACTS and facts.recipient.competent_authority
        if basis is not None and basis.needs_policy_document and not exempt:
            return True
    return False


def _document(facts: Facts, *, needed: bool) -> tuple[Problem, ...]:
    if needed and not policy_document_holds(facts):
        return (Problem(Code.BASIS_SPECIAL_CATEGORY, "manifest.legal.policy_document"),)
    return NONE


def _safeguarding(facts: Facts) -> Found:
    legal = facts.manifest.legal
    in_part_3 = legal.part3 is not None and _SCHEDULE_8_SAFEGUARDING in legal.part3.sch8
    if _SAFEGUARDING not in legal.sch1 and not in_part_3:
        return None
    attest = facts.manifest.attest
    problems = []
    if attest.no_consent_reason is None:
        problems.append(Problem(Code.BASIS_SAFEGUARDING, "manifest.attest.no_consent_reason"))
    limbs = attest.adult_limbs
    all_three = limbs is not None and (
        limbs.care_needs and limbs.at_risk and limbs.unable_to_protect
    )
    # "unknown" may be an adult: it counts as one.
    if facts.manifest.subject_class != "child" and not all_three:
        problems.append(Problem(Code.BASIS_SAFEGUARDING, "manifest.attest.adult_limbs"))
    return tuple(problems)


def _criminal(facts: Facts) -> Found:
    legal = facts.manifest.legal
    if not facts.criminal or legal.regime == "part3":
        return None
    paragraphs = frozenset(legal.sch1)
    if _VITAL in paragraphs:
        return NONE
    if _EXTENSION not in paragraphs or not paragraphs & _EXTENDED:
        return (Problem(Code.BASIS_CRIMINAL, "manifest.legal.sch1"),)
    # With special category data as well, POL-03 asks for the document already.
    if not facts.special_category and _needs_document(facts) and not policy_document_holds(facts):
        return (Problem(Code.BASIS_CRIMINAL, "manifest.legal.policy_document"),)
    return NONE


RULES = (
    Rule(
        "POL-03",
        "Special category data has an Article 9 condition, a Schedule 1 paragraph (or Schedule 8),"
        " and a policy document in date.",
        _special,
    ),
    Rule(
        "POL-04",
        "Safeguarding (paragraph 18) has a reason for not asking consent and, for an adult, all"
        " three limbs.",
        _safeguarding,
    ),
    Rule(
        "POL-05",
        "Criminal-offence data has paragraph 36 together with the paragraph that it extends.",
        _criminal,
    ),
)
