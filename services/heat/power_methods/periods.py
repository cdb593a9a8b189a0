"""The days that methods need: seasons of whole months, and twelve months that roll on."""

from collections.abc import Callable
from datetime import date

from services.heat.local_time import EPOCH
from services.heat.power_methods.measurement import Period

MONTHS = 12


def season(first_month: int, last_month: int) -> Callable[[date], Period]:
    """Give the question which season of these months, both included, is the newest that is over on a day."""
    length = (last_month - first_month) % MONTHS + 1

    def newest_before(day: date) -> Period:
        end = date(day.year, last_month, 1)
        after_last = _months_on(end, 1)
        if after_last > day:
            after_last = _months_on(after_last, -MONTHS)
        return _between(_months_on(after_last, -length), after_last)

    return newest_before


def twelve_months(day: date) -> Period:
    """Give the last twelve whole months before a day."""
    end = day.replace(day=1)
    return _between(_months_on(end, -MONTHS), end)


def winter_of(period: Period) -> str:
    """Name the winter that a period belongs to, as in 2018/2019, by the year of its last day."""
    year = date.fromordinal(EPOCH.toordinal() + period.end - 1).year
    return f"{year - 1}/{year}"


def _between(first: date, end: date) -> Period:
    return Period((first - EPOCH).days, (end - EPOCH).days)


def _months_on(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, MONTHS)
    return date(day.year + years, month + 1, 1)
