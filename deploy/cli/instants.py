"""Instants and stretches of time as options of a command."""

from datetime import datetime
from typing import Any

import click

from policies.deadline import Stop
from schemas.encoding import parse_instant
from schemas.problems import Problem

__all__ = ["INSTANT", "STRETCH"]


class _Instant(click.ParamType[datetime]):
    """RFC 3339 with a zone."""

    name = "instant"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click declares it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """Read an instant; say what form is wanted if it is none."""
        read = value if isinstance(value, datetime) else _read(str(value))
        if read is None:
            self.fail("give date, time and zone, such as 2026-11-16T09:00:00Z", param, ctx)
        return read


class _Stretch(click.ParamType[Stop]):
    """FROM/TO; TO may be left out while the clock still stands."""

    name = "from/to"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click declares it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Stop:
        """Read a stop; say what form is wanted if it is none."""
        first, slash, second = str(value).partition("/")
        began, ended = _read(first), _read(second) if second else None
        if began is None or not slash or (second and ended is None):
            self.fail("give FROM/TO, such as 2026-11-04T11:00:00Z/2026-11-05T15:00:00Z", param, ctx)
        if ended is not None and ended < began:
            self.fail("the stop ends before it begins", param, ctx)
        return Stop(began, ended)


def _read(text: str) -> datetime | None:
    """Read an instant; RFC 3339 as we write it, or any zone that Python reads."""
    read = parse_instant(text)
    if not isinstance(read, Problem):
        return read
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.utcoffset() is not None else None


INSTANT = _Instant()
STRETCH = _Stretch()
