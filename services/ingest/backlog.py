"""How long readings have waited for the worker, so that bulk sources wait and live ones need not."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

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

LOOK_EVERY_S = 0.1
REQUEST_TIMEOUT_MS = 5_000
LOOKS_KEPT = 600
"""A minute of them; what has waited longer than that has waited too long by any measure."""


class Look(NamedTuple):
    """How many messages each partition had at a moment."""

    at_s: float
    ends: Mapping[TopicPartition, int]


def waited_s(looks: deque[Look], stored: Mapping[TopicPartition, int], now_s: float) -> float:
    """Tell how long the oldest message that is not stored has waited, as far as looks tell; 0 where none waits.

    looks: the oldest first. stored: of each partition, how far it is stored. A message has waited since the first look
    at which its partition reached beyond what is stored.
    """
    begun = (
        next(look.at_s for look in looks if look.ends[which] > reached)
        for which, reached in stored.items()
        if looks[-1].ends[which] > reached
    )
    return now_s - min(begun, default=now_s)


class Backlog:
    """Since when the oldest reading waits that no worker has stored yet, as of a moment ago."""

    def __init__(self, bootstrap: str, database: Database, schema: str, limit_s: float) -> None:
        self._bootstrap = bootstrap
        self._database = database
        self._schema = schema
        self._limit_s = limit_s
        self._partitions = [TopicPartition(METER_READINGS.name, number) for number in range(METER_READINGS.partitions)]
        self._looks: deque[Look] = deque(maxlen=LOOKS_KEPT)
        self.waited_s = 0.0

    @property
    def is_long(self) -> bool:
        """True while the oldest reading has waited for longer than one may before bulk sources are asked to."""
        return self.waited_s > self._limit_s

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop. While Kafka or PostgreSQL is away what was seen last stands."""
        positions = Positions(self._schema, await cluster_id(self._bootstrap))
        # So short that the process can end in time while the broker is away.
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
        await consumer.start()
        try:
            while not stop.is_set():
                try:
                    self.waited_s = await self._look(consumer, positions)
                except (KafkaError, OperationalError, PoolTimeout, TimeoutError) as error:
                    log.warning("backlog_unknown", error=type(error).__name__)
                try:
                    await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
                except TimeoutError:
                    continue
        finally:
            await consumer.stop()

    async def _look(self, consumer: AIOKafkaConsumer, positions: Positions) -> float:
        now_s = time.monotonic()
        self._looks.append(Look(now_s, await consumer.end_offsets(self._partitions)))
        async with self._database.transaction() as tx:
            places = await positions.load(tx, [(one.topic, one.partition) for one in self._partitions])
        reached = {TopicPartition(*which): place.next_offset for which, place in places.items()}
        # Without a position nothing of the partition is stored, and what it has now may have waited for ever.
        stored = {one: reached.get(one, 0) for one in self._partitions}
        return waited_s(self._looks, stored, time.monotonic())
