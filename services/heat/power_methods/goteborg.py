"""Göteborg's way: the mean of the three highest daily mean powers of the last twelve months."""

from services.heat.power_methods.measurement import Days, DaysInUse, Measurement, Method, Statistic
from services.heat.power_methods.peaks import measured_by_peaks
from services.heat.power_methods.periods import twelve_months

HIGHEST_DAYS = 3


def measure(days: Days) -> list[Measurement]:
    """Take the mean of the three highest daily means. Source: domain.md, Subscription power."""
    return measured_by_peaks(days, Statistic.MEAN_POWER, HIGHEST_DAYS)


METHOD = Method("goteborg", Statistic.MEAN_POWER, DaysInUse.ALL, twelve_months, measure)
