"""A valid message with one thing changed, checked against the shipped pack.

Nobody and no place here exists. Agencies are named after their kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import EllipsisType
from typing import Any

from policies.check import Context, Place, RequestFacts, check_body, check_manifest
from policies.defaults import Defaults, defaults
from policies.necessity import necessity_digest, necessity_of
from policies.pack import Pack, bundle, parse_bundle
from policies.packs.shipped import shipped_files
from schemas.directory_entry import DirectoryEntry, OrganisationKind
from schemas.encoding import b64u, dump_json
from schemas.fields.catalogue import CATALOGUE
from schemas.manifest import Manifest, parse_claims
from schemas.problems import Problem
from tests.builders.bodies import fields_of, item
from tests.builders.messages import CONV, entry, jti
from tests.builders.values import VALID

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
AREA = "E06000060"
KINDS = tuple(kind.value for kind in OrganisationKind)
RESPONDERS = (
    "school", "college", "university", "la_education", "nhs_trust", "icb", "gp", "lhb_wales",
    "nhs_scotland_board", "police_force", "police_ctp", "la_csc", "la_asc", "la_housing", "rsl",
    "district", "yjs", "probation",
)  # fmt: skip
_PRIVATE = {"rsl"}
_NATIONS = {"lhb_wales": "wales", "nhs_scotland_board": "scotland"}
_H = b64u(bytes(32))


@cache
def pack() -> Pack:
    """The shipped pack."""
    return parse_bundle(bundle(shipped_files("uk-channel")))


def agency_id(kind: str) -> str:
    """The id of the agency of a kind."""
    return kind.replace("_", "-")


def org(kind: str, **changes: Any) -> DirectoryEntry:
    """The directory entry of the agency of a kind; ``changes`` replace members."""
    agreement = {
        "with": [agency_id(other) for other in KINDS if other != kind],
        "ref": "DSA/1",
        "dpia_ref": "DPIA/1",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
    }
    members: dict[str, Any] = {
        "keys": [],
        "agreements": [agreement],
        "public_authority": kind not in _PRIVATE,
        "nation": _NATIONS.get(kind, "england"),
    }
    return entry(agency_id(kind), kind, **(members | changes))


@dataclass(frozen=True)
class Case:
    """A message as claims, its fields, and what is known of the world."""

    claims: Mapping[str, Any]
    fields: Mapping[str, Any]
    context: Context

    @property
    def manifest(self) -> Manifest:
        """The claims as parsed."""
        found = parse_claims(dump_json(dict(self.claims)))
        assert isinstance(found, Manifest), f"the test's claims are not valid: {found}"
        return found

    def problems(self) -> tuple[Problem, ...]:
        """Everything that an edge finds, manifest and values."""
        manifest = self.manifest
        return (
            *check_manifest(manifest, self.context),
            *check_body(manifest, self.fields, self.context),
        )

    def at_gate(self) -> tuple[Problem, ...]:
        """Everything that the gate finds."""
        return check_manifest(self.manifest, replace(self.context, place=Place.GATE))

    def but(self, **changes: Any) -> "Case":
        """Change members: a dict is merged, ``...`` leaves out; ``from_`` stands for ``from``."""
        return replace(self, claims=changed(self.claims, changes))

    def where(self, **changes: Any) -> "Case":
        """Change the world."""
        return replace(self, context=replace(self.context, **changes))

    def telling(self, **changes: Any) -> "Case":
        """Change values (``a__b`` for ``a.b``; ``...`` leaves out), and the names in ``f``."""
        fields = changed(self.fields, {k.replace("__", "."): v for k, v in changes.items()}, 0)
        names = {name: [{"...": _H}] for name in fields}
        return replace(self, fields=fields, claims={**self.claims, "f": names})

    def listing(self, *more: str, without: tuple[str, ...] = ()) -> "Case":
        """Change the names in ``f`` alone."""
        names = [n for n in (*self.claims["f"], *more) if n not in without]
        return replace(self, claims={**self.claims, "f": {n: [{"...": _H}] for n in names}})

    def knowing(self, **changes: Any) -> "Case":
        """Change what is known of the request."""
        assert self.context.request is not None
        return self.where(request=replace(self.context.request, **changes))


def changed(value: Mapping[str, Any], changes: Mapping[str, Any], depth: int = 1) -> dict[str, Any]:
    """Merge changes into a value."""
    made = dict(value)
    for name, new in changes.items():
        member = {"from_": "from"}.get(name, name)
        if isinstance(new, EllipsisType):
            made.pop(member, None)
        elif depth and isinstance(new, dict) and isinstance(made.get(member), dict):
            made[member] = changed(made[member], new, depth - 1)
        else:
            made[member] = new
    return made


def wants_of(kind: str) -> dict[str, tuple[str, ...]]:
    """Everything that may be asked of a kind of agency."""
    found: dict[str, list[str]] = {}
    for name, one in pack().may_ask(OrganisationKind(kind)).items():
        found.setdefault(one.question, []).append(name)
    return {qid: tuple(names) for qid, names in found.items()}


def message(
    mt: str,
    sender: DirectoryEntry,
    recipient: DirectoryEntry,
    fields: Mapping[str, Any],
    *,
    wants: Mapping[str, tuple[str, ...]] | None = None,
    request: RequestFacts | None = None,
    roles: tuple[str, str],
    attest: Mapping[str, Any],
) -> Case:
    """A message made as a sender makes it: from the pack's defaults and a person's attestations."""
    said = defaults(
        pack(), mt, sender, recipient, at=AT, fields=fields, subject_class="child", wants=wants,
        request=request,
    )  # fmt: skip
    assert isinstance(said, Defaults), said
    iat = int((AT - timedelta(minutes=2)).timestamp())
    claims: dict[str, Any] = {
        "iss": sender.urn,
        "aud": [recipient.urn],
        "jti": jti(mt),
        "iat": iat,
        "exp": iat + 86_400,
        "seq": 1,
        "prev": "",
        "mt": mt,
        "conv": CONV,
        "from": {"role": roles[0], "person": "staff-0001"},
        "to": {"role": roles[1], "area": AREA},
        "pol": said.pol,
        "legal": said.legal,
        "subject_class": "child",
        "marking": said.marking,
        "onward": said.onward,
        "retain_until": said.retain_until.isoformat(),
        "attest": {**said.attest, **attest},
        "_sd_alg": "sha-256",
        "f": {name: [{"...": _H}] for name in fields},
    }
    if wants is not None:
        claims["wants"] = {qid: list(names) for qid, names in wants.items()}
        claims["necessity"] = {"h": necessity_digest(fields), "n": len(necessity_of(fields))}
    if request is not None:
        claims["req"] = {"jti": request.jti, "h": request.h}
    context = Context(AT, Place.EDGE, sender, recipient, pack(), request)
    return Case(claims, dict(fields), context)


_NEED = {
    0: "To plan a safe first visit we must learn who supports Robin now, since staff saw a change.",
    1: "Without this the coordinator cannot choose between mentoring and counselling before Friday.",
    2: "The referral mentions threats online; knowing earlier incidents decides who should visit.",
    3: "Support must fit daily life: we look for adults whom Robin trusts and hobbies to build on.",
}


def asked(qid: str, place: int) -> dict[str, Any]:
    """One question as asked, with a statement of its own."""
    return {
        "qid": qid,
        "window_from": "2025-11-16",
        "window_to": "2026-11-16",
        "necessity": f"{_NEED[place % 4]} Part {'abcdefghijklmnopqrstuvwxyz'[place] * 3}.",
        "less_intrusive_considered": "ask_fewer",
    }


def request(kind: str = "school", asker: str = "la_panel", **wants: tuple[str, ...]) -> Case:
    """A valid request to the agency of a kind, for everything that may be asked of it."""
    asks = dict(wants) or wants_of(kind)
    sector = pack().sector_of(OrganisationKind(kind)) or ""
    fields = {
        name: VALID[name]
        for name, one in pack().sectors[sector].identity.items()
        if not one.with_questions or set(one.with_questions) & set(asks)
    }
    most = pack().sectors[sector].concern.most
    fields |= {
        "ask.questions": [asked(qid, place) for place, qid in enumerate(asks)],
        "ask.public_task_statement": VALID["ask.public_task_statement"],
        "ask.concern_level": most,
        "ask.subject_informed": VALID["ask.subject_informed"],
        "ask.contact_for_query": VALID["ask.contact_for_query"],
    }
    if most in {"L1", "L2"}:
        fields["ask.concern_theme"] = VALID["ask.concern_theme"]
    if most == "L2":
        fields["ask.concern_summary"] = VALID["ask.concern_summary"]
    roles = ("LACC" if asker == "la_panel" else "CTCO", "AIO")
    return message(
        "information.request/1", org(asker), org(kind), fields, wants=asks, roles=roles,
        attest={"no_sensitive_info_s38_5": True},
    )  # fmt: skip


def facts_of(case: Case) -> RequestFacts:
    """What is known of a request once it is under way."""
    manifest = case.manifest
    return RequestFacts(
        jti=manifest.jti,
        h=b64u(bytes([7]) * 32),
        iss=manifest.iss,
        aud=manifest.recipient,
        conv=manifest.conv,
        wants=manifest.wants or {},
        purpose=manifest.pol.purpose,
        subject_class=manifest.subject_class,
        public_task_statement=bool(manifest.attest.public_task_statement),
        due_at=AT + timedelta(days=5),
    )


PART_3 = {
    "subject_category": "none",
    "fact_or_assessment": "fact",
    "reliability": "unassessed",
    "as_at": "2026-11-01",
}


def answer(kind: str = "school", asker: str = "la_panel", **wants: tuple[str, ...]) -> Case:
    """A valid answer to all that was asked, every field held."""
    asking = request(kind, asker, **wants)
    rule = pack().answers[OrganisationKind(kind)]
    part_3 = {"p3": PART_3} if org(kind).regime == "part3" else {}
    fields = {
        name: item(VALID[name], **part_3)
        for names in asking.claims["wants"].values()
        for name in names
    }
    fields |= {name: VALID[name] for name, one in rule.fields.items() if one.required}
    attest: dict[str, Any] = {"no_sensitive_info_s38_5": True}
    said = (rule.signoff, rule.residence_link)
    if said[0] is not None:
        attest["signoff_ref"] = "S/1"
    if said[1]:
        attest["residence_link"] = True
    if kind == "rsl":
        attest["no_consent_reason"] = "would_prejudice"
    return message(
        "information.response/1", org(kind), org(asker), fields, request=facts_of(asking),
        roles=("AIO", "LACC" if asker == "la_panel" else "CTCO"), attest=attest,
    )  # fmt: skip


def about(mt: str, kind: str = "school", asker: str = "la_panel", **attest: Any) -> Case:
    """A valid message of another type about a request to the agency of a kind."""
    facts = facts_of(request(kind, asker))
    lead = "LACC" if asker == "la_panel" else "CTCO"
    to_responder = mt in {
        "information.clarification_reply/1",
        "information.extension_decision/1",
        "information.withdrawal/1",
    }
    sender, recipient, roles = org(kind), org(asker), ("AIO", lead)
    if mt.startswith("deadline."):
        sender, recipient, roles = org("broker"), org(kind), ("BROKER", "AIO")
    elif to_responder:
        sender, recipient, roles = recipient, sender, (lead, "AIO")
    stated = {} if mt.startswith("deadline.") else {"no_sensitive_info_s38_5": True}
    return message(
        mt, sender, recipient, fields_of(mt), request=facts, roles=roles, attest=stated | attest
    )


def special(name: str) -> bool:
    """Whether a field is surely special category data."""
    return any(tag.value == "special_category.health" for tag in CATALOGUE[name].tags)
