"""Months of readings and hours: looked out for, and sorted once they are closed."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from deploy.local.folder import StackError
from deploy.local.stack import Stack
from services.cli import doctor
from services.common.postgres import Database
from services.ingest import metrics
from services.ingest.partitions import look_ahead, sort_closed
from services.ingest.store import partitions
from tests.builders import Points
from tests.integration.ingest.own_database import OwnDatabase, own_database

NOT_LONG = timedelta(0)
MONTH = datetime(2023, 1, 1, tzinfo=UTC)
HOURS, POINTS = 100, 30

IN_ORDER_OF_ARRIVAL = """
    INSERT INTO ingest.hour (point_id, starts_at, energy_wh, start_quality, end_quality, revision)
    SELECT point_id, starts_at, point_id, 1, 1, 1
      FROM generate_series(%(month)s, %(month)s + %(hours)s * interval '1 hour', interval '1 hour') AS starts_at
     CROSS JOIN generate_series(1, %(points)s) AS point_id
     ORDER BY starts_at, point_id
"""
AS_THEY_LIE = "SELECT point_id, starts_at FROM ingest.hour_2023_01 ORDER BY ctid"
CORRECT = "UPDATE ingest.hour SET energy_wh = 7 WHERE point_id = 3 AND starts_at = %s"
CORRECTED = "SELECT energy_wh FROM ingest.hour WHERE point_id = 3 AND starts_at = '2023-01-01Z'"


class Running:
    """A stack that runs, as the command sees it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def is_running(self, _name: str) -> bool:
        return True

    def dsn(self, _role: str) -> str:
        return self._dsn


@pytest.fixture(scope="module")
def place(stack: Stack) -> Iterator[OwnDatabase]:
    with own_database(stack, "partitions") as own:
        yield own


@pytest.fixture
async def database(place: OwnDatabase) -> AsyncIterator[Database]:
    database = Database(place.dsn("ingest"), 1, 2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def points(place: OwnDatabase) -> Points:
    return Points(place)


@pytest.fixture
def month(place: OwnDatabase) -> None:
    """January 2023, as it was written: hour by hour, the metering points side by side."""
    with psycopg.connect(place.admin_dsn) as connection:
        connection.execute("SET ROLE ingest_owner")
        connection.execute("SELECT ingest.ensure_partitions(%(month)s, %(month)s)", {"month": MONTH})
        connection.execute("TRUNCATE ingest.hour, ingest.partition_state")
        connection.execute(IN_ORDER_OF_ARRIVAL, {"month": MONTH, "hours": HOURS - 1, "points": POINTS})


def run(place: OwnDatabase, statement: str, *values: Any) -> int:
    """Do what a worker does, over a connection of its own; returns how many rows were changed."""
    with psycopg.connect(place.dsn("ingest")) as connection:
        # In the same transaction: else PostgreSQL counts what was written a while later.
        connection.execute("SELECT pg_stat_force_next_flush()")
        return connection.execute(statement.encode(), values).rowcount


@pytest.mark.usefixtures("month")
async def test_a_closed_month_is_sorted_by_metering_point_and_loses_nothing(database: Database, points: Points) -> None:
    before = points.rows("SELECT * FROM ingest.hour ORDER BY point_id, starts_at")
    assert points.rows(AS_THEY_LIE)[:2] == [(1, MONTH), (2, MONTH)]
    assert await sort_closed(database, NOT_LONG, NOT_LONG) == ["hour_2023_01"]
    assert points.rows(AS_THEY_LIE) == [
        (point, MONTH + timedelta(hours=hour)) for point in range(1, POINTS + 1) for hour in range(HOURS)
    ]
    assert points.rows("SELECT * FROM ingest.hour ORDER BY point_id, starts_at") == before


@pytest.mark.usefixtures("month")
async def test_a_sorted_month_is_in_all_else_as_it_was(database: Database, place: OwnDatabase, points: Points) -> None:
    def described() -> list[tuple[Any, ...]]:
        return [
            *points.rows(
                "SELECT replace(pg_get_indexdef(indexrelid), relname, ''), indisprimary, indisvalid,"
                "       EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid)"
                "  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
                " WHERE indrelid = 'ingest.hour_2023_01'::regclass ORDER BY 1"
            ),
            *points.rows(
                "SELECT relowner, relacl, reltuples, pg_get_expr(relpartbound, oid), reloptions FROM pg_class"
                " WHERE oid = 'ingest.hour_2023_01'::regclass"
            ),
            *points.rows("SELECT conname FROM pg_constraint WHERE conrelid = 'ingest.hour_2023_01'::regclass"
                         " AND contype = 'c'"),
            *points.rows("SELECT tgname FROM pg_trigger WHERE tgrelid = 'ingest.hour_2023_01'::regclass"),
        ]  # fmt: skip

    with psycopg.connect(place.admin_dsn) as connection:
        connection.execute("ANALYZE ingest.hour")
    before = described()
    await sort_closed(database, NOT_LONG, NOT_LONG)
    assert described() == before
    run(place, CORRECT, MONTH)
    assert points.rows(CORRECTED) == [(7,)]


@pytest.mark.usefixtures("month")
async def test_what_is_written_while_a_month_is_sorted_is_not_lost(
    database: Database, place: OwnDatabase, points: Points
) -> None:
    async with database.transaction() as tx:
        [name] = await partitions.to_sort(tx, NOT_LONG, NOT_LONG)
        await partitions.begin_sorting(tx, name)
    async with database.transaction() as tx:
        copied = await partitions.copy_sorted(tx, name)
    run(place, CORRECT, MONTH)
    async with database.transaction() as tx:
        assert not await partitions.end_sorting(tx, name, copied)
    assert points.rows(CORRECTED) == [(7,)]
    assert await sort_closed(database, NOT_LONG, NOT_LONG) == [name]
    assert points.rows(CORRECTED) == [(7,)]


@pytest.mark.usefixtures("month")
async def test_whoever_reads_for_long_puts_sorting_off(database: Database, place: OwnDatabase) -> None:
    with psycopg.connect(place.dsn("ingest")) as reader:
        reader.execute("SELECT FROM ingest.hour LIMIT 1")
        assert await sort_closed(database, NOT_LONG, NOT_LONG) == []
    assert await sort_closed(database, NOT_LONG, NOT_LONG) == ["hour_2023_01"]


@pytest.mark.usefixtures("month")
async def test_a_month_is_sorted_again_only_where_much_of_it_was_written_anew(
    database: Database, place: OwnDatabase
) -> None:
    await sort_closed(database, NOT_LONG, NOT_LONG)
    run(place, CORRECT, MONTH)
    assert await sort_closed(database, NOT_LONG, NOT_LONG) == []
    assert run(place, "UPDATE ingest.hour SET energy_wh = 8 WHERE point_id > 10") == 2000
    assert await sort_closed(database, NOT_LONG, NOT_LONG) == ["hour_2023_01"]


@pytest.mark.usefixtures("month")
async def test_a_month_is_left_alone_until_nobody_has_written_to_it_for_a_while(database: Database) -> None:
    assert await sort_closed(database, NOT_LONG, timedelta(days=7)) == []


@pytest.mark.usefixtures("month")
async def test_a_month_is_left_alone_until_it_has_ended_long_ago(database: Database) -> None:
    since = datetime.now(UTC) - datetime(2023, 2, 1, tzinfo=UTC)
    assert await sort_closed(database, since + timedelta(days=1), NOT_LONG) == []


async def test_no_other_table_can_be_sorted(database: Database) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match=r"ingest\.point is no closed month"):
        async with database.transaction() as tx:
            await partitions.begin_sorting(tx, "point")


async def test_missing_months_are_warned_of(
    database: Database, place: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "Stack", lambda: Running(place.dsn("ingest")))
    now = datetime.now(UTC)
    with pytest.raises(StackError, match=r"partitions for -?\d+ days"):
        doctor.CHECKS["months"]()
    with capture_logs() as logged:
        await look_ahead(database, now)
    assert [line["event"] for line in logged] == ["partitions_missing"]
    async with database.transaction() as tx:
        await tx.execute("SELECT ingest.ensure_partitions(%s, %s)", [now, now + timedelta(days=62)])
    with capture_logs() as logged:
        await look_ahead(database, now)
    assert logged == []
    [sample] = next(iter(metrics.PARTITIONS_UNTIL_SECONDS.collect())).samples
    assert sample.value > (now + timedelta(days=31)).timestamp()
    assert doctor.CHECKS["months"]().startswith("partitions for ")
