"""Notices outside the bus: by e-mail and by a command, without content, and never in the way."""

import asyncio
import json
import os
import smtplib
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from adapters.announce import AnnounceFault, ByCommand, ByMail, Kind, Notice, words
from adapters.runtime import Options, Runtime
from tests.adapters.edge_hands import Hands

DUE = datetime(2026, 7, 20, 15, 30, tzinfo=UTC)
NOTICE = Notice(Kind.NEW_REQUEST, "0a1b2c3d", DUE)


def test_words_are_for_a_lock_screen():
    """What happened, where to find it, and when it is due in London; nothing else."""
    assert words(NOTICE) == (
        "A new information request waits for your agency (reference 0a1b2c3d)."
        " It is due by 16:30 on Monday 20 July 2026. Open Dovetail to see it."
    )
    assert "due" not in words(Notice(Kind.ASKED, "0a1b2c3d", None))
    assert len({words(Notice(kind, "x", None)) for kind in Kind}) == len(Kind)


@dataclass
class Mailbox:
    """A mail server on this machine; ``refuses`` is a command that it does not take."""

    refuses: str = ""
    port: int = 0
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            word = command.partition(" ")[0].upper()
            if word == self.refuses:
                writer.write(b"550 no\r\n")
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 kept\r\n")
            elif word == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 yes\r\n")
            await writer.drain()
        writer.close()


@asynccontextmanager
async def mailbox(refuses: str = "", host: str = "127.0.0.1") -> AsyncIterator[Mailbox]:
    """A mail server at work."""
    made = Mailbox(refuses)
    server = await asyncio.start_server(made.serve, host, 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


def by_mail(port: int, host: str = "127.0.0.1") -> ByMail:
    return ByMail(host, port, "dovetail@example.org", ("duty@example.org", "deputy@example.org"), 5)


async def test_a_mail_says_what_happened(hands: Hands):
    """To every post, in plain text."""
    async with mailbox() as box:
        await by_mail(box.port).announce(NOTICE)
    (mail,) = box.mails
    read = message_from_bytes(mail.removesuffix(b".\r\n"), policy=policy.default)
    assert read["Subject"] == "Dovetail: a new information request waits for your agency"
    assert read["To"] == "duty@example.org, deputy@example.org"
    assert read.get_content().strip() == words(NOTICE)
    assert [one for one in box.commands if one.startswith("rcpt")] == [
        "rcpt TO:<duty@example.org>",
        "rcpt TO:<deputy@example.org>",
    ]


@pytest.mark.parametrize("refuses", ["MAIL", "DATA"])
async def test_a_mail_that_is_not_taken_is_a_fault(refuses: str):
    """It names the way, and no address."""
    async with mailbox(refuses) as box:
        with pytest.raises(AnnounceFault) as fault:
            await by_mail(box.port).announce(NOTICE)
    assert "example.org" not in str(fault.value)


async def test_no_server_is_a_fault():
    """The exchange goes on; somebody is called."""
    async with mailbox() as box:
        port = box.port
    with pytest.raises(AnnounceFault, match="ConnectionRefused"):
        await by_mail(port).announce(NOTICE)


async def test_elsewhere_only_with_a_proven_name(monkeypatch: pytest.MonkeyPatch):
    """A server that is not on this machine must offer TLS, and its certificate is looked at."""
    asked: list[ssl.SSLContext] = []

    def starttls(self: smtplib.SMTP, *, context: ssl.SSLContext) -> None:
        asked.append(context)
        raise smtplib.SMTPNotSupportedError

    monkeypatch.setattr(smtplib.SMTP, "starttls", starttls)
    async with mailbox(host="127.0.0.2") as box:
        with pytest.raises(AnnounceFault):
            await by_mail(box.port, "127.0.0.2").announce(NOTICE)
    assert asked[0].verify_mode is ssl.CERT_REQUIRED
    assert asked[0].check_hostname
    assert box.mails == []


def program(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "told.py"
    path.write_text(f"import sys, time\nline = sys.stdin.readline()\n{text}\n")
    return (sys.executable, str(path))


async def test_a_command_gets_one_line(tmp_path: Path):
    """JSON with its schema; no shell takes part."""
    told = tmp_path / "told.json"
    await ByCommand(program(tmp_path, f"open({str(told)!r}, 'w').write(line)"), 20).announce(NOTICE)
    assert json.loads(told.read_text()) == {
        "schema": "dovetail.notice/1",
        "kind": "new_request",
        "reference": "0a1b2c3d",
        "due_at": "2026-07-20T15:30:00+00:00",
        "says": words(NOTICE),
    }


@pytest.mark.parametrize(
    ("text", "timeout_s", "says"),
    [("sys.exit(3)", 20, "ended with 3"), ("time.sleep(60)", 0.2, "did not end within 0.2 s")],
)
async def test_a_command_that_fails_is_a_fault(
    tmp_path: Path, text: str, timeout_s: float, says: str
):
    """And leaves no process behind."""
    with pytest.raises(AnnounceFault, match=says):
        await ByCommand(program(tmp_path, text), timeout_s).announce(NOTICE)


async def test_a_command_that_is_not_there_is_a_fault(tmp_path: Path):
    """Named by what it is, not by its path."""
    with pytest.raises(AnnounceFault, match="could not be started") as fault:
        await ByCommand((str(tmp_path / "nowhere"),)).announce(NOTICE)
    assert "nowhere" not in str(fault.value)


async def test_a_command_ends_with_the_edge(tmp_path: Path):
    """An edge that is stopped leaves no program behind."""
    pid = tmp_path / "pid"
    text = f"import os\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    task = asyncio.ensure_future(ByCommand(program(tmp_path, text), 60).announce(NOTICE))
    async with asyncio.timeout(20):
        while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_no_notice_holds_content(hands: Hands, tmp_path: Path):
    """Whatever the request says, by mail and by command: kind, reference, due time."""
    subject = {"id.family_name": "Canarynine", "id.given_names": "Canaryten", "id.dob": "2010-02-28", "id.upn": "A123456789012"}  # fmt: skip
    found = hands.asked(subject=subject, because="staff saw canarynine withdrawal since September")
    told = tmp_path / "told.json"
    async with mailbox() as box:
        command = ByCommand(program(tmp_path, f"open({str(told)!r}, 'w').write(line)"))
        client = None  # nothing here goes to the bus
        work = Runtime(hands.school, client, Options(announcers=(by_mail(box.port), command)))  # type: ignore[arg-type]
        assert await work.announce()
    sent = (b"".join(box.mails) + told.read_bytes()).lower()
    assert found.jti[-8:].encode() in sent
    claims = found.verified.manifest
    kept_back = (
        b"canary",
        b"2010-02-28",
        b"a123456789012",
        claims.conv.encode(),
        b"edu.",
        b"panel",
    )
    assert not any(one in sent for one in (*kept_back, found.jti.encode()))
