"""Rules that need the case's own history: their place is kept, and ``explain`` says so."""

from policies.rules.rule import Rule

__all__ = ["RULES"]

_LATER = (
    "Not checked in this version: it needs the case's own history, which comes with the message"
    " types for cases, consent and panels."
)

RULES = (
    Rule(
        "POL-12",
        "A request is made only while the case is being gathered for or reviewed, and the last"
        " deconfliction result says proceed.",
        later=_LATER,
    ),
    Rule(
        "POL-14",
        "Interventions need a current consent to support; a withdrawal stops them the same day.",
        later=_LATER,
    ),
    Rule(
        "POL-15",
        "For somebody under 18 a parent or guardian consents to support (section 41).",
        later=_LATER,
    ),
    Rule(
        "POL-24",
        "A local counter-terrorism profile holds no personal data and no small number.",
        later=_LATER,
    ),
    Rule(
        "POL-25",
        "A panel decision holds what sections 36(5), 36(6), 37(3) and 37(6) demand.",
        later=_LATER,
    ),
)
