"""How far a program has come, seen from outside: by what Kafka holds of it, whatever it is written in."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError

from schemas.topics import METER_READINGS

LOOK_EVERY_S = 0.02
Count = Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class Pace:
    """What a program did between the first that was seen of it and the last."""

    count: int
    seconds: float

    @property
    def per_second(self) -> float:
        """How many a second; what the program needed to start, and its first batch, are left out."""
        return self.count / self.seconds


async def pace(count: Count, wanted: int, within_s: float) -> Pace:
    """Watch a count until it is as high as wanted, or time is over. Raises TimeoutError where it does not rise."""
    deadline = time.monotonic() + within_s
    first_at, first, newest_at, newest = 0.0, 0, 0.0, 0
    while newest < wanted and time.monotonic() < deadline:
        done, now = await count(), time.monotonic()
        if done > newest:
            newest_at, newest = now, done
            if not first:
                first_at, first = now, done
        await asyncio.sleep(LOOK_EVERY_S)
    if newest == first:
        raise TimeoutError(f"{newest} of {wanted} were done within {within_s:.0f} s, and then no more")
    return Pace(newest - first, newest_at - first_at)


@asynccontextmanager
async def committed_by(bootstrap: str, group: str) -> AsyncIterator[Count]:
    """Give what counts the messages of meter-readings that a consumer group has committed."""
    partitions = [TopicPartition(METER_READINGS.name, number) for number in range(METER_READINGS.partitions)]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)

    async def count() -> int:
        try:
            offsets = await admin.list_consumer_group_offsets(group, partitions=partitions)
        except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError):
            return 0  # The broker makes its topic of offsets when the first group comes.
        return sum(max(known.offset, 0) for known in offsets.values())

    await admin.start()
    try:
        yield count
    finally:
        await admin.close()


@asynccontextmanager
async def written_to(bootstrap: str, topic: str, partitions: int) -> AsyncIterator[Count]:
    """Give what counts the messages that a topic holds."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap)

    async def count() -> int:
        ends = await consumer.end_offsets([TopicPartition(topic, number) for number in range(partitions)])
        return sum(ends.values())

    await consumer.start()
    try:
        yield count
    finally:
        await consumer.stop()
