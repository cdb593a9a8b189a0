"""A straight line of least squares through days, of many metering points at once, read off in whole numbers."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Float64
from services.heat.power_methods.measurement import (
    Days,
    Line,
    Measurement,
    Period,
    Points,
    Reason,
    Statistic,
    in_hundredths,
)

FEWEST_DAYS = 10
MICRO = 1_000_000
LOW_BITS = 20
"""A power is summed in two pieces: a temperature of 27 bits times a power of 44 would not fit into 64 over a year."""


class Reading(NamedTuple):
    """Where a line is read off, of which statistic, and why there is no power where it is not above zero there."""

    at_c: float
    statistic: Statistic
    no_power: Reason = Reason.NO_POWER_MEASURED


def measured_by_line(days: Days, period: Period, is_asked: Bool, reading: Reading) -> list[Measurement]:
    """Draw each metering point's line through the days of a period and read it off.

    is_asked: (d,) the days that ought to be in the line; of these, the ones with a temperature and a power are.
    """
    known = is_asked & ~np.isnan(days.mean_c)
    is_in_line = known & (days.power != UNKNOWN)
    asked = max(int(is_asked.sum()), 1)
    sums = _sums(days, is_in_line)
    found = []
    for row, one in enumerate(sums):
        chosen = np.flatnonzero(is_in_line[row])
        kw = days.power[row, chosen] / reading.statistic.units_per_kw
        points = Points(days.day[chosen], days.mean_c[chosen], kw)
        found.append(_read_off(period, points, len(chosen) / asked, one, reading))
    return found


class _Sums(NamedTuple):
    """What the line of one metering point follows from, in microdegrees and whole parts of a kW."""

    days: int
    celsius: int
    squares: int
    power: int
    products: int


def _sums(of: Days, is_in_line: Bool) -> Sequence[_Sums]:
    micro_c = np.rint(np.nan_to_num(of.mean_c) * MICRO).astype(np.int64)
    power = np.where(is_in_line, of.power, 0)
    chosen = is_in_line.astype(np.int64)
    high, low = (power >> LOW_BITS) @ micro_c, (power & ((1 << LOW_BITS) - 1)) @ micro_c
    columns = (chosen.sum(axis=1), chosen @ micro_c, chosen @ (micro_c * micro_c), power.sum(axis=1), high, low)
    return [
        _Sums(days, celsius, squares, total, (above << LOW_BITS) + below)
        for days, celsius, squares, total, above, below in zip(*(one.tolist() for one in columns), strict=True)
    ]


def _read_off(period: Period, points: Points, coverage: float, sums: _Sums, reading: Reading) -> Measurement:
    if sums.days < FEWEST_DAYS:
        return Measurement(Reason.TOO_FEW_MEASURED_DAYS, period, points, coverage)
    line = fitted(points.mean_c, points.power_kw)
    exact = _exactly(sums, reading)
    if exact is None:
        return Measurement(Reason.LINE_NOT_FALLING, period, points, coverage, line)
    if exact <= 0:
        return Measurement(reading.no_power, period, points, coverage, line)
    return Measurement(None, period, points, coverage, line, exact)


def _exactly(sums: _Sums, reading: Reading) -> Decimal | None:
    """Give the line's value at the temperature read, at 0.01 kW; None where the line does not fall.

    In whole numbers: by floats a house that always takes 1.475 kW has a line that falls by 4e-32, and half a
    hundredth is rounded down.
    """
    spread = sums.days * sums.squares - sums.celsius * sums.celsius
    slope = sums.days * sums.products - sums.celsius * sums.power
    if spread == 0 or slope >= 0:
        return None
    beyond = sums.days * round(reading.at_c * MICRO) - sums.celsius
    return in_hundredths(sums.power * spread + slope * beyond, sums.days * spread, reading.statistic.units_per_kw)


def fitted(celsius: Float64, kw: Float64) -> Line | None:
    """Fit the straight line of least squares; (p,) and (p,) in, None where all temperatures are equal."""
    from_mean_c = celsius - celsius.mean()
    from_mean_kw = kw - kw.mean()
    spread = float(from_mean_c @ from_mean_c)
    if spread == 0:
        return None
    slope = float(from_mean_c @ from_mean_kw) / spread
    variation = float(from_mean_kw @ from_mean_kw)
    unexplained = from_mean_kw - slope * from_mean_c
    r2 = 1 - float(unexplained @ unexplained) / variation if variation > 0 else 0.0
    return Line(slope, float(kw.mean()) - slope * float(celsius.mean()), r2)


def without_temperature(days: Days) -> list[Measurement]:
    """Say of every metering point that there is no temperature to draw its line by."""
    return [Measurement(Reason.NO_TEMPERATURE)] * len(days.power)


def line_below(days: Days, warmest_c: float, reading: Reading) -> list[Measurement]:
    """Draw lines through the days in use that are not warmer than a limit; a day without temperature is missing."""
    if np.isnan(days.mean_c).all():
        return without_temperature(days)
    is_asked = days.in_use & ~(days.mean_c > warmest_c)
    if int((is_asked & ~np.isnan(days.mean_c)).sum()) < FEWEST_DAYS:
        return [Measurement(Reason.TOO_WARM, days.period)] * len(days.power)
    return measured_by_line(days, days.period, is_asked, reading)
