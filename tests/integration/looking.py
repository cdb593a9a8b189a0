"""Looking from outside at what services have done: rows, events, and waiting for either."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from deploy.local.stack import Stack
from schemas.event import Event
from schemas.topics import Topic

TIMEOUT_S = 45


def wait_for(is_true: Callable[[], bool], log: Path | None = None) -> None:
    """Wait until something holds; where it does not, what the service logged says why."""
    deadline = time.monotonic() + TIMEOUT_S
    while not is_true():
        assert time.monotonic() < deadline, log.read_text() if log else "did not come true in time"
        time.sleep(0.05)


def rows(stack: Stack, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Look at the tables as an administrator."""
    with psycopg.connect(stack.admin_dsn) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


@contextmanager
def let_into_every_view(stack: Stack, role: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection as a role that may read every published view, so that row security alone keeps rows from it.

    All of it is one transaction, and nothing of it stays. A session that is set holds until its savepoint is undone.
    """
    with psycopg.connect(stack.admin_dsn) as connection:
        for service in ("permissions", "contracts", "ingest", "billing", "alerts"):
            connection.execute(f"GRANT USAGE ON SCHEMA {service}_v1 TO {role}".encode())
            connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {service}_v1 TO {role}".encode())
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        yield connection
        connection.rollback()


def told(stack: Stack, topic: Topic, key: str, kind: type[Event], at_least: int = 1) -> list[Any]:
    """All events of a key, once as many as expected are there and one more look found no others."""

    def is_enough(records: list[ConsumerRecord]) -> bool:
        return sum(one.key == key.encode() for one in records) >= at_least

    return [kind.from_bytes(one.value) for one in records(stack, topic, is_enough) if one.key == key.encode()]


def records(
    stack: Stack, topic: Topic, is_enough: Callable[[list[ConsumerRecord]], bool] = lambda _: True
) -> list[ConsumerRecord]:
    """All messages of a topic, once they are enough and two more looks found no others."""

    async def read() -> list[ConsumerRecord]:
        consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            found: list[ConsumerRecord] = []
            deadline, quiet = time.monotonic() + TIMEOUT_S, 0
            while time.monotonic() < deadline and (quiet < 2 or not is_enough(found)):
                taken = await consumer.getmany(timeout_ms=400)
                quiet = 0 if taken else quiet + 1
                found += [one for batch in taken.values() for one in batch]
            return found
        finally:
            await consumer.stop()

    return asyncio.run(read())
