"""Outdoor temperature of a station: the season, weather that comes and goes, cold snaps, and the day's course."""

import numpy as np

from services.cli.simulator.calendar import DAY_S, Calendar
from services.cli.simulator.chance import Stream, chance, hourly, normal
from services.heat.arrays import Float64, Int64

YEAR_MEAN_C, SEASON_C, COLDEST_SEASON = 7.0, 10.0, 0.06
"""An inland town in the middle of Sweden; the coldest days come around 22 January."""
WEATHER_KEPT = 0.78
"""How much of today's departure from the season is still there tomorrow."""
WEATHER_WINTER_C, WEATHER_SUMMER_C = 4.2, 2.6
GUST_KEPT, GUST_C = 0.85, 0.45
SNAPS_A_WINTER = 1.6
SNAP_DEEPEST_C = (4.0, 10.0)
SNAP_LONGEST_DAYS = (4, 12)
WINTER_BEGINS_DAY, WINTER_DAYS = 335, 85
"""Cold snaps begin from December to February."""
DAY_COURSE_WINTER_C, DAY_COURSE_SUMMER_C, WARMEST_UTC_HOUR = 0.9, 4.2, 14
HILL_C = -0.7
"""Each station after the first lies a little higher."""


def temperatures(seed: int, station: int, calendar: Calendar) -> Float64:
    """Give the mean temperature of each hour in C, (h,), rounded to a tenth as stations report it.

    All stations of a town share the weather; the gusts are each station's own.
    """
    winter = (1 + np.cos(2 * np.pi * (calendar.season - COLDEST_SEASON))) / 2
    season_c = YEAR_MEAN_C + SEASON_C * (1 - 2 * winter)
    unrest_c = WEATHER_SUMMER_C + (WEATHER_WINTER_C - WEATHER_SUMMER_C) * winter
    course_c = DAY_COURSE_SUMMER_C + (DAY_COURSE_WINTER_C - DAY_COURSE_SUMMER_C) * winter
    at_day = calendar.starts_s / DAY_S
    hour = (calendar.starts_s % DAY_S) / 3600
    weather, cloud = _weather(seed, int(calendar.year[0]), int(calendar.year[-1]), at_day)
    swing = np.cos(2 * np.pi * (hour - WARMEST_UTC_HOUR) / 24)
    gusts = fading(hourly(seed, Stream.GUSTS, station, calendar, normal), GUST_KEPT)
    together = season_c + unrest_c * weather + course_c * cloud * swing + GUST_C * gusts + HILL_C * station
    return np.round(together + _snaps(seed, int(calendar.year[0]), int(calendar.year[-1]), at_day), 1)


def fading(shocks: Float64, kept: float) -> Float64:
    """Let each shock fade by and by: x[t] = kept x[t-1] + sqrt(1 - kept^2) shock[t]; (n,) in, (n,) out."""
    share = float(np.sqrt(1 - kept**2))
    state, result = 0.0, []
    for shock in shocks.tolist():
        state = kept * state + share * shock
        result.append(state)
    return np.array(result)


def smoothed(temperature_c: Float64, hours: float) -> Float64:
    """Give the temperature as a building feels it whose mass answers within so many hours; (h,) in, (h,) out."""
    share = 1 - float(np.exp(-1 / hours))
    state, result = float(temperature_c[0]), []
    for celsius in temperature_c.tolist():
        state += share * (celsius - state)
        result.append(state)
    return np.array(result)


def _weather(seed: int, first_year: int, last_year: int, at_day: Float64) -> tuple[Float64, Float64]:
    """Give departure from the season and clearness of the sky at each time, drawn day by day.

    It begins a year early, of which nothing is left in the first day asked for: so all periods agree.
    """
    shocks, clearness = [], []
    for year in range(first_year - 1, last_year + 1):
        generator = chance(seed, Stream.WEATHER, year)
        days = int(np.diff(_new_year_day(np.array([year, year + 1])))[0])
        shocks.append(normal(generator, 366)[:days])
        clearness.append(generator.uniform(0.2, 1.8, 366)[:days])
    day = np.arange(_new_year_day(np.array([first_year - 1]))[0], _new_year_day(np.array([last_year + 1]))[0])
    departure = fading(np.concatenate(shocks), WEATHER_KEPT)
    return np.interp(at_day, day, departure), np.interp(at_day, day, np.concatenate(clearness))


def _new_year_day(year: Int64) -> Int64:
    return (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)


def _snaps(seed: int, first_year: int, last_year: int, at_day: Float64) -> Float64:
    total = np.zeros(len(at_day))
    for year in range(first_year - 1, last_year + 1):
        generator = chance(seed, Stream.COLD_SNAPS, year)
        for _ in range(generator.poisson(SNAPS_A_WINTER)):
            begin = _new_year_day(np.array([year]))[0] + WINTER_BEGINS_DAY + generator.uniform(0, WINTER_DAYS)
            length = generator.uniform(*SNAP_LONGEST_DAYS)
            phase = (at_day - begin) / length
            inside = (phase > 0) & (phase < 1)
            total -= np.where(inside, generator.uniform(*SNAP_DEEPEST_C) * np.sin(np.pi * phase) ** 2, 0)
    return total
