"""Messages of meter-readings to columns: what a message must be, and what each of its rows must hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pyarrow as pa
from aiokafka.structs import ConsumerRecord

from schemas.event import CORRELATION_HEADER, header, require_schema
from schemas.readings import METER_READINGS_BATCHES, METER_READINGS_SCHEMA_ID, READINGS_PER_MESSAGE
from schemas.topics import METER_READINGS
from services.common.consume import UndecodableError
from services.common.kafka import Outgoing, arrow_message
from services.heat.arrays import UNKNOWN, Bool, Float64, Int64
from services.ingest.core.form import FormColumns, form_refusals
from services.ingest.core.identify import Names, Reference, identify
from services.ingest.core.parsed import is_plain_name
from services.ingest.core.readings import ESTIMATE_RANK, YIELDING_RANK, ReadingRows, content_hash, in_order
from services.ingest.core.verdict import Verdict
from services.ingest.sources.arrow_readings import UNREADABLE, record_batches

DELIVERY_HEADER = "delivery-id"
RANK_HEADER = "source-rank"
RANKS = {str(rank): rank for rank in range(ESTIMATE_RANK, YIELDING_RANK + 1)}


@dataclass(frozen=True)
class Message:
    """One message: up to 5,000 readings of one delivery."""

    readings: pa.RecordBatch
    delivery_id: UUID | None
    rank: int
    correlation_id: str
    partition: int
    next_offset: int
    latest_s: int
    """The latest instant that its readings may be of, by the broker's clock when it came in."""


class Held(NamedTuple):
    """A reading for which no metering point was found, or whose form is wrong: kept for an operator."""

    message: int
    row: int
    verdict: Verdict


class Gathered(NamedTuple):
    """The readings of several messages: those that belong to a metering point, and those that are held."""

    rows: ReadingRows
    """Sorted by `in_order`."""
    held: list[Held]


def message(record: ConsumerRecord, future_s: int) -> Message:
    """Read one message. Raises UndecodableError where it is no record batch of readings.

    future_s: how far ahead of the broker's clock a reading may lie. The broker stamps a message once, so a reading
    is judged alike however often its message is read.
    """
    delivery = header(record.headers, DELIVERY_HEADER)
    try:
        require_schema(record.headers, METER_READINGS_BATCHES)
        return Message(
            read_batch(record.value or b""),
            UUID(delivery) if delivery else None,
            _rank(header(record.headers, RANK_HEADER) or "0"),
            header(record.headers, CORRELATION_HEADER) or "",
            record.partition,
            record.offset + 1,
            record.timestamp // 1000 + future_s,
        )
    except UNREADABLE as error:
        raise UndecodableError(f"{type(error).__name__}: {error}") from error


def _rank(text: str) -> int:
    if text not in RANKS:
        raise ValueError(f"the header {RANK_HEADER} must be a whole number from {ESTIMATE_RANK} to {YIELDING_RANK}")
    return RANKS[text]


def readings_message(
    readings: pa.RecordBatch, delivery_id: UUID | None, rank: int, correlation_id: str, partition: int | None = None
) -> Outgoing:
    """Make the message that carries readings of one delivery, at most 5,000; the counterpart of `message`."""
    headers = {CORRELATION_HEADER: correlation_id, RANK_HEADER: str(rank)}
    if delivery_id:
        headers[DELIVERY_HEADER] = str(delivery_id)
    return arrow_message(METER_READINGS, METER_READINGS_SCHEMA_ID, readings, partition, headers)


def read_batch(value: bytes) -> pa.RecordBatch:
    """Read a message's one record batch. Raises one of UNREADABLE."""
    batches = list(record_batches(value, may_hold_more=True))
    if len(batches) != 1:
        raise ValueError(f"{len(batches)} record batches in one message; there must be one")
    if batches[0].num_rows > READINGS_PER_MESSAGE:
        raise ValueError(f"{batches[0].num_rows} readings in one message; at most {READINGS_PER_MESSAGE}")
    return batches[0]


def gather(messages: Sequence[Message], reference: Reference) -> Gathered:
    """Lay the readings of several messages side by side and find the metering point of each."""
    table = pa.Table.from_batches([one.readings for one in messages])
    sizes = [one.readings.num_rows for one in messages]
    delivery = np.repeat(np.arange(len(messages)), sizes)
    read_at_us = _integers(table, "read_at")
    read_at_s = np.where(read_at_us == UNKNOWN, 0, read_at_us) // 1_000_000
    serial, number = _names(table, "serial"), _names(table, "metering_point")
    found = identify(reference, serial, number, read_at_s)
    recorded_us = _integers(table, "recorded_at")
    samples = [_floats(table, name) for name in ("flow_l_per_h", "power_w", "supply_c", "return_c")]
    registers = [_integers(table, name) for name in ("energy_wh", "volume_l", "forward_lc", "return_lc")]
    rank = np.repeat([one.rank for one in messages], sizes).astype(np.int64)
    withdrawn = table.column("withdrawn").fill_null(False).to_numpy().astype(np.int64)
    recorded_us = np.where(recorded_us == UNKNOWN, read_at_s * 1_000_000, recorded_us)
    sample_bits = [sample.astype(np.float32).view(np.int32).astype(np.int64) for sample in samples]
    hashed = content_hash((*registers, *sample_bits, withdrawn, rank, recorded_us, serial.digests()))
    latest_s = np.repeat([one.latest_s for one in messages], sizes)
    form = form_refusals(FormColumns(read_at_s, recorded_us // 1_000_000, tuple(registers), tuple(samples)), latest_s)
    form = np.where((form == 0) & (_are_unwritable(serial) | _are_unwritable(number)), int(Verdict.INVALID), form)
    energy_wh, volume_l, forward_lc, return_lc = registers
    flow_l_per_h, power_w, supply_c, return_c = samples
    rows = ReadingRows(
        point_id=found.point_id,
        read_at_s=read_at_s,
        content_hash=hashed,
        meter_id=found.meter_id,
        rank=rank,
        recorded_us=recorded_us,
        energy_wh=energy_wh,
        volume_l=volume_l,
        forward_lc=forward_lc,
        return_lc=return_lc,
        flow_l_per_h=flow_l_per_h,
        power_w=power_w,
        supply_c=supply_c,
        return_c=return_c,
        withdrawn=withdrawn,
        verdict=np.zeros(table.num_rows, np.int64),
        delivery=delivery,
    )
    refusal = np.where(form != 0, form, found.refusal)
    if not refusal.any():
        return Gathered(in_order(rows), [])
    return Gathered(in_order(rows.take(refusal == 0)), _held(refusal, delivery, sizes))


def _held(refusal: Int64, delivery: Int64, sizes: Sequence[int]) -> list[Held]:
    first = np.cumsum([0, *sizes[:-1]])
    return [
        Held(int(delivery[row]), int(row - first[delivery[row]]), Verdict(int(refusal[row])))
        for row in np.flatnonzero(refusal)
    ]


def _names(table: pa.Table, name: str) -> Names:
    encoded = table.column(name).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return Names(encoded.indices.fill_null(-1).to_numpy().astype(np.int64), encoded.dictionary.to_pylist())


def _are_unwritable(given: Names) -> Bool:
    bad = np.array([*(not is_plain_name(name) for name in given.names), False])
    return bad[given.codes]


def _integers(table: pa.Table, name: str) -> Int64:
    column: Any = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.fill_null(UNKNOWN).to_numpy()


def _floats(table: pa.Table, name: str) -> Float64:
    return table.column(name).to_numpy().astype(np.float64)
