"""XML files as a tree that knows its lines. No document type, no entity, nothing from outside.

``defusedxml`` refuses those before they cost anything; the limits below refuse a flood of plain
elements. What is read is the plain XML of government returns: no namespaces, no text beside
elements, no attributes that matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from adapters.agency import SourceError
from adapters.sources.days import to_day
from adapters.sources.folder import read_bytes
from schemas.fields.forms import tidy

__all__ = ["MAX_DEPTH", "MAX_ELEMENTS", "Element", "parse", "read"]

MAX_DEPTH = 32
MAX_ELEMENTS = 2_000_000

T = TypeVar("T")


@dataclass(slots=True)
class Element:
    """One element. Its readers raise ``SourceError`` with path and line, never the content."""

    file: str
    path: str
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """Its name."""
        return self.path.rpartition("/")[2]

    def wrong(self, says: str) -> SourceError:
        """Make the error for this element."""
        return SourceError(self.file, f"line {self.line}, {self.path}", says)

    def many(self, tag: str) -> tuple["Element", ...]:
        """All children of that name, in order; possibly none."""
        return tuple(child for child in self.children if child.tag == tag)

    def maybe(self, tag: str) -> "Element | None":
        """The child of that name, of which there is at most one."""
        found = self.many(tag)
        if len(found) > 1:
            raise found[1].wrong("It stands here a second time.")
        return found[0] if found else None

    def one(self, tag: str) -> "Element":
        """The child of that name, which must be there."""
        child = self.maybe(tag)
        if child is None:
            raise self.wrong(f"It has no {tag}.")
        return child

    def value(self, tag: str) -> str | None:
        """The tidied text of a child; None when it is not there or empty."""
        child = self.maybe(tag)
        return None if child is None else tidy(child.text) or None

    def needed(self, tag: str) -> str:
        """The tidied text of a child, which must be there."""
        value = tidy(self.one(tag).text)
        if not value:
            raise self.one(tag).wrong("It is empty.")
        return value

    def day(self, tag: str) -> date | None:
        """The day in a child, written YYYY-MM-DD; None when it is not there or empty."""
        return self.read(tag, to_day, "day written YYYY-MM-DD")

    def needed_day(self, tag: str) -> date:
        """The day in a child, which must be there."""
        day = self.day(tag)
        if day is None:
            raise self.one(tag).wrong("It is empty.")
        return day

    def instant(self, tag: str) -> datetime:
        """The instant in a child, YYYY-MM-DDThh:mm:ss as local time of the sender, naive."""
        found = self.read(tag, _to_instant, "time written YYYY-MM-DDThh:mm:ss")
        if found is None:
            raise self.one(tag).wrong("It is empty.")
        return found

    def choice(self, tag: str, choices: Mapping[str, T]) -> T | None:
        """One of the given codes in a child; None when it is not there or empty."""
        value = self.value(tag)
        if value is None:
            return None
        if value not in choices:
            raise self.one(tag).wrong(f"It is none of: {', '.join(choices)}.")
        return choices[value]

    def read(self, tag: str, convert: Callable[[str], T], what: str) -> T | None:
        """The converted text of a child; ``convert`` raises ValueError for what is no ``what``."""
        value = self.value(tag)
        if value is None:
            return None
        try:
            return convert(value)
        except ValueError:
            raise self.one(tag).wrong(f"It is no {what}.") from None


class _Builder:
    """Collects elements while the parser reads; ``parser`` is set before it starts."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.parser: DefusedXMLParser | None = None
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    @property
    def _line(self) -> int:
        return int(self.parser.parser.CurrentLineNumber) if self.parser else 0

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:  # noqa: ARG002  # expat's call
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            says = "It has too many elements, or they are nested too deep."
            raise SourceError(self.file, f"line {self._line}", says)
        if "}" in tag:
            raise SourceError(self.file, f"line {self._line}", "It uses an XML namespace.")
        parent = self._open[-1] if self._open else None
        path = f"{parent.path}/{tag}" if parent else f"/{tag}"
        element = Element(self.file, path, self._line)
        if parent:
            parent.children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def end(self, tag: str) -> None:  # noqa: ARG002  # expat's call
        element = self._open.pop()
        if element.children and element.text.strip():
            raise element.wrong("It has stray text between its elements.")

    def close(self) -> Element | None:
        return self.root


def _to_instant(text: str) -> datetime:
    """Fractions and a zone may follow the seconds; both are dropped, only the day matters."""
    day, _, clock = text.partition("T")
    to_day(day)
    if not clock:
        raise ValueError("no time of day")
    return datetime.fromisoformat(text[:19])


def read(path: Path, root: str) -> Element:
    """Read an XML file; see ``parse``."""
    return parse(path.name, read_bytes(path), root)


def parse(name: str, data: bytes, root: str) -> Element:
    """Turn the bytes of an XML file into a tree.

    Args:
        name: Of the file, for errors.
        data: All of it.
        root: The name that the outermost element must have.

    Raises:
        SourceError: With the line of whatever is not well formed, not allowed or too much.

    """
    builder = _Builder(name)
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.parser = parser
    try:
        parser.feed(data)
        parser.close()
    except DefusedXmlException:
        line = parser.parser.CurrentLineNumber
        says = "It declares a document type or an entity, which is not read."
        raise SourceError(name, f"line {line}", says) from None
    except ParseError as error:
        raise SourceError(name, f"line {error.position[0]}", "It is not well-formed XML.") from None
    except (LookupError, ValueError):
        raise SourceError(name, "line 1", "Its encoding is not known.") from None
    found = builder.root
    if found is None or found.tag != root:
        raise SourceError(name, "line 1", f"Its outermost element is not {root}.")
    return found
