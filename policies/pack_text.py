"""Text to values: one YAML file of a pack, strictly, every complaint with file and line.

YAML forgives much (a key twice, anchors, tags, ``no`` as false). Here a key stands once, nothing
is aliased or tagged, and what the value's class does not know stops the load.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

__all__ = ["MAX_FILE_CHARS", "Doc", "PackError", "read_doc"]

_T = TypeVar("_T")
_Path = tuple[str | int, ...]

MAX_FILE_CHARS = 200_000  # ten times the longest file; a data protection officer reads it
MAX_DEPTH = 12  # twice what any file of a pack needs
_UNKNOWN_KEY = "unexpected_keyword_argument"
_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(
    _TAG + kind for kind in ("str", "int", "bool", "null", "map", "seq", "timestamp")
)
# What a word without quotes may be besides a text. YAML 1.1 reads "no", "on" and 1:20 as
# something else than a reader does.
_MEANT: Mapping[str, tuple[str, str]] = {
    "bool": (r"true|false", "tf"),
    "null": (r"null", "n"),
    "int": (r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    "timestamp": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
}


class PackError(ValueError):
    """A pack cannot be loaded; says in which file and line, and why, in our words.

    Attributes:
        file: The path within the pack.
        line: Counted from one; 0 when the whole file is meant.
        reason: One sentence.

    """

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class _Loader(yaml.CSafeLoader):
    """YAML's safe loader (libyaml's: ten times as fast) with only the readings of ``_MEANT``."""


_Loader.yaml_implicit_resolvers = {}
for _kind, (_pattern, _first) in _MEANT.items():
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), list(_first))


@dataclass(frozen=True, slots=True)
class Doc:
    """A file that was read: its plain values, and the line of each."""

    file: str
    values: Any  # what YAML's plain scalars, lists and maps decode to
    lines: Mapping[_Path, int]

    def line(self, *path: str | int) -> int:
        """Give the line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def fail(self, reason: str, *path: str | int) -> PackError:
        """Make the error that names the line of a value."""
        return PackError(self.file, self.line(*path), reason)

    def as_(self, form: type[_T]) -> _T:
        """Read the values as a class of ``pack_values``.

        Raises:
            PackError: An unknown key, a missing one, or a value out of its limits.

        """
        try:
            # mypy does not see that a class can be hashed
            read: _T = _adapter(form).validate_python(self.values)  # type: ignore[arg-type]  # as above
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            # A key that is misspelt is missing as well: name what stands there.
            first = min(found, key=lambda one: one["type"] != _UNKNOWN_KEY)
            where = _shown(first["loc"])
            reason = f"{where}: {_reason(first['type'], first['msg'])}"
            raise self.fail(reason, *first["loc"]) from None
        return read


@cache
def _adapter(form: type) -> TypeAdapter[Any]:  # Any: one cache for every class
    return TypeAdapter(form)


def _shown(path: _Path) -> str:
    return ".".join(str(step) for step in path) or "the file"


def _reason(kind: str, message: str) -> str:
    if kind == _UNKNOWN_KEY:
        return "this key is not known"
    if kind in {"missing", "missing_argument"}:
        return "this key is missing"
    return message[:1].lower() + message[1:]


def read_doc(file: str, text: str) -> Doc:
    """Read one YAML file into plain values with their lines.

    Args:
        file: Its path within the pack, for complaints.
        text: Its text; one document.

    Raises:
        PackError: Not YAML, more than one document, a key twice, an alias, a tag, or too long.

    """
    if len(text) > MAX_FILE_CHARS:
        raise PackError(file, 0, "the file is too long")
    try:
        _check_depth(file, text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise PackError(file, mark.line + 1 if mark else 0, "this is not YAML") from None
    if node is None:
        raise PackError(file, 0, "the file is empty")
    lines: dict[_Path, int] = {}
    _check(file, node, lines, (), set())
    lines[()] = 1
    # Tags were checked above: only YAML's plain kinds are built.
    try:
        values = _Loader("").construct_document(node)
    except (yaml.YAMLError, ValueError):
        raise PackError(file, 0, "a value cannot be read") from None
    return Doc(file, values, lines)


def _check_depth(file: str, text: str) -> None:
    """Refuse deep nesting before anything recurses: libyaml would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise PackError(file, 0, "nested too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check(
    file: str, node: yaml.Node, lines: dict[_Path, int], path: _Path, seen: set[int]
) -> None:
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise PackError(file, line, "an alias: write the value out")
    seen.add(id(node))
    if node.tag not in _PLAIN:
        raise PackError(
            file, line, "only texts, whole numbers, days, true and false are known here"
        )
    for step, at, child in _children(file, node):
        lines[(*path, step)] = at
        _check(file, child, lines, (*path, step), seen)


def _children(file: str, node: yaml.Node) -> Iterator[tuple[str | int, int, yaml.Node]]:
    """Give each member with the line on which it stands: its key's, or its own in a list."""
    if isinstance(node, yaml.SequenceNode):
        for place, child in enumerate(node.value):
            yield place, child.start_mark.line + 1, child
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise PackError(file, key.start_mark.line + 1, "a key must be a text")
            if key.value in names:
                raise PackError(file, key.start_mark.line + 1, f"the key {key.value} stands twice")
            names.add(key.value)
            yield key.value, key.start_mark.line + 1, value
