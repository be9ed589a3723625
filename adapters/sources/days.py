"""Days as sources write them: ISO 8601 in its one common spelling, and no other."""

import re
from datetime import date

__all__ = ["to_day"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def to_day(text: str) -> date:
    """Read a day written YYYY-MM-DD.

    Raises:
        ValueError: It is none, or is written otherwise (Python also reads weeks and short forms).

    """
    if not _DAY.fullmatch(text):
        raise ValueError("no day")
    return date.fromisoformat(text)
