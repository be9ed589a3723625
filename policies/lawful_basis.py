"""The closed vocabulary of lawful bases, conditions and authorities.

Each entry says where it stands in law, on which day we read it, from when it holds, and in which
nations. What could only be given from memory says so (``confirmed=False``): a data protection
officer checks it before signing a pack that uses it. Not legal advice: default policy values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from policies.roles import NATIONS
from schemas.directory_entry import Nation

__all__ = ["AUTHORITIES", "BASES", "Basis", "BasisKind", "basis_name", "broad_matches", "find"]

READ_ON = date(2026, 11, 20)
DPV = "https://w3id.org/dpv/legal/eu/gdpr#"
DPV_CORE = "https://w3id.org/dpv#"
OWN = "urn:dovetail:basis:"


class BasisKind(StrEnum):
    """Which list an entry belongs to; with its code it names the entry."""

    ARTICLE_6 = "art6"
    ANNEX_1 = "annex1"
    ARTICLE_9 = "art9"
    SCHEDULE_1 = "sch1"
    PART_3 = "part3"
    SCHEDULE_8 = "sch8"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Basis:
    """One lawful basis, condition or authority.

    Attributes:
        kind: The list it belongs to.
        code: What a manifest says: ``A6-1-e``, ``6`` (a paragraph), ``CTSA-s38-1``.
        label: A few plain words.
        source: The provision, so that it can be looked up.
        read_on: When we read it.
        confirmed: Whether the text itself was read; False means from memory.
        in_force_from: The first day it may be relied on, or None when long in force.
        broad_match: A wider term of the Data Privacy Vocabulary, or None. The EU's instrument,
            so never an equivalent of the United Kingdom's (domain 5.1).
        nations: Where it applies.
        needs_policy_document: Whether it asks for an appropriate policy document.
        refused: A sentence when no message here may ever rely on it; it is listed so that the
            refusal can be explained.

    """

    kind: BasisKind
    code: str
    label: str
    source: str
    read_on: date = READ_ON
    confirmed: bool = True
    in_force_from: date | None = None
    broad_match: str | None = None
    nations: frozenset[Nation] = frozenset(NATIONS)
    needs_policy_document: bool = False
    refused: str | None = None

    @property
    def iri(self) -> str:
        """A name in our own namespace, for exports as linked data."""
        return f"{OWN}{self.kind}:{self.code}"

    def holds_on(self, day: date) -> bool:
        """Tell whether it was in force on a day."""
        return self.in_force_from is None or self.in_force_from <= day


_GB: frozenset[Nation] = frozenset({"england", "wales", "scotland"})
_EW: frozenset[Nation] = frozenset({"england", "wales"})
_ENGLAND: frozenset[Nation] = frozenset({"england"})
_WALES: frozenset[Nation] = frozenset({"wales"})
_SCOTLAND: frozenset[Nation] = frozenset({"scotland"})
_DUAA = date(2026, 2, 5)  # SI 2026/82: recognised legitimate interests begin

_A6 = BasisKind.ARTICLE_6
_A9 = BasisKind.ARTICLE_9
_S1 = BasisKind.SCHEDULE_1
_S8 = BasisKind.SCHEDULE_8
_P3 = BasisKind.PART_3
_X1 = BasisKind.ANNEX_1
_AU = BasisKind.AUTHORITY

_ENTRIES = (
    # --- Article 6 UK GDPR
    Basis(
        _A6, "A6-1-a", "consent", "UK GDPR Art 6(1)(a)", broad_match=DPV + "A6-1-a",
        refused="Consent is not a basis for gathering: the balance of power makes it unfree.",
    ),
    Basis(_A6, "A6-1-c", "legal obligation", "UK GDPR Art 6(1)(c)", broad_match=DPV + "A6-1-c"),
    Basis(_A6, "A6-1-d", "vital interests", "UK GDPR Art 6(1)(d)", broad_match=DPV + "A6-1-d"),
    Basis(
        _A6, "A6-1-e", "the controller's own public task",
        "UK GDPR Art 6(1)(e) as amended by the Data (Use and Access) Act 2025 s.70; DPA 2018 s.8",
        broad_match=DPV + "A6-1-e",
    ),
    Basis(
        _A6, "A6-1-ea", "recognised legitimate interest (never a public authority)",
        "UK GDPR Art 6(1)(ea), inserted by the Data (Use and Access) Act 2025 s.70",
        in_force_from=_DUAA, broad_match=DPV_CORE + "LegitimateInterest",
    ),
    # --- Annex 1 UK GDPR: the recognised legitimate interests
    Basis(
        _X1, "1", "disclosure to a body that states in its request that it needs the data for a"
        " public task", "UK GDPR Annex 1 para 1 (Data (Use and Access) Act 2025 Sch 4)",
        in_force_from=_DUAA, broad_match=DPV_CORE + "LegitimateInterest",
    ),
    Basis(
        _X1, "6", "safeguarding a vulnerable individual", "UK GDPR Annex 1 para 6",
        in_force_from=_DUAA, broad_match=DPV_CORE + "LegitimateInterest",
    ),
    Basis(
        _X1, "7", "safeguarding: who is at risk (reads with paragraph 6)", "UK GDPR Annex 1 para 7",
        in_force_from=_DUAA, broad_match=DPV_CORE + "LegitimateInterest",
    ),
    Basis(
        _X1, "8", "safeguarding: what protection means (reads with paragraph 6)",
        "UK GDPR Annex 1 para 8", in_force_from=_DUAA,
        broad_match=DPV_CORE + "LegitimateInterest",
    ),
    # --- Article 9 UK GDPR
    Basis(
        _A9, "A9-2-a", "explicit consent", "UK GDPR Art 9(2)(a)", broad_match=DPV + "A9-2-a",
        refused="Consent is not a basis for gathering: the balance of power makes it unfree.",
    ),
    Basis(_A9, "A9-2-c", "vital interests of somebody unable to consent", "UK GDPR Art 9(2)(c)",
          broad_match=DPV + "A9-2-c"),
    Basis(_A9, "A9-2-g", "substantial public interest, with a Schedule 1 condition",
          "UK GDPR Art 9(2)(g); DPA 2018 s.10(3)", broad_match=DPV + "A9-2-g"),
    Basis(
        _A9, "A9-2-h", "health or social care", "UK GDPR Art 9(2)(h)", broad_match=DPV + "A9-2-h",
        refused="Article 9(2)(h) is for care purposes; a disclosure to a panel is not one.",
    ),
    Basis(_A9, "A9-2-j", "statistics", "UK GDPR Art 9(2)(j)", broad_match=DPV + "A9-2-j"),
    # --- Schedule 1 DPA 2018
    Basis(_S1, "4", "research and statistics", "DPA 2018 Sch 1 para 4"),
    Basis(_S1, "6", "statutory and government purposes, in substantial public interest",
          "DPA 2018 Sch 1 para 6", broad_match=DPV + "A9-2-g", needs_policy_document=True),
    Basis(_S1, "8", "equality of opportunity: monitoring only, never about one person",
          "DPA 2018 Sch 1 para 8", broad_match=DPV + "A9-2-g", needs_policy_document=True),
    Basis(_S1, "10", "preventing or detecting unlawful acts", "DPA 2018 Sch 1 para 10",
          broad_match=DPV + "A9-2-g", needs_policy_document=True),
    Basis(_S1, "18", "safeguarding of children and of individuals at risk",
          "DPA 2018 Sch 1 para 18", broad_match=DPV + "A9-2-g", needs_policy_document=True),
    Basis(_S1, "30", "vital interests (criminal data)", "DPA 2018 Sch 1 para 30"),
    Basis(_S1, "36", "extension of a Part 2 condition to criminal data",
          "DPA 2018 Sch 1 para 36"),
    # --- Part 3 DPA 2018: law enforcement
    Basis(
        _P3, "2a", "consent (law enforcement)", "DPA 2018 s.35(2)(a)",
        refused="Consent is not a basis for gathering: the balance of power makes it unfree.",
    ),
    Basis(_P3, "2b", "necessary for a task of a competent authority", "DPA 2018 s.35(2)(b)",
          broad_match="https://w3id.org/dpv/sector/law#LawEnforcement"),
    Basis(_S8, "1", "statutory purposes, strictly necessary", "DPA 2018 Sch 8 para 1",
          needs_policy_document=True),
    Basis(_S8, "4", "safeguarding of children and of individuals at risk, strictly necessary",
          "DPA 2018 Sch 8 para 4", needs_policy_document=True),
    # --- authorities: the sender's own gateway
    Basis(_AU, "CTSA-s36-1", "a local authority must have a panel",
          "Counter-Terrorism and Security Act 2015 s.36(1)", nations=_GB,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CTSA-s36-3", "a chief officer or local authority refers on reasonable grounds",
          "Counter-Terrorism and Security Act 2015 s.36(3)", nations=_GB,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CTSA-s37-4", "the panel invites others, such as a lower-tier district",
          "Counter-Terrorism and Security Act 2015 s.37(4)", nations=_GB,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CTSA-s38-1", "partners co-operate with panel, police and local authority",
          "Counter-Terrorism and Security Act 2015 s.38(1), Sch 7", nations=_GB,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CDA98-s17", "councils prevent crime and disorder",
          "Crime and Disorder Act 1998 s.17", confirmed=False, nations=_EW,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CDA98-s115", "power to disclose to relevant authorities",
          "Crime and Disorder Act 1998 s.115", confirmed=False, nations=_EW,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CA2004-s11", "arrangements to safeguard children (England)",
          "Children Act 2004 s.11", confirmed=False, nations=_ENGLAND,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CA2004-s28", "arrangements to safeguard children (Wales)",
          "Children Act 2004 s.28", confirmed=False, nations=_WALES,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CA1989-s17", "services for children in need", "Children Act 1989 s.17",
          confirmed=False, nations=_ENGLAND, broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CA1989-s47", "enquiries where a child is at risk", "Children Act 1989 s.47",
          confirmed=False, nations=_EW, broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CareAct2014-s42", "enquiries where an adult is at risk", "Care Act 2014 s.42",
          confirmed=False, nations=_ENGLAND, broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "SSWBA2014-s126", "enquiries where an adult is at risk (Wales)",
          "Social Services and Well-being (Wales) Act 2014 s.126", confirmed=False,
          nations=_WALES, broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "ASPSA2007-s4", "inquiries where an adult is at risk (Scotland)",
          "Adult Support and Protection (Scotland) Act 2007 s.4", confirmed=False,
          nations=_SCOTLAND, broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "CSA1995-s22", "welfare of children in need (Scotland)",
          "Children (Scotland) Act 1995 s.22", confirmed=False, nations=_SCOTLAND,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "EdA2002-s175", "schools and colleges safeguard pupils",
          "Education Act 2002 s.175", confirmed=False, nations=_EW,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "OMA2007-s14", "offender management: disclosure for offender management purposes",
          "Offender Management Act 2007 s.14", confirmed=False, nations=_EW,
          broad_match=DPV_CORE + "PublicInterest"),
    Basis(_AU, "COMMON-LAW-POLICE", "common-law policing power",
          "common law (preventing crime, protecting life and property)", confirmed=False,
          broad_match=DPV_CORE + "OfficialAuthorityOfController"),
    Basis(_AU, "COMMON-LAW-CONFIDENCE", "confidentiality gives way to an overriding public interest",
          "common law; GOV.UK, Prevent and the Channel process in the NHS, 27 September 2022",
          broad_match=DPV_CORE + "PublicInterest"),
)  # fmt: skip

BASES: Mapping[tuple[BasisKind, str], Basis] = MappingProxyType(
    {(one.kind, one.code): one for one in _ENTRIES}
)
AUTHORITIES = frozenset(one.code for one in _ENTRIES if one.kind is BasisKind.AUTHORITY)


def find(kind: BasisKind, code: str | int) -> Basis | None:
    """Look an entry up; None when there is none (the code may have been sent)."""
    return BASES.get((kind, str(code)))


def basis_name(basis: Basis) -> str:
    """Say an entry as a person would cite it: source and plain words."""
    return f"{basis.source}: {basis.label}"


def broad_matches(entries: Iterable[Basis] = _ENTRIES) -> Mapping[str, str]:
    """Map our names to wider terms of the Data Privacy Vocabulary, where there is one."""
    return {one.iri: one.broad_match for one in entries if one.broad_match is not None}
