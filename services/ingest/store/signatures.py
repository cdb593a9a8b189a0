"""What a power signature is drawn from: measured days and the outdoor temperature of each."""

from typing import NamedTuple

from services.common import bulk
from services.common.bulk import Kind
from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.ingest.core.signatures import MeasuredDays
from services.ingest.store.points import array_literal

_POINT = "SELECT point_id, station_id, medium FROM ingest.point WHERE number = %s"

_DAYS = """
    SELECT day.point_id, day.day, (day.energy_wh / (1000.0 * day.hours_expected))::real, daily.mean_c::real
      FROM unnest(%(point_ids)s::int[]) AS wanted(point_id)
      JOIN ingest.point ON point.point_id = wanted.point_id
      JOIN ingest.day ON day.point_id = wanted.point_id
       AND day.day >= DATE '1970-01-01' + %(from_day)s::int AND day.day < DATE '1970-01-01' + %(until_day)s::int
      JOIN ingest.daily_temperature AS daily ON daily.station_id = point.station_id AND daily.day = day.day
     WHERE day.is_measured AND day.energy_wh IS NOT NULL AND daily.mean_c IS NOT NULL
     ORDER BY day.point_id, day.day
"""
_KINDS: tuple[Kind, ...] = ("int4", "date", "float4", "float4")

_NEWEST_DAY = """
    SELECT max(day) - DATE '1970-01-01' FROM ingest.day WHERE point_id = %s AND is_measured
"""


class Point(NamedTuple):
    """A metering point, by its number."""

    point_id: int
    station_id: str | None
    medium: str


async def point(tx: Transaction, number: str) -> Point | None:
    """Give a metering point; None where it is not known here."""
    row = await (await tx.execute(_POINT, [number])).fetchone()
    return Point(*row) if row else None


async def newest_measured_day(tx: Transaction, point_id: int) -> int | None:
    """Give the last measured day of a metering point, in days since 1970; None where there is none."""
    row = await (await tx.execute(_NEWEST_DAY, [point_id])).fetchone()
    return int(row[0]) if row and row[0] is not None else None


async def days_with_temperature(tx: Transaction, point_ids: Int64, from_day: int, until_day: int) -> MeasuredDays:
    """Give the measured days of a span, its end left out, of which the station's mean temperature is known."""
    parameters = {"point_ids": array_literal(point_ids.tolist()), "from_day": from_day, "until_day": until_day}
    return MeasuredDays(*await bulk.copy_out(tx, _DAYS, _KINDS, parameters))
