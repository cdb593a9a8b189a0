"""What would be otherwise: less, shifted, cooled better, another power; each does what it says and no more."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import Activity, PointId
from services.contracts.core.annual_estimate import DayRows, day_of
from services.contracts.core.calculation import CannotCalculateError
from services.contracts.core.network_means import NOTHING_CLOSED
from services.contracts.core.own_hours import Coverage, OwnHours, coverage, laid_out, newest_year
from services.contracts.core.simulation import (
    Choices,
    Facility,
    Place,
    PowerBy,
    cooled_better,
    days_otherwise,
    measured_kw,
    otherwise,
    power_otherwise,
    used_of_year,
)
from services.contracts.core.year_cost import Prices, twelve_months
from services.heat.arrays import UNKNOWN, Float64
from services.heat.power_methods.measurement import Period
from tests.unit.contracts.test_annual_estimate import house, outdoor_c
from tests.unit.contracts.test_calculation import BAS

TODAY = date(2024, 1, 10)
GOTEBORG, MINUS_FIVE = PowerMethod.GOTEBORG, PowerMethod.MINUS_FIVE
HERE = Place(NOTHING_CLOSED, is_cooling=False)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
MORNING = np.where(np.isin(np.arange(24), [6, 7, 8]), 1.2, (24 - 3 * 1.2) / 21)
"""A day's hours beside their mean: three in the morning are a fifth above it."""
percents = st.decimals("0", "50", places=1)


def own_hours() -> OwnHours:
    days = house()
    wh = np.rint(days.energy_wh[:, None] / 24 * MORNING).astype(np.int64).ravel()
    starts_s = (days.day[:, None] * 86_400 + np.arange(24) * 3_600).ravel()
    span = day_of(int(days.day[0])), day_of(int(days.day[-1]) + 1)
    return laid_out(starts_s, wh, np.ones(len(wh), bool), span, ZoneInfo("UTC"))


def own_year() -> OwnHours:
    found = newest_year(own_hours())
    assert found is not None
    return found


def days_of(own: OwnHours, choices: Choices | None = None) -> DayRows:
    return days_otherwise(own, house(), choices or Choices())


def year(choices: Choices | None = None) -> DayRows:
    return days_of(own_year(), choices)


def a_day(wh: list[int], day: date = date(2024, 1, 10), zone: ZoneInfo = STOCKHOLM) -> OwnHours:
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
    starts_s = midnight + 3_600 * np.arange(len(wh))
    return laid_out(starts_s, np.array(wh), np.ones(len(wh), bool), (day, day + timedelta(days=1)), zone)


def without(own: OwnHours, day: date, hours: int) -> OwnHours:
    """The same, but for the first hours of a day."""
    wh = own.wh.copy()
    wh[own.day == (day - date(1970, 1, 1)).days, :hours] = UNKNOWN
    return own._replace(wh=wh, is_measured=own.is_measured & (wh != UNKNOWN))


def facility(days: DayRows | None = None) -> Facility:
    def weather(period: Period) -> Float64:
        return outdoor_c(np.arange(period.first, period.end))

    return Facility(PointId(1), Activity.SEVEN_DAY, days or days_of(own_hours()), weather, TODAY)


def prices() -> Prices:
    price_list = PriceList.model_validate({**BAS, "price_list_id": "bas", "version": 1})
    return Prices(price_list, twelve_months(price_list, date(2023, 5, 5)) or ())


@given(percent=percents, wh=st.lists(st.integers(0, 50_000), min_size=24, max_size=24))
def test_shifting_a_peak_changes_no_days_energy_and_stays_above_its_mean(percent: Decimal, wh: list[int]) -> None:
    after = otherwise(a_day(wh), Choices(shifted_percent=percent))
    moved = after.wh[0, :24]
    assert moved.sum() == sum(wh)
    limit = max(round(max(wh) * (1 - float(percent) / 100)), -(-sum(wh) // 24))
    assert moved.max() <= max(limit, 0)
    # Whoever was not above the limit has not less than before.
    low = np.array(wh) <= limit
    assert (moved[low] >= np.array(wh)[low]).all()


def test_what_is_shifted_fills_the_lowest_hours_evenly() -> None:
    wh = [10, 20] + [60] * 21 + [100]
    # The hundred goes down to 80; its 20 raise the 10 to the 20 beside it, and both by five more.
    after = otherwise(a_day(wh), Choices(shifted_percent=Decimal(20)))
    assert after.wh[0, :24].tolist() == [25, 25] + [60] * 21 + [80]


def test_only_the_hours_between_two_of_the_clock_give_and_only_others_take() -> None:
    wh = [50] * 6 + [100] * 3 + [50] * 11 + [200] + [50] * 3
    morning = Choices(shifted_percent=Decimal(10), shifted_from_hour=6, shifted_to_hour=9)
    after = otherwise(a_day(wh), morning).wh[0, :24]
    assert after[6:9].tolist() == [90] * 3
    assert (after.sum(), after[20]) == (sum(wh), 200)
    # Thirty among twenty hours of fifty.
    assert sorted(after.tolist()) == [51] * 10 + [52] * 10 + [90] * 3 + [200]


def test_hours_that_end_before_they_begin_are_refused_by_name() -> None:
    backwards = Choices(shifted_percent=Decimal(10), shifted_from_hour=9, shifted_to_hour=9)
    with pytest.raises(CannotCalculateError) as refused:
        otherwise(a_day([1] * 24), backwards)
    assert (refused.value.field, refused.value.code) == ("shifted_to_hour", "not_later")


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        (date(2024, 3, 31), [0, 1, *range(3, 24)]),
        (date(2024, 10, 27), [0, 1, 2, 2, *range(3, 24)]),
        (date(2024, 7, 1), [*range(24)]),
    ],
)
def test_a_days_hours_are_those_that_the_local_clock_shows(day: date, clock: list[int]) -> None:
    own = a_day([1_000] * len(clock), day)
    assert own.clock[0, : len(clock)].tolist() == clock
    assert own.hours.tolist() == [len(clock)]
    assert days_of(own).energy_wh.tolist() == [1_000 * len(clock)]


def test_a_year_is_the_newest_twelve_whole_months_of_own_hours() -> None:
    found = own_year()
    assert (day_of(int(found.day[0])), day_of(int(found.day[-1]))) == (date(2023, 1, 1), date(2023, 12, 31))
    assert coverage(found) == Coverage(8_760, 8_760, 8_760)


def test_missing_hours_are_counted_and_nothing_is_put_in_their_place() -> None:
    own = without(own_hours(), date(2023, 2, 10), 5)
    found = newest_year(own)
    assert found is not None
    assert coverage(found) == Coverage(8_760, 8_755, 8_755)
    before, after = days_of(own_year()), days_of(found)
    day = int(np.flatnonzero(after.energy_wh != before.energy_wh)[0])
    assert day_of(int(after.day[day])) == date(2023, 2, 10)
    assert before.energy_wh[day] - after.energy_wh[day] == own_year().wh[day, :5].sum()
    # Such a day is none that a power is measured by.
    assert (after.hours[day], after.measured_hours[day]) == (24, 19)


def test_a_month_of_which_a_tenth_is_missing_is_in_no_year() -> None:
    own = own_hours()
    for day in range(1, 5):
        own = without(own, date(2023, 6, day), 24)
    assert newest_year(own) is not None
    # The year before June 2023.
    assert day_of(int((newest_year(own) or own).day[-1])) == date(2023, 5, 31)


def test_estimated_hours_set_no_peak() -> None:
    own = a_day([1_000] * 23 + [9_000])
    own.is_measured[0, 23] = False
    assert days_of(own).highest_wh.tolist() == [1_000]


def test_a_tenth_saved_is_a_tenth_less_of_everything() -> None:
    before, after = year(), year(Choices(saved_percent=Decimal(10)))
    for name in ("energy_wh", "litres", "highest_wh"):
        assert getattr(after, name).sum() == pytest.approx(0.9 * getattr(before, name).sum(), rel=1e-4)


def test_five_degrees_better_lower_the_return_and_the_flow_follows_from_the_energy() -> None:
    own, _ = used_of_year(prices(), year(), Decimal(20), Choices(), HERE)
    better = cooled_better(own, Decimal(5), is_cooling=False)
    assert better.return_centi_c.tolist() == [3_800] * 12
    # 20 m3/MWh is a cooling of 43.1 °C; with 48.1 °C it is 17.92 m3/MWh.
    assert (1_000 * better.litres / better.kwh).tolist() == pytest.approx([17_921] * 12, abs=20)


def test_cooling_is_better_by_as_much_where_the_return_is_not_measured() -> None:
    unmeasured = year()._replace(with_return_wh=np.zeros(len(year().day), np.int64))
    nothing, better = (
        prices().cost(used_of_year(prices(), unmeasured, Decimal(20), Choices(cooling_c=Decimal(by_c)), HERE)[0])
        for by_c in (0, 5)
    )
    # 4 kr for each degree from October to April.
    mwh = sum(int(unmeasured.energy_wh[unmeasured.month == at].sum()) for at in (0, 1, 2, 3, 9, 10, 11)) / 1e6
    assert (better.net_ore - nothing.net_ore) / 100 == pytest.approx(-5 * 4 * mwh, abs=0.2)
    assert sum(line.ore for line in nothing.lines if line.charge == "return_temperature") == 0


def test_better_cooling_saves_what_the_price_of_the_return_says() -> None:
    own = year()
    nothing, better = Choices(), Choices(cooling_c=Decimal(5))
    costs = [prices().cost(used_of_year(prices(), own, Decimal(20), one, HERE)[0]) for one in (nothing, better)]
    months = [0, 1, 2, 3, 9, 10, 11]
    mwh = sum(int(own.energy_wh[own.month == at].sum()) for at in months) / 1e6
    assert (costs[1].net_ore - costs[0].net_ore) / 100 == pytest.approx(-5 * 4 * mwh, abs=0.2)


def test_nothing_chosen_is_today() -> None:
    own = own_year()
    assert otherwise(own, Choices()).wh.tolist() == own.wh.tolist()
    found = power_otherwise(facility(), facility().days, Decimal(20), (MINUS_FIVE, MINUS_FIVE), Choices())
    assert (int(found.kw), found.by) == (20, PowerBy.IN_FORCE)


def test_a_chosen_power_is_itself_and_its_overrun_is_counted() -> None:
    chosen = Choices(power_kw=Decimal(5))
    assert power_otherwise(facility(), facility().days, Decimal(20), (None, None), chosen).kw == 5
    used, _ = used_of_year(prices(), year(), Decimal(5), chosen, HERE)
    january = int(year().highest_wh[year().month == 0].max())
    assert used.overrun_centi_kw[0] == january // 10 - 500


def test_by_another_method_the_power_is_what_that_measures() -> None:
    own = facility()
    found = power_otherwise(own, own.days, Decimal(20), (MINUS_FIVE, GOTEBORG), Choices(price_list_id="other"))
    highest = sorted(year().energy_wh.tolist())[-3:]
    measured = sum(highest) / 3 / 24_000
    assert (found.by, int(found.kw)) == (PowerBy.MEASURED, round(measured))
    assert float(found.measured_kw or 0) == pytest.approx(measured, abs=0.01)


def test_the_power_follows_a_shifted_peak_where_its_method_looks_at_hours() -> None:
    choices = Choices(shifted_percent=Decimal(10))
    own = facility()
    changed = days_of(own_hours(), choices)
    assert measured_kw(own, own.days, GOTEBORG) == measured_kw(own, changed, GOTEBORG)
    # Highest hours are a fifth above the day's mean, so a tenth can go.
    now, then = measured_kw(own, own.days, MINUS_FIVE), measured_kw(own, changed, MINUS_FIVE)
    assert now is not None
    assert then is not None
    assert float(then / now) == pytest.approx(0.9, abs=0.001)
    assert power_otherwise(own, changed, Decimal(20), (MINUS_FIVE, MINUS_FIVE), choices).kw == 18


def test_less_than_five_percent_changes_no_power() -> None:
    choices = Choices(saved_percent=Decimal(4))
    own = facility()
    changed = days_of(own_hours(), choices)
    found = power_otherwise(own, changed, Decimal(20), (MINUS_FIVE, MINUS_FIVE), choices)
    assert (int(found.kw), found.by) == (20, PowerBy.FOLLOWS)


def test_a_power_that_is_not_measured_stays() -> None:
    choices, chosen = Choices(saved_percent=Decimal(20)), PowerMethod.CUSTOMER_CHOSEN
    found = power_otherwise(facility(), facility().days, Decimal(20), (chosen, chosen), choices)
    assert (int(found.kw), found.by) == (20, PowerBy.NOT_MEASURABLE)


@pytest.mark.parametrize("method", [None, MINUS_FIVE, PowerMethod.CUSTOMER_CHOSEN])
def test_a_chosen_power_below_what_is_measured_says_so(method: PowerMethod | None) -> None:
    own = facility()
    # The highest hour of a cold day, a fifth above its mean, is over 20 kW; its method measures less than 100.
    for kw, is_below in ((Decimal(5), True), (Decimal(100), False)):
        found = power_otherwise(own, own.days, Decimal(20), (MINUS_FIVE, method), Choices(power_kw=kw))
        assert (found.by, found.kw, found.is_below_measured) == (PowerBy.CHOSEN, kw, is_below)


def test_a_power_that_no_method_measures_is_held_against_the_newest_years_highest_hour() -> None:
    own = facility()
    found = power_otherwise(own, own.days, Decimal(20), (None, None), Choices(power_kw=Decimal(5)))
    newest = own.days.highest_wh[own.days.day > own.days.day[-1] - 365]
    assert found.measured_kw == Decimal(int(newest.max())) / 1000


def test_the_power_in_force_is_below_nothing() -> None:
    found = power_otherwise(facility(), facility().days, Decimal(1), (MINUS_FIVE, MINUS_FIVE), Choices())
    assert not found.is_below_measured
