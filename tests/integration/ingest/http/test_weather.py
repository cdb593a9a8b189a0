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
    assert (answer.status_code, answer.json()) == (
        202, {"station_id": station_id, "values": 24, "refused_values": 0, "refused": []},
    )  # fmt: skip
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


COUNTS = """
    SELECT mean_c, hours, interpolated_hours, neighbour_hours FROM ingest.daily_temperature
     WHERE station_id = %s AND day = '2024-01-10'
"""


def with_neighbours(door: Door, *neighbours: str) -> str:
    station_id = station(door)
    answer = door.staff.put(f"/v1/stations/{station_id}", json={"name": "B", "neighbours": list(neighbours)})
    assert answer.json() == {"station_id": station_id, "result": "changed", "neighbours": list(neighbours)}
    return station_id


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_hole_takes_the_neighbours_hours_whatever_came_first(door: Door, order: tuple[int, ...]) -> None:
    neighbour = station(door)
    own = with_neighbours(door, neighbour)
    # Observed are 19 hours of 0 C; three missing ones stand alone, two others in a longer hole with them.
    parts = [(own, day(0.0, range(8))), (own, day(0.0, [*range(12, 20), 22, 23])), (neighbour, day(-12.0))]
    for index in order:
        assert observe(door, *parts[index]).status_code == 202
    # From 8 to 11 are the neighbour's; 20 and 21 are interpolated.
    door.until(COUNTS, [(4 * -12.0 / 24, 18, 2, 4)], own)
    door.until(
        "SELECT source, count(*), min(celsius) FROM ingest_v1.outdoor_temperature"
        " WHERE station_id = %s AND starts_at >= '2024-01-09T23:00Z' GROUP BY source ORDER BY source",
        [("interpolated", 2, 0.0), ("neighbour", 4, -12.0), ("observed", 18, 0.0)], own,
    )  # fmt: skip


def test_a_neighbour_that_is_named_later_fills_what_is_stored_already_and_gives_it_back(door: Door) -> None:
    own, neighbour = station(door), station(door)
    observe(door, own, day(0.0, range(12)))
    observe(door, neighbour, day(6.0))
    door.until(COUNTS, [(None, 12, 0, 0)], own)
    door.staff.put(f"/v1/stations/{own}", json={"name": "B", "neighbours": [neighbour]})
    door.until(COUNTS, [(3.0, 12, 0, 12)], own)
    door.staff.put(f"/v1/stations/{own}", json={"name": "B", "neighbours": []})
    door.until(COUNTS, [(None, 12, 0, 0)], own)


def test_the_nearest_station_within_a_hundred_kilometres_is_the_neighbour_unless_another_is_named(door: Door) -> None:
    # Degrees of latitude are 111.2 km apart; far from any other test's.
    places = {name: f"{name}-{new_serial()}" for name in ("here", "near", "nearer", "far")}
    south = {"near": -60.5, "nearer": -60.2, "far": -62.0, "here": -60.0}
    answers = {
        name: door.staff.put(
            f"/v1/stations/{places[name]}", json={"name": name, "latitude": latitude, "longitude": -30.0}
        ).json()["neighbours"]
        for name, latitude in south.items()
    }
    assert answers["near"] == []
    assert answers["here"] == [places["nearer"]]
    assert answers["far"] == []
    again = {"name": "here", "neighbours": [places["near"]]}
    assert door.staff.put(f"/v1/stations/{places['here']}", json=again).json()["neighbours"] == [places["near"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"neighbours": ["nobody-s"]}, "unknown_station"),
        ({"latitude": 59.0}, "invalid"),
        ({"latitude": 91.0, "longitude": 0.0}, "invalid"),
        ({"neighbours": ["a", "b", "c", "d"]}, "invalid"),
        ({"degree_day_base_c": -1}, "invalid"),
    ],
)
def test_a_station_is_taken_exactly(door: Door, change: dict[str, Any], code: str) -> None:
    answer = door.staff.put(f"/v1/stations/{station(door)}", json={"name": "B"} | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


NORMAL = (
    "SELECT month, degree_days, years, origin, source FROM ingest_v1.normal_year WHERE station_id = %s AND month < 3"
)


def test_a_station_keeps_its_own_normal_year_and_an_imported_one_counts_before_it(door: Door) -> None:
    station_id = station(door)
    # In Stockholm the year 2023 begins an hour before midnight in UTC; its January and February lie on 7 C.
    first = -374 * 24
    observe(door, station_id, day(7.0, range(first, first + 59 * 24)))
    observe(door, station_id, day(0.0, range(-9 * 24, -9 * 24 + 24)))
    door.until(NORMAL, [(1, 310.0, 1, "own", "own years"), (2, 280.0, 1, "own", "own years")], station_id)
    base = {"name": "B", "degree_day_base_c": 15}
    assert door.staff.put(f"/v1/stations/{station_id}", json=base).status_code == 200
    door.until(NORMAL, [(1, 248.0, 1, "own", "own years"), (2, 224.0, 1, "own", "own years")], station_id)
    path = f"/v1/stations/{station_id}/normal-year"
    imported = {"source": "SMHI 1991-2020", "degree_days": [600, 560, 500, 350, 150, 30, 5, 20, 120, 300, 430, 550]}
    assert door.staff.put(path, json=imported).status_code == 200
    source = ("imported", "SMHI 1991-2020")
    door.until(NORMAL, [(1, pytest.approx(600), None, *source), (2, pytest.approx(560), None, *source)], station_id)
    assert [door.staff.delete(path).json()["result"] for _ in range(2)] == ["deleted", "unchanged"]
    door.until(NORMAL, [(1, 248.0, 1, "own", "own years"), (2, 224.0, 1, "own", "own years")], station_id)


@pytest.mark.parametrize(
    "document",
    [
        {"source": "x"},
        {"source": "x", "degree_days": [1] * 11},
        {"source": "x", "degree_days": [-1] * 12},
        {"source": "x", "factors": [{"month": "2024-13", "factor": 1.0}]},
        {"source": "x", "factors": [{"month": "2024-01", "factor": 0.0}]},
        {"source": "x", "factors": [{"month": "2024-01", "factor": 1.0}] * 2},
        {"degree_days": [1] * 12},
    ],
)
def test_a_normal_year_is_taken_exactly(door: Door, document: dict[str, Any]) -> None:
    assert door.staff.put(f"/v1/stations/{station(door)}/normal-year", json=document).status_code == 422


def test_a_normal_year_needs_a_station(door: Door) -> None:
    answer = door.staff.put("/v1/stations/nobody-s/normal-year", json={"source": "x", "degree_days": [1] * 12})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_station")
