"""A facility's own hours, day by day, and what becomes of them where less is used or peaks are moved."""

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.contracts.core.annual_estimate import DayRows
from services.contracts.core.year_cost import MONTHS
from services.heat.arrays import UNKNOWN, Bool, Float64, Int64
from services.heat.local_time import EPOCH, day_start_s

HOUR_S = 3_600
HOURS_OF_A_DAY = 24
MOST_HOURS = 25
LEAST_SHARE = 0.9
"""A month of which fewer hours are known says too little of a year; what is known of the others is stated."""


class Window(NamedTuple):
    """Hours of the local clock: from one up to, not including, another."""

    first: int = 0
    end: int = HOURS_OF_A_DAY


class OwnHours(NamedTuple):
    """The hours of d local days, none left out, by their place in the day."""

    day: Int64
    """(d,): days since 1970."""
    hours: Int64
    """(d,): how many the day has: 23, 24 or 25."""
    clock: Int64
    """(d, 25): the hour that the local clock shows, -1 behind the day's end."""
    wh: Int64
    """(d, 25): UNKNOWN where there is no figure."""
    is_measured: Bool
    """(d, 25)."""

    def take(self, which: Bool) -> "OwnHours":
        """Pick days."""
        return OwnHours._make(column[which] for column in self)

    @property
    def is_known(self) -> Bool:
        """Where there is a figure; (d, 25)."""
        return self.wh != UNKNOWN


class Coverage(NamedTuple):
    """How many of a span's hours there are, are known, and are measured."""

    hours: int
    known: int
    measured: int


def laid_out(starts_s: Int64, wh: Int64, is_measured: Bool, days: tuple[date, date], zone: ZoneInfo) -> OwnHours:
    """Lay stored hours out by day. starts_s, wh, is_measured: (n,) each; days: the first, and the one after the last.

    Hours that are not stored, or lie outside the days, are not known.
    """
    first, end = ((one - EPOCH).days for one in days)
    midnight = day_start_s(np.arange(first, end + 1), zone)
    inside = (starts_s >= midnight[0]) & (starts_s < midnight[-1])
    row = np.searchsorted(midnight, starts_s[inside], side="right") - 1
    place = (starts_s[inside] - midnight[row]) // HOUR_S
    count = np.diff(midnight) // HOUR_S
    laid = np.full((end - first, MOST_HOURS), UNKNOWN)
    measured = np.zeros(laid.shape, bool)
    laid[row, place], measured[row, place] = wh[inside], is_measured[inside]
    return OwnHours(
        np.arange(first, end), count, _clock(midnight[:-1], count, zone), laid, measured & (laid != UNKNOWN)
    )


def _clock(midnight: Int64, hours: Int64, zone: ZoneInfo) -> Int64:
    place = np.arange(MOST_HOURS)
    clock = np.where(place < hours[:, None], place, -1)
    for row in np.flatnonzero(hours != HOURS_OF_A_DAY):
        starts = (int(midnight[row]) + HOUR_S * at for at in range(int(hours[row])))
        clock[row, : hours[row]] = [datetime.fromtimestamp(one, zone).hour for one in starts]
    return clock


def newest_year(own: OwnHours) -> OwnHours | None:
    """Give the days of the newest twelve calendar months in a row of each of which enough hours are known."""
    month = own.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    if len(month) == 0:
        return None
    place = month - month[0]
    known = np.bincount(place, own.is_known.sum(axis=1))
    has_all_days = np.bincount(place) == _lengths(int(month[0]), int(place[-1]) + 1)
    is_enough = has_all_days & (known >= LEAST_SHARE * np.bincount(place, own.hours))
    in_a_row = np.convolve(is_enough, np.ones(MONTHS, np.int64))[: len(is_enough)] == MONTHS
    if not in_a_row.any():
        return None
    last = int(np.flatnonzero(in_a_row)[-1])
    return own.take((place <= last) & (place > last - MONTHS))


def _lengths(first_month: int, months: int) -> Int64:
    begins = (first_month + np.arange(months + 1)).astype("datetime64[M]").astype("datetime64[D]")
    return np.diff(begins).astype(np.int64)


def coverage(own: OwnHours) -> Coverage:
    """Say of how many hours anything is known."""
    return Coverage(int(own.hours.sum()), int(own.is_known.sum()), int(own.is_measured.sum()))


def saved(own: OwnHours, kept: float) -> OwnHours:
    """Keep a share of every hour."""
    known = own.is_known
    return own._replace(wh=np.where(known, np.rint(np.where(known, own.wh, 0) * kept).astype(np.int64), UNKNOWN))


def shifted(own: OwnHours, share: float, window: Window) -> OwnHours:
    """Move each day's peak to its other hours: what lies above the highest hour less a share of it.

    Only hours within the window give, and those outside it take; all do where the window is the whole day. Nothing goes
    below the day's mean. What is moved fills the lowest hours evenly, so that a day's energy is to the Wh what it was.
    """
    known = own.is_known
    wh = np.where(known, own.wh, 0)
    is_inside = known & (own.clock >= window.first) & (own.clock < window.end)
    takes = known if window == Window() else known & ~is_inside
    gives = is_inside & takes.any(axis=1, keepdims=True)
    peak = np.where(gives, wh, 0).max(axis=1, initial=0)
    mean = -(-wh.sum(axis=1) // np.maximum(known.sum(axis=1), 1))
    limit = np.maximum(np.rint(peak * (1 - share)).astype(np.int64), mean)
    left = np.where(gives, np.minimum(wh, limit[:, None]), wh)
    filled = _filled(left, takes, (wh - left).sum(axis=1))
    return own._replace(wh=np.where(known, filled, UNKNOWN))


def _filled(wh: Int64, takes: Bool, more: Int64) -> Int64:
    """Raise each row's lowest of those that take to one level, until so much more is in them; (d, h), (d, h), (d,)."""
    order = np.argsort(np.where(takes, wh, np.iinfo(np.int64).max), axis=1, kind="stable")
    rising = np.take_along_axis(wh, order, axis=1)
    place = np.arange(wh.shape[1])
    is_taker = place < takes.sum(axis=1)[:, None]
    upto = np.cumsum(np.where(is_taker, rising, 0), axis=1)
    # So much it takes to raise all before one, and it, to that one's height.
    cost = np.where(is_taker, rising * (place + 1) - upto, np.iinfo(np.int64).max)
    raised = np.maximum((cost <= more[:, None]).sum(axis=1), 1)[:, None]
    whole = np.take_along_axis(upto, raised - 1, axis=1) + more[:, None]
    level, rest = whole // raised, whole % raised
    is_raised = (place < raised) & (more[:, None] > 0)
    after = np.where(is_raised, level + (place < rest), rising)
    found = np.empty_like(wh)
    np.put_along_axis(found, order, after, axis=1)
    return found


def by_days(own: OwnHours, rows: DayRows) -> DayRows:
    """Sum hours up to days, as ingest does: only measured hours make a highest one. rows: whose water it is."""
    known = own.is_known
    has_any = known.any(axis=1)
    energy = np.where(has_any, np.where(known, own.wh, 0).sum(axis=1), UNKNOWN)
    highest = np.where(own.is_measured, own.wh, UNKNOWN).max(axis=1, initial=UNKNOWN)
    at = np.searchsorted(rows.day, own.day).clip(0, max(len(rows.day) - 1, 0))
    return DayRows(
        own.day,
        energy,
        highest,
        own.hours,
        own.is_measured.sum(axis=1),
        _aligned(rows, at, own.day, rows.litres, UNKNOWN),
        _warmth(rows, at, own.day, rows.return_wh_c),
        _aligned(rows, at, own.day, rows.with_return_wh, 0),
        _warmth(rows, at, own.day, rows.return_l_c),
        _aligned(rows, at, own.day, rows.return_l, 0),
    )


def _aligned(rows: DayRows, at: Int64, day: Int64, column: Int64, without: int) -> Int64:
    if len(rows.day) == 0:
        return np.full(len(day), without)
    return np.where(rows.day[at] == day, column[at], without)


def _warmth(rows: DayRows, at: Int64, day: Int64, column: Float64) -> Float64:
    if len(rows.day) == 0:
        return np.full(len(day), np.nan)
    return np.where(rows.day[at] == day, column[at], np.nan)
