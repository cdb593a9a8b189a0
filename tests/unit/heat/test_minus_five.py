from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN, Bool, Float64, Int64
from services.heat.local_time import EPOCH
from services.heat.power_methods import minus_five
from services.heat.power_methods.decision import Decision, decide, effective_on
from services.heat.power_methods.line import fitted
from services.heat.power_methods.measurement import Days, Measurement, Reason
from services.heat.power_methods.minus_five import longest_run, winter
from services.heat.weekdays import weekdays

FIRST = (date(2018, 11, 1) - EPOCH).days


def measure(day: Int64, mean_c: Float64, maximum_wh: Int64, in_use: Bool) -> Measurement:
    """Measure one house."""
    [found] = minus_five.measure(Days(day, mean_c, maximum_wh[None, :], in_use))
    return found


def measured(mean_c: Float64, maximum_wh: Int64 | None = None, in_use: Bool | None = None) -> Measurement:
    """A winter from 1 November on; without a power of its own each day takes 20 kW + 1 kW per degree below zero."""
    day = FIRST + np.arange(len(mean_c))
    if maximum_wh is None:
        maximum_wh = np.where(np.isnan(mean_c), 20_000, 20_000 - 1000 * np.nan_to_num(mean_c)).astype(np.int64)
    return measure(day, mean_c, maximum_wh, np.ones(len(day), np.bool_) if in_use is None else in_use)


def days_with(count: int, cold: int) -> Float64:
    """`cold` days at different temperatures from -5 to -1, then mild ones at different temperatures."""
    return np.concatenate([np.linspace(-5, -1, cold), np.linspace(1, 5, count - cold)])


def test_exactly_twenty_percent_cold_days_are_enough() -> None:
    result = measured(days_with(25, 5))
    assert result.reason is None
    assert result.period is not None
    assert result.period.days == 25


def test_just_under_twenty_percent_shortens_the_run() -> None:
    result = measured(days_with(26, 5))
    assert result.period is not None
    assert (result.period.first, result.period.days) == (FIRST, 25)


def test_a_winter_whose_every_run_has_under_twenty_percent_cold_days_is_too_mild() -> None:
    assert measured(days_with(24, 4)).reason is Reason.TOO_FEW_COLD_DAYS


def test_twenty_one_days_are_long_enough_and_twenty_are_not() -> None:
    assert measured(days_with(21, 5)).reason is None
    assert measured(days_with(20, 20)).reason is Reason.RUN_TOO_SHORT


def test_minus_ten_and_zero_both_count_as_cold() -> None:
    on_the_limits = np.concatenate([np.full(3, -10.0), np.full(2, 0.0), np.linspace(1, 5, 20)])
    assert measured(on_the_limits).reason is None
    just_outside = np.concatenate([np.full(3, -10.000001), np.full(2, 0.000001), np.linspace(1, 5, 20)])
    assert measured(just_outside).reason is Reason.TOO_FEW_COLD_DAYS


def test_a_day_without_mean_temperature_ends_the_run() -> None:
    mean_c = np.concatenate([days_with(22, 10), [np.nan], days_with(30, 10)])
    result = measured(mean_c)
    assert result.period is not None
    assert (result.period.first, result.period.days) == (FIRST + 23, 30)


def test_a_date_that_is_missing_ends_the_run_too() -> None:
    mean_c = days_with(40, 26)
    day = FIRST + np.arange(40) + np.where(np.arange(40) >= 18, 1, 0)
    result = measure(day, mean_c, np.full(40, 5000), np.ones(40, np.bool_))
    assert result.period is not None
    assert (result.period.first, result.period.days) == (FIRST + 19, 22)


def test_of_equally_long_runs_the_latest_counts() -> None:
    mean_c = np.concatenate([days_with(25, 10), [np.nan], days_with(25, 10)])
    result = measured(mean_c)
    assert result.period is not None
    assert result.period.first == FIRST + 26


def test_a_winter_without_any_temperature_says_so() -> None:
    assert measured(np.full(151, np.nan)).reason is Reason.NO_TEMPERATURE


def test_days_without_measured_hours_stay_in_the_period_but_not_in_the_line() -> None:
    mean_c = days_with(30, 12)
    maximum_wh = np.where(np.arange(30) % 3 == 0, UNKNOWN, 20_000 - (1000 * mean_c)).astype(np.int64)
    result = measured(mean_c, maximum_wh)
    assert result.points is not None
    assert result.period is not None
    assert (result.period.days, len(result.points.day)) == (30, 20)
    assert result.coverage == pytest.approx(20 / 30)
    assert result.measured_kw == Decimal("25.00")


def test_nine_days_in_the_line_are_too_few_and_ten_are_enough() -> None:
    mean_c = days_with(30, 12)
    for days, reason in ((9, Reason.TOO_FEW_MEASURED_DAYS), (10, None)):
        maximum_wh = np.where(np.arange(30) < days, 20_000 - 1000 * mean_c, UNKNOWN).astype(np.int64)
        assert measured(mean_c, maximum_wh).reason is reason


def test_a_line_that_does_not_fall_with_temperature_determines_nothing() -> None:
    mean_c = days_with(30, 12)
    assert measured(mean_c, np.full(30, 9000)).reason is Reason.LINE_NOT_FALLING
    assert measured(mean_c, (20_000 + 1000 * mean_c).astype(np.int64)).reason is Reason.LINE_NOT_FALLING
    assert measured(np.full(30, -2.0)).reason is Reason.LINE_NOT_FALLING


@given(st.integers(1, 90_000), st.lists(st.integers(-9_000_000, -1_000_000), min_size=21, max_size=60))
def test_a_house_that_takes_the_same_whatever_the_weather_has_no_falling_line(wh: int, micro_c: list[int]) -> None:
    mean_c = np.array(micro_c) / 1_000_000
    assert measured(mean_c, np.full(len(mean_c), wh)).reason is Reason.LINE_NOT_FALLING


def test_a_line_that_falls_by_a_watt_hour_falls() -> None:
    mean_c = np.linspace(-9, -1, 21)
    maximum_wh = np.full(21, 2000)
    maximum_wh[-1] -= 1
    assert measured(mean_c, maximum_wh).measured_kw == Decimal("2.00")


@pytest.mark.parametrize(("at_minus_five_wh", "kw"), [(24_995, "25.00"), (24_994, "24.99"), (25_005, "25.01")])
def test_half_a_hundredth_of_a_kilowatt_is_rounded_up(at_minus_five_wh: int, kw: str) -> None:
    mean_c = np.round(np.linspace(-9.3, -0.3, 31), 6)
    maximum_wh = np.array([at_minus_five_wh - round(100 * (celsius + 5)) for celsius in mean_c.tolist()])
    assert measured(mean_c, maximum_wh).measured_kw == Decimal(kw)


def test_a_line_that_is_below_zero_at_minus_five_determines_nothing() -> None:
    mean_c = np.linspace(-9, -7, 30)
    maximum_wh = np.round(1000 * (-7 - mean_c)).astype(np.int64)
    assert measured(mean_c, maximum_wh).reason is Reason.NO_POWER_AT_MINUS_FIVE


def test_a_facility_in_use_on_weekdays_rests_on_weekdays_only() -> None:
    mean_c = days_with(61, 30)
    day = FIRST + np.arange(61)
    in_use = weekdays(day)
    maximum_wh = np.where(in_use, 20_000 - 1000 * mean_c, 90_000).astype(np.int64)
    result = measured(mean_c, maximum_wh, in_use)
    assert result.measured_kw == Decimal("25.00")
    assert result.coverage == 1.0
    assert result.points is not None
    assert (date(2018, 12, 24) - EPOCH).days not in result.points.day


@given(st.lists(st.tuples(st.floats(-12, 8), st.integers(1000, 60_000)), min_size=10, max_size=80))
def test_the_line_is_that_of_least_squares(pairs: list[tuple[float, int]]) -> None:
    celsius = np.round(np.array([c for c, _ in pairs]), 2)
    kw = np.array([wh for _, wh in pairs]) / 1000
    line = fitted(celsius, kw)
    if np.ptp(celsius) < 1:
        return
    slope, intercept = np.polyfit(celsius, kw, 1)
    assert line is not None
    assert line.slope_kw_per_c == pytest.approx(slope, abs=1e-8)
    assert line.intercept_kw == pytest.approx(intercept, abs=1e-8)
    if np.ptp(kw) > 0.1:
        assert line.r2 == pytest.approx(np.corrcoef(celsius, kw)[0, 1] ** 2, abs=1e-8)


@given(st.lists(st.booleans(), min_size=21, max_size=160))
def test_the_run_is_the_longest_and_latest_that_a_search_through_all_runs_finds(cold: list[bool]) -> None:
    qualifying = [
        (end - start, start)
        for start in range(len(cold))
        for end in range(start + 21, len(cold) + 1)
        if 5 * sum(cold[start:end]) >= end - start
    ]
    expected = max(qualifying, default=None)
    run = longest_run(np.array(cold), [(0, len(cold))])
    assert (None if run is None else (run[1] - run[0], run[0])) == expected


def test_a_winter_runs_from_november_to_march() -> None:
    first, end = winter(2019)
    assert (end - first, first) == (152, (date(2019, 11, 1) - EPOCH).days)


@pytest.mark.parametrize(
    ("measured_kw", "in_force_kw", "decision", "kw"),
    [
        ("105.00", "100", Decision.CHANGED, "105"),
        ("104.99", "100", Decision.WITHIN_THRESHOLD, None),
        ("95.00", "100", Decision.CHANGED, "95"),
        ("95.01", "100", Decision.WITHIN_THRESHOLD, None),
        ("105.50", "100", Decision.CHANGED, "106"),
        ("4.30", "4", Decision.SAME_KW, None),
        ("4.50", "4", Decision.CHANGED, "5"),
        ("12.00", None, Decision.NOTHING_IN_FORCE, None),
    ],
)
def test_five_percent_or_more_changes_the_power_to_whole_kilowatts(
    measured_kw: str, in_force_kw: str | None, decision: Decision, kw: str | None
) -> None:
    result = decide(Decimal(measured_kw), None if in_force_kw is None else Decimal(in_force_kw))
    assert result.decision is decision
    assert result.kw == (None if kw is None else Decimal(kw))


def test_a_changed_power_counts_from_the_next_months_first_or_the_price_lists_day() -> None:
    assert effective_on(date(2019, 4, 1)) == date(2019, 5, 1)
    assert effective_on(date(2019, 12, 31)) == date(2020, 1, 1)
    assert effective_on(date(2019, 4, 1), 11, 1) == date(2019, 11, 1)
    assert effective_on(date(2019, 11, 1), 11, 1) == date(2020, 11, 1)
