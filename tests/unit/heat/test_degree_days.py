"""Degree days and normal years, against hand values and, on real winters, a recomputation without arrays."""

import csv
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from services.heat.arrays import Float64, Int64
from services.heat.degree_days import degree_days, leap_year, normal_year, spread_over_days
from services.heat.local_time import EPOCH


def number(day: date) -> int:
    return (day - EPOCH).days


def days(first: date, last: date) -> Int64:
    return np.arange(number(first), number(last) + 1)


def by_date(month: int, day: int) -> int:
    return (date(2000, month, day) - date(2000, 1, 1)).days


def test_degree_days_are_what_the_mean_lacks_to_seventeen() -> None:
    assert degree_days(np.array([-3.5, 16.5, 17.0, 25.0])).tolist() == [20.5, 0.5, 0, 0]
    assert degree_days(np.array([10.0]), base_c=15).tolist() == [5]
    assert np.isnan(degree_days(np.array([np.nan]))).all()


def test_a_normal_year_is_the_mean_of_each_calendar_day_over_the_years_that_know_it() -> None:
    day = days(date(2021, 1, 1), date(2022, 12, 31))
    mean_c = np.where(day < number(date(2022, 1, 1)), 7.0, 3.0)
    mean_c[day == number(date(2022, 5, 1))] = np.nan
    normal = normal_year(day, mean_c)
    assert normal is not None
    assert (normal.first_year, normal.last_year) == (2021, 2022)
    # 10 and 14 degree days are 12; where only 2021 is known, 10; 29 February was in neither year.
    assert normal.degree_days[by_date(3, 1)] == 12
    assert (normal.degree_days[by_date(5, 1)], normal.years[by_date(5, 1)]) == (10, 1)
    assert np.isnan(normal.degree_days[by_date(2, 29)])
    assert normal.years[by_date(2, 29)] == 0


def test_29_february_is_the_mean_of_leap_years_alone() -> None:
    day = days(date(2019, 1, 1), date(2020, 12, 31))
    mean_c = np.full(len(day), 10.0)
    mean_c[day == number(date(2020, 2, 29))] = 0
    normal = normal_year(day, mean_c)
    assert normal is not None
    assert [normal.degree_days[by_date(2, 28) + n] for n in range(3)] == [7, 17, 7]
    assert [normal.years[by_date(2, 28) + n] for n in range(3)] == [2, 1, 2]


def test_a_year_that_is_not_over_does_not_count() -> None:
    day = days(date(2021, 1, 1), date(2022, 12, 30))
    normal = normal_year(day, np.where(day < number(date(2022, 1, 1)), 7.0, 0.0))
    assert normal is not None
    assert (normal.last_year, normal.degree_days[0]) == (2021, 10)
    assert normal_year(days(date(2022, 1, 1), date(2022, 12, 30)), np.zeros(364)) is None


def test_a_normal_year_looks_back_thirty_years() -> None:
    day = days(date(1990, 1, 1), date(2023, 12, 31))
    normal = normal_year(day, np.where(day < number(date(1994, 1, 1)), -83.0, 7.0))
    assert normal is not None
    assert (normal.first_year, normal.last_year) == (1994, 2023)
    assert set(normal.degree_days.tolist()) == {10.0}
    assert normal.years[by_date(1, 1)] == 30


def test_an_imported_month_spreads_evenly_and_a_leap_day_adds_to_it() -> None:
    month, day_of_month = leap_year()
    spread = spread_over_days(np.array([620.0, 560, 500, 300, 100, 10, 0, 5, 90, 250, 400, 580]))
    assert spread[month == 1].sum() == pytest.approx(620)
    assert spread[(month == 2) & (day_of_month < 29)].sum() == pytest.approx(560)
    assert spread[(month == 2) & (day_of_month == 29)].tolist() == [20]


@pytest.mark.parametrize("town", ["Karlstad", "Lulea"])
def test_real_winters_give_what_a_plain_loop_gives(shared_data: Path, town: str) -> None:
    with (shared_data / "weather" / f"smhi_daily_mean_{town}.csv").open() as file:
        rows = [(date(int(y), int(m), int(d)), float(c)) for y, m, d, c in csv.reader(file)]
    known: dict[tuple[int, int], list[float]] = defaultdict(list)
    for day, celsius in rows:
        if 1993 <= day.year <= 2022:
            known[day.month, day.day].append(max(0.0, 17 - celsius))
    normal = normal_year(*_without_gaps(rows))
    assert normal is not None
    assert (normal.first_year, normal.last_year) == (1993, 2022)
    for at, (month, day_of_month) in enumerate(zip(normal.month.tolist(), normal.day_of_month.tolist(), strict=True)):
        values = known[month, day_of_month]
        assert normal.years[at] == len(values)
        assert normal.degree_days[at] == pytest.approx(sum(values) / len(values), abs=1e-5)


def test_lulea_has_about_half_as_many_degree_days_again_as_karlstad(shared_data: Path) -> None:
    totals = {}
    for town in ("Karlstad", "Lulea"):
        with (shared_data / "weather" / f"smhi_daily_mean_{town}.csv").open() as file:
            rows = [(date(int(y), int(m), int(d)), float(c)) for y, m, d, c in csv.reader(file)]
        normal = normal_year(*_without_gaps(rows))
        assert normal is not None
        totals[town] = float(normal.degree_days.sum() - normal.degree_days[by_date(2, 29)])
    assert 1.3 < totals["Lulea"] / totals["Karlstad"] < 1.5


def _without_gaps(rows: list[tuple[date, float]]) -> tuple[Int64, Float64]:
    by_day = dict(rows)
    first, last = min(by_day), max(by_day)
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return np.array([number(day) for day in every]), np.array([by_day.get(day, np.nan) for day in every])
