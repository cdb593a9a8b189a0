"""The powers of twelve months by their own peaks: of a year's days, or foreseen for a normal year.

January first in each twelve, in hundredths of a kW.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from schemas.price_list_terms import PowerMethod
from schemas.rates import counts_power
from services.contracts.core.annual_estimate import DayRows, Weather, day_of, fit_days
from services.contracts.core.calculation import CannotCalculateError
from services.contracts.core.measuring import DayRows as MeasuredRows
from services.contracts.core.year_cost import Prices
from services.heat.arrays import UNKNOWN, Float64, Int64
from services.heat.power_methods.highest import OF_MONTH
from services.heat.power_methods.measurement import Period, Statistic, mean_power
from services.heat.power_methods.month_peaks import Peaks, month_powers
from services.heat.signature import cooling_signatures, expected_kw, heating_signatures

MONTHS = 12
MOST_DAYS = 31
CENTI = 100


class Foreseen(NamedTuple):
    """Powers of a normal year, and the names of what they rest on, which are never changed."""

    centi_kw: Int64
    assumptions: tuple[str, ...]


def measured(year: DayRows, method: PowerMethod) -> Int64:
    """Measure the months of at most a year; UNKNOWN of those of which too few days are measured; (12,)."""
    peaks = OF_MONTH[method.value]
    begins = _month_begins(year.day)
    month, place = year.month, year.day - begins
    power = np.full((MONTHS, MOST_DAYS), UNKNOWN)
    power[month, place] = _power(year, peaks.statistic)
    length = np.zeros(MONTHS, np.int64)
    length[month] = _month_begins(begins + MOST_DAYS) - begins
    return month_powers(power, np.arange(MOST_DAYS) < length[:, None], peaks).centi_kw


def of_many(points: Sequence[int], period: Period, rows: MeasuredRows, method: PowerMethod) -> Int64:
    """Measure the months of a calendar year of many points; (n, 12), UNKNOWN where too few days are measured."""
    known, place = np.unique(np.array(points, np.int64), return_inverse=True)
    power = np.full((len(known), period.days), UNKNOWN)
    power[np.searchsorted(known, rows.point_id), rows.day - period.first] = rows.power
    begins = _month_begins(np.arange(period.first, period.end))
    found = [
        month_powers(own := power[:, begins == begin], np.ones(own.shape, np.bool_), OF_MONTH[method]).centi_kw
        for begin in np.unique(begins).tolist()
    ]
    return np.stack(found, axis=1)[place]


def measured_all(year: DayRows, method: PowerMethod, prices: Prices) -> Int64:
    """Measure the months of a year in which a power counts, 0 where none does and none is known.

    Raises CannotCalculateError where too few days of one are measured.
    """
    return _all_known(_where_counted(measured(year, method), prices), "too few of its days are measured")


def foreseen(days: DayRows, weather: Weather, method: PowerMethod, prices: Prices, *, is_cooling: bool) -> Foreseen:
    """Foresee a normal year's months: as the newest twelve whole months were, else by the signature's coldest days.

    Raises CannotCalculateError where neither is known of a month in which a power counts.
    """
    own = _where_counted(measured(_newest_twelve_months(days), method), prices)
    if (own != UNKNOWN).all():
        return Foreseen(own, ("peaks_of_newest",))
    expected = _by_signature(days, weather, OF_MONTH[method.value], is_cooling=is_cooling)
    told = "too few of its days are measured, and there is no signature to foresee it by"
    found = _all_known(np.where(own != UNKNOWN, own, expected), told)
    is_any_own = bool((own != UNKNOWN).any())
    return Foreseen(found, (*(["peaks_of_newest"] if is_any_own else []), "peaks_by_signature"))


def _where_counted(centi_kw: Int64, prices: Prices) -> Int64:
    spans = pairwise(prices.months)
    counted = [counts_power(prices.price_list, prices.rates, first, end) for first, end in spans]
    is_counted = np.zeros(MONTHS, np.bool_)
    is_counted[prices.calendar_months] = counted
    return np.where(is_counted | (centi_kw != UNKNOWN), centi_kw, 0)


def _all_known(centi_kw: Int64, told: str) -> Int64:
    lacking = [str(month + 1) for month in np.flatnonzero(centi_kw == UNKNOWN).tolist()]
    if lacking:
        reason = f"the price list bills each month by its own peaks, and of month {', '.join(lacking)} {told}"
        raise CannotCalculateError("", "peaks_not_measured", reason)
    return centi_kw


def _power(days: DayRows, statistic: Statistic) -> Int64:
    is_whole = days.measured_hours == days.hours
    if statistic is Statistic.HIGHEST_HOUR:
        return np.where(is_whole, days.highest_wh, UNKNOWN)
    return mean_power(np.where(is_whole, days.energy_wh, UNKNOWN), days.hours)


def _newest_twelve_months(days: DayRows) -> DayRows:
    if len(days.day) == 0:
        return days
    month = days.day.astype("datetime64[D]").astype("datetime64[M]")
    after_newest = (days.day.max() + 1).astype("datetime64[D]").astype("datetime64[M]")
    return days.take((month < after_newest) & (month >= after_newest - MONTHS))


def _month_begins(day: Int64) -> Int64:
    return day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _by_signature(days: DayRows, weather: Weather, peaks: Peaks, *, is_cooling: bool) -> Int64:
    """Fit what is looked at of a day against the weather, and average each month's highest over all its years.

    UNKNOWN where the facility follows no weather, or the station has no whole month of that name.
    """
    outdoor_c, fit = fit_days(days, weather)
    power = _power(fit, peaks.statistic)
    power_kw = np.where(power == UNKNOWN, np.nan, power / peaks.statistic.units_per_kw)
    fitted = (cooling_signatures if is_cooling else heating_signatures)(outdoor_c, power_kw[None, :])
    if fitted.refused[0]:
        return np.full(MONTHS, UNKNOWN)
    return _coldest_days(expected_kw(fitted, weather.mean_c, is_cooling)[0], weather.day, peaks.number)


def _coldest_days(expected: Float64, day: Int64, number: int) -> Int64:
    """Average each calendar month's highest days over the years in which it is whole; (t,) in, (12,) out."""
    begins = _month_begins(day)
    length = _month_begins(begins + MOST_DAYS) - begins
    highest: list[list[float]] = [[] for _ in range(MONTHS)]
    for begin in np.unique(begins).tolist():
        own = expected[begins == begin]
        if len(own) == length[begins == begin][0]:
            highest[day_of(begin).month - 1].append(float(np.sort(own)[-number:].mean()))
    return np.array([round(CENTI * float(np.mean(one))) if one else UNKNOWN for one in highest], np.int64)
