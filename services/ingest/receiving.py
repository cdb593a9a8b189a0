"""A delivery, from its bytes to the broker's word that it is there."""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import cramjam
import pyarrow as pa
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.common import logs
from services.common.kafka import Outgoing, send_all
from services.common.postgres import Database, Transaction
from services.ingest import metrics
from services.ingest.core.parsed import BadDeliveryError
from services.ingest.core.said import said
from services.ingest.decode import readings_message
from services.ingest.parting import by_partition
from services.ingest.room import Room
from services.ingest.settings import IngestSettings
from services.ingest.sources.understood import Refused, Understood
from services.ingest.sources.written import PARSERS
from services.ingest.store import deliveries, held, telegrams
from services.ingest.store.deliveries import Source
from services.ingest.store.held import HeldRow, RefusedRow
from services.ingest.understanding import Understanding, counted, fitting, readings, unreadable

log = logs.get_logger()


class KeyReusedError(Exception):
    """An Idempotency-Key came again with another body."""


class BrokerAwayError(Exception):
    """The broker did not acknowledge in time; whether it has the readings is not known."""


class Receipt(NamedTuple):
    """What the sender is told: how many items there were, how many went on to be judged, and which did not."""

    delivery_id: UUID
    items: int
    taken: int
    refused: Sequence[Refused | RefusedRow]

    @property
    def is_of_use(self) -> bool:
        """Tell whether anything of the delivery is judged, or will be once what it waits for is put."""
        return self.taken > 0 or any(one.waits_for for one in self.refused)


class _Arrived(NamedTuple):
    source: Source
    form: str
    body: bytes
    latest_s: int
    keeps_unreadable: bool

    def unreadable(self, error: BadDeliveryError) -> Understood:
        if self.keeps_unreadable:
            return unreadable(error, self.body)
        raise error


class _CameBeforeError(Exception):
    """Somebody has taken this delivery in under the same key."""


class Receiver:
    """Takes deliveries in: kept, sent on, and acknowledged by the broker, or not taken at all."""

    def __init__(
        self, database: Database, producer: AIOKafkaProducer, understanding: Understanding, settings: IngestSettings
    ) -> None:
        self._database = database
        self._producer = producer
        self._understanding = understanding
        self._settings = settings
        self._room = Room(settings.max_body_bytes)

    async def source(self, key_hash: str) -> Source | None:
        """Find who holds a key."""
        async with self._database.transaction() as tx:
            return await deliveries.source_by_key(tx, key_hash)

    async def source_named(self, name: str) -> Source | None:
        """Find a source by its name."""
        async with self._database.transaction() as tx:
            return await deliveries.source_by_name(tx, name)

    async def receive(
        self, source: Source, form: str, body: bytes, idempotency_key: str | None, *, keeps_unreadable: bool = False
    ) -> Receipt:
        """Take a delivery in.

        form: of PARSERS, ENVELOPES, or UPLINK. The same key with the same body gives the first receipt again.
        keeps_unreadable: of a delivery of which nothing can be read the bytes are kept and refused as one item, for a
        sender who cannot be answered. Raises BadDeliveryError otherwise, KeyReusedError, and BrokerAwayError.
        """
        latest_s = int(datetime.now(UTC).timestamp()) + self._settings.future_seconds
        async with self._room.taken(len(body)):
            return await self._receive(_Arrived(source, form, body, latest_s, keeps_unreadable), idempotency_key)

    async def _receive(self, arrived: _Arrived, idempotency_key: str | None) -> Receipt:
        source, form, body = arrived.source, arrived.form, arrived.body
        digest = hashlib.sha256(form.encode() + b"\n" + body).digest()
        named = deliveries.Named(uuid4(), source.source_id, idempotency_key, digest, datetime.now(UTC))
        # Beside the event loop: a delivery that must be read item by item takes seconds, and others must not wait.
        understood = await asyncio.to_thread(_readings, arrived) if form in PARSERS else None
        try:
            async with self._database.transaction() as tx:
                if understood is None:
                    understood = await self._telegrams(tx, arrived)
                counts = understood.items, understood.readings.num_rows
                delivery = deliveries.Delivery(*named, *counts, logs.correlation_id())
                read_as = None if form in PARSERS else rows_of(understood)
                if not await deliveries.add(tx, delivery, form, bytes(cramjam.zstd.compress(body, 1)), read_as):
                    raise _CameBeforeError
                await hold_refused(tx, understood, delivery.delivery_id, source.rank)
                await telegrams.add_statuses(tx, delivery.delivery_id, understood.statuses)
                # Sent before the commit: a delivery that is kept has always been acknowledged by the broker.
                await self._send(understood.readings, delivery, source)
        except _CameBeforeError:
            return await self._first(named)
        _tell(delivery, understood, source)
        return Receipt(delivery.delivery_id, delivery.items, delivery.taken, understood.refused)

    async def _telegrams(self, tx: Transaction, arrived: _Arrived) -> Understood:
        try:
            understood = await self._understanding.telegrams(tx, arrived.form, arrived.body)
        except BadDeliveryError as error:
            return arrived.unreadable(error)
        fit = await asyncio.to_thread(fitting, understood, arrived.latest_s, arrived.source.serials)
        return await counted(tx, fit)

    async def _first(self, named: deliveries.Named) -> Receipt:
        """Give the receipt of the delivery that came first under the same key. Raises KeyReusedError."""
        async with self._database.transaction() as tx:
            first = await deliveries.earlier(tx, named)
            if first.body_sha256 != named.body_sha256:
                raise KeyReusedError
            return Receipt(first.delivery_id, first.items, first.taken, await held.refused(tx, first.delivery_id))

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


async def hold_refused(tx: Transaction, understood: Understood, delivery_id: UUID, rank: int) -> None:
    """Keep the refused items of a delivery."""
    if understood.refused:
        await held.hold(tx, (_held_row(one, delivery_id, rank) for one in understood.refused))


def _held_row(refused: Refused, delivery_id: UUID, rank: int) -> HeldRow:
    item = {"item": refused.item, "field": refused.field, "code": refused.code, "text": refused.text}
    names = refused.serial, refused.metering_point
    return HeldRow(*names, refused.read_at, item, refused.verdict, refused.reason, delivery_id, rank, refused.waits_for)


def rows_of(understood: Understood) -> list[dict[str, Any]]:
    """Write down what each telegram was read as."""
    rows = zip(understood.item.tolist(), said(understood.readings), strict=True)
    return [{"item": item, **reading} for item, reading in rows]


def _readings(arrived: _Arrived) -> Understood:
    try:
        understood = readings(arrived.form, arrived.body)
    except BadDeliveryError as error:
        return arrived.unreadable(error)
    return fitting(understood, arrived.latest_s, arrived.source.serials)


def _tell(delivery: deliveries.Delivery, understood: Understood, source: Source) -> None:
    log.info(
        "delivery_taken",
        delivery_id=str(delivery.delivery_id),
        source=source.name,
        items=delivery.items,
        taken=delivery.taken,
    )
    metrics.READINGS_RECEIVED.inc(delivery.taken)
    for one in understood.refused:
        metrics.ITEMS_REFUSED.labels(one.code).inc()
