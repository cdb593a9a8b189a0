"""A Danish house's real winters, against a plain computation that shares no code with the kernel's."""

import csv
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from services.heat.arrays import UNKNOWN, Int64
from services.heat.daily_temperature import daily_means
from services.heat.local_time import EPOCH
from services.heat.power_methods.minus_five import Measurement, Reason, measure, winter

ZONE = ZoneInfo("Europe/Stockholm")
HOUR = timedelta(hours=1)


class House(NamedTuple):
    register_wh: dict[datetime, int]
    celsius: dict[datetime, float]


@pytest.fixture(scope="module")
def house(shared_data: Path) -> House:
    with (shared_data / "danish-relife/processed_final_data_sample.csv").open() as file:
        register_wh = {
            datetime.fromisoformat(row["time_rounded"]): round(float(row["energy_heat_kwh"]) * 1000)
            for row in csv.DictReader(file)
        }
    with (shared_data / "weather/temperature_hourly_2018_2019_aalborg.csv").open() as file:
        celsius = {datetime.fromisoformat(at): float(value) for at, value in csv.reader(file)}
    return House(register_wh, celsius)


def hours_of(day: date) -> list[datetime]:
    """The UTC hours of a local day."""
    utc = ZoneInfo("UTC")
    begin = datetime.combine(day, datetime.min.time(), ZONE).astimezone(utc)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE).astimezone(utc)
    return [begin + n * HOUR for n in range((end - begin) // HOUR)]


def plain(house: House, first_year: int) -> tuple[date, int, Decimal, int] | None:
    """Period's first day, its length, the power and the days in the line; by trying all periods, longest first."""
    days = [date(first_year, 11, 1) + timedelta(days=n) for n in range(152)]
    days = [day for day in days if day < date(first_year + 1, 4, 1)]
    mean: dict[date, float] = {}
    highest: dict[date, float] = {}
    for day in days:
        hours = hours_of(day)
        if all(hour in house.celsius for hour in hours):
            mean[day] = sum(house.celsius[hour] for hour in hours) / len(hours)
        if all(hour in house.register_wh and hour + HOUR in house.register_wh for hour in hours):
            highest[day] = max(house.register_wh[hour + HOUR] - house.register_wh[hour] for hour in hours) / 1000
    for length in range(len(days), 20, -1):
        for start in range(len(days) - length, -1, -1):
            run = days[start : start + length]
            cold = [day for day in run if day in mean and -10 <= mean[day] <= 0]
            if all(day in mean for day in run) and 5 * len(cold) >= length:
                in_line = [day for day in run if day in highest]
                slope, intercept = np.polyfit([mean[d] for d in in_line], [highest[d] for d in in_line], 1)
                return run[0], length, Decimal(f"{intercept - 5 * slope:.2f}"), len(in_line)
    return None


def measured(house: House, first_year: int) -> Measurement:
    """The same by the kernel."""
    means = daily_means(
        np.array([int(at.timestamp()) for at in house.celsius]), np.array(list(house.celsius.values())), ZONE
    )
    first, end = winter(first_year)
    day: Int64 = np.arange(first, end)
    mean_of = dict(zip(means.day.tolist(), means.mean_c.tolist(), strict=True))
    by_day: dict[int, list[int]] = defaultdict(list)
    for at, register_wh in house.register_wh.items():
        if at + HOUR in house.register_wh:
            number = (at.astimezone(ZONE).date() - EPOCH).days
            by_day[number].append(house.register_wh[at + HOUR] - register_wh)
    whole = {
        number: max(rises)
        for number, rises in by_day.items()
        if len(rises) == len(hours_of(EPOCH + timedelta(days=number)))
    }
    return measure(
        day,
        np.array([mean_of.get(int(number), np.nan) for number in day]),
        np.array([whole.get(int(number), UNKNOWN) for number in day]),
        np.ones(len(day), np.bool_),
    )


@pytest.mark.parametrize("first_year", [2017, 2018])
def test_the_kernel_agrees_with_a_plain_search_through_all_periods(house: House, first_year: int) -> None:
    expected = plain(house, first_year)
    result = measured(house, first_year)
    assert expected is not None
    assert result.period is not None
    assert result.points is not None
    first = EPOCH + timedelta(days=result.period.first)
    assert (first, result.period.days, result.measured_kw, len(result.points.day)) == expected


def test_the_winter_of_2018_rests_on_26_november_to_13_february(house: House) -> None:
    result = measured(house, 2018)
    assert result.period is not None
    assert EPOCH + timedelta(days=result.period.first) == date(2018, 11, 26)
    assert EPOCH + timedelta(days=result.period.end - 1) == date(2019, 2, 13)


def test_the_winter_before_begins_at_its_first_whole_day(house: House) -> None:
    result = measured(house, 2017)
    assert result.period is not None
    assert EPOCH + timedelta(days=result.period.first) >= date(2018, 1, 2)


def test_the_mild_winter_whose_weather_ends_in_december_is_not_determined(house: House) -> None:
    result = measured(house, 2019)
    assert plain(house, 2019) is None
    assert result.reason is Reason.TOO_FEW_COLD_DAYS
    assert result.measured_kw is None
