"""What may never become a field, sector by sector, and signs of it in free text (POL-27).

Two guards. ``prohibited_id`` keeps a field of the wrong kind out of the catalogue for good.
``lint`` looks through what people typed, at both edges only: the broker sees no values. It is
conservative: it names patterns that have no business in an answer, and lets pass what is itself the
concern (a mosque that somebody threatens, hostility to refugees). It cannot find everything, and
does not claim to; the person who signs off reads the text.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.encoding import JsonValue
from schemas.fields.check_digits import nhs_number_holds, upn_holds
from schemas.fields.field import Field, Tag
from schemas.fields.sector import PREFIXES, Sector
from schemas.problems import Code, Problem

__all__ = ["PROHIBITED", "PROHIBITED_ANYWHERE", "Prohibited", "lint", "prohibited_id"]

POL_27 = "POL-27"


@dataclass(frozen=True, slots=True)
class Prohibited:
    """Something that no field may hold.

    Attributes:
        concept: What it is, in plain words.
        words: Words of a field id that would betray it, joined by ``_`` where several.

    """

    concept: str
    words: tuple[str, ...]


PROHIBITED_ANYWHERE: tuple[Prohibited, ...] = (
    Prohibited("ethnicity or race", ("ethnicity", "ethnic", "race")),
    Prohibited("religion, belief or their practice", ("religion", "religious", "faith", "belief")),
    Prohibited(
        "nationality or immigration status",
        ("nationality", "citizenship", "immigration", "visa", "asylum", "passport", "refugee"),
    ),
    Prohibited("sexual orientation or sex life", ("sexual_orientation", "sexuality", "sex_life")),
    Prohibited("biometric or genetic data", ("biometric", "fingerprint", "dna", "genetic")),
    Prohibited("pictures of a person", ("photo", "photograph", "image", "video")),
    Prohibited(
        "devices, social media accounts and browsing history",
        ("device", "phone_contents", "social_media", "handle", "browsing", "search_history"),
    ),
    Prohibited("attachments", ("attachment", "attachments", "file", "document")),
    Prohibited("whole chronologies", ("chronology",)),
)

# Domain 2.5, the "Never" line of each sector.
PROHIBITED: Mapping[Sector, tuple[Prohibited, ...]] = MappingProxyType(
    {
        Sector.EDUCATION: (
            Prohibited("attainment", ("attainment", "exam", "exams", "grade", "grades")),
            Prohibited("family income", ("fsm", "free_school_meals", "pupil_premium")),
            Prohibited("other pupils", ("peer_name", "peer_names", "pupils", "classmates")),
            Prohibited("lawful debate, prayer or dress", ("essay", "debate", "prayer", "dress")),
        ),
        Sector.HEALTH: (
            Prohibited("the record itself", ("record", "letters", "letter", "notes")),
            Prohibited("medication", ("medication", "medicines", "prescriptions")),
            Prohibited("sexual or reproductive health", ("sexual", "reproductive", "hiv", "sti")),
            Prohibited("gender identity history", ("gender", "gender_identity")),
            Prohibited("relatives' health", ("relatives", "family_history")),
        ),
        Sector.POLICE: (
            Prohibited("intelligence and its sources", ("intelligence", "intel", "source", "chis")),
            Prohibited("printouts", ("pnc", "pnd", "printout")),
            Prohibited("associates", ("associate", "associates")),
            Prohibited("travel", ("travel", "port", "ports", "anpr")),
            Prohibited("live investigations", ("investigation", "investigations")),
        ),
        Sector.CHILDRENS_SOCIAL_CARE: (
            Prohibited("assessments", ("assessment", "assessments")),
            Prohibited("siblings' records", ("sibling", "siblings")),
            Prohibited("adoption", ("adoption",)),
            Prohibited("allegations about others", ("allegation", "allegations")),
        ),
        Sector.ADULT_SOCIAL_CARE: (
            Prohibited("finances", ("finance", "finances", "income", "savings")),
            Prohibited("the whole assessment", ("assessment", "assessments")),
            Prohibited("carers' data", ("carer", "carers")),
        ),
        Sector.HOUSING: (
            Prohibited("money", ("rent", "rent_account", "benefits", "bank", "arrears")),
            Prohibited("right to rent", ("right_to_rent",)),
            Prohibited("CCTV", ("cctv",)),
            Prohibited("other tenants", ("tenants", "neighbour", "neighbours")),
        ),
        Sector.DISTRICT: (
            Prohibited("money", ("benefits", "council_tax", "arrears")),
            Prohibited("CCTV", ("cctv",)),
        ),
        Sector.YOUTH_JUSTICE: (Prohibited("assessments", ("assessment", "assessments")),),
        Sector.PROBATION: (Prohibited("assessments", ("assessment", "assessments")),),
    }
)


def prohibited_id(field_id: str) -> str | None:
    """Tell what prohibited thing a field id names, in plain words; None if it names none.

    Args:
        field_id: Any id; those of answers are held to the list of their sector as well.

    """
    words = f"_{field_id.replace('.', '_')}_"
    prefix = field_id.partition(".")[0]
    lists = [PROHIBITED_ANYWHERE]
    lists.extend(PROHIBITED[sector] for sector, known in PREFIXES.items() if prefix in known)
    for entry in (entry for entries in lists for entry in entries):
        if any(f"_{word}_" in words for word in entry.words):
            return entry.concept
    return None


_Sign = Callable[[str], bool]


def _any_of(*patterns: str, flags: re.RegexFlag = re.IGNORECASE) -> _Sign:
    joined = re.compile("|".join(patterns), flags | re.ASCII)
    return lambda text: joined.search(text) is not None


def _checked(pattern: str, holds: Callable[[str], bool]) -> _Sign:
    shape = re.compile(pattern, re.ASCII)
    return lambda text: any(holds(re.sub(r"[ -]", "", m[0])) for m in shape.finditer(text))


# Words by which a sentence speaks of the person or the family rather than of a concern.
_SOMEBODY = (
    r"\b(?:he|she|they|we|the (?:subject|person|pupil|student|patient|tenant|family|mother|father"
    r"|parents?|child|boy|girl|man|woman)|family|mother|father|parents?|subject)\s+(?:\w+\s+){0,2}"
)
_WORSHIP = r"(?:mosque|church|synagogue|gurdwara|temple|chapel|madrassah?)"
_DRESS = (
    r"(?:hijab|niqab|bur[qk]a|jilbab|abaya|head ?scarf|turban|kippah|skull ?cap|thobe|crucifix)"
)
_FAITHS = r"(?:islam|christianity|judaism|hinduism|sikhism|buddhism|catholicism)"
_DAYS = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"

# The order is that in which problems are reported.
_SIGNS: tuple[tuple[Code, tuple[_Sign, ...]], ...] = (
    (
        Code.TEXT_IDENTIFIER,
        (
            _checked(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)", nhs_number_holds),
            _checked(r"\b[A-HJ-NP-RT-Z]\d{11}[0-9A-HJ-NP-RT-Z]\b", upn_holds),
            # National Insurance number; PNC id.
            _any_of(
                r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]\b",
                r"\b(?:19|20)\d\d/\d{7}[A-Z]\b",
            ),
        ),
    ),
    (
        Code.TEXT_CONTACT,
        (
            _any_of(
                r"[^\s@]{1,64}@[^\s@]{1,255}\.[a-z]{2,}",
                r"(?<![\w@])@\w{3,}",
                r"\bhttps?://",
                r"\bwww\.",
                r"(?<!\d)(?:\+44|0)(?:[ -]?\d){9,10}(?!\d)",
            ),
            _any_of(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b", flags=re.RegexFlag(0)),
        ),
    ),
    (
        Code.TEXT_NAME,
        (
            _any_of(
                r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.? [A-Z][a-z]+",
                r"\b(?:called|named|friend|brother|sister|cousin|uncle|aunt|boyfriend|girlfriend"
                rf"|classmate),? (?!{_DAYS}\b)[A-Z][a-z]{{2,}}",
                flags=re.RegexFlag(0),
            ),
        ),
    ),
    (
        Code.TEXT_IMMIGRATION,
        (
            _any_of(
                r"\bimmigration (?:status|case|papers|application)\b",
                r"\b(?:indefinite |limited )?leave to remain\b",
                r"\bno recourse to public funds\b",
                r"\bright to (?:rent|work) check\b",
                r"\b(?:asylum|refugee) (?:claim|application|status)\b",
                r"\b(?:student|work|spouse|visitor) visa\b",
                r"\bvisa (?:status|expired|expires|overstay\w*|refus\w+)\b",
                r"\bdeport(?:ation|ed) (?:order|from)\b",
                _SOMEBODY + r"(?:an? )?(?:asylum seekers?|refugees?|overstayers?|undocumented)\b",
            ),
        ),
    ),
    (
        Code.TEXT_RELIGIOUS_PRACTICE,
        (
            _any_of(
                _SOMEBODY + r"pray(?:s|ed|ing)?\b",
                r"\bpray(?:s|ed|ing)? (?:five|daily|regularly|more|at (?:school|home|work))\b",
                r"\bprayer (?:mat|room|times?|beads)\b",
                rf"\b(?:wear(?:s|ing)?|wore)\s+(?:\w+\s+){{0,3}}{_DRESS}\b",
                r"\b(?:grew|grow(?:s|n|ing)?)\s+(?:\w+\s+){0,2}beard\b",
                rf"\b(?:attend(?:s|ed|ing)?|goes to|went to|going to)\s+(?:\w+\s+){{0,3}}{_WORSHIP}\b",
                rf"\b(?:con|re)vert(?:s|ed|ing)? to {_FAITHS}\b",
                r"\b(?:fast(?:s|ed|ing)|observ(?:es|ed|ing)) (?:for |during |in )?(?:ramadan|lent)\b",
                r"\beats? (?:only )?(?:halal|kosher)\b",
            ),
        ),
    ),
    (
        Code.TEXT_SEXUAL_HEALTH,
        (
            _any_of(r"\b(?:HIV|STIs?|STDs?)\b", flags=re.RegexFlag(0)),
            _any_of(
                r"\b(?:sexual|reproductive) health\b",
                r"\b(?:chlamydia|gonorrhoea|syphilis|contraception|contraceptives?|abortion)\b",
                r"\bpregnan(?:t|cy)\b",
                r"\bgender (?:reassignment|dysphoria|identity (?:clinic|history))\b",
            ),
        ),
    ),
    (
        Code.TEXT_BROWSING,
        (_any_of(r"\b(?:browsing|browser|search|internet|web) (?:history|logs?)\b"),),
    ),
    (
        Code.TEXT_INTELLIGENCE,
        (
            _any_of(
                r"\b(?:MI5|MI6|GCHQ|SIGINT|HUMINT|CHIS|JTAC|PND)\b",
                r"\bSecurity Services?\b",
                flags=re.RegexFlag(0),
            ),
            _any_of(
                r"\bcovert (?:human intelligence )?sources?\b",
                r"\bintel(?:ligence)? (?:reports?|logs?|service|agenc(?:y|ies)|source)\b",
            ),
        ),
    ),
)

# In a field about others, two capitalised words inside a sentence are taken for a name.
_TWO_CAPITALS = re.compile(r"(?<=[a-z,;] )([A-Z][a-z]+) (?:[A-Z][a-z]+)", re.ASCII)
_NO_NAMES = frozenset({"Year", "Key", "Early", "Channel", "Prevent", "Sixth", "Form", "Call"})


def lint(field: Field, value: JsonValue) -> tuple[Problem, ...]:
    """Look for signs of prohibited elements in the free text of one field.

    Args:
        field: Fields without ``Tag.FREE_TEXT`` are not looked at: their values are choices,
            numbers, or what the field is for (a contact, a name).
        value: The JSON value, not the item around it.

    Returns:
        One problem per kind of sign, at the field id, with rule POL-27.

    """
    if Tag.FREE_TEXT not in field.tags:
        return ()
    texts = tuple(_texts(value))
    found = [code for code, signs in _SIGNS if any(sign(t) for sign in signs for t in texts)]
    if Tag.THIRD_PARTY in field.tags and any(_names_somebody(text) for text in texts):
        found.append(Code.TEXT_NAME)
    return tuple(Problem(code, field.id, POL_27) for code in dict.fromkeys(found))


def _names_somebody(text: str) -> bool:
    return any(match[1] not in _NO_NAMES for match in _TWO_CAPITALS.finditer(text))


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for entry in value:
                yield from _texts(entry)
        case dict():
            for entry in value.values():
                yield from _texts(entry)
        case _:
            return
