"""Readings as an Arrow stream, over HTTP or as one message of meter-readings."""

import struct
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from schemas.readings import METER_READINGS
from services.ingest.core.parsed import BadDeliveryError, Parsed, require_few

# Places of fields in Arrow's Message.fbs.
_HEADER_OF_MESSAGE = 2
_COMPRESSION_OF_RECORD_BATCH = 3

_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"

UNREADABLE = (pa.ArrowException, OSError, ValueError, LookupError, AttributeError, struct.error)
"""What reading bytes that are no Arrow stream, or a cut or altered one, raises."""


def parse(body: bytes) -> Parsed:
    """Read a delivery: an Arrow stream with the columns of METER_READINGS. Raises BadDeliveryError."""
    try:
        batches = list(record_batches(body, may_hold_more=False))
    except UNREADABLE as error:
        raise BadDeliveryError("bad_arrow", f"this is no Arrow stream of readings: {error}") from error
    items = sum(batch.num_rows for batch in batches)
    if items == 0:
        raise BadDeliveryError("empty", "the stream holds no reading")
    require_few(items)
    readings = pa.Table.from_batches(batches, METER_READINGS).combine_chunks().to_batches()[0]
    return Parsed(readings.num_rows, readings, np.arange(readings.num_rows), [])


def record_batches(stream: bytes, *, may_hold_more: bool) -> Iterator[pa.RecordBatch]:
    """Read the record batches of a stream as METER_READINGS, each checked whole; raises one of UNREADABLE.

    Columns that may be null may be left out. may_hold_more: leave out columns that are not ours, which a newer
    writer added, instead of refusing them. Compressed batches are refused before they are read, since a few bytes
    may stand for gigabytes; so is a stream without its end, which may have been cut.
    """
    if not stream.endswith(_END_OF_STREAM):
        raise ValueError("its end is missing; close the stream's writer before sending")
    if any(_is_compressed(message.metadata) for message in pa.ipc.MessageReader.open_stream(stream)):
        raise ValueError("the record batches are compressed; send them without")
    with pa.ipc.open_stream(stream) as reader:
        unknown = sorted(set(reader.schema.names) - set(METER_READINGS.names))
        if unknown and not may_hold_more:
            raise ValueError(
                f"there is no column {', '.join(unknown)[:200]}; ours are {', '.join(METER_READINGS.names)}"
            )
        _require_types(reader.schema)
        for batch in reader:
            batch.validate(full=True)
            yield _fitted(batch)


def _require_types(given: pa.Schema) -> None:
    for field in METER_READINGS:
        if given.names.count(field.name) > 1:
            raise ValueError(f"the column {field.name} is there twice")
        if field.name not in given.names:
            if not field.nullable:
                raise ValueError(f"the column {field.name} is missing")
        elif not given.field(field.name).type.equals(field.type):
            raise ValueError(f"the column {field.name} must be of type {field.type}")


def _fitted(batch: pa.RecordBatch) -> pa.RecordBatch:
    names = batch.schema.names
    columns = [
        batch.column(field.name) if field.name in names else pa.nulls(batch.num_rows, field.type)
        for field in METER_READINGS
    ]
    return pa.RecordBatch.from_arrays(columns, schema=METER_READINGS)


def _is_compressed(metadata: pa.Buffer | None) -> bool:
    """Look into a message's flatbuffer for the field that names a compression; pyarrow does not show it."""
    if metadata is None:
        return False
    buffer = metadata.to_pybytes()
    message = struct.unpack_from("<I", buffer)[0]
    header = _field(buffer, message, _HEADER_OF_MESSAGE)
    record_batch = header + struct.unpack_from("<I", buffer, header)[0]
    return _field(buffer, record_batch, _COMPRESSION_OF_RECORD_BATCH) != record_batch


def _field(buffer: bytes, table: int, number: int) -> int:
    """Give where a table's field lies; the table's own place where it is not there."""
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, vtable)[0]
    entry = 4 + 2 * number
    offset = struct.unpack_from("<H", buffer, vtable + entry)[0] if entry < size else 0
    return int(table + offset)
