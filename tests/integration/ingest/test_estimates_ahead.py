"""Estimates ahead leave no trace once something is read, and until then they are figures like others."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from deploy.local.stack import Stack
from services.ingest.core.readings import ESTIMATE_RANK
from services.ingest.rebuild import Compared, Rebuild
from tests.builders import HOUR_S, MIDNIGHT_S, Points, batch
from tests.integration.ingest.conftest import STOCKHOLM, Worker
from tests.integration.ingest.tables import Tables, tables

DAY_S = 24 * HOUR_S
SILENT_FROM_S = MIDNIGHT_S + 3 * DAY_S
BACK_AT_S = SILENT_FROM_S + 31 * DAY_S + HOUR_S
READ = {MIDNIGHT_S + hour * HOUR_S: 1_000 * hour for hour in range(3 * 24 + 1)}
"""Three days, after which the meter is silent."""
EACH_DAY = {SILENT_FROM_S + day * DAY_S: READ[SILENT_FROM_S] + 30_000 * day for day in range(1, 32)}
"""An estimate for each midnight, more of them than one judging looks back."""


async def take(worker: Worker, point_id: int, registers: Mapping[int, int], rank: int = 0) -> None:
    rows = [
        {
            "metering_point": f"MP-{point_id}",
            "read_at": at_s,
            "recorded_at": at_s,
            "energy_wh": wh,
            "volume_l": wh // 40,
        }
        for at_s, wh in registers.items()
    ]
    await worker.store([replace(worker.message(batch(rows)), rank=rank)])


async def differences(worker: Worker, point_id: int) -> tuple[object, ...]:
    told: list[Compared] = []
    return (
        await Rebuild(worker.database, worker.handlers, STOCKHOLM, 10_000).compare([point_id], told.append)
    ).differences


def figures(found: Tables) -> tuple[object, ...]:
    return found.hour, found.day, found.state, found.flag


@pytest.mark.parametrize("back_wh", [200_000, 5_000_000], ids=["below the estimates", "above them"])
async def test_a_meter_that_comes_back_finds_no_trace_of_a_month_of_estimates(
    stack: Stack, points: Points, worker: Worker, back_wh: int
) -> None:
    with_estimates, without = points.add(2)
    back = {BACK_AT_S: back_wh, BACK_AT_S + HOUR_S: back_wh + 1_000}
    for point_id in (with_estimates, without):
        await take(worker, point_id, READ)
    await take(worker, with_estimates, EACH_DAY, ESTIMATE_RANK)
    assert len(tables(stack, with_estimates).days()) == 3 + 31
    for at_s, wh in back.items():
        await take(worker, with_estimates, {at_s: wh})
        await take(worker, without, {at_s: wh})
    found = tables(stack, with_estimates)
    assert figures(found) == figures(tables(stack, without))
    assert {row[12] for row in found.reading if row[3] == ESTIMATE_RANK} == {5}
    assert await differences(worker, with_estimates) == ()


async def test_days_that_are_estimated_ahead_have_registers_and_are_not_measured(
    stack: Stack, points: Points, worker: Worker
) -> None:
    [point_id] = points.add()
    await take(worker, point_id, READ)
    await take(worker, point_id, EACH_DAY, ESTIMATE_RANK)
    days = list(tables(stack, point_id).days().values())
    assert [day.energy_wh for day in days] == [24_000] * 3 + [30_000] * 31
    assert [day.is_measured for day in days] == [True] * 3 + [False] * 31
    assert days[-1].register_wh == 72_000 + 31 * 30_000
    assert await differences(worker, point_id) == ()


async def test_what_is_read_before_an_estimate_leaves_it_where_it_goes_on_from_that(
    stack: Stack, points: Points, worker: Worker
) -> None:
    [point_id] = points.add(1, maximum_kw=50)
    await take(worker, point_id, READ)
    await take(worker, point_id, {SILENT_FROM_S + 2 * DAY_S: 132_000}, ESTIMATE_RANK)
    await take(worker, point_id, {SILENT_FROM_S + DAY_S: 90_000})
    days = list(tables(stack, point_id).days().values())
    assert [day.energy_wh for day in days[3:]] == [18_000, 42_000]
    await take(worker, point_id, {SILENT_FROM_S + 2 * DAY_S - HOUR_S: 140_000})
    assert len(tables(stack, point_id).days()) == 4
    assert await differences(worker, point_id) == ()


async def test_an_estimate_stands_again_once_what_overtook_it_is_withdrawn(
    stack: Stack, points: Points, worker: Worker
) -> None:
    [point_id] = points.add()
    await take(worker, point_id, READ)
    await take(worker, point_id, {SILENT_FROM_S + DAY_S: 96_000}, ESTIMATE_RANK)
    before = tables(stack, point_id)
    back = {"metering_point": f"MP-{point_id}", "read_at": BACK_AT_S, "recorded_at": BACK_AT_S, "energy_wh": 80_000}
    await worker.take([back])
    assert tables(stack, point_id).hour != before.hour
    await worker.take([back | {"withdrawn": True}])
    after = tables(stack, point_id)
    assert (after.hour, after.day) == (before.hour, before.day)


async def test_a_point_that_is_estimated_ahead_was_read_no_later_for_that(
    stack: Stack, points: Points, worker: Worker
) -> None:
    [point_id] = points.add()
    await take(worker, point_id, READ)
    await take(worker, point_id, {SILENT_FROM_S + DAY_S: 96_000}, ESTIMATE_RANK)
    newest_s, accepted_s, *_ = tables(stack, point_id).state[0]
    assert (newest_s, accepted_s) == (SILENT_FROM_S, SILENT_FROM_S + DAY_S)


async def test_an_estimate_that_nothing_is_read_before_counts_from_the_first_reading_on(
    stack: Stack, points: Points, worker: Worker
) -> None:
    [point_id] = points.add()
    await take(worker, point_id, {SILENT_FROM_S + DAY_S: 96_000}, ESTIMATE_RANK)
    assert tables(stack, point_id).hour == []
    await take(worker, point_id, {SILENT_FROM_S: 72_000})
    assert [day.energy_wh for day in tables(stack, point_id).days().values()] == [24_000]
    assert await differences(worker, point_id) == ()
