"""Bytes on disk of an hourly reading with the hour and the share of a day that follow from it, and their indexes."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg

from deploy.local.stack import Stack
from services.common.migrate import migrate_over
from services.common.postgres import Database
from services.ingest.partitions import sort_closed
from tests.bench.figures import Figure
from tests.bench.programs import own_stack
from tests.timescale.server import Connection, timescale

POINTS, HOURS = 100, 366 * 24
READINGS = POINTS * HOURS
HAS_ENDED = timedelta(0)
MOST_BYTES = 400

Anyone = psycopg.Connection[tuple[Any, ...]]

# Hour by hour, as readings come; the values are uneven, and rise as those of meters.
_YEAR = (
    "generate_series('2024-01-01Z'::timestamptz, '2024-12-31 23:00Z', '1 hour') AS at, generate_series(1, %s) AS point"
)
_USED = "5000 + (hashint8(extract(epoch FROM at)::bigint / 3600 * 1000 + point) %% 4000)"
_RISEN = (
    "(extract(epoch FROM at)::bigint / 3600 - 470000) * 5000"
    " + (hashint8(extract(epoch FROM at)::bigint + point) %% 2000)"
)
FILL = (
    f"""
    INSERT INTO ingest.reading (point_id, read_at, content_hash, meter_id, rank, recorded_at, energy_wh, volume_l,
                                forward_lc, return_lc, flow_l_per_h, power_w, supply_c, return_c, withdrawn, verdict,
                                delivery_id)
    SELECT point, at, hashint8extended(extract(epoch FROM at)::bigint, point), point, 10, at, {_RISEN},
           ({_RISEN}) / 45, ({_RISEN}) / 45 * 80, ({_RISEN}) / 45 * 41, ({_USED}) / 45, {_USED}, 78 + point %% 5,
           40 + ({_USED}) / 900.0, false, 1, md5(at::text)::uuid
      FROM {_YEAR} ORDER BY at, point
    """,
    f"""
    INSERT INTO ingest.hour (point_id, starts_at, energy_wh, volume_l, forward_lc, return_lc, supply_centi_c,
                             return_centi_c, start_quality, end_quality, revision, known_from)
    SELECT point, at, {_USED}, ({_USED}) / 45, ({_USED}) / 45 * 80, ({_USED}) / 45 * 41, 7800 + point %% 500,
           4000 + ({_USED}) / 9, 1, 1, 1, at
      FROM {_YEAR} ORDER BY at, point
    """,
    """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, volume_l, forward_lc, forward_l, return_lc, return_l,
                            energy_return_wh_centi_c, energy_with_return_wh, register_wh, register_l, offset_wh,
                            offset_l, quality, revision)
    SELECT point_id, starts_at::date, sum(energy_wh), max(energy_wh), 24, 24, 24, true, sum(volume_l), sum(forward_lc),
           sum(volume_l), sum(return_lc), sum(volume_l), sum(energy_wh * return_centi_c), sum(energy_wh),
           1, 1, 0, 0, 1, 1
      FROM ingest.hour GROUP BY point_id, starts_at::date
    """,
)
SIZE_OF_PARTITIONS = """
    SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits
     WHERE inhparent IN ('ingest.reading'::regclass, 'ingest.hour'::regclass, 'ingest.day'::regclass)
"""
SIZE_OF_HYPERTABLES = """
    SELECT hypertable_size('ingest.reading') + hypertable_size('ingest.hour')
           + (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'ingest.day'::regclass)
"""
WIDE = """
    CREATE TABLE wide (
        point_id integer, at timestamptz, energy float8, volume float8, forward float8, back float8, flow float8,
        power float8, supply_c float8, return_c float8, hour_energy float8, hour_volume float8, hour_forward float8,
        hour_back float8, hour_supply_c float8, hour_return_c float8, PRIMARY KEY (point_id, at));
    INSERT INTO wide
    SELECT point_id, read_at, reading.energy_wh, reading.volume_l, reading.forward_lc, reading.return_lc, flow_l_per_h,
           power_w, supply_c, return_c, hour.energy_wh, hour.volume_l, hour.forward_lc, hour.return_lc,
           supply_centi_c, return_centi_c
      FROM ingest.reading JOIN ingest.hour USING (point_id) WHERE starts_at = read_at ORDER BY read_at, point_id
"""
ONE_YEAR = "EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT starts_at, energy_wh FROM ingest.hour WHERE point_id = 50"


def bytes_per_reading() -> Iterator[Figure]:
    """Fill a year of hourly readings; measured as written, sorted, and compressed by TimescaleDB."""
    with own_stack() as stack:
        with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
            written, wide, before = _filled(connection)
        asyncio.run(_sort(stack))
        with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE ingest.hour")
            is_sorted, after = _bytes(connection, SIZE_OF_PARTITIONS), _one_year(connection)
    yield Figure("as_written", written, "bytes", "most", MOST_BYTES)
    yield Figure("as_written", written, "bytes", "one wide table of float8, keyed by point and time", wide)
    yield Figure("sorted", is_sorted, "bytes", "as written", written)
    yield Figure("year_of_one_meter_pages", after[0], "pages", "as written", before[0])
    yield Figure("year_of_one_meter", after[1], "ms", "as written", before[1])
    with timescale() as connection:
        compressed = _compressed(connection)
    yield Figure("timescale_compressed", compressed, "bytes", "plain, as written", written)


def _filled(connection: Anyone) -> tuple[float, float, tuple[float, float]]:
    _fill(connection)
    written = _bytes(connection, SIZE_OF_PARTITIONS)
    connection.execute("VACUUM ANALYZE ingest.hour")
    year = _one_year(connection)
    for statement in WIDE.split(";"):
        connection.execute(statement.encode())
    return written, _bytes(connection, "SELECT pg_total_relation_size('wide')"), year


def _fill(connection: Anyone) -> None:
    connection.execute("SET timezone = 'UTC'")
    connection.execute("SELECT ingest.ensure_partitions('2024-01-01Z', '2024-12-31Z')")
    for statement in FILL:
        connection.execute(statement.encode(), [POINTS] * statement.count("%s"))


def _bytes(connection: Anyone, query: str) -> float:
    [(size,)] = connection.execute(query.encode()).fetchall()
    return float(size) / READINGS


def _one_year(connection: Anyone) -> tuple[float, float]:
    """Give how many pages a year of one meter is read from, and the least of five times, in ms."""
    plans = []
    for _ in range(5):
        [(plan,)] = connection.execute(ONE_YEAR).fetchall()
        plans.append((json.loads(plan) if isinstance(plan, str) else plan)[0])
    root = plans[0]["Plan"]
    return root["Shared Hit Blocks"] + root["Shared Read Blocks"], min(plan["Execution Time"] for plan in plans)


async def _sort(stack: Stack) -> None:
    database = Database(stack.dsn("ingest"), 1, 2)
    await database.open()
    try:
        done = await sort_closed(database, HAS_ENDED, HAS_ENDED)
        assert len(done) == 2 * 12
    finally:
        await database.close()


def _compressed(connection: Connection) -> float:
    connection.execute("CREATE EXTENSION timescaledb")
    migrate_over(connection)
    _fill(connection)
    connection.execute("SELECT ingest.copy_sorted(name) FROM ingest.partitions_to_sort('0 days', '0 days') AS name")
    return _bytes(connection, SIZE_OF_HYPERTABLES)
