"""Energy, power and temperature, by the hour and by the day."""

from datetime import date, datetime
from typing import Any

from services.gateway.store.reader import Connection, Row

_NEWEST_HOUR = """
    SELECT starts_at, energy_wh, supply_c, return_c, quality FROM ingest_v1.hour
     WHERE point_id = $1 AND energy_wh IS NOT NULL AND starts_at >= $2
     ORDER BY starts_at DESC LIMIT 1
"""
_DAYS = """
    SELECT day.day, day.energy_wh, day.maximum_hour_wh, day.volume_l, day.hours_expected, day.hours_present,
           day.hours_measured, day.quality, day.revision, outdoor.mean_c AS outdoor_c
      FROM ingest_v1.day AS day
      LEFT JOIN ingest_v1.daily_temperature AS outdoor ON outdoor.station_id = $4 AND outdoor.day = day.day
     WHERE day.point_id = $1 AND day.day BETWEEN $2 AND $3
     ORDER BY day.day
"""
_HOURS = """
    SELECT hour.starts_at, hour.energy_wh, hour.volume_l, hour.supply_c, hour.return_c, hour.quality, hour.revision,
           outdoor.celsius AS outdoor_c
      FROM ingest_v1.hour AS hour
      LEFT JOIN ingest_v1.outdoor_temperature AS outdoor
             ON outdoor.station_id = $4 AND outdoor.starts_at = hour.starts_at
     WHERE hour.point_id = $1 AND hour.starts_at >= $2 AND hour.starts_at < $3
     ORDER BY hour.starts_at
"""
# A day of which one point's figure is not measured is not measured as a whole.
_DAYS_OF_ALL = """
    SELECT day.day, sum(day.energy_wh)::bigint AS energy_wh, NULL::bigint AS maximum_hour_wh,
           NULL::double precision AS outdoor_c, count(day.energy_wh) AS points,
           CASE WHEN bool_and(day.quality = 'measured') THEN 'measured' ELSE 'estimated' END AS quality
      FROM ingest_v1.day AS day
     WHERE day.point_id = ANY($1::int[]) AND day.day BETWEEN $2 AND $3 AND day.energy_wh IS NOT NULL
     GROUP BY day.day
     ORDER BY day.day
"""


async def newest_hour(connection: Connection, point_id: int, since: datetime) -> Row | None:
    """Give the newest hour with a figure, not older than `since`."""
    return await connection.fetchrow(_NEWEST_HOUR, point_id, since)


async def days(connection: Connection, point_id: int, first: date, last: date, station_id: str | None) -> list[Row]:
    """Give the days of a span, both ends included, with the outdoor temperature."""
    rows: list[Any] = await connection.fetch(_DAYS, point_id, first, last, station_id)
    return rows


async def days_of_all(connection: Connection, points: list[int], first: date, last: date) -> list[Row]:
    """Give the days of a span, both ends included, summed over metering points; `points` counts those with figures."""
    rows: list[Any] = await connection.fetch(_DAYS_OF_ALL, points, first, last)
    return rows


async def hours(
    connection: Connection, point_id: int, start: datetime, end: datetime, station_id: str | None
) -> list[Row]:
    """Give the hours that begin from `start` up to, not including, `end`."""
    rows: list[Any] = await connection.fetch(_HOURS, point_id, start, end, station_id)
    return rows
