"""Outdoor temperature: any order and repetition gives the same hours and days, and each change is told of."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import DAILY_TEMPERATURE
from schemas.weather import DailyTemperatureChanged
from tests.integration.ingest.http.door import JUDGED_WITHIN_S, Door, new_serial

MIDNIGHT = datetime(2024, 1, 9, 23, tzinfo=UTC)
"""In Stockholm, 2024-01-10."""
DAYS = (
    "SELECT day, mean_c, hours FROM ingest.daily_temperature WHERE station_id = %s AND mean_c IS NOT NULL ORDER BY day"
)
HOURS = "SELECT count(*), sum(celsius) FROM ingest.outdoor_temperature WHERE station_id = %s"


def station(door: Door) -> str:
    station_id = f"W-{new_serial()}"
    assert door.staff.put(f"/v1/stations/{station_id}", json={"name": "Aalborg, ö"}).status_code == 201
    return station_id


def observe(door: Door, station_id: str, values: Sequence[tuple[int, float]], recorded: int = 0) -> httpx.Response:
    """Send hours after MIDNIGHT with their temperatures."""
    document = {
        "station_id": station_id,
        "recorded_at": (MIDNIGHT + timedelta(days=20, hours=recorded)).isoformat(),
        "values": [
            {"starts_at": (MIDNIGHT + timedelta(hours=hour)).isoformat(), "celsius": celsius}
            for hour, celsius in values
        ],
    }
    return door.staff.post("/v1/outdoor-temperatures", json=document)


def day(celsius: float, hours: Sequence[int] = range(24)) -> list[tuple[int, float]]:
    return [(hour, celsius) for hour in hours]


def test_a_day_is_the_mean_of_its_hours_and_is_told_of(door: Door) -> None:
    station_id = station(door)
    answer = observe(door, station_id, [(hour, float(hour)) for hour in range(24)])
    assert (answer.status_code, answer.json()) == (202, {"station_id": station_id, "values": 24})
    # 0 + 1 + ... + 23 = 276, over 24 hours.
    door.until(DAYS, [(date(2024, 1, 10), 11.5, 24)], station_id)
    event = asyncio.run(_told(door, station_id, 1))[0]
    assert (event.day, event.mean_c, event.hours, event.revision) == (date(2024, 1, 10), 11.5, 24, 1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_neither_order_nor_repetition_decides(door: Door, order: tuple[int, ...]) -> None:
    station_id = station(door)
    parts = [(day(1.0), 0), (day(5.0, range(12)), 1), (day(3.0, range(6, 18)), 2)]
    for index in (*order, order[0]):
        values, recorded = parts[index]
        assert observe(door, station_id, values, recorded).status_code == 202
    # 6 hours of 5.0, then 12 of 3.0 that were recorded last, then 6 of 1.0 that nobody corrected.
    door.until(DAYS, [(date(2024, 1, 10), (6 * 5.0 + 12 * 3.0 + 6 * 1.0) / 24, 24)], station_id)


def test_a_correction_raises_the_revision_and_a_repetition_does_not(door: Door) -> None:
    station_id = station(door)
    observe(door, station_id, day(1.0), 0)
    door.until(DAYS, [(date(2024, 1, 10), 1.0, 24)], station_id)
    observe(door, station_id, day(1.0), 1)
    observe(door, station_id, day(25.0, [0]), 2)
    door.until(DAYS, [(date(2024, 1, 10), 2.0, 24)], station_id)
    events = [event for event in asyncio.run(_told(door, station_id, 2)) if event.day == date(2024, 1, 10)]
    assert [(event.mean_c, event.revision) for event in events] == [(1.0, 1), (2.0, 2)]


def test_a_hole_of_three_hours_is_filled_and_a_longer_one_leaves_the_day_unknown(door: Door) -> None:
    short, long = station(door), station(door)
    around = list(range(-1, 25))
    rising = [(hour, float(hour)) for hour in around if hour not in (10, 11, 12)]
    observe(door, short, rising)
    # On a straight line the filled hours are what they would have been.
    door.until(
        "SELECT mean_c FROM ingest.daily_temperature WHERE station_id = %s AND day = '2024-01-10'", [(11.5,)], short
    )
    observe(door, long, [(hour, celsius) for hour, celsius in rising if hour != 13])
    door.until(HOURS, [(22, sum(hour for hour in around if hour not in (10, 11, 12, 13)))], long)
    assert door.rows(DAYS, long) == []


@pytest.mark.parametrize(
    "change",
    [
        {"station_id": "a b"},
        {"values": []},
        {"recorded_at": "2024-01-10T00:00:00"},
        {"recorded_at": "2059-01-01T00:00:00Z"},
        {"values": [{"starts_at": "2024-01-10T00:07:00Z", "celsius": 1}]},
        {"values": [{"starts_at": "2024-01-10", "celsius": 1}]},
        {"values": [{"starts_at": 1_704_067_200, "celsius": 1}]},
        {"values": [{"starts_at": "9999-12-31T23:00:00-01:00", "celsius": 1}]},
        {"values": [{"starts_at": "2024-01-10T00:00:00Z", "celsius": "1"}]},
        {"values": [{"starts_at": "2024-01-10T00:00:00Z", "celsius": True}]},
        {"values": [{"starts_at": "2024-01-10T00:00:00Z", "celsius": -80.1}]},
        {"values": [{"starts_at": "2024-01-10T00:00:00Z", "celsius": 1, "quality": "A"}]},
        {"values": [{"starts_at": "2024-01-10T00:00:00Z", "celsius": 1}] * 10_001},
    ],
)
def test_an_observation_is_taken_exactly(door: Door, change: dict[str, Any]) -> None:
    right = {"station_id": station(door), "values": [{"starts_at": "2024-01-10T00:00:00Z", "celsius": 1}]}
    answer = door.staff.post("/v1/outdoor-temperatures", json=right | change)
    assert answer.status_code == 422, answer.text
    assert len(answer.content) <= 64_000


def test_infinite_temperatures_are_no_json(door: Door) -> None:
    body = f'{{"station_id":"{station(door)}","values":[{{"starts_at":"2024-01-10T00:00:00Z","celsius":1e999}}]}}'
    for given in (body, body.replace("1e999", "NaN"), body.replace("1e999", "-Infinity")):
        headers = {"Content-Type": "application/json"}
        answer = door.staff.post("/v1/outdoor-temperatures", content=given, headers=headers)
        assert answer.status_code in (400, 422), answer.text


def test_a_station_must_be_put_before_it_is_observed_over_http(door: Door) -> None:
    answer = observe(door, "nobody-s", day(1.0))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_station")


def test_putting_a_station_again_changes_its_name_alone(door: Door) -> None:
    station_id = station(door)
    results = [
        door.staff.put(f"/v1/stations/{station_id}", json={"name": name}).json()["result"] for name in ("B", "B", "C")
    ]
    assert results == ["changed", "unchanged", "changed"]


async def _told(door: Door, station_id: str, at_least: int) -> list[DailyTemperatureChanged]:
    """Read what was told of a station's days with a mean."""
    consumer = AIOKafkaConsumer(bootstrap_servers=door.stack.kafka.bootstrap)
    await consumer.start()
    found: list[DailyTemperatureChanged] = []
    try:
        consumer.assign([TopicPartition(DAILY_TEMPERATURE.name, 0)])
        await consumer.seek_to_beginning()
        async with asyncio.timeout(JUDGED_WITHIN_S):
            while len(found) < at_least:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    events = [DailyTemperatureChanged.from_bytes(record.value) for record in records]
                    found += [event for event in events if event.station_id == station_id and event.mean_c is not None]
    finally:
        await consumer.stop()
    return found
