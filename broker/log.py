"""What operators see: one JSON line per event, made of known keys only.

An allow-list, not a deny-list: a key that is not in KEYS is dropped and only its name is listed; a
value that is not a number, a boolean or a plain word is replaced; of an exception only the type is
kept, because texts of parsers quote what was sent. Logs are not the audit (``broker/audit``).
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from broker.clock import real_now

__all__ = ["KEYS", "UNSAFE", "configure", "logger", "only_known_keys"]

KEYS = frozenset({
    "account", "agency", "at", "code", "codes", "count", "deliveries", "directory", "durable", "elapsed_ms",
    "error", "event", "id", "kid", "level", "mt", "name", "pack", "pid", "port", "rung", "sequence", "service",
    "size", "stream", "verdict", "version",
})  # fmt: skip
"""Every key a line may have. A message is named by its hash, an agency by its id, never a person."""

UNSAFE = "[unsafe]"
_WORD = re.compile(r"[A-Za-z0-9_.:/@+\-]{0,120}\Z", re.ASCII)
_MOST_WORDS = 32
_KEY = re.compile(r"[a-z_][a-z0-9_]{0,39}\Z", re.ASCII)

Event = MutableMapping[str, Any]  # Any: a caller may pass whatever it likes; that is the point


def _safe(value: object) -> object:
    """The value if it can carry nothing but a number or plain words."""
    match value:
        case bool() | int() | float() | None:
            return value
        case str():
            return value if _WORD.match(value) else UNSAFE
        case list() | tuple() | set() | frozenset():
            words = [_safe(part) for part in list(value)[:_MOST_WORDS]]
            return UNSAFE if any(isinstance(part, list) for part in words) else words
        case BaseException():
            return type(value).__name__
        case _:
            return UNSAFE


def only_known_keys(_logger: object, _method: str, event: Event) -> Event:
    """Keep known keys with safe values; list the names of the others, if the names are safe."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    kept: Event = {key: _safe(event[key]) for key in event if key in KEYS}
    if isinstance(error, BaseException):
        kept["error"] = type(error).__name__
    dropped = sorted(key if _KEY.match(key) else UNSAFE for key in event if key not in KEYS)
    if dropped:
        kept["dropped"] = dropped[:_MOST_WORDS]
    return kept


def _stamp(_logger: object, _method: str, event: Event) -> Event:
    """Real time: it is for operators, who compare it with the machine's other logs."""
    event["at"] = real_now().isoformat(timespec="milliseconds")
    return event


def configure(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send every line of this process to ``stream`` (standard error), one JSON object each.

    Lines of other libraries are not passed on, except that one was written, by whom and how grave:
    their texts may quote anything.
    """
    target = stream if stream is not None else sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _stamp,
            only_known_keys,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Foreign()], level=logging.WARNING, force=True)


class _Foreign(logging.Handler):
    """Tells that another library logged something; not what."""

    def emit(self, record: logging.LogRecord) -> None:
        logger.warning(
            "library.logged",
            name=record.name,
            error=record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None,
        )


logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
