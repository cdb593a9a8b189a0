"""How many messages a loop puts into one transaction."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from aiokafka.structs import ConsumerRecord

from deploy.local.stack import Stack
from schemas.topics import OUTDOOR_TEMPERATURE, Topic
from services.common.consume import Loop, Source
from services.common.health import Progress
from services.common.kafka import Outgoing, create_topics, send_all, start_producer
from services.common.postgres import Database, Transaction

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

    async def announcements(self, tx: Transaction, items: Sequence[int]) -> Iterable[Outgoing]:  # noqa: ARG002
        return []


async def batches_of(stack: Stack, topic: Topic, message: bytes, **source: Any) -> Batches:
    """Let a loop take messages that lie ready, at most ten from the broker at once."""
    await create_topics(stack.kafka.bootstrap, [topic])
    database = Database(stack.dsn("ingest"), 1, 2)
    await database.open()
    producer = await start_producer(stack.kafka.bootstrap)
    await send_all(producer, [Outgoing(topic.name, message, partition=0)] * MESSAGES)
    batches, stop = Batches(), asyncio.Event()
    taking = Source(stack.kafka.bootstrap, topic.name, "ingest", [topic], max_records=10, **source)
    running = asyncio.create_task(Loop(taking, batches, database, producer, Progress()).run(stop))
    try:
        await asyncio.wait_for(batches.all_taken.wait(), WITHIN_S)
    finally:
        stop.set()
        await running
        await producer.stop()
        await database.close()
    assert batches.offsets == list(range(MESSAGES))
    return batches


async def test_small_messages_that_lie_ready_make_one_transaction(stack: Stack) -> None:
    topic = replace(OUTDOOR_TEMPERATURE, name="small-messages")
    batches = await batches_of(stack, topic, b"small")
    assert batches.sizes == [MESSAGES]


async def test_large_messages_make_no_larger_transaction_than_asked(stack: Stack) -> None:
    topic = replace(OUTDOOR_TEMPERATURE, name="large-messages")
    batches = await batches_of(stack, topic, b"l" * 1_000, enough_bytes=10_000)
    assert batches.sizes == [10] * (MESSAGES // 10)
