"""Readings and hours as hypertables: every migration on a real TimescaleDB, beside a plain PostgreSQL.

The server is PostgreSQL 17 with TimescaleDB 2.23, and has no background workers. The worker's UPDATE of hours, which
asks for the old row (PostgreSQL 18), and COPY from a client cannot run there; COPY from a file of the server can.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from deploy.local.stack import Stack
from services.common.migrate import migrate_over
from services.ingest.store import outcome
from tests.integration.ingest.own_database import own_database
from tests.timescale.server import Connection, timescale

POINT = "INSERT INTO ingest.point VALUES (%s, 'MP-' || %s::text, NULL, 'heat', 100, 1)"
STATE = "INSERT INTO ingest.point_state (point_id) VALUES (%s)"
POINTS = 5
HOURLY = "generate_series('2025-01-01Z'::timestamptz, '2025-04-30 23:00Z', '1 hour')"
READINGS = f"""
    INSERT INTO ingest.reading (point_id, read_at, content_hash, rank, recorded_at, energy_wh, volume_l, withdrawn,
                                verdict)
    SELECT point_id, read_at, 1, 0, read_at, extract(epoch FROM read_at) / 4 + point_id, NULL, false, 1
      FROM {HOURLY} AS read_at CROSS JOIN generate_series(1, %s) AS point_id
"""
HOURS = f"""
    INSERT INTO ingest.hour (point_id, starts_at, energy_wh, volume_l, start_quality, end_quality, revision, known_from)
    SELECT point_id, starts_at, 900 + point_id, NULL, 1, 1, 1, starts_at
      FROM {HOURLY} AS starts_at CROSS JOIN generate_series(1, %s) AS point_id
"""
CORRECTED = """
    UPDATE ingest.hour AS stored SET energy_wh = changed.energy_wh, revision = 2
      FROM (VALUES (2, '2025-02-03 04:00Z'::timestamptz, 7::bigint), (3, '2025-02-03 05:00Z', 8)) AS changed(
           point_id, starts_at, energy_wh)
     WHERE stored.point_id = changed.point_id AND stored.starts_at = changed.starts_at
       AND stored.point_id = ANY('{2,3}'::int[])
       AND stored.starts_at >= '2025-02-03 04:00Z' AND stored.starts_at <= '2025-02-03 05:00Z'
"""
# The worker's own statement, with what it puts before it.
JUDGED = f"""
    WITH changed {outcome._VERDICT_COLUMNS} AS (
        SELECT unnest('{{3}}'::int[]), unnest('{{2025-02-03 05:00Z}}'::timestamptz[]), unnest('{{1}}'::bigint[]),
               unnest('{{10}}'::smallint[]))
    {outcome._UPDATE_VERDICTS}
"""
JUDGED_WITHIN = ["{3}", 1_738_558_800, 1_738_558_800]
LATE = """
    INSERT INTO ingest.reading (point_id, read_at, content_hash, rank, recorded_at, energy_wh, withdrawn, verdict)
    VALUES (3, '2025-02-03 05:30Z', 2, 0, '2025-02-03 05:30Z', 5, false, 10)
"""
COMPRESS = "SELECT ingest.copy_sorted(name) FROM ingest.partitions_to_sort('35 days', '7 days') AS name"
LEFT = "SELECT name FROM ingest.partitions_to_sort('35 days', '7 days') AS name"
RIGHTS = """
    SELECT relname, grantee::regrole::text, privilege_type, NULL FROM pg_class, aclexplode(relacl)
     WHERE relnamespace IN ('ingest'::regnamespace, 'ingest_v1'::regnamespace)
       AND (relname IN ('reading', 'hour') OR relkind = 'v')
    UNION ALL
    SELECT relname, grantee::regrole::text, privilege_type, attname
      FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl)
     WHERE relnamespace = 'ingest'::regnamespace AND relname IN ('reading', 'hour')
     ORDER BY 1, 2, 3, 4
"""
MAINTAIN = "MAINTAIN"
"""A right of owners that PostgreSQL 17 has brought, and which nobody is given by name."""
VIEWS = """
    SELECT relname, relowner::regrole::text, reloptions FROM pg_class
     WHERE relnamespace = 'ingest_v1'::regnamespace AND relkind = 'v' ORDER BY relname
"""
SHOWN = (
    "SELECT * FROM ingest_v1.hour ORDER BY point_id, starts_at",
    "SELECT * FROM ingest_v1.reading ORDER BY point_id, read_at",
)


@pytest.fixture(scope="module")
def plain(stack: Stack) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with (
        own_database(stack, "beside_timescale") as own,
        psycopg.connect(own.admin_dsn, autocommit=True) as connection,
    ):
        connection.execute("SET timezone = 'UTC'")
        fill(connection)
        yield connection


@pytest.fixture(scope="module")
def hypertables() -> Iterator[Connection]:
    """A database that had readings and hours before TimescaleDB was installed."""
    with timescale() as connection:
        migrate_over(connection)
        fill(connection)
        connection.execute("CREATE EXTENSION timescaledb")
        assert migrate_over(connection) == ["ingest/0018_kept_and_sorted.timescale.sql"]
        connection.execute("SET timezone = 'UTC'")
        yield connection


@pytest.fixture(autouse=True)
def _as_administrator(hypertables: Connection) -> Iterator[None]:
    yield
    hypertables.execute("RESET ROLE")


def fill(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        for point_id in range(1, POINTS + 1):
            connection.execute(POINT, [point_id, point_id])
            connection.execute(STATE, [point_id])
        connection.execute("SELECT ingest.ensure_partitions('2025-01-01Z', '2025-04-30Z')")
        connection.execute(READINGS, [POINTS])
        connection.execute(HOURS, [POINTS])


def test_readings_and_hours_are_hypertables_by_month_and_keep_what_was_stored(hypertables: Connection) -> None:
    assert hypertables.rows(
        "SELECT hypertable_name, compression_enabled FROM timescaledb_information.hypertables ORDER BY 1"
    ) == [("hour", True), ("reading", True)]
    assert hypertables.rows(
        "SELECT hypertable_name, attname, segmentby_column_index FROM timescaledb_information.compression_settings"
        " WHERE segmentby_column_index IS NOT NULL ORDER BY 1"
    ) == [("hour", "point_id", 1), ("reading", "point_id", 1)]
    assert hypertables.rows(
        "SELECT DISTINCT time_interval::text FROM timescaledb_information.dimensions"
    ) == [("30 days",)]  # fmt: skip
    assert hypertables.rows("SELECT count(*), min(starts_at), max(starts_at) FROM ingest.hour") == [
        (POINTS * 120 * 24, datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 4, 30, 23, tzinfo=UTC))
    ]


def test_rights_and_views_are_those_of_a_plain_database(
    plain: psycopg.Connection[tuple[Any, ...]], hypertables: Connection
) -> None:
    assert hypertables.rows(VIEWS) == plain.execute(VIEWS).fetchall()
    given = [row for row in hypertables.rows(RIGHTS) if row[2] != MAINTAIN]
    assert given == [row for row in plain.execute(RIGHTS).fetchall() if row[2] != MAINTAIN]


def test_compressed_months_take_corrections_and_show_the_same_rows(
    plain: psycopg.Connection[tuple[Any, ...]], hypertables: Connection
) -> None:
    hypertables.execute("SET ROLE ingest")
    hypertables.execute(COMPRESS)
    assert hypertables.rows(LEFT) == []
    for statement, values in ((CORRECTED, []), (JUDGED, JUDGED_WITHIN), (LATE, [])):
        changed = hypertables.execute(statement, values).rowcount
        assert plain.execute(statement, values).rowcount == changed > 0
    # Of each table the month that was changed, and no other, was unpacked in part, until it is compressed again.
    assert len(hypertables.rows(LEFT)) == 2
    for _ in range(2):
        for shown in SHOWN:
            assert hypertables.rows(shown) == plain.execute(shown).fetchall()
        hypertables.execute(COMPRESS)
    assert hypertables.rows(LEFT) == []


@pytest.mark.parametrize("statement", [READINGS, HOURS])
def test_a_row_that_is_there_is_refused_in_a_compressed_month_too(hypertables: Connection, statement: str) -> None:
    hypertables.execute("SET ROLE ingest")
    with pytest.raises(psycopg.errors.UniqueViolation):
        hypertables.execute(statement, [POINTS])


def test_rows_can_be_copied_into_a_compressed_month(hypertables: Connection) -> None:
    [(folder,)] = hypertables.rows("SHOW data_directory")
    more = """
        SELECT 1, read_at + interval '7 minutes', 1::bigint, 0::smallint, read_at, energy_wh, false, 1::smallint
          FROM ingest.reading WHERE point_id = 1 AND read_at < '2025-01-11Z'
    """
    hypertables.execute(f"COPY ({more}) TO '{folder}/more' (FORMAT binary)")
    columns = "point_id, read_at, content_hash, rank, recorded_at, energy_wh, withdrawn, verdict"
    copy = f"COPY ingest.reading ({columns}) FROM '{folder}/more' (FORMAT binary)"
    with hypertables.transaction(force_rollback=True):
        assert hypertables.execute(copy).rowcount == 240
        with pytest.raises(psycopg.errors.UniqueViolation), hypertables.transaction():
            hypertables.execute(copy)
        assert hypertables.rows("SELECT count(*) FROM ingest.reading WHERE read_at < '2025-01-11Z'") == [
            (240 * (POINTS + 1),)
        ]


def test_no_session_sees_a_row_of_a_hypertable(hypertables: Connection) -> None:
    hypertables.execute("SET ROLE gateway")
    assert hypertables.rows("SELECT count(*) FROM ingest_v1.hour") == [(0,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        hypertables.execute("SELECT FROM ingest.hour")


def test_what_is_no_longer_kept_is_dropped_but_for_what_is_still_needed(hypertables: Connection) -> None:
    hypertables.execute("SET ROLE ingest")
    with hypertables.transaction(force_rollback=True):
        # A point whose readings ended long before.
        hypertables.execute("RESET ROLE")
        hypertables.execute("DELETE FROM ingest.reading WHERE point_id = 5 AND read_at > '2025-01-02 10:00Z'")
        hypertables.execute("SET ROLE ingest")
        dropped = hypertables.rows(
            "SELECT ingest.drop_older('2025-04-01Z', '2025-04-01 22:00Z', NULL, 'Europe/Stockholm')"
        )
        assert len(dropped) >= 4
        oldest = "SELECT read_at FROM ingest.reading WHERE point_id = %s ORDER BY read_at LIMIT 1"
        # The midnight in Stockholm before its last reading.
        assert hypertables.rows(oldest, 5) == [(datetime(2025, 1, 1, 23, tzinfo=UTC),)]
        [(first,)] = hypertables.rows(oldest, 1)
        assert datetime(2025, 3, 1, tzinfo=UTC) < first < datetime(2025, 4, 1, tzinfo=UTC)
        assert hypertables.rows("SELECT readings_from FROM ingest.kept") == [(datetime(2025, 4, 1, tzinfo=UTC),)]


def test_no_month_is_missing_ahead(hypertables: Connection) -> None:
    assert hypertables.rows("SELECT ingest.partitions_until() > now() + interval '1 year'") == [(True,)]
