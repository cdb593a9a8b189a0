"""Subscription power by a straight line through a winter's daily highest hours, read off at -5 C."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Float64, Int64, run_starts
from services.heat.local_time import EPOCH

READ_AT_C = -5.0
COLDEST_C, MILDEST_C = -10.0, 0.0
COLD_DAYS_ONE_IN = 5
SHORTEST_RUN_DAYS = 21
FEWEST_DAYS_IN_LINE = 10
WH_PER_HUNDREDTH_KW = 10
WH_PER_KWH = 1000
MICRO = 1_000_000


class Reason(StrEnum):
    """Why a power was not determined. The value is stored, shown to customers and never renamed."""

    NO_TEMPERATURE = "no_temperature"
    RUN_TOO_SHORT = "run_too_short"
    TOO_FEW_COLD_DAYS = "too_few_cold_days"
    TOO_FEW_MEASURED_DAYS = "too_few_measured_days"
    LINE_NOT_FALLING = "line_not_falling"
    NO_POWER_AT_MINUS_FIVE = "no_power_at_minus_five"


@dataclass(frozen=True)
class Period:
    """The measuring period: the days from `first` up to, not including, `end` (days since 1970)."""

    first: int
    end: int

    @property
    def days(self) -> int:
        """The length in days."""
        return self.end - self.first


@dataclass(frozen=True, eq=False)
class Points:
    """The days in the line: day (p,), daily mean temperature (p,), highest hourly mean power (p,) in kW."""

    day: Int64
    mean_c: Float64
    power_kw: Float64


@dataclass(frozen=True)
class Line:
    """The straight line power = intercept + slope * temperature, and how well it fits."""

    slope_kw_per_c: float
    intercept_kw: float
    r2: float


@dataclass(frozen=True, eq=False)
class Measurement:
    """A measured power with all it rests on, or the reason why there is none and what was found until then.

    coverage: the share of the period's days in use that are in the line, 0 to 1.
    """

    reason: Reason | None
    period: Period | None = None
    points: Points | None = None
    coverage: float | None = None
    line: Line | None = None
    measured_kw: Decimal | None = None


def winter(first_year: int) -> tuple[int, int]:
    """Give the winter's first day, 1 November, and the day after its last, 31 March, as days since 1970."""
    return (date(first_year, 11, 1) - EPOCH).days, (date(first_year + 1, 4, 1) - EPOCH).days


def measure(day: Int64, mean_c: Float64, maximum_hour_wh: Int64, in_use: Bool) -> Measurement:
    """Find the measuring period in a winter's days, draw the line and read it off at -5 C.

    day: (n,) local days since 1970 of November to March, strictly rising. mean_c: (n,) daily mean temperature,
    NaN where there is none. maximum_hour_wh: (n,) the highest hour of a complete day of measured hours, UNKNOWN
    of any other. in_use: (n,) whether the day counts for this facility's activity; the others stay in the
    period, as those without power do. Source: domain.md, Subscription power.
    """
    known = ~np.isnan(mean_c)
    if not known.any():
        return Measurement(Reason.NO_TEMPERATURE)
    cold = (mean_c >= COLDEST_C) & (mean_c <= MILDEST_C)
    segments = _unbroken(day, known)
    if max(end - start for start, end in segments) < SHORTEST_RUN_DAYS:
        return Measurement(Reason.RUN_TOO_SHORT)
    run = longest_run(cold, segments)
    if run is None:
        return Measurement(Reason.TOO_FEW_COLD_DAYS)
    start, end = run
    inside = slice(start, end)
    chosen = start + np.flatnonzero(in_use[inside] & (maximum_hour_wh[inside] != UNKNOWN))
    points = Points(day[chosen], mean_c[chosen], maximum_hour_wh[chosen] / 1000)
    coverage = len(chosen) / max(int(in_use[inside].sum()), 1)
    return _read_off(Period(int(day[start]), int(day[end - 1]) + 1), points, coverage)


def longest_run(cold: Bool, segments: list[tuple[int, int]]) -> tuple[int, int] | None:
    """Find the longest run of at least 21 days of which a fifth or more are cold, the latest of equally long ones.

    cold: (n,). segments: unbroken spans [start, end) that a run may not leave. Returns [start, end) or None.
    With +4 for a cold day and -1 for another, a run qualifies when its sum is not negative. So for each end the
    earliest start is the first whose prefix sum is not above the end's own; and since that start always is a
    new lowest prefix sum, it is found by bisection among the running minima.
    """
    best: tuple[int, int] | None = None
    for start, end in segments:
        balance = np.concatenate([[0], np.cumsum(np.where(cold[start:end], COLD_DAYS_ONE_IN - 1, -1))])
        lowest = np.minimum.accumulate(balance)
        earliest = np.searchsorted(-lowest, -balance, side="left")
        length = np.arange(len(balance)) - earliest
        last = len(length) - 1 - int(np.argmax(length[::-1]))
        longest = int(length[last])
        if longest >= SHORTEST_RUN_DAYS and (best is None or longest >= best[1] - best[0]):
            best = (start + int(earliest[last]), start + last)
    return best


def _unbroken(day: Int64, known: Bool) -> list[tuple[int, int]]:
    """Split days into spans that follow each other without a gap and all have a temperature."""
    at = np.flatnonzero(known)
    # Equal within a span: both its place and its date grow by one from day to day.
    starts = run_starts((at - np.arange(len(at))) + (day[at] - np.arange(len(at))))
    ends = np.append(starts[1:], len(at))
    return [(int(at[start]), int(at[end - 1]) + 1) for start, end in zip(starts, ends, strict=True)]


def _read_off(period: Period, points: Points, coverage: float) -> Measurement:
    if len(points.day) < FEWEST_DAYS_IN_LINE:
        return Measurement(Reason.TOO_FEW_MEASURED_DAYS, period, points, coverage)
    line = fitted(points.mean_c, points.power_kw)
    exact = exactly(points.mean_c, points.power_kw, READ_AT_C)
    if exact is None or exact[0] >= 0:
        return Measurement(Reason.LINE_NOT_FALLING, period, points, coverage, line)
    measured_kw = Decimal(floor(exact[1] / WH_PER_HUNDREDTH_KW + Fraction(1, 2))).scaleb(-2)
    if measured_kw <= 0:
        return Measurement(Reason.NO_POWER_AT_MINUS_FIVE, period, points, coverage, line)
    return Measurement(None, period, points, coverage, line, measured_kw)


def exactly(celsius: Float64, kw: Float64, at_c: float) -> tuple[Fraction, Fraction] | None:
    """Give the slope and the value at a temperature of the line of least squares, in Wh per microdegree and Wh.

    (p,) to a millionth of a degree and (p,) to a Wh; None where all temperatures are equal. In whole numbers: by
    floats a house that always takes 1.475 kW has a line that falls by 4e-32, and half a hundredth is rounded down.
    """
    micro_c = [round(value * MICRO) for value in celsius.tolist()]
    wh = [round(value * WH_PER_KWH) for value in kw.tolist()]
    count, sum_c, sum_wh = len(wh), sum(micro_c), sum(wh)
    squares = sum(at * at for at in micro_c)
    products = sum(at * taken for at, taken in zip(micro_c, wh, strict=True))
    spread = count * squares - sum_c * sum_c
    if spread == 0:
        return None
    slope = Fraction(count * products - sum_c * sum_wh, spread)
    return slope, (sum_wh + slope * (count * round(at_c * MICRO) - sum_c)) / count


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
