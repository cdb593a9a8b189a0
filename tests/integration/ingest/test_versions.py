"""Hours and days as they were known: each version that a new one replaced stays readable."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from services.common.postgres import Database
from services.ingest.store.points import Touched
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest.conftest import Worker
from tests.integration.ingest.histories import MAXIMUM_KW, Course, History, courses, histories
from tests.integration.ingest.played import Played, play
from tests.integration.looking import let_into_every_view
from tests.version_chains import BROKEN

HOUR = "point_id, starts_at, energy_wh, volume_l, supply_c, return_c, quality, rule, revision"
DAY = (
    "point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured, volume_l,"
    " register_wh, register_l, energy_return_wh_c, energy_with_return_wh, forward_lc, volume_return_l_c, quality,"
    " forward_l, return_l, supply_c, return_c, energy_weighted_return_c, revision"
)
AS_KNOWN = "known_from <= %(at)s AND known_to > %(at)s"
Rows = list[tuple[Any, ...]]


class Figures(NamedTuple):
    """Hours and days of metering points at an instant."""

    at: datetime
    hours: Rows
    days: Rows


def as_stored(stack: Stack, ids: list[int]) -> Figures:
    """Give what is stored now."""
    with psycopg.connect(stack.dsn("ingest")) as connection:
        hours = f"SELECT {HOUR} FROM ingest_v1.hour WHERE point_id = ANY(%s) ORDER BY 1, 2"
        days = f"SELECT {DAY} FROM ingest_v1.day WHERE point_id = ANY(%s) ORDER BY 1, 2"
        stored = [connection.execute(query.encode(), [ids]).fetchall() for query in (hours, days)]
        [(at,)] = connection.execute("SELECT clock_timestamp()").fetchall()
    return Figures(at, *stored)


def as_known(stack: Stack, ids: list[int], at: datetime) -> Figures:
    """Give what was known at an instant."""
    with psycopg.connect(stack.dsn("ingest")) as connection:
        hours = f"SELECT {HOUR} FROM ingest_v1.hour_version WHERE point_id = ANY(%(ids)s) AND {AS_KNOWN} ORDER BY 1, 2"
        days = f"SELECT {DAY} FROM ingest_v1.day_version WHERE point_id = ANY(%(ids)s) AND {AS_KNOWN} ORDER BY 1, 2"
        values = {"ids": ids, "at": at}
        return Figures(at, *(connection.execute(query.encode(), values).fetchall() for query in (hours, days)))


@st.composite
def _played(draw: st.DrawFn) -> tuple[History, Course]:
    history = draw(histories())
    return history, draw(courses(len(history.rows)))


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(_played(), min_size=5, max_size=8))
def test_what_was_stored_after_each_delivery_is_read_back_as_known_then(
    stack: Stack, drawn: list[tuple[History, Course]]
) -> None:
    ids = Points(stack).add(len(drawn), MAXIMUM_KW)
    played = [Played(point, history) for point, (history, _) in zip(ids, drawn, strict=True)]
    before = as_stored(stack, ids)
    seen = asyncio.run(_play(stack, played, [course for _, course in drawn]))
    for one in (before, *seen):
        assert as_known(stack, ids, one.at) == one
    with psycopg.connect(stack.dsn("ingest")) as connection:
        broken = connection.execute(BROKEN.encode()).fetchall()
    assert [one for one in broken if one[1] in ids] == []


async def _play(stack: Stack, played: list[Played], plan: list[Course]) -> list[Figures]:
    """Let histories come in, and look at the tables after each delivery."""
    ids = [one.point_id for one in played]
    database = Database(stack.dsn("ingest"), 1, 3)
    await database.open()
    try:
        return [as_stored(stack, ids) async for _ in play(stack, Worker(database), played, plan)]
    finally:
        await database.close()


def reading(point_id: int, hours: float, energy_wh: int, **more: Any) -> dict[str, Any]:
    return {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hours * HOUR_S, "energy_wh": energy_wh} | more


async def test_nothing_is_known_before_the_first_version(stack: Stack, worker: Worker, points: Points) -> None:
    (point,) = points.add()
    before = as_stored(stack, [point])
    await worker.take([reading(point, hour, hour * 10) for hour in range(30)])
    after = as_stored(stack, [point])
    assert (len(after.hours), len(after.days)) == (29, 1)
    assert as_known(stack, [point], before.at) == before == (before.at, [], [])


async def test_an_hour_as_known_before_its_correction_is_the_old_one(
    stack: Stack, worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, hour * 100) for hour in range(3)])
    old = as_stored(stack, [point])
    await worker.take([reading(point, 1, 130, recorded_at=MIDNIGHT_S + 9 * HOUR_S)])
    new = as_stored(stack, [point])
    assert [row[2] for row in as_known(stack, [point], old.at).hours] == [100, 100]
    assert [row[2] for row in as_known(stack, [point], new.at).hours] == [130, 70]
    # Both hours once as they were: what did not change is not kept twice.
    assert points.rows("SELECT energy_wh, revision FROM ingest.hour_was WHERE point_id = %s", [point]) == [(100, 1)] * 2


async def test_the_register_that_an_invoice_printed_is_known_after_it_has_moved(
    stack: Stack, worker: Worker, points: Points
) -> None:
    """A meter's exchange that is registered late moves the running register of every day behind it."""
    (point,) = points.add()
    exchanged = MIDNIGHT_S + 10 * HOUR_S
    # The old meter is read up to 5,100 Wh and taken out at 5,150; the new one begins at 5,120, above the old readings.
    await worker.take([reading(point, hour, 5_000 + hour * 10) for hour in range(10)])
    await worker.take([reading(point, hour, 5_120 + (hour - 10) * 10) for hour in range(10, 24 * 60)])
    old = as_stored(stack, [point])
    points.install(f"old-{point}", point, MIDNIGHT_S, exchanged, stop_wh=5_150)
    points.install(f"new-{point}", point, exchanged, start_wh=5_120)
    async with worker.database.transaction() as tx:
        await worker.handlers.rejudge(tx, Touched(*(np.array([one]) for one in (point, MIDNIGHT_S, exchanged))))
    new = as_stored(stack, [point])
    registers = [[row[9] for row in as_known(stack, [point], at).days] for at in (old.at, new.at)]
    # Known as one meter: what a day's midnight showed. As two: 30 Wh more, which the old one measured at its end.
    assert [after - before for before, after in zip(*registers, strict=True)] == [30] * len(registers[0])
    offsets = points.rows(
        "SELECT DISTINCT offset_wh FROM ingest.day_was WHERE point_id = %s AND day > '2024-01-10'", [point]
    )
    assert offsets == [(0,)]
    revisions = [row[-1] for row in new.days]
    assert revisions[0] == 2
    assert set(revisions[1:]) == {1}


NAMES = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"


@pytest.mark.parametrize(
    ("now", "before"),
    [(("ingest", "hour"), ("ingest", "hour_was")), (("ingest", "day"), ("ingest", "day_was")),
     (("ingest_v1", "hour"), ("ingest_v1", "hour_version")), (("ingest_v1", "day"), ("ingest_v1", "day_version"))],
)  # fmt: skip
def test_what_was_known_once_has_every_column_of_what_is_known_now(
    stack: Stack, now: tuple[str, str], before: tuple[str, str]
) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        has, had = ({name for (name,) in connection.execute(NAMES, one)} for one in (now, before))
    assert has - had == set()


@contextmanager
def _visitor(stack: Stack, token: str) -> Iterator[psycopg.Connection[Any]]:
    with let_into_every_view(stack, "gateway") as connection:
        connection.execute("SELECT set_config('kulvert.session_token', %s, true)", [token])
        yield connection


@pytest.fixture
def sold(stack: Stack, points: Points) -> tuple[int, dict[str, str]]:
    """A metering point that was sold a day after its first readings, and the sessions of seller and buyer."""
    (point,) = points.add()
    sale = datetime.fromtimestamp(MIDNIGHT_S + 24 * HOUR_S).astimezone()
    tokens = {name: f"{name}-{uuid4()}" for name in ("seller", "buyer")}
    periods = {"seller": ("-infinity", sale), "buyer": (sale, "infinity")}
    with psycopg.connect(stack.admin_dsn) as connection:
        for name, token in tokens.items():
            user_id = uuid4()
            connection.execute(
                "INSERT INTO permissions.person (user_id, user_name, name) VALUES (%s, %s, %s)", [user_id, token, name]
            )
            connection.execute(
                "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
                " VALUES (sha256(%s), %s, 'local', now() + interval '1 hour')",
                [token.encode(), user_id],
            )
            connection.execute(
                "INSERT INTO permissions.visible_period VALUES (%s, %s, %s, %s, 'full')",
                [user_id, point, *periods[name]],
            )
    return point, tokens


async def test_a_visitor_sees_versions_of_his_own_periods_alone(
    stack: Stack, worker: Worker, sold: tuple[int, dict[str, str]]
) -> None:
    point, tokens = sold
    await worker.take([reading(point, hour, hour * 100) for hour in range(49)])
    late = MIDNIGHT_S + 99 * HOUR_S
    await worker.take([reading(point, hour, hour * 100 + 30, recorded_at=late) for hour in (10, 40)])
    views = {
        "hour_version": "(extract(epoch FROM starts_at)::bigint - 1704841200) / 3600",
        "day_version": "day::text",
    }
    seen = {}
    for name, token in tokens.items():
        with _visitor(stack, token) as connection:
            versions = [
                connection.execute(f"SELECT {what} FROM ingest_v1.{view} WHERE point_id = %s".encode(), [point])
                for view, what in views.items()
            ]
            seen[name] = [sorted(row[0] for row in rows) for rows in versions]
    # The hours beside each corrected reading have two versions. A day's energy stays as it was, its highest hour not.
    assert seen["seller"] == [sorted([*range(24), 9, 10]), ["2024-01-10"] * 2]
    assert seen["buyer"] == [sorted([*range(24, 48), 39, 40]), ["2024-01-11"] * 2]
