"""What an edge does by itself with requests, and what it tells people outside the bus."""

import asyncio
from datetime import date
from typing import Any

import pytest

from adapters.agency import (
    Agency,
    Answer,
    CannotShare,
    Found,
    Match,
    NothingHeld,
    SourceError,
    Unanswered,
    Window,
)
from adapters.announce import AnnounceFault, Kind, Notice
from adapters.gatherer.lead import withdraw
from adapters.mailbox import letters
from adapters.proposal import Proposal, proposal, write_down
from broker.client import Fault
from schemas.envelope import SignedManifest, Verified, read_manifest, verify
from schemas.fields.refusal_reason import RefusalReason
from schemas.receipt import acknowledge
from tests.adapters.edge_bus import runtime
from tests.adapters.edge_hands import ITEMS, RELEASE, Hands
from tests.adapters.gatherer.office import HAND, PANEL, SCHOOL, Asking, held
from tests.builders import messages


class Records:
    """An agency's records that answer what they are told to."""

    def __init__(self, answer: Answer | Exception | None) -> None:
        self.answer = answer
        self.asked = 0

    async def find(self, subject: Any, wanted: Any) -> Answer:
        self.asked += 1
        if self.answer is None:
            await asyncio.sleep(60)
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer


# ------------------------------------------------------------------------------------- acts


def what(hands: Hands, jti: str) -> Proposal | None:
    with hands.school.store.read() as c:
        return proposal(hands.school, c, jti)


def outgoing(hands: Hands) -> list[str]:
    """The types of what the school sent, in order."""
    with hands.school.store.read() as c:
        return [one.mt.split(".")[1].split("/")[0] for one in letters(c, way="out")]


ALL = frozenset(ITEMS)
WINDOW = Window(date(2025, 1, 1), date(2026, 11, 16))
NONE_HELD = NothingHeld(("education_records",), WINDOW)
EXACT = Found(Match.EXACT, ITEMS)
PROBABLE = Found(Match.PROBABLE, ITEMS)
PART = Found(
    Match.EXACT,
    {name: item for name, item in ITEMS.items() if name != "edu.suspensions"},
    {"edu.suspensions": Unanswered.NO_SOURCE},
)


@pytest.mark.parametrize(
    ("records", "outcome", "sent"),
    [
        (EXACT, "found", ["response"]),
        (PROBABLE, "found", []),
        (PART, "found", []),
        (NONE_HELD, "nothing_held", ["nil_return"]),
        (CannotShare(RefusalReason.IDENTITY_NOT_MATCHED), "cannot_share", []),
        (SourceError("roll.csv", "line 7, column dob", "It is no day."), "broken", []),
        (ValueError("canary-in-a-bug"), "broken", []),
        (None, "broken", []),
        (Found(Match.EXACT, {}), "broken", []),
        (Found(Match.EXACT, {**ITEMS, "edu.year_group": ITEMS["edu.suspensions"]}), "broken", []),
    ],
)
@pytest.mark.parametrize("answers", [True, False])
async def test_what_the_records_say_is_a_proposal(
    hands: Hands, records: Any, outcome: str, sent: list[str], answers: bool
):
    """Only a complete, exact answer or a nil return may leave by itself, and only where the agency lets it."""
    found = hands.asked()
    source = Records(records)
    agency: Agency = source
    work = runtime(hands.school, agency=agency, answers=answers)
    await work.act()
    await work.act()
    assert source.asked == 1
    kept = what(hands, found.jti)
    assert kept is not None
    assert kept.outcome == outcome
    assert "canary" not in str(kept.fault)
    assert outgoing(hands) == ["acknowledgement", *(sent if answers else [])]
    alarmed = ["source.broken"] if outcome == "broken" else []
    assert hands.alarms(hands.school) == alarmed


async def test_without_records_people_answer(hands: Hands):
    """And without acknowledging, nothing leaves at all."""
    found = hands.asked()
    await runtime(hands.school, acknowledges=False).act()
    kept = what(hands, found.jti)
    assert kept is not None
    assert kept.outcome == "by_hand"
    assert outgoing(hands) == []


async def test_an_answer_that_needs_a_sign_off_waits_for_a_person(hands: Hands):
    """Policy has something against it: it stays a proposal."""
    hands.office.ask(Asking(agency=SCHOOL, questions=("E3",)))
    request = hands.sent(hands.panel)
    hands.bring(request)
    need = {"edu.send_status": held("K"), "edu.send_primary_need": held("ASD")}
    agency: Agency = Records(Found(Match.EXACT, need))
    await runtime(hands.school, agency=agency, answers=True).act()
    kept = what(hands, request.jti)
    assert kept is not None
    assert kept.items.keys() == need.keys()
    assert outgoing(hands) == ["acknowledgement"]


async def test_killed_while_answering(hands: Hands, monkeypatch: pytest.MonkeyPatch):
    """Killed after each step, the acts are done again, and each message leaves once."""
    found = hands.asked()
    agency: Agency = Records(EXACT)

    def killed(*_: Any, **__: Any) -> None:
        raise Fault("killed here")

    sent = []
    for step in ("acknowledge", "look_up", "answer", "write_down"):
        with monkeypatch.context() as patch:
            patch.setattr(f"adapters.acts.{step}", killed)
            with pytest.raises(Fault):
                await runtime(hands.school, agency=agency, answers=True).act()
        sent.append(len(outgoing(hands)))
    assert sent == [0, 1, 1, 2]
    await runtime(hands.school, agency=agency, answers=True).act()
    assert outgoing(hands) == ["acknowledgement", "response"]
    assert what(hands, found.jti) is None  # answered: nobody looks into the records again


async def test_a_person_who_began_meanwhile_is_not_overwritten(hands: Hands):
    """What was written down by hand while the records were asked stays."""
    found = hands.asked()

    class Slow(Records):
        async def find(self, subject: Any, wanted: Any) -> Answer:
            with hands.school.store.change() as c:
                write_down(hands.school, c, found.jti, Proposal("by_hand"))
            return EXACT

    await runtime(hands.school, agency=Slow(EXACT)).act()
    kept = what(hands, found.jti)
    assert kept is not None
    assert kept.outcome == "by_hand"


async def test_of_a_withdrawn_request_nobody_looks_into_records(hands: Hands):
    """It is not waited for any more."""
    found = hands.asked()
    withdraw(hands.panel, found.jti, "no_longer_needed", HAND)
    hands.bring(hands.sent(hands.panel))
    source = Records(EXACT)
    await runtime(hands.school, agency=source).act()
    assert (source.asked, outgoing(hands)) == (0, [])


# ---------------------------------------------------------------------------------- notices


class Heard:
    """An announcer that remembers, and fails when told to."""

    def __init__(self, *fails: bool) -> None:
        self.notices: list[Notice] = []
        self._fails = list(fails)

    async def announce(self, notice: Notice) -> None:
        if self._fails and self._fails.pop(0):
            raise AnnounceFault("no way")
        self.notices.append(notice)


async def test_each_thing_is_told_once_by_each_way(hands: Hands):
    """A way that fails is tried again, and the other one does not tell it twice."""
    found = hands.asked()
    good, bad = Heard(), Heard(True)
    work = runtime(hands.school, announcers=(good, bad))
    assert [await work.announce() for _ in range(3)] == [False, True, True]
    for one in (good, bad):
        assert [(n.kind, n.reference) for n in one.notices] == [(Kind.NEW_REQUEST, found.jti[-8:])]
    assert hands.alarms(hands.school) == ["announce.failed"]
    assert await runtime(hands.school, announcers=(good, bad)).announce()
    assert len(good.notices) == 1


async def test_the_panel_is_told_of_answers_silence_and_alarms(hands: Hands):
    """What came, what nobody collected, and what is wrong, without a word of what it is about."""
    answer = hands.answered()
    hands.bring(answer)
    with hands.panel.store.read() as c:
        (request,) = letters(c, way="out", mt="information.request/1")
    told = hands.receipt("uncollected", None, RELEASE, ack=_ack_of(request.manifest))
    hands.tell(hands.panel, told)
    hands.tell(hands.panel, "{}")
    heard = Heard()
    assert await runtime(hands.panel, announcers=(heard,)).announce()
    kinds = [one.kind for one in heard.notices]
    assert kinds == [Kind.ANSWERED, Kind.NOT_COLLECTED, Kind.ALARM]
    assert heard.notices[1].reference == request.jti[-8:]
    assert heard.notices[2].reference.startswith("alarm ")


def _ack_of(manifest: str) -> Any:
    signed = read_manifest(manifest)
    assert isinstance(signed, SignedManifest)
    verified = verify(signed, *messages.agency(PANEL).public)
    assert isinstance(verified, Verified)
    return acknowledge(verified)


async def test_old_news_is_no_news(hands: Hands):
    """An edge that gets its first announcer does not tell its past."""
    hands.asked()
    hands.office.later(days=8)
    heard = Heard()
    assert await runtime(hands.school, announcers=(heard,)).announce()
    assert heard.notices == []
    assert await runtime(hands.school).announce()
