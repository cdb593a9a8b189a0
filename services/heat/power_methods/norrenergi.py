"""Norrenergi's way: a line through the daily mean powers of weekdays from October to April, read off at -13 C."""

from services.heat.power_methods.line import Reading, line_below
from services.heat.power_methods.measurement import Days, DaysInUse, Measurement, Method, Statistic
from services.heat.power_methods.periods import season

READ_AT_C = -13.0
WARMEST_C = 10.0
OCTOBER, APRIL = 10, 4
READING = Reading(READ_AT_C, Statistic.MEAN_POWER)


def measure(days: Days) -> list[Measurement]:
    """Draw each line through the days of at most 10 C, read off at -13 C. Source: domain.md, Subscription power."""
    return line_below(days, WARMEST_C, READING)


METHOD = Method("norrenergi", Statistic.MEAN_POWER, DaysInUse.WEEKDAYS, season(OCTOBER, APRIL), measure, READ_AT_C)
