"""Swedish weekdays: the days on which a facility without weekend activity is in use."""

from datetime import date, timedelta
from functools import lru_cache

import holidays
import numpy as np

from services.heat.arrays import Bool, Int64
from services.heat.local_time import EPOCH

MONDAY_TO_FRIDAY = "1111100"


def weekdays(day: Int64) -> Bool:
    """Tell which local days (days since 1970) are weekdays in Sweden; (n,) in, (n,) out.

    Monday to Friday, except public holidays and the eves of Midsummer, Christmas and New Year.
    Source: domain.md, Subscription power.
    """
    if len(day) == 0:
        return np.zeros(0, np.bool_)
    first, last = (EPOCH + timedelta(days=int(edge)) for edge in (day.min(), day.max()))
    days_off = np.concatenate([_days_off(year) for year in range(first.year, last.year + 1)])
    return np.is_busday(day.astype("datetime64[D]"), weekmask=MONDAY_TO_FRIDAY, holidays=days_off)


@lru_cache(maxsize=128)
def _days_off(year: int) -> "np.typing.NDArray[np.datetime64]":
    # "de_facto" is the library's word for the three eves, on which Sweden is closed without a law saying so.
    calendar = holidays.country_holidays("SE", years=year, categories=("public", "de_facto"))
    return np.array([np.datetime64(day) for day in sorted(calendar) if isinstance(day, date)], "datetime64[D]")
