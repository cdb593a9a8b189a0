"""Tekniska verken's way: a line through daily mean powers, read off at -17.6 C."""

from math import inf

from services.heat.power_methods.line import Reading, line_below
from services.heat.power_methods.measurement import Days, DaysInUse, Measurement, Method, Statistic
from services.heat.power_methods.periods import season

READ_AT_C = -17.6
NOVEMBER, MARCH = 11, 3
READING = Reading(READ_AT_C, Statistic.MEAN_POWER)


def measure(days: Days) -> list[Measurement]:
    """Draw each line through a winter's days and read it off at -17.6 C.

    The source names no months; November to March are those of the -5 C rule, where a house takes heat by the weather.
    Source: domain.md, Subscription power.
    """
    return line_below(days, inf, READING)


METHOD = Method(
    "tekniska_verken", Statistic.MEAN_POWER, DaysInUse.BY_ACTIVITY, season(NOVEMBER, MARCH), measure, READ_AT_C
)
