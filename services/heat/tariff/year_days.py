"""How many days a year has: what a yearly price is billed by, so that twelve months always make one year."""

from calendar import isleap


def days_of_year(year: int) -> int:
    """Count the days of a year: 365, or 366 in a leap year."""
    return 366 if isleap(year) else 365
