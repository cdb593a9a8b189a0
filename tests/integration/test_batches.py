"""How many messages a loop puts into one transaction, and how much it tells at once."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from deploy.local.stack import Stack
from schemas.topics import OUTDOOR_TEMPERATURE, Topic
from services.common.consume import Loop, Shares, Source
from services.common.health import Progress
from services.common.kafka import Outgoing, cluster_id, create_topics, newest, send_all, start_producer
from services.common.positions import Positions
from services.common.postgres import Database, Transaction
from tests.running import looping

TOLD = replace(OUTDOOR_TEMPERATURE, name="told-in-shares", partitions=1)
MESSAGES = 60
WITHIN_S = 30


class Batches:
    """Handlers that only note how large each batch was."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.offsets: list[int] = []
        self.all_taken = asyncio.Event()

    def decode(self, record: ConsumerRecord) -> int:
        return int(record.offset)

    async def store(self, tx: Transaction, items: Sequence[int]) -> Iterable[Outgoing]:  # noqa: ARG002
        self.sizes.append(len(items))
        self.offsets += items
        if len(self.offsets) == MESSAGES:
            self.all_taken.set()
        return []

    async def announcements(self, tx: Transaction, items: Sequence[int]) -> Iterable[Outgoing] | Shares:  # noqa: ARG002
        return []


@asynccontextmanager
async def database_and_producer(stack: Stack) -> AsyncIterator[tuple[Database, AIOKafkaProducer]]:
    database = Database(stack.dsn("ingest"), 1, 2)
    await database.open()
    producer = await start_producer(stack.kafka.bootstrap)
    try:
        yield database, producer
    finally:
        await producer.stop()
        await database.close()


async def batches_of(stack: Stack, topic: Topic, message: bytes, **source: Any) -> Batches:
    """Let a loop take messages that lie ready, at most ten from the broker at once."""
    await create_topics(stack.kafka.bootstrap, [topic])
    batches = Batches()
    async with database_and_producer(stack) as (database, producer):
        await send_all(producer, [Outgoing(topic.name, message, partition=0)] * MESSAGES)
        taking = Source(stack.kafka.bootstrap, topic.name, "ingest", [topic], max_records=10, **source)
        async with looping(Loop(taking, batches, database, producer, Progress())):
            await asyncio.wait_for(batches.all_taken.wait(), WITHIN_S)
    assert batches.offsets == list(range(MESSAGES))
    return batches


class Redelivered(Batches):
    """Handlers that tell again in three shares, and note what the broker has when each one is asked for."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        super().__init__()
        self._producer = producer
        self.there: list[int] = []
        self.is_told = asyncio.Event()

    async def announcements(self, tx: Transaction, items: Sequence[int]) -> Shares:  # noqa: ARG002
        return self._shares()

    async def _shares(self) -> Shares:
        for share in range(3):
            self.there.append(len(await newest(self._producer, [TOLD.name], MESSAGES)))
            yield [Outgoing(TOLD.name, str(share).encode(), partition=0)] * 5
        self.there.append(len(await newest(self._producer, [TOLD.name], MESSAGES)))
        self.is_told.set()


async def test_a_first_batch_that_was_stored_and_not_told_of_is_told_of_share_by_share(stack: Stack) -> None:
    topic = replace(OUTDOOR_TEMPERATURE, name="told-again")
    await create_topics(stack.kafka.bootstrap, [topic, TOLD])
    async with database_and_producer(stack) as (database, producer):
        await send_all(producer, [Outgoing(topic.name, b"1", partition=0)] * 4)
        positions = Positions("ingest", await cluster_id(stack.kafka.bootstrap))
        async with database.transaction() as tx:
            # By a process that died before it told of them, and so never committed anything.
            await positions.begin(tx, {(topic.name, 0): 4})
        handlers = Redelivered(producer)
        source = Source(stack.kafka.bootstrap, topic.name, "ingest", [topic])
        async with looping(Loop(source, handlers, database, producer, Progress())):
            await asyncio.wait_for(handlers.is_told.wait(), WITHIN_S)
    assert handlers.there == [0, 5, 10, 15]
    assert handlers.offsets == []


async def test_small_messages_that_lie_ready_make_one_transaction(stack: Stack) -> None:
    topic = replace(OUTDOOR_TEMPERATURE, name="small-messages")
    batches = await batches_of(stack, topic, b"small")
    assert batches.sizes == [MESSAGES]


async def test_large_messages_make_no_larger_transaction_than_asked(stack: Stack) -> None:
    topic = replace(OUTDOOR_TEMPERATURE, name="large-messages")
    batches = await batches_of(stack, topic, b"l" * 1_000, enough_bytes=10_000)
    assert batches.sizes == [10] * (MESSAGES // 10)


async def test_what_is_taken_on_top_fills_a_transaction_and_does_not_double_it(stack: Stack) -> None:
    topic = replace(OUTDOOR_TEMPERATURE, name="messages-on-top")
    batches = await batches_of(stack, topic, b"m" * 1_000, enough_bytes=12_000)
    assert batches.sizes == [12] * (MESSAGES // 12)
