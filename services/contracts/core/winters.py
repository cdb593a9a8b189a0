"""Winters by name, as in 2018/2019, and when each is over."""

import re
from datetime import date, timedelta

from services.contracts.core.refusals import Refusal, RefusedError
from services.heat.local_time import EPOCH
from services.heat.power_methods import minus_five


def winter_years(winter: str) -> int:
    """Read a winter such as "2018/2019" and give its first year. Raises ValueError."""
    match = re.fullmatch(r"(\d{4})/(\d{4})", winter)
    if match is None or int(match[2]) != int(match[1]) + 1 or not 1990 <= int(match[1]) <= 2059:
        raise ValueError("write a winter as its two years, as in 2018/2019, from 1990/1991 to 2059/2060")
    return int(match[1])


def last_day(winter: str) -> date:
    """Give a winter's last day, 31 March. Raises ValueError where it is written otherwise than "2018/2019"."""
    _, end = minus_five.winter(winter_years(winter))
    return EPOCH + timedelta(days=end - 1)


def require_over(winter: str, today: date) -> None:
    """Raise RefusedError for a winter of which days are still to come: they may hold its longest cold period."""
    ends_on = last_day(winter)
    if today <= ends_on:
        raise RefusedError(
            Refusal.WINTER_NOT_OVER,
            f"winter {winter} lasts until {ends_on}; ask again after that day. The yearly run measures every"
            " contract's power by itself",
        )


def last_whole_winter(today: date) -> str:
    """Name the winter that ended most recently."""
    this_year = f"{today.year - 1}/{today.year}"
    return this_year if today > last_day(this_year) else f"{today.year - 2}/{today.year - 1}"
