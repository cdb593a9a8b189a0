"""The highest days of a period, of many metering points at once."""

import numpy as np

from services.heat.arrays import UNKNOWN
from services.heat.power_methods.line import FEWEST_DAYS
from services.heat.power_methods.measurement import Days, Measurement, Points, Reason, Statistic, in_hundredths


def measured_by_peaks(days: Days, statistic: Statistic, count: int) -> list[Measurement]:
    """Take the mean of each metering point's `count` highest days in use; of equal days the latest.

    A temperature is shown where there is one, and decides nothing.
    """
    asked = max(int(days.in_use.sum()), 1)
    found = []
    for power in days.power:
        looked_at = np.flatnonzero(days.in_use & (power != UNKNOWN))
        coverage = len(looked_at) / asked
        latest_first = looked_at[::-1]
        highest = np.sort(latest_first[np.argsort(-power[latest_first], kind="stable")[:count]])
        points = Points(days.day[highest], days.mean_c[highest], power[highest] / statistic.units_per_kw)
        if len(looked_at) < max(FEWEST_DAYS, count):
            found.append(Measurement(Reason.TOO_FEW_MEASURED_DAYS, days.period, points, coverage))
            continue
        kw = in_hundredths(int(power[highest].sum()), count, statistic.units_per_kw)
        reason = None if kw > 0 else Reason.NO_POWER_MEASURED
        found.append(Measurement(reason, days.period, points, coverage, None, kw if kw > 0 else None))
    return found
