"""Values of our own as they stand in buckets and streams: JSON with a format version.

Only the broker writes them, so a value that cannot be read is a broken store and never a problem
of a sender.
"""

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from broker.faults import StoreFault

__all__ = ["dump", "load"]

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # Any: what a type's own hash is mypy cannot know
    return TypeAdapter(kind)


def dump(value: object) -> bytes:
    """Spell a frozen dataclass of plain values; ``load`` reads an equal one back."""
    found: bytes = _adapter(type(value)).dump_json(value)
    return found


def load(kind: type[T], data: bytes) -> T:
    """Read a value of this kind.

    Raises:
        StoreFault: It is of another kind, or of a format that this version does not know.

    """
    try:
        found: T = _adapter(kind).validate_json(data)
    except ValidationError:
        # Not chained: pydantic's text quotes what stood there.
        raise StoreFault(f"A stored {kind.__name__} cannot be read by this version.") from None
    return found
