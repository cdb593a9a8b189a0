"""Readings parted into messages: a meter's always to the same partition, and none too large for the broker."""

import zlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa

from schemas.readings import READINGS_PER_MESSAGE
from schemas.topics import METER_READINGS
from services.common.kafka import MAX_MESSAGE_BYTES
from services.heat.arrays import Int64, run_starts

MOST_BYTES = MAX_MESSAGE_BYTES - 65_536
"""Of the readings in one message; the rest is for the stream's schema and the message's headers."""


def by_partition(readings: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Part readings so that a meter's always go to the same partition, each part small enough for one message.

    The order of partitions is only for speed: workers lock the metering points they touch.
    """
    partition = _partition_of(readings)
    order = np.argsort(partition, kind="stable")
    in_order = readings.take(pa.array(order))
    cuts = np.append(run_starts(partition[order]), len(order)).tolist()
    for first, end in pairwise(cuts):
        for start in range(first, end, READINGS_PER_MESSAGE):
            for part in _small(in_order.slice(start, min(READINGS_PER_MESSAGE, end - start))):
                yield int(partition[order[first]]), part


def _small(readings: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Halve readings until each part fits into a message: long names make fewer of them fit."""
    if readings.nbytes <= MOST_BYTES:
        yield readings
        return
    middle = readings.num_rows // 2
    yield from _small(readings.slice(0, middle))
    yield from _small(readings.slice(middle))


def _partition_of(readings: pa.RecordBatch) -> Int64:
    names = readings.column("metering_point").fill_null("")
    unnamed = pa.compute.equal(names, "")
    encoded = pa.compute.if_else(unnamed, readings.column("serial").fill_null(""), names).dictionary_encode()
    of_name = [zlib.crc32(name.encode()) % METER_READINGS.partitions for name in encoded.dictionary.to_pylist()]
    return np.array(of_name, np.int64)[encoded.indices.to_numpy()]
