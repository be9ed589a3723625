"""One row for each reason to refuse that the gate itself gives; policy's reasons are tested there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.calendars import Calendars
from broker.gate.effects import event_of, opened
from broker.gate.effects import given as time_of
from broker.gate.facts import keys_of
from broker.gate.judge import Facts, Forward, Refuse, authenticate, judge
from broker.gate.outcome import content_of, verdict_of
from broker.requests import closed_questions, with_event, without_answer
from broker.timing import timing
from policies.clock_events import Closed, Outcome, Queried, TimeDecided
from schemas.directory_entry import DirectoryEntry
from schemas.envelope import Envelope, Verified, read_envelope
from schemas.messages.registry import REGISTRY
from schemas.problems import Code, Problem
from schemas.sealing import Sealed
from tests.broker.fakes import START
from tests.broker.scene import (
    HEALTH,
    PANEL,
    SCHOOL,
    FakeDirectory,
    about,
    entry_of,
    request,
)
from tests.builders import messages
from tests.policies.builders import pack

DIRECTORY = FakeDirectory(PANEL, SCHOOL, HEALTH, "police-ctp", "broker")
HOLIDAYS = Calendars(DIRECTORY).in_force()
DAY = timedelta(days=1)


def facts(**changes: Any) -> Facts:
    """What the gate knows of a first request from the panel to the school."""
    known = Facts(
        at=START,
        arrived_at=START,
        ingress=entry_of(PANEL),
        recipient=entry_of(SCHOOL),
        pack=pack(),
        superseded_at=None,
        id_used_by=None,
        request=None,
        gatherer=None,
        holidays=HOLIDAYS,
    )
    return replace(known, **changes)


def judged(made: Sealed, known: Facts) -> Refuse | Forward:
    return judge(messages.envelope(made), verified(made), known)


def verified(made: Sealed) -> Verified:
    found = authenticate(
        messages.envelope(made), keys_of(messages.envelope(made), DIRECTORY), START
    )
    assert isinstance(found, Verified), found
    return found


ASKED = request()


def state(**changes: Any):
    """The request as stored after it was forwarded."""
    manifest = verified(ASKED).manifest
    found = opened(
        manifest,
        message_id=messages.envelope(ASKED).id,
        h=ASKED.h,
        time=time_of(manifest, entry_of(PANEL), entry_of(SCHOOL), pack()),
        at=START,
        arrived_at=START,
        release_until=START + 30 * DAY,
        calendar=HOLIDAYS.version,
    )
    return replace(found, **changes)


def answering(**changes: Any) -> Facts:
    """What the gate knows when the school sends something about the request."""
    own = {"ingress": entry_of(SCHOOL), "recipient": entry_of(PANEL), "request": state()}
    return facts(**(own | changes))


def without_key(name: str, use: str) -> DirectoryEntry:
    entry = entry_of(name)
    kid = next(key.kid for key in entry.keys if key.use == use)
    return messages.with_key(entry, kid, exp=START - DAY)


def withdrawn():
    return state(events=(Closed(id="w", at=START, outcome=Outcome.WITHDRAWN),))


@dataclass(frozen=True)
class Row:
    name: str
    made: Callable[[], Sealed]
    known: Callable[[], Facts]
    problems: tuple[Problem, ...]
    certain: bool = True


def row(name, made, known, *problems, certain=True):
    return Row(name, made, known, tuple(Problem(*problem) for problem in problems), certain)


ROWS = [
    row("another's ingress", lambda: ASKED, lambda: facts(ingress=entry_of(HEALTH)),
        (Code.SENDER_WRONG_INGRESS, "manifest.iss"), certain=False),
    row("no such recipient", lambda: ASKED, lambda: facts(recipient=None),
        (Code.RECIPIENT_UNKNOWN, "manifest.aud"), certain=False),
    row("made in the future", lambda: ASKED,
        lambda: facts(arrived_at=START - timedelta(minutes=5, seconds=1)),
        (Code.TIME_IN_FUTURE, "manifest.iat")),
    row("expired", lambda: ASKED, lambda: facts(arrived_at=START + timedelta(hours=1)),
        (Code.TIME_EXPIRED, "manifest.exp")),
    row("made long ago", lambda: ASKED, lambda: facts(arrived_at=START + 2 * DAY),
        (Code.TIME_TOO_OLD, "manifest.iat"), (Code.TIME_EXPIRED, "manifest.exp")),
    row("id used before", lambda: ASKED, lambda: facts(id_used_by="0" * 64),
        (Code.MESSAGE_ID_REUSED, "manifest.jti")),
    row("sealed to a key that has ended", lambda: ASKED,
        lambda: facts(recipient=without_key(SCHOOL, "enc")), (Code.CONTENT_RECIPIENT, "content")),
    row("recipient cannot read records", lambda: ASKED,
        lambda: facts(recipient=without_key(SCHOOL, "feed")),
        (Code.KEY_NOT_VALID, "recipient.feed")),
    row("sender cannot read records", lambda: ASKED,
        lambda: facts(ingress=without_key(PANEL, "feed")), (Code.KEY_NOT_VALID, "sender.feed")),
    row("case of another", lambda: ASKED, lambda: facts(gatherer="police-ctp"),
        (Code.CASE_NOT_YOURS, "manifest.conv")),
    row("pack replaced", lambda: ASKED, lambda: facts(superseded_at=START - 2 * DAY),
        (Code.PACK_NOT_IN_FORCE, "manifest.pol.ver", "POL-28")),
    row("unknown request", lambda: about("information.redirect/1", ASKED),
        lambda: answering(request=None), (Code.REQUEST_UNKNOWN, "manifest.req", "POL-32")),
    row("request withdrawn", lambda: about("information.redirect/1", ASKED),
        lambda: answering(request=withdrawn()),
        (Code.REQUEST_CLOSED, "manifest.req", "POL-32")),
    row("past its last date", lambda: about("information.redirect/1", ASKED),
        lambda: answering(request=state(release_until=START - DAY)),
        (Code.REQUEST_CLOSED, "manifest.req", "POL-32")),
    row("another's request", lambda: about("information.redirect/1", ASKED),
        lambda: answering(request=state(aud=HEALTH)),
        (Code.REQUEST_NOT_YOURS, "manifest.iss", "POL-32")),
    row("another case's request", lambda: about("information.redirect/1", ASKED),
        lambda: answering(request=state(conv=messages.make_conv(b"another case 016"))),
        (Code.REQUEST_MISMATCH, "manifest.conv", "POL-32")),
    row("a second question", lambda: about("information.clarification_query/1", ASKED),
        lambda: answering(request=state(events=(Queried(id="q", at=START),))),
        (Code.CLOCK_ALREADY_STOPPED, "manifest.attest.clarification_accepted", "POL-40")),
    row("more time than there is", lambda: about("information.extension_request/1", ASKED,
                                                attest={"extension_days": 3}),
        lambda: answering(request=state(events=(
            TimeDecided(id="t", at=START, days=9, by="supervisor"),))),
        (Code.EXTENSION_TOO_LONG, "manifest.attest.extension_days", "POL-40")),
]  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_each_reason_to_refuse(case):
    """A message that is valid but for one thing is refused for that thing alone."""
    found = judged(case.made(), case.known())
    assert isinstance(found, Refuse)
    assert set(found.problems) == set(case.problems)
    assert found.certain is case.certain


def test_under_no_pack_nothing_passes():
    """What no pack lists is refused; that the pack is unknown is among the reasons."""
    found = judged(ASKED, facts(pack=None))
    assert isinstance(found, Refuse)
    assert Problem(Code.PACK_UNKNOWN, "manifest.pol", "POL-28") in found.problems


def test_a_type_that_nobody_knows_is_refused():
    """No module, no rule, no way."""
    found = judged(request(mt="information.rumour/1"), facts())
    assert isinstance(found, Refuse)
    assert Code.TYPE_UNKNOWN in {problem.code for problem in found.problems}


def test_whoever_loses_the_race_for_a_case_is_refused():
    """Both first requests passed the first look; the case was bound to the other one."""
    found = judged(ASKED, facts().bound_to("police-ctp"))
    assert isinstance(found, Refuse)
    assert found.problems == (Problem(Code.CASE_NOT_YOURS, "manifest.conv"),)


def test_a_refused_message_has_no_content_to_hold():
    """Nothing of it is kept to be handed out."""
    envelope, claims = messages.envelope(ASKED), verified(ASKED)
    known = facts(id_used_by="0" * 64)
    verdict = verdict_of(judge(envelope, claims, known), envelope, claims, known, directory=7)
    assert not verdict.forwards
    assert content_of(verdict) is None


def test_a_reminder_moves_no_clock():
    """What the broker says about a request is no event of it."""
    made = about("deadline.reminder/1", ASKED, signer="gathering", iss=messages.broker().entry.urn)
    claims, kind = verified(made).manifest, REGISTRY["deadline.reminder/1"]
    assert event_of(claims, kind, state(), message_id="1" * 64, arrived_at=START) is None


def test_an_answer_that_was_rejected_counts_no_more():
    """Its questions are open again; only an answer can be undone so, and only once."""
    answer = Closed(id="a", at=START, outcome=Outcome.ANSWERED, questions=frozenset(state().wants))
    answered = with_event(state(), answer)
    assert closed_questions(answered) == state().wants.keys()
    reopened = without_answer(answered, "a")
    assert closed_questions(reopened) == frozenset()
    assert without_answer(reopened, "a") is reopened
    assert without_answer(withdrawn(), "w") == withdrawn()


def test_a_valid_request_goes_on_with_its_clock():
    """Five working days from the verdict, and content for twenty more."""
    found = judged(ASKED, facts(at=START + timedelta(hours=3)))
    assert isinstance(found, Forward)
    assert found.opens
    assert found.timing.due_at.isoformat() == "2026-11-23T17:00:00+00:00"
    assert found.release_until.isoformat() == "2026-12-21T17:00:00+00:00"


def test_an_outage_costs_the_responder_nothing():
    """Day 0 is that of the verdict, not of the arrival in the ingress."""
    found = judged(ASKED, facts(at=START + 2 * DAY))
    assert isinstance(found, Forward)
    assert found.timing.due.day_0.isoformat() == "2026-11-18"


def test_an_outage_costs_the_sender_nothing():
    """An answer counts by its arrival: judged days later it is still in time."""
    answer = about("information.response/1", ASKED)
    found = judged(answer, answering(at=START + 20 * DAY))
    assert isinstance(found, Forward)
    assert not found.late


def test_the_same_message_again_is_not_its_own_rival():
    """Its id is taken, by itself."""
    found = judged(ASKED, facts(id_used_by=messages.envelope(ASKED).id, gatherer=PANEL))
    assert isinstance(found, Forward)


def test_a_withdrawal_passes_after_the_end():
    """Who must forget a request is told so, even when it was answered."""
    made = about("information.withdrawal/1", ASKED)
    own = {"ingress": entry_of(PANEL), "recipient": entry_of(SCHOOL)}
    assert isinstance(judged(made, facts(**own, request=withdrawn())), Forward)


def test_the_brokers_own_messages_stop_when_nothing_is_waited_for():
    """A reminder about an answered request is refused at the gate."""
    entry = messages.broker().entry
    claims = {"iss": entry.urn, "from_": {"role": "BROKER", "person": "gathering"}}
    made = about("deadline.reminder/1", ASKED, signer="gathering", **claims)
    known = facts(ingress=entry, request=state())
    assert isinstance(judged(made, known), Forward)
    done = with_event(state(), Closed(id="a", at=START, outcome=Outcome.NIL))
    found = judged(made, facts(ingress=entry, request=done))
    assert isinstance(found, Refuse)
    assert found.problems == (Problem(Code.REQUEST_CLOSED, "manifest.req"),)


KEYS = [
    ("unknown", lambda e, _: e.model_copy(update={"keys": ()}), Code.KEY_UNKNOWN),
    ("revoked before it came", lambda e, kid: messages.with_key(
        e, kid, status="revoked", revoked_at=START - DAY), Code.KEY_REVOKED),
    ("not yet valid", lambda e, kid: messages.with_key(e, kid, nbf=START + DAY), Code.KEY_NOT_VALID),
    ("ended", lambda e, kid: messages.with_key(e, kid, exp=START - DAY), Code.KEY_NOT_VALID),
]  # fmt: skip


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("name", "change", "code"), KEYS, ids=[one[0] for one in KEYS])
def test_each_key_that_does_not_speak(place, name, change, code):
    """Each of the two keys must hold; one problem, before any signature is verified."""
    directory = FakeDirectory(PANEL, SCHOOL)
    envelope = messages.envelope(ASKED)
    directory.held[PANEL] = change(entry_of(PANEL), envelope.signed.kids[place])
    assert authenticate(envelope, keys_of(envelope, directory), START) == Problem(code, "manifest")


@pytest.mark.parametrize("place", [0, 1])
def test_a_revoked_key_cannot_date_itself_back(place):
    """Revoked at noon, it cannot send at one o'clock what it says it made at nine."""
    directory = FakeDirectory(PANEL, SCHOOL)
    envelope = messages.envelope(ASKED)
    noon = START + timedelta(hours=3)
    directory.held[PANEL] = messages.with_key(
        entry_of(PANEL), envelope.signed.kids[place], status="revoked", revoked_at=noon
    )
    keys = keys_of(envelope, directory)
    assert isinstance(authenticate(envelope, keys, noon - timedelta(seconds=1)), Verified)
    found = authenticate(envelope, keys, noon + timedelta(hours=1))
    assert found == Problem(Code.KEY_REVOKED, "manifest")


@pytest.mark.parametrize("place", [0, 1])
def test_a_new_key_cannot_speak_for_the_time_before_it(place):
    """Valid on arrival, but not when the message says that it was made."""
    directory = FakeDirectory(PANEL, SCHOOL)
    envelope = messages.envelope(ASKED)
    directory.held[PANEL] = messages.with_key(
        entry_of(PANEL), envelope.signed.kids[place], nbf=START + timedelta(minutes=1)
    )
    found = authenticate(envelope, keys_of(envelope, directory), START + timedelta(minutes=2))
    assert found == Problem(Code.KEY_NOT_VALID, "manifest")


def test_a_stranger_signing_in_anothers_name_is_told_nothing_more():
    """The keys are the police's, the name is the panel's."""
    made = request(signer="police-ctp")
    envelope = messages.envelope(made)
    found = authenticate(envelope, keys_of(envelope, DIRECTORY), START)
    assert found == Problem(Code.SENDER_NOT_THE_SIGNER, "manifest.iss")


def test_a_service_key_of_the_broker_signs_no_message():
    """Only gathering speaks for agency broker: the gate's key signs receipts alone."""
    made = about("deadline.reminder/1", ASKED, signer="broker",
                 iss=messages.broker().entry.urn)  # fmt: skip
    envelope = messages.envelope(made)
    found = authenticate(envelope, keys_of(envelope, DIRECTORY), START)
    assert found == Problem(Code.KEY_NOT_VALID, "manifest")


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_of_an_envelope_may_change(place, bit):
    """Whatever bit is flipped, nobody is believed to have signed it."""
    data = bytearray(ASKED.envelope)
    data[place % len(data)] ^= 1 << bit
    found = read_envelope(bytes(data))
    if isinstance(found, Envelope):
        found = authenticate(found, keys_of(found, DIRECTORY), START)
    assert isinstance(found, Problem)


@pytest.mark.parametrize("mt", [mt for mt in REGISTRY if mt != "information.request/1"])
def test_each_type_passes_and_means_what_it_means(mt):
    """Every type about a request passes the gate in its direction, and folding it twice is once."""
    kind = REGISTRY[mt]
    extra = {"attest": {"extension_days": 2}} if "extension_request" in mt else {}
    if "extension_decision" in mt:
        extra = {"attest": {"extension": {"granted": True, "days": 2}}}
    if mt.startswith("deadline."):
        extra = {"iss": messages.broker().entry.urn, "signer": "gathering"}
    made = about(mt, ASKED, **extra)
    manifest = verified(made).manifest
    sender = manifest.iss.rpartition(":")[2]
    ends = {
        "ingress": entry_of(sender),
        "recipient": entry_of(manifest.recipient.rpartition(":")[2]),
    }
    found = judged(made, facts(**ends, request=state()))
    assert isinstance(found, Forward), found
    event = event_of(manifest, kind, state(), message_id="1" * 64, arrived_at=START)
    if event is not None:
        once = with_event(state(), event)
        assert with_event(once, event) is once
        assert timing(once, HOLIDAYS).due == found.timing.due
