"""Every stored figure can be led back to what it rests on, and follows from it once more."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from services.common.postgres import Database
from services.ingest import explaining
from services.ingest.explaining_api import hour_named
from services.ingest.store import explained
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest import test_estimation as estimation
from tests.integration.ingest.conftest import STOCKHOLM, Worker
from tests.integration.ingest.histories import MAXIMUM_KW, History, histories
from tests.integration.ingest.played import Played, messages, name_meters, register

DAY = date(2024, 1, 10)


def at(hour: float) -> datetime:
    return datetime.fromtimestamp(MIDNIGHT_S + hour * HOUR_S, UTC)


def reading(point_id: int, hour: float, energy_wh: int, **more: object) -> dict[str, object]:
    at_s = MIDNIGHT_S + int(hour * HOUR_S)
    return {"metering_point": f"MP-{point_id}", "read_at": at_s, "recorded_at": at_s, "energy_wh": energy_wh} | more


async def hour_of(worker: Worker, point_id: int, hour: int) -> dict[str, Any]:
    async with worker.database.transaction() as tx:
        found = await explaining.hour(tx, f"MP-{point_id}", at(hour), STOCKHOLM)
    assert found is not None
    return found


async def day_of(worker: Worker, point_id: int, day: date = DAY) -> dict[str, Any]:
    async with worker.database.transaction() as tx:
        found = await explaining.day(tx, f"MP-{point_id}", day, STOCKHOLM)
    assert found is not None
    return found


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(histories(), min_size=4, max_size=6))
def test_every_stored_hour_day_and_month_follows_from_what_explains_it(stack: Stack, drawn: list[History]) -> None:
    ids = Points(stack).add(len(drawn), MAXIMUM_KW)
    played = [Played(point_id, history) for point_id, history in zip(ids, drawn, strict=True)]
    name_meters(stack, played)
    register(stack, played)
    asyncio.run(_explained(stack, played))


async def _explained(stack: Stack, played: list[Played]) -> None:
    database = Database(stack.dsn("ingest"), 1, 3)
    await database.open()
    try:
        worker = Worker(database)
        await worker.store(messages(worker, [row for one in played for row in one.rows(range(len(one.history.rows)))]))
        for one in played:
            for day in _days(stack, one.point_id):
                found = await day_of(worker, one.point_id, day)
                assert found["adds_up"], found
                assert [hour["energy_wh"] for hour in found["hours"] if hour["energy_wh"] is not None]
            async with database.transaction() as tx:
                for month in {day.replace(day=1) for day in _days(stack, one.point_id)}:
                    whole = await explaining.month(tx, f"MP-{one.point_id}", month, STOCKHOLM)
                    assert whole is not None
                    assert whole["adds_up"], whole
    finally:
        await database.close()


def _days(stack: Stack, point_id: int) -> list[date]:
    rows = Points(stack).rows(
        "SELECT DISTINCT (starts_at AT TIME ZONE 'Europe/Stockholm')::date FROM ingest.hour"
        " WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY 1",
        [point_id],
    )
    return [row[0] for row in rows]


async def test_a_measured_hour_is_one_register_minus_another(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    await worker.take([reading(point_id, hour, 100_000 + 1_500 * hour) for hour in range(4)])
    found = await hour_of(worker, point_id, 1)
    assert found["hour"]["energy_wh"] == found["derived_wh"] == 1_500
    assert found["hour"]["quality"] == "measured"
    assert found["hour"]["rule"] == "register at 02:00 minus register at 01:00; at both a reading on the hour"
    assert [mark["register_wh"] for mark in found["marks"]] == [101_500, 103_000]
    assert [one["energy_wh"] for mark in found["marks"] for one in mark["readings"]] == [101_500, 103_000]
    assert (found["adds_up"], found["warning"], found["earlier"]) == (True, None, [])


async def test_an_hour_in_a_gap_says_between_which_readings_it_rises(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    await worker.take([reading(point_id, 0.5, 0), reading(point_id, 6.25, 11_500), reading(point_id, 7, 12_000)])
    found = await hour_of(worker, point_id, 2)
    assert found["hour"]["energy_wh"] == 2_000
    assert found["hour"]["rule"] == (
        "register at 03:00 minus register at 02:00; at both it rises evenly over a gap of 5 h 45 min"
        " between 2024-01-10 00:30 and 2024-01-10 06:15"
    )
    assert found["hour"]["quality"] == "estimated"


async def test_what_does_not_count_says_why_and_what_to_do(points: Points, worker: Worker) -> None:
    [point_id] = points.add(1, 50)
    await worker.take(
        [
            *(reading(point_id, hour, 100_000 + 1_000 * hour) for hour in range(30) if hour != 3),
            reading(point_id, 3, 900_000_000),
            reading(point_id, 2, 101_990, recorded_at=MIDNIGHT_S),
        ]
    )
    found = await hour_of(worker, point_id, 2)
    assert [(one["energy_wh"], one["verdict"]) for one in found["not_used"]] == [
        (101_990, "superseded"),
        (900_000_000, "above_plausible_maximum"),
    ]
    assert all(one["why_not"] for one in found["not_used"])
    assert found["hour"]["energy_wh"] == 1_000


async def test_a_register_that_rolled_over_says_by_how_much_it_runs_on(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    points.install(f"roll-{point_id}", point_id, MIDNIGHT_S - HOUR_S, modulus_wh=1_000_000)
    await worker.take(
        [reading(point_id, hour, (995_000 + 1_000 * hour) % 1_000_000, volume_l=hour) for hour in range(52)]
    )
    found = await hour_of(worker, point_id, 30)
    assert [mark["register_wh"] for mark in found["marks"]] == [25_000, 26_000]
    assert [mark["running_wh"] for mark in found["marks"]] == [1_025_000, 1_026_000]
    assert found["marks"][0]["readings"][0]["offset_wh"] == 1_000_000
    assert found["marks"][0]["readings"][0]["serial"] == f"roll-{point_id}"
    assert "rolled over" not in found["hour"]["rule"]
    earlier = await hour_of(worker, point_id, 4)
    assert earlier["hour"]["rule"].endswith("; the register rolled over between these readings")
    assert [mark["running_wh"] for mark in earlier["marks"]] == [999_000, 1_000_000]
    assert earlier["hour"]["energy_wh"] == 1_000


async def test_an_hour_with_an_exchange_names_the_registers_that_were_noted(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    exchanged_s = MIDNIGHT_S + 3 * HOUR_S + 1_200
    points.install(f"old-{point_id}", point_id, MIDNIGHT_S, exchanged_s, stop_wh=904_000)
    points.install(f"new-{point_id}", point_id, exchanged_s, start_wh=1_000)
    shown = {hour: 900_000 + 1_000 * hour for hour in range(4)} | {hour: 2_000 * (hour - 3) for hour in range(4, 8)}
    await worker.take([reading(point_id, hour, wh) for hour, wh in shown.items()])
    found = await hour_of(worker, point_id, 3)
    # 1 kWh of the old meter, 1 of the new.
    assert (found["hour"]["energy_wh"], found["adds_up"]) == (2_000, True)
    assert found["hour"]["rule"].endswith(
        "; a meter was put at 2024-01-10 03:20, at 1.000 kWh, where the one before had ended at 904.000 kWh"
    )


async def test_what_was_taken_back_says_so(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    await worker.take([reading(point_id, hour, 1_000 * hour) for hour in range(4)])
    await worker.take([reading(point_id, 1, 1_000, withdrawn=True, recorded_at=MIDNIGHT_S + 9 * HOUR_S)])
    found = await hour_of(worker, point_id, 1)
    assert [(one["verdict"], one["why_not"]) for one in found["not_used"]] == [
        ("superseded", "it was taken back"),
        ("withdrawn", "it takes the reading of this instant back"),
    ]


async def test_an_hour_that_the_clock_shows_twice_says_which_it_is(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    second_s = int(datetime(2024, 10, 27, 1, tzinfo=UTC).timestamp())
    hour = (second_s - MIDNIGHT_S) // HOUR_S
    await worker.take([reading(point_id, hour + n, 1_000 * n + 50_000) for n in range(-2, 3)])
    rules = [(await hour_of(worker, point_id, hour + n))["hour"]["rule"] for n in (-1, 0)]
    assert [rule.partition(";")[0] for rule in rules] == [
        "register at 02:00 +0100 minus register at 02:00 +0200",
        "register at 03:00 minus register at 02:00 +0100",
    ]


@pytest.mark.parametrize(
    ("written", "told"),
    [("2024-10-27T02", r"write 2024-10-27T02\+02:00 or 2024-10-27T02\+01:00"), ("2024-03-31T02", "passes over it")],
)
def test_an_hour_that_is_there_twice_or_not_at_all_says_which(written: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        hour_named(written, STOCKHOLM)


async def test_a_corrected_hour_shows_what_it_was_before(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    await worker.take([reading(point_id, hour, 1_000 * hour) for hour in range(6)])
    await worker.take([reading(point_id, 2, 2_400, recorded_at=MIDNIGHT_S + 9 * HOUR_S)])
    found = await hour_of(worker, point_id, 2)
    assert found["hour"]["energy_wh"] == 600
    assert [one["energy_wh"] for one in found["earlier"]] == [1_000]
    assert found["earlier"][0]["known_to"] == found["hour"]["known_from"]


async def test_a_figure_that_does_not_follow_from_its_readings_is_called_a_fault(
    points: Points, worker: Worker
) -> None:
    [point_id] = points.add()
    await worker.take([reading(point_id, hour, 1_000 * hour) for hour in range(30)])
    points.rows(
        "UPDATE ingest.hour SET energy_wh = 1001 WHERE point_id = %s AND starts_at = %s RETURNING 1", [point_id, at(5)]
    )
    found = await hour_of(worker, point_id, 5)
    assert not found["adds_up"]
    assert found["warning"] == explaining.DOES_NOT_ADD_UP
    assert not (await day_of(worker, point_id))["adds_up"]


async def test_an_hour_that_is_not_there_shows_what_was_read_around_it(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    await worker.take([reading(point_id, 0, 1_000), reading(point_id, 1, 4_294_967_295)])
    found = await hour_of(worker, point_id, 0)
    assert found["hour"] is None
    assert found["derived_wh"] is None
    assert found["adds_up"]
    assert [one["verdict"] for one in found["not_used"]] == ["sentinel"]


@pytest.mark.parametrize("kind", ["hour", "day", "month"])
async def test_a_metering_point_that_nobody_put_is_not_explained(worker: Worker, kind: str) -> None:
    async with worker.database.transaction() as tx:
        match kind:
            case "hour":
                found = await explaining.hour(tx, "MP-0", at(0), STOCKHOLM)
            case "day":
                found = await explaining.day(tx, "MP-0", DAY, STOCKHOLM)
            case _:
                found = await explaining.month(tx, "MP-0", DAY.replace(day=1), STOCKHOLM)
    assert found is None


async def test_a_month_prints_the_registers_that_an_invoice_does(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    begin_h, end_h = -9 * 24, 22 * 24
    await worker.take(
        [reading(point_id, hour, 5_000_400 + 1_300 * (hour - begin_h)) for hour in range(begin_h - 24, end_h + 1)]
    )
    async with worker.database.transaction() as tx:
        found = await explaining.month(tx, f"MP-{point_id}", date(2024, 1, 1), STOCKHOLM)
    assert found is not None
    assert found["adds_up"]
    assert found["energy_wh"] == found["register_rise_wh"] == 31 * 24 * 1_300
    assert [one["printed_kwh"] for one in found["registers"]] == [5_000, 5_968]
    assert found["invoice_kwh"] == 968
    assert len(found["days"]) == 31


async def test_the_month_that_a_meter_begins_with_prints_its_first_register(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    begin_h, end_h = -9 * 24, 22 * 24
    await worker.take(
        [reading(point_id, hour, 5_000_400 + 1_300 * (hour - begin_h)) for hour in range(begin_h, end_h + 1)]
    )
    async with worker.database.transaction() as tx:
        found = await explaining.month(tx, f"MP-{point_id}", date(2024, 1, 1), STOCKHOLM)
    assert found is not None
    assert [one["printed_kwh"] for one in found["registers"]] == [5_000, 5_968]
    assert (found["register_rise_wh"], found["adds_up"]) == (31 * 24 * 1_300, True)


async def test_an_hour_that_a_signature_shaped_is_derived_from_it_and_the_temperatures(
    stack: Stack, points: Points, worker: Worker
) -> None:
    utility = estimation.Utility(stack, points, worker, "station-explained")
    await utility.observe(range(estimation.HOURS))
    await utility.take(estimation.readings(utility.point_id))
    await utility.settle()
    starts_s = estimation.BEGIN_S + estimation.FIRST_GAP[40] * HOUR_S
    starts_at = datetime.fromtimestamp(starts_s, UTC)
    async with worker.database.transaction() as tx:
        found = await explaining.hour(tx, f"MP-{utility.point_id}", starts_at, STOCKHOLM)
        day = await explaining.day(tx, f"MP-{utility.point_id}", starts_at.astimezone(STOCKHOLM).date(), STOCKHOLM)
    assert found is not None
    assert day is not None
    assert found["adds_up"]
    assert day["adds_up"]
    assert "a gap of 91 h between" in found["hour"]["rule"]
    assert "shaped by the signature of 2024-02: base " in found["hour"]["rule"]
    assert "hourly temperatures of station station-explained" in found["hour"]["rule"]


async def test_every_hour_of_a_shaped_gap_is_derived_by_the_same_temperatures_as_it_was_stored_by(
    stack: Stack, points: Points, worker: Worker
) -> None:
    utility = estimation.Utility(stack, points, worker, "station-of-tenths")
    # By an odd slope, tenths of a degree often give half a watt: the least that a temperature is read otherwise shows.
    await utility.observe(range(estimation.HOURS), warmer_c=0.1)
    await utility.take(estimation.readings(utility.point_id))
    await utility.settle()
    points.rows(
        "UPDATE ingest.signature SET slope_w_per_c = 1295, balance_centi_c = 1550 WHERE point_id = %s RETURNING 1",
        [utility.point_id],
    )
    points.rows(
        "INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason) VALUES (%s, '-infinity', 'infinity', 'test')"
        " RETURNING 1",
        [utility.point_id],
    )
    await utility.settle()
    begin_s = estimation.BEGIN_S + estimation.FIRST_GAP[0] * HOUR_S
    async with worker.database.transaction() as tx:
        for hour in range(len(estimation.FIRST_GAP)):
            starts_at = datetime.fromtimestamp(begin_s + hour * HOUR_S, UTC)
            found = await explaining.hour(tx, f"MP-{utility.point_id}", starts_at, STOCKHOLM)
            assert found is not None
            assert found["adds_up"]


async def test_what_is_older_than_what_is_kept_is_not_called_a_fault(points: Points, worker: Worker) -> None:
    [point_id] = points.add()
    await worker.take([reading(point_id, hour, 1_000 * hour) for hour in range(30)])
    async with worker.database.transaction() as tx:
        found = await explained.day(tx, f"MP-{point_id}", DAY, at(0), at(24), at(12))
    assert found is not None
    gone = found | {"readings": None, "hours": None, "kept_from": at(24)}
    told = explaining.Explanation(gone, DAY, STOCKHOLM).of_day()
    assert (told["day"]["energy_wh"], told["derived_wh"]) == (24_000, None)
    assert (told["adds_up"], told["warning"]) == (None, explaining.IS_NOT_KEPT)
