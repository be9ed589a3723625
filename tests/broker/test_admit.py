from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contents import Content, State
from broker.release.admit import (
    FORGET_AFTER,
    Admitted,
    Again,
    Claim,
    Refused,
    admit,
    is_due,
    look_at,
    recall,
)
from schemas.problems import Code, Problem
from schemas.receipt import Ack

ACK = Ack(
    jti="01890000-0000-7000-8000-000000000000",
    iss="urn:dovetail:org:northmere-panel",
    h="h" * 42 + "A",
    ch="c" * 42 + "A",
    sigs=("s" * 42 + "A", "t" * 42 + "A"),
)
AT = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
HELD = Content(
    h=ACK.h,
    id="0" * 64,
    mt="information.request/1",
    sender="northmere-panel",
    sender_account="A" + "A" * 55,
    recipient="ashgrove-academy",
    recipient_account="A" + "B" * 55,
    ack=ACK,
    forwarded_at=AT - timedelta(hours=1),
    after_ack_days=7,
    keep_until=AT + timedelta(days=60),
    release_until=AT + timedelta(days=30),
    uncollected_at=AT + timedelta(days=1),
)


ACK_MEMBERS = frozenset(Ack.model_fields)


def claim(**changes) -> Claim:
    made = Claim(
        id="d" * 64,
        by=HELD.recipient,
        said="delivered",
        ack=ACK.model_copy(update={k: changes.pop(k) for k in tuple(changes) if k in ACK_MEMBERS}),
    )
    return replace(made, **changes)


RELEASED = replace(HELD, state=State.RELEASED, released_by="d" * 64, uncollected_at=None)
SETTLED = replace(RELEASED, state=State.SETTLED, settled_by="e" * 64, settled_at=AT)
RECALLED = replace(HELD, state=State.RECALLED, recalled_by="w" * 64, uncollected_at=None)
DESTROYED = replace(HELD, state=State.DESTROYED, uncollected_at=None)


def test_a_receipt_that_fits_releases_once():
    """Delivered, from the recipient, repeating the message exactly: that is the only way."""
    decision = admit(claim(), HELD, AT)
    assert decision == Admitted(RELEASED)
    assert admit(claim(), RELEASED, AT) == Again(RELEASED)


@pytest.mark.parametrize(
    ("changes", "content", "code"),
    [
        ({}, None, Code.RECEIPT_MISMATCH),
        ({"by": "northmere-police"}, HELD, Code.RECEIPT_MISMATCH),
        ({"iss": "urn:dovetail:org:northmere-police"}, HELD, Code.RECEIPT_MISMATCH),
        ({"jti": "01890000-0000-7000-8000-000000000001"}, HELD, Code.RECEIPT_MISMATCH),
        ({"h": "x" * 43}, HELD, Code.RECEIPT_MISMATCH),
        ({"ch": "x" * 43}, HELD, Code.RECEIPT_MISMATCH),
        ({"sigs": ("s" * 42 + "A", "x" * 42 + "A")}, HELD, Code.RECEIPT_MISMATCH),
        ({"sigs": ("t" * 42 + "A", "s" * 42 + "A")}, HELD, Code.RECEIPT_MISMATCH),
        ({"said": "opened"}, HELD, Code.RECEIPT_MISMATCH),
        ({"id": "x" * 64}, RELEASED, Code.RECEIPT_REPEATED),
        ({"id": "x" * 64}, SETTLED, Code.RECEIPT_REPEATED),
        ({"id": "x" * 64, "said": "opened"}, SETTLED, Code.RECEIPT_REPEATED),
        ({"id": "x" * 64, "said": "rejected"}, SETTLED, Code.RECEIPT_REPEATED),
        ({}, RECALLED, Code.REQUEST_RECALLED),
        ({"said": "rejected"}, RECALLED, Code.REQUEST_RECALLED),
        ({}, DESTROYED, Code.REQUEST_CLOSED),
    ],
)
def test_each_receipt_that_releases_nothing(changes, content, code):
    """A wrong, repeated, borrowed or late receipt is refused for that reason and changes nothing."""
    decision = admit(claim(**changes), content, AT)
    assert isinstance(decision, Refused)
    assert decision.problem.code is code


def test_opened_settles_what_was_released():
    """After opened the period begins."""
    said = claim(said="opened", id="e" * 64)
    assert admit(said, RELEASED, AT) == Admitted(SETTLED)
    assert admit(said, SETTLED, AT) == Again(SETTLED)


def test_rejected_settles_also_what_was_never_collected():
    """A recipient that cannot trust the manifest says so without ever getting the content."""
    decision = admit(claim(said="rejected", id="e" * 64), HELD, AT)
    assert isinstance(decision, Admitted)
    assert decision.after.state is State.SETTLED
    assert decision.after.released_by is None


def test_opened_after_the_content_went_is_still_taken():
    """The recipient may say opened when our copy is gone: it had its own."""
    gone = replace(RELEASED, state=State.DESTROYED)
    decision = admit(claim(said="opened", id="e" * 64), gone, AT)
    assert isinstance(decision, Admitted)
    assert decision.after.state is State.DESTROYED
    assert decision.after.settled_by == "e" * 64


def test_only_what_nobody_collected_is_recalled():
    """Held is taken back; what was released, settled or recalled by another is not."""
    assert recall(HELD, "w" * 64) == RECALLED
    assert recall(RECALLED, "w" * 64) == RECALLED
    assert recall(RECALLED, "x" * 64) is None
    assert recall(RELEASED, "w" * 64) is None
    assert recall(DESTROYED, "w" * 64) is None


def test_when_an_entry_is_looked_at():
    """First to tell the sender, then to destroy; settled content goes after its type's period."""
    assert look_at(HELD) == HELD.uncollected_at
    assert look_at(RELEASED) == HELD.keep_until
    assert look_at(SETTLED) == AT + timedelta(days=7)
    assert look_at(RECALLED) == HELD.keep_until + FORGET_AFTER
    assert is_due(HELD, AT) == "wait"
    assert is_due(HELD, AT + timedelta(days=1)) == "tell"
    assert is_due(HELD, HELD.keep_until) == "destroy"
    assert is_due(SETTLED, AT + timedelta(days=6)) == "wait"
    assert is_due(SETTLED, AT + timedelta(days=7)) == "destroy"
    assert is_due(DESTROYED, HELD.keep_until) == "wait"
    assert is_due(DESTROYED, HELD.keep_until + FORGET_AFTER) == "forget"


@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from(["delivered", "opened", "rejected"]),
                st.sampled_from(["1" * 64, "2" * 64]),
            ),
            st.tuples(st.just("recall"), st.sampled_from(["3" * 64, "4" * 64])),
        ),
        max_size=12,
    )
)
def test_whatever_comes_in_whatever_order_content_is_released_or_recalled_never_both(steps):
    """No order of receipts and withdrawals lets content be read and recalled, or released twice."""
    content, releasing = HELD, set()
    for said, by in steps:
        if said == "recall":
            content = recall(content, by) or content
        else:
            decision = admit(claim(said=said, id=by), content, AT)
            if isinstance(decision, Admitted):
                content = decision.after
        if content.released_by:
            releasing.add(content.released_by)
        assert not (content.released_by and content.recalled_by)
    assert len(releasing) <= 1


def test_a_problem_names_a_place_of_ours():
    """Nothing that the receipt said is repeated."""
    decision = admit(claim(jti="01890000-0000-7000-8000-00000000dead"), HELD, AT)
    assert decision == Refused(Problem(Code.RECEIPT_MISMATCH, "receipt.ack"))
