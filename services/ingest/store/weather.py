"""Outdoor temperature by station: hours as observed, local days as averaged."""

from datetime import datetime
from typing import NamedTuple

import numpy as np

from services.common.postgres import Transaction
from services.heat.arrays import Float64, Int64
from services.heat.daily_temperature import DailyMeans

_LOCK_STATION = "SELECT pg_advisory_xact_lock(hashtextextended('ingest.station ' || %s, 0))"
_SHARE_STATIONS = """
    SELECT pg_advisory_xact_lock_shared(hashtextextended('ingest.station ' || station_id, 0))
      FROM (SELECT unnest(%s::text[]) AS station_id ORDER BY 1) AS station
"""

# Of two values of one hour the one recorded later counts; of two recorded at once the warmer, so that the order in
# which they come never decides.
_PUT_HOURS = """
    INSERT INTO ingest.outdoor_temperature AS stored (station_id, starts_at, celsius, recorded_at)
    SELECT DISTINCT ON (starts_at) %s, starts_at, celsius, %s
      FROM unnest(%s::timestamptz[], %s::real[]) AS given(starts_at, celsius)
     ORDER BY starts_at, celsius DESC
    ON CONFLICT (station_id, starts_at) DO UPDATE
       SET celsius = excluded.celsius, recorded_at = excluded.recorded_at
     WHERE (excluded.recorded_at, excluded.celsius) > (stored.recorded_at, stored.celsius)
"""

_HOURS = """
    SELECT extract(epoch FROM starts_at)::bigint, celsius FROM ingest.outdoor_temperature
     WHERE station_id = %s AND starts_at >= to_timestamp(%s) AND starts_at < to_timestamp(%s)
     ORDER BY starts_at
"""

_PUT_DAYS = """
    INSERT INTO ingest.daily_temperature AS stored (station_id, day, mean_c, hours, revision)
    SELECT %s, DATE '1970-01-01' + day, nullif(mean_c, 'NaN'), hours, installation.next_version(0)
      FROM unnest(%s::int[], %s::float8[], %s::int[]) AS given(day, mean_c, hours)
    ON CONFLICT (station_id, day) DO UPDATE
       SET mean_c = excluded.mean_c, hours = excluded.hours, revision = installation.next_version(stored.revision)
     WHERE (stored.mean_c, stored.hours) IS DISTINCT FROM (excluded.mean_c, excluded.hours)
    RETURNING day, mean_c, hours, revision
"""

_DAYS = """
    SELECT day, mean_c, hours, revision FROM ingest.daily_temperature
     WHERE station_id = %s AND day BETWEEN DATE '1970-01-01' + %s AND DATE '1970-01-01' + %s
"""


class StoredDay(NamedTuple):
    """A station's mean of one local day."""

    day: datetime
    mean_c: float | None
    hours: int
    revision: int


async def lock(tx: Transaction, station_id: str) -> None:
    """Keep others from averaging the same station's days meanwhile."""
    await tx.execute(_LOCK_STATION, [station_id])


async def share(tx: Transaction, station_ids: list[str]) -> None:
    """Keep temperatures of stations as they are until this transaction ends; others may do the same meanwhile."""
    await tx.execute(_SHARE_STATIONS, [station_ids])


async def put_hours(
    tx: Transaction, station_id: str, recorded_at: datetime, starts_at: list[datetime], celsius: list[float]
) -> int:
    """Store observed hours, an earlier recorded one never over a later; returns how many are new or changed."""
    return (await tx.execute(_PUT_HOURS, [station_id, recorded_at, starts_at, celsius])).rowcount


async def hours(tx: Transaction, station_id: str, from_s: int, to_s: int) -> tuple[Int64, Float64]:
    """Give a station's hours of a span: when each starts, in seconds since 1970, and its temperature."""
    rows = await (await tx.execute(_HOURS, [station_id, from_s, to_s])).fetchall()
    return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64)


async def put_days(tx: Transaction, station_id: str, means: DailyMeans) -> list[StoredDay]:
    """Store daily means; returns those that are new or changed."""
    values = [station_id, means.day.tolist(), means.mean_c.tolist(), means.hours.tolist()]
    rows = await (await tx.execute(_PUT_DAYS, values)).fetchall()
    return [StoredDay(*row) for row in rows]


async def days(tx: Transaction, station_id: str, first: int, last: int) -> list[StoredDay]:
    """Give a station's days, both ends (days since 1970) included."""
    rows = await (await tx.execute(_DAYS, [station_id, first, last])).fetchall()
    return [StoredDay(*row) for row in rows]
