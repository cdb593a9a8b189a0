from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import Float64, Int64
from services.heat.daily_temperature import DailyMeans, Hours, effective_hours
from services.heat.daily_temperature import daily_means as means_of
from services.heat.local_time import EPOCH

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def daily_means(starts_s: Int64, celsius: Float64, zone: ZoneInfo, *neighbours: Hours) -> DailyMeans:
    return means_of(effective_hours(Hours(starts_s, celsius), neighbours), zone)


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
    assert means.observed.tolist() == [hours]
    assert means.mean_c[0] == pytest.approx((hours - 1) / 16)


def test_three_missing_hours_are_filled_on_the_straight_line_and_not_counted_as_observed() -> None:
    starts_s = hours_of_local_days(date(2019, 1, 1), date(2019, 1, 1))
    kept = np.delete(np.arange(24), [5, 6, 7])
    means = daily_means(starts_s[kept], rising(starts_s)[kept], STOCKHOLM)
    assert means.mean_c.tolist() == [23 / 16]
    assert (means.observed.tolist(), means.interpolated.tolist()) == ([21], [3])


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


DAY = hours_of_local_days(date(2019, 1, 1), date(2019, 1, 1))


def without(*hours: int) -> Hours:
    """A day on which it was as many degrees as the clock shows hours, less what is missing."""
    kept = np.delete(np.arange(24), hours)
    return Hours(DAY[kept], kept.astype(float))


def test_a_longer_hole_is_the_neighbours_as_it_was_there() -> None:
    means = daily_means(*without(5, 6, 7, 8), STOCKHOLM, Hours(DAY, np.full(24, -10.0)))
    # 0 + 1 + ... + 23 less 5 + 6 + 7 + 8, and four hours of -10.
    assert means.mean_c.tolist() == [pytest.approx((276 - 26 - 40) / 24, abs=1e-6)]
    assert (means.observed.tolist(), means.interpolated.tolist(), means.neighbour.tolist()) == ([20], [0], [4])


def test_a_hole_of_three_hours_is_interpolated_though_a_neighbour_knows_it() -> None:
    means = daily_means(*without(5, 6, 7), STOCKHOLM, Hours(DAY, np.full(24, -10.0)))
    assert means.mean_c.tolist() == [11.5]
    assert means.neighbour.tolist() == [0]


def test_of_two_neighbours_the_first_that_knows_an_hour_gives_it() -> None:
    first, second = Hours(DAY[:3], np.full(3, 100.0)), Hours(DAY[:5], np.full(5, 200.0))
    found = effective_hours(without(0, 1, 2, 3, 4), [first, second])
    assert found.celsius[:6].tolist() == [100, 100, 100, 200, 200, 5]
    assert found.source[:6].tolist() == [3, 3, 3, 3, 3, 1]


def test_what_neighbours_leave_of_a_hole_stays_unknown() -> None:
    neighbour = Hours(DAY[[5, 10]], np.array([1.0, 1.0]))
    assert np.isnan(daily_means(*without(*range(5, 10)), STOCKHOLM, neighbour).mean_c).all()
    filled_by_itself = Hours(DAY[[5, 9]], np.ones(2))
    assert not np.isnan(daily_means(*without(*range(5, 10)), STOCKHOLM, filled_by_itself).mean_c).any()


def test_a_station_that_has_ended_goes_on_as_its_neighbour() -> None:
    found = effective_hours(Hours(DAY[:2], np.zeros(2)), [Hours(DAY, np.ones(24))])
    assert found.celsius.tolist() == [0, 0, *[1] * 22]


@given(st.lists(st.sampled_from(["own", "neighbour", "both", "none"]), min_size=1, max_size=60))
def test_every_hour_is_filled_by_the_rules_as_a_plain_loop_reads_them(known: list[str]) -> None:
    own = {hour: hour * 2.0 for hour, who in enumerate(known) if who in ("own", "both")}
    other = {hour: -hour * 1.0 for hour, who in enumerate(known) if who in ("neighbour", "both")}
    expected = {}
    for hour in range(len(known)):
        straight, theirs = _straight(own, hour), _straight(other, hour)
        if hour in own:
            expected[hour] = (own[hour], 1)
        elif straight is not None:
            expected[hour] = (straight, 2)
        elif hour in other:
            expected[hour] = (other[hour], 3)
        elif theirs is not None:
            expected[hour] = (theirs, 3)
    found = effective_hours(_hours(own), [_hours(other)])
    assert (found.starts_s // 3600).tolist() == sorted(expected)
    assert found.source.tolist() == [expected[hour][1] for hour in sorted(expected)]
    assert found.celsius.tolist() == pytest.approx([expected[hour][0] for hour in sorted(expected)])


def _hours(known: dict[int, float]) -> Hours:
    hours = sorted(known)
    return Hours(np.array(hours, np.int64) * 3600, np.array([known[hour] for hour in hours], float))


def _straight(known: dict[int, float], hour: int) -> float | None:
    before, after = [one for one in known if one < hour], [one for one in known if one > hour]
    if not before or not after or hour in known:
        return None
    left, right = max(before), min(after)
    if right - left - 1 > 3:
        return None
    return known[left] + (known[right] - known[left]) * (hour - left) / (right - left)
