"""What would be otherwise: less, shifted, cooled better, another power; each does what it says and no more."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import Activity, PointId
from services.contracts.core.annual_estimate import DayRows, newest_whole_year
from services.contracts.core.simulation import (
    Choices,
    Facility,
    PowerBy,
    cooled_better,
    measured_kw,
    otherwise,
    power_otherwise,
    used_of_year,
)
from services.contracts.core.year_cost import Prices, twelve_months
from services.heat.arrays import Float64
from services.heat.power_methods.measurement import Period
from tests.unit.contracts.test_annual_estimate import house, outdoor_c
from tests.unit.contracts.test_calculation import BAS

TODAY = date(2024, 1, 10)
GOTEBORG, MINUS_FIVE = PowerMethod.GOTEBORG, PowerMethod.MINUS_FIVE
percents = st.decimals("0", "50", places=1)


def year() -> DayRows:
    found = newest_whole_year(house())
    assert found is not None
    return found


def facility(days: DayRows | None = None) -> Facility:
    def weather(period: Period) -> Float64:
        return outdoor_c(np.arange(period.first, period.end))

    return Facility(PointId(1), Activity.SEVEN_DAY, days or house(), weather, TODAY)


def prices() -> Prices:
    price_list = PriceList.model_validate({**BAS, "price_list_id": "bas", "version": 1})
    return Prices(price_list, twelve_months(price_list, date(2023, 5, 5)) or ())


@given(percent=percents)
def test_shifting_a_peak_changes_no_days_energy_and_stays_above_its_mean(percent: Decimal) -> None:
    before = year()
    after = otherwise(before, Choices(shifted_percent=percent))
    assert after.energy_wh.tolist() == before.energy_wh.tolist()
    assert (after.highest_wh <= before.highest_wh).all()
    assert (after.highest_wh * after.hours >= after.energy_wh).all()


def test_a_tenth_saved_is_a_tenth_less_of_everything() -> None:
    before, after = year(), otherwise(year(), Choices(saved_percent=Decimal(10)))
    for name in ("energy_wh", "litres", "highest_wh"):
        assert getattr(after, name).sum() == pytest.approx(0.9 * getattr(before, name).sum(), rel=1e-4)


def test_five_degrees_better_lower_the_return_and_the_flow_follows_from_the_energy() -> None:
    own, _ = used_of_year(prices(), year(), Decimal(20), Choices(), is_cooling=False)
    better = cooled_better(own, Decimal(5), is_cooling=False)
    assert better.return_centi_c.tolist() == [3_800] * 12
    # 20 m3/MWh is a cooling of 43.1 °C; with 48.1 °C it is 17.92 m3/MWh.
    assert (1_000 * better.litres / better.kwh).tolist() == pytest.approx([17_921] * 12, abs=20)


def test_cooling_is_better_by_as_much_where_the_return_is_not_measured() -> None:
    unmeasured = year()._replace(with_return_wh=np.zeros(len(year().day), np.int64))
    better, _ = used_of_year(prices(), unmeasured, Decimal(20), Choices(cooling_c=Decimal(5)), is_cooling=False)
    # The price list's reference is 45 °C from October to April.
    assert better.return_centi_c[[0, 3, 9, 11]].tolist() == [4_000] * 4


def test_better_cooling_saves_what_the_price_of_the_return_says() -> None:
    own = year()
    nothing, better = Choices(), Choices(cooling_c=Decimal(5))
    costs = [
        prices().cost(used_of_year(prices(), own, Decimal(20), one, is_cooling=False)[0]) for one in (nothing, better)
    ]
    months = [0, 1, 2, 3, 9, 10, 11]
    mwh = sum(int(own.energy_wh[own.month == at].sum()) for at in months) / 1e6
    assert (costs[1].net_ore - costs[0].net_ore) / 100 == pytest.approx(-5 * 4 * mwh, abs=0.2)


def test_nothing_chosen_is_today() -> None:
    own = year()
    assert otherwise(own, Choices()).energy_wh.tolist() == own.energy_wh.tolist()
    found = power_otherwise(facility(), facility().days, Decimal(20), (MINUS_FIVE, MINUS_FIVE), Choices())
    assert (int(found.kw), found.by) == (20, PowerBy.IN_FORCE)


def test_a_chosen_power_is_itself_and_its_overrun_is_counted() -> None:
    chosen = Choices(power_kw=Decimal(5))
    assert power_otherwise(facility(), house(), Decimal(20), (None, None), chosen).kw == 5
    used, _ = used_of_year(prices(), year(), Decimal(5), chosen, is_cooling=False)
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
    changed = otherwise(own.days, choices)
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
    found = power_otherwise(own, otherwise(own.days, choices), Decimal(20), (MINUS_FIVE, MINUS_FIVE), choices)
    assert (int(found.kw), found.by) == (20, PowerBy.FOLLOWS)


def test_a_power_that_is_not_measured_stays() -> None:
    choices, chosen = Choices(saved_percent=Decimal(20)), PowerMethod.CUSTOMER_CHOSEN
    found = power_otherwise(facility(), house(), Decimal(20), (chosen, chosen), choices)
    assert (int(found.kw), found.by) == (20, PowerBy.NOT_MEASURABLE)
