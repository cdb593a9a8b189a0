"""Facilities and metering points that a visitor sees."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.gateway.store.reader import Connection, Row

# The newest day is mostly one of the last few, and found there at once; only a silent point's past is read through.
_FACILITIES = """
    SELECT facility.facility_id, facility.facility_number, facility.name, facility.address,
           point.point_id, point.number, point.medium, point.station_id,
           coalesce((SELECT max(day.day) FROM ingest_v1.day AS day
                      WHERE day.point_id = point.point_id AND day.energy_wh IS NOT NULL AND day.day > $2::date - 4),
                    (SELECT max(day.day) FROM ingest_v1.day AS day
                      WHERE day.point_id = point.point_id AND day.energy_wh IS NOT NULL)) AS newest_day
      FROM contracts_v1.facility AS facility
      JOIN contracts_v1.metering_point AS point USING (facility_id)
     WHERE $1::uuid IS NULL OR facility.facility_id = $1
     ORDER BY facility.name, facility.facility_number, point.number
"""

# A point at a time by its key: all that came of the fleet in a day is not read through.
_HEARD_OF = """
    SELECT asked.point_id
      FROM unnest($1::integer[]) AS asked(point_id)
     CROSS JOIN LATERAL (
           SELECT FROM ingest_v1.hour AS hour
            WHERE hour.point_id = asked.point_id AND hour.energy_wh IS NOT NULL AND hour.starts_at >= $2
            LIMIT 1) AS found
"""


async def facilities(connection: Connection, today: date, facility_id: UUID | None = None) -> list[Row]:
    """List the visitor's metering points with their facilities and the newest day each has figures of."""
    rows: list[Any] = await connection.fetch(_FACILITIES, facility_id, today)
    return rows


async def heard_of(connection: Connection, points: list[int], since: datetime) -> set[int]:
    """Give those of the metering points that have an hour with a figure which begins at `since` or later."""
    return {row["point_id"] for row in await connection.fetch(_HEARD_OF, points, since)}
