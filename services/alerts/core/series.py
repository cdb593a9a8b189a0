"""Series: from stored hours and days to the values that a rule judges."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from schemas.alerts import Quantity
from services.alerts.core.rules import Series
from services.heat.arrays import Bool, Float64, Int64
from services.heat.local_time import day_start_s, local_day

HOUR_S = 3600
WEIGHTED_DAYS = 30
WEIGHTED_DAYS_NEEDED = 15
"""Of the 30 days behind a weighted mean, how many must be measured for it to stand for the month."""


@dataclass(frozen=True)
class Hours:
    """Measured hours of one point by rising time: starts_s (n,), energy_wh (n,), return_c (n,) NaN where unknown."""

    starts_s: Int64
    energy_wh: Int64
    return_c: Float64


@dataclass(frozen=True)
class Days:
    """Measured local days of one point by rising day (days since 1970), each (n,).

    energy_return_wh_centi_c: sum of energy times return temperature, in hundredths of a degree, over the hours
    where that is known; energy_with_return_wh: the energy of those hours.
    """

    day: Int64
    energy_wh: Int64
    energy_return_wh_centi_c: Int64
    energy_with_return_wh: Int64


@dataclass(frozen=True)
class Calendar:
    """The customers' time zone and which months (1 to 12) are winter."""

    zone: ZoneInfo
    winter_months: frozenset[int]

    def is_winter(self, day: Int64) -> Bool:
        """Tell which local days (days since 1970) are in winter; (n,) in and out."""
        month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
        return np.isin(month, sorted(self.winter_months))


def hourly_series(quantity: Quantity, hours: Hours, calendar: Calendar) -> Series:
    """Give return temperature in C or power in kW of each measured hour."""
    values = hours.return_c if quantity is Quantity.RETURN_TEMPERATURE else hours.energy_wh / 1000
    known = ~np.isnan(values)
    starts_s = hours.starts_s[known]
    winter = calendar.is_winter(local_day(starts_s, calendar.zone))
    return Series(starts_s, starts_s + HOUR_S, values[known], winter)


def daily_series(quantity: Quantity, days: Days, calendar: Calendar) -> Series:
    """Give mean power in kW, or energy-weighted mean return temperature in C, of each measured local day.

    A day's weighted temperature is the mean over the 30 local days that end with it, of those that are
    measured; under 15 such days, or without energy, it is not known and the day is left out. Days whose
    window reaches before the first day given must therefore be cut off by the caller.
    """
    starts_s, ends_s = day_start_s(days.day, calendar.zone), day_start_s(days.day + 1, calendar.zone)
    if quantity is Quantity.DAILY_MEAN_POWER:
        values = days.energy_wh / 1000 / ((ends_s - starts_s) / HOUR_S)
    else:
        values = _weighted_return_c(days)
    known = ~np.isnan(values)
    return Series(starts_s[known], ends_s[known], values[known], calendar.is_winter(days.day[known]))


def _weighted_return_c(days: Days) -> Float64:
    first = np.searchsorted(days.day, days.day - WEIGHTED_DAYS + 1)
    end = np.arange(1, len(days.day) + 1)
    # Integers throughout: a float sum would depend on where the series begins.
    product_sums = np.concatenate(([0], np.cumsum(days.energy_return_wh_centi_c)))
    energy_sums = np.concatenate(([0], np.cumsum(days.energy_with_return_wh)))
    energy_wh = energy_sums[end] - energy_sums[first]
    enough = (end - first >= WEIGHTED_DAYS_NEEDED) & (energy_wh > 0)
    sums = product_sums[end] - product_sums[first]
    return np.where(enough, sums / np.where(enough, energy_wh, 1) / 100, np.nan)
