"""Normal years of stations: their own, and those that were imported."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from services.common import bulk
from services.common.postgres import Transaction
from services.heat.arrays import Float64, Int64
from services.heat.degree_days import NormalYear

_DAYS = """
    SELECT day, coalesce(mean_c, 'NaN')::real FROM ingest.daily_temperature
     WHERE station_id = %s AND day <= %s
     ORDER BY day
"""
_OF_YEAR = """
    SELECT normal.last_year, normal.base_c, newest.day
      FROM (SELECT max(day) AS day FROM ingest.daily_temperature
             WHERE station_id = %(station_id)s AND mean_c IS NOT NULL AND day <= %(today)s) AS newest
      LEFT JOIN ingest.normal_year AS normal ON normal.station_id = %(station_id)s AND normal.origin = 'own'
"""
_FORGET = "DELETE FROM ingest.normal_year WHERE station_id = %s AND origin = %s"
_PUT = """
    INSERT INTO ingest.normal_year (station_id, origin, source, first_year, last_year, base_c)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_PUT_DAYS = """
    INSERT INTO ingest.normal_day (station_id, origin, month, day, degree_days, years)
    SELECT %s, %s, month, day, degree_days, years
      FROM unnest(%s::smallint[], %s::smallint[], %s::float8[], %s::smallint[])
           AS given(month, day, degree_days, years)
"""
_PUT_FACTORS = """
    INSERT INTO ingest.normal_factor AS stored (station_id, month, factor, source)
    SELECT %s, month, factor, %s FROM unnest(%s::date[], %s::float8[]) AS given(month, factor)
    ON CONFLICT (station_id, month) DO UPDATE SET factor = excluded.factor, source = excluded.source
     WHERE (stored.factor, stored.source) IS DISTINCT FROM (excluded.factor, excluded.source)
"""

OWN, IMPORTED = "own", "imported"


class Own(NamedTuple):
    """What a station's own normal year rests on: None where there is none yet.

    newest: its last day with a mean, up to today.
    """

    last_year: int | None
    base_c: float | None
    newest: date | None


class Calendar(NamedTuple):
    """The calendar days of a leap year with their normal degree days: (d,) each."""

    month: Int64
    day_of_month: Int64
    degree_days: Float64


async def days(tx: Transaction, station_id: str, today: date) -> tuple[Int64, Float64]:
    """Give a station's days up to today in order, since 1970, and their means, NaN where there is none."""
    day, mean_c = await bulk.copy_out(tx, _DAYS, ("date", "float4"), [station_id, today])
    return day, mean_c


async def own(tx: Transaction, station_id: str, today: date) -> Own:
    """Tell what a station's own normal year rests on now."""
    row = await (await tx.execute(_OF_YEAR, {"station_id": station_id, "today": today})).fetchone()
    return Own(*row) if row else Own(None, None, None)


async def put_own(tx: Transaction, station_id: str, normal: NormalYear | None, base_c: float) -> None:
    """Store the mean of a station's own years, in place of what it was before; None where no year is over."""
    await tx.execute(_FORGET, [station_id, OWN])
    if normal is None:
        return
    await tx.execute(_PUT, [station_id, OWN, "own years", normal.first_year, normal.last_year, base_c])
    known = ~np.isnan(normal.degree_days)
    columns = (normal.month, normal.day_of_month, normal.degree_days, normal.years)
    await tx.execute(_PUT_DAYS, [station_id, OWN, *(column[known].tolist() for column in columns)])


async def put_imported(tx: Transaction, station_id: str, source: str, calendar: Calendar) -> None:
    """Store a normal year that somebody else made, which counts from now on."""
    await forget_imported(tx, station_id)
    await tx.execute(_PUT, [station_id, IMPORTED, source, None, None, None])
    columns = [column.tolist() for column in calendar]
    await tx.execute(_PUT_DAYS, [station_id, IMPORTED, *columns, [None] * len(calendar.month)])


async def forget_imported(tx: Transaction, station_id: str) -> bool:
    """Let a station's own normal year count again; tells whether another one did."""
    return (await tx.execute(_FORGET, [station_id, IMPORTED])).rowcount > 0


async def put_factors(
    tx: Transaction, station_id: str, source: str, months: Sequence[date], factors: Sequence[float]
) -> int:
    """Store what months' weather-dependent parts are to be multiplied by; returns how many are new or changed."""
    return (await tx.execute(_PUT_FACTORS, [station_id, source, list(months), list(factors)])).rowcount
