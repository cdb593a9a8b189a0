"""A delivery, from its bytes to the broker's word that it is there."""

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID, uuid4

import cramjam
import numpy as np
import pyarrow as pa
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.event import ARROW, JSON
from schemas.readings import READINGS_PER_MESSAGE
from schemas.topics import METER_READINGS
from services.common import logs
from services.common.kafka import MAX_MESSAGE_BYTES, Outgoing, send_all
from services.common.postgres import Database, Transaction
from services.heat.arrays import Int64, run_starts
from services.ingest import metrics
from services.ingest.core.parsed import Parsed, RefusedItem, well_formed
from services.ingest.decode import readings_message
from services.ingest.room import Room
from services.ingest.settings import IngestSettings
from services.ingest.sources import arrow_readings, json_readings
from services.ingest.store import deliveries, held
from services.ingest.store.deliveries import Earlier, Source
from services.ingest.store.held import HeldRow

log = logs.get_logger()

MOST_BYTES = MAX_MESSAGE_BYTES - 65_536
"""Of the readings in one message; the rest is for the stream's schema and the message's headers."""

NDJSON = "application/x-ndjson"
PARSERS: dict[str, Callable[[bytes], Parsed]] = {
    JSON: json_readings.parse,
    NDJSON: json_readings.parse_lines,
    ARROW: arrow_readings.parse,
}
"""The ways to write readings down, by content type."""


class KeyReusedError(Exception):
    """An Idempotency-Key came again with another body."""


class BrokerAwayError(Exception):
    """The broker did not acknowledge in time; whether it has the readings is not known."""


class Receipt(NamedTuple):
    """What the sender is told: how many items there were, how many went on to be judged, and which did not."""

    delivery_id: UUID
    items: int
    taken: int
    refused: list[RefusedItem]


class Receiver:
    """Takes deliveries in: kept, sent on, and acknowledged by the broker, or not taken at all."""

    def __init__(self, database: Database, producer: AIOKafkaProducer, settings: IngestSettings) -> None:
        self._database = database
        self._producer = producer
        self._settings = settings
        self._room = Room(settings.max_body_bytes)

    async def source(self, key_hash: str) -> Source | None:
        """Find who holds a key."""
        async with self._database.transaction() as tx:
            return await deliveries.source_by_key(tx, key_hash)

    async def receive(self, source: Source, content_type: str, body: bytes, idempotency_key: str | None) -> Receipt:
        """Take a delivery in.

        The same key with the same body gives the first receipt again. Raises BadDeliveryError where nothing can
        be read, KeyReusedError, and BrokerAwayError.
        """
        async with self._room.taken(len(body)):
            return await self._receive(source, content_type, body, idempotency_key)

    async def _receive(self, source: Source, content_type: str, body: bytes, idempotency_key: str | None) -> Receipt:
        now = datetime.now(UTC)
        parse = partial(self._parsed, source, content_type, body)
        # Beside the event loop: a delivery that must be read item by item takes seconds, and others must not wait.
        parsed = await asyncio.to_thread(parse, now)
        delivery = deliveries.Delivery(
            uuid4(),
            source.source_id,
            idempotency_key,
            hashlib.sha256(content_type.encode() + b"\n" + body).digest(),
            now,
            parsed.items,
            parsed.readings.num_rows,
            logs.correlation_id(),
        )
        async with self._database.transaction() as tx:
            if not await deliveries.add(tx, delivery, content_type, bytes(cramjam.zstd.compress(body, 1))):
                first = await self._earlier(tx, delivery)
                # By the clock of then, or what lay in the future would be answered otherwise now.
                refused = (await asyncio.to_thread(parse, first.received_at)).refused
                return Receipt(first.delivery_id, first.items, first.taken, refused)
            if parsed.refused:
                await held.hold(tx, (_held_row(one, delivery.delivery_id, source.rank) for one in parsed.refused))
            # Sent before the commit: a delivery that is kept has always been acknowledged by the broker.
            await self._send(parsed.readings, delivery, source)
        log.info(
            "delivery_taken",
            delivery_id=str(delivery.delivery_id),
            source=source.name,
            items=parsed.items,
            taken=parsed.readings.num_rows,
        )
        metrics.READINGS_RECEIVED.inc(parsed.readings.num_rows)
        for one in parsed.refused:
            metrics.ITEMS_REFUSED.labels(one.verdict.label).inc()
        return Receipt(delivery.delivery_id, parsed.items, parsed.readings.num_rows, parsed.refused)

    def _parsed(self, source: Source, content_type: str, body: bytes, now: datetime) -> Parsed:
        serials = None if source.serials is None else frozenset(source.serials)
        latest_s = int(now.timestamp()) + self._settings.future_seconds
        return well_formed(PARSERS[content_type](body), latest_s, serials)

    async def _earlier(self, tx: Transaction, delivery: deliveries.Delivery) -> Earlier:
        first = await deliveries.earlier(tx, delivery)
        if first.body_sha256 != delivery.body_sha256:
            raise KeyReusedError
        return first

    async def _send(self, readings: pa.RecordBatch, delivery: deliveries.Delivery, source: Source) -> None:
        messages = [
            readings_message(part, delivery.delivery_id, source.rank, delivery.correlation_id, partition)
            for partition, part in by_partition(readings)
        ]
        await send_acknowledged(self._producer, messages, self._settings.acknowledge_seconds)


async def send_acknowledged(producer: AIOKafkaProducer, messages: Iterable[Outgoing], within_s: float) -> None:
    """Send messages and wait for the broker's word on each. Raises BrokerAwayError."""
    try:
        async with asyncio.timeout(within_s):
            await send_all(producer, messages)
    except (TimeoutError, KafkaError) as error:
        raise BrokerAwayError(type(error).__name__) from error


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


def _held_row(refused: RefusedItem, delivery_id: UUID, rank: int) -> HeldRow:
    item = {"item": refused.item, "field": refused.field, "text": refused.text}
    names = refused.serial, refused.metering_point
    return HeldRow(*names, refused.read_at, item, refused.verdict, refused.reason, delivery_id, rank)
