"""How far the worker is behind, so that bulk sources wait and live ones need not."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from schemas.topics import METER_READINGS
from services.common import logs
from services.common.kafka import cluster_id
from services.common.positions import Positions
from services.common.postgres import Database

log = logs.get_logger()

LOOK_EVERY_S = 1.0
REQUEST_TIMEOUT_MS = 5_000


class Backlog:
    """The messages of readings that no worker has stored yet, as they were counted a moment ago."""

    def __init__(self, bootstrap: str, database: Database, schema: str, limit: int) -> None:
        self._bootstrap = bootstrap
        self._database = database
        self._schema = schema
        self._limit = limit
        self._partitions = [TopicPartition(METER_READINGS.name, number) for number in range(METER_READINGS.partitions)]
        self.messages = 0

    @property
    def is_long(self) -> bool:
        """True while more messages wait than may before bulk sources are asked to."""
        return self.messages > self._limit

    async def run(self, stop: asyncio.Event) -> None:
        """Count until told to stop. While Kafka or PostgreSQL is away the last count stands."""
        positions = Positions(self._schema, await cluster_id(self._bootstrap))
        # So short that the process can end in time while the broker is away.
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
        await consumer.start()
        try:
            while not stop.is_set():
                try:
                    self.messages = await self._count(consumer, positions)
                except (KafkaError, OperationalError, PoolTimeout, TimeoutError) as error:
                    log.warning("backlog_unknown", error=type(error).__name__)
                try:
                    await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
                except TimeoutError:
                    continue
        finally:
            await consumer.stop()

    async def _count(self, consumer: AIOKafkaConsumer, positions: Positions) -> int:
        ends = await consumer.end_offsets(self._partitions)
        begins = await consumer.beginning_offsets(self._partitions)
        async with self._database.transaction() as tx:
            places = await positions.load(tx, [(one.topic, one.partition) for one in self._partitions])
        stored = {TopicPartition(*which): place.next_offset for which, place in places.items()}
        return sum(ends[one] - max(stored.get(one, begins[one]), begins[one]) for one in self._partitions)
