"""Messages of meter-readings to columns: what a message must be, and what each of its rows must hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pyarrow as pa
from aiokafka.structs import ConsumerRecord

from schemas.event import CORRELATION_HEADER, header
from schemas.readings import METER_READINGS, READINGS_PER_MESSAGE
from services.common.consume import UndecodableError
from services.heat.arrays import UNKNOWN, Float64, Int64
from services.ingest.core.identify import Names, Reference, identify
from services.ingest.core.readings import ReadingRows, content_hash
from services.ingest.core.verdict import Verdict

DELIVERY_HEADER = "delivery-id"
RANK_HEADER = "source-rank"

FIRST_READ_AT_S = 631_238_400
"""1990-01-02, before any meter that is read from afar."""
LAST_READ_AT_S = 2_871_676_800
"""2060-12-31, where the calendar of local days ends."""
MAXIMUM_REGISTER = 10**15
"""Wh, l and litre-degrees beyond this no meter counts to."""


@dataclass(frozen=True)
class Message:
    """One message: up to 5,000 readings of one delivery."""

    readings: pa.RecordBatch
    delivery_id: UUID | None
    rank: int
    correlation_id: str
    partition: int
    next_offset: int


class Held(NamedTuple):
    """A reading for which no metering point was found, or whose form is wrong: kept for an operator."""

    message: int
    row: int
    verdict: Verdict


class Gathered(NamedTuple):
    """The readings of several messages: those that belong to a metering point, and those that are held."""

    rows: ReadingRows
    held: list[Held]


def message(record: ConsumerRecord) -> Message:
    """Read one message. Raises UndecodableError where it is no record batch of readings."""
    delivery = header(record.headers, DELIVERY_HEADER)
    rank = header(record.headers, RANK_HEADER) or "0"
    try:
        return Message(
            read_batch(record.value or b""),
            UUID(delivery) if delivery else None,
            int(rank),
            header(record.headers, CORRELATION_HEADER) or "",
            record.partition,
            record.offset + 1,
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UndecodableError(f"{type(error).__name__}: {error}") from error


def read_batch(value: bytes) -> pa.RecordBatch:
    """Read an Arrow stream of one record batch of METER_READINGS. Raises ValueError, OSError or ArrowException."""
    with pa.ipc.open_stream(value) as stream:
        if not stream.schema.equals(METER_READINGS):
            raise ValueError(f"the columns are not those of meter-readings: {_difference(stream.schema)}")
        batch = stream.read_next_batch()
        if batch.num_rows > READINGS_PER_MESSAGE:
            raise ValueError(f"{batch.num_rows} readings in one message; at most {READINGS_PER_MESSAGE}")
        batch.validate(full=True)
        if list(stream):
            raise ValueError("more than one record batch in one message")
    return batch


def _difference(schema: pa.Schema) -> str:
    expected = {field.name: field for field in METER_READINGS}
    given = {field.name: field for field in schema}
    wrong = [name for name in expected.keys() | given.keys() if expected.get(name) != given.get(name)]
    return ", ".join(sorted(wrong)[:10]) or "their order"


def gather(messages: Sequence[Message], reference: Reference) -> Gathered:
    """Lay the readings of several messages side by side and find the metering point of each."""
    table = pa.Table.from_batches([one.readings for one in messages])
    sizes = [one.readings.num_rows for one in messages]
    delivery = np.repeat(np.arange(len(messages)), sizes)
    read_at_us = _integers(table, "read_at")
    read_at_s = np.where(read_at_us == UNKNOWN, 0, read_at_us) // 1_000_000
    found = identify(reference, _names(table, "serial"), _names(table, "metering_point"), read_at_s)
    recorded_us = _integers(table, "recorded_at")
    samples = [_floats(table, name) for name in ("flow_l_per_h", "power_w", "supply_c", "return_c")]
    registers = [_integers(table, name) for name in ("energy_wh", "volume_l", "forward_lc", "return_lc")]
    rank = np.repeat([one.rank for one in messages], sizes).astype(np.int64)
    withdrawn = table.column("withdrawn").fill_null(False).to_numpy().astype(np.int64)
    recorded_us = np.where(recorded_us == UNKNOWN, read_at_s * 1_000_000, recorded_us)
    sample_bits = [sample.astype(np.float32).view(np.int32).astype(np.int64) for sample in samples]
    hashed = content_hash((*registers, *sample_bits, withdrawn, rank, recorded_us, found.meter_id))
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
    refusal = np.where((form := _form_refusals(rows)) != 0, form, found.refusal)
    return Gathered(rows.take(refusal == 0), _held(refusal, delivery, sizes))


def _form_refusals(rows: ReadingRows) -> Int64:
    """Name what is wrong with each reading by itself, whoever sent it; 0 where nothing is."""
    registers = (rows.energy_wh, rows.volume_l, rows.forward_lc, rows.return_lc)
    samples = (rows.flow_l_per_h, rows.power_w, rows.supply_c, rows.return_c)
    negative = np.any([(column < 0) & (column != UNKNOWN) for column in registers[:2]], axis=0)
    too_large = np.any([(np.abs(column) > MAXIMUM_REGISTER) & (column != UNKNOWN) for column in registers], axis=0)
    infinite = np.any([np.isinf(column) for column in samples], axis=0)
    outside = (rows.read_at_s < FIRST_READ_AT_S) | (rows.read_at_s > LAST_READ_AT_S)
    return np.select(
        [rows.energy_wh == UNKNOWN, outside, negative, too_large, infinite],
        [
            int(Verdict.FIELD_MISSING),
            int(Verdict.TIME_OUT_OF_RANGE),
            int(Verdict.NEGATIVE_REGISTER),
            int(Verdict.OUT_OF_RANGE),
            int(Verdict.NOT_FINITE),
        ],
        0,
    ).astype(np.int64)


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


def _integers(table: pa.Table, name: str) -> Int64:
    column: Any = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.fill_null(UNKNOWN).to_numpy()


def _floats(table: pa.Table, name: str) -> Float64:
    return table.column(name).to_numpy().astype(np.float64)
