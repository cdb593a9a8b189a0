"""Kafka: producers that wait for the broker, messages to send, and the topics of the event map."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pyarrow as pa
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupIdNotFound, KafkaConnectionError, KafkaError, NoError, for_code
from aiokafka.structs import ConsumerRecord

from schemas.event import ARROW, CONTENT_TYPE_HEADER, SCHEMA_HEADER, Event
from schemas.topics import DEAD_LETTER_RETENTION, TOPICS, Topic

MAX_MESSAGE_BYTES = 1_048_576
MAX_DEAD_LETTER_BYTES = MAX_MESSAGE_BYTES + 65_536
"""A dead letter is a message that may have been as large as any, with the error and its place beside it."""
MAX_UNCOMPRESSED_BYTES = 16 * 1_048_576
"""Of one message: a broker counts what is left of it once it is compressed, of JSON that says the same again little."""
REQUEST_TIMEOUT_MS = 20_000
START_PATIENCE_S = 10.0
"""So long a process waits at its start for a broker that is only starting itself."""
LOOK_AGAIN_S = 0.2
READ_WAIT_MS = 500
FETCH_WAIT_MS = 50
"""So long a broker holds a question for messages that are not there yet; what is asked behind it waits as long."""

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. Without a partition Kafka chooses it by the key."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    headers: Headers = field(default_factory=list)


async def start_producer(bootstrap: str) -> AIOKafkaProducer:
    """Connect a producer whose acknowledged messages are on every replica, once each, in order.

    Raises aiokafka.errors.KafkaConnectionError where no broker answers in time.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        linger_ms=2,
        max_batch_size=MAX_MESSAGE_BYTES,
        max_request_size=MAX_UNCOMPRESSED_BYTES,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    await _connect(producer.start)
    return producer


async def is_reachable(producer: AIOKafkaProducer) -> bool:
    """Tell whether a broker answers on a producer's own connection; for a readiness check.

    Raises aiokafka.errors.KafkaError where none does; one that stands still is waited for until the caller gives up.
    """
    await producer.client.fetch_all_metadata()
    return True


async def send_all(producer: AIOKafkaProducer, messages: Iterable[Outgoing]) -> None:
    """Send messages and wait until the broker has acknowledged each. Raises the first failure."""
    sent = [
        await producer.send(
            message.topic,
            value=message.value,
            key=message.key,
            partition=message.partition,
            headers=message.headers,
        )
        for message in messages
    ]
    # send() only queues; the broker's answer, or its refusal, is in the futures.
    await asyncio.gather(*sent)


async def newest(producer: AIOKafkaProducer, topics: Iterable[str], count: int) -> list[ConsumerRecord]:
    """Read the last `count` messages of each partition of some topics, from the broker that a producer sends to."""
    brokers = [f"{broker.host}:{broker.port}" for broker in producer.client.cluster.brokers()]
    async with reader(brokers) as consumer:
        partitions = [
            TopicPartition(topic, number) for topic in topics for number in await producer.partitions_for(topic)
        ]
        ends = await consumer.end_offsets(partitions)
        beginnings = await consumer.beginning_offsets(partitions)
        return await read(consumer, {tp: (max(beginnings[tp], ends[tp] - count), ends[tp]) for tp in partitions})


@asynccontextmanager
async def reader(bootstrap: str | list[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """Connect a consumer that belongs to no group, to look at what is there."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=FETCH_WAIT_MS
    )
    await _connect(consumer.start)
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read(consumer: AIOKafkaConsumer, spans: Mapping[TopicPartition, tuple[int, int]]) -> list[ConsumerRecord]:
    """Read each partition from its first offset up to its end, which must be there; what lies behind may come, too."""
    return [record async for records in _pieces(consumer, spans) for record in records]


async def read_whole(consumer: AIOKafkaConsumer, topic: Topic) -> AsyncIterator[list[ConsumerRecord]]:
    """Read a topic from its beginning to where it ends now, piece by piece, of one partition each."""
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    beginnings, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    async for records in _pieces(consumer, {tp: (beginnings[tp], ends[tp]) for tp in partitions}):
        yield records


async def _pieces(
    consumer: AIOKafkaConsumer, spans: Mapping[TopicPartition, tuple[int, int]]
) -> AsyncIterator[list[ConsumerRecord]]:
    consumer.assign(list(spans))
    for tp, (first, _) in spans.items():
        consumer.seek(tp, first)
    while [tp for tp, (_, end) in spans.items() if await consumer.position(tp) < end]:
        for records in (await consumer.getmany(timeout_ms=READ_WAIT_MS)).values():
            yield records


def arrow_message(
    topic: Topic, schema_id: str, batch: pa.RecordBatch, partition: int | None, headers: Mapping[str, str]
) -> Outgoing:
    """Make the message that carries one record batch as an Arrow stream, with more headers beside the schema's."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    texts = {SCHEMA_HEADER: schema_id, CONTENT_TYPE_HEADER: ARROW} | dict(headers)
    encoded = [(name, text.encode()) for name, text in texts.items()]
    return Outgoing(topic.name, sink.getvalue().to_pybytes(), partition=partition, headers=encoded)


def outgoing(topic: Topic, key: str, event: Event, **headers: str) -> Outgoing:
    """Make the message that carries one event."""
    return Outgoing(topic.name, event.to_bytes(), key.encode(), headers=event.headers(**headers))


async def create_topics(bootstrap: str, topics: Iterable[Topic] = TOPICS) -> list[str]:
    """Create the topics that are missing, each with its dead-letter topic; returns their names."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await _connect(admin.start)
    try:
        wanted = [new for topic in topics for new in (_new_topic(topic), _dead_letter_topic(topic))]
        existing = set(await admin.list_topics())
        missing = [new for new in wanted if new.name not in existing]
        if missing:
            await admin.create_topics(missing)
        return [new.name for new in missing]
    finally:
        await admin.close()


async def cluster_id(bootstrap: str) -> str:
    """Ask the broker for its cluster's identity, which changes when the cluster is made anew."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await _connect(admin.start)
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


async def group_is_loaded(bootstrap: str, group: str) -> None:
    """Wait until the broker that keeps a group's places has them. Raises KafkaError, and TimeoutError in the end.

    A broker that has only just started says so to whoever asks for them, but aiokafka reads it as a group that has
    committed nothing.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await _connect(admin.start)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_MS / 1000):
            while not await _is_loaded(admin, group):  # noqa: ASYNC110 - it is the broker that is waited for
                await asyncio.sleep(LOOK_AGAIN_S)
    finally:
        await admin.close()


async def _is_loaded(admin: AIOKafkaAdminClient, group: str) -> bool:
    try:
        [described] = await admin.describe_consumer_groups([group])
    except KafkaError as error:
        if error.retriable:
            return False
        raise
    error_type = for_code(described.groups[0][0])
    if error_type in (NoError, GroupIdNotFound):
        return True
    if error_type.retriable:
        return False
    raise error_type(group)


async def _connect(start: Callable[[], Awaitable[None]]) -> None:
    """Start a client, again and again while no broker answers. Raises KafkaConnectionError in the end."""
    deadline = time.monotonic() + START_PATIENCE_S
    while True:
        try:
            return await start()
        except KafkaConnectionError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(LOOK_AGAIN_S)


def _new_topic(topic: Topic) -> NewTopic:
    # LogAppendTime, since retention by a reading's own time would delete a backfill at once.
    configuration = {"message.timestamp.type": "LogAppendTime"}
    if topic.retention == "compact":
        configuration["cleanup.policy"] = "compact"
    else:
        configuration["retention.ms"] = str(topic.retention)
    return NewTopic(topic.name, topic.partitions, 1, topic_configs=configuration)


def _dead_letter_topic(topic: Topic) -> NewTopic:
    configuration = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(DEAD_LETTER_RETENTION)}
    configuration["max.message.bytes"] = str(MAX_DEAD_LETTER_BYTES)
    return NewTopic(topic.dead, 1, 1, topic_configs=configuration)
