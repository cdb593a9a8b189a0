"""Where chance comes from: a stream of its own for each purpose, so that no draw disturbs another."""

from collections.abc import Callable
from enum import IntEnum

import numpy as np

from services.cli.simulator.calendar import Calendar
from services.heat.arrays import Float64

LONGEST_YEAR_HOURS = 8_784


class Stream(IntEnum):
    """What is drawn. The number goes into the seed, so none is ever changed."""

    WEATHER = 1
    COLD_SNAPS = 2
    GUSTS = 3
    BUILDING = 10
    SPACE_HEAT = 11
    TAP_WATER = 12
    COOLING = 13
    SUPPLY = 14
    RETURN = 15
    METER = 20
    SAMPLES = 21
    METER_FLAWS = 30
    READING_FLAWS = 31
    LASTING_FLAWS = 32


def chance(seed: int, stream: Stream, *place: int) -> np.random.Generator:
    """Give the generator of one purpose at one place; it depends on nothing else."""
    return np.random.default_rng([seed, int(stream), *place])


Draw = Callable[[np.random.Generator, int], Float64]


def hourly(seed: int, stream: Stream, place: int, calendar: Calendar, draw: Draw) -> Float64:
    """Draw a value for each hour of a calendar, (h,); an hour gets the same one in every period that holds it."""
    years = calendar.year
    parts = []
    for year in range(int(years[0]), int(years[-1]) + 1):
        drawn = draw(chance(seed, stream, place, year), LONGEST_YEAR_HOURS)
        parts.append(drawn[calendar.hour_of_year[years == year]])
    return np.concatenate(parts)


def normal(generator: np.random.Generator, count: int) -> Float64:
    """Draw from the normal distribution of mean 0 and deviation 1."""
    return generator.standard_normal(count)
