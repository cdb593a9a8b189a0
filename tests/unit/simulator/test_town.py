"""A town without flaws is a real one: what its buildings use, how its water flows, and what its meters say."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from schemas.facilities import Category
from schemas.values import Activity, Medium
from services.cli.simulator.buildings import building
from services.cli.simulator.calendar import calendar
from services.cli.simulator.flaws import NO_FLAWS, USUAL_FLAWS
from services.cli.simulator.metering import DAILY, metering_points
from services.cli.simulator.registers import FORWARD, LITRES, RETURN, WH, counted
from services.cli.simulator.substations import Water
from services.cli.simulator.town import Town, town
from services.heat.arrays import UNKNOWN, Float64, Int64, run_starts
from services.heat.power_methods.measurement import Days
from services.heat.power_methods.minus_five import measure
from tests.unit.simulator.towns import delivered, year

ZONE = ZoneInfo("Europe/Stockholm")
FROM, TO = date(2023, 12, 1), date(2024, 1, 1)


def points(one: Town, medium: Medium, *categories: Category) -> list[int]:
    return [
        index
        for index, point in enumerate(one.points)
        if point.medium is medium and (not categories or point.building.category in categories)
    ]


def by_day(hours: Float64 | Int64, one: Town) -> Float64:
    """Add hours up to local days."""
    day = calendar(one.from_s, one.to_s, ZONE).local_day
    return np.add.reduceat(hours.astype(np.float64), run_starts(day))


def daily_mean_c(one: Town) -> Float64:
    return by_day(one.temperature_c[0], one) / by_day(np.ones(len(one.temperature_s)), one)


def test_the_same_seed_gives_the_same_town() -> None:
    first, again = (town(3, 6, FROM, TO, USUAL_FLAWS) for _ in range(2))
    assert delivered(first).equals(delivered(again))
    assert np.array_equal(first.temperature_c, again.temperature_c)


def test_another_seed_gives_another_town() -> None:
    assert not delivered(town(3, 6, FROM, TO)).equals(delivered(town(4, 6, FROM, TO)))


def test_a_building_does_not_depend_on_how_many_others_there_are() -> None:
    small, large = town(3, 4, FROM, TO), town(3, 12, FROM, TO)
    assert large.buildings[:4] == small.buildings
    for index, point in enumerate(small.points):
        same = large.points.index(point)
        assert np.array_equal(small.true_hours[index], large.true_hours[same])
        rows, others = (
            one.delivered.rows.take(one.delivered.rows.point == which) for one, which in ((small, index), (large, same))
        )
        assert np.array_equal(rows.registers, others.registers)
        assert np.array_equal(rows.sent_at_s, others.sent_at_s)


def test_an_hour_is_the_same_in_every_period_that_holds_it() -> None:
    long, short = (town(3, 4, first, date(2024, 3, 1), NO_FLAWS) for first in (FROM, date(2024, 2, 1)))
    hours = len(short.temperature_s)
    assert np.array_equal(long.temperature_c[:, -hours:], short.temperature_c)
    # Registers are rounded as running sums, which begin elsewhere: an hour may differ by one.
    assert np.abs(long.true_hours[:, -hours:] - short.true_hours)[:, :, WH].max() <= 1


def test_a_town_that_is_nothing_or_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="must be after its first day"):
        town(1, 1, FROM, FROM)
    with pytest.raises(ValueError, match="1 to 50000 buildings"):
        town(1, 0, FROM, TO)
    with pytest.raises(ValueError, match="for 83 days; take fewer, or a shorter period"):
        town(1, 10_000, FROM, date(2025, 1, 1))


def test_registers_of_a_clean_town_never_fall() -> None:
    rows = year().delivered.rows
    order = np.lexsort((rows.read_at_s, rows.point))
    same_point = np.diff(rows.point[order]) == 0
    for register in range(4):
        known = rows.registers[order, register]
        assert (np.diff(known)[same_point & (known[1:] != UNKNOWN)] >= 0).all()


def test_a_clean_town_reads_each_meter_every_hour_or_every_midnight() -> None:
    one = year()
    hours, days = 365 * 24, 365
    counts = np.bincount(one.delivered.rows.point)
    for point, count in zip(one.points, counts.tolist(), strict=True):
        # One more than intervals; meters read past the hour bracket the period's first hour too.
        expected = days + 1 if point.minute == DAILY else hours + 1 + (point.minute > 0)
        assert count == expected


def test_most_meters_are_read_on_the_hour_some_past_it_and_some_houses_at_midnight_only() -> None:
    every = [point for number in range(400) for point in metering_points(1, building(1, number))]
    daily = [point for point in every if point.minute == DAILY]
    past_the_hour = [point for point in every if point.minute > 0]
    assert 0.03 < len(daily) / len(every) < 0.12
    assert {point.building.category for point in daily} == {Category.SMALL_HOUSE}
    assert 0.1 < len(past_the_hour) / len(every) < 0.3


def test_readings_are_delivered_in_the_order_in_which_they_are_sent() -> None:
    sent_at_s = town(3, 6, FROM, TO).delivered.rows.sent_at_s
    assert (np.diff(sent_at_s) >= 0).all()


def test_rounds_bring_every_reading_once_and_none_before_it_was_sent() -> None:
    one = town(3, 6, FROM, TO)
    begin_s = one.from_s + 7 * 86_400
    before = sum(batch.readings.num_rows for batch in one.batches(1_000, until_s=begin_s))
    rounds = list(one.rounds(900, begin_s))
    assert before + sum(batch.readings.num_rows for batch in rounds) == one.readings
    assert all(batch.sent_at_s % 900 == 0 for batch in rounds)
    last_us = [int(batch.readings["read_at"].cast("int64").to_numpy().min()) for batch in rounds]
    assert all(first_us < batch.sent_at_s * 1_000_000 for first_us, batch in zip(last_us, rounds, strict=True))


def test_true_hours_sum_to_the_difference_of_the_registers() -> None:
    one = year()
    rows = one.delivered.rows
    for index, point in enumerate(one.points):
        if point.minute > 0:
            continue
        register = rows.registers[rows.point == index]
        assert one.true_hours[index, :, WH].sum() == register[:, WH].max() - register[:, WH].min()
        assert one.true_hours[index, :, LITRES].sum() == register[:, LITRES].max() - register[:, LITRES].min()


def test_energy_fits_the_water_and_how_far_it_cools() -> None:
    one = year()
    for index in range(len(one.points)):
        used = one.true_hours[index].sum(axis=0)
        # Source: domain.md, VEE rule 3: 1.13 to 1.18 kWh per m3 and degree.
        assert 1.13 <= used[WH] / abs(used[FORWARD] - used[RETURN]) <= 1.18


def test_heat_comes_hot_and_leaves_cool_and_cold_comes_cold_and_leaves_warm() -> None:
    used = year().true_hours.sum(axis=1)
    supply_c, return_c = used[:, FORWARD] / used[:, LITRES], used[:, RETURN] / used[:, LITRES]
    heat, cold = points(year(), Medium.HEAT), points(year(), Medium.COOLING)
    assert ((supply_c[heat] > 65) & (supply_c[heat] < 95)).all()
    assert 30 < np.median(supply_c[heat] - return_c[heat]) < 50
    assert ((supply_c[cold] < 9) & (return_c[cold] > 10)).all()
    poor = [index for index in heat if year().points[index].building.cools_poorly]
    good = [index for index in heat if index not in poor]
    assert poor
    assert np.median(return_c[poor]) > np.median(return_c[good]) + 5


def test_the_fleet_takes_more_heat_the_colder_it_is_and_a_base_load_in_summer() -> None:
    one = year()
    mean_c = daily_mean_c(one)
    power = by_day(one.true_hours[points(one, Medium.HEAT), :, WH].sum(axis=0), one)
    cold = mean_c < 10
    assert np.corrcoef(mean_c[cold], power[cold])[0, 1] < -0.95
    summer = power[mean_c > 16].mean()
    assert 0.02 < summer / power.max() < 0.25


def test_cooling_rises_with_the_temperature_and_is_little_in_winter() -> None:
    one = year()
    mean_c = daily_mean_c(one)
    power = by_day(one.true_hours[points(one, Medium.COOLING), :, WH].sum(axis=0), one)
    warm = mean_c > 16
    assert np.corrcoef(mean_c[warm], power[warm])[0, 1] > 0.6
    assert power[mean_c < 5].mean() < 0.25 * power[warm].mean()


def test_buildings_use_what_real_ones_do() -> None:
    one = year()
    heat = points(one, Medium.HEAT)
    energy_kwh = one.true_hours[heat, :, WH].sum(axis=1) / 1000
    area_m2 = np.array([one.points[index].building.area_m2 for index in heat])
    highest_kw = one.true_hours[heat, :, WH].max(axis=1) / 1000
    assert 80 < energy_kwh.sum() / area_m2.sum() < 150
    assert 1_800 < np.median(energy_kwh / highest_kw) < 3_000


def test_no_hour_is_above_what_the_metering_point_can_plausibly_reach() -> None:
    one = year()
    maximum_wh = np.array([point.maximum_kw * 1000 for point in one.points])
    assert (one.true_hours[:, :, WH].max(axis=1) < maximum_wh).all()


def test_hot_water_is_drawn_in_the_morning_and_in_the_evening() -> None:
    one = year()
    july = calendar(one.from_s, one.to_s, ZONE)
    flats = one.true_hours[points(one, Medium.HEAT, Category.APARTMENTS), : 31 * 24, WH].sum(axis=0)
    by_clock = np.bincount(july.local_hour[: 31 * 24], flats)
    assert by_clock[7:10].min() > by_clock[12:15].max()
    assert by_clock[18:21].min() > by_clock[12:15].max()
    assert by_clock[1:4].max() < by_clock[12:15].min()


def test_houses_draw_hot_water_at_hours_of_their_own() -> None:
    one = year()
    first, second = points(one, Medium.HEAT, Category.SMALL_HOUSE)[:2]
    july = one.true_hours[:, : 31 * 24, WH]
    assert np.corrcoef(july[first], july[second])[0, 1] < 0.6


def test_rounding_never_adds_up_in_a_register() -> None:
    # 0.4 l an hour, which each hour for itself would be nothing.
    litres = np.full((1, 1_000), 0.4)
    water = Water(np.full((1, 1_000), 70.0), np.full((1, 1_000), 30.0), litres)
    grown = counted(np.full((1, 1_000), 18.6), water)
    assert grown[0, -1].tolist() == [18_600, 400, 28_000, 12_000]


def test_who_rests_at_weekends_takes_less_heat_then() -> None:
    one = year()
    hours = calendar(one.from_s, one.to_s, ZONE)
    resting = [
        index
        for index in points(one, Medium.HEAT)
        if one.points[index].building.activity is Activity.WEEKDAY
    ]  # fmt: skip
    winter = one.temperature_c[0] < 5
    by_day_w, at_rest_w = (
        one.true_hours[resting][:, winter & chosen & (hours.local_hour > 8) & (hours.local_hour < 16), WH].mean()
        for chosen in (hours.is_weekday, ~hours.is_weekday)
    )
    assert at_rest_w < 0.92 * by_day_w


def test_most_winters_determine_a_subscription_power() -> None:
    determined = 0
    for first_year in range(2012, 2022):
        winter = town(5, 2, date(first_year, 11, 1), date(first_year + 1, 4, 1), NO_FLAWS)
        day = calendar(winter.from_s, winter.to_s, ZONE).local_day
        starts = run_starts(day)
        highest_wh = np.maximum.reduceat(winter.true_hours[0, :, WH], starts)
        in_use = np.ones(len(starts), bool)
        [found] = measure(Days(day[starts], daily_mean_c(winter), highest_wh[None, :], in_use))
        determined += found.reason is None
    assert determined >= 9


def test_the_year_has_its_seasons_and_its_cold_snaps() -> None:
    celsius, months = year().temperature_c[0], year().temperature_s.astype("datetime64[s]").astype("datetime64[M]")
    january, july = (celsius[months == np.datetime64(month)].mean() for month in ("2023-01", "2022-07"))
    assert 12 < july - january < 30
    assert -30 < celsius.min() < -8
    assert 22 < celsius.max() < 34
