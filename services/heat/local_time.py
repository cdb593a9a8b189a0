"""Local calendar days in UTC seconds: days of 23, 24 and 25 hours."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import Int64

EPOCH = date(1970, 1, 1)
FIRST_DAY = date(1990, 1, 1)
LAST_DAY = date(2060, 12, 31)
FIRST_DAY_NUMBER = (FIRST_DAY - EPOCH).days


@lru_cache(maxsize=8)
def midnights_s(zone: ZoneInfo) -> Int64:
    """Give each local midnight from 1990 to 2061 as seconds since 1970; index 0 is 1990-01-01."""
    days = (LAST_DAY - FIRST_DAY).days + 2
    midnight = (datetime.combine(FIRST_DAY + timedelta(days=n), datetime.min.time(), zone) for n in range(days))
    table = np.fromiter((int(moment.timestamp()) for moment in midnight), np.int64, days)
    table.flags.writeable = False
    return table


def local_day(at_s: Int64, zone: ZoneInfo) -> Int64:
    """Give the local day (days since 1970) that each instant falls in; (n,) seconds in, (n,) days out."""
    if len(at_s) == 0:
        return np.zeros(0, np.int64)
    midnights = midnights_s(zone)
    first, last = np.searchsorted(midnights, (at_s.min(), at_s.max()), side="right")
    # Among the midnights of a window the search takes half the time that it takes among all.
    return first + np.searchsorted(midnights[first:last], at_s, side="right") - 1 + FIRST_DAY_NUMBER


def day_start_s(day: Int64, zone: ZoneInfo) -> Int64:
    """Give the instant at which each local day (days since 1970, 1990 to 2060) begins."""
    return midnights_s(zone)[day - FIRST_DAY_NUMBER]


def shown(moment: datetime, zone: ZoneInfo, form: str = "%Y-%m-%d %H:%M") -> str:
    """Write an instant as the clock shows it, and with its offset where the clock shows that twice."""
    local = moment.astimezone(zone)
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.strftime(f"{form} %z" if is_twice else form)
