"""Check digits and text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields.catalogue import CATALOGUE
from schemas.fields.check_digits import nhs_number_holds, pnc_id_holds, upn_holds
from schemas.fields.forms import tidy

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


@pytest.mark.parametrize(
    ("number", "holds"),
    [
        ("9434765919", True),  # widely used sample number of the NHS Data Dictionary's test range
        ("9434765870", True),
        ("9434765918", False),
        ("0000000000", True),  # arithmetic only; matching will find nobody
    ],
)
def test_nhs_numbers(number, holds):
    """Known numbers hold, and a changed check digit does not."""
    assert nhs_number_holds(number) is holds


@given(st.text("0123456789", min_size=9, max_size=9))
def test_an_nhs_number_has_at_most_one_check_digit(stem):
    """Nine digits fit one check digit, or none when it would be ten."""
    weighted = sum(
        int(digit) * weight for digit, weight in zip(stem, range(10, 1, -1), strict=True)
    )
    expected = {0: [0], 1: []}.get(weighted % 11, [11 - weighted % 11])
    assert [digit for digit in range(10) if nhs_number_holds(f"{stem}{digit}")] == expected


@pytest.mark.parametrize(
    ("upn", "holds"),
    [
        ("A123456789012", True),  # 368 = 16 * 23, by hand
        ("B123456789012", False),
        ("A000000000000", True),
        ("P00000000000A", False),  # a final A counts 0, as in A00000000000A
        ("A00000000000A", True),
        ("Q00000000000B", False),
        ("P00000000000B", True),  # B counts 1, weight 13: the fourteenth letter, by hand
    ],
)
def test_pupil_numbers(upn, holds):
    """Permanent and temporary numbers hold with their own letter alone."""
    assert upn_holds(upn) is holds


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_a_mistyped_digit_changes_the_letter_of_a_upn(digits, place, by):
    """The letter catches every single mistyped digit, since 23 is prime and above every weight."""
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    letter = next(c for c in UPN_LETTERS if upn_holds(c + digits))
    assert not upn_holds(letter + wrong)


def test_police_numbers():
    """The letter depends on the two-digit year and the serial number."""
    assert pnc_id_holds("2004/0012345D")  # 40012345 % 23 = 4, by hand
    assert not pnc_id_holds("2005/0012345D")


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("  two   words \r\n\r\n next\tline ", "two words\nnext line"),
        ("e\u0301", "\u00e9"),
        ("", ""),
        ("a\u00a0b", "a b"),
    ],
)
def test_text_is_made_fit(text, tidied):
    """White space is made one, accents are composed, line breaks stay."""
    assert tidy(text) == tidied


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "Cc"]), max_size=60))
def test_what_is_tidied_stays_so_and_is_accepted_or_refused_for_what_is_in_it(text):
    """Tidying twice changes nothing, and no visible character is lost."""
    tidied = tidy(text)
    assert tidy(tidied) == tidied


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_joiners_are_spelling(joiner):
    """A joiner inside a name passes: in some scripts it is spelling."""
    assert CATALOGUE["id.given_names"].check(f"\u0645\u06cc{joiner}\u0646") == ()


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x07", "\x7f", "\ue000", "\ud800"]
)
def test_what_hides_or_turns_text_is_refused(hidden):
    """A character that a reader would not see, or that turns what they see, is refused."""
    assert CATALOGUE["cla.query"].check(f"a{hidden}b") != ()


def test_lines_are_text():
    """A line break stands in free text."""
    assert CATALOGUE["cla.query"].check("first\nsecond") == ()
