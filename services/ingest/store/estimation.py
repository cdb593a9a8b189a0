"""Signatures by month, and what makes them and the hours estimated by them stale.

Whoever touches several signatures locks them in the order of point and month, so that nobody waits in a circle.
"""

from typing import NamedTuple

import numpy as np

from services.common import bulk
from services.common.bulk import Column, Kind
from services.common.postgres import Transaction
from services.heat.arrays import UNKNOWN, Int64, run_starts
from services.heat.days import Days
from services.heat.signature import Refused
from services.ingest.core.signatures import MonthSignatures
from services.ingest.store.points import array_literal

DAYS_BEHIND = 366
"""A day enters the signatures of the months that begin within a year from it."""

# What is not there yet is noted as wanted; it is computed once the readings that want it are stored.
_WANT = """
    INSERT INTO ingest.signature (point_id, month, is_stale)
    SELECT DISTINCT point_id, DATE '1970-01-01' + month, true
      FROM unnest(%(point_ids)s::int[], %(months)s::int[]) AS wanted(point_id, month)
    ON CONFLICT DO NOTHING
"""

_SIGNATURES = """
    SELECT stored.point_id, stored.month,
           coalesce(stored.base_w::bigint, -9223372036854775808),
           coalesce(stored.slope_w_per_c::bigint, -9223372036854775808),
           coalesce(stored.balance_centi_c::bigint, -9223372036854775808),
           coalesce(stored.r2, 'NaN'), coalesce(stored.days, 0::smallint), coalesce(stored.refused, -1::smallint)
      FROM (SELECT DISTINCT point_id, DATE '1970-01-01' + month AS month
              FROM unnest(%(point_ids)s::int[], %(months)s::int[]) AS given(point_id, month)) AS wanted
      JOIN ingest.signature AS stored USING (point_id, month)
     ORDER BY stored.point_id, stored.month
"""
_KINDS: tuple[Kind, ...] = ("int4", "date", "int8", "int8", "int8", "float4", "int2", "int2")

_DAYS_CHANGED_COLUMNS = "(point_id, first, until)"
_DAYS_CHANGED = """
    UPDATE ingest.signature AS stored SET is_stale = true
      FROM (SELECT fitted.point_id, fitted.month
              FROM changed JOIN ingest.signature AS fitted
                ON fitted.point_id = changed.point_id AND NOT fitted.is_stale
               AND fitted.month > changed.first AND fitted.month <= changed.until
             ORDER BY fitted.point_id, fitted.month
               FOR UPDATE OF fitted) AS touched
     WHERE stored.point_id = touched.point_id AND stored.month = touched.month
"""

_TAKE_TEMPERATURES = """
    SELECT change_id, station_id, from_at, to_at FROM ingest.temperature_change
     ORDER BY change_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_FORGET_TEMPERATURES = "DELETE FROM ingest.temperature_change WHERE change_id = %s"
_NOTE_TEMPERATURES = "INSERT INTO ingest.temperature_change (station_id, from_at, to_at) VALUES (%s, %s, %s)"

_SIGNATURES_OF_STATION = """
    WITH touched AS (
        SELECT stored.point_id, stored.month
          FROM ingest.signature AS stored JOIN ingest.point ON point.point_id = stored.point_id
         WHERE point.station_id = %(station_id)s AND NOT stored.is_stale
           AND stored.month > %(from_at)s::date - 2 AND stored.month <= %(to_at)s::date + 2 + %(behind)s::int
         ORDER BY stored.point_id, stored.month
           FOR UPDATE OF stored)
    UPDATE ingest.signature AS stored SET is_stale = true
      FROM touched WHERE stored.point_id = touched.point_id AND stored.month = touched.month
"""
# A span that waits already to be judged again need not wait twice.
_HOURS_OF_STATION = """
    INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason)
    SELECT estimated.point_id, estimated.from_at, estimated.to_at, 'outdoor_temperature'
      FROM (SELECT hour.point_id, min(hour.starts_at) AS from_at, max(hour.starts_at) + interval '1 hour' AS to_at
              FROM ingest.hour JOIN ingest.point ON point.point_id = hour.point_id
             WHERE point.station_id = %(station_id)s
               AND hour.starts_at >= %(from_at)s AND hour.starts_at <= %(to_at)s
               AND (hour.start_quality IN (3, 5) OR hour.end_quality IN (3, 5))
             GROUP BY hour.point_id) AS estimated
     WHERE EXISTS (SELECT FROM ingest.signature
                    WHERE signature.point_id = estimated.point_id AND signature.refused = 0)
       AND NOT EXISTS (SELECT FROM ingest.rejudge AS waiting
                        WHERE waiting.point_id = estimated.point_id AND waiting.changed_from IS NULL
                          AND waiting.from_at <= estimated.from_at AND waiting.to_at >= estimated.to_at)
"""

# By one worker at a time: two would compute the same.
_STALE = """
    SELECT point_id, month FROM ingest.signature
     WHERE is_stale AND pg_try_advisory_xact_lock(hashtext('ingest.signature'))
     ORDER BY point_id, month LIMIT %(most)s::int
"""
_LOCK = """
    SELECT FROM unnest(%(point_ids)s::int[], %(months)s::int[]) AS given(point_id, month)
      JOIN ingest.signature AS stored
        ON stored.point_id = given.point_id AND stored.month = DATE '1970-01-01' + given.month
     ORDER BY stored.point_id, stored.month
       FOR UPDATE OF stored
"""
_PUT_COLUMNS = "(point_id, month, base_w, slope_w_per_c, balance_centi_c, r2, days, refused)"
_PUT = """
    UPDATE ingest.signature AS stored
       SET base_w = changed.base_w, slope_w_per_c = changed.slope_w_per_c,
           balance_centi_c = changed.balance_centi_c, r2 = changed.r2, days = changed.days,
           refused = changed.refused, is_stale = false
      FROM changed
     WHERE stored.point_id = changed.point_id AND stored.month = changed.month
"""
# Most months have no gap: then nothing was estimated by their signature.
_REJUDGE = """
    INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason)
    SELECT point_id, to_timestamp(from_s), to_timestamp(to_s), 'signature'
      FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) AS span(point_id, from_s, to_s)
     WHERE EXISTS (SELECT FROM ingest.hour
                    WHERE hour.point_id = span.point_id
                      AND hour.starts_at >= to_timestamp(span.from_s - 3600)
                      AND hour.starts_at < to_timestamp(span.to_s)
                      AND (hour.start_quality IN (3, 5) OR hour.end_quality IN (3, 5)))
"""

# What the portal shows and corrected months rest on, whether or not a gap asks for it: each month that has days, and
# the one behind them. Of only some, the others would be there or not by what came late.
_WANT_ALL = """
    INSERT INTO ingest.signature (point_id, month, is_stale)
    SELECT point.point_id, calendar.month::date, true
      FROM ingest.point
      JOIN LATERAL (
           SELECT min(day) AS first, max(day) AS last FROM ingest.day WHERE day.point_id = point.point_id) AS days
        ON days.first IS NOT NULL
      CROSS JOIN generate_series(date_trunc('month', days.first), days.last + 1, interval '1 month') AS calendar(month)
     WHERE point.station_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM ingest.signature AS stored
                        WHERE stored.point_id = point.point_id AND stored.month = calendar.month::date)
    ON CONFLICT DO NOTHING
"""

_STALE_OF_POINT = "UPDATE ingest.signature SET is_stale = true WHERE point_id = %s AND NOT is_stale"


class Months(NamedTuple):
    """Months of metering points, each by its first day in days since 1970: (s,) both."""

    point_id: Int64
    month: Int64


async def fitted(tx: Transaction, wanted: Months) -> MonthSignatures:
    """Give those of the wanted signatures that hold; what nobody has wanted before is noted to be computed."""
    await tx.execute(_WANT, _keys(wanted))
    stored = await _signatures(tx, wanted)
    return stored.take(stored.refused == Refused.NOT)


async def want_all(tx: Transaction) -> int:
    """Ask for the signatures of each metering point's months; returns how many nobody has wanted before."""
    return (await tx.execute(_WANT_ALL)).rowcount


async def days_changed(tx: Transaction, days: Days) -> None:
    """Note that days, which are written in this transaction, enter signatures that were computed before."""
    if len(days.owner) == 0:
        return
    order = np.lexsort((days.day, days.owner))
    first = run_starts(days.owner[order])
    last = np.append(first[1:], len(order)) - 1
    columns = [
        Column("int4", days.owner[order[first]]),
        Column("date", days.day[order[first]]),
        Column("date", days.day[order[last]] + DAYS_BEHIND),
    ]
    await bulk.update(tx, _DAYS_CHANGED, _DAYS_CHANGED_COLUMNS, columns)


async def note_temperatures(tx: Transaction, station_id: str, from_at: object, to_at: object) -> None:
    """Note that hourly temperatures of a station came or changed; what follows is done by `take_temperatures`."""
    await tx.execute(_NOTE_TEMPERATURES, [station_id, from_at, to_at])


async def take_temperatures(tx: Transaction) -> bool:
    """Let what was computed by one change of temperatures be computed anew; tells whether there was one."""
    row = await (await tx.execute(_TAKE_TEMPERATURES)).fetchone()
    if row is None:
        return False
    change_id, station_id, from_at, to_at = row
    parameters = {"station_id": station_id, "from_at": from_at, "to_at": to_at, "behind": DAYS_BEHIND}
    await tx.execute(_SIGNATURES_OF_STATION, parameters)
    await tx.execute(_HOURS_OF_STATION, parameters)
    await tx.execute(_FORGET_TEMPERATURES, [change_id])
    return True


async def stale(tx: Transaction, most: int) -> Months:
    """Give signatures to compute; none where another worker computes some."""
    return Months(*await bulk.copy_out(tx, _STALE, ("int4", "date"), {"most": most}))


async def lock(tx: Transaction, which: Months) -> MonthSignatures:
    """Lock signatures and give what is stored of them, sorted by point and month."""
    await tx.execute(_LOCK, _keys(which))
    return await _signatures(tx, which)


async def put(tx: Transaction, signatures: MonthSignatures) -> None:
    """Store computed signatures."""
    values = (signatures.base_w, signatures.slope_w_per_c, signatures.balance_centi_c)
    columns = [
        Column("int4", signatures.point_id),
        Column("date", signatures.month),
        *(Column("int4", column, column != UNKNOWN) for column in values),
        Column("float4", signatures.r2, ~np.isnan(signatures.r2)),
        Column("int2", signatures.days),
        Column("int2", signatures.refused),
    ]
    await bulk.update(tx, _PUT, _PUT_COLUMNS, columns)


async def rejudge(tx: Transaction, point_id: Int64, from_s: Int64, to_s: Int64) -> None:
    """Note spans whose hours were estimated by another signature: (s,) each."""
    if len(point_id):
        await tx.execute(_REJUDGE, [column.tolist() for column in (point_id, from_s, to_s)])


async def point_moved(tx: Transaction, point_id: int) -> None:
    """Note that a metering point has another station or medium."""
    await tx.execute(_STALE_OF_POINT, [point_id])


async def _signatures(tx: Transaction, which: Months) -> MonthSignatures:
    return MonthSignatures(*await bulk.copy_out(tx, _SIGNATURES, _KINDS, _keys(which)))


def _keys(months: Months) -> dict[str, str]:
    return {
        "point_ids": array_literal(months.point_id.tolist()),
        "months": array_literal(months.month.tolist()),
    }
