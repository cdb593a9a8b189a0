"""Judging: load the figures around what changed, as far back and ahead as the rules need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.values import PointId
from services.alerts.core.episodes import Window, window
from services.alerts.core.rules import Rule, Series
from services.alerts.core.series import HOUR_S, WEIGHTED_DAYS, Calendar, daily_series, hourly_series
from services.alerts.store import figures
from services.alerts.store.figures import Span
from services.common.postgres import Transaction
from services.heat.local_time import day_start_s, local_day

DAY_S = 24 * HOUR_S
ALL = None
WIDENING_DAYS = (3, 40, 400, ALL)
EVERYTHING = Span(DAY_S * 7306, DAY_S * 32872)
"""From 1990-01-02 to 2060: where the calendar of local days reaches, with a day to spare."""


@dataclass(frozen=True)
class Touched:
    """What changed of a point: start of its first and of its last hour, or of its local days; seconds since 1970."""

    first_s: int
    last_s: int


async def windows(
    tx: Transaction, rules: Sequence[Rule], touched: Mapping[PointId, Touched], calendar: Calendar, now_s: int
) -> dict[Rule, Window]:
    """Give for each rule the measured values that the touched figures can concern.

    Three days each way are mostly enough to find a quiet value on both sides, or the present; the rules for which
    they are not get 40 days, then 400, then everything that is stored.
    """
    found: dict[Rule, Window] = {}
    for days in WIDENING_DAYS:
        left = [rule for rule in rules if rule not in found]
        if not left:
            break
        points = {rule.point_id for rule in left}
        spans = {point: _around(touched[point], days) for point in sorted(points)}
        for rule, series in (await _series(tx, left, spans, calendar)).items():
            change = touched[rule.point_id]
            last_s = change.last_s if rule.is_hourly else change.last_s + WEIGHTED_DAYS * DAY_S
            seen = window(series, rule, change.first_s, last_s)
            has_end = seen.before_s is not None or spans[rule.point_id].end > now_s
            if days is ALL or (seen.after_s is not None and has_end):
                found[rule] = seen
    return found


def _around(touched: Touched, days: int | None) -> Span:
    if days is ALL:
        return EVERYTHING
    # A day enters the weighted means of the 29 days after it, so those are touched with it.
    first = max(EVERYTHING.first, touched.first_s - days * DAY_S)
    return Span(first, min(EVERYTHING.end, touched.last_s + (WEIGHTED_DAYS + days) * DAY_S))


async def _series(
    tx: Transaction, rules: Sequence[Rule], spans: Mapping[PointId, Span], calendar: Calendar
) -> dict[Rule, Series]:
    found: dict[Rule, Series] = {}
    hourly = [rule for rule in rules if rule.is_hourly]
    daily = [rule for rule in rules if not rule.is_hourly]
    if hourly:
        hours = await figures.hours(tx, {point: spans[point] for point in sorted({one.point_id for one in hourly})})
        found |= {rule: hourly_series(rule.quantity, hours[rule.point_id], calendar) for rule in hourly}
    if daily:
        wanted = {point: _days_of(spans[point], calendar) for point in sorted({one.point_id for one in daily})}
        days = await figures.days(tx, wanted)
        for rule in daily:
            series = daily_series(rule.quantity, days[rule.point_id], calendar)
            first_s = day_start_s(np.array([wanted[rule.point_id].first + WEIGHTED_DAYS]), calendar.zone)[0]
            found[rule] = _from(series, int(first_s))
    return found


def _days_of(span: Span, calendar: Calendar) -> Span:
    """Give the local days of a span, with those that its first weighted means rest on."""
    first, end = local_day(np.array([span.first, span.end]), calendar.zone).tolist()
    return Span(first - WEIGHTED_DAYS, end + 1)


def _from(series: Series, first_s: int) -> Series:
    kept = slice(int(np.searchsorted(series.starts_s, first_s)), None)
    return Series(series.starts_s[kept], series.ends_s[kept], series.values[kept], series.is_winter[kept])
