"""Readings that nobody can place yet: kept, and read again once their meter or metering point is known."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import pyarrow as pa

from schemas.readings import METER_READINGS, READINGS_PER_MESSAGE
from services.common import logs, outbox
from services.common.postgres import Transaction
from services.heat.arrays import UNKNOWN
from services.ingest import metrics
from services.ingest.core.parsed import plain_name
from services.ingest.core.said import moment, said, unsaid
from services.ingest.core.verdict import Verdict
from services.ingest.decode import Held, Message, readings_message
from services.ingest.store import held
from services.ingest.store.held import HeldRow, Released

SCHEMA = "ingest"


def held_rows(items: Sequence[Message], which: Sequence[Held]) -> Iterator[HeldRow]:
    """Write readings of messages down so that nothing of them is lost."""
    for message, ones in groupby(which, attrgetter("message")):
        yield from _of_message(items[message], list(ones))


def _of_message(item: Message, which: Sequence[Held]) -> Iterator[HeldRow]:
    readings = item.readings.take(pa.array([one.row for one in which]))
    read_at_us = readings.column("read_at").cast(pa.int64()).fill_null(UNKNOWN).to_pylist()
    for one, reading, at_us in zip(which, said(readings), read_at_us, strict=True):
        yield HeldRow(
            plain_name(reading.get("serial")),
            plain_name(reading.get("metering_point")),
            None if one.verdict is Verdict.TIME_OUT_OF_RANGE else moment(at_us),
            reading,
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
    return pa.RecordBatch.from_pylist([unsaid(one.reading) for one in rows], schema=METER_READINGS)
