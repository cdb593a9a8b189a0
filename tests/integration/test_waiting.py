"""How long messages wait is known however a consumer is held up, since operators are woken by it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from prometheus_client import REGISTRY

from deploy.local.stack import Stack
from schemas.topics import OUTDOOR_TEMPERATURE, Topic
from services.common import consume
from services.common.consume import Loop, Source
from services.common.health import Progress
from services.common.kafka import Outgoing, create_topics, send_all, start_producer
from services.common.postgres import Database, Transaction
from tests.running import looping

WITHIN_S = 30


class Gate:
    """Handlers that store nothing, and stand still while the gate is closed."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.opened.set()
        self.passed = 0

    def decode(self, record: ConsumerRecord) -> int:
        return int(record.offset)

    async def store(self, tx: Transaction, items: Sequence[int]) -> Iterable[Outgoing]:  # noqa: ARG002
        await self.opened.wait()
        self.passed += len(items)
        return []

    async def announcements(self, tx: Transaction, items: Sequence[int]) -> Iterable[Outgoing]:  # noqa: ARG002
        return []


class Queue:
    """A topic with one partition, the consumers that follow it as one group, and who sends to it."""

    def __init__(self, stack: Stack, topic: Topic, database: Database, producer: AIOKafkaProducer) -> None:
        self._source = Source(stack.kafka.bootstrap, topic.name, "ingest", [topic])
        self._topic = topic
        self._database = database
        self._producer = producer

    async def send(self) -> None:
        await send_all(self._producer, [Outgoing(self._topic.name, b"one")])

    def loop(self, gate: Gate) -> Loop[int]:
        return Loop(self._source, gate, self._database, self._producer, Progress())

    def age_s(self) -> float:
        """Give the figure that operators see."""
        age = REGISTRY.get_sample_value("kulvert_oldest_unprocessed_seconds", {"topic": self._topic.name})
        assert age is not None
        return age


@pytest.fixture
async def queue(stack: Stack, request: pytest.FixtureRequest) -> AsyncIterator[Queue]:
    topic = replace(OUTDOOR_TEMPERATURE, name=str(request.node.name)[:60], partitions=1)
    await create_topics(stack.kafka.bootstrap, [topic])
    database = Database(stack.dsn("ingest"), 1, 4)
    await database.open()
    producer = await start_producer(stack.kafka.bootstrap)
    yield Queue(stack, topic, database, producer)
    await producer.stop()
    await database.close()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_true():  # noqa: ASYNC110 - it is the loop's own state that is waited for
            await asyncio.sleep(0.05)


async def test_nothing_waits_where_all_was_taken(queue: Queue) -> None:
    gate = Gate()
    async with looping(queue.loop(gate)):
        await until(lambda: queue.age_s() == 0)
        await queue.send()
        await until(lambda: gate.passed == 1 and queue.age_s() == 0)


async def test_a_message_ages_while_its_batch_stands_still(queue: Queue) -> None:
    gate = Gate()
    async with looping(queue.loop(gate)):
        await until(lambda: queue.age_s() == 0)
        gate.opened.clear()
        await queue.send()
        await until(lambda: queue.age_s() > 2)
        gate.opened.set()
        await until(lambda: queue.age_s() == 0)


async def test_a_message_ages_that_the_consumer_is_not_given(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume, "POLLED_WITHIN_MS", 500)
    gate = Gate()
    loop = queue.loop(gate)
    async with looping(loop):
        await until(lambda: queue.age_s() == 0)
        # Stands for a consumer that fetches no more, although it is alive and in its group.
        loop._consumer.pause(*loop._consumer.assignment())
        await queue.send()
        await until(lambda: queue.age_s() > 2)
        assert gate.passed == 0
        loop._consumer.resume(*loop._consumer.assignment())
        await until(lambda: gate.passed == 1 and queue.age_s() == 0)


async def test_a_consumer_that_has_no_place_in_its_group_yet_does_not_look_as_if_nothing_waited(queue: Queue) -> None:
    gate = Gate()
    loop = queue.loop(gate)
    await queue.send()
    await until(lambda: queue.age_s() > 1)
    async with looping(loop):
        await until(lambda: gate.passed == 1 and queue.age_s() == 0)


async def test_a_loop_has_begun_once_it_has_a_place_in_its_group_even_one_without_partitions(queue: Queue) -> None:
    first, second = queue.loop(Gate()), queue.loop(Gate())
    assert not await first.has_begun()
    async with looping(first), looping(second):
        await until(lambda: first._was_placed and second._was_placed)
        assert await first.has_begun()


async def test_for_a_worker_that_is_given_no_partition_nothing_waits(queue: Queue) -> None:
    first, second = queue.loop(Gate()), queue.loop(Gate())
    async with looping(first), looping(second):
        await until(lambda: sum(len(one._consumer.assignment()) for one in (first, second)) == 1)
        await until(lambda: queue.age_s() == 0)


async def test_of_two_loops_over_one_topic_the_one_that_stands_still_is_seen(queue: Queue) -> None:
    held, free = Gate(), Gate()
    held.opened.clear()
    await queue.send()
    async with looping(queue.loop(held)):
        await until(lambda: queue.age_s() > 1)
        async with looping(queue.loop(free)):
            await asyncio.sleep(1)
            assert queue.age_s() > 2
            held.opened.set()
        await until(lambda: held.passed + free.passed > 0)
