"""The part that all adapters share: windows, months, and what was searched."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.agency import Wanted, Window, searched_window
from adapters.answering import months_before, year_month

AT = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("on", "months", "told"),
    [
        (date(2026, 11, 16), 24, date(2024, 11, 16)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 31), 6, date(2026, 6, 30)),
    ],
)
def test_months_before(on, months, told):
    """The same day of an earlier month, or its last where it is shorter."""
    assert months_before(on, months) == told


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)), st.integers(0, 500))
def test_months_before_is_that_month(on, months):
    """Whatever the day, the month is the right one."""
    told = months_before(on, months)
    assert (on.year * 12 + on.month) - (told.year * 12 + told.month) == months
    assert year_month(told) == told.isoformat()[:7]


@pytest.mark.parametrize(
    ("windows", "covers", "told"),
    [
        ([], [(2016, 2026)], (date(2026, 11, 13), date(2026, 11, 13))),
        ([2024], [(2016, 2026)], (date(2024, 11, 16), date(2026, 11, 13))),
        ([2024, 2022, None], [(2016, 2026)], (date(2022, 11, 16), date(2026, 11, 13))),
        ([2010], [(2016, 2026), (2020, 2026)], (date(2020, 11, 13), date(2026, 11, 13))),
        ([2024], [(2026, 2026)], (date(2026, 11, 13), date(2026, 11, 13))),
        ([2024], [(2016, 2023)], (date(2023, 11, 13), date(2023, 11, 13))),
    ],
)
def test_a_search_speaks_only_for_what_is_covered(windows, covers, told):
    """Never for a day before the youngest beginning, nor after the oldest end."""
    fields = {
        f"x.{n}": None if year is None else Window(date(year, 11, 16), AT)
        for n, year in enumerate(windows)
    }
    periods = [Window(date(a, 11, 13), date(b, 11, 13)) for a, b in covers]
    assert searched_window(Wanted(fields, AT), periods) == Window(*told)
