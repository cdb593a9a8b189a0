"""A normal year's energy: by the signature, else by months, else by profile; and what it is said to rest on."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from schemas.facilities import Category
from schemas.price_list_terms import WeightedBy
from schemas.values import Medium
from services.contracts.core.annual_estimate import (
    Basis,
    DayRows,
    InForce,
    MonthRow,
    Uncertainty,
    Weather,
    by_history,
    by_profile,
    by_signature,
    efficiency,
)
from services.heat.arrays import Float64
from services.heat.local_time import EPOCH
from tests.unit.contracts.test_calculation import PROFILES

FIRST, YEARS = date(2022, 1, 1), 2
BASE_KW, SLOPE, BALANCE_C = 3.0, 0.5, 16.0
TEN_KW = InForce(Decimal(10))


def outdoor_c(day: np.ndarray[tuple[int], np.dtype[np.int64]], warmer: float = 0) -> Float64:
    turn = np.cos(2 * np.pi * ((day - (FIRST - EPOCH).days) % 365 - 200) / 365)
    return np.asarray(8 + 10 * turn + 3 * np.sin(day / 2.3) + warmer)


def weather(normal: Float64 | None = None) -> Weather:
    day = np.arange((FIRST - EPOCH).days, (FIRST - EPOCH).days + 365 * YEARS)
    return Weather(day, outdoor_c(day), normal)


def house(noise_kw: float = 0.0) -> DayRows:
    day = weather().day
    kw = BASE_KW + SLOPE * np.maximum(0, BALANCE_C - outdoor_c(day))
    noise = np.random.default_rng(4).normal(0, noise_kw, len(day)) if noise_kw else 0
    wh = np.rint((kw + noise) * 24_000).astype(np.int64)
    hours = np.full(len(day), 24)
    litres = wh // 50
    by_energy, by_flow = (wh * 43.0).astype(np.float64), (litres * 42.0).astype(np.float64)
    return DayRows(day, wh, wh // 20, hours, hours, litres, by_energy, wh, by_flow, litres)


def test_a_house_that_follows_the_weather_is_estimated_by_its_signature() -> None:
    found = by_signature(house(), weather(), is_cooling=False)
    assert found is not None
    assert (found.basis, found.uncertainty) == (Basis.SIGNATURE, Uncertainty.RESIDUALS)
    # Both years had the same weather but for three degrees of sine, so a normal year is what they were on average.
    assert found.kwh.sum() == pytest.approx(house().energy_wh.sum() / 1_000 / YEARS, rel=0.01)
    assert found.r2 == pytest.approx(1, abs=1e-3)
    assert found.plus_minus_kwh == pytest.approx(0, abs=20)


def test_who_is_harder_to_foresee_is_less_certain() -> None:
    calm, wild = (by_signature(house(noise), weather(), is_cooling=False) for noise in (0.2, 1.0))
    assert calm is not None
    assert wild is not None
    assert 0 < (calm.plus_minus_kwh or 0) < (wild.plus_minus_kwh or 0)


def test_a_normal_year_of_more_degree_days_takes_more_heat_above_the_base() -> None:
    own = weather()
    month = own.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    degree_days = np.bincount(month, np.maximum(0, 17 - own.mean_c), 12) / YEARS
    same, colder = (by_signature(house(), weather(degree_days * factor), is_cooling=False) for factor in (1.0, 1.1))
    assert same is not None
    assert colder is not None
    january = (same.kwh[0] - BASE_KW * 24 * 31) * 1.1 + BASE_KW * 24 * 31
    assert colder.kwh[0] == pytest.approx(january, abs=5)
    assert colder.kwh[6] == pytest.approx(same.kwh[6], abs=1)


def test_who_does_not_follow_the_weather_has_no_signature() -> None:
    level = house()
    flat = level._replace(energy_wh=np.full(len(level.day), 100_000))
    assert by_signature(flat, weather(), is_cooling=False) is None


def months(count: int, first: date = date(2021, 1, 1), step: int = 0) -> list[MonthRow]:
    rows = []
    for at in range(count):
        month = date(first.year + (first.month + at - 1) // 12, (first.month + at - 1) % 12 + 1, 1)
        wh = 1_000_000 + step * (at // 12)
        rows.append(MonthRow(month, wh, wh if at % 2 else None))
    return rows


def test_months_are_averaged_over_their_years_and_the_spread_of_years_is_told() -> None:
    found = by_history(months(24, step=200_000))
    assert found is not None
    assert (found.kwh.tolist(), found.rests_on, found.basis) == ([1_100] * 12, 24, Basis.HISTORY)
    # Years of 12,000 and 14,400 kWh: a deviation of 1,697.
    assert (found.plus_minus_kwh, found.uncertainty) == (3_394, Uncertainty.YEARS)


def test_less_than_a_year_is_filled_up_by_the_category() -> None:
    assert by_history(months(3)) is None
    found = by_profile(months(3), PROFILES, Category.SMALL_HOUSE, Medium.HEAT, TEN_KW)
    assert found is not None
    # January to March are 15.2 + 13.7 + 12.9 of 100.
    assert found.kwh.sum() == pytest.approx(3_000 / 0.418, abs=1)
    assert (found.basis, found.uncertainty, found.plus_minus_kwh) == (
        Basis.PART_OF_YEAR,
        Uncertainty.NOT_KNOWN,
        None,
    )


def test_without_any_figure_the_power_and_the_category_tell() -> None:
    found = by_profile([], PROFILES, Category.SMALL_HOUSE, Medium.HEAT, TEN_KW)
    assert found is not None
    assert found.kwh.sum() == 10 * PROFILES.categories[Category.SMALL_HOUSE].hours
    assert by_profile([], PROFILES, Category.INDUSTRY, Medium.HEAT, TEN_KW) is None


def test_cooling_without_any_figure_is_the_years_of_cooling_and_not_of_the_category() -> None:
    found = by_profile([], PROFILES, Category.INDUSTRY, Medium.COOLING, TEN_KW)
    assert found is not None
    # Ten kW for a thousand hours, most of it in July.
    assert found.kwh.sum() == 10_000
    assert found.kwh.argmax() == 6


def test_flow_and_return_are_those_of_the_newest_year() -> None:
    own = efficiency(house())
    # Litres are a fiftieth of the watt-hours: 20 m3 for each MWh.
    assert own.l_per_mwh.tolist() == pytest.approx([20_000] * 12, abs=10)
    assert own.returned(WeightedBy.ENERGY).tolist() == [4_300] * 12
    assert own.returned(WeightedBy.FLOW).tolist() == [4_200] * 12
