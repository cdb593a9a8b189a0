"""The rules of readings that the domain states, one by one, from what was sent to what is stored."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from services.ingest import metering
from services.ingest.core.documents import Installation, Meter
from services.ingest.store.points import Touched, lock
from tests.builders import HOUR_S, MIDNIGHT_S, Points, batch
from tests.integration.ingest.conftest import Worker

ENERGY = """
    SELECT (extract(epoch FROM starts_at)::bigint - %s) / 3600, energy_wh FROM ingest.hour
     WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY starts_at
"""
VERDICTS = "SELECT verdict, count(*) FROM ingest.reading WHERE point_id = %s GROUP BY verdict ORDER BY verdict"
ACCEPTED, SUPERSEDED, WITHDRAWN, WENT_BACKWARDS, NOT_INSTALLED, EXCHANGED = 1, 2, 3, 10, 13, 16
LATER = MIDNIGHT_S + 900 * HOUR_S


def reading(point_id: int, hours: float, energy_wh: int, **more: Any) -> dict[str, Any]:
    return {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hours * HOUR_S, "energy_wh": energy_wh} | more


def energies(points: Points, point: int) -> dict[int, int]:
    return dict(points.rows(ENERGY, [MIDNIGHT_S, point]))


async def test_an_hour_s_energy_is_the_register_s_rise_whatever_power_was_sampled(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, hour * 700, power_w=9_000.0 * hour) for hour in range(3)])
    assert energies(points, point) == {0: 700, 1: 700}


async def test_a_sample_that_makes_no_sense_costs_no_register(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    noise = {"flow_l_per_h": -30.0, "power_w": float("nan"), "supply_c": -39.9, "return_c": 327.67}
    await worker.take([reading(point, hour, hour * 700, **noise) for hour in range(3)])
    assert energies(points, point) == {0: 700, 1: 700}
    temperatures = "SELECT DISTINCT supply_centi_c, return_centi_c FROM ingest.hour WHERE point_id = %s"
    assert points.rows(temperatures, [point]) == [(None, None)]


async def test_a_volume_that_the_meter_did_not_give_costs_no_energy(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    litres = [100, 110, 16_777_215, 130, 4_294_967_295]
    await worker.take([reading(point, hour, hour * 700, volume_l=volume) for hour, volume in enumerate(litres)])
    assert energies(points, point) == {0: 700, 1: 700, 2: 700, 3: 700}
    volumes = "SELECT volume_l FROM ingest.hour WHERE point_id = %s ORDER BY starts_at"
    assert points.rows(volumes, [point]) == [(10,), (10,), (10,), (None,)]


async def test_volumes_that_are_missing_for_a_month_are_not_guessed(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    days = 32
    litres: list[int | None] = [100, *[None] * (days - 1), 3300, 3400]
    await worker.take([reading(point, 24 * day, day * 700, volume_l=volume) for day, volume in enumerate(litres)])
    volumes = "SELECT sum(volume_l), count(volume_l) FROM ingest.hour WHERE point_id = %s"
    assert points.rows(volumes, [point]) == [(100, 24)]


async def test_a_volume_register_rolls_over_while_its_readings_lack_it(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    points.install(f"rolls-{point}", point, 0, modulus_l=1_000)
    litres = [900, 950, None, None, 50, 60]
    await worker.take([reading(point, hour, hour * 700, volume_l=volume) for hour, volume in enumerate(litres)])
    volumes = "SELECT volume_l FROM ingest.hour WHERE point_id = %s ORDER BY starts_at"
    assert points.rows(volumes, [point]) == [(50,), (33,), (34,), (33,), (10,)]


async def test_readings_that_were_there_before_are_counted_as_duplicates(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    rows = [reading(point, hour, hour * 700) for hour in range(5)]
    first, second = uuid4(), uuid4()
    await worker.store([replace(worker.message(batch([*rows, rows[2]])), delivery_id=first)])
    await worker.store([replace(worker.message(batch([*rows, reading(point, 5, 3_500)])), delivery_id=second)])
    assert _results(points, first) == {"accepted": 5, "duplicate": 1}
    assert _results(points, second) == {"accepted": 1, "duplicate": 5}


def _results(points: Points, delivery_id: UUID) -> dict[str, int]:
    names = {1: "accepted", 4: "duplicate"}
    found = points.rows("SELECT verdict, readings FROM ingest.delivery_result WHERE delivery_id = %s", [delivery_id])
    return {names[verdict]: count for verdict, count in found}


async def test_of_two_sources_at_one_instant_the_higher_rank_counts(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0, 0), reading(point, 2, 2_000)])
    await worker.store([replace(worker.message(batch([reading(point, 1, 900)])), rank=50)])
    await worker.take([reading(point, 1, 1_100, recorded_at=LATER)])
    assert energies(points, point) == {0: 900, 1: 1_100}


async def test_a_refused_correction_stays_refused_whatever_comes_late_behind_it(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    midnight = 4 * 24
    await worker.take([reading(point, hour, 90_000 + 1_000 * hour, volume_l=hour) for hour in range(180)])
    await worker.store([replace(worker.message(batch([reading(point, midnight, 5_000, volume_l=1)])), rank=50)])
    refused = points.rows(VERDICTS, [point])
    assert refused == [(ACCEPTED, 180), (WENT_BACKWARDS, 1)]
    # What is judged again for some of these begins at the very instant that was corrected.
    for late, hour in enumerate(range(midnight + 2, midnight + 52, 3), 1):
        await worker.take([reading(point, hour + 0.5, 90_500 + 1_000 * hour, volume_l=hour)])
        assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 180 + late), (WENT_BACKWARDS, 1)]
    assert set(energies(points, point).values()) == {1_000}


async def test_what_stands_between_zeros_is_judged_again_once_they_are_no_outage(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    shown = dict.fromkeys(range(41), (0, 0)) | dict.fromkeys((10, 11), (92_311, 75_784))
    await worker.take([reading(point, 24 * day, wh, volume_l=litres) for day, (wh, litres) in shown.items()])
    outage_zero = 15
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 12), (outage_zero, 29)]
    # A meter that counts on from zero, six weeks later, was never without power.
    await worker.take([reading(point, 24 * day, 0, volume_l=3_780 * (day - 40)) for day in (41, 42)])
    above_maximum = 11
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 41), (above_maximum, 2)]


async def test_withdrawing_the_oldest_reading_takes_its_hours_and_no_other(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, hour * 700) for hour in range(50)])
    await worker.take([reading(point, 0, 0, recorded_at=LATER, withdrawn=True)])
    assert energies(points, point) == dict.fromkeys(range(1, 49), 700)
    days = "SELECT day, hours_present, is_measured FROM ingest.day WHERE point_id = %s ORDER BY day"
    assert points.rows(days, [point]) == [(date(2024, 1, 10), 23, False), (date(2024, 1, 11), 24, True)]


async def test_withdrawing_the_only_reading_leaves_nothing_and_a_new_one_starts_anew(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0, 5_000)])
    await worker.take([reading(point, 0, 5_000, recorded_at=LATER, withdrawn=True)])
    assert points.rows(VERDICTS, [point]) == [(SUPERSEDED, 1), (WITHDRAWN, 1)]
    await worker.take([reading(point, 1, 100), reading(point, 2, 300)])
    assert energies(points, point) == {1: 200}


async def test_a_correction_lets_readings_count_that_were_refused_for_it(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    # The first register was typed with a digit too many, and nothing behind it contradicts itself.
    await worker.take([reading(point, hour, 50_000_000 + hour * 700) for hour in range(30)])
    await worker.take([reading(point, hour, 5_000_000 + hour * 700) for hour in range(30, 100)])
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 30), (WENT_BACKWARDS, 49), (EXCHANGED, 21)]
    await worker.take([reading(point, hour, 5_000_000 + hour * 700, recorded_at=LATER) for hour in range(30)])
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 100), (SUPERSEDED, 30)]
    assert energies(points, point) == dict.fromkeys(range(99), 700)


async def test_a_meter_exchange_that_is_registered_late_frees_the_new_meter_s_readings(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, 900_000 + hour * 700) for hour in range(40)])
    await worker.take([reading(point, hour, (hour - 40) * 700) for hour in range(40, 140)])
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 40), (WENT_BACKWARDS, 49), (EXCHANGED, 51)]
    exchange = MIDNIGHT_S + 40 * HOUR_S
    points.install(f"first-{point}", point, MIDNIGHT_S, exchange, stop_wh=928_000)
    points.install(f"second-{point}", point, exchange, start_wh=0)
    touched = Touched(*(np.array([one]) for one in (point, MIDNIGHT_S, MIDNIGHT_S + 140 * HOUR_S)))
    async with worker.database.transaction() as tx:
        await worker.handlers.rejudge(tx, touched)
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 140)]
    # From 927,300 to 928,000 on the old meter, nothing yet on the new one.
    assert energies(points, point) == dict.fromkeys(range(139), 700)


async def test_a_change_of_meters_waits_for_who_judges_by_the_old_ones_and_is_judged_after_it(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, 900_000 + hour * 700) for hour in range(40)])
    await worker.take([reading(point, hour, (hour - 40) * 700) for hour in range(40, 80)])
    exchanged_at = datetime.fromtimestamp(MIDNIGHT_S + 40 * HOUR_S, UTC)

    async def rejudge(first_s: int, last_s: int) -> None:
        async with worker.database.transaction() as tx:
            await worker.handlers.rejudge(tx, Touched(*(np.array([one]) for one in (point, first_s, last_s))))

    async def put(serial: str, from_at: datetime, to_at: datetime | None) -> None:
        place = Installation(metering_point=f"MP-{point}", installed_at=from_at, removed_at=to_at)
        async with worker.database.transaction() as tx:
            await metering.put_meter(tx, serial, Meter(installations=(place,)))

    async with worker.database.transaction() as other:
        await lock(other, np.array([point]))
        judging = asyncio.create_task(rejudge(MIDNIGHT_S, MIDNIGHT_S + 80 * HOUR_S))
        await waiting(points, 1)
        putting = asyncio.create_task(put(f"one-{point}", exchanged_at - timedelta(hours=40), exchanged_at))
        await waiting(points, 2)
    await asyncio.gather(judging, putting)
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 40), (WENT_BACKWARDS, 40)]

    await put(f"two-{point}", exchanged_at, None)
    await rejudge(MIDNIGHT_S, MIDNIGHT_S + 80 * HOUR_S)
    assert points.rows(VERDICTS, [point]) == [(ACCEPTED, 80)]
    asked = "SELECT extract(epoch FROM from_at)::bigint FROM ingest.rejudge WHERE point_id = %s ORDER BY from_at"
    assert points.rows(asked, [point]) == [(MIDNIGHT_S,), (MIDNIGHT_S + 40 * HOUR_S,)]


async def waiting(points: Points, count: int) -> None:
    """Wait until so many transactions wait for a lock that another has."""
    while len(points.rows("SELECT 1 FROM pg_locks WHERE NOT granted")) < count:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)


async def test_judging_again_where_nothing_was_read_changes_nothing(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    points.install(f"early-{point}", point, MIDNIGHT_S)
    touched = Touched(*(np.array([one]) for one in (point, MIDNIGHT_S, MIDNIGHT_S + HOUR_S)))
    async with worker.database.transaction() as tx:
        changes = await worker.handlers.rejudge(tx, touched)
    assert len(changes.hours.owner) == len(changes.days.owner) == 0


async def test_an_older_meter_s_history_moves_the_registers_of_all_later_days(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    begins = MIDNIGHT_S + 48 * HOUR_S
    points.install(f"older-{point}", point, MIDNIGHT_S, begins, stop_wh=533_600)
    points.install(f"newer-{point}", point, begins, start_wh=0)
    await worker.take([reading(point, hour, (hour - 48) * 700) for hour in range(48, 500)])
    registers = "SELECT register_wh FROM ingest.day WHERE point_id = %s ORDER BY day"
    assert points.rows(registers, [point])[0] == (24 * 700,)
    await worker.take([reading(point, hour, 500_000 + hour * 700) for hour in range(48)])
    assert points.rows(registers, [point]) == [(500_000 + 24 * 700 * day,) for day in range(1, 21)]


async def test_a_reading_within_a_gap_of_months_bends_the_line_through_it_and_no_other(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    end = 24 * 90
    await worker.take([reading(point, hour, hour * 100) for hour in (0, 1, end, end + 1)])
    await worker.take([reading(point, 24 * 45, 24 * 45 * 50)])
    found = energies(points, point)
    # 50 Wh an hour up to the new reading, and what is missing behind it.
    assert sum(found.values()) == (end + 1) * 100
    assert sum(found[hour] for hour in range(24 * 45)) == 24 * 45 * 50
    assert (found[0], found[end]) == (100, 100)
    qualities = "SELECT start_quality, end_quality, count(*) FROM ingest.hour WHERE point_id = %s GROUP BY 1, 2"
    assert sorted(points.rows(qualities, [point])) == [(1, 1, 2), (1, 3, 2), (3, 1, 2), (3, 3, end - 5)]
