"""Ingest's tables held against what Kafka tells; run by an administrator, once the database was put back."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.ingest.store.weather import StoredDay

Span = tuple[int, int]
"""Seconds since 1970, both ends included."""

# Of a row that is not there nothing need be raised: it begins in the new epoch if it comes again. The bounds say which
# partitions are meant.
_RAISE_HOURS = """
    UPDATE ingest.hour SET revision = installation.next_version(hour.revision)
      FROM unnest(%(point_id)s::int[], %(starts_s)s::bigint[], %(revision)s::bigint[])
           AS told(point_id, starts_s, revision)
     WHERE hour.point_id = told.point_id AND hour.starts_at = to_timestamp(told.starts_s)
       AND hour.revision < told.revision
       AND hour.starts_at BETWEEN to_timestamp(%(first_s)s) AND to_timestamp(%(last_s)s)
    RETURNING hour.point_id, extract(epoch FROM hour.starts_at)::bigint
"""
_RAISE_DAYS = """
    UPDATE ingest.day SET revision = installation.next_version(day.revision)
      FROM unnest(%(point_id)s::int[], %(day)s::int[], %(revision)s::bigint[]) AS told(point_id, day, revision)
     WHERE day.point_id = told.point_id AND day.day = DATE '1970-01-01' + told.day AND day.revision < told.revision
       AND day.day BETWEEN DATE '1970-01-01' + %(first)s::int AND DATE '1970-01-01' + %(last)s::int
    RETURNING day.point_id, told.day::bigint * 86400
"""
_RAISE_TEMPERATURES = """
    UPDATE ingest.daily_temperature AS daily SET revision = installation.next_version(daily.revision)
      FROM unnest(%s::text[], %s::date[], %s::bigint[]) AS told(station_id, day, revision)
     WHERE daily.station_id = told.station_id AND daily.day = told.day AND daily.revision < told.revision
    RETURNING daily.station_id, daily.day, daily.mean_c, daily.hours, daily.revision
"""
# Told of by the same hand that tells of spans judged again.
_TELL_SPANS = """
    INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason, changed_from, changed_to)
    SELECT point_id, to_timestamp(first_s), to_timestamp(last_s), 'told of since the backup',
           to_timestamp(first_s), to_timestamp(last_s)
      FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) AS told(point_id, first_s, last_s)
"""


async def raise_hours(tx: Transaction, point_id: Int64, starts_s: Int64, revision: Int64) -> list[tuple[int, int]]:
    """Raise the revision of hours that a higher one was told of, (n,) each; gives of each its point and beginning."""
    values = {
        "point_id": point_id.tolist(),
        "starts_s": starts_s.tolist(),
        "revision": revision.tolist(),
        "first_s": int(starts_s.min()),
        "last_s": int(starts_s.max()),
    }
    return [(row[0], row[1]) for row in await (await tx.execute(_RAISE_HOURS, values)).fetchall()]


async def raise_days(tx: Transaction, point_id: Int64, day: Int64, revision: Int64) -> list[tuple[int, int]]:
    """Raise the revision of days likewise; gives of each its point, and its number times a day's seconds."""
    values = {
        "point_id": point_id.tolist(),
        "day": day.tolist(),
        "revision": revision.tolist(),
        "first": int(day.min()),
        "last": int(day.max()),
    }
    return [(row[0], row[1]) for row in await (await tx.execute(_RAISE_DAYS, values)).fetchall()]


async def raise_temperatures(tx: Transaction, told: Sequence[tuple[str, date, int]]) -> list[tuple[str, StoredDay]]:
    """Raise the revision of daily means likewise; told: station, day, revision. Gives each raised with its station."""
    columns = [[one[place] for one in told] for place in range(3)]
    rows = await (await tx.execute(_RAISE_TEMPERATURES, columns)).fetchall()
    return [(station_id, StoredDay(*day)) for station_id, *day in rows]


async def tell_spans(tx: Transaction, spans: Mapping[int, Span]) -> None:
    """Let the hours and days of spans be told of as they stand, by point."""
    firsts, lasts = [span[0] for span in spans.values()], [span[1] for span in spans.values()]
    await tx.execute(_TELL_SPANS, [list(spans), firsts, lasts])
