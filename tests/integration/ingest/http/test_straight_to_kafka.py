"""Head-ends and weather importers may write to Kafka themselves, past the door: none of it stops the worker."""

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.event import ARROW, JSON
from schemas.topics import METER_READINGS, OUTDOOR_TEMPERATURE, Topic
from schemas.weather import OutdoorTemperatureObserved
from services.common.kafka import Outgoing, send_all, start_producer
from tests import examples
from tests.builders import MIDNIGHT_S, batch, stream
from tests.integration.ingest.http.door import Door, new_serial


def send(door: Door, topic: Topic, value: bytes, **headers: str) -> None:
    """Write one message, as somebody who knows nothing of this project would."""
    encoded = [(name.replace("_", "-"), text.encode()) for name, text in headers.items()]

    async def run() -> None:
        producer = await start_producer(door.stack.kafka.bootstrap)
        try:
            await send_all(producer, [Outgoing(topic.name, value, partition=0, headers=encoded)])
        finally:
            await producer.stop()

    asyncio.run(run())


def send_readings(door: Door, *rows: Mapping[str, Any], **headers: str) -> None:
    send(door, METER_READINGS, stream(batch(rows)), content_type=ARROW, schema="meter-readings/1", **headers)


def dead(door: Door, topic: Topic, mark: str) -> str:
    """Wait for the dead letter that has a header 'mark', and give its error."""

    async def read() -> str:
        consumer = AIOKafkaConsumer(bootstrap_servers=door.stack.kafka.bootstrap)
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic.dead, 0)])
            await consumer.seek_to_beginning()
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                for records in (await consumer.getmany(timeout_ms=300)).values():
                    for record in records:
                        headers = {name: value.decode() for name, value in record.headers}
                        if headers.get("mark") == mark:
                            return headers["error"]
            raise AssertionError(f"no dead letter with the mark {mark}")
        finally:
            await consumer.stop()

    return asyncio.run(read())


@pytest.mark.parametrize(
    ("bad", "verdict"),
    [
        ({"serial": "a\0b"}, "invalid"),
        ({"serial": "x" * 100_000}, "invalid"),
        ({"metering_point": "\u202eMP-1"}, "invalid"),
        ({"serial": "s", "read_at": 148_108 * 31_556_952}, "time_out_of_range"),
        ({"serial": "s", "read_at": -(2**62) // 10**6}, "time_out_of_range"),
        ({"serial": "s", "recorded_at": MIDNIGHT_S + 100 * 31_556_952}, "time_out_of_range"),
        ({"serial": "s", "energy_wh": 2**63 - 1}, "out_of_range"),
        ({"serial": "s", "energy_wh": -1}, "negative_register"),
        ({"serial": "s", "supply_c": float("inf")}, "not_finite"),
        ({}, "no_meter_named"),
    ],
)
def test_a_bad_reading_is_held_and_the_good_one_beside_it_counts(door: Door, bad: dict[str, Any], verdict: str) -> None:
    point, delivery_id = door.point(), str(uuid4())
    good = {"metering_point": point, "read_at": MIDNIGHT_S, "energy_wh": 1}
    send_readings(door, {"read_at": MIDNIGHT_S, "energy_wh": 1} | bad, good, delivery_id=delivery_id)
    door.until("SELECT reason FROM ingest.held_reading WHERE delivery_id = %s", [(verdict,)], delivery_id)
    assert door.rows("SELECT energy_wh, verdict FROM ingest.reading WHERE delivery_id = %s", delivery_id) == [(1, 1)]


@pytest.mark.parametrize("rank", ["-2", "103", "99999", "high", "1.5", "²"])
def test_a_rank_that_no_source_has_makes_a_dead_letter(door: Door, rank: str) -> None:
    mark = uuid4().hex
    rows = batch([{"serial": "s", "read_at": MIDNIGHT_S, "energy_wh": 1}])
    send(door, METER_READINGS, stream(rows), schema="meter-readings/1", source_rank=rank, mark=mark)
    assert "source-rank" in dead(door, METER_READINGS, mark)


def test_a_message_without_readings_changes_nothing_and_stops_nobody(door: Door) -> None:
    mark, point = uuid4().hex, door.point()
    send(door, METER_READINGS, stream(batch([])), schema="meter-readings/1", mark=mark)
    delivery_id = str(uuid4())
    send_readings(door, {"metering_point": point, "read_at": MIDNIGHT_S, "energy_wh": 1}, delivery_id=delivery_id)
    door.until("SELECT verdict FROM ingest.reading WHERE delivery_id = %s", [(1,)], delivery_id)


def observed(station_id: str, starts_at: str, celsius: Any, recorded_at: str = "2024-02-01T00:00:00Z") -> bytes:
    values = [{"starts_at": starts_at, "celsius": celsius}]
    other = {"station_id": station_id, "recorded_at": recorded_at, "values": values}
    return json.dumps(examples.text(OutdoorTemperatureObserved, "cold_night") | other).encode()


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (observed("S", "9999-12-31T23:00:00Z", 1), "starts_at"),
        (observed("S", "0001-01-01T00:00:00Z", 1), "starts_at"),
        (observed("S", "2024-01-10T00:07:00Z", 1), "starts_at"),
        (observed("S", "2024-01-10T00:00:00", 1), "starts_at"),
        (observed("S", "2024-01-10T00:00:00Z", 61), "celsius"),
        (observed("S", "2024-01-10T00:00:00Z", None), "celsius"),
        (observed("S", "2024-01-10T00:00:00Z", 1, "2059-01-01T00:00:00Z"), "recorded_at"),
        (observed("S\0", "2024-01-10T00:00:00Z", 1), "station_id"),
        (observed("S" * 3000, "2024-01-10T00:00:00Z", 1), "station_id"),
        (observed("S", "2024-01-10T00:00:00Z", 1).replace(b": 1}", b": NaN}"), "celsius"),
        (b"\xff\xfe", ""),
    ],
)
def test_an_observation_that_cannot_be_stored_makes_a_dead_letter(door: Door, value: bytes, where: str) -> None:
    mark = uuid4().hex
    send(door, OUTDOOR_TEMPERATURE, value, content_type=JSON, schema="outdoor-temperature/1", mark=mark)
    assert where in dead(door, OUTDOOR_TEMPERATURE, mark)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"starts_at": "2024-01-10T02:00:00Z", "celsius": 61}, "values.1.celsius: out_of_range"),
        ({"starts_at": "2024-01-10T02:00:00Z", "celsius": None}, "values.1.celsius: wrong_type"),
        ({"starts_at": "2024-01-10T02:00:00", "celsius": 1}, "values.1.starts_at: naive_time"),
        ({"starts_at": "2024-01-10T02:07:00Z", "celsius": 1}, "values.1.starts_at: not_on_the_hour"),
        ({"starts_at": "2055-01-01T00:00:00Z", "celsius": 1}, "values.1.starts_at: time_in_future"),
        ("cold", "values.1: wrong_type"),
    ],
)
def test_a_bad_hour_is_kept_with_its_reason_and_the_good_ones_beside_it_count(door: Door, bad: Any, told: str) -> None:
    station, mark = f"W-{new_serial()}", uuid4().hex
    document = json.loads(observed(station, "2024-01-10T00:00:00Z", 1.5))
    document["values"] += [bad, {"starts_at": "2024-01-10T01:00:00Z", "celsius": 2.5}]
    value = json.dumps(document).encode()
    send(door, OUTDOOR_TEMPERATURE, value, content_type=JSON, schema="outdoor-temperature/1", mark=mark)
    hours = "SELECT celsius FROM ingest.outdoor_temperature WHERE station_id = %s ORDER BY starts_at"
    door.until(hours, [(1.5,), (2.5,)], station)
    error = dead(door, OUTDOOR_TEMPERATURE, mark)
    assert error.startswith(f"not what outdoor-temperature carries: {told}: ")
    assert error.endswith("; the other hours, 2, are taken")


def test_a_station_that_nobody_has_put_yet_keeps_its_temperatures(door: Door) -> None:
    station = f"W-{new_serial()}"
    send(door, OUTDOOR_TEMPERATURE, observed(station, "2024-01-10T00:00:00Z", -5.5), schema="outdoor-temperature/1")
    hours = "SELECT starts_at, celsius FROM ingest.outdoor_temperature WHERE station_id = %s"
    door.until(hours, [(datetime(2024, 1, 10, tzinfo=UTC), -5.5)], station)
    assert door.staff.put(f"/v1/stations/{station}", json={"name": "Late"}).status_code == 201
