"""Readings as a fleet of meters sends them, laid into messages of meter-readings beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import uuid4

import numpy as np
import psycopg
import pyarrow as pa

from deploy.local.stack import Stack
from schemas.event import ARROW, CONTENT_TYPE_HEADER, CORRELATION_HEADER, SCHEMA_HEADER
from schemas.readings import METER_READINGS, METER_READINGS_SCHEMA_ID, READINGS_PER_MESSAGE
from schemas.topics import METER_READINGS as TOPIC
from services.common.kafka import Outgoing, send_all, start_producer
from services.heat.arrays import Int64
from services.ingest.decode import DELIVERY_HEADER, RANK_HEADER
from tests.builders import HOUR_S, MIDNIGHT_S, stream

MESSAGES_SENT_AT_ONCE = 24


@dataclass(frozen=True)
class Fleet:
    """Metering points that are read every hour, on the hour, from MIDNIGHT_S on."""

    first_point: int
    points: int
    hours: int

    @property
    def readings(self) -> int:
        """How many readings it sends in all."""
        return self.points * self.hours

    def at_the_hour_mark(self) -> Iterator[Outgoing]:
        """Give what arrives live: every hour one reading of each point."""
        ids = np.arange(self.first_point, self.first_point + self.points)
        for hour in range(self.hours):
            for partition in range(TOPIC.partitions):
                mine = ids[ids % TOPIC.partitions == partition]
                for start in range(0, len(mine), READINGS_PER_MESSAGE):
                    some = mine[start : start + READINGS_PER_MESSAGE]
                    yield message(partition, readings(some, np.full(len(some), hour)))

    def backfill(self) -> Iterator[Outgoing]:
        """Give what an import sends: one point after another, all its hours."""
        for point_id in range(self.first_point, self.first_point + self.points):
            for start in range(0, self.hours, READINGS_PER_MESSAGE):
                hours = np.arange(start, min(start + READINGS_PER_MESSAGE, self.hours))
                yield message(point_id % TOPIC.partitions, readings(np.full(len(hours), point_id), hours))

    def register(self, stack: Stack) -> None:
        """Put the metering points into ingest's tables, as facilities-changed would."""
        last = self.first_point + self.points - 1
        with psycopg.connect(stack.admin_dsn) as connection:
            connection.execute(
                "INSERT INTO ingest.point SELECT id, 'MP-' || id, 'bench', 'heat', 5000, 1"
                "  FROM generate_series(%s, %s) AS id",
                [self.first_point, last],
            )
            connection.execute(
                "INSERT INTO ingest.point_state (point_id) SELECT generate_series(%s, %s)", [self.first_point, last]
            )
            connection.execute("UPDATE ingest.reference_version SET version = version + 1")


def readings(point_id: Int64, hour: Int64) -> pa.RecordBatch:
    """Make readings with everything a heat meter can say: four registers and four samples."""
    count = len(point_id)
    load_wh = 3_000 + point_id % 5_000 + (hour % 24) * 100
    energy_wh = 10_000_000 + hour * (3_000 + point_id % 5_000) + (hour // 24) * 27_600 + _within_day_wh(hour % 24)
    volume_l = energy_wh // 45
    at_us = (MIDNIGHT_S + hour * HOUR_S) * 1_000_000
    columns = [
        pa.nulls(count, pa.string()),
        pa.array([f"MP-{one}" for one in point_id.tolist()]),
        pa.array(at_us).cast(pa.timestamp("us", "UTC")),
        pa.array(at_us + 5_000_000).cast(pa.timestamp("us", "UTC")),
        pa.array(energy_wh),
        pa.array(volume_l),
        pa.array(volume_l * 80),
        pa.array(volume_l * 42),
        pa.array((load_wh / 45).astype(np.float32)),
        pa.array(load_wh.astype(np.float32)),
        pa.array((80 + point_id % 7 / 10).astype(np.float32)),
        pa.array((42 + point_id % 9 / 10).astype(np.float32)),
        pa.array(np.zeros(count, bool)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=METER_READINGS)


def _within_day_wh(hour: Int64) -> Int64:
    return 100 * hour * (hour - 1) // 2


def message(partition: int, batch: pa.RecordBatch) -> Outgoing:
    """Make the message that carries readings, with the headers that ingest's API gives it."""
    headers = {
        SCHEMA_HEADER: METER_READINGS_SCHEMA_ID,
        CONTENT_TYPE_HEADER: ARROW,
        DELIVERY_HEADER: str(uuid4()),
        RANK_HEADER: "0",
        CORRELATION_HEADER: "bench",
    }
    encoded = [(name, text.encode()) for name, text in headers.items()]
    return Outgoing(TOPIC.name, stream(batch), partition=partition, headers=encoded)


async def produce(stack: Stack, messages: Iterator[Outgoing]) -> int:
    """Send messages to the broker, which has acknowledged all of them on return; gives how many there were."""
    producer = await start_producer(stack.kafka.bootstrap)
    sent = 0
    try:
        while some := list(islice(messages, MESSAGES_SENT_AT_ONCE)):
            await send_all(producer, some)
            sent += len(some)
    finally:
        await producer.stop()
    return sent
