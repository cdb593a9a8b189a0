"""Figures computed anew from their readings: what differs is found, each kind of it, and mended where that is asked."""

import asyncio
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from services.common.postgres import Database
from services.ingest.core.differences import Difference, Kind
from services.ingest.rebuild import Compared, Rebuild
from tests.builders import HOUR_S, MIDNIGHT_S, Points, batch
from tests.integration.ingest.conftest import STOCKHOLM, Worker
from tests.integration.ingest.histories import MAXIMUM_KW, Course, History, courses, histories
from tests.integration.ingest.played import Played, play

HOURS = 60


@pytest.fixture
async def filled(worker: Worker, points: Points) -> list[int]:
    """Three metering points with two and a half days of readings, one of them refused."""
    ids = points.add(3)
    for point_id in ids:
        rows = [
            {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hour * HOUR_S, "energy_wh": hour * 1_000}
            for hour in range(HOURS)
        ]
        rows[30]["energy_wh"] = 900_000_000
        await worker.take(rows)
    return ids


async def compared(worker: Worker, ids: list[int], *, mend: bool = False, rows_at_once: int = 150) -> Compared:
    told: list[Compared] = []
    rebuild = Rebuild(worker.database, worker.handlers, STOCKHOLM, rows_at_once)
    found = await rebuild.compare(ids, told.append, 2, mend=mend)
    assert sum(told, Compared()) == found
    return found


PLANTED = [
    (Kind.HOURS, "UPDATE ingest.hour SET energy_wh = 7 WHERE point_id = %s AND starts_at = to_timestamp(%s)", 1),
    (Kind.HOURS, "UPDATE ingest.hour SET end_quality = 3 WHERE point_id = %s AND starts_at = to_timestamp(%s)", 1),
    (Kind.HOURS, "DELETE FROM ingest.hour WHERE point_id = %s AND starts_at = to_timestamp(%s)", 1),
    (Kind.DAYS, "UPDATE ingest.day SET maximum_hour_wh = 1 WHERE point_id = %s AND day = '2024-01-10'", 1),
    (Kind.DAYS, "UPDATE ingest.day SET register_wh = 1 WHERE point_id = %s AND day = '2024-01-10'", 1),
    (Kind.DAYS, "UPDATE ingest.day SET offset_wh = 1 WHERE point_id = %s AND day >= '2024-01-10'", 2),
    (Kind.DAYS, "DELETE FROM ingest.day WHERE point_id = %s AND day = '2024-01-11'", 1),
    (Kind.VERDICTS, "UPDATE ingest.reading SET verdict = 1 WHERE point_id = %s AND verdict > 9", 1),
    (Kind.VERDICTS, "UPDATE ingest.reading SET verdict = 10 WHERE point_id = %s AND read_at = to_timestamp(%s)", 1),
    (Kind.FLAGS, "INSERT INTO ingest.flag (point_id, starts_at, rule) VALUES (%s, to_timestamp(%s), 1)", 1),
    (Kind.STATE, "UPDATE ingest.point_state SET accepted_wh = 1 WHERE point_id = %s", 1),
    (Kind.STATE, "UPDATE ingest.point_state SET offset_l = 5 WHERE point_id = %s", 1),
]


def alter(stack: Stack, statement: str, point_id: int) -> None:
    values = [point_id, MIDNIGHT_S + 10 * HOUR_S][: statement.count("%s")]
    with psycopg.connect(stack.admin_dsn) as connection:
        assert connection.execute(statement.encode(), values).rowcount > 0


@st.composite
def _played(draw: st.DrawFn) -> tuple[History, Course]:
    history = draw(histories())
    return history, draw(courses(len(history.rows)))


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(_played(), min_size=10, max_size=15))
def test_whatever_came_in_any_order_is_found_as_it_is_stored(stack: Stack, drawn: list[tuple[History, Course]]) -> None:
    ids = Points(stack).add(len(drawn), MAXIMUM_KW)
    played = [Played(point, history) for point, (history, _) in zip(ids, drawn, strict=True)]
    assert asyncio.run(_played_and_compared(stack, played, [course for _, course in drawn])) == ()


async def _played_and_compared(stack: Stack, played: list[Played], plan: list[Course]) -> tuple[Difference, ...]:
    database = Database(stack.dsn("ingest"), 1, 4)
    await database.open()
    try:
        worker = Worker(database)
        async for _ in play(stack, worker, played, plan):
            continue
        return (await compared(worker, [one.point_id for one in played])).differences
    finally:
        await database.close()


async def test_what_came_in_is_found_as_it_is_stored(worker: Worker, filled: list[int]) -> None:
    found = await compared(worker, filled)
    assert found == Compared(points=3, readings=3 * HOURS, hours=3 * (HOURS - 1), days=3 * 2)


@pytest.mark.parametrize(("kind", "statement", "rows"), PLANTED)
async def test_what_was_altered_by_hand_is_found_and_mended(
    stack: Stack, worker: Worker, filled: list[int], points: Points, kind: Kind, statement: str, rows: int
) -> None:
    before = await everything(points, filled[1])
    alter(stack, statement, filled[1])
    found = await compared(worker, filled, mend=True)
    assert [(one.point_id, one.kind, one.rows) for one in found.differences] == [(filled[1], kind, rows)]
    assert (await compared(worker, filled)).differences == ()
    assert await everything(points, filled[1]) == before


async def everything(points: Points, point_id: int) -> list[Any]:
    """All that is stored of a metering point, without revisions."""
    return [
        points.rows(query, [point_id])
        for query in (
            "SELECT read_at, energy_wh, verdict FROM ingest.reading WHERE point_id = %s ORDER BY 1, 2",
            "SELECT starts_at, energy_wh, start_quality, end_quality FROM ingest.hour WHERE point_id = %s ORDER BY 1",
            "SELECT day, maximum_hour_wh, register_wh, offset_wh FROM ingest.day WHERE point_id = %s ORDER BY 1",
            "SELECT starts_at, rule FROM ingest.flag WHERE point_id = %s ORDER BY 1, 2",
            "SELECT * FROM ingest.point_state WHERE point_id = %s",
        )
    ]


async def test_without_being_asked_to_mend_nothing_is_written(
    stack: Stack, worker: Worker, filled: list[int], points: Points
) -> None:
    alter(stack, PLANTED[0][1], filled[0])
    before = await everything(points, filled[0])
    assert (await compared(worker, filled)).differences
    assert await everything(points, filled[0]) == before


async def test_what_is_mended_rises_a_revision_keeps_what_was_and_is_told_of(
    stack: Stack, worker: Worker, filled: list[int], points: Points
) -> None:
    alter(stack, PLANTED[0][1], filled[0])
    await compared(worker, filled, mend=True)
    hour = [filled[0], MIDNIGHT_S + 10 * HOUR_S]
    where = "WHERE point_id = %s AND starts_at = to_timestamp(%s)"
    assert points.rows(f"SELECT energy_wh, revision FROM ingest.hour {where}", hour) == [(1_000, 2)]
    assert points.rows(f"SELECT energy_wh, revision FROM ingest.hour_was {where}", hour) == [(7, 1)]
    noted = "SELECT reason, changed_from <= to_timestamp(%s) FROM ingest.rejudge WHERE point_id = %s"
    assert points.rows(noted, [hour[1], filled[0]]) == [("rebuilt", True)]


async def test_a_point_that_waits_to_be_judged_again_is_left_to_that(
    stack: Stack, worker: Worker, filled: list[int], points: Points
) -> None:
    for point_id in filled[:2]:
        alter(stack, PLANTED[0][1], point_id)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason) VALUES (%s, '-infinity', 'infinity', 't')",
            [filled[0]],
        )
    found = await compared(worker, filled)
    assert found.waiting == 1
    assert [one.point_id for one in found.differences] == [filled[1]]


async def test_who_stores_meanwhile_is_neither_stopped_nor_seen_by_halves(worker: Worker, filled: list[int]) -> None:
    async with worker.database.transaction() as storing:
        new = [{"metering_point": f"MP-{filled[0]}", "read_at": MIDNIGHT_S + HOURS * HOUR_S, "energy_wh": 60_000}]
        await worker.handlers.store(storing, [worker.message(batch(new))])
        found = await asyncio.wait_for(compared(worker, filled), 5)
    assert (found.readings, found.differences) == (3 * HOURS, ())
