from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import Float64, Int64
from services.heat.daily_temperature import daily_means
from services.heat.local_time import EPOCH

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def hours_of_local_days(first: date, last: date) -> Int64:
    begin = datetime.combine(first, datetime.min.time(), STOCKHOLM).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), STOCKHOLM).astimezone(UTC)
    return np.arange(int(begin.timestamp()), int(end.timestamp()), 3600, dtype=np.int64)


def rising(starts_s: Int64) -> Float64:
    return np.arange(len(starts_s)) / 8


@pytest.mark.parametrize(("day", "hours"), [(date(2019, 3, 31), 23), (date(2019, 10, 27), 25), (date(2019, 5, 5), 24)])
def test_a_local_day_is_the_mean_of_its_23_24_or_25_hours(day: date, hours: int) -> None:
    starts_s = hours_of_local_days(day, day)
    means = daily_means(starts_s, rising(starts_s), STOCKHOLM)
    assert means.day.tolist() == [(day - EPOCH).days]
    assert means.hours.tolist() == [hours]
    assert means.mean_c[0] == pytest.approx((hours - 1) / 16)


def test_three_missing_hours_are_filled_on_the_straight_line_and_not_counted_as_observed() -> None:
    starts_s = hours_of_local_days(date(2019, 1, 1), date(2019, 1, 1))
    kept = np.delete(np.arange(24), [5, 6, 7])
    means = daily_means(starts_s[kept], rising(starts_s)[kept], STOCKHOLM)
    assert means.mean_c.tolist() == [23 / 16]
    assert means.hours.tolist() == [21]


def test_a_day_with_four_missing_hours_in_a_row_has_no_mean() -> None:
    starts_s = hours_of_local_days(date(2019, 1, 1), date(2019, 1, 1))
    kept = np.delete(np.arange(24), [5, 6, 7, 8])
    assert np.isnan(daily_means(starts_s[kept], rising(starts_s)[kept], STOCKHOLM).mean_c).tolist() == [True]


def test_a_hole_across_midnight_is_filled_for_both_days() -> None:
    starts_s = hours_of_local_days(date(2019, 1, 1), date(2019, 1, 2))
    kept = np.delete(np.arange(48), [22, 23, 24])
    means = daily_means(starts_s[kept], rising(starts_s)[kept], STOCKHOLM)
    assert means.mean_c.tolist() == [23 / 16, (24 + 47) / 16]


def test_a_day_whose_last_hour_is_not_there_yet_has_no_mean() -> None:
    starts_s = hours_of_local_days(date(2019, 1, 1), date(2019, 1, 2))[:-1]
    assert np.isnan(daily_means(starts_s, rising(starts_s), STOCKHOLM).mean_c).tolist() == [False, True]


def test_no_hours_give_no_days() -> None:
    assert daily_means(np.zeros(0, np.int64), np.zeros(0), STOCKHOLM).day.tolist() == []


@given(st.integers(-300, 300))
def test_a_day_of_one_temperature_has_exactly_that_mean(tenths: int) -> None:
    starts_s = hours_of_local_days(date(2019, 1, 1), date(2019, 1, 1))
    assert daily_means(starts_s, np.full(24, tenths / 10), STOCKHOLM).mean_c.tolist() == [tenths / 10]
