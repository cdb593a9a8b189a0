"""Outdoor temperature by station: hours as observed, what fills their holes, and local days as averaged."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import numpy as np

from services.common import bulk
from services.common.bulk import Kind
from services.common.postgres import Transaction
from services.heat.daily_temperature import OBSERVED, DailyMeans, EffectiveHours, Hours

_LOCK_STATIONS = """
    SELECT pg_advisory_xact_lock(hashtextextended('ingest.station ' || station_id, 0))
      FROM (SELECT unnest(%s::text[]) AS station_id ORDER BY 1) AS station
"""
_SHARE_STATIONS = """
    SELECT pg_advisory_xact_lock_shared(hashtextextended('ingest.station ' || station_id, 0))
      FROM (SELECT unnest(%s::text[]) AS station_id ORDER BY 1) AS station
"""

# Of two values of one hour an approved one counts, then the one recorded later, then the warmer: the order in which
# they come never decides.
_PUT_HOURS = """
    INSERT INTO ingest.outdoor_temperature AS stored (station_id, starts_at, celsius, approved, recorded_at)
    SELECT DISTINCT ON (starts_at) %s, starts_at, celsius, %s, %s
      FROM unnest(%s::timestamptz[], %s::real[]) AS given(starts_at, celsius)
     ORDER BY starts_at, celsius DESC
    ON CONFLICT (station_id, starts_at) DO UPDATE
       SET celsius = excluded.celsius, approved = excluded.approved, recorded_at = excluded.recorded_at
     WHERE (excluded.approved, excluded.recorded_at, excluded.celsius)
           > (stored.approved, stored.recorded_at, stored.celsius)
"""

_HOURS = """
    SELECT starts_at, celsius FROM ingest.outdoor_temperature
     WHERE station_id = %(station_id)s
       AND starts_at >= to_timestamp(%(from_s)s) AND starts_at < to_timestamp(%(until_s)s)
     ORDER BY starts_at
"""

# Lists of what is filled are short, so that they are compared whole.
_FILLED = """
    SELECT starts_at, celsius, source FROM ingest.filled_temperature
     WHERE station_id = %(station_id)s
       AND starts_at >= to_timestamp(%(from_s)s) AND starts_at < to_timestamp(%(until_s)s)
     ORDER BY starts_at
"""
_FORGET_FILLED = """
    DELETE FROM ingest.filled_temperature
     WHERE station_id = %(station_id)s
       AND starts_at >= to_timestamp(%(from_s)s) AND starts_at < to_timestamp(%(until_s)s)
"""
_FILL = """
    INSERT INTO ingest.filled_temperature (station_id, starts_at, celsius, source)
    SELECT %s, to_timestamp(starts_s), celsius, source
      FROM unnest(%s::bigint[], %s::real[], %s::smallint[]) AS given(starts_s, celsius, source)
"""

_EFFECTIVE = """
    SELECT wanted.place, effective.starts_at, effective.celsius, effective.source
      FROM unnest(%(stations)s::text[]) WITH ORDINALITY AS wanted(station_id, place)
      JOIN (SELECT station_id, starts_at, celsius, 1::smallint AS source FROM ingest.outdoor_temperature
             UNION ALL
            SELECT station_id, starts_at, celsius, source FROM ingest.filled_temperature) AS effective
        ON effective.station_id = wanted.station_id
     WHERE effective.starts_at >= to_timestamp(%(from_s)s) AND effective.starts_at < to_timestamp(%(until_s)s)
     ORDER BY wanted.place, effective.starts_at
"""
_EFFECTIVE_KINDS: tuple[Kind, ...] = ("int8", "timestamptz", "float4", "int2")

# The span of days that could be averaged anew: its own, and those of whoever fills its holes.
_EXTENT = """
    SELECT extract(epoch FROM min(starts_at))::bigint, extract(epoch FROM max(starts_at))::bigint
      FROM (SELECT starts_at FROM ingest.outdoor_temperature WHERE station_id = ANY(%(stations)s)
             UNION ALL
            SELECT starts_at FROM ingest.filled_temperature WHERE station_id = %(station_id)s) AS known
"""

_PUT_DAYS = """
    INSERT INTO ingest.daily_temperature AS stored
           (station_id, day, mean_c, hours, interpolated_hours, neighbour_hours, revision)
    SELECT %s, DATE '1970-01-01' + day, nullif(mean_c, 'NaN'), hours, interpolated, neighbour,
           installation.next_version(0)
      FROM unnest(%s::int[], %s::float8[], %s::int[], %s::int[], %s::int[])
           AS given(day, mean_c, hours, interpolated, neighbour)
    ON CONFLICT (station_id, day) DO UPDATE
       SET mean_c = excluded.mean_c, hours = excluded.hours, interpolated_hours = excluded.interpolated_hours,
           neighbour_hours = excluded.neighbour_hours, revision = installation.next_version(stored.revision)
     WHERE (stored.mean_c, stored.hours, stored.interpolated_hours, stored.neighbour_hours)
           IS DISTINCT FROM (excluded.mean_c, excluded.hours, excluded.interpolated_hours, excluded.neighbour_hours)
    RETURNING day, mean_c, hours, revision
"""
# A day of which no hour is known any more, since a neighbour is none any more.
_EMPTY_DAYS = """
    UPDATE ingest.daily_temperature AS stored
       SET mean_c = NULL, hours = 0, interpolated_hours = 0, neighbour_hours = 0,
           revision = installation.next_version(stored.revision)
     WHERE station_id = %s AND day BETWEEN DATE '1970-01-01' + %s AND DATE '1970-01-01' + %s
       AND day <> ALL (SELECT DATE '1970-01-01' + known FROM unnest(%s::int[]) AS known)
       AND (hours, interpolated_hours, neighbour_hours) <> (0, 0, 0)
    RETURNING day, mean_c, hours, revision
"""

_DAYS = """
    SELECT day, mean_c, hours, revision FROM ingest.daily_temperature
     WHERE station_id = %s AND day BETWEEN DATE '1970-01-01' + %s AND DATE '1970-01-01' + %s
"""


class Span(NamedTuple):
    """A station and a span of seconds, its end left out."""

    station_id: str
    from_s: int
    until_s: int


class Version(NamedTuple):
    """What decides between values of one hour: whether the observer approved them, and when they were recorded."""

    approved: bool
    recorded_at: datetime


class StoredDay(NamedTuple):
    """A station's mean of one local day."""

    day: date
    mean_c: float | None
    hours: int
    revision: int


async def lock(tx: Transaction, station_ids: list[str]) -> None:
    """Keep others from averaging the same stations' days, and from estimating by them, meanwhile."""
    await tx.execute(_LOCK_STATIONS, [station_ids])


async def share(tx: Transaction, station_ids: list[str]) -> None:
    """Keep temperatures of stations as they are until this transaction ends; others may do the same meanwhile."""
    await tx.execute(_SHARE_STATIONS, [station_ids])


async def put_hours(
    tx: Transaction, station_id: str, version: Version, starts_at: list[datetime], celsius: list[float]
) -> int:
    """Store observed hours, a lesser version never over a greater; returns how many are new or changed."""
    return (await tx.execute(_PUT_HOURS, [station_id, *version, starts_at, celsius])).rowcount


async def hours(tx: Transaction, station_id: str, from_s: int, until_s: int) -> Hours:
    """Give the hours of a span that a station observed itself."""
    parameters = Span(station_id, from_s, until_s)._asdict()
    return Hours(*await bulk.copy_out(tx, _HOURS, ("timestamptz", "float4"), parameters))


async def effective_hours(
    tx: Transaction, station_ids: Sequence[str], from_s: int, until_s: int
) -> dict[str, EffectiveHours]:
    """Give each station's hours of a span, observed or filled in, with where each comes from."""
    parameters = {"stations": list(station_ids), "from_s": from_s, "until_s": until_s}
    place, *columns = await bulk.copy_out(tx, _EFFECTIVE, _EFFECTIVE_KINDS, parameters)
    return {
        station_id: EffectiveHours(*columns).take(place == number)
        for number, station_id in enumerate(station_ids, start=1)
    }


async def fill(tx: Transaction, span: Span, effective: EffectiveHours) -> bool:
    """Store what fills the holes of a span, in place of what did before; tells whether that is anything else."""
    filled = effective.take(effective.source != OBSERVED)
    before = await bulk.copy_out(tx, _FILLED, ("timestamptz", "float4", "int2"), span._asdict())
    now = (filled.starts_s, filled.celsius.astype(np.float32).astype(np.float64), filled.source)
    if all(np.array_equal(one, other) for one, other in zip(before, now, strict=True)):
        return False
    await tx.execute(_FORGET_FILLED, span._asdict())
    await tx.execute(_FILL, [span.station_id, *(column.tolist() for column in filled)])
    return True


async def extent(tx: Transaction, station_id: str, neighbours: Sequence[str]) -> tuple[int, int] | None:
    """Give the first and last hour that is known of a station or of a neighbour; None where there is none."""
    parameters = {"station_id": station_id, "stations": [station_id, *neighbours]}
    row = await (await tx.execute(_EXTENT, parameters)).fetchone()
    return (row[0], row[1]) if row and row[0] is not None else None


async def put_days(tx: Transaction, station_id: str, first: int, last: int, means: DailyMeans) -> list[StoredDay]:
    """Store the daily means of a span of days, both ends included; returns those that are new or changed."""
    values = [station_id, *(column.tolist() for column in means)]
    put = await (await tx.execute(_PUT_DAYS, values)).fetchall()
    emptied = await (await tx.execute(_EMPTY_DAYS, [station_id, first, last, means.day.tolist()])).fetchall()
    return [StoredDay(*row) for row in [*put, *emptied]]


async def days(tx: Transaction, station_id: str, first: int, last: int) -> list[StoredDay]:
    """Give a station's days, both ends (days since 1970) included."""
    rows = await (await tx.execute(_DAYS, [station_id, first, last])).fetchall()
    return [StoredDay(*row) for row in rows]
