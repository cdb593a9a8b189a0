"""How far every service has come in every topic that it reads, and what the topics hold."""

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.topics import (
    CONTRACTS_CHANGED,
    DAILY_POWER,
    FACILITIES_CHANGED,
    HOURLY_POWER,
    METER_READINGS,
    OUTDOOR_TEMPERATURE,
    PRICE_LISTS_CHANGED,
    TOPICS,
    Topic,
)
from tests.faults.system import System

QUIET_MS = 1_000


class Reader(NamedTuple):
    """A consumer group, the schema that keeps its stored positions (None: it keeps none), and its topics."""

    group: str
    schema: str | None
    topics: tuple[Topic, ...]


INGEST = tuple(
    Reader(f"ingest-{topic.name}", "ingest", (topic,))
    for topic in (METER_READINGS, OUTDOOR_TEMPERATURE, FACILITIES_CHANGED)
)
READERS = (
    *INGEST,
    Reader("billing", "billing", (CONTRACTS_CHANGED, PRICE_LISTS_CHANGED, DAILY_POWER)),
    Reader("permissions", "permissions", (CONTRACTS_CHANGED,)),
    Reader("alerts", None, (HOURLY_POWER, DAILY_POWER)),
)
SCHEMAS_WITH_OUTBOX = ("permissions", "contracts", "ingest", "billing", "alerts")
_WAITING = " UNION ALL ".join([
    "SELECT 'spans to judge again', count(*) FROM ingest.rejudge",
    *(f"SELECT 'events in {schema}.outbox', count(*) FROM {schema}.outbox" for schema in SCHEMAS_WITH_OUTBOX),
])  # fmt: skip


def behind(system: System, readers: Iterable[Reader] = READERS) -> list[str]:
    """Say what is still on its way: messages before a position, events in an outbox, spans to judge again."""
    left = [f"{count} {what}" for what, count in system.rows(_WAITING) if count]
    try:
        return left + asyncio.run(asyncio.wait_for(_lags(system, list(readers)), 10))
    except (KafkaError, TimeoutError) as error:
        return [*left, f"Kafka does not answer: {type(error).__name__}"]


async def _lags(system: System, readers: list[Reader]) -> list[str]:
    bootstrap = system.stack.kafka.bootstrap
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        await admin.start()
        places = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
        # Each topic that is not assigned to it would be asked for by a request of its own, a tenth of a second apart.
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        left = []
        for reader in readers:
            committed = await admin.list_consumer_group_offsets(reader.group)
            stored = _stored(system, reader)
            for tp in (tp for tp in places if tp.topic in {topic.name for topic in reader.topics}):
                at = {ends[tp], max(committed[tp].offset, 0) if tp in committed else 0}
                at |= {stored.get((tp.topic, tp.partition), 0)} if reader.schema else set()
                left += [f"{reader.group} in {tp.topic}/{tp.partition}: {sorted(at)}"] if len(at) > 1 else []
        return left
    finally:
        await admin.close()
        await consumer.stop()


def _stored(system: System, reader: Reader) -> dict[tuple[str, int], int]:
    if reader.schema is None:
        return {}
    query = f"SELECT topic, partition, next_offset FROM {reader.schema}.stored_position"
    return {(topic, partition): offset for topic, partition, offset in system.rows(query)}


def messages(system: System, *names: str) -> list[Any]:
    """Read topics from their beginnings to their ends; gives the messages of each partition in order."""
    return asyncio.run(_messages(system.stack.kafka.bootstrap, names))


async def _messages(bootstrap: str, names: tuple[str, ...]) -> list[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", max_poll_records=5_000)
    await consumer.start()
    try:
        partitions = {topic.name: topic.partitions for topic in TOPICS}
        # A dead-letter topic has one partition.
        places = [TopicPartition(name, number) for name in names for number in range(partitions.get(name, 1))]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        found: list[Any] = []
        while any([await consumer.position(tp) < ends[tp] for tp in places]):
            for records in (await consumer.getmany(timeout_ms=QUIET_MS)).values():
                found += records
        return found
    finally:
        await consumer.stop()
