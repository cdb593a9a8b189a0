"""Whole local days side by side, as the rules see them."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key, run_starts
from services.heat.days import HourRows
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import day_start_s, local_day

LONGEST_DAY_HOURS = 25


class DayHours(NamedTuple):
    """The hours of d days that are there from midnight to midnight: (d, 25) each, but for what is said of a day.

    A place where a day has no hour is not measured, and its values are UNKNOWN.
    """

    owner: Int64
    """(d,)"""
    begins_s: Int64
    """(d,)"""
    is_cooling: Bool
    """(d,)"""
    resolution_wh: Int64
    """(d,) the steps in which the energy register is shown."""
    rules_off: Int64
    """(d,) which rules do not look at a day, a bit for each."""
    is_measured: Bool
    energy_wh: Int64
    volume_l: Int64
    forward_lc: Int64
    return_lc: Int64
    supply_centi_c: Int64
    return_centi_c: Int64

    def take(self, which: Int64 | Bool) -> "DayHours":
        """Pick days by index or mask."""
        return DayHours._make(column[which] for column in self)


class WholeDays(NamedTuple):
    """Which of many hours are days from midnight to midnight: (d,) each."""

    owner: Int64
    begins_s: Int64
    first: Int64
    """The index of a day's first hour."""
    counts: Int64


def whole_days(hours: HourRows, zone: ZoneInfo) -> WholeDays:
    """Find the local days of which every hour is there. hours: sorted, each once."""
    day = local_day(hours.starts_s, zone)
    first = run_starts(owner_time_key(hours.owner, day))
    counts = np.diff(np.append(first, len(day)))
    begins_s, ends_s = day_start_s(day[first], zone), day_start_s(day[first] + 1, zone)
    is_whole = counts * HOUR_S == ends_s - begins_s
    return WholeDays(hours.owner[first[is_whole]], begins_s[is_whole], first[is_whole], counts[is_whole])


def laid_out(hours: HourRows, days: WholeDays, is_cooling: Bool, resolution_wh: Int64, rules_off: Int64) -> DayHours:
    """Lay the hours of whole days side by side. is_cooling, resolution_wh, rules_off: (d,) of each day."""
    places = np.arange(LONGEST_DAY_HOURS)
    is_there = places < days.counts[:, None]
    at = np.where(is_there, days.first[:, None] + places, 0)
    lacking = np.flatnonzero(~is_there)

    def column(values: Int64) -> Int64:
        laid = values[at]
        laid.ravel()[lacking] = UNKNOWN
        return laid

    return DayHours(
        days.owner, days.begins_s, is_cooling, resolution_wh, rules_off, is_there & hours.is_measured[at],
        *(column(values) for values in hours[2:8]),
    )  # fmt: skip
