"""The published JSON Schemas are those of the code.

To write them anew: ``python3 dev.py python -m tests.schemas.test_json_schemas``.
"""

import json
from pathlib import Path

import pytest

from schemas.json_schemas import json_schemas
from tests.builders.messages import claims

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", json_schemas())
def test_what_is_published_is_current(name):
    """Whoever changes a model publishes its schema with it."""
    assert (PUBLISHED / f"{name}.json").read_text(encoding="utf-8") == json_schemas()[name]


def test_nothing_else_is_published_there():
    """A schema whose model is gone goes too."""
    found = {path.stem for path in PUBLISHED.glob("*.json")}
    assert set(json_schemas()) <= found


def test_schemas_speak_the_names_of_the_wire():
    """Members stand under their names on the wire, and no object is open."""
    manifest = json.loads(json_schemas()["manifest"])
    assert {*claims(), "_sd_alg", "f"} <= set(manifest["properties"])
    assert manifest["additionalProperties"] is False
    for name, text in json_schemas().items():
        for part in json.loads(text)["$defs"].values() if name != "feed_entry" else ():
            assert part.get("additionalProperties", False) is False


if __name__ == "__main__":
    for file, schema in json_schemas().items():
        (PUBLISHED / f"{file}.json").write_text(schema, encoding="utf-8")
