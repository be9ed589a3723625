"""A pack is read strictly: whatever is wrong stops the load, with file and line."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from policies.allowed import allowed
from policies.overlay import tightened
from policies.overlay_values import Withdrawn
from policies.pack import PackError, bundle, pack_hash, parse_bundle
from policies.pack_text import MAX_FILE_CHARS, read_doc
from policies.packs.shipped import shipped_files
from policies.roles import EXCLUDED_KINDS
from schemas.directory_entry import OrganisationKind, Role
from schemas.fields.catalogue import CATALOGUE, QUESTIONS
from schemas.fields.sector import Sector
from schemas.messages.registry import REGISTRY
from tests.policies.builders import RESPONDERS, pack

REQUEST = "types/information/request.yaml"
SCHOOL = "types/information/response/education.yaml"
SOUTHMERE = "overlays/southmere.yaml"
FILES = dict(shipped_files("uk-channel"))


def edited(path: str, old: str, new: str) -> dict[str, str]:
    """The shipped files with one text replaced, once."""
    assert old in FILES[path], f"{old!r} is not in {path}"
    return {**FILES, path: FILES[path].replace(old, new, 1)}


def line_of(path: str, text: str) -> int:
    """The line on which a text first stands, counted from one."""
    return FILES[path][: FILES[path].index(text)].count("\n") + 1


def load(files: dict[str, str]) -> None:
    """Bundle and read."""
    parse_bundle(bundle(files))


@pytest.mark.parametrize(("path", "old", "new", "says"), [
    (REQUEST, "onward: none", "onwards: none", "not known"),
    (REQUEST, "onward: none", "onward: everybody", "onward"),
    (REQUEST, "onward: none\n", "", "missing"),
    (REQUEST, "major: 1", "major: 2", "no such message type"),
    (REQUEST, "keep: responder_copy", "keep: for_ever", "retention class"),
    (REQUEST, "profile: P1", "profile: P99", "no such profile"),
    (REQUEST, "sources: [C1]\n    kinds", "sources: []\n    kinds", "sources"),
    (REQUEST, "    sources: [C1]\n    kinds: [la_panel]", "    kinds: [la_panel]", "missing"),
    (REQUEST, "sources: [C1]\n    kinds", "sources: [C99]\n    kinds", "C99 is not a source"),
    (REQUEST, "CTSA-s36-1", "CTSA-s99-1", "not in policies/lawful_basis.py"),
    (REQUEST, "schedule_8: [1]", "schedule_8: [9]", "not a paragraph of the profile"),
    (REQUEST, "schedule_8: [1]", "schedule_1: [9]", "not a paragraph of the profile"),
    (REQUEST, "supervisor_approval", "chief_approval", "not an attestation"),
    (REQUEST, "  ask.questions: {", "  ask.invented: {", "no field of this type"),
    (REQUEST, "channel_post_exit_review", "immigration_control", "purposes"),
    (REQUEST, "kinds: [la_panel, police_ctp]", "kinds: [immigration_enforcement]", "never takes part"),
    (REQUEST, "police_force, police_ctp, la_csc, la_asc", "intelligence_service", "never takes part"),
    (REQUEST, "default: 5", "default: 50", "default"),
    (REQUEST, "type: information.request", "type: information.redirect", "path of the file"),
    (SCHOOL, "sector: education", "sector: schools", "path of the file"),
    (SCHOOL, "  edu.year_group:", "  edu.favourite_colour:", "not an answer of the catalogue"),
    (SCHOOL, "  edu.year_group:", "  id.upn:", "not an answer of the catalogue"),
    (SCHOOL, "question: E2", "question: E3", "answers another question"),
    (SCHOOL, "tags: [special_category.health]", "tags: []", "lacks a tag"),
    (SCHOOL, "kinds: [college, university]", "kinds: [la_csc]", "does not answer here"),
    (SCHOOL, "kinds: [school, college", "kinds: [la_csc, school, college", "answers in another file"),
    ("profiles.yaml", "article_6: [A6-1-e]", "article_6: [A6-1-a]", "may never be relied on"),
    ("profiles.yaml", "article_6: [A6-1-e]", "article_6: [A6-1-z]", "not in policies/lawful_basis"),
    ("profiles.yaml", "regime: ukgdpr", "regime: part3", "go together"),
    ("profiles.yaml", "sources: [C1, C11, C14]", "sources: []", "sources"),
    ("sectors.yaml", "  identity:\n    id.family_name:", "  identity:\n    edu.year_group:",
     "not an identity field"),
    ("retention.yaml", "child_ceiling_months: 3", "child_ceiling_months: 4", "must not fall"),
    ("jurisdictions.yaml", "wales:", "cymru:", "cymru"),
    ("jurisdictions.yaml", FILES["jurisdictions.yaml"][FILES["jurisdictions.yaml"].index("wales:"):
        FILES["jurisdictions.yaml"].index("scotland:")], "", "wales is missing"),
    (REQUEST, "attest:\n", "legal_as_answer: true\nattest:\n", "either legal or"),
    (REQUEST, FILES[REQUEST][FILES[REQUEST].index("  ask.concern_level"):
        FILES[REQUEST].index("  ask.subject_informed")], "", "required by the type"),
    (REQUEST, FILES[REQUEST][FILES[REQUEST].index("deadline:\n"):], "", "deadline belongs"),
    ("types/information/redirect.yaml", "major: 1",
     "major: 1\ndeadline: {default: 5, shortest: 1, longest: 5}", "deadline belongs"),
    (SOUTHMERE, "  education: {office", "  schools: {office", "not in the pack"),
    ("pack.yaml", "valid_to: 2027-11-30", "valid_to: 2025-11-30", "before valid_from"),
    ("pack.yaml", "valid_to: 2027-11-30", "valid_to: soon", "valid_to"),
    ("limits.yaml", "questions: 12", "questions: 12\nquestions: 30", "stands twice"),
    ("limits.yaml", "questions: 12", "questions: &a 12\nwhy2: *a", "alias"),
    ("limits.yaml", "questions: 12", "questions: !!float 12", "only texts"),
    ("limits.yaml", "questions: 12", "12: 12", "a key must be a text"),
    ("limits.yaml", "questions: 12", "questions: [12", "not YAML"),
    ("limits.yaml", "questions: 12", "questions: 2026-02-31", "cannot be read"),
    (SOUTHMERE, "questions: 8", "questions: 13", "only tighten"),
    (SOUTHMERE, "window_months: 12", "window_months: 25", "only tighten"),
    (SOUTHMERE, "working_days: 4", "working_days: 6", "only tighten"),
    (SOUTHMERE, "{gathered: 18}", "{gathered: 37}", "only tighten"),
    (SOUTHMERE, "{gathered: 18}", "{collected: 18}", "not in the pack"),
    (SOUTHMERE, "concern: {childrens_social_care: L1}", "concern: {housing: L1}", "only tighten"),
    (SOUTHMERE, "concern: {childrens_social_care: L1}", "concern: {prisons: L1}", "not in the pack"),
    (SOUTHMERE, "when: always", "when: never", "signs off less"),
    (SOUTHMERE, "edu.peer_context", "edu.peers", "not in the pack"),
    (SOUTHMERE, "questions: [D2]", "questions: [D9]", "not in the pack"),
    (SOUTHMERE, "{education: [id.upn]}", "{education: [id.pnc_id]}", "not in the pack"),
    (SOUTHMERE, "{education: [id.upn]}", "{schools: [id.upn]}", "not in the pack"),
    (SOUTHMERE, "{information.response: [rsl]}", "{information.reply: [rsl]}", "not in the pack"),
    (SOUTHMERE, "withdrawn:", "added:", "not known"),
    (SOUTHMERE, "valid_to: 2027-11-30\n", "valid_to: 2025-11-30\n", "before valid_from"),
])  # fmt: skip
def test_what_stops_a_load_names_the_file_and_the_line(path, old, new, says):
    """An edit that is wrong is refused where it stands, in words that a reader understands."""
    with pytest.raises(PackError, match=r"^") as found:
        load(edited(path, old, new))
    assert found.value.file == path
    assert says in found.value.reason
    near = line_of(path, old)
    whole_file = (
        says
        in {
            "cannot be read",
            "missing",
            "go together",
            "must not fall",
            "cymru",
            "deadline belongs",
        }
        or "missing" in says
    )
    assert whole_file or found.value.line == 0 or abs(found.value.line - near) <= 30


@pytest.mark.parametrize(("path", "old", "new", "line"), [
    (REQUEST, "onward: none", "onwards: none", "onwards"),
    (REQUEST, "CTSA-s36-1", "CTSA-s99-1", "authority: [CTSA-s99-1"),
    (SCHOOL, "  edu.year_group:", "  edu.favourite_colour:", "edu.favourite_colour"),
    (SOUTHMERE, "questions: 8", "questions: 13", "questions: 13"),
    ("limits.yaml", "questions: 12", "questions: 12\nquestions: 30", "questions: 30"),
])  # fmt: skip
def test_the_line_is_exact(path, old, new, line):
    """The line named is the one on which the mistake stands."""
    files = edited(path, old, new)
    with pytest.raises(PackError) as found:
        load(files)
    assert line in files[path].splitlines()[found.value.line - 1]
    assert str(found.value).startswith(f"{path}:{found.value.line}: ")


def without(path: str) -> dict[str, str]:
    """The shipped files without one."""
    return {name: text for name, text in FILES.items() if name != path}


@pytest.mark.parametrize(("make", "says"), [
    (lambda: bundle(without("pack.yaml")), "the file is missing"),
    (lambda: load(without("limits.yaml")), "the file is missing"),
    (lambda: load(without(REQUEST)), "the file is missing"),
    (lambda: load({**FILES, "readme.txt": "hello"}), "no place in a pack"),
    (lambda: load({**FILES, "types/other/thing.yaml": "a: 1"}), "no place in a pack"),
    (lambda: load({**FILES, "../pack.yaml": "a: 1"}), "no place in a pack"),
    (lambda: load({**FILES, "extra.yaml": "a: 1"}), "no place in a pack"),
    (lambda: load({**FILES, SOUTHMERE: ""}), "empty"),
    (lambda: load({**FILES, SOUTHMERE: "- a\n- b"}), "the file"),
    (lambda: load({**FILES, SOUTHMERE: "x" * (MAX_FILE_CHARS + 1)}), "too long"),
    (lambda: load({**FILES, SOUTHMERE: "[" * 100_000}), "nested too deep"),
    (lambda: load({**FILES, SOUTHMERE: "a: 1\n---\nb: 2"}), "not YAML"),
    (lambda: parse_bundle(b"[]"), "not one JSON object"),
    (lambda: parse_bundle(b"{"), "not one JSON object"),
    (lambda: parse_bundle(b'{"files":[]}'), "map paths to texts"),
    (lambda: parse_bundle(b'{"files":{"pack.yaml":1}}'), "map paths to texts"),
    (lambda: parse_bundle(bundle(FILES) + b"\n"), "one spelling"),
    (lambda: parse_bundle(bundle(FILES).replace(b'"v":1', b'"v":2')), "one spelling"),
    (lambda: parse_bundle(bundle(FILES).replace(b'"ver":"2026.11.1"', b'"ver":"2026.11.2"')),
     "one spelling"),
])  # fmt: skip
def test_a_bundle_that_is_not_whole_is_refused(make: Callable[[], object], says):
    """Missing, foreign, empty or restated files never make a pack."""
    with pytest.raises(PackError) as found:
        make()
    assert says in found.value.reason


def test_an_overlay_stays_above_the_shortest_time():
    """Where the pack gives at least three days, an area cannot leave two."""
    files = edited(REQUEST, "shortest: 1", "shortest: 3")
    files[SOUTHMERE] = files[SOUTHMERE].replace("working_days: 4", "working_days: 2")
    with pytest.raises(PackError, match="fewer days"):
        load(files)


def test_an_overlay_needs_something_to_tighten():
    """A pack whose decisions give no extension cannot carry an overlay."""
    path = "types/information/extension_decision.yaml"
    with pytest.raises(PackError, match="to tighten"):
        load(edited(path, "extension: {requester: 3, supervisor: 10}", ""))


@pytest.mark.parametrize("kind", sorted(EXCLUDED_KINDS))
def test_an_excluded_recipient_does_not_load(kind):
    """No administrator can add one: the constant stops the load (domain 7.1)."""
    with pytest.raises(PackError, match="never takes part"):
        load(edited(SCHOOL, "kinds: [la_panel, police_ctp]", f"kinds: [la_panel, {kind}]"))


def test_the_same_files_give_the_same_bytes_and_hash():
    """``pol.h`` is the SHA-256 of the bundle's exact bytes, whatever order the files came in."""
    backwards = dict(reversed(FILES.items()))
    assert bundle(backwards) == bundle(FILES)
    assert pack().h == pack_hash(bundle(FILES))
    value = json.loads(bundle(FILES))
    assert list(value) == ["v", "id", "ver", "files"]
    assert list(value["files"]) == sorted(FILES)


def test_words_that_yaml_takes_for_something_else_stay_words():
    """``no``, ``on`` and ``1:20`` are texts here, as they are to the officer who reads them."""
    doc = read_doc("x.yaml", "a: no\non: 1:20\nb: 0x10\nc: 1_000\nd: 1.5\ne: ~\nf: true\ng: null")
    assert doc.values == {
        "a": "no", "on": "1:20", "b": "0x10", "c": "1_000", "d": "1.5", "e": "~", "f": True,
        "g": None,
    }  # fmt: skip


def test_every_type_and_sector_has_its_file():
    """The name on the wire is the path on disk."""
    assert {rule.type for rule in (*pack().types.values(), *pack().answers.values())} == {
        kind.name for kind in REGISTRY.values()
    }
    assert {rule.sector for rule in pack().answers.values()} == {one.value for one in Sector}
    assert set(pack().answers) == {OrganisationKind(kind) for kind in RESPONDERS}
    assert set(pack().sectors) == {one.value for one in Sector}


def test_every_question_and_field_may_be_asked_of_somebody():
    """What the catalogue offers as an answer the pack opens for at least one kind of agency."""
    may = {kind: pack().may_ask(OrganisationKind(kind)) for kind in RESPONDERS}
    asked = {name for fields in may.values() for name in fields}
    assert asked == {name for name, field in CATALOGUE.items() if field.is_answer}
    assert {one.question for fields in may.values() for one in fields.values()} == set(QUESTIONS)


def test_no_agency_learns_the_identifier_of_another_sector():
    """POL-10: each of the three person identifiers goes to one sector alone."""
    for field, sector in (
        ("id.upn", "education"), ("id.nhs_number", "health"), ("id.pnc_id", "police"),
    ):  # fmt: skip
        assert [name for name, one in pack().sectors.items() if field in one.identity] == [sector]


def test_no_type_of_this_version_uses_a_profile_that_is_switched_off():
    """P7, P8 and P10 are there to be read, and nobody can rely on them."""
    off = {name for name, profile in pack().profiles.items() if not profile.enabled}
    assert off == {"P7", "P8", "P10"}
    rules = (*pack().types.values(), *pack().answers.values())
    assert not off & {option.profile for rule in rules for option in rule.legal}


def test_a_pack_is_in_force_by_london_days_with_a_day_of_grace():
    """Both days count, and a message under way at midnight is not lost (design 10.16)."""
    first, last = pack().head.valid_from, pack().head.valid_to
    assert (first, last) == (date(2026, 6, 19), date(2027, 11, 30))
    # 19 June begins in London an hour before UTC does.
    assert not pack().in_force(datetime(2026, 6, 18, 22, 59, 59, tzinfo=UTC))
    assert pack().in_force(datetime(2026, 6, 18, 23, 0, tzinfo=UTC))
    assert pack().in_force(datetime(2027, 12, 1, 23, 59, 59, tzinfo=UTC))
    assert not pack().in_force(datetime(2027, 12, 2, 0, 0, tzinfo=UTC))


def test_a_rule_is_found_by_type_major_version_and_sender():
    """What the pack does not list is not there."""
    assert pack().rule("information.request/2", OrganisationKind.LA_PANEL) is None
    assert pack().rule("information.rumour/1", OrganisationKind.LA_PANEL) is None
    assert pack().rule("information.response/1", OrganisationKind.PRISON) is None
    assert pack().sector_of(OrganisationKind.PRISON) is None
    assert dict(pack().may_ask(OrganisationKind.PRISON)) == {}
    nil = pack().rule("information.nil_return/1", OrganisationKind.RSL)
    assert nil is not None
    assert {option.profile for option in nil.legal} == {"P1", "P4"}
    nobody = pack().rule("information.nil_return/1", OrganisationKind.PRISON)
    assert nobody is not None
    assert nobody.legal == ()


def test_what_may_be_asked_of_a_school_is_told_with_reasons():
    """``policy show`` has everything that a person needs to see before asking."""
    told = allowed(pack(), OrganisationKind.LA_PANEL, Role.LACC, OrganisationKind.SCHOOL)
    assert told is not None
    assert told.sector == "education"
    assert [one.id for one in told.questions] == [f"E{n}" for n in range(1, 10)]
    assert "id.upn" in told.identity
    assert told.concern[0] == "L1"
    assert told.deadline.default == 5
    assert told.signoff is not None
    assert told.keep_months == (12, 36)
    assert any("CTSA" not in one and "s.36(1)" in one for one in told.asks_on)
    assert any("recognised legitimate interest" in one for one in told.answers_on)
    assert all(field.why.endswith(".") for one in told.questions for field in one.fields)
    assert set(told.sources) >= {"C1", "C21"}


@pytest.mark.parametrize(("sender", "role", "recipient"), [
    (OrganisationKind.SCHOOL, Role.LACC, OrganisationKind.SCHOOL),
    (OrganisationKind.LA_PANEL, Role.CHAIR, OrganisationKind.SCHOOL),
    (OrganisationKind.LA_PANEL, Role.LACC, OrganisationKind.PRISON),
    (OrganisationKind.LA_PANEL, Role.LACC, OrganisationKind.HO_PREVENT),
])  # fmt: skip
def test_what_is_not_listed_may_not_be_asked(sender, role, recipient):
    """Neither by another kind of agency, nor in another role, nor of another kind."""
    assert allowed(pack(), sender, role, recipient) is None


def test_what_an_overlay_withdraws_may_not_be_asked():
    """A kind that is no recipient any more has nothing to show."""
    withdrawn = Withdrawn(recipients={"information.request": (OrganisationKind.SCHOOL,)})
    tight = tightened(pack(), replace(pack().overlays["E99000002"][0], withdrawn=withdrawn))
    assert allowed(tight, OrganisationKind.LA_PANEL, Role.LACC, OrganisationKind.SCHOOL) is None
    assert allowed(tight, OrganisationKind.LA_PANEL, Role.LACC, OrganisationKind.COLLEGE)


def test_only_yaml_files_are_part_of_a_pack():
    """Whatever else lies in the folder is not signed with it."""
    assert all(path.endswith(".yaml") for path in FILES)
    with pytest.raises(FileNotFoundError):
        shipped_files("no-such-pack")


def test_police_ask_under_part_3():
    """The bases of a law enforcement asker are told too."""
    told = allowed(pack(), OrganisationKind.POLICE_CTP, Role.CTCO, OrganisationKind.POLICE_FORCE)
    assert told is not None
    assert any("DPA 2018 s.35(2)(b)" in one for one in told.asks_on)
    assert any("DPA 2018 s.35(2)(b)" in one for one in told.answers_on)
