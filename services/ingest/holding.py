"""Readings that nobody can place yet: kept, and read again once their meter or metering point is known."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import pyarrow as pa

from schemas.readings import METER_READINGS, READINGS_PER_MESSAGE
from services.common import logs, outbox
from services.common.postgres import Transaction
from services.ingest import metrics
from services.ingest.core.verdict import Verdict
from services.ingest.decode import Held, Message, readings_message
from services.ingest.store import held
from services.ingest.store.held import HeldRow, Released

SCHEMA = "ingest"


def held_row(item: Message, one: Held) -> HeldRow:
    """Write a reading of a message down so that nothing of it is lost."""
    row: dict[str, Any] = item.readings.slice(one.row, 1).to_pylist()[0]
    read_at = _within_calendar(row["read_at"]) if one.verdict is not Verdict.TIME_OUT_OF_RANGE else None
    reading = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    return HeldRow(
        row["serial"],
        row["metering_point"],
        read_at,
        _hash_of(reading),
        {
            name: str(value) if isinstance(value, float) else value
            for name, value in reading.items()
            if value is not None
        },
        one.verdict,
        one.verdict.label,
        item.delivery_id,
        item.rank,
    )


async def release(tx: Transaction, serials: Sequence[str], numbers: Sequence[str]) -> int:
    """Send held readings of these meters and metering points once more, with this transaction; returns how many.

    They go by the outbox, so that they are either still held or on their way.
    """
    total = 0
    while released := await held.release(tx, serials, numbers, READINGS_PER_MESSAGE):
        released.sort(key=lambda one: (str(one.delivery_id), one.rank))
        for (delivery_id, rank), rows in groupby(released, attrgetter("delivery_id", "rank")):
            message = readings_message(_batch(list(rows)), delivery_id, rank, logs.correlation_id())
            await outbox.add_message(tx, SCHEMA, message)
        total += len(released)
    metrics.READINGS_RELEASED.inc(total)
    return total


def _batch(rows: Sequence[Released]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([_row(one.reading) for one in rows], schema=METER_READINGS)


def _row(reading: dict[str, Any]) -> dict[str, Any]:
    return {
        field.name: _value(field, reading[field.name]) if field.name in reading else None for field in METER_READINGS
    }


def _value(field: pa.Field, value: Any) -> Any:
    if pa.types.is_timestamp(field.type):
        return datetime.fromisoformat(value)
    return float(value) if pa.types.is_floating(field.type) else value


def _hash_of(reading: dict[str, Any]) -> int:
    """Tell one held reading from another by its content, the same in every process."""
    return int.from_bytes(hashlib.sha256(repr(sorted(reading.items())).encode()).digest()[:8], "big", signed=True)


def _within_calendar(read_at: Any) -> datetime | None:
    return read_at.astimezone(UTC) if isinstance(read_at, datetime) else None
