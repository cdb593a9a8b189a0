"""The power of a month by its own peaks: by hand at its edges, and as laws."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN, Int64
from services.heat.power_methods.highest import OF_MONTH
from services.heat.power_methods.measurement import Statistic
from services.heat.power_methods.month_peaks import MonthPowers, Peaks, month_powers

THREE_HOURS = OF_MONTH["month_highest_3_hours"]
MONTHS = st.lists(st.integers(0, 5_000_000), min_size=10, max_size=31)
NUMBERS = st.integers(1, 12)


def of(wh: list[int] | Int64, peaks: Peaks = THREE_HOURS, asked: int | None = None) -> MonthPowers:
    """A month of one metering point by the highest hours of its days, of which the first `asked` are its contract's."""
    power = np.array([wh], np.int64)
    return month_powers(power, np.arange(power.shape[1])[None, :] < (asked or power.shape[1]), peaks)


def centi(found: MonthPowers) -> int:
    [one] = found.centi_kw.tolist()
    return int(one)


def peaks_of(found: MonthPowers) -> list[int]:
    return [int(place) for place in np.flatnonzero(found.is_peak[0])]


def test_a_month_takes_the_mean_of_its_highest_days_and_of_equal_ones_the_latest() -> None:
    found = of([5_000, 9_000, 7_000, 7_000, *[1_000] * 20, 7_000])
    assert (centi(found), peaks_of(found)) == (767, [1, 3, 24])


@given(MONTHS, NUMBERS)
def test_a_power_is_the_exact_mean_of_the_highest_days_rounded_once(wh: list[int], number: int) -> None:
    peaks = Peaks(Statistic.HIGHEST_HOUR, number)
    if len(wh) < number:
        # All days of a month that has no more.
        number = len(wh)
    exact = Fraction(sum(sorted(wh, reverse=True)[:number]), number * 10)
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    assert centi(of(wh, peaks)) == int(rounded)


@given(MONTHS, NUMBERS, st.randoms())
def test_any_order_of_days_gives_the_same_power(wh: list[int], number: int, random: Random) -> None:
    peaks = Peaks(Statistic.HIGHEST_HOUR, number)
    mixed = list(wh)
    random.shuffle(mixed)
    assert centi(of(mixed, peaks)) == centi(of(wh, peaks))


@given(MONTHS, NUMBERS, st.data())
def test_a_day_that_is_not_measured_never_sets_a_power(wh: list[int], number: int, data: st.DataObject) -> None:
    peaks = Peaks(Statistic.HIGHEST_HOUR, number)
    hidden = data.draw(st.sets(st.integers(0, len(wh) - 1)))
    found = of([UNKNOWN if place in hidden else one for place, one in enumerate(wh)], peaks)
    assert not set(peaks_of(found)) & hidden
    measured = [one for place, one in enumerate(wh) if place not in hidden]
    if centi(found) != UNKNOWN:
        highest = sorted(measured, reverse=True)[:number]
        assert abs(centi(found) * 10 * len(highest) - sum(highest)) <= 5 * len(highest)
        assert len(peaks_of(found)) == len(highest)


@given(st.lists(MONTHS, min_size=2, max_size=6), NUMBERS)
def test_many_metering_points_at_once_have_what_each_has_by_itself(months: list[list[int]], number: int) -> None:
    peaks = Peaks(Statistic.HIGHEST_HOUR, number)
    power = np.array([[*wh, *[UNKNOWN] * (31 - len(wh))] for wh in months], np.int64)
    is_asked = np.array([[place < len(wh) for place in range(31)] for wh in months])
    together = month_powers(power, is_asked, peaks)
    assert together.centi_kw.tolist() == [centi(of(wh, peaks)) for wh in months]


@pytest.mark.parametrize("number", [1, 3, 10])
def test_nine_measured_days_are_too_few_of_a_month_and_ten_are_enough(number: int) -> None:
    for count, is_enough in ((9, False), (10, True)):
        found = of([*[4_000] * count, *[UNKNOWN] * (31 - count)], Peaks(Statistic.HIGHEST_HOUR, number))
        assert centi(found) == (400 if is_enough else UNKNOWN)
        assert len(peaks_of(found)) == (number if is_enough else 0)


def test_a_mean_of_twelve_needs_twelve_days() -> None:
    for count, expected in ((11, UNKNOWN), (12, 400)):
        wh = [*[4_000] * count, *[UNKNOWN] * (31 - count)]
        assert centi(of(wh, Peaks(Statistic.HIGHEST_HOUR, 12))) == expected


def test_a_contract_of_two_days_has_the_mean_of_both_and_none_where_one_is_not_measured() -> None:
    assert centi(of([4_000, 5_000, 99_000], asked=2)) == 450
    assert centi(of([4_000, UNKNOWN, 99_000], asked=2)) == UNKNOWN


def test_days_outside_a_contract_set_nothing() -> None:
    found = of([*[1_000] * 15, *[50_000] * 16], asked=15)
    assert (centi(found), peaks_of(found)) == (100, [12, 13, 14])


def test_a_month_without_use_has_no_power_to_pay_for_and_is_known() -> None:
    assert centi(of([0] * 30)) == 0


def test_a_contract_without_a_day_has_no_power() -> None:
    power = np.full((1, 31), 4_000)
    assert month_powers(power, np.zeros((1, 31), np.bool_), THREE_HOURS).centi_kw.tolist() == [UNKNOWN]


def test_a_mean_of_daily_means_is_exact_over_days_of_23_24_and_25_hours() -> None:
    parts = Statistic.MEAN_POWER.units_per_kw
    days = [80 * parts, 79 * parts, 77 * parts, *[10 * parts] * 20]
    assert centi(of(days, OF_MONTH["month_highest_3_days"])) == 7_867
