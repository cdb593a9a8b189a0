"""A peak method for cooling: the highest hour of the last twelve months."""

from services.heat.power_methods.measurement import Days, DaysInUse, Measurement, Method, Statistic
from services.heat.power_methods.peaks import measured_by_peaks
from services.heat.power_methods.periods import twelve_months


def measure(days: Days) -> list[Measurement]:
    """Take the highest hourly mean power of the complete days. Source: domain.md, "Cooling takes a peak method"."""
    return measured_by_peaks(days, Statistic.HIGHEST_HOUR, 1)


METHOD = Method("cooling_peak", Statistic.HIGHEST_HOUR, DaysInUse.ALL, twelve_months, measure)
