"""What others hear of a batch: hours and days as record batches, refused readings one by one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from schemas.event import CORRELATION_HEADER
from schemas.power import (
    DAILY_POWER,
    DAILY_POWER_SCHEMA_ID,
    HOURLY_POWER,
    HOURLY_POWER_SCHEMA_ID,
    NEWEST_HOUR_HEADER,
)
from schemas.readings import ReadingRefused
from schemas.topics import DAILY_POWER as DAILY_POWER_TOPIC
from schemas.topics import HOURLY_POWER as HOURLY_POWER_TOPIC
from schemas.topics import READINGS_REFUSED, Topic
from services.common.kafka import Outgoing, arrow_message, outgoing
from services.heat.arrays import UNKNOWN, Int64
from services.heat.days import Days, HourRows

ROWS_PER_MESSAGE = 5_000


def hourly_power(hours: HourRows, revision: Int64, correlation_id: str) -> Iterator[Outgoing]:
    """Give the messages that tell of hours, each partition's own points in its messages."""
    for partition, which in _by_partition(HOURLY_POWER_TOPIC, hours.owner):
        rows = hours.take(which)
        columns = [
            pa.array(rows.owner.astype(np.int32)),
            pa.array(rows.starts_s).cast(pa.timestamp("s", "UTC")),
            _nullable(rows.energy_wh),
            _temperatures(rows.return_centi_c),
            pa.array(rows.quality.astype(np.int8)),
            pa.array(revision[which]),
        ]
        newest = datetime.fromtimestamp(int(rows.starts_s.max()), UTC).isoformat()
        batch = pa.RecordBatch.from_arrays(columns, schema=HOURLY_POWER)
        headers = {CORRELATION_HEADER: correlation_id, NEWEST_HOUR_HEADER: newest}
        yield arrow_message(HOURLY_POWER_TOPIC, HOURLY_POWER_SCHEMA_ID, batch, partition, headers)


def daily_power(days: Days, revision: Int64, correlation_id: str) -> Iterator[Outgoing]:
    """Give the messages that tell of local days."""
    for partition, which in _by_partition(DAILY_POWER_TOPIC, days.owner):
        rows = days.take(which)
        columns = [
            pa.array(rows.owner.astype(np.int32)),
            pa.array(rows.day.astype(np.int32)).cast(pa.date32()),
            _nullable(rows.energy_wh),
            _nullable(rows.maximum_hour_wh),
            *(
                pa.array(column.astype(np.int16))
                for column in (rows.hours_expected, rows.hours_present, rows.hours_measured)
            ),
            pa.array(revision[which]),
        ]
        batch = pa.RecordBatch.from_arrays(columns, schema=DAILY_POWER)
        headers = {CORRELATION_HEADER: correlation_id}
        yield arrow_message(DAILY_POWER_TOPIC, DAILY_POWER_SCHEMA_ID, batch, partition, headers)


def _by_partition(topic: Topic, point_id: Int64) -> Iterator[tuple[int, Int64]]:
    partition = point_id % topic.partitions
    for number in np.unique(partition):
        rows = np.flatnonzero(partition == number)
        for start in range(0, len(rows), ROWS_PER_MESSAGE):
            yield int(number), rows[start : start + ROWS_PER_MESSAGE]


def _nullable(values: Int64) -> pa.Array:
    return pa.array(values, mask=values == UNKNOWN)


def _temperatures(centi_c: Int64) -> pa.Array:
    unknown = centi_c == UNKNOWN
    return pa.array((np.where(unknown, 0, centi_c) / 100).astype(np.float32), mask=unknown)


def refused_readings(refusals: Sequence[ReadingRefused], correlation_id: str) -> Iterator[Outgoing]:
    """Give the messages that tell of readings that are kept but not used."""
    for refused in refusals:
        key = str(refused.point_id or refused.meter or "")
        yield outgoing(READINGS_REFUSED, key, refused, correlation_id=correlation_id)
