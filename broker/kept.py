"""Values of our own as they stand in buckets and streams: JSON with a format version.

Only the broker writes them, so a value that cannot be read is a broken store and never a problem
of a sender.
"""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from broker.faults import StoreFault

__all__ = ["dump", "load"]

T = TypeVar("T")


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Made at the first use of a kind: making one costs more than using it a hundred times."""
    found = _ADAPTERS.get(kind)
    if found is None:
        found = _ADAPTERS[kind] = TypeAdapter(kind)
    return found


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
