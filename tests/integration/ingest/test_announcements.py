"""What others hear: every hour and day that is new or changed, and no other; and once more in full after a crash."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from schemas.topics import DAILY_POWER, HOURLY_POWER
from services.common.kafka import Outgoing
from services.common.postgres import Database, Transaction
from services.heat.arrays import Int64
from services.ingest.decode import Message
from services.ingest.store import points as stored_points
from services.ingest.store.points import StoredHours
from tests.builders import HOUR_S, MIDNIGHT_S, Points, batch
from tests.integration.ingest.conftest import Worker
from tests.integration.ingest.histories import MAXIMUM_KW, Course, History, Row, courses, histories
from tests.integration.ingest.played import Played, messages, name_meters, register

_HOURS = """
    SELECT starts_at, energy_wh, volume_l, forward_lc, return_lc, supply_centi_c, return_centi_c, start_quality,
           end_quality, revision FROM ingest.hour WHERE point_id = %s
"""
_DAYS = """
    SELECT day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured, volume_l,
           forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c, energy_with_return_wh, quality,
           revision
      FROM ingest.day WHERE point_id = %s
"""
_NOTED = """
    SELECT extract(epoch FROM changed_from)::bigint, extract(epoch FROM changed_to)::bigint
      FROM ingest.rejudge WHERE point_id = %s
"""

Figures = dict[Any, tuple[Any, ...]]


class Shown(NamedTuple):
    """The hours and days of a metering point as they stand, each with its revision at the end."""

    hours: Figures
    days: Figures


class Told(NamedTuple):
    """What messages tell: energy and revision of each hour and day."""

    hours: dict[Any, tuple[int | None, int]]
    days: dict[date, tuple[int | None, int]]


async def shown(worker: Worker, point: int) -> Shown:
    async with worker.database.transaction() as tx:
        hours, days = [await (await tx.execute(query, [point])).fetchall() for query in (_HOURS, _DAYS)]
    return Shown({row[0]: row[1:] for row in hours}, {row[0]: row[1:] for row in days})


def told(messages: Sequence[Outgoing]) -> Told:
    found = Told({}, {})
    for message in messages:
        if message.topic not in (HOURLY_POWER.name, DAILY_POWER.name) or message.value is None:
            continue
        at, into = ("starts_at", found.hours) if message.topic == HOURLY_POWER.name else ("day", found.days)
        for row in pa.ipc.open_stream(message.value).read_all().to_pylist():
            assert row[at] not in into, "told twice in one batch"
            into[row[at]] = row["energy_wh"], row["revision"]
    return found


def changed(before: Figures, after: Figures) -> dict[Any, tuple[int | None, int]]:
    return {at: (row[0], row[-1]) for at, row in after.items() if before.get(at) != row}


def revisions_rise_only_with_a_value(before: Figures, after: Figures) -> None:
    for at, row in after.items():
        if at not in before:
            assert row[-1] == 1
        elif row[:-1] == before[at][:-1]:
            assert row[-1] == before[at][-1]
        else:
            assert row[-1] == before[at][-1] + 1
    assert before.keys() <= after.keys()


async def _store_and_compare(worker: Worker, point: int, items: list[Message]) -> None:
    before = await shown(worker, point)
    heard = told(await worker.store(items))
    after = await shown(worker, point)
    assert heard == Told(changed(before.hours, after.hours), changed(before.days, after.days))
    revisions_rise_only_with_a_value(before.hours, after.hours)
    revisions_rise_only_with_a_value(before.days, after.days)
    again = told(await worker.again(items))
    later = await _told_later(worker, point)
    assert heard.hours.items() <= again.hours.items() | later.hours.items()
    assert heard.days.items() <= again.days.items() | later.days.items()


async def _told_later(worker: Worker, point: int) -> Told:
    """What is told of by whoever tells of changes that a batch noted."""
    later = Told({}, {})
    async with worker.database.transaction() as tx:
        for from_s, to_s in await (await tx.execute(_NOTED, [point])).fetchall():
            span = np.array([point]), np.array([from_s]), np.array([to_s])
            one = told(await worker.handlers.as_they_stand(tx, *span, ""))
            later = Told(later.hours | one.hours, later.days | one.days)
    return later


@st.composite
def _played(draw: st.DrawFn) -> tuple[History, Course]:
    history = draw(histories())
    return history, draw(courses(len(history.rows)))


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(drawn=_played())
def test_what_is_told_is_what_changed_and_is_told_again_in_full_after_a_crash(
    stack: Stack, drawn: tuple[History, Course]
) -> None:
    history, course = drawn
    (point,) = Points(stack).add(1, MAXIMUM_KW)
    played = Played(point, history)
    name_meters(stack, [played])
    register(stack, [played])

    async def play() -> None:
        database = Database(stack.dsn("ingest"), 1, 3)
        await database.open()
        try:
            worker = Worker(database)
            for indexes in course.deliveries:
                await _store_and_compare(worker, point, messages(worker, played.rows(indexes)))
        finally:
            await database.close()

    asyncio.run(play())


def reading(point_id: int, hours: float, energy_wh: int, **more: Any) -> Row:
    return {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hours * HOUR_S, "energy_wh": energy_wh} | more


async def test_readings_that_come_again_are_told_of_by_no_new_revision(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    rows = [reading(point, hour, 100 * hour) for hour in range(50)]
    await worker.take(rows)
    before = await shown(worker, point)
    assert told(await worker.take(rows)) == Told({}, {})
    assert await shown(worker, point) == before


async def test_a_day_is_told_of_once_it_is_whole_and_not_hour_by_hour(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    days = [told(await worker.take([reading(point, hour, 100 * hour)])).days for hour in range(26)]
    assert [hour for hour, heard in enumerate(days) if heard] == [24]
    assert days[24] == {date(2024, 1, 10): (2_400, 1)}


async def test_a_day_whose_register_alone_moved_is_not_told_of_again(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    points.install(f"rolls-{point}", point, MIDNIGHT_S, modulus_wh=1_000_000)
    # The first two readings come last: what rolled over before the others moves their registers, not their energy.
    await worker.take([reading(point, hour, 1_000 * hour) for hour in range(2, 200)])
    heard = told(await worker.take([reading(point, 0, 999_000), reading(point, 1, 0)]))
    assert set(heard.days) == {date(2024, 1, 10)}
    registers = points.rows("SELECT register_wh, revision FROM ingest.day WHERE point_id = %s ORDER BY day", [point])
    # Whole days end at 24:00, 48:00, ..., with the register over its rollover.
    assert registers == [(1_024_000, 2), *((1_000_000 + 24_000 * day, 1) for day in range(2, 9))]


async def test_an_hour_that_is_no_longer_known_is_told_of_without_energy(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, 100 * hour) for hour in range(3)])
    row = reading(point, 2, 200, recorded_at=MIDNIGHT_S + 9 * HOUR_S, withdrawn=True)
    heard = told(await worker.take([row]))
    assert list(heard.hours.values()) == [(None, 2)]


async def test_a_change_that_reaches_far_is_noted_to_be_told_of_though_a_crash_lost_it(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    # A register that seems to have fallen by a lone reading before it: hundreds of readings wait for its withdrawal.
    await worker.take([reading(point, hour, 50_000_000 + 1_000 * hour) for hour in range(30)])
    await worker.take([reading(point, hour, 1_000 * hour) for hour in range(30, 400)])
    items = messages(
        worker,
        [
            reading(point, hour, 0, recorded_at=MIDNIGHT_S + 500 * HOUR_S, withdrawn=True, rank=0, meter=None)
            for hour in range(30)
        ],
    )
    await _store_and_compare(worker, point, items)
    assert points.rows("SELECT count(*) FROM ingest.hour WHERE point_id = %s AND energy_wh IS NOT NULL", [point]) == [
        (369,)
    ]


def in_order(messages: Sequence[Outgoing]) -> dict[tuple[str, int | None], list[dict[str, Any]]]:
    """Lay out what each partition is told, row by row."""
    found: dict[tuple[str, int | None], list[dict[str, Any]]] = {}
    for message in messages:
        assert message.value is not None
        rows = found.setdefault((message.topic, message.partition), [])
        rows += pa.ipc.open_stream(message.value).read_all().to_pylist()
    return found


async def test_a_batch_that_comes_again_is_read_in_shares_and_told_as_the_first_time(
    worker: Worker, points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.core.shares.HOURS_AT_ONCE", 50)
    read: list[int] = []
    hours = stored_points.hours

    async def counted(tx: Transaction, *spans: Int64) -> StoredHours:
        found = await hours(tx, *spans)
        read.append(len(found.revision))
        return found

    ids = points.add(5)
    items = [worker.message(batch([reading(point, hour, hour * 100) for point in ids for hour in (0, 24)]))]
    first = await worker.store(items)
    monkeypatch.setattr(stored_points, "hours", counted)
    again = await worker.again(items)
    assert read == [48, 48, 24]
    assert in_order(again) == in_order(first)
    assert sum(len(rows) for (topic, _), rows in in_order(again).items() if topic == HOURLY_POWER.name) == 5 * 24
