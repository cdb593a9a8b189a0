"""What buildings take hour by hour: heat by the weather, hot water by the clock, cold in summer."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.cli.simulator.buildings import INERTIA_H, STATIONS, Building
from services.cli.simulator.calendar import Calendar
from services.cli.simulator.chance import Stream, hourly, normal
from services.cli.simulator.weather import smoothed, temperatures
from services.heat.arrays import Float64

LEAD_H = 120 * 24
"""Hours before a period that its buildings may remember; what came earlier has faded below any rounding."""

STOPS_BELOW_BALANCE_C = 1.5
"""Heating stops for the summer once the mean of the last days comes so near to the balance temperature."""
COOLING_BALANCE_C = 15.5
COOLING_AT_REST = 0.45
COOLING_RESTLESSNESS = 0.08
TAP_WEEKDAY = (2, 1, 1, 1, 2, 7, 16, 18, 11, 7, 6, 6, 6, 5, 5, 6, 8, 11, 14, 16, 15, 12, 8, 4)
TAP_WEEKEND = (3, 2, 1, 1, 1, 2, 4, 8, 13, 16, 15, 12, 10, 8, 7, 7, 9, 11, 14, 15, 13, 10, 7, 4)
TAP_SUMMER_DIP = 0.25
SPIKINESS = 1.0
"""The shape of the gamma distribution of one household's hot water in an hour."""


class Climate(NamedTuple):
    """The hours of a period and their weather at each station."""

    calendar: Calendar
    outdoor_c: Float64
    """(STATIONS, h)."""
    felt_c: Float64
    """(STATIONS, len(INERTIA_H), h): as buildings of each inertia feel it."""


def climate(seed: int, with_lead: Calendar) -> Climate:
    """Make the weather of a period; its calendar begins LEAD_H hours before the period."""
    outdoor = [temperatures(seed, station, with_lead) for station in range(STATIONS)]
    felt = np.array([[smoothed(one, hours)[LEAD_H:] for hours in INERTIA_H] for one in outdoor])
    return Climate(with_lead.tail(LEAD_H), np.array([one[LEAD_H:] for one in outdoor]), felt)


def heat_w(seed: int, buildings: Sequence[Building], weather: Climate) -> Float64:
    """Give the mean heat power of each hour in W, (b, h)."""
    calendar = weather.calendar
    station = np.array([one.station for one in buildings])
    felt_share = _column([one.inertia_share for one in buildings])
    felt_c = weather.felt_c[station, [one.inertia for one in buildings]]
    celsius = felt_share * felt_c + (1 - felt_share) * weather.outdoor_c[station]
    balance_c = _column([one.balance_c for one in buildings])
    lacking_c = np.where(weather.felt_c[station, -1] < balance_c - STOPS_BELOW_BALANCE_C, balance_c - celsius, 0).clip(
        0
    )
    space_w = _column([one.loss_w_per_c for one in buildings]) * lacking_c
    noise = np.array([hourly(seed, Stream.SPACE_HEAT, one.number, calendar, normal) for one in buildings])
    space_w *= np.exp(_column([one.restlessness for one in buildings]) * noise)
    space_w *= np.array([_running(one, calendar) for one in buildings])
    tap_w = np.array([_tap_w(seed, one, calendar) for one in buildings])
    return space_w + tap_w + _column([one.circulation_w for one in buildings])


def cooling_w(seed: int, buildings: Sequence[Building], weather: Climate) -> Float64:
    """Give the mean cooling power of each hour in W, (b, h), of buildings that are cooled."""
    calendar = weather.calendar
    station = np.array([one.station for one in buildings])
    excess_c = ((weather.felt_c[station, 0] + weather.outdoor_c[station]) / 2 - COOLING_BALANCE_C).clip(0)
    noise = np.array([hourly(seed, Stream.COOLING, one.number, calendar, normal) for one in buildings])
    is_open = (calendar.local_hour >= 7) & (calendar.local_hour < 19)
    rests = np.array([one.activity == "weekday" for one in buildings])[:, None] & ~calendar.is_weekday
    share = np.where(is_open & ~rests, 1.0, COOLING_AT_REST)
    by_weather_w = _column([one.cooling_w_per_c for one in buildings]) * excess_c * share
    base_w = _column([one.cooling_base_w for one in buildings])
    return (by_weather_w + base_w) * np.exp(COOLING_RESTLESSNESS * noise)


def _running(one: Building, calendar: Calendar) -> Float64:
    """Give what the building's clock makes of its need for heat: (h,), 1 where there is no clock."""
    factor = np.ones(len(calendar.starts_s))
    if one.ventilation_share == 0:
        return factor
    hour = calendar.local_hour
    by_day = (hour >= 6) & (hour < 18) & calendar.is_weekday
    factor += np.where(by_day, one.ventilation_share, 0)
    if one.has_setback:
        factor -= np.where((hour >= 21) | (hour < 5) | ~calendar.is_weekday, 0.18, 0)
        factor += np.where((hour >= 5) & (hour < 8) & calendar.is_weekday, 0.12, 0)
    return factor


def _tap_w(seed: int, one: Building, calendar: Calendar) -> Float64:
    weekday, weekend = (np.array(day) / np.mean(day) for day in (TAP_WEEKDAY, TAP_WEEKEND))
    by_clock = np.where(calendar.is_weekday, weekday[calendar.local_hour], weekend[calendar.local_hour])
    if one.activity == "weekday":
        by_clock = np.where(calendar.is_weekday, by_clock, 0.15)
    by_season = 1 - TAP_SUMMER_DIP * np.sin(np.pi * calendar.season.clip(0, 1)) ** 2
    shape = SPIKINESS * one.households

    def draw(generator: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
        return generator.standard_gamma(shape, count) / shape

    return one.tap_w * by_clock * by_season * hourly(seed, Stream.TAP_WATER, one.number, calendar, draw)


def _column(values: Sequence[float]) -> Float64:
    return np.array(values)[:, None]
