from zoneinfo import ZoneInfo

import numpy as np
import pytest

from schemas.alerts import Quantity
from services.alerts.core.series import Calendar, Days, Hours, daily_series, hourly_series

CALENDAR = Calendar(ZoneInfo("Europe/Stockholm"), frozenset({10, 11, 12, 1, 2, 3, 4}))


def day_number(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def days(first: str, count: int, wh: int = 24_000, return_c: int = 40) -> Days:
    numbers = np.arange(day_number(first), day_number(first) + count)
    energy = np.full(count, wh)
    return Days(numbers, energy, energy * return_c * 100, energy)


def test_an_hour_belongs_to_the_season_of_its_local_month() -> None:
    # 30 September 22:00 UTC is 1 October 00:00 in Stockholm.
    starts = np.array(["2024-09-30T21", "2024-09-30T22"], "datetime64[s]").astype(np.int64)
    hours = Hours(starts, np.array([1500, 2500]), np.array([np.nan, 41.5]))
    power = hourly_series(Quantity.HOURLY_POWER, hours, CALENDAR)
    assert (power.values.tolist(), power.is_winter.tolist()) == ([1.5, 2.5], [False, True])
    assert hourly_series(Quantity.RETURN_TEMPERATURE, hours, CALENDAR).values.tolist() == [41.5]


def test_the_mean_power_of_a_day_is_over_its_own_23_24_or_25_hours() -> None:
    found = daily_series(Quantity.DAILY_MEAN_POWER, days("2024-03-30", 2, 23_000), CALENDAR)
    assert found.values.tolist() == [pytest.approx(23 / 24), 1.0]


def test_a_weighted_return_temperature_needs_15_of_its_30_days() -> None:
    found = daily_series(Quantity.WEIGHTED_RETURN_TEMPERATURE, days("2024-01-01", 20), CALENDAR)
    assert len(found.values) == 6
    assert found.values.tolist() == [40.0] * 6


def test_a_weighted_return_temperature_forgets_what_is_older_than_30_days() -> None:
    warm, cold = days("2024-01-01", 30, return_c=60), days("2024-01-31", 30, return_c=30)
    both = Days(*(np.concatenate(pair) for pair in zip(vars(warm).values(), vars(cold).values(), strict=True)))
    found = daily_series(Quantity.WEIGHTED_RETURN_TEMPERATURE, both, CALENDAR)
    assert found.values[-1] == 30.0
    assert found.values[-2] == pytest.approx(31.0)
