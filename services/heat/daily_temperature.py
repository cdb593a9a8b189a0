"""Hourly outdoor temperature: what fills its holes, and local daily means."""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import Bool, Float64, Int64, run_starts
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import day_start_s, local_day

LONGEST_HOLE_HOURS = 3

OBSERVED, INTERPOLATED, NEIGHBOUR = 1, 2, 3
"""Where an hour's temperature comes from. The numbers are stored and never changed."""


class Hours(NamedTuple):
    """Hours that a station observed: seconds since 1970, strictly rising, and the mean of each; (n,) both."""

    starts_s: Int64
    celsius: Float64


class EffectiveHours(NamedTuple):
    """Hours that a temperature is known of, by observation or otherwise: (n,) each, in order."""

    starts_s: Int64
    celsius: Float64
    source: Int64

    def take(self, which: Int64 | Bool) -> "EffectiveHours":
        """Pick hours by index or mask."""
        return EffectiveHours._make(column[which] for column in self)


class DailyMeans(NamedTuple):
    """Local days in order: mean temperature, NaN where there is none, and how many hours are known from where."""

    day: Int64
    mean_c: Float64
    observed: Int64
    interpolated: Int64
    neighbour: Int64

    def take(self, which: Int64 | Bool) -> "DailyMeans":
        """Pick days by index or mask."""
        return DailyMeans._make(column[which] for column in self)


def effective_hours(own: Hours, neighbours: Sequence[Hours] = ()) -> EffectiveHours:
    """Fill the holes of what a station observed.

    Up to three missing hours in a row are filled linearly from the hours beside them. Any other missing hour is that
    of the first neighbour that knows it, observed or filled by itself in the same way, as it is there: no difference
    between the two places is reckoned with. What the neighbours leave of a hole is never interpolated.
    """
    result = _interpolated(own)
    for neighbour in neighbours:
        theirs = _interpolated(neighbour)
        lacking = ~np.isin(theirs.starts_s, result.starts_s)
        result = _joined(result, theirs.take(lacking)._replace(source=np.full(lacking.sum(), NEIGHBOUR)))
    return result


def daily_means(hours: EffectiveHours, zone: ZoneInfo) -> DailyMeans:
    """Average a station's hours over each local day that any of them falls in.

    A day of which an hour is not known has no mean. Days have 23, 24 or 25 hours. Source: domain.md, Degree days.
    """
    of_hour = local_day(hours.starts_s, zone)
    first = run_starts(of_hour)
    day = of_hour[first]
    at = np.searchsorted(day, of_hour)
    expected = (day_start_s(day + 1, zone) - day_start_s(day, zone)) // HOUR_S
    # Rounded to a millionth, so that a mean of exactly -10 or 0 is not moved across that limit by the order of
    # a float sum.
    mean = np.round(np.bincount(at, hours.celsius, len(day)) / expected, 6) + 0.0
    known = np.bincount(at, minlength=len(day))
    counts = (np.bincount(at[hours.source == one], minlength=len(day)) for one in (OBSERVED, INTERPOLATED, NEIGHBOUR))
    return DailyMeans(day, np.where(known == expected, mean, np.nan), *counts)


def _interpolated(hours: Hours) -> EffectiveHours:
    """Add the hours of each short hole, on the straight line between the hours on its two sides."""
    starts_s, celsius = hours
    observed = EffectiveHours(starts_s, celsius, np.full(len(starts_s), OBSERVED))
    missing = np.diff(starts_s) // HOUR_S - 1
    short = np.flatnonzero((missing > 0) & (missing <= LONGEST_HOLE_HOURS))
    count = missing[short]
    left = np.repeat(short, count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 1
    added_c = celsius[left] + (celsius[left + 1] - celsius[left]) * step / (missing[left] + 1)
    return _joined(observed, EffectiveHours(starts_s[left] + step * HOUR_S, added_c, np.full(len(left), INTERPOLATED)))


def _joined(one: EffectiveHours, other: EffectiveHours) -> EffectiveHours:
    both = EffectiveHours._make(np.concatenate(columns) for columns in zip(one, other, strict=True))
    return both.take(np.argsort(both.starts_s, kind="stable"))
