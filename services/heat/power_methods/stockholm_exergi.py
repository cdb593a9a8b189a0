"""Stockholm Exergi's way: a line through the daily mean powers of weekdays from May to April, read off at -15 C."""

from math import inf

from services.heat.power_methods.line import Reading, line_below
from services.heat.power_methods.measurement import Days, DaysInUse, Measurement, Method, Statistic
from services.heat.power_methods.periods import season

READ_AT_C = -15.0
MAY, APRIL = 5, 4
READING = Reading(READ_AT_C, Statistic.MEAN_POWER)


def measure(days: Days) -> list[Measurement]:
    """Draw each line through a year's days and read it off at -15 C. Source: domain.md, Subscription power."""
    return line_below(days, inf, READING)


METHOD = Method("stockholm_exergi", Statistic.MEAN_POWER, DaysInUse.WEEKDAYS, season(MAY, APRIL), measure, READ_AT_C)
