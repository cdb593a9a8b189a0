"""The power of a month by its own peaks, of many metering points at once."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.heat.power_methods.line import FEWEST_DAYS
from services.heat.power_methods.measurement import Statistic

CENTI = 100


class Peaks(NamedTuple):
    """So many of the highest days, by what is looked at of a day."""

    statistic: Statistic
    number: int


class MonthPowers(NamedTuple):
    """The powers of n metering points in one month, and the days that they are the mean of."""

    centi_kw: Int64
    """(n,): hundredths of a kW; UNKNOWN where too few days are measured."""
    is_peak: Bool
    """(n, d): none where the power is not known."""


def month_powers(power: Int64, is_asked: Bool, peaks: Peaks) -> MonthPowers:
    """Take the mean of each metering point's highest days, rounded once, half up; of equal days the latest.

    power: (n, d) the statistic in its whole parts, UNKNOWN of a day that is not measured whole. is_asked: (n, d) the
    days that the month has for each. Ten of these must be measured, and as many as are counted; all of them where there
    are fewer. Then so many are counted as there are. A month without any use has a power of 0. Source: domain.md,
    rule 6.
    """
    is_measured = is_asked & (power != UNKNOWN)
    measured, asked = is_measured.sum(axis=1), is_asked.sum(axis=1)
    is_enough = (asked > 0) & (measured >= np.minimum(asked, max(FEWEST_DAYS, peaks.number)))
    taken = np.where(is_enough, np.minimum(measured, peaks.number), 0)
    is_peak = _highest(np.where(is_measured, power, -1), taken)
    total = np.where(is_peak, power, 0).sum(axis=1)
    divisor = np.maximum(taken, 1) * peaks.statistic.units_per_kw
    return MonthPowers(np.where(is_enough, (2 * CENTI * total + divisor) // (2 * divisor), UNKNOWN), is_peak)


def _highest(power: Int64, taken: Int64) -> Bool:
    """Pick so many of each row's highest; (n, d), (n,) in, (n, d) out."""
    days = power.shape[1]
    latest_first = np.argsort(-power[:, ::-1], axis=1, kind="stable")
    is_taken = np.arange(days) < taken[:, None]
    found = np.zeros(power.shape, np.bool_)
    np.put_along_axis(found, days - 1 - latest_first, is_taken, axis=1)
    return found
