"""Health: FHIR R4 resources, and what they do and do not say."""

import json
from datetime import date

import pytest

from adapters.agency import Found, Match, SourceError, Unanswered
from adapters.health import Health
from schemas.fields.item import Held, NotHeld
from tests.builders.records import copied, subject, subject_for, wanted
from tests.contracts.agency import AgencyContract

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RESTRICTED = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}
SNOMED = "http://snomed.info/sct"


class TestHealth(AgencyContract):
    """A trust's adapter."""

    sector = "health"
    prefix = "hlt."
    # Robin's number with Rowan's name.
    several = subject(nhs_number="9990002428")

    def agency(self, folder, **settings):
        """The trust."""
        return Health(folder, **settings)


@pytest.fixture
def folder(tmp_path):
    """A copy of the trust's records."""
    return copied(tmp_path, "health")


def changed(folder, change):
    """Change the bundle through its resources by id, and as a whole by ``top``."""
    path = folder / "bundle.json"
    bundle = json.loads(path.read_text("utf-8"))
    resources = {entry["resource"]["id"]: entry["resource"] for entry in bundle["entry"]}
    change(resources | {"top": bundle})
    path.write_text(json.dumps(bundle), encoding="utf-8")


async def ask(folder, field, person=None, **asked):
    """Ask for one field; the item, or why there is none."""
    found = await Health(folder).find(person or subject_for("health"), wanted(field, **asked))
    assert isinstance(found, Found)
    return found.items.get(field) or found.unanswered[field]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("hlt.known", "EpisodeOfCare"),
        ("hlt.service_type", "EpisodeOfCare"),
        ("hlt.relevant_condition", "Condition"),
        ("hlt.neurodiversity", "Condition"),
        ("hlt.risk_to_self", "Flag"),
        ("hlt.adjustments", "Flag"),
        ("hlt.lead_professional", "CareTeam"),
        ("hlt.known", "Patient"),
        ("hlt.risk_to_others", "Patient"),
    ],
)
async def test_a_label_above_normal_stops_its_kind(folder, field, kind):
    """What is labelled restricted is neither told nor passed over as if it were not there."""

    def label(resources):
        mine = {
            "Patient": "rap",
            "EpisodeOfCare": "e1",
            "Condition": "c2",
            "Flag": "f1",
            "CareTeam": "t1",
        }
        resources[mine[kind]]["meta"] = RESTRICTED

    changed(folder, label)
    assert await ask(folder, field) is Unanswered.NOT_CERTAIN


async def test_a_condition_off_the_list_is_never_named(folder):
    """Asthma is on the record and bears on nothing: its name is in no answer."""
    answer = await ask(folder, "hlt.relevant_condition")
    assert answer == Held(
        "Autism spectrum disorder (diagnosed)",
        "assessment",
        date(2024, 6, 18),
        "Patient record (FHIR extract)",
    )


async def test_only_conditions_off_the_list_are_for_a_clinician(folder):
    """Whether one of them is relevant, no list can say; nor whether it is a kind of autism."""
    changed(folder, lambda r: r["c1"]["code"].update(coding=[{"system": SNOMED, "code": "1"}]))
    assert await ask(folder, "hlt.relevant_condition") is Unanswered.NOT_CERTAIN
    assert await ask(folder, "hlt.neurodiversity") is Unanswered.NOT_CERTAIN


async def test_no_condition_at_all_is_not_held(folder):
    """Where no condition is recorded, none is held."""

    def refute(resources):
        for key in ("c1", "c2"):
            resources[key]["verificationStatus"]["coding"][0]["code"] = "refuted"

    changed(folder, refute)
    assert await ask(folder, "hlt.relevant_condition") == NotHeld()
    assert await ask(folder, "hlt.neurodiversity") == NotHeld()


@pytest.mark.parametrize(
    ("verification", "service", "told"),
    [
        ("confirmed", "camhs", {"status": "diagnosed", "types": ["autism"]}),
        ("provisional", "camhs", {"status": "suspected", "types": ["autism"]}),
        ("unconfirmed", "nd", {"status": "pathway", "types": ["autism"]}),
        ("confirmed", "nd", {"status": "diagnosed", "types": ["autism"]}),
    ],
)
async def test_how_far_neurodiversity_has_come(folder, verification, service, told):
    """A suspicion is never told as a diagnosis."""

    def change(resources):
        resources["c1"]["verificationStatus"]["coding"][0]["code"] = verification
        resources["e1"]["type"][0]["coding"][0]["code"] = service

    changed(folder, change)
    assert (await ask(folder, "hlt.neurodiversity")).value == told


async def test_a_condition_marked_past_is_for_a_clinician(folder):
    """Autism does not pass: an entry that says so needs a look."""
    changed(folder, lambda r: r["c1"]["clinicalStatus"]["coding"][0].update(code="resolved"))
    assert await ask(folder, "hlt.neurodiversity") is Unanswered.NOT_CERTAIN


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f["code"]["coding"].pop(0), Unanswered.NOT_CERTAIN),
        (lambda f: f["code"]["coding"].pop(1), Unanswered.NOT_CERTAIN),
        (lambda f: f.pop("period"), Unanswered.NOT_CERTAIN),
        (
            lambda f: f["code"]["coding"][0].update(system=SNOMED, code="394687007"),
            Unanswered.NOT_CERTAIN,
        ),
        (lambda f: f.update(status="inactive"), NotHeld()),
        (lambda f: f.update(status="entered-in-error"), NotHeld()),
    ],
)
async def test_a_risk_is_told_with_level_day_and_basis_or_by_a_person(folder, change, told):
    """A warning that we do not understand is never "nothing held"."""
    changed(folder, lambda r: change(r["f1"]))
    assert await ask(folder, "hlt.risk_to_self") == told


async def test_a_second_flag_of_the_same_risk_is_not_certain(folder):
    """Two levels stand: which one holds, a person must see."""

    def second(resources):
        other = json.loads(json.dumps(resources["f1"])) | {"id": "f9"}
        other["code"]["coding"][0]["code"] = "self-high"
        resources["top"]["entry"].append({"resource": other})

    changed(folder, second)
    assert await ask(folder, "hlt.risk_to_self") is Unanswered.NOT_CERTAIN


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("waitlist", {"status": "open", "last_contact": "2026-10"}),
        ("finished", {"status": "closed", "last_contact": "2026-10"}),
    ],
)
async def test_open_or_closed(folder, status, told):
    """Somebody who waits is known; the last contact is one that took place."""
    changed(folder, lambda r: r["e1"].update(status=status))
    assert (await ask(folder, "hlt.known")).value == told


async def test_a_patient_without_any_episode_is_not_settled(folder):
    """A record of the person alone says neither open nor closed."""
    changed(folder, lambda r: r["e1"].update(status="entered-in-error"))
    assert await ask(folder, "hlt.known") is Unanswered.NOT_CERTAIN


async def test_a_service_whose_kind_is_not_said(folder):
    """One service of unknown kind, and the list of kinds would be incomplete."""
    changed(folder, lambda r: r["e1"]["type"][0]["coding"][0].update(code="unheard-of"))
    assert await ask(folder, "hlt.service_type") is Unanswered.NOT_CERTAIN


async def test_two_roles_and_none_marked_as_lead(folder):
    """Without a mark, nobody is made the lead."""
    changed(folder, lambda r: r["t1"]["participant"][0]["role"][0].pop("coding"))
    assert await ask(folder, "hlt.lead_professional") is Unanswered.NOT_CERTAIN


async def test_a_merged_record_is_not_a_second_person(folder):
    """A record that was replaced by another is no candidate."""

    def merge(resources):
        old = json.loads(json.dumps(resources["rap"])) | {"id": "old", "active": False}
        old["link"] = [{"other": {"reference": "Patient/rap"}, "type": "replaced-by"}]
        resources["top"]["entry"].append({"resource": old})

    changed(folder, merge)
    found = await Health(folder).find(subject_for("health"), wanted())
    assert found.confidence is Match.EXACT


async def test_a_bulk_export_says_the_same_as_a_bundle(folder):
    """NDJSON, one resource a line, is the same extract."""
    before = await ask(folder, "hlt.neurodiversity")
    bundle = json.loads((folder / "bundle.json").read_text("utf-8"))
    (folder / "bundle.json").unlink()
    lines = [json.dumps(entry["resource"]) for entry in bundle["entry"]]
    export = folder / "export_2026-11-13.ndjson"
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert await ask(folder, "hlt.neurodiversity") == before
    lines[2] = lines[2].replace('"Patient"', '"Patient", "birthDate": "2009-99-99"', 1)
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match="line 3"):
        await ask(folder, "hlt.neurodiversity")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda r: r["rap"].update(birthDate="2011-03-99"), "/entry/0/resource/birthDate"),
        (lambda r: r["rap"].update(favourite="CANARY"), "/entry/0/resource"),
        (
            lambda r: r["rap"]["identifier"][0].update(value="9990002917"),
            "/entry/0/resource/identifier/0/value",
        ),
        (
            lambda r: r["c1"]["subject"].update(reference="Patient/gone"),
            "/entry/8/resource/subject/reference",
        ),
        (lambda r: r["robin"].update(id="rap"), "/entry/1/resource"),
        (lambda r: r["top"].pop("timestamp"), "/timestamp"),
        (lambda r: r["top"].update(type="history"), "/type"),
        (lambda r: r["top"].update(link=[{"relation": "next", "url": "x"}]), "/link"),
        (lambda r: r["e1"].update(status="ongoing"), "/entry/4/resource/status"),
        (lambda r: r["n1"].update(status="noshow"), "/entry/6/resource/status"),
        (lambda r: r["f1"].update(status="on"), "/entry/12/resource/status"),
        (lambda r: r["t1"].update(status="on"), "/entry/14/resource/status"),
        (
            lambda r: r["c1"]["clinicalStatus"]["coding"][0].update(code="over"),
            "/entry/8/resource/clinicalStatus",
        ),
    ],
)
async def test_what_is_no_fhir_is_named_by_its_place(folder, change, where):
    """The pointer leads to the place; what stands there is not repeated."""
    changed(folder, change)
    with pytest.raises(SourceError) as broken:
        await ask(folder, "hlt.known")
    assert broken.value.where == where
    assert "CANARY" not in str(broken.value)
    assert "2011" not in str(broken.value)


async def test_the_national_adjustment_flag(folder):
    """Its own words are told; without words, or without a flag, a person answers."""
    changed(folder, lambda r: r["f2"]["code"].pop("text"))
    assert await ask(folder, "hlt.adjustments") is Unanswered.NOT_CERTAIN
    changed(folder, lambda r: r["f2"].update(status="inactive"))
    assert await ask(folder, "hlt.adjustments") is Unanswered.NO_SOURCE


async def test_no_team_and_no_episode(folder):
    """Without a team a person answers; without an episode no service is held."""
    changed(folder, lambda r: r["t1"].update(status="inactive"))
    changed(folder, lambda r: r["e1"].update(status="entered-in-error"))
    assert await ask(folder, "hlt.lead_professional") is Unanswered.NO_SOURCE
    assert await ask(folder, "hlt.service_type") == NotHeld()


async def test_addresses_by_property_and_by_time(folder):
    """Without a number, the current home makes a match exact and a former one probable."""
    health = Health(folder)
    person = subject(nhs_number=None)
    assert (await health.find(person, wanted())).confidence is Match.EXACT
    changed(folder, lambda r: r["rap"]["address"][0].update(use="old"))
    assert (await health.find(person, wanted())).confidence is Match.PROBABLE


async def test_two_numbers_for_one_patient(folder):
    """Which one holds is not ours to say."""
    changed(folder, lambda r: r["rap"]["identifier"].append(r["nam"]["identifier"][0]))
    with pytest.raises(SourceError, match="second NHS number"):
        await ask(folder, "hlt.known")


async def test_a_member_twice(folder):
    """JSON readers disagree which of two equal members counts; ours takes neither."""
    path = folder / "bundle.json"
    path.write_text(
        path.read_text("utf-8").replace('"id": "rap"', '"id": "rap", "id": "x"'), "utf-8"
    )
    with pytest.raises(SourceError, match="twice"):
        await ask(folder, "hlt.known")
