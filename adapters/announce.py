"""Tell a person outside the bus that something waits: by e-mail or by a command. No content, ever.

A notice holds a kind, an opaque request reference, a due time and nothing else: a mailbox or a
phone's lock screen is not a place for a case. A notice that cannot be delivered is a fault that
the caller records; it never stops the exchange.
"""

import asyncio
import json
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from enum import StrEnum
from typing import Final, Protocol
from zoneinfo import ZoneInfo

__all__ = ["AnnounceFault", "Announcer", "ByCommand", "ByMail", "Kind", "Notice", "words"]

_LONDON: Final = ZoneInfo("Europe/London")
_TIMEOUT_S: Final = 20.0
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Kind(StrEnum):
    """What happened."""

    NEW_REQUEST = "new_request"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    ANSWERED = "answered"
    ASKED = "asked"
    NOT_COLLECTED = "not_collected"
    ALARM = "alarm"


_SAYS = {
    Kind.NEW_REQUEST: "A new information request waits for your agency",
    Kind.REMINDER: "An information request waits for your agency's answer",
    Kind.ESCALATION: "An information request is overdue",
    Kind.ANSWERED: "An agency has answered a request",
    Kind.ASKED: "An agency has a question about a request",
    Kind.NOT_COLLECTED: "An agency has not collected a message of yours",
    Kind.ALARM: "Something is not as it should be, and somebody must look at it",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What may leave the bus about a request, or an alarm.

    Attributes:
        kind: What happened.
        reference: The last eight characters of the request's id: enough to find it in the
            inbox, nothing to anybody else. Of an alarm its number here.
        due_at: The last instant in time, aware, or None.

    """

    kind: Kind
    reference: str
    due_at: datetime | None


def words(notice: Notice) -> str:
    """Spell a notice in one or two sentences."""
    due = ""
    if notice.due_at is not None:
        local = notice.due_at.astimezone(_LONDON)
        due = f" It is due by {local:%H:%M} on {local:%A} {local.day} {local:%B %Y}."
    return f"{_SAYS[notice.kind]} (reference {notice.reference}).{due} Open Dovetail to see it."


class AnnounceFault(Exception):
    """The notice did not go out; the message names the way, never an address or what was sent."""


class Announcer(Protocol):
    """A way to reach a person."""

    async def announce(self, notice: Notice) -> None:
        """Return once the notice was handed over.

        Raises:
            AnnounceFault: It was not handed over; try again later.

        """


@dataclass(frozen=True, slots=True)
class ByMail:
    """By SMTP, in plain text; a server that is not on this machine must offer TLS and prove its name.

    Attributes:
        host: SMTP server.
        port: Its port.
        sender: Envelope and header sender.
        to: Addresses of posts.
        timeout_s: How long each step with the server may take.

    """

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    timeout_s: float = _TIMEOUT_S

    async def announce(self, notice: Notice) -> None:
        """See :class:`Announcer`."""
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)
        message["Subject"] = f"Dovetail: {_SAYS[notice.kind].lower()}"
        message.set_content(words(notice))
        try:
            await asyncio.to_thread(self._send, message)
        except (OSError, smtplib.SMTPException) as error:
            msg = f"e-mail was not accepted ({type(error).__name__})"
            raise AnnounceFault(msg) from None

    def _send(self, message: EmailMessage) -> None:
        with smtplib.SMTP(self.host, self.port, timeout=self.timeout_s) as server:
            if self.host not in _HERE:
                server.starttls(context=ssl.create_default_context())
            server.send_message(message)


@dataclass(frozen=True, slots=True)
class ByCommand:
    """By a program of the agency's own, which gets the notice as one JSON line on its input.

    Attributes:
        command: Program and arguments; no shell takes part.
        timeout_s: How long it may run.

    """

    command: Sequence[str]
    timeout_s: float = _TIMEOUT_S

    async def announce(self, notice: Notice) -> None:
        """See :class:`Announcer`."""
        due = notice.due_at.astimezone(UTC).isoformat() if notice.due_at else None
        line = {"schema": "dovetail.notice/1", "kind": notice.kind, "reference": notice.reference}
        text = json.dumps({**line, "due_at": due, "says": words(notice)}).encode() + b"\n"
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            msg = "the announcing command could not be started"
            raise AnnounceFault(msg) from None
        try:
            async with asyncio.timeout(self.timeout_s):
                await process.communicate(text)
        except TimeoutError:
            msg = f"the announcing command did not end within {self.timeout_s:g} s"
            raise AnnounceFault(msg) from None
        finally:
            if process.returncode is None:  # also when the edge is stopped meanwhile
                process.kill()
                await process.wait()
        if process.returncode:
            msg = f"the announcing command ended with {process.returncode}"
            raise AnnounceFault(msg)
