from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broker.quota import Quota, Rate

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_burst_passes_and_the_next_waits_for_its_token():
    """Three at once pass, the fourth does not, and a second later one passes again."""
    quota = Quota(Rate(burst=3, per_s=1.0))
    assert [quota.take("a", at(0), ("IN", n)) for n in range(1, 5)] == [True, True, True, False]
    assert quota.take("a", at(1), ("IN", 5))
    assert not quota.take("a", at(1), ("IN", 6))


def test_one_agency_spends_only_its_own():
    """What one agency sends leaves the quota of another whole."""
    quota = Quota(Rate(burst=1, per_s=0.1))
    assert quota.take("a", at(0), ("IN_A", 1))
    assert not quota.take("a", at(0), ("IN_A", 2))
    assert quota.take("b", at(0), ("IN_B", 1))


def test_a_redelivery_gets_the_same_answer_and_costs_nothing():
    """Delivered again, a message is neither counted twice nor judged differently."""
    quota = Quota(Rate(burst=1, per_s=0.0))
    assert [quota.take("a", at(0), ("IN", 1)) for _ in range(5)] == [True] * 5
    assert [quota.take("a", at(9), ("IN", 2)) for _ in range(5)] == [False] * 5


def test_time_that_goes_backwards_gives_nothing_away():
    """Arrivals out of order do not refill the bucket."""
    quota = Quota(Rate(burst=1, per_s=1.0))
    assert quota.take("a", at(10), ("IN", 1))
    assert not quota.take("a", at(5), ("RETRY", 2))
    assert not quota.take("a", at(10.5), ("IN", 3))


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=300))
def test_never_more_than_the_burst_and_the_rate(gaps_ms):
    """However arrivals fall, no stretch of time lets more pass than burst and rate allow."""
    quota, now, passed = Quota(Rate(burst=5, per_s=2.0)), 0.0, []
    for number, gap in enumerate(gaps_ms):
        now += gap / 1000
        if quota.take("a", at(now), ("IN", number)):
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            allowed = 5 + 2.0 * (passed[last] - passed[first])
            assert last - first + 1 <= allowed + 1e-3
