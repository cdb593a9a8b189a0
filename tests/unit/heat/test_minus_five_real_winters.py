"""A Danish house's real winters, against a plain computation that shares no code with the kernel's."""

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from services.heat.arrays import UNKNOWN, Int64
from services.heat.daily_temperature import Hours, daily_means, effective_hours
from services.heat.local_time import EPOCH
from services.heat.power_methods.measurement import Days, Measurement, Reason
from services.heat.power_methods.minus_five import measure, winter
from tests import danish_house
from tests.danish_house import HOUR, ZONE, House, hours_of, plain_winter


@pytest.fixture(scope="module")
def house(shared_data: Path) -> House:
    return danish_house.house(shared_data)


def measured(house: House, first_year: int) -> Measurement:
    """The same by the kernel."""
    observed = Hours(np.array([int(at.timestamp()) for at in house.celsius]), np.array(list(house.celsius.values())))
    means = daily_means(effective_hours(observed), ZONE)
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
    mean_c = np.array([mean_of.get(int(number), np.nan) for number in day])
    highest_wh = np.array([[whole.get(int(number), UNKNOWN) for number in day]])
    [found] = measure(Days(day, mean_c, highest_wh, np.ones(len(day), np.bool_)))
    return found


@pytest.mark.parametrize("first_year", [2017, 2018])
def test_the_kernel_agrees_with_a_plain_search_through_all_periods(house: House, first_year: int) -> None:
    expected = plain_winter(house, first_year)
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
    assert plain_winter(house, 2019) is None
    assert result.reason is Reason.TOO_FEW_COLD_DAYS
    assert result.measured_kw is None
