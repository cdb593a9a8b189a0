"""How much of a year a span of days is: what a yearly price is billed by."""

from calendar import isleap
from datetime import date
from fractions import Fraction


def days_of_year(year: int) -> int:
    """Count the days of a year: 365, or 366 in a leap year."""
    return 366 if isleap(year) else 365


def year_share(first: date, end: date) -> Fraction:
    """Give the days from `first` up to, not including, `end` as a share of their year.

    Days of different years are each set against their own, so that twelve months always make one.
    """
    years = range(first.year, end.year + 1)
    spans = ((max(first, date(year, 1, 1)), min(end, date(year + 1, 1, 1)), days_of_year(year)) for year in years)
    return sum((Fraction((to - since).days, days) for since, to, days in spans), Fraction(0))
