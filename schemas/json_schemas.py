"""The models of the wire as JSON Schema, for readers in other languages (``docs/schemas``).

A schema says the form of each member. What it cannot say stands in ``docs/protocol.md``: one spelling,
no member twice, which members a receipt's status has, and what must agree with what.
"""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from schemas.directory_entry import DirectoryEntry
from schemas.feed import FeedEntry
from schemas.manifest import Manifest
from schemas.receipt import Receipt
from schemas.record import Record

__all__ = ["json_schemas"]

_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "directory_entry": DirectoryEntry,
    "feed_entry": FeedEntry,
    "manifest": Manifest,
    "receipt": Receipt,
    "record": Record,
}


def json_schemas() -> Mapping[str, str]:
    """Give each schema's text, by the name of its file without ``.json``."""
    return {name: _text(name, model) for name, model in _MODELS.items()}


def _text(name: str, model: type[BaseModel]) -> str:
    """Spell one schema, sorted, so that a change shows as itself."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:dovetail:schema:{name}:1",
        **model.model_json_schema(by_alias=True),
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
