"""Hourly outdoor temperature to local daily means."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import Float64, Int64, run_starts
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import day_start_s, local_day

LONGEST_HOLE_HOURS = 3


class DailyMeans(NamedTuple):
    """Local days in order: mean temperature, NaN where there is none, and how many hours were observed."""

    day: Int64
    mean_c: Float64
    hours: Int64


def daily_means(starts_s: Int64, celsius: Float64, zone: ZoneInfo) -> DailyMeans:
    """Average a station's hours over each local day that any of them falls in.

    starts_s: (n,) seconds since 1970, whole hours, strictly rising. celsius: (n,) mean of each hour. Up to three
    missing hours in a row are filled linearly from the hours beside them, also across midnight; a day with an
    hour that stays unknown has no mean. A hole that nothing follows yet is not filled. Days have 23, 24 or 25
    hours. Source: domain.md, Degree days.
    """
    if len(starts_s) == 0:
        return DailyMeans(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))
    observed_day = local_day(starts_s, zone)
    first = run_starts(observed_day)
    day = observed_day[first]
    filled_s, filled_c = _filled(starts_s, celsius)
    # A filled hole is shorter than a day, so every filled hour's day has an observed hour and stands in `day`.
    at = np.searchsorted(day, local_day(filled_s, zone))
    known = np.bincount(at, minlength=len(day))
    total = np.bincount(at, filled_c, len(day))
    expected = (day_start_s(day + 1, zone) - day_start_s(day, zone)) // HOUR_S
    # Rounded to a millionth, so that a mean of exactly -10 or 0 is not moved across that limit by the order of
    # a float sum.
    mean = np.round(total / expected, 6) + 0.0
    hours = np.diff(np.append(first, len(observed_day)))
    return DailyMeans(day, np.where(known == expected, mean, np.nan), hours.astype(np.int64))


def _filled(starts_s: Int64, celsius: Float64) -> tuple[Int64, Float64]:
    """Add the hours of each short hole, on the straight line between the hours on its two sides."""
    missing = np.diff(starts_s) // HOUR_S - 1
    short = np.flatnonzero((missing > 0) & (missing <= LONGEST_HOLE_HOURS))
    count = missing[short]
    left = np.repeat(short, count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 1
    added_c = celsius[left] + (celsius[left + 1] - celsius[left]) * step / (missing[left] + 1)
    all_s = np.concatenate([starts_s, starts_s[left] + step * HOUR_S])
    order = np.argsort(all_s, kind="stable")
    return all_s[order], np.concatenate([celsius, added_c])[order]
