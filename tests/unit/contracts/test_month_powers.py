"""Price lists that bill each month by its own peaks: taken, foreseen, simulated, calculated and compared.

80 kW at 62 kr a month are 4,960.00 kr in each of twelve, and 59,520 kr a year.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import PointId
from services.contracts.core.annual_estimate import DayRows, Weather
from services.contracts.core.calculation import CannotCalculateError
from services.contracts.core.cost_answers import calculated
from services.contracts.core.effect import MONTHS, Usage
from services.contracts.core.effect import costs as effect_costs
from services.contracts.core.measuring import DayRows as MeasuredRows
from services.contracts.core.month_powers import foreseen, measured, of_many
from services.contracts.core.price_list_documents import price_list
from services.contracts.core.price_list_rules import faults
from services.contracts.core.proposals import LeftOut, to_measure
from services.contracts.core.simulation import Choices, Facility, OwnYears, PowerBy, amount_otherwise, used_of_year
from services.contracts.core.year_cost import Prices, twelve_months
from services.heat.arrays import UNKNOWN, Int64
from services.heat.local_time import EPOCH
from services.heat.power_methods.measurement import Period
from services.heat.tariff.table import Charge
from tests.unit.contracts.tariff_versions import catalogue
from tests.unit.contracts.tariff_versions import version as put
from tests.unit.contracts.test_annual_estimate import BALANCE_C, BASE_KW, SLOPE, house, outdoor_c, weather
from tests.unit.contracts.test_calculation import asked, listed, sums
from tests.unit.contracts.test_effect import usage
from tests.unit.contracts.test_run_contracts import contract
from tests.unit.contracts.test_short_price_lists import ENERGY, power, short, told
from tests.unit.contracts.test_simulation import HERE, days_of, facility, own_hours, own_year

THREE_DAYS, THREE_HOURS = PowerMethod("month_highest_3_days"), PowerMethod("month_highest_3_hours")
ONE_DAY, GOTEBORG = PowerMethod("month_highest_1_days"), PowerMethod.GOTEBORG
PRINTED = short(ENERGY, power({"per_kw_month": "62"}, method="month_highest_3_days"))


def version(document: dict[str, Any] = PRINTED) -> PriceList:
    return PriceList.model_validate(document | {"price_list_id": "months", "version": 1})


def laid_out() -> Prices:
    return Prices(version(), twelve_months(version(), date(2026, 5, 5)) or ())


def a_year(kw: list[int], first: date = date(2026, 1, 1)) -> DayRows:
    """A year of days, each as high all day as its month is said to be, with an hour twice as high."""
    day = np.arange((first - EPOCH).days, (date(first.year + 1, first.month, first.day) - EPOCH).days)
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % MONTHS
    wh = np.array(kw, np.int64)[month] * 24_000
    hours, nothing = np.full(len(day), 24), np.zeros(len(day))
    return DayRows(day, wh, wh // 12, hours, hours, np.full(len(day), UNKNOWN), nothing, np.zeros_like(wh), nothing, wh)


def without(year: DayRows, month: int, days: int) -> DayRows:
    """The same, with so many days of a month not measured."""
    which = np.flatnonzero(year.month == month - 1)[:days]
    hours = year.measured_hours.copy()
    hours[which] = 23
    return year._replace(measured_hours=hours)


def test_a_list_of_each_months_own_peaks_is_firm_and_says_what_the_draft_says() -> None:
    written = price_list(PRINTED)
    assert faults(written) == []
    [component] = written.tariffs[0].power_price.components
    settings = component.peak_identification_settings
    assert settings is not None
    assert settings.model_dump(mode="json") == {
        "peakFunction": "peak(main)",
        "peakIdentificationPeriod": "P1D",
        "peakDuration": "P1D",
        "numberOfPeaksForAverageCalculation": 3,
    }
    assert written.has_power_price
    assert not written.needs_power_in_force


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ({"overrun_per_kw": "120"}, "components[1].overrun_per_kw", "is above a power that customers choose"),
        ({"changes_on": {"month": 7, "day": 1}}, "components[1].changes_on", "is of a power that lasts"),
    ],
)
def test_what_belongs_to_a_power_that_lasts_is_refused_beside_each_months_own(
    more: dict[str, Any], place: str, words: str
) -> None:
    [(where, what)] = told(short(ENERGY, power({"per_kw_month": "62"}, method="month_highest_3_days", **more)))
    assert where == place
    assert words in what


def test_the_yearly_run_leaves_out_whom_each_month_bills_by_its_own_power() -> None:
    found = to_measure([contract(1, "months")], {"months": version()}, "2025/2026", date(2026, 4, 15))
    assert found == ({}, [LeftOut.POWER_IS_OF_MONTHS])


def test_a_search_names_no_band_of_a_power_that_is_known_once_its_month_is_over() -> None:
    low, high = (
        {"from_kw": "0", "to_kw": "50", "per_kw_month": "62"},
        {"from_kw": "50", "to_kw": None, "per_kw_month": "60"},
    )
    bands = short(ENERGY, power(low, high, method="month_highest_3_days"))
    of_bands, of_one = (catalogue(put(1, price_list(one))) for one in (bands, PRINTED))
    day = date(2026, 5, 5)
    assert of_bands.of_facility("bas", Decimal(20), "kW", day) is None
    assert of_one.of_facility("bas", None, None, day) is not None


def test_months_are_measured_by_their_own_highest_days_and_those_of_too_few_are_not_known() -> None:
    year = a_year([20, 18, 16, 12, 8, 6, 5, 5, 7, 10, 14, 19])
    assert measured(year, THREE_DAYS).tolist() == [2000, 1800, 1600, 1200, 800, 600, 500, 500, 700, 1000, 1400, 1900]
    assert measured(year, THREE_HOURS).tolist()[:2] == [4000, 3600]
    assert measured(without(year, 2, 18), THREE_DAYS)[1] == 1_800
    assert measured(without(year, 2, 19), THREE_DAYS)[1] == UNKNOWN


def test_an_estimate_takes_the_newest_twelve_whole_months() -> None:
    both = [a_year([20] * 12), a_year([30] * 12, date(2027, 1, 1))]
    days = DayRows(*(np.concatenate(column) for column in zip(*both, strict=True)))
    until_june_20 = days.take(days.day < (date(2027, 6, 20) - EPOCH).days)
    found = foreseen(until_june_20, NO_WEATHER, THREE_DAYS, laid_out(), is_cooling=False)
    assert found.centi_kw.tolist() == [3000] * 5 + [2000] * 7
    assert found.assumptions == ("peaks_of_newest",)


NO_WEATHER = Weather(np.zeros(0, np.int64), np.zeros(0), None)


def test_a_month_that_was_not_measured_is_foreseen_by_the_coldest_days_of_its_signature() -> None:
    days = house()
    last = days.day.max()
    year = days.day > last - 365
    month = days.month == 0
    gaps = days._replace(measured_hours=np.where(month & year, 0, days.measured_hours))
    found = foreseen(gaps, weather(), ONE_DAY, laid_out(), is_cooling=False)
    assert found.assumptions == ("peaks_of_newest", "peaks_by_signature")
    # The coldest day of January in each of the station's years, by the line that the house was built by.
    at = weather().day
    januaries = [
        at[(at.astype("datetime64[D]").astype("datetime64[M]")) == np.datetime64(f"{one}-01")] for one in years(at)
    ]
    coldest = [
        BASE_KW + SLOPE * max(0.0, BALANCE_C - float(outdoor_c(one).min())) for one in januaries if len(one) == 31
    ]
    assert found.centi_kw[0] == pytest.approx(100 * np.mean(coldest), rel=0.01)
    whole = foreseen(days, weather(), ONE_DAY, laid_out(), is_cooling=False)
    assert found.centi_kw[1:].tolist() == whole.centi_kw[1:].tolist()


def years(day: Int64) -> list[int]:
    return sorted({one.item().year for one in day.astype("datetime64[D]")})


def test_without_measured_days_and_signature_nothing_is_foreseen_and_the_months_are_named() -> None:
    with pytest.raises(CannotCalculateError) as raised:
        foreseen(without(a_year([20] * 12), 7, 31), NO_WEATHER, THREE_DAYS, laid_out(), is_cooling=False)
    assert (raised.value.code, "of month 7 too few" in raised.value.reason) == ("peaks_not_measured", True)


def used_otherwise(before: PowerMethod, after: PowerMethod, choices: Choices) -> tuple[Decimal, PowerBy]:
    year = OwnYears(days_of(own_year()), days_of(own_year(), choices))
    own: Facility = facility()
    found = amount_otherwise(own, days_of(own_hours(), choices), Decimal(20), (before, after), choices, year)
    return found.kw, found.by


def test_a_simulation_bills_each_month_by_its_own_peaks_on_the_changed_hours() -> None:
    own = a_year([20, 18, 16, 12, 8, 6, 5, 5, 7, 10, 14, 19])
    prices = laid_out()
    used, assumptions = used_of_year(prices, own, Decimal(0), Choices(), HERE)
    [line] = [one for one in prices.cost(used).lines if one.charge is Charge.POWER]
    assert line.months_ore == tuple(6_200 * kw for kw in (20, 18, 16, 12, 8, 6, 5, 5, 7, 10, 14, 19))
    assert "highest_month_named" in assumptions


def test_a_simulated_saving_lowers_each_months_power_as_much() -> None:
    today, saved = (used_otherwise(THREE_HOURS, THREE_HOURS, Choices(saved_percent=Decimal(one))) for one in (0, 20))
    assert today[1] is saved[1] is PowerBy.MONTHS
    assert saved[0] == pytest.approx(today[0] * Decimal("0.8"), abs=Decimal("0.01"))


def test_moving_peaks_lowers_hours_and_leaves_daily_means_as_they_are() -> None:
    moved = Choices(shifted_percent=Decimal(10))
    assert used_otherwise(THREE_HOURS, THREE_HOURS, moved)[0] < used_otherwise(THREE_HOURS, THREE_HOURS, Choices())[0]
    assert used_otherwise(THREE_DAYS, THREE_DAYS, moved) == used_otherwise(THREE_DAYS, THREE_DAYS, Choices())


def test_from_each_months_own_power_to_a_yearly_one_it_is_what_that_measures() -> None:
    assert used_otherwise(THREE_DAYS, GOTEBORG, Choices(price_list_id="other"))[1] is PowerBy.MEASURED
    with pytest.raises(CannotCalculateError) as raised:
        used_otherwise(THREE_DAYS, PowerMethod.CUSTOMER_CHOSEN, Choices(price_list_id="chosen"))
    assert (raised.value.field, raised.value.code) == ("power_kw", "missing")


def test_a_power_chosen_for_a_list_of_each_months_own_is_refused_by_its_field() -> None:
    with pytest.raises(CannotCalculateError) as raised:
        used_otherwise(THREE_DAYS, THREE_DAYS, Choices(power_kw=Decimal(5)))
    assert (raised.value.field, raised.value.code) == ("power_kw", "not_for_this_list")


def test_a_year_with_a_month_that_is_not_measured_is_not_simulated_by_its_peaks() -> None:
    prices = laid_out()
    with pytest.raises(CannotCalculateError) as raised:
        used_of_year(prices, without(a_year([20] * 12), 3, 25), Decimal(0), Choices(), HERE)
    assert raised.value.code == "peaks_not_measured"


def test_months_in_which_power_is_not_priced_need_no_peaks() -> None:
    winter = version(short(ENERGY, power({"per_kw_month": "62"}, method="month_highest_3_days", months=[1, 2, 12])))
    gap = without(a_year([20] * 12), 7, 31)
    prices = Prices(winter, twelve_months(winter, date(2026, 5, 5)) or ())
    used, _ = used_of_year(prices, gap, Decimal(0), Choices(), HERE)
    assert sum(line.ore for line in prices.cost(used).lines if line.charge is Charge.POWER) == 3 * 20 * 6_200
    assert foreseen(gap, NO_WEATHER, THREE_DAYS, prices, is_cooling=False).centi_kw[0] == 2_000
    known = measured(gap, THREE_DAYS)[None, :]
    effect = effect_costs(winter, 2026, usage([0] * 12, centi_kw=UNKNOWN)._replace(peaks={THREE_DAYS: known}))
    assert (effect.is_known.tolist(), effect.ore.tolist()) == ([True], [3 * 20 * 6_200])


def test_the_calculator_takes_the_power_for_the_highest_month_and_others_by_their_energy_a_day() -> None:
    found = asked(listed(PRINTED), power_kw="80", energy_mwh="100", category="small_house", on="2026-05-05")
    shares = [float(mwh) / days for mwh, days in zip(found.split.kwh, DAYS, strict=True)]
    highest = max(shares)
    assert max(found.months_kw) == Decimal(80)
    assert [float(kw) for kw in found.months_kw] == pytest.approx([80 * one / highest for one in shares], abs=0.0051)
    assert sums(found)["power"] == sum(int(kw * 6_200) for kw in found.months_kw)
    assert "peaks_by_profile" in found.assumptions
    assert len(calculated(found)["months_kw"]) == MONTHS


DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def test_a_year_without_energy_has_the_same_power_in_every_month() -> None:
    assert set(asked(listed(PRINTED), power_kw="80", energy_mwh="0", on="2026-05-05").months_kw) == {Decimal(80)}


@given(st.lists(st.integers(0, 20_000), min_size=12, max_size=12))
def test_the_effect_of_a_version_goes_by_each_months_own_power(centi_kw: list[int]) -> None:
    houses = usage([0] * 12, centi_kw=UNKNOWN)._replace(peaks={THREE_DAYS: np.array([centi_kw])})
    found = effect_costs(version(), 2026, houses)
    assert found.ore.tolist() == [sum(one * 62 for one in centi_kw)]
    assert found.is_known.tolist() == found.has_power.tolist() == [True]


def test_who_is_not_measured_in_a_month_is_left_out_of_an_effect_for_the_power() -> None:
    known = np.full((1, MONTHS), 2_000)
    known[0, 6] = UNKNOWN
    houses: Usage = usage([0] * 12)._replace(peaks={THREE_DAYS: known})
    found = effect_costs(version(), 2026, houses)
    assert (found.is_known.tolist(), found.has_power.tolist()) == ([False], [False])


def banded() -> dict[str, Any]:
    """Write a list whose bands have fixed charges alone, as tariffs: the month's own power chooses between them."""
    bands = ({"from_kw": "0", "to_kw": "100", "fixed_per_month": "500"}, {"from_kw": "100", "fixed_per_month": "900"})
    priced = power(*({"per_kw_month": "1"} | band for band in bands), method="month_highest_3_days")
    written = price_list(short(ENERGY, priced)).model_dump(mode="json", by_alias=True, exclude_none=True)
    for tariff in written["tariffs"]:
        tariff["powerPrice"]["components"] = []
    return written


def test_a_month_without_measured_peaks_has_no_band() -> None:
    houses = usage([0] * 12)._replace(peaks={THREE_DAYS: np.full((1, MONTHS), UNKNOWN)})
    assert effect_costs(version(banded()), 2026, houses).has_power.tolist() == [False]
    with pytest.raises(CannotCalculateError) as raised:
        asked(listed(banded()), power_kw=None, energy_mwh="100", on="2026-05-05")
    assert (raised.value.field, raised.value.code) == ("power_kw", "missing")
    assert asked(listed(banded()), power_kw="80", energy_mwh="0", on="2026-05-05").months_kw == (Decimal(80),) * MONTHS


@given(st.integers(1, 20_000))
def test_twelve_months_of_equal_peaks_have_the_effect_of_the_same_yearly_power(centi_kw: int) -> None:
    of_year = version(short(ENERGY, power({"per_kw_year": "744"})))
    of_months = version(short(ENERGY, power({"per_kw_year": "744"}, method="month_highest_3_days")))
    houses = usage([1_000] * 12, centi_kw=centi_kw)._replace(peaks={THREE_DAYS: np.full((1, MONTHS), centi_kw)})
    assert effect_costs(of_months, 2026, houses).ore.tolist() == effect_costs(of_year, 2026, houses).ore.tolist()


def test_many_points_months_of_a_year_are_measured_at_once_as_each_by_itself() -> None:
    kw = [[20, 18, 16, 12, 8, 6, 5, 5, 7, 10, 14, 19], [3] * 12]
    of_points = [a_year(one) for one in kw]
    period = Period(int(of_points[0].day[0]), int(of_points[0].day[-1]) + 1)
    rows = MeasuredRows(
        np.concatenate([np.full(365, point) for point in (9, 4)]),
        np.concatenate([one.day for one in of_points]),
        np.concatenate([one.highest_wh for one in of_points]),
        np.zeros(730, np.int64),
    )
    found = of_many([PointId(4), PointId(9)], period, rows, THREE_HOURS)
    assert found.tolist() == [measured(one, THREE_HOURS).tolist() for one in reversed(of_points)]
