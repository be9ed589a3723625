"""The catalogue: every field has what it must have, and every limit holds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields.asking import FIELDS as ASK_FIELDS
from schemas.fields.asking import PUBLIC_TASK_STATEMENT
from schemas.fields.catalogue import CATALOGUE, QUESTIONS, question
from schemas.fields.field import Field, Tag
from schemas.fields.prohibited import prohibited_id
from schemas.fields.sector import PREFIXES, Sector, sector_of
from schemas.problems import Problem
from tests.builders.broken_values import BROKEN
from tests.builders.values import VALID

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_every_field_has_a_valid_value_and_a_broken_one():
    """The tables of the builders leave no field out and name none that does not exist."""
    assert VALID.keys() == CATALOGUE.keys()
    assert BROKEN.keys() == CATALOGUE.keys()


@pytest.mark.parametrize("field_id", VALID)
def test_a_valid_value_passes(field_id):
    """The example of every field fits its form."""
    assert CATALOGUE[field_id].check(VALID[field_id]) == ()


@pytest.mark.parametrize(
    ("field_id", "value", "code", "place"),
    [(field_id, *row) for field_id, rows in BROKEN.items() for row in rows],
)
def test_each_limit_refuses_alone(field_id, value, code, place):
    """A value that breaks one limit is refused for that limit, at its place, and for nothing else."""
    assert CATALOGUE[field_id].check(value) == (Problem(code, field_id + place),)


@pytest.mark.parametrize("field_id", CATALOGUE)
def test_names_on_the_wire(field_id):
    """A field id is one that a manifest can carry."""
    assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", field_id)
    assert len(field_id.encode()) <= 64


@pytest.mark.parametrize("field", CATALOGUE.values(), ids=lambda field: field.id)
def test_every_field_says_what_it_is_for(field: Field):
    """Label and reason are there, the reason being one sentence."""
    assert field.label
    assert field.reason.endswith(".")
    assert len(field.reason) <= 120


def _texts_in(schema, definitions):
    """Whether a JSON schema allows text that is neither a choice nor of a fixed shape."""
    if "$ref" in schema:
        return _texts_in(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if schema.get("type") == "string":
        return not {"enum", "const", "pattern"} & schema.keys()
    inner = [schema["items"]] if "items" in schema else list(schema.get("properties", {}).values())
    return any(_texts_in(part, definitions) for part in inner)


@pytest.mark.parametrize("field", CATALOGUE.values(), ids=lambda field: field.id)
def test_tags_fit_the_form(field: Field):
    """What can hold free text says so, unless it is a name or a contact or finds the person."""
    schema = field.json_schema()
    free = _texts_in(schema, schema.get("$defs", {}))
    known = field.tags & {Tag.FREE_TEXT, Tag.CONTACT, Tag.NAMES, Tag.IDENTIFIER}
    assert free <= bool(known)
    if Tag.FREE_TEXT in field.tags:
        assert free


@pytest.mark.parametrize("field", CATALOGUE.values(), ids=lambda field: field.id)
def test_every_object_is_closed(field: Field):
    """No value has room for a member that the catalogue does not name."""
    schema = field.json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


@pytest.mark.parametrize("field", CATALOGUE.values(), ids=lambda field: field.id)
def test_tags_by_sector(field: Field):
    """Health answers are special category, identity is marked as such, and contacts are no health."""
    if field.id.startswith("hlt.") and field.is_answer:
        assert any(tag.special_category for tag in field.tags)
    assert field.is_identity == (Tag.IDENTIFIER in field.tags)
    assert not (field.is_identity and field.is_answer)


def test_special_category_tags():
    """The tags of Article 9 are told by their name."""
    assert {tag for tag in Tag if tag.special_category} == {
        Tag.SPECIAL_HEALTH,
        Tag.SPECIAL_POSSIBLE,
    }


@pytest.mark.parametrize(
    ("field_id", "tag"),
    [
        ("edu.send_primary_need", Tag.SPECIAL_HEALTH),
        ("edu.peer_context", Tag.THIRD_PARTY),
        ("edu.year_group", Tag.CHILD),
        ("pol.relevant_offending", Tag.CRIMINAL),
        ("hsg.asb_case", Tag.CRIMINAL_POSSIBLE),
        ("csc.domestic_abuse_in_home", Tag.CRIMINAL),
        ("csc.parental_responsibility", Tag.NAMES),
        ("yjs.slcn", Tag.SPECIAL_HEALTH),
        ("prb.mappa", Tag.CRIMINAL),
        ("asc.care_and_support_needs", Tag.SPECIAL_HEALTH),
        ("id.pnc_id", Tag.CRIMINAL),
    ],
)
def test_tags_of_the_domain(field_id, tag):
    """The tags of the domain's field lists stand."""
    assert tag in CATALOGUE[field_id].tags


def test_questions_and_fields_fit():
    """Every question has fields, every answer has a question, and each is asked of one sector."""
    for asked in QUESTIONS.values():
        assert asked.fields
        assert sector_of(field.id for field in asked.fields) is not None
        assert {field.question for field in asked.fields} == {asked.id}
    assert {field.question for field in CATALOGUE.values()} - {None} == QUESTIONS.keys()


def test_a_question_by_its_id():
    """A question is found by its id; an id that was made up finds none."""
    asked = question("E3")
    assert asked is not None
    assert [field.id for field in asked.fields] == ["edu.send_status", "edu.send_primary_need"]
    assert question("Z9") is None


@pytest.mark.parametrize(
    ("ids", "sector"),
    [
        (["edu.year_group"], Sector.EDUCATION),
        (["hsg.tenure"], Sector.HOUSING),
        (["hsg.tenure", "dst.service_contact"], Sector.DISTRICT),
        (["hlt.known", "edu.year_group"], None),
        (["id.dob"], None),
        ([], None),
    ],
)
def test_sector_of_an_answer(ids, sector):
    """The fields of an answer tell its sector, or that it has none."""
    assert sector_of(ids) is sector


def test_every_answer_belongs_to_a_sector():
    """No answer is outside the sectors, and no sector is without answers."""
    prefixes = {field.id.partition(".")[0] for field in CATALOGUE.values() if field.is_answer}
    assert prefixes == frozenset().union(*PREFIXES.values())


@given(st.sampled_from(sorted(CATALOGUE)), JSON)
def test_any_value_is_judged_within_its_field(field_id, value):
    """Whatever comes, checking ends in problems of that field and never in a fault."""
    for problem in CATALOGUE[field_id].check(value):
        assert problem.where is not None
        assert problem.where.split("/")[0] == field_id


CANARY = "canary-7f3e"


@pytest.mark.parametrize("field_id", CATALOGUE)
def test_nothing_sent_is_echoed(field_id):
    """A value, a member's name and a list's entry that were sent stand in no problem."""
    valid = VALID[field_id]
    values = [CANARY * 100, [CANARY * 100], {CANARY: CANARY}, [{CANARY: CANARY}], 7**40]
    if isinstance(valid, dict):
        values += [{**valid, CANARY: CANARY}, {name: {CANARY: 1} for name in valid}]
    for value in values:
        problems = CATALOGUE[field_id].check(value)
        assert problems
        assert CANARY not in repr(problems)
        assert str(7**40) not in repr(problems)


def test_no_field_is_prohibited():
    """The catalogue holds nothing that the domain says must never be asked."""
    assert {
        field_id: prohibited_id(field_id) for field_id in CATALOGUE if prohibited_id(field_id)
    } == {}


def test_the_statement_is_the_only_one_accepted():
    """The public-task statement is fixed: it names the sections and admits no other wording."""
    statement = next(field for field in ASK_FIELDS if field.id == "ask.public_task_statement")
    assert (
        "sections 36 to 38 of the Counter-Terrorism and Security Act 2015" in PUBLIC_TASK_STATEMENT
    )
    assert statement.check(PUBLIC_TASK_STATEMENT) == ()
    assert statement.check(PUBLIC_TASK_STATEMENT + " ") != ()
