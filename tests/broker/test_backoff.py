"""When to try again, and when to stop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker import backoff


def test_the_first_waits() -> None:
    """0.2 s, then twice as long each time, and never more than a minute."""
    assert [backoff.wait_s(n) for n in range(1, 6)] == [0.2, 0.4, 0.8, 1.6, 3.2]
    assert backoff.wait_s(10) == backoff.wait_s(10**9) == 60.0


@given(st.integers(1, 10**9))
def test_waits_grow_and_are_bounded(deliveries: int) -> None:
    """No number of failures gives a shorter wait than fewer, or one past the limit."""
    assert (
        0 < backoff.wait_s(deliveries) <= backoff.wait_s(deliveries + 1) <= backoff.LONGEST_WAIT_S
    )


def test_a_message_of_its_own_fault_is_parked_in_seconds_and_an_outage_is_waited_for() -> None:
    """A bug holds its stream up for less than ten seconds; a fault is tried for at least an hour."""
    assert sum(backoff.wait_s(n) for n in range(1, backoff.MAX_DELIVERIES)) < 10
    assert 3600 < sum(backoff.wait_s(n) for n in range(1, backoff.MAX_FAULTS)) < 3 * 3600


def test_a_handler_ends_before_the_server_gives_its_message_to_another() -> None:
    """Else two would handle one message at the same time."""
    assert backoff.HANDLE_TIMEOUT_S < backoff.ACK_WAIT_S


def test_a_loop_rests_only_after_a_failure() -> None:
    """No failure, no rest; then longer each time up to five seconds."""
    assert [backoff.reconnect_wait_s(n) for n in (0, 1, 2)] == [0.0, 0.1, 0.2]
    assert backoff.reconnect_wait_s(10**6) == 5.0


@pytest.mark.parametrize("call", [lambda: backoff.wait_s(0), lambda: backoff.reconnect_wait_s(-1)])
def test_what_cannot_be_counted_is_a_mistake(call: "object") -> None:
    """Deliveries count from one, failures from nought."""
    with pytest.raises(ValueError, match="count"):
        call()  # type: ignore[operator]
