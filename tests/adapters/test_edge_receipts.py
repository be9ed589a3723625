"""Receipts as they come: who may say what, of which message, and what it changes."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.mailbox import change_letter, letters
from adapters.store import OUTBOX
from schemas.commitment import open_proof
from schemas.problems import Code, Problem
from schemas.receipt import ReportedProblem, acknowledge, reported
from tests.adapters.edge_hands import GATE, RELEASE, Hands, Message
from tests.adapters.gatherer.office import HEALTH, PANEL, SCHOOL
from tests.builders import messages
from tests.builders.agencies import with_key

WHY = (reported(Problem(Code.CONTENT_PADDING, "content")),)
SIGNERS = {
    "gate": (GATE, "broker"),
    "release": (RELEASE, "broker"),
    "gathering": (messages.broker().gathering.ed25519, "broker"),
    "broker": (messages.broker().signer.ed25519, "broker"),
    "recipient": (messages.agency(SCHOOL).receipts, SCHOOL),
    "sender": (messages.agency(PANEL).receipts, PANEL),
    "another": (messages.agency(HEALTH).receipts, HEALTH),
}
SAYS = {
    "submitted": "gate",
    "refused": "gate",
    "skipped": "gate",
    "delivered": "recipient",
    "opened": "recipient",
    "rejected": "recipient",
    "recalled": "release",
    "uncollected": "release",
}


def opening(hands: Hands, found: Message) -> str:
    """The proof that only an opener can make."""
    edge, kept = hands.panel, hands.letter(hands.panel, found.jti)
    assert kept.cek is not None
    cek = bytes.fromhex(edge.keys.vault.open(kept.cek, f"messages/out/{found.jti}/cek"))
    return open_proof(cek, found.verified.signed.digest)


def says(hands: Hands, status: str, found: Message, by: str = "", **members: Any) -> str:
    """A receipt about the panel's message, by who may say it unless another is named."""
    key, iss = SIGNERS[by or SAYS[status]]
    more: dict[str, Any] = {
        "opened": {"open": opening(hands, found)},
        "rejected": {"problems": WHY},
        "refused": {"problems": WHY},
        "skipped": {"ack": None, "seq": 3, "from": messages.agency(SCHOOL).urn},
    }.get(status, {})
    return hands.receipt(status, found, key, iss, **(more | members))


def state(hands: Hands, found: Message) -> str:
    return hands.letter(hands.panel, found.jti).state


@pytest.mark.parametrize("status", SAYS)
@pytest.mark.parametrize("by", SIGNERS)
def test_only_who_may_say_it_is_believed(hands: Hands, status: str, by: str):
    """Each status by its one service or by the agency that the message was for; anybody else alarms."""
    found = hands.asks()
    before = hands.letter(hands.panel, found.jti)
    hands.tell(hands.panel, says(hands, status, found, by))
    alarms = hands.alarms(hands.panel)
    if by == SAYS[status]:
        expected = ["message.uncollected"] if status == "uncollected" else []
        assert alarms == expected
        if status not in {"uncollected", "skipped"}:
            assert state(hands, found) == status
    else:
        assert hands.letter(hands.panel, found.jti) == before
        assert alarms[0] in {"receipt.sender.not_the_signer", "receipt.mismatch"}


ORDER = ("submitted", "delivered", "opened", "rejected", "refused", "recalled")
AFTER = {
    ("submitted", "delivered"): "delivered",
    ("submitted", "opened"): "opened",
    ("submitted", "rejected"): "rejected",
    ("submitted", "recalled"): "recalled",
    ("delivered", "opened"): "opened",
    ("delivered", "rejected"): "rejected",
}


@pytest.mark.parametrize("first", ORDER)
@pytest.mark.parametrize("then", ORDER)
def test_a_state_is_never_taken_back(hands: Hands, first: str, then: str):
    """Receipts overtake one another; what ends a message ends it, and a contradiction calls somebody."""
    found = hands.asks()
    hands.tell(hands.panel, says(hands, first, found))
    hands.tell(hands.panel, says(hands, then, found))
    assert state(hands, found) == AFTER.get((first, then), first)
    contradicts = then in ORDER[2:] and first != then and (first, then) not in AFTER
    assert hands.alarms(hands.panel) == (["receipt.contradicts"] if contradicts else [])
    kept = hands.letter(hands.panel, found.jti)
    assert bool(kept.problems) == (kept.state in {"rejected", "refused"})


def test_a_late_submitted_still_tells_when_it_arrived(hands: Hands):
    """It may be overtaken by the recipient's own receipts."""
    found = hands.asks()
    hands.tell(hands.panel, says(hands, "delivered", found))
    due = {
        "day_0": hands.now.date(), "due_at": hands.now + timedelta(days=7), "convention": "cut_off",
        "calendar": ("england-and-wales",), "calendar_version": "v1", "provisional": False,
        "stopped": False,
    }  # fmt: skip
    hands.tell(hands.panel, says(hands, "submitted", found, due=due, late=True))
    kept = hands.letter(hands.panel, found.jti)
    assert (kept.state, kept.arrived_at, kept.late) == ("delivered", hands.now, True)
    assert kept.due is not None
    assert kept.due["calendar"] == ["england-and-wales"]


@pytest.mark.parametrize("proof", ["A" * 43, "B" * 42 + "A"])
def test_opened_is_believed_with_its_proof_alone(hands: Hands, proof: str):
    """Whoever never had the content key cannot say that it opened the content."""
    found = hands.asks()
    hands.tell(hands.panel, says(hands, "opened", found, open=proof))
    assert state(hands, found) == "queued"
    assert hands.alarms(hands.panel) == ["receipt.open_proof"]


def test_opened_after_the_key_was_erased_is_believed(hands: Hands):
    """The content key goes when the time for disputes is over; there is nothing to compare then."""
    found = hands.asks()
    told = says(hands, "opened", found)
    with hands.panel.store.change() as c:
        change_letter(c, "out", found.jti, cek=None)
    hands.tell(hands.panel, told)
    assert state(hands, found) == "opened"


def test_the_same_receipt_twice_changes_nothing(hands: Hands):
    """It is kept once."""
    found = hands.asks()
    told = says(hands, "delivered", found)
    for _ in range(2):
        assert hands.tell(hands.panel, told).what == "receipt"
    assert hands.statuses(hands.panel, found.h) == ["delivered"]


@pytest.mark.parametrize("status", ["submitted", "delivered", "uncollected"])
def test_a_receipt_about_somebody_elses_message_changes_nothing(hands: Hands, status: str):
    """Nobody here sent that: it is kept, and calls somebody."""
    found = hands.asks()
    other = hands.forged(found, claims={"jti": messages.jti("another")})
    hands.tell(hands.panel, says(hands, status, found, ack=_ack(other)))
    assert state(hands, found) == "queued"
    assert hands.alarms(hands.panel) == ["receipt.about_nothing"]


def _ack(found: Message) -> Any:
    return acknowledge(found.verified)


@pytest.mark.parametrize("member", ["jti", "iss", "ch", "sigs"])
def test_a_receipt_names_the_message_exactly(hands: Hands, member: str):
    """One member of another message is enough not to be about this one."""
    found = hands.asks()
    other = hands.forged(found, sender=SCHOOL, claims={"jti": messages.jti("another"), "iss": messages.agency(SCHOOL).urn})  # fmt: skip
    ack = _ack(found).model_copy(update={member: getattr(_ack(other), member)})
    hands.tell(hands.panel, says(hands, "submitted", found, ack=ack))
    assert state(hands, found) == "queued"
    assert hands.alarms(hands.panel) == ["receipt.mismatch"]


def test_a_refusal_before_the_signatures_held_names_the_bytes(hands: Hands):
    """Then there is nothing else to name the message by."""
    found = hands.asks()
    hands.tell(hands.panel, says(hands, "refused", found, ack=None))
    assert state(hands, found) == "refused"
    assert hands.letter(hands.panel, found.jti).problems == (
        Problem(Code.CONTENT_PADDING, "content"),
    )
    assert hands.statuses(hands.panel, found.h) == ["refused"]


@pytest.mark.parametrize("with_ack", [True, False])
def test_a_refusal_of_other_bytes_is_not_this_messages(hands: Hands, with_ack: bool):
    """Bytes and message must be the same one."""
    found = hands.asks()
    ack = {} if with_ack else {"ack": None}
    hands.tell(hands.panel, says(hands, "refused", found, bytes="A" * 43, **ack))
    assert state(hands, found) == "queued"
    assert hands.alarms(hands.panel) == [
        "receipt.mismatch" if with_ack else "receipt.about_nothing"
    ]


def test_a_problem_of_a_newer_version_is_still_a_problem(hands: Hands):
    """Codes are only ever added: one that we do not know yet refuses all the same, and its words are kept."""
    found = hands.asks()
    new = ReportedProblem(
        code="weather.too_fine", where=None, rule="POL-99", says="Is.", remedy="Do."
    )
    hands.tell(hands.panel, says(hands, "refused", found, problems=(new,)))
    kept = hands.letter(hands.panel, found.jti)
    assert kept.state == "refused"
    assert kept.problems == (Problem(Code.MESSAGE_MALFORMED, None, "POL-99"),)


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"payload":"","signatures":[]}'])
def test_what_is_no_receipt_is_put_aside(hands: Hands, text: str):
    """It changes nothing."""
    assert hands.tell(hands.panel, text).what == "aside"
    assert [one.split(".")[0] for one in hands.alarms(hands.panel)] == ["receipt"]


@pytest.mark.parametrize(
    ("change", "believed"),
    [
        ({"status": "revoked", "revoked_at": timedelta(0)}, False),
        ({"status": "revoked", "revoked_at": timedelta(seconds=1)}, True),
        ({"exp": timedelta(0)}, False),
        ({"status": "retired"}, True),
    ],
)
@pytest.mark.parametrize("status", ["submitted", "delivered"])
def test_a_key_speaks_while_it_holds(hands: Hands, status: str, change: Any, believed: bool):
    """What counts is when the broker's stream took it in, not what it says of its time."""
    found = hands.asks()
    earlier = hands.now - timedelta(hours=1)
    told = says(hands, status, found, at=earlier, iat=int(earlier.timestamp()))
    name = "broker" if status == "submitted" else SCHOOL
    kid = SIGNERS[SAYS[status]][0].kid
    at = {n: hands.now + v for n, v in change.items() if isinstance(v, timedelta)}
    held = hands.office.directory.held[name]
    hands.office.directory.put(with_key(held, kid, **(change | at)))
    came = hands.tell(hands.panel, told)
    assert came.what == ("receipt" if believed else "aside")
    assert state(hands, found) == (status if believed else "queued")


def test_the_broker_dates_by_what_is_stored(hands: Hands):
    """A notice made again after a rotation has an old date and the new key; an agency's may not."""
    found = hands.asks()
    old = hands.now - timedelta(days=60)
    hands.tell(hands.panel, says(hands, "submitted", found, at=old, iat=int(old.timestamp())))
    assert state(hands, found) == "submitted"
    assert hands.tell(hands.panel, says(hands, "delivered", found, at=old)).what == "aside"


@pytest.mark.parametrize(
    ("arrived", "alarmed"), [(0, False), (-300, False), (-301, True), (900, False), (901, True)]
)
def test_an_arrival_lies_between_queueing_and_having_sent(
    hands: Hands, arrived: int, alarmed: bool
):
    """The broker's word decides what is late: past five minutes either way somebody is called."""
    found = hands.asks()
    arrived_at = hands.now + timedelta(seconds=arrived)
    hands.office.later(minutes=20)
    with hands.panel.store.change() as c:
        c.execute(OUTBOX.update().values(sent_at="2026-11-16T09:10:00Z"))
    hands.tell(hands.panel, says(hands, "submitted", found, arrived_at=arrived_at))
    assert hands.alarms(hands.panel) == (["clock.broker_disagrees"] if alarmed else [])


def test_a_receipt_may_come_before_it_was_noted_that_it_was_sent(hands: Hands):
    """Killed between sending and noting: then now is the latest that it can have been."""
    found = hands.asks()
    with hands.panel.store.change() as c:
        c.execute(OUTBOX.update().values(sent_at=None))
    hands.tell(hands.panel, says(hands, "submitted", found))
    assert hands.alarms(hands.panel) == []


def test_a_recall_of_what_never_came_is_no_alarm(hands: Hands):
    """We had not come for it: there is nothing here to take back."""
    found = hands.asks()
    hands.tell(hands.school, says(hands, "recalled", found))
    assert hands.alarms(hands.school) == []
    with hands.school.store.read() as c:
        assert letters(c) == ()


def test_a_message_that_was_opened_is_not_recalled(hands: Hands):
    """Release recalls only what nobody collected; otherwise it contradicts itself."""
    found = hands.asked()
    hands.tell(hands.school, says(hands, "recalled", found))
    assert hands.letter(hands.school, found.jti).state == "opened"
    assert hands.alarms(hands.school) == ["receipt.contradicts"]
