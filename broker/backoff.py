"""When to try again, and when to stop trying. Pure: numbers in, numbers out.

A message that keeps failing holds up its stream, because order is kept; so the first repetitions
come quickly, and a message that fails for a reason of its own is set aside (parked) soon. A broken
world is waited for much longer: parking everything that arrives in an outage helps nobody.
"""

__all__ = [
    "ACK_WAIT_S",
    "FIRST_WAIT_S",
    "HANDLE_TIMEOUT_S",
    "LONGEST_WAIT_S",
    "MAX_DELIVERIES",
    "MAX_FAULTS",
    "reconnect_wait_s",
    "wait_s",
]

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 60.0

MAX_DELIVERIES = 6
"""A message that raised anything but a Fault is parked at this delivery: after about 6 s."""

MAX_FAULTS = 120
"""A message that met faults (or a process that died) this often is parked: after about two hours."""

ACK_WAIT_S = 30.0
"""After this long without an answer the server delivers a message again: its handler died."""

HANDLE_TIMEOUT_S = 25.0
"""A handler gets this long. Less than ACK_WAIT_S, so two never handle one message at once."""


def wait_s(deliveries: int) -> float:
    """Tell how long to wait before the next delivery.

    Args:
        deliveries: How often the message has been delivered, this time included; from 1.

    Returns:
        Seconds: 0.2, 0.4, 0.8 … and never more than 60.

    Raises:
        ValueError: ``deliveries`` is below 1.

    """
    if deliveries < 1:
        raise ValueError("deliveries count from 1")
    # 2**20 is far past the limit already; a larger exponent would only make a larger number.
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(deliveries - 1, 20))


def reconnect_wait_s(failures: int) -> float:
    """Tell how long a loop rests after its ``failures``-th failure in a row (0 = none): 0 … 5 s."""
    if failures < 0:
        raise ValueError("failures count from 0")
    return 0.0 if failures == 0 else min(5.0, 0.1 * 2.0 ** min(failures - 1, 20))
