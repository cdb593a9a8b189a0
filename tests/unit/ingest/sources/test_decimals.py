"""Numbers as files write them: exact, and only what is meant as a number."""

import math
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN
from services.ingest.sources.decimals import FAULTS, Style, real, whole

POINT = Style(".", "")
COMMA = Style(",", "")
KWH, GJ = Fraction(1_000), Fraction(10**9, 3_600)


def read(text: str, style: Style = POINT, factor: Fraction = KWH) -> int | str:
    """Give the number, or the code of its refusal."""
    (value,), (fault,) = whole(pa.array([text]), style, factor)
    return FAULTS[fault - 1].code if fault else int(value)


def test_an_interpolated_register_is_cut_to_whole_wh() -> None:
    assert read("5347.61445783133") == 5_347_614
    assert read("1400.30666666667") == 1_400_306


def test_a_register_shows_only_what_was_used_whole() -> None:
    assert [read("0.0009"), read("0.001"), read("0.00199999999999999999")] == [0, 1, 1]


def test_what_a_float_would_round_wrongly_stays_right() -> None:
    # 1.001 times a thousand is 1000.9999999999999 as a float, and 9007199254740.993 has more digits than one holds.
    assert read("1.001") == 1_001
    assert read("9007199254740.993") == 9_007_199_254_740_993


@given(st.decimals(min_value=0, max_value=10**9, places=8))
def test_every_register_is_the_decimal_cut(number: Decimal) -> None:
    assert read(f"{number:f}") == int((number * 1_000).to_integral_value(ROUND_FLOOR))


@given(st.decimals(min_value=0, max_value=10**6, places=6))
def test_gigajoules_are_cut_once_although_they_are_no_round_number_of_wh(number: Decimal) -> None:
    assert read(f"{number:f}", factor=GJ) == math.floor(Fraction(number) * 10**9 / 3_600)


@pytest.mark.parametrize(
    "text",
    [
        "1_000",
        "١٢",
        "１２",
        "1,5",
        "1 000",
        "NaN",
        "inf",
        "1e3",
        "0x10",
        "12abc",
        "--1",
        "1.",
        ".5",
        "1.2.3",
        "-",
        "£5",
    ],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    assert read(text) == "not_a_number"


def test_digits_no_register_has_are_refused() -> None:
    assert read("1" + "0" * 15) == "too_many_digits"
    assert read("1." + "0" * 20 + "1") == "too_many_digits"
    assert read("9" * 15) == int("9" * 15) * 1_000


def test_an_empty_text_is_not_known() -> None:
    assert read("") == UNKNOWN


def test_a_decimal_comma_counts_where_the_profile_says_so() -> None:
    assert read("5347,615", COMMA) == 5_347_615
    assert read("5347.615", COMMA) == "not_a_number"


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2007", "\u2009", "\u202f"])
def test_thousands_are_grouped_by_threes_or_not_at_all(space: str) -> None:
    style = Style(",", " ")
    assert read(f"1{space}234{space}567,8", style) == 1_234_567_800
    assert read("1234567,8", style) == 1_234_567_800
    assert read(f"12{space}34,5", style) == "not_a_number"
    assert read(f"1234{space}567", style) == "not_a_number"


def test_a_point_between_thousands_does_not_pass_for_a_decimal_point() -> None:
    style = Style(",", ".")
    assert read("1.234,5", style) == 1_234_500
    assert read("1.23", style) == "not_a_number"
    for fraction in ("0.678", "00.678", "012.678"):
        assert read(fraction, style) == "not_a_number"


def test_swiss_thousands_are_grouped_by_an_apostrophe_straight_or_curved() -> None:
    assert read("1'234.5", Style(".", "'")) == read("1\u2019234.5", Style(".", "'")) == 1_234_500


def test_the_true_minus_sign_counts_as_minus() -> None:
    (value,), (fault,) = real(pa.array(["\u22123,5"]), COMMA, Fraction(1))
    assert (value, fault) == (-3.5, 0)


def test_samples_keep_their_fraction() -> None:
    (value,), (fault,) = real(pa.array(["1.2345"]), POINT, Fraction(1_000))
    assert (value, fault) == (pytest.approx(1_234.5), 0)
