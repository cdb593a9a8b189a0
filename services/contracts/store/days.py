"""Days and temperatures of many metering points in one query each, as ingest publishes them."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from schemas.values import PointId
from services.common import bulk
from services.common.postgres import Transaction
from services.contracts.core.measuring import DayRows, Weather, without_weather
from services.heat.arrays import UNKNOWN, Int64
from services.heat.local_time import EPOCH
from services.heat.power_methods.measurement import Period, Statistic, mean_power

NONE_WH = -1
"""Stands for "not complete, or not measured" in what is read: no hour and no day has less than nothing."""
_HIGHEST_HOURS = """
    SELECT day.point_id, day.day, day.revision,
           CASE WHEN day.hours_measured = day.hours_expected THEN coalesce(day.maximum_hour_wh, -1) ELSE -1 END
      FROM ingest_v1.day AS day
     WHERE day.point_id = ANY(%s) AND day.day >= %s AND day.day < %s
"""
_ENERGIES = """
    SELECT day.point_id, day.day, day.revision,
           CASE WHEN day.hours_measured = day.hours_expected THEN coalesce(day.energy_wh, -1) ELSE -1 END,
           day.hours_expected
      FROM ingest_v1.day AS day
     WHERE day.point_id = ANY(%s) AND day.day >= %s AND day.day < %s
"""
_REVISIONS = """
    SELECT day.point_id, day.day, day.revision
      FROM ingest_v1.day AS day
     WHERE day.point_id = ANY(%s) AND day.day >= %s AND day.day < %s
"""
# Of whole months alone. What a facility takes that does not follow the temperature is the same in a normal year.
_NORMAL_YEARS = """
    SELECT month.point_id,
           sum(CASE month.base_from WHEN 'not_by_temperature' THEN month.energy_wh ELSE month.corrected_wh END)::bigint
      FROM ingest_v1.month AS month
     WHERE month.point_id = ANY(%s) AND month.month >= %s AND month.month < %s
       AND month.days_present = month.days_expected
     GROUP BY month.point_id
    HAVING count(CASE month.base_from WHEN 'not_by_temperature' THEN month.energy_wh ELSE month.corrected_wh END) = 12
"""
_DAILY_MEANS = """
    SELECT daily.station_id, daily.day, daily.mean_c, daily.revision
      FROM ingest_v1.daily_temperature AS daily
     WHERE daily.station_id = ANY(%s) AND daily.day >= %s AND daily.day < %s
"""


async def day_rows(tx: Transaction, points: Sequence[PointId], period: Period, statistic: Statistic) -> DayRows:
    """Read what a method looks at of metering points' days; their revisions alone where it looks at nothing of them."""
    span = [list(points), *_dates(period)]
    if statistic is Statistic.NOTHING:
        point, day, revision = await bulk.copy_out(tx, _REVISIONS, ("int4", "date", "int8"), span)
        return DayRows(point, day, np.full(len(day), UNKNOWN), revision)
    if statistic is Statistic.HIGHEST_HOUR:
        point, day, revision, wh = await bulk.copy_out(tx, _HIGHEST_HOURS, ("int4", "date", "int8", "int8"), span)
        return DayRows(point, day, _known(wh), revision)
    kinds: tuple[bulk.Kind, ...] = ("int4", "date", "int8", "int8", "int2")
    point, day, revision, wh, hours = await bulk.copy_out(tx, _ENERGIES, kinds, span)
    return DayRows(point, day, mean_power(_known(wh), hours), revision)


async def weather(tx: Transaction, stations: Sequence[str], period: Period) -> dict[str, Weather]:
    """Read the daily mean temperatures of stations over a period."""
    found = {station: without_weather(period) for station in stations}
    rows = await (await tx.execute(_DAILY_MEANS, [list(stations), *_dates(period)])).fetchall()
    for station, day, mean_c, revision in rows:
        at = (day - EPOCH).days - period.first
        found[station].mean_c[at] = np.nan if mean_c is None else mean_c
        found[station].revision[at] = revision
    return found


async def normal_years(tx: Transaction, points: Sequence[PointId], period: Period) -> dict[PointId, int]:
    """Give what metering points would have taken in a normal year, in Wh; those alone whose twelve months are known."""
    return dict(await (await tx.execute(_NORMAL_YEARS, [list(points), *_dates(period)])).fetchall())


def _known(wh: Int64) -> Int64:
    return np.where(wh == NONE_WH, UNKNOWN, wh)


def _dates(period: Period) -> list[object]:
    return [EPOCH + timedelta(days=period.first), EPOCH + timedelta(days=period.end)]
