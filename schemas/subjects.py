"""Every stream, bucket, subject and key of the bus. No other file spells one (architecture.md).

``account`` is an agency's NATS account key, ``message`` a hex SHA-256 of the bytes as received.
Nothing else goes into a name: subjects show in server logs, in metrics and to operators. Whoever
calls with anything else has a fault, and gets a ValueError, so that nothing sent (a dot, a
wildcard) can become a part of a subject.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias, get_args

from schemas.identifiers import (
    Account,
    AgencyId,
    Conv,
    Hash,
    Jti,
    parse_account,
    parse_agency_id,
    parse_conv,
    parse_jti,
    parse_kid,
)
from schemas.problems import Problem

__all__ = [
    "ANY",
    "AT_AGENCY",
    "BUCKETS",
    "FEED_NEXT",
    "INBOX_NEXT",
    "NOBODY",
    "SEND_ENVELOPE",
    "SEND_RECEIPT",
    "STREAMS",
    "Bucket",
    "Delivery",
    "Ingress",
    "Place",
    "Service",
    "Stream",
    "ack",
    "case_key",
    "checkpoint",
    "consumer_next",
    "content",
    "content_key",
    "feed",
    "id_key",
    "ingress",
    "ingress_stream",
    "kind_of_ingress",
    "log_leaf",
    "out",
    "parked",
    "read_feed",
    "read_ingress",
    "read_out",
    "read_record",
    "read_verdict",
    "record",
    "request_key",
    "retry",
    "verdict",
]

Ingress: TypeAlias = Literal["env", "receipt"]
Delivery: TypeAlias = Literal["manifest", "content", "receipt"]
Service: TypeAlias = Literal["gate", "release", "gathering", "audit"]


class Stream(StrEnum):
    """The broker's streams; each agency's ``IN_<account>`` comes of ``ingress_stream``."""

    RETRY = "RETRY"
    PARKED = "PARKED"
    VERDICTS = "VERDICTS"
    RECORDS = "RECORDS"
    OUT = "OUT"
    CONTENT = "CONTENT"
    LOG = "LOG"
    CHECKPOINTS = "CHECKPOINTS"
    FEED = "FEED"


class Bucket(StrEnum):
    """The broker's key-value buckets."""

    IDS = "ids"
    REQUESTS = "requests"
    CASES = "cases"
    CONTENTS = "contents"
    FEEDS = "feeds"
    LADDER = "ladder"
    META = "meta"


STREAMS: Final = tuple(Stream)
BUCKETS: Final = tuple(Bucket)

_FIRST: Final[dict[Stream, str]] = {
    Stream.RETRY: "retry",
    Stream.PARKED: "parked",
    Stream.VERDICTS: "verdicts",
    Stream.RECORDS: "records",
    Stream.OUT: "out",
    Stream.CONTENT: "content",
    Stream.LOG: "log",
    Stream.CHECKPOINTS: "checkpoint",
    Stream.FEED: "feed",
}
ANY: Final[dict[Stream, str]] = {stream: f"{first}.>" for stream, first in _FIRST.items()}
"""Everything that a stream takes."""
NOBODY: Final = "_"
"""Stands for the account where a message came from none."""

# What an agency calls these inside its own account (its imports; architecture.md).
SEND_ENVELOPE: Final = "in.env"
SEND_RECEIPT: Final = "in.receipt"
INBOX_NEXT: Final = "inbox.next"
FEED_NEXT: Final = "feed.next"
AT_AGENCY: Final = ("in.>", INBOX_NEXT, FEED_NEXT)

_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_NUMBER: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """What a subject says.

    Attributes:
        account: Whose it is.
        kind: The kind of delivery, or the service, where the subject has one; else empty.
        id: The message id, receipt id or number.

    """

    account: Account
    kind: str
    id: str


def ingress_stream(account: Account) -> str:
    """Name the stream of what one agency sent."""
    return f"IN_{_account(account)}"


def ingress(account: Account, kind: Ingress | None = None) -> str:
    """What one agency sends: envelopes, receipts, or (None) a pattern for both."""
    return f"in.{_account(account)}.{_one_of(Ingress, kind) if kind else '>'}"


def kind_of_ingress(kind: Ingress) -> str:
    """A pattern for one kind of message from every agency."""
    return f"in.*.{_one_of(Ingress, kind)}"


def retry(service: Service, account: Account | None) -> str:
    """Where an operator puts a parked message back."""
    return f"retry.{_one_of(Service, service)}.{_account(account) if account else NOBODY}"


def parked(service: Service, account: Account | None, message: str) -> str:
    """Where a message lies that was a fault too often."""
    owner = _account(account) if account else NOBODY
    return f"parked.{_one_of(Service, service)}.{owner}.{_message(message)}"


def verdict(account: Account, message: str) -> str:
    """The decision on a message of an agency; created once."""
    return f"verdicts.{_account(account)}.{_message(message)}"


def record(service: Service, account: Account, message: str) -> str:
    """The sealed record that a service made of a message; created once."""
    return f"records.{_one_of(Service, service)}.{_account(account)}.{_message(message)}"


def out(account: Account, kind: Delivery | None = None, message: str | None = None) -> str:
    """A delivery to an agency; without kind or id, a pattern."""
    if kind is None:
        return f"out.{_account(account)}.>"
    tail = "*" if message is None else _message(message)
    return f"out.{_account(account)}.{_one_of(Delivery, kind)}.{tail}"


def content(message: str) -> str:
    """The content that waits for its receipt."""
    return f"content.{_message(message)}"


def log_leaf(commitment: bytes) -> str:
    """A leaf of the log, by SHA-256 of its record: a record is logged once."""
    if len(commitment) != 32:
        raise ValueError("a commitment has 32 bytes")
    return f"log.{commitment.hex()}"


def checkpoint(size: int) -> str:
    """The log's checkpoint at a size."""
    return f"checkpoint.{_number(size, least=0)}"


def feed(account: Account, number: int | None = None) -> str:
    """An entry of an agency's feed, numbered from 1; without a number, a pattern."""
    return f"feed.{_account(account)}.{'>' if number is None else _number(number, least=1)}"


def consumer_next(stream: Stream, durable: str) -> str:
    """Where a consumer's next message is asked for; an agency's durable is its account."""
    return f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"


def ack(stream: Stream, durable: str) -> str:
    """A pattern for a consumer's acknowledgements."""
    return f"$JS.ACK.{stream}.{durable}.>"


def id_key(sender: AgencyId, jti: Jti) -> str:
    """Key in ``ids``: which message used this id of this sender."""
    return f"{_held(parse_agency_id(sender))}.{_held(parse_jti(jti))}"


def request_key(h: Hash) -> str:
    """Key in ``requests``: the request, by SHA-256 of its P, which names it to both sides."""
    return _held(parse_kid(h))


def content_key(h: Hash) -> str:
    """Key in ``contents``: where a content stands, by SHA-256 of its P."""
    return _held(parse_kid(h))


def case_key(conv: Conv) -> str:
    """Key in ``cases``: who leads a case."""
    return _held(parse_conv(conv))


def read_ingress(subject: str) -> tuple[Account, Ingress] | None:
    """Take apart ``in.<account>.<kind>``; None for any other subject."""
    match subject.split("."):
        case ["in", account, ("env" | "receipt") as kind] if _is_account(account):
            return account, kind
        case _:
            return None


def read_verdict(subject: str) -> Place | None:
    """Take apart ``verdicts.<account>.<id>``; None for any other subject."""
    match subject.split("."):
        case ["verdicts", account, message] if _is_account(account) and _HEX.fullmatch(message):
            return Place(account, "", message)
        case _:
            return None


def read_record(subject: str) -> Place | None:
    """Take apart ``records.<service>.<account>.<id>``; None for any other subject."""
    match subject.split("."):
        case ["records", kind, account, message] if kind in get_args(Service):
            return _place(account, kind, message)
        case _:
            return None


def read_out(subject: str) -> Place | None:
    """Take apart ``out.<account>.<kind>.<id>``; None for any other subject."""
    match subject.split("."):
        case ["out", account, kind, message] if kind in get_args(Delivery):
            return _place(account, kind, message)
        case _:
            return None


def read_feed(subject: str) -> tuple[Account, int] | None:
    """Take apart ``feed.<account>.<n>``; None for any other subject."""
    match subject.split("."):
        case ["feed", account, number] if _is_account(account):
            return (account, int(number)) if re.fullmatch(r"[1-9][0-9]{0,15}", number) else None
        case _:
            return None


def _place(account: str, kind: str, message: str) -> Place | None:
    """Hold the account and the id of a subject."""
    if not _is_account(account) or not _HEX.fullmatch(message):
        return None
    return Place(account, kind, message)


def _is_account(text: str) -> bool:
    """Tell whether a token is an account key."""
    return not isinstance(parse_account(text), Problem)


def _account(text: str) -> Account:
    """Let an account key and nothing else into a subject."""
    return _held(parse_account(text))


def _message(text: str) -> str:
    """Let a message id and nothing else into a subject."""
    if not _HEX.fullmatch(text):
        raise ValueError("not a message id")
    return text


def _number(value: int, *, least: int) -> int:
    """Let a whole number in range and nothing else into a subject."""
    if not least <= value <= _MAX_NUMBER:
        raise ValueError("not a number in range")
    return value


def _one_of(allowed: object, word: str) -> str:
    """Let one of the listed words and nothing else into a subject."""
    if word not in get_args(allowed):
        raise ValueError("not a word of the bus")
    return word


def _held(found: str | Problem) -> str:
    """Give what a parser accepted."""
    if isinstance(found, Problem):
        raise ValueError("not fit for a subject")  # noqa: TRY004 - the type is right, the value is not
    return found
