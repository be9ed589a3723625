"""Necessity statements: one per question, in the asker's own words (POL-18, domain 7.2)."""

import hashlib
import re
from collections.abc import Mapping

from policies.pack_values import NecessityRule
from schemas.encoding import JsonValue, b64u, dump_json

__all__ = ["necessity_digest", "necessity_of", "own_words", "statement_digest"]

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def necessity_of(fields: Mapping[str, JsonValue]) -> Mapping[str, str]:
    """Give the statements of a request: question id to text; empty where there is none.

    Args:
        fields: The request's field names to JSON values, of their catalogue form.

    """
    asked = fields.get("ask.questions")
    found = {}
    for one in asked if isinstance(asked, list) else ():
        if isinstance(one, dict) and isinstance(one.get("qid"), str):
            text = one.get("necessity")
            found[str(one["qid"])] = text if isinstance(text, str) else ""
    return found


def necessity_digest(fields: Mapping[str, JsonValue]) -> str:
    """Give the manifest's ``necessity.h``.

    b64u(SHA-256) of a compact JSON array of ``[question id, statement]`` in the order asked, so
    that a data protection officer who is shown the statements can prove they are those sent.
    """
    pairs: list[JsonValue] = [[qid, text] for qid, text in necessity_of(fields).items()]
    return b64u(hashlib.sha256(dump_json(pairs)).digest())


def statement_digest(text: str) -> str:
    """Give the digest by which a statement is known again, whatever its case and spacing."""
    return b64u(hashlib.sha256(" ".join(_words(text)).encode()).digest())


def own_words(text: str, rule: NecessityRule) -> tuple[frozenset[str], frozenset[str]]:
    """Sort the words of a statement: those of the asker's own, and those of protected matters."""
    words = frozenset(_words(text))
    protected = words & frozenset(rule.protected)
    return words - protected - frozenset(rule.filler), protected


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
