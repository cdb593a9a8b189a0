"""Degree days, a station's normal year, and energy as it would have been in one."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import Float64, Int64

HEATING_BASE_C = 17.0
"""Source: domain.md, Figures: "Degree days"; a setting of each station."""

MOST_YEARS = 30
DAYS_OF_A_LEAP_YEAR = 366


class NormalYear(NamedTuple):
    """The mean of each calendar day over the years that know it: (366,) each, 29 February among them.

    NaN and 0 years where no year knows a day. first_year to last_year are the calendar years looked at.
    """

    month: Int64
    day_of_month: Int64
    degree_days: Float64
    years: Int64
    first_year: int
    last_year: int


def degree_days(mean_c: Float64, base_c: float = HEATING_BASE_C) -> Float64:
    """Give how far each day's mean lies below the base, 0 where it does not; (d,) NaN where there is no mean."""
    return np.maximum(0.0, base_c - mean_c)


def last_whole_year(day: Int64, mean_c: Float64) -> int | None:
    """Give the last calendar year that is over: the one before the newest day's, or that of a newest 31 December."""
    known = day[~np.isnan(mean_c)]
    if len(known) == 0:
        return None
    newest = int(known.max())
    return int(_year(np.array([newest + 1]))[0]) - 1


def normal_year(day: Int64, mean_c: Float64, base_c: float = HEATING_BASE_C) -> NormalYear | None:
    """Average a station's degree days by calendar day, over the last 30 calendar years that are over.

    day: (d,) days since 1970, rising; mean_c: (d,) NaN where there is none. A year counts for the days that it knows,
    so that a hole in one year moves no other day. 29 February is the mean of leap years alone, and counts in leap
    years alone. None where no year is over. Days to come, which would end years that are not, are left out before.
    """
    last_year = last_whole_year(day, mean_c)
    if last_year is None:
        return None
    year = _year(day)
    counts_here = ~np.isnan(mean_c) & (year <= last_year) & (year > last_year - MOST_YEARS)
    if not counts_here.any():
        return None
    month, day_of_month = leap_year()
    which = _place_in_leap_year(day[counts_here])
    years = np.bincount(which, minlength=DAYS_OF_A_LEAP_YEAR)
    total = np.bincount(which, degree_days(mean_c[counts_here], base_c), DAYS_OF_A_LEAP_YEAR)
    mean = np.where(years > 0, np.round(total / years.clip(1), 6), np.nan)
    return NormalYear(month, day_of_month, mean, years, int(year[counts_here].min()), last_year)


def leap_year() -> tuple[Int64, Int64]:
    """Give the month and the day of the month of each day of a leap year; (366,) both."""
    days = np.arange(np.datetime64("2000-01-01"), np.datetime64("2001-01-01"))
    return _month_and_day(days.astype(np.int64))


def spread_over_days(month_degree_days: Float64) -> Float64:
    """Give each calendar day its share of its month's degree days; (12,) in, (366,) out.

    February's are those of 28 days, and its 29th has as many again: a leap year is a day longer.
    """
    month, _ = leap_year()
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    return (month_degree_days / lengths)[month - 1]


def _year(day: Int64) -> Int64:
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def _month_and_day(day: Int64) -> tuple[Int64, Int64]:
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    return month.astype(np.int64) % 12 + 1, (date - month.astype("datetime64[D]")).astype(np.int64) + 1


def _place_in_leap_year(day: Int64) -> Int64:
    """Count each calendar day as it stands in a leap year: 1 March is the 60th, from 0, in every year."""
    month, day_of_month = _month_and_day(day)
    before = np.cumsum([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30])
    return before[month - 1] + day_of_month - 1
