"""What is older than is kept goes, and everything behind it stays right: beside a database that keeps everything."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest

from deploy.local.stack import Stack
from services.common.postgres import Database
from services.ingest.core.retention import Cut
from services.ingest.core.verdict import Verdict
from services.ingest.rebuild import Compared, Rebuild
from services.ingest.retention import forget_older
from tests.builders import HOUR_S, Points
from tests.integration.ingest.conftest import STOCKHOLM, Worker
from tests.integration.ingest.own_database import OwnDatabase, own_database

FEBRUARY = datetime(2024, 2, 1, tzinfo=UTC)
SETTLED = datetime(2024, 2, 1, 23, tzinfo=UTC)
"""The first midnight in Stockholm in February 2024, UTC."""
SETTLED_S = int(SETTLED.timestamp())
DAY_S = 24 * HOUR_S
KEPT = Cut(FEBRUARY, SETTLED, None)

FIGURES = (
    """
    SELECT starts_at, energy_wh, volume_l, supply_centi_c, return_centi_c, start_quality, end_quality
      FROM ingest.hour WHERE point_id = %s AND starts_at >= '2024-02-01 23:00Z' ORDER BY starts_at
    """,
    """
    SELECT day, energy_wh, maximum_hour_wh, hours_present, hours_measured, volume_l, register_wh, register_l,
           offset_wh, offset_l, quality
      FROM ingest.day WHERE point_id = %s ORDER BY day
    """,
    """
    SELECT read_at, energy_wh, withdrawn, verdict FROM ingest.reading
     WHERE point_id = %s AND read_at > '2024-02-01 23:00Z' ORDER BY read_at, content_hash
    """,
    """
    SELECT newest_s, accepted_s, accepted_wh, mark_s, mark_wh, offset_wh, offset_l FROM ingest.point_state
     WHERE point_id = %s
    """,
)

Row = dict[str, Any]


class Case(NamedTuple):
    """Readings that came before what is older was dropped, and others that came after."""

    before: list[Row]
    after: list[list[Row]]


def at(hours: float, energy_wh: int, **more: Any) -> Row:
    """A reading so many hours after what is kept begins; before it where they are negative."""
    return {"read_at": SETTLED_S + hours * HOUR_S, "energy_wh": energy_wh} | more


def hourly(first: int, end: int, **more: Any) -> list[Row]:
    return [at(hour, 10_000_000 + hour * 1_000, volume_l=50_000 + hour * 20, **more) for hour in range(first, end)]


def corrected(row: Row, energy_wh: int) -> Row:
    return row | {"energy_wh": energy_wh, "recorded_at": row["read_at"] + 90 * DAY_S}


def withdrawn(row: Row) -> Row:
    return row | {"withdrawn": True, "recorded_at": row["read_at"] + 90 * DAY_S}


def without_volume(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "volume_l"} for row in rows]


MONTHLY = [at(days * 24, 2_000_000 + days * 10_000) for days in range(-160, 100, 20)]
CASES = {
    "a reading just behind the beginning is corrected": Case(
        hourly(-300, 200), [[corrected(at(1, 10_001_000, volume_l=50_020), 10_001_700)]]
    ),
    "one that came too late is put in": Case(
        [row for row in hourly(-300, 200) if row["read_at"] != SETTLED_S + 5 * HOUR_S], [hourly(5, 6)]
    ),
    "the first readings behind it are withdrawn": Case(
        hourly(-300, 200), [[withdrawn(row) for row in hourly(1, 30)]]
    ),
    "the readings lie between hours": Case(
        [at(hour + 0.4, 10_000_000 + hour * 900) for hour in range(-200, 200)],
        [[corrected(at(1.4, 10_000_900), 10_001_500)]],
    ),
    "a meter that is read every twenty days": Case(MONTHLY, [[at(24, 2_007_000)], [corrected(MONTHLY[9], 2_195_000)]]),
    "volumes are missing on both sides": Case(
        [*hourly(-300, -100), *without_volume(hourly(-100, 50)), *hourly(50, 200)],
        [[corrected(at(3, 10_003_000), 10_003_300)]],
    ),
    "nothing was used for months": Case(
        [at(-2_000, 0), *(at(hour, 500) for hour in range(-300, 200))], [[corrected(at(2, 500), 700), at(300, 900)]]
    ),
    "refused readings lie around": Case(
        [*hourly(-300, -2), *(at(half - 1.5, 90_000_000) for half in range(3)), *hourly(1, 200)],
        [[corrected(at(1, 10_001_000, volume_l=50_020), 10_001_700)]],
    ),
    "a series begins behind it": Case(hourly(20, 200), [hourly(10, 15), [corrected(hourly(20, 21)[0], 10_020_500)]]),
    "nothing has come for months": Case(hourly(-900, -800), [hourly(50, 120)]),
    "nothing has come for months, and what comes first is wrong": Case(
        hourly(-900, -815), [[at(50, 90_000_000)], hourly(51, 120), [withdrawn(at(50, 90_000_000))]]
    ),
    "its first day was its last": Case(hourly(-815, -810), [hourly(50, 53), hourly(60, 120)]),
    "a meter began again at zero": Case(
        [*hourly(-900, -700), *(at(hour, 4_000 + hour * 10) for hour in range(-300, 200))],
        [[corrected(at(1, 4_010), 4_015)]],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def place(stack: Stack) -> Iterator[OwnDatabase]:
    with own_database(stack, "retention") as own:
        yield own


@pytest.fixture
async def keeping(stack: Stack) -> AsyncIterator[Worker]:
    async for worker in _worker(stack.dsn("ingest")):
        yield worker


@pytest.fixture
async def forgetting(place: OwnDatabase) -> AsyncIterator[Worker]:
    async for worker in _worker(place.dsn("ingest")):
        yield worker


async def _worker(dsn: str) -> AsyncIterator[Worker]:
    database = Database(dsn, 1, 3)
    await database.open()
    yield Worker(database)
    await database.close()


def anew(place: OwnDatabase) -> None:
    """Let nothing have been dropped yet."""
    with psycopg.connect(place.admin_dsn) as connection:
        connection.execute("DROP TABLE IF EXISTS ingest.reading_older, ingest.hour_older")
        connection.execute("UPDATE ingest.kept SET readings_from = NULL, settled_until = NULL, days_from = NULL")
        connection.execute("UPDATE ingest.reference_version SET version = version + 1")
        connection.execute(
            "TRUNCATE ingest.reading, ingest.hour, ingest.day, ingest.point_state, ingest.held_reading,"
            " ingest.kept_point"
        )


def of(point_id: int, rows: Sequence[Row]) -> list[Row]:
    return [row | {"metering_point": f"MP-{point_id}"} for row in rows]


def stored(points: Points, point_id: int) -> list[list[tuple[Any, ...]]]:
    return [points.rows(query, [point_id]) for query in FIGURES]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_what_comes_behind_what_was_dropped_gives_the_same_figures_as_if_all_were_kept(
    stack: Stack, place: OwnDatabase, keeping: Worker, forgetting: Worker, case: Case
) -> None:
    anew(place)
    everything, less = Points(stack), Points(place)
    [one], [other] = everything.add(), less.add()
    await keeping.take(of(one, case.before))
    await forgetting.take(of(other, case.before))
    assert stored(less, other) == stored(everything, one)
    await forget_older(forgetting.database, KEPT, STOCKHOLM)
    for rows in case.after:
        await keeping.take(of(one, rows))
        await forgetting.take(of(other, rows))
    assert stored(less, other) == stored(everything, one)
    assert (await rebuilt(forgetting, other)).differences == ()


async def test_a_stop_register_that_was_read_stays_where_what_is_kept_goes_on_from_the_meter_before(
    stack: Stack, place: OwnDatabase, keeping: Worker, forgetting: Worker
) -> None:
    anew(place)
    everything, less = Points(stack), Points(place)
    [one], [other] = everything.add(), less.add()
    rows = [
        *(at(hour, 50_000_000 + hour * 1_000, serial="ended") for hour in range(-300, -25)),
        at(-25, 49_975_600, serial="ended"),
        *(at(hour, 400_000 + hour * 1_000, serial="begun") for hour in range(-20, 200)),
    ]
    late = [corrected(at(1, 401_000, serial="begun"), 401_700)]
    for worker, points, point in ((keeping, everything, one), (forgetting, less, other)):
        points.install("ended", point, SETTLED_S - 400 * HOUR_S, SETTLED_S - 25 * HOUR_S)
        points.install("begun", point, SETTLED_S - 25 * HOUR_S, start_wh=375_000)
        await worker.take(of(point, rows))
    await forget_older(forgetting.database, KEPT, STOCKHOLM)
    for worker, point in ((keeping, one), (forgetting, other)):
        await worker.take(of(point, late))
    assert stored(less, other) == stored(everything, one)
    assert (await rebuilt(forgetting, other)).differences == ()


async def rebuilt(worker: Worker, point_id: int) -> Compared:
    return await Rebuild(worker.database, worker.handlers, STOCKHOLM, 1_000).compare([point_id], lambda _: None)


async def test_months_that_are_no_longer_kept_are_gone_but_for_what_later_readings_go_on_from(
    place: OwnDatabase, forgetting: Worker
) -> None:
    anew(place)
    points = Points(place)
    [point] = points.add()
    await forgetting.take(of(point, hourly(-1_500, 100)))
    await forget_older(forgetting.database, KEPT, STOCKHOLM)
    partitions = {row[0] for row in points.rows("SELECT inhrelid::regclass::text FROM pg_inherits")}
    assert {"ingest.reading_older", "ingest.reading_2024_02", "ingest.hour_2024_02", "ingest.day_2023"} <= partitions
    assert not {"ingest.reading_2024_01", "ingest.hour_2024_01", "ingest.reading_2023_12"} & partitions
    assert points.rows("SELECT min(starts_at) FROM ingest.hour") == [(FEBRUARY,)]
    assert points.rows("SELECT min(day) FROM ingest.day") == [(date(2023, 12, 1),)]
    # There is a reading at the first midnight itself, so nothing older is needed.
    assert points.rows("SELECT min(read_at) FROM ingest.reading") == [(FEBRUARY,)]


async def test_a_reading_older_than_what_is_kept_is_held_and_changes_nothing(
    place: OwnDatabase, forgetting: Worker
) -> None:
    anew(place)
    points = Points(place)
    [point] = points.add()
    await forgetting.take(of(point, hourly(-300, 100)))
    await forget_older(forgetting.database, KEPT, STOCKHOLM)
    before = stored(points, point)
    await forgetting.take(of(point, [corrected(row, 10_000_123) for row in hourly(-200, 1)]))
    assert points.rows("SELECT verdict, reason, count(*) FROM ingest.held_reading GROUP BY 1, 2") == [
        (int(Verdict.OLDER_THAN_KEPT), "older_than_kept", 201)
    ]
    assert stored(points, point) == before


async def test_dropping_goes_on_month_by_month(place: OwnDatabase, forgetting: Worker) -> None:
    anew(place)
    points = Points(place)
    [point] = points.add()
    await forgetting.take(of(point, [at(days * 24, 2_000_000 + days * 10_000) for days in range(-160, 160, 20)]))
    for month, midnight in ((1, 23), (2, 23), (4, 22)):
        await forget_older(
            forgetting.database,
            Cut(datetime(2024, month, 1, tzinfo=UTC), datetime(2024, month, 1, midnight, tzinfo=UTC), None),
            STOCKHOLM,
        )
    # What was read 40 days after the first of February is the last before the first of April.
    assert points.rows("SELECT read_at FROM ingest.reading ORDER BY read_at LIMIT 1") == [
        (datetime(2024, 3, 12, 23, tzinfo=UTC),)
    ]
    await forget_older(forgetting.database, KEPT, STOCKHOLM)
    assert points.rows("SELECT readings_from FROM ingest.kept") == [(datetime(2024, 4, 1, tzinfo=UTC),)]


async def test_years_of_days_are_dropped_where_that_is_asked_for(place: OwnDatabase, forgetting: Worker) -> None:
    anew(place)
    points = Points(place)
    [point] = points.add()
    await forgetting.take(of(point, hourly(-1_500, 100)))
    await forget_older(forgetting.database, KEPT._replace(days_from=date(2024, 1, 1)), STOCKHOLM)
    assert points.rows("SELECT min(day) FROM ingest.day") == [(date(2024, 1, 1),)]


async def test_deliveries_and_held_readings_go_with_what_they_brought(place: OwnDatabase, forgetting: Worker) -> None:
    anew(place)
    points = Points(place)
    kept, waiting = deliver(place, FEBRUARY), deliver(place, datetime(2023, 6, 1, tzinfo=UTC), is_to_be_read_again=True)
    deliver(place, datetime(2023, 6, 1, tzinfo=UTC))
    await forget_older(forgetting.database, KEPT, STOCKHOLM)
    for table in ("delivery", "delivery_payload", "delivery_result", "meter_status", "held_reading"):
        left = {row[0] for row in points.rows(f"SELECT delivery_id FROM ingest.{table}")}
        assert left == {kept} if table == "held_reading" else {kept, waiting}


def deliver(place: OwnDatabase, received_at: datetime, *, is_to_be_read_again: bool = False) -> object:
    delivery_id = uuid4()
    values = {"id": delivery_id, "at": received_at}
    with psycopg.connect(place.admin_dsn) as connection:
        for statement in (
            "INSERT INTO ingest.source VALUES (%(id)s, %(id)s::text, 'live', %(id)s::text, 0, 'active')",
            "INSERT INTO ingest.delivery VALUES (%(id)s, %(id)s, NULL, '', %(at)s, 1, 1, '')",
            "INSERT INTO ingest.delivery_payload (delivery_id, content_type, zstd_bytes) VALUES (%(id)s, '', '')",
            "INSERT INTO ingest.delivery_result VALUES (%(id)s, 0, 1, 1, 1)",
            "INSERT INTO ingest.meter_status VALUES (%(id)s, 0, '1', %(at)s, '{battery_low}')",
            "INSERT INTO ingest.held_reading VALUES (DEFAULT, '', '', %(at)s, '{}', 20, '', %(id)s, %(at)s)",
        ):
            connection.execute(statement, values)
        if is_to_be_read_again:
            connection.execute("INSERT INTO ingest.replay (delivery_id, correlation_id) VALUES (%(id)s, '')", values)
    return delivery_id
