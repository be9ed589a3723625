"""Attendance in per cent: which codes count, and when nobody can say."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.agency import Window
from adapters.sources.attendance import ABSENT, ATTENDING, NOT_POSSIBLE, per_cent

FIRST = date(2026, 9, 1)
YEAR = Window(FIRST, date(2027, 8, 31))


def marks(*codes):
    """One mark a day."""
    return tuple((FIRST + timedelta(days=n), code) for n, code in enumerate(codes))


def test_the_codes_of_2024():
    """Thirty-four codes of the 2024 Regulations' guidance, each in one group."""
    assert len(ATTENDING) == 8
    assert len(ABSENT) == 14
    assert len(NOT_POSSIBLE) == 12
    assert not ATTENDING & ABSENT
    assert not (ATTENDING | ABSENT) & NOT_POSSIBLE


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ("/", 100),
        ("O", 0),
        (("/", "O"), 50),
        (("/", "/", "O"), 67),
        (("/", "O", "O"), 33),
        (("/", "#", "Y2", "Z"), 100),
        (("V", "B", "L", "I"), 75),
        (("#", "X"), None),
        (("/", "-"), None),
        ((), None),
    ],
)
def test_per_cent_of_possible_sessions(codes, told):
    """Attended of possible; sessions that were not possible do not count, unmarked ones forbid."""
    assert per_cent(marks(*codes), YEAR) == told


def test_only_days_inside_count():
    """Marks of another time are left out."""
    assert per_cent(marks("/", "O", "O"), Window(FIRST, FIRST)) == 100


@given(st.lists(st.sampled_from(sorted(ATTENDING | ABSENT | NOT_POSSIBLE)), max_size=60))
def test_it_is_the_nearest_whole_number(codes):
    """Within half a per cent of the fraction, and never outside 0 to 100."""
    told = per_cent(marks(*codes), YEAR)
    possible = sum(code not in NOT_POSSIBLE for code in codes)
    if not possible:
        assert told is None
        return
    attended = sum(code in ATTENDING for code in codes)
    assert 0 <= told <= 100
    assert abs(told - 100 * attended / possible) <= 0.5
