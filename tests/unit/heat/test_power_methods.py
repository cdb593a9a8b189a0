"""The methods of subscription power beside the -5 C rule: by hand at their edges, and against numpy.polyfit."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN, Float64, Int64
from services.heat.local_time import EPOCH
from services.heat.power_methods import METHODS, category_number, customer_chosen
from services.heat.power_methods.measurement import (
    Days,
    DaysInUse,
    Measurement,
    Method,
    NormalYears,
    Reason,
    Statistic,
    mean_power,
)
from services.heat.power_methods.periods import season, twelve_months, winter_of

LINES = ("minus_five", "stockholm_exergi", "norrenergi", "tekniska_verken")
DAILY_MEAN_LINES = LINES[1:]
PEAKS = ("goteborg", "cooling_peak", "highest_1_days", "highest_4_hours", "highest_12_days")
NUMBERS = range(1, 13)


def number(day: date) -> int:
    return (day - EPOCH).days


def days_of(method: Method, mean_c: Float64, kw: Float64, asked_on: date = date(2019, 5, 1)) -> Days:
    """The days that a method needs, each as warm and with as much power, in kW, as is said."""
    period = method.period_before(asked_on)
    day = np.arange(period.first, period.first + len(mean_c))
    power = np.rint(np.atleast_2d(kw) * method.statistic.units_per_kw).astype(np.int64)
    return Days(day, mean_c, power, method.days_in_use.of(day, is_used_all_week=True))


def one(method: Method, days: Days) -> Measurement:
    [found] = method.measure(days)
    return found


def cold(count: int) -> Float64:
    return np.linspace(-9, -1, count)


@pytest.mark.parametrize(
    ("name", "asked_on", "first", "last"),
    [
        ("minus_five", date(2019, 4, 1), date(2018, 11, 1), date(2019, 3, 31)),
        ("minus_five", date(2019, 3, 31), date(2017, 11, 1), date(2018, 3, 31)),
        ("minus_five", date(2019, 12, 31), date(2018, 11, 1), date(2019, 3, 31)),
        ("goteborg", date(2019, 4, 15), date(2018, 4, 1), date(2019, 3, 31)),
        ("goteborg", date(2019, 10, 31), date(2018, 10, 1), date(2019, 9, 30)),
        ("stockholm_exergi", date(2019, 5, 1), date(2018, 5, 1), date(2019, 4, 30)),
        ("stockholm_exergi", date(2019, 4, 30), date(2017, 5, 1), date(2018, 4, 30)),
        ("norrenergi", date(2019, 5, 1), date(2018, 10, 1), date(2019, 4, 30)),
        ("norrenergi", date(2020, 1, 1), date(2018, 10, 1), date(2019, 4, 30)),
        ("tekniska_verken", date(2019, 4, 15), date(2018, 11, 1), date(2019, 3, 31)),
        ("cooling_peak", date(2019, 4, 15), date(2018, 4, 1), date(2019, 3, 31)),
    ],
)
def test_a_method_needs_the_newest_of_its_days_that_are_all_over(
    name: str, asked_on: date, first: date, last: date
) -> None:
    period = METHODS[name].period_before(asked_on)
    assert (period.first, period.end - 1) == (number(first), number(last))


@given(st.dates(date(1995, 1, 1), date(2050, 1, 1)), st.integers(1, 12), st.integers(1, 12))
def test_a_season_is_over_and_the_one_after_it_is_not(day: date, first_month: int, last_month: int) -> None:
    period = season(first_month, last_month)(day)
    first, last = (EPOCH + timedelta(days=one) for one in (period.first, period.end - 1))
    assert (first.month, first.day, last.month, (last + timedelta(days=1)).day) == (first_month, 1, last_month, 1)
    assert last < day
    assert day - last <= timedelta(days=366)
    assert period.days <= 366


def test_a_winter_is_named_by_the_year_that_its_last_day_is_in() -> None:
    assert winter_of(METHODS["minus_five"].period_before(date(2019, 4, 1))) == "2018/2019"
    assert winter_of(twelve_months(date(2019, 4, 15))) == "2018/2019"
    assert winter_of(twelve_months(date(2020, 1, 1))) == "2018/2019"


@pytest.mark.parametrize(
    ("name", "read_at_c"),
    [("minus_five", -5.0), ("stockholm_exergi", -15.0), ("norrenergi", -13.0), ("tekniska_verken", -17.6)],
)
@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(-990, -10), st.integers(1_000, 60_000)), min_size=30, max_size=80),
    st.integers(2_000, 4_000),
)
def test_a_line_is_read_off_where_polyfit_reads_it_off(
    name: str, read_at_c: float, pairs: list[tuple[int, int]], steepness_wh: int
) -> None:
    method = METHODS[name]
    celsius = np.array([centi_c for centi_c, _ in pairs]) / 100
    # Steep enough that the line falls whatever the noise.
    days = days_of(method, celsius, (np.array([wh for _, wh in pairs]) / 20 + steepness_wh * (40 - celsius)) / 1000)
    at = days.in_use
    assume(np.ptp(celsius[at]) > 2)
    kw = days.power[0, at] / method.statistic.units_per_kw
    slope, intercept = np.polyfit(celsius[at], kw, 1)
    assume(slope < 0)
    found = one(method, days)
    assert found.measured_kw is not None
    assert found.line is not None
    assert found.points is not None
    assert float(found.measured_kw) == pytest.approx(intercept + slope * read_at_c, abs=0.005001)
    assert (found.line.slope_kw_per_c, found.line.intercept_kw) == pytest.approx((slope, intercept), rel=1e-6, abs=1e-6)
    assert found.line.r2 == pytest.approx(np.corrcoef(celsius[at], kw)[0, 1] ** 2, abs=1e-6)
    assert len(found.points.day) == int(at.sum())


@settings(max_examples=20)
@given(st.integers(1, 6), st.data())
def test_many_metering_points_at_once_are_measured_as_each_by_itself(count: int, data: st.DataObject) -> None:
    drawn = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    mean_c = drawn.integers(-12, 8, 45).astype(float)
    powers = drawn.integers(-9_000, 90_000, (count, 45))
    rows = np.where(powers < 0, UNKNOWN, powers)
    for name in (*LINES, *PEAKS):
        method = METHODS[name]
        days = replace(days_of(method, mean_c, np.zeros((1, 45))), power=rows)
        together = method.measure(days)
        alone = [one(method, replace(days, power=row[None, :])) for row in rows]
        assert [(each.reason, each.measured_kw, each.coverage, each.line) for each in together] == [
            (each.reason, each.measured_kw, each.coverage, each.line) for each in alone
        ]


@given(st.lists(st.tuples(st.integers(-15_000_000, -1), st.integers(0, 2**43)), min_size=10, max_size=40))
def test_a_value_is_rounded_once_from_the_exact_line(pairs: list[tuple[int, int]]) -> None:
    method = METHODS["tekniska_verken"]
    micro_c, parts = [each for each, _ in pairs], [each for _, each in pairs]
    count, mean_c, mean = len(pairs), Fraction(sum(micro_c), len(pairs)), Fraction(sum(parts), len(pairs))
    spread = sum((each - mean_c) ** 2 for each in micro_c)
    products = sum((at - mean_c) * (each - mean) for at, each in pairs)
    day = number(date(2018, 11, 1)) + np.arange(count)
    days = Days(day, np.array(micro_c) / 1_000_000, np.array([parts]), np.ones(count, np.bool_))
    found = one(method, days)
    if spread == 0 or products >= 0:
        assert found.reason is Reason.LINE_NOT_FALLING
        return
    value = (mean + products / spread * (-17_600_000 - mean_c)) / Statistic.MEAN_POWER.units_per_kw
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert found.measured_kw == (rounded if rounded > 0 else None)


@pytest.mark.parametrize("name", [*LINES, *PEAKS])
def test_a_day_that_is_not_measured_enters_neither_a_line_nor_a_peak(name: str) -> None:
    method = METHODS[name]
    whole = days_of(method, cold(60), 30 - cold(60))
    unknown = whole.power.copy()
    unknown[0, ::3] = UNKNOWN
    found = one(method, replace(whole, power=unknown))
    in_use = whole.in_use
    left = in_use & (np.arange(60) % 3 != 0)
    assert found.points is not None
    assert not set(found.points.day.tolist()) & set(whole.day[::3].tolist())
    assert found.coverage == pytest.approx(left.sum() / in_use.sum())


@pytest.mark.parametrize("name", LINES)
def test_nine_days_are_too_few_for_a_line_and_ten_are_enough(name: str) -> None:
    method = METHODS[name]
    for count, reason in ((9, Reason.TOO_FEW_MEASURED_DAYS), (10, None)):
        days = days_of(method, cold(60), 30 - cold(60))
        known = np.cumsum(days.in_use) <= count
        assert one(method, replace(days, power=np.where(known, days.power, UNKNOWN))).reason is reason


@pytest.mark.parametrize("name", LINES)
def test_without_any_temperature_no_line_is_drawn_and_it_is_said(name: str) -> None:
    method = METHODS[name]
    found = one(method, days_of(method, np.full(60, np.nan), np.full(60, 10.0)))
    assert (found.reason, found.points, found.measured_kw) == (Reason.NO_TEMPERATURE, None, None)


@pytest.mark.parametrize("name", DAILY_MEAN_LINES)
def test_a_day_without_temperature_is_left_out_of_the_line_and_lowers_the_coverage(name: str) -> None:
    method = METHODS[name]
    mean_c = cold(60)
    days = days_of(method, np.where(np.arange(60) % 2 == 0, np.nan, mean_c), 30 - mean_c)
    found = one(method, days)
    assert found.points is not None
    assert not np.isnan(found.points.mean_c).any()
    assert found.coverage == pytest.approx(days.in_use[1::2].sum() / days.in_use.sum())


@pytest.mark.parametrize("name", LINES)
def test_a_house_that_takes_the_same_in_any_weather_has_no_falling_line(name: str) -> None:
    method = METHODS[name]
    assert one(method, days_of(method, cold(60), np.full(60, 1.475))).reason is Reason.LINE_NOT_FALLING


def test_norrenergi_takes_days_of_ten_degrees_and_none_above() -> None:
    method = METHODS["norrenergi"]
    mean_c = np.array([10.0, 10.000001, *np.linspace(-9, 9, 58)])
    days = days_of(method, mean_c, 30 - mean_c)
    found = one(method, replace(days, in_use=np.ones(60, np.bool_)))
    assert found.points is not None
    assert (found.points.mean_c.max(), len(found.points.day)) == (10.0, 59)
    assert found.measured_kw == Decimal("43.00")


def test_norrenergi_says_of_a_winter_without_cold_days_that_it_was_too_warm() -> None:
    method = METHODS["norrenergi"]
    assert one(method, days_of(method, np.full(60, 11.0), np.full(60, 9.0))).reason is Reason.TOO_WARM


@pytest.mark.parametrize("name", ["stockholm_exergi", "norrenergi"])
def test_a_method_of_weekdays_leaves_weekends_and_christmas_out_whatever_the_activity(name: str) -> None:
    method = METHODS[name]
    day = np.arange(number(date(2018, 12, 17)), number(date(2019, 1, 14)))
    chosen = method.days_in_use.of(day, is_used_all_week=True)
    left_out = {EPOCH + timedelta(days=each) for each in day[~chosen].tolist()}
    weekends = {date(2018, 12, 22) + timedelta(days=7 * week + each) for week in range(4) for each in (0, 1)}
    feasts = {date(2018, 12, 24), date(2018, 12, 25), date(2018, 12, 26), date(2018, 12, 31), date(2019, 1, 1)}
    assert left_out == weekends | feasts


@pytest.mark.parametrize("day", [date(2019, 6, 21), date(2020, 6, 19), date(2024, 6, 21)])
def test_midsummers_eve_is_no_weekday(day: date) -> None:
    assert not DaysInUse.BY_ACTIVITY.of(np.array([number(day)]), is_used_all_week=False)[0]
    assert DaysInUse.BY_ACTIVITY.of(np.array([number(day)]), is_used_all_week=True)[0]


def test_goteborg_takes_the_mean_of_the_three_highest_days_and_of_equal_ones_the_latest() -> None:
    method = METHODS["goteborg"]
    kw = np.array([10.0, 50.0, 20.0, 40.0, 40.0, *[5.0] * 20, 40.0])
    found = one(method, days_of(method, np.zeros(26), kw))
    assert found.measured_kw == Decimal("43.33")
    assert found.points is not None
    first = method.period_before(date(2019, 5, 1)).first
    assert found.points.day.tolist() == [first + 1, first + 4, first + 25]
    assert found.points.power_kw.tolist() == [50.0, 40.0, 40.0]


@pytest.mark.parametrize(("what", "statistic"), [("days", "mean_power"), ("hours", "highest_hour")])
@pytest.mark.parametrize("number", NUMBERS)
def test_any_number_of_peaks_is_the_mean_of_that_many_highest_days(number: int, what: str, statistic: str) -> None:
    method = METHODS[f"highest_{number}_{what}"]
    # 40, 39, 38 ... kW: the mean of the first n is 40 - (n - 1) / 2.
    found = one(method, days_of(method, np.zeros(40), np.arange(1.0, 41)))
    assert method.statistic == statistic
    assert found.measured_kw == Decimal(40) - Decimal(number - 1) / 2
    assert found.points is not None
    assert found.points.power_kw.tolist() == [float(kw) for kw in range(41 - number, 41)]


def test_a_mean_of_twelve_peaks_needs_twelve_measured_days_and_one_of_three_ten() -> None:
    for name, enough in (("highest_12_days", 12), ("highest_3_days", 10)):
        method = METHODS[name]
        for count, reason in ((enough - 1, Reason.TOO_FEW_MEASURED_DAYS), (enough, None)):
            assert one(method, days_of(method, np.zeros(count), np.full(count, 7.0))).reason is reason


def test_three_highest_days_are_goteborgs_way() -> None:
    kw = np.random.default_rng(3).integers(0, 90, 365).astype(float)
    [theirs, ours] = (
        one(METHODS[name], days_of(METHODS[name], np.zeros(365), kw)) for name in ("goteborg", "highest_3_days")
    )
    assert ours.measured_kw == theirs.measured_kw
    assert ours.points is not None
    assert theirs.points is not None
    assert ours.points.day.tolist() == theirs.points.day.tolist()


def test_a_power_of_months_is_not_determined_by_a_year() -> None:
    for number in NUMBERS:
        method = METHODS[f"month_highest_{number}_days"]
        assert one(method, days_of(method, cold(30), 30 - cold(30))).reason is Reason.POWER_IS_OF_MONTHS


def test_a_peak_needs_no_weather() -> None:
    method = METHODS["cooling_peak"]
    found = one(method, days_of(method, np.full(30, np.nan), np.arange(1.0, 31)))
    assert (found.reason, found.measured_kw) == (None, Decimal("30.00"))


def test_a_house_that_took_nothing_has_no_power() -> None:
    for name in PEAKS:
        found = one(METHODS[name], days_of(METHODS[name], np.zeros(30), np.zeros(30)))
        assert (found.reason, found.measured_kw) == (Reason.NO_POWER_MEASURED, None)


def hours_and_wh(hours: int, energy_wh: int) -> Int64:
    return mean_power(np.array([[energy_wh]]), np.array([hours]))


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_a_mean_power_divides_by_the_hours_that_the_day_has(hours: int) -> None:
    found = Fraction(int(hours_and_wh(hours, 100_001)[0, 0]), Statistic.MEAN_POWER.units_per_kw)
    assert found == Fraction(100_001, hours * 1000)


def test_a_day_without_energy_or_of_odd_length_has_no_mean_power() -> None:
    assert hours_and_wh(24, UNKNOWN)[0, 0] == UNKNOWN
    assert hours_and_wh(0, 5)[0, 0] == UNKNOWN
    assert hours_and_wh(26, 5)[0, 0] == UNKNOWN


def test_a_category_number_divides_a_normal_years_energy_by_the_hours_of_the_category() -> None:
    wh = np.array([22_000_000, 1_001_000, UNKNOWN, 5_000_000, 0])
    normal = NormalYears(wh, np.array([2_200_000, 2_000_000, 2_200_000, UNKNOWN, 2_200_000]))
    found = category_number.measure_normal_years(normal)
    assert [each.measured_kw for each in found] == [Decimal("10.00"), Decimal("0.50"), None, None, None]
    assert [each.reason for each in found[2:]] == [
        Reason.NO_NORMAL_YEAR,
        Reason.NO_NORMAL_YEAR,
        Reason.NO_POWER_MEASURED,
    ]


def test_a_chosen_power_is_not_measured_and_what_exceeds_it_is_the_overrun() -> None:
    method = METHODS["customer_chosen"]
    assert one(method, days_of(method, cold(30), 30 - cold(30))).reason is Reason.POWER_IS_CHOSEN
    assert customer_chosen.overrun_kw(12_345, Decimal("12")) == Decimal("0.345")
    assert customer_chosen.overrun_kw(12_000, Decimal("12")) == 0
    assert customer_chosen.overrun_kw(9_000, Decimal("12")) == 0


def test_each_method_goes_by_the_name_of_its_file() -> None:
    of_years = {f"highest_{number}_{what}" for number in NUMBERS for what in ("days", "hours")}
    of_files = {*LINES, "goteborg", "cooling_peak", "category_number", "customer_chosen", "yearly_energy"}
    assert set(METHODS) == of_files | of_years | {f"month_{name}" for name in of_years}
    assert {name: method.name for name, method in METHODS.items()} == {name: name for name in METHODS}
