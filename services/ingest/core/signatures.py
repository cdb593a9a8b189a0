"""A facility's signature month by month, and the power that it expects of the hours of a gap."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Float64, Int64, owner_time_key
from services.heat.signature import Refused, Signatures, cooling_signatures, heating_signatures

YEAR_DAYS = 365


class MeasuredDays(NamedTuple):
    """Measured days of metering points whose outdoor temperature is known: (d,) each, sorted by point and day."""

    point_id: Int64
    day: Int64
    mean_kw: Float64
    outdoor_c: Float64


class MonthSignatures(NamedTuple):
    """Signatures of metering points, each from the year before a month: (s,) each, sorted by point and month.

    Whole W, W per degree and hundredths of a degree, so that what is stored and what is computed are the same; UNKNOWN
    where there is none.
    """

    point_id: Int64
    month: Int64
    """Its first local day, in days since 1970."""
    base_w: Int64
    slope_w_per_c: Int64
    balance_centi_c: Int64
    r2: Float64
    days: Int64
    refused: Int64

    def take(self, which: Int64 | Bool) -> "MonthSignatures":
        """Pick signatures by index or mask."""
        return MonthSignatures._make(column[which] for column in self)


def month_of(day: Int64) -> Int64:
    """Give the first day of the month of each day; days since 1970 both."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def month_after(month: Int64) -> Int64:
    """Give the first day of the month that follows each one."""
    return (month.astype("datetime64[D]").astype("datetime64[M]") + 1).astype("datetime64[D]").astype(np.int64)


def rounded(point_id: Int64, month: Int64, fitted: Signatures) -> MonthSignatures:
    """Give signatures as they are stored."""
    holds = fitted.refused == Refused.NOT

    def whole(values: Float64, factor: int) -> Int64:
        return np.where(holds, np.rint(np.where(holds, values, 0.0) * factor).astype(np.int64), UNKNOWN)

    return MonthSignatures(
        point_id, month, whole(fitted.base_kw, 1_000), whole(fitted.slope_kw_per_c, 1_000),
        whole(fitted.balance_c, 100), fitted.r2, fitted.days, fitted.refused,
    )  # fmt: skip


def are_changed(computed: MonthSignatures, stored: MonthSignatures) -> Bool:
    """Tell of which of the same months the power expected of an hour is another now."""
    pairs = zip(computed[2:5], stored[2:5], strict=True)
    return np.logical_or.reduce([now != before for now, before in pairs])


def of_months(signatures: MonthSignatures, point_id: Int64, month: Int64) -> tuple[Int64, Bool]:
    """Find the signature of each metering point and month; (g,) indexes, and where there is one."""
    keys, wanted = owner_time_key(signatures.point_id, signatures.month), owner_time_key(point_id, month)
    if len(keys) == 0:
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
    return at, keys[at] == wanted


def expected_kw(signatures: MonthSignatures, is_cooling: Bool, outdoor_c: Float64) -> Float64:
    """Give the power that each signature expects at a temperature: (h,) of all three."""
    beyond_c = outdoor_c - signatures.balance_centi_c / 100
    beyond_c = np.maximum(0.0, np.where(is_cooling, beyond_c, -beyond_c))
    return (signatures.base_w + signatures.slope_w_per_c * beyond_c) / 1_000


def fitted_by_month(point_id: Int64, month: Int64, is_cooling: Bool, days: MeasuredDays) -> MonthSignatures:
    """Fit the signature of each metering point from the year before its month.

    point_id, month, is_cooling: (s,), sorted by point and month. days: at least those of these years and points.
    """
    fitted = []
    # One at a time: the last bit of a sum depends on how many are summed at once, and the same days must always give
    # the same signature.
    for one, first_day, cools in zip(point_id.tolist(), month.tolist(), is_cooling.tolist(), strict=True):
        year = owner_time_key(np.array([one]), np.array([first_day - YEAR_DAYS, first_day]))
        within = slice(*np.searchsorted(owner_time_key(days.point_id, days.day), year).tolist())
        fit = cooling_signatures if cools else heating_signatures
        fitted.append(fit(days.outdoor_c[within], days.mean_kw[None, within]))
    joined = Signatures._make(np.concatenate(columns) for columns in zip(*fitted, strict=True))
    return rounded(point_id, month, joined)
