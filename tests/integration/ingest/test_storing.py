"""From readings to hours and days in the tables: the laws, and the cases by hand."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from services.common.postgres import Database
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest.conftest import Worker

HOURS = """
    SELECT extract(epoch FROM starts_at)::bigint - %s, energy_wh, volume_l, supply_centi_c, return_centi_c,
           start_quality, end_quality
      FROM ingest.hour WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY starts_at
"""
DAYS = """
    SELECT day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured, volume_l,
           forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c, energy_with_return_wh, register_wh,
           register_l, quality
      FROM ingest.day WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY day
"""
VERDICTS = """
    SELECT read_at, recorded_at, energy_wh, withdrawn, verdict FROM ingest.reading
     WHERE point_id = %s ORDER BY read_at, content_hash
"""
STATE = """
    SELECT newest_s, accepted_s, accepted_wh, accepted_l, mark_s, mark_wh, mark_l, mark_quality, offset_wh, offset_l,
           has_open_samples
      FROM ingest.point_state WHERE point_id = %s
"""


def reading(point_id: int, hours: float, energy_wh: int, **more: Any) -> dict[str, Any]:
    return {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hours * HOUR_S, "energy_wh": energy_wh} | more


async def test_a_register_read_on_the_hour_gives_the_hours_between(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0, 1000), reading(point, 1, 1007), reading(point, 2, 1010)])
    assert [row[:2] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [(0, 7), (3600, 3)]


async def test_a_register_read_between_hours_is_interpolated_and_conserved(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0.5, 0), reading(point, 1.5, 100), reading(point, 2.5, 400)])
    # At 1:00 half of the first 100 Wh, at 2:00 half of the next 300 on top.
    assert [row[:2] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [(3600, 200)]


async def test_a_whole_day_is_summed_with_its_register_at_its_end(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, 5000 + hour * 10) for hour in range(26)])
    assert points.rows(
        "SELECT day, energy_wh, hours_expected, register_wh FROM ingest.day WHERE point_id = %s", [point]
    ) == [(date(2024, 1, 10), 240, 24, 5240)]


async def test_days_have_23_and_25_hours_when_the_clock_changes(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    start = int(datetime(2024, 3, 29, 23, tzinfo=UTC).timestamp())
    end = int(datetime(2024, 10, 28, 23, tzinfo=UTC).timestamp())
    rows = [
        {"metering_point": f"MP-{point}", "read_at": at, "energy_wh": (at - start) // 36}
        for at in range(start, end + 1, HOUR_S)
    ]
    for first in range(0, len(rows), 1000):
        await worker.take(rows[first : first + 1000])
    lengths = dict(
        points.rows("SELECT day, hours_present FROM ingest.day WHERE point_id = %s AND hours_present <> 24", [point])
    )
    assert lengths == {date(2024, 3, 31): 23, date(2024, 10, 27): 25}


async def test_one_spike_is_refused_and_the_good_readings_after_it_count(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0, 1000)])
    await worker.take([reading(point, 1, 900_000_000)])
    await worker.take([reading(point, hour, 1000 + hour) for hour in range(2, 30)])
    assert points.rows("SELECT energy_wh FROM ingest.reading WHERE point_id = %s AND verdict = 11", [point]) == [
        (900_000_000,)
    ]
    assert sum(row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])) == 29


async def test_a_late_reading_recomputes_only_its_own_hours(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, hour, hour * 100) for hour in range(100) if hour != 50])
    await worker.take([reading(point, 50, 50 * 100 - 30)])
    changed = points.rows(
        "SELECT (extract(epoch FROM starts_at)::bigint - %s) / 3600, energy_wh FROM ingest.hour"
        " WHERE point_id = %s AND revision > 1 ORDER BY 1",
        [MIDNIGHT_S, point],
    )
    assert changed == [(49, 70), (50, 130)]


async def test_the_same_readings_again_change_nothing(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    rows = [reading(point, hour, hour * 100) for hour in range(60)]
    await worker.take(rows)
    told = await worker.take(rows)
    assert told == []
    assert points.rows("SELECT count(*), max(revision) FROM ingest.hour WHERE point_id = %s", [point]) == [(59, 1)]
    assert points.rows("SELECT count(*) FROM ingest.reading WHERE point_id = %s", [point]) == [(60,)]


async def test_a_resent_old_value_does_not_undo_a_correction(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    old = reading(point, 1, 150, recorded_at=MIDNIGHT_S + HOUR_S)
    await worker.take([reading(point, 0, 0), old, reading(point, 2, 200)])
    await worker.take([reading(point, 1, 110, recorded_at=MIDNIGHT_S + 9 * HOUR_S)])
    await worker.take([old])
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [110, 90]


async def test_a_withdrawn_reading_leaves_its_hours_to_its_neighbours(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0, 0), reading(point, 1, 150), reading(point, 2, 200)])
    await worker.take([reading(point, 1, 150, recorded_at=MIDNIGHT_S + 9 * HOUR_S, withdrawn=True)])
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [100, 100]


async def test_withdrawing_the_newest_reading_leaves_its_hours_unknown(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0, 0), reading(point, 1, 150), reading(point, 2, 200)])
    await worker.take([reading(point, 2, 200, recorded_at=MIDNIGHT_S + 9 * HOUR_S, withdrawn=True)])
    assert points.rows(
        "SELECT energy_wh, start_quality, revision FROM ingest.hour WHERE point_id = %s ORDER BY starts_at", [point]
    ) == [(150, 1, 1), (None, 0, 2)]


async def test_energy_is_conserved_across_a_meter_exchange(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    exchange = MIDNIGHT_S + 2 * HOUR_S + 1800
    points.install(f"old-{point}", point, MIDNIGHT_S, exchange, stop_wh=2600)
    points.install(f"new-{point}", point, exchange, start_wh=5)
    await worker.take([reading(point, hour, hour * 1000) for hour in range(3)])
    await worker.take([reading(point, hour, 5 + int((hour - 2.5) * 1000)) for hour in (3, 4)])
    # 2000 -> 2600 on the old meter, 5 -> 505 on the new one by 3:00.
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [1000, 1000, 1100, 1000]


async def test_a_rollover_between_the_last_reading_and_the_exchange_is_counted(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    exchange = MIDNIGHT_S + HOUR_S + 1800
    points.install(f"old-{point}", point, MIDNIGHT_S, exchange, stop_wh=400, modulus_wh=100_000)
    points.install(f"new-{point}", point, exchange, start_wh=99_900, modulus_wh=100_000)
    await worker.take([reading(point, 0, 98_900), reading(point, 1, 99_900), reading(point, 2, 400)])
    # 99,900 over the top to 400 on the old meter, and the same on the new one.
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [1000, 1000]


async def test_an_exchange_of_which_nothing_was_noted_leaves_its_hour_and_day_estimated(
    worker: Worker, points: Points
) -> None:
    noted, unnoted = points.add(2)
    exchange = MIDNIGHT_S + 6 * HOUR_S
    for point, registers in ((noted, {"stop_wh": 6_000}), (unnoted, {})):
        points.install(f"old-{point}", point, MIDNIGHT_S, exchange, **registers)
        points.install(f"new-{point}", point, exchange, start_wh=0)
        await worker.take([reading(point, hour, hour * 1000) for hour in range(6)])
        await worker.take([reading(point, hour, (hour - 6) * 1000) for hour in range(6, 25)])
    measured, estimated = (1, 1), (1, 3)
    for point, at_the_exchange, wh, is_measured in ((noted, measured, 1000, True), (unnoted, estimated, 0, False)):
        hours = [(row[1], row[5:7]) for row in points.rows(HOURS, [MIDNIGHT_S, point])]
        assert hours == [(1000, measured)] * 5 + [(wh, at_the_exchange)] + [(1000, measured)] * 18
        ((_, energy_wh, highest_wh, _, _, hours_measured, day_is_measured, *_),) = points.rows(DAYS, [point])
        assert (energy_wh, highest_wh, day_is_measured) == (23_000 + wh, 1000, is_measured)
        assert hours_measured == 23 + is_measured


async def test_what_was_noted_too_low_at_an_exchange_counts_as_nothing(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    exchange = MIDNIGHT_S + HOUR_S + 1800
    points.install(f"old-{point}", point, MIDNIGHT_S, exchange, stop_wh=59_000, modulus_wh=100_000)
    points.install(f"new-{point}", point, exchange, start_wh=0)
    await worker.take([reading(point, 0, 59_000), reading(point, 1, 60_000), reading(point, 2, 500)])
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [1000, 500]


async def test_a_meter_that_was_never_read_counts_by_what_was_noted_of_it(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    first, second = MIDNIGHT_S + HOUR_S + 600, MIDNIGHT_S + HOUR_S + 1800
    points.install(f"old-{point}", point, MIDNIGHT_S, first, stop_wh=1_100)
    points.install(f"unread-{point}", point, first, second, start_wh=7, stop_wh=207)
    points.install(f"new-{point}", point, second, start_wh=5)
    await worker.take([reading(point, 0, 0), reading(point, 1, 1_000), reading(point, 2, 505)])
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [1000, 100 + 200 + 500]


async def test_the_old_meter_s_reading_at_the_exchange_does_not_stand_for_the_new_one_s(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    exchange = MIDNIGHT_S + 2 * HOUR_S
    points.install(f"was-{point}", point, MIDNIGHT_S, exchange, stop_wh=2000)
    points.install(f"is-{point}", point, exchange, start_wh=5)
    old = [reading(point, hour, hour * 1000, serial=f"was-{point}") for hour in (0, 1)]
    new = [reading(point, hour, 5 + (hour - 2) * 1000, serial=f"is-{point}") for hour in (2, 3)]
    # Recorded later, so that as a version of the same reading it would win.
    last = reading(point, 2, 2000, serial=f"was-{point}", recorded_at=exchange + HOUR_S)
    await worker.take([*old, *new, last])
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [1000, 1000, 1000]


async def test_a_register_that_rolls_over_goes_on_counting(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    points.install(f"roll-{point}", point, MIDNIGHT_S, modulus_wh=100_000)
    await worker.take([reading(point, 0, 99_000), reading(point, 1, 99_900), reading(point, 2, 700)])
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [900, 800]


async def test_a_batch_of_many_hours_is_stored_in_shares_as_if_at_once(
    worker: Worker, points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.core.shares.HOURS_AT_ONCE", 30)
    ids = points.add(3)
    told = await worker.take([reading(point, hour, hour * 1000) for point in ids for hour in (0, 24)])
    for point in ids:
        assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])] == [1000] * 24
    assert {message.topic for message in told} == {"hourly-power", "daily-power"}


async def test_hours_too_many_to_be_told_of_at_once_are_noted_to_be_told_of(
    worker: Worker, points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.handlers.HOURS_TOLD_AT_ONCE", 30)
    ids = points.add(3)
    told = await worker.take([reading(point, hour, hour * 1000) for point in ids for hour in (0, 24)])
    assert told == []
    noted = "SELECT point_id, changed_from <= to_timestamp(%s), changed_to FROM ingest.rejudge WHERE point_id = ANY(%s)"
    end = datetime.fromtimestamp(MIDNIGHT_S + 24 * HOUR_S, UTC)
    assert sorted(points.rows(noted, [MIDNIGHT_S, ids])) == [(point, True, end) for point in ids]
    points.rows("DELETE FROM ingest.rejudge WHERE point_id = ANY(%s) RETURNING 1", [ids])


async def test_readings_of_an_unknown_meter_are_held_with_their_reason(worker: Worker, points: Points) -> None:
    await worker.take([{"serial": "nobody-knows", "read_at": MIDNIGHT_S, "energy_wh": 1}])
    assert points.rows("SELECT reason FROM ingest.held_reading WHERE serial = 'nobody-knows'") == [("unknown_meter",)]


async def test_hours_take_their_temperatures_from_the_meters_own_integrals(worker: Worker, points: Points) -> None:
    (point,) = points.add()
    await worker.take(
        [
            reading(point, 0, 0, volume_l=1000, forward_lc=70_000, return_lc=30_000),
            reading(point, 1, 4000, volume_l=1100, forward_lc=77_250, return_lc=33_300),
        ]
    )
    assert points.rows(HOURS, [MIDNIGHT_S, point]) == [(0, 4000, 100, 7250, 3300, 1, 1)]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    rises=st.lists(st.integers(0, 4000), min_size=30, max_size=120),
    minutes=st.integers(0, 59),
    pieces=st.integers(1, 40),
)
def test_readings_that_come_one_after_the_other_give_what_they_give_at_once(
    stack: Stack, rises: list[int], minutes: int, pieces: int
) -> None:
    points = Points(stack)
    at_once, by_and_by = points.add(2)
    registers = [sum(rises[: index + 1]) for index in range(len(rises))]

    def rows(point: int) -> list[dict[str, Any]]:
        return [
            reading(point, hour + minutes / 60, wh, volume_l=wh // 40, return_lc=wh, forward_lc=2 * wh)
            for hour, wh in enumerate(registers)
        ]

    async def play() -> None:
        database = Database(stack.dsn("ingest"), 1, 3)
        await database.open()
        try:
            worker = Worker(database)
            await worker.take(rows(at_once))
            later = rows(by_and_by)
            for start in range(0, len(later), pieces):
                await worker.take(later[start : start + pieces])
        finally:
            await database.close()

    asyncio.run(play())
    for query, parameters in ((HOURS, [MIDNIGHT_S]), (DAYS, []), (VERDICTS, []), (STATE, [])):
        assert points.rows(query, [*parameters, by_and_by]) == points.rows(query, [*parameters, at_once])
    marks = len(registers) - 1 if minutes == 0 else len(registers) - 2
    assert len(points.rows(HOURS, [MIDNIGHT_S, at_once])) == marks


@pytest.mark.parametrize("energy_wh", [10**15 + 1, -1])
async def test_a_register_no_meter_can_show_is_held(worker: Worker, points: Points, energy_wh: int) -> None:
    (point,) = points.add()
    await worker.take([reading(point, 0, energy_wh), reading(point, 1, 5)])
    assert points.rows("SELECT count(*) FROM ingest.held_reading WHERE number = %s", [f"MP-{point}"]) == [(1,)]
    assert points.rows("SELECT count(*) FROM ingest.reading WHERE point_id = %s", [point]) == [(1,)]
