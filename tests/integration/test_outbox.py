"""Events that are told through the outbox: once, in order, and by one relay at a time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from psycopg.errors import InsufficientPrivilege

from deploy.local.stack import Stack
from schemas.topics import ALERTS, CONTRACTS_CHANGED
from services.common.health import Progress
from services.common.kafka import Outgoing, create_topics, newest, start_producer
from services.common.outbox import Relay, add_message
from services.common.postgres import Database

SCHEMA = "alerts"
OWN = replace(ALERTS, name="alerts-of-an-outbox")
"""What is told here is no alert, and other tests read the topic of alerts from its beginning."""
ENOUGH = 1_000


class Office:
    """A service's outbox, and what its relays need."""

    def __init__(self, stack: Stack, database: Database, producer: AIOKafkaProducer) -> None:
        self.database = database
        self.producer = producer
        self._stack = stack
        self.key = str(uuid4())

    def relay(self) -> Relay:
        return Relay(self.database, self.producer, SCHEMA, Progress())

    async def write(self, topic: str, *values: str) -> None:
        async with self.database.transaction() as tx:
            for value in values:
                await add_message(tx, SCHEMA, Outgoing(topic, value.encode(), self.key.encode()))

    async def relay_once(self) -> int:
        """Let a relay that has just begun to lead do one batch."""
        async with self.database.session() as session:
            return await self.relay().relay_once(session)

    async def told(self, topic: str) -> list[str]:
        messages = await newest(self.producer, [topic], ENOUGH)
        return [message.value.decode() for message in messages if message.key == self.key.encode()]

    def administer(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._stack.admin_dsn) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    await create_topics(stack.kafka.bootstrap, [OWN])
    database = Database(stack.dsn(SCHEMA), 1, 4)
    await database.open()
    producer = await start_producer(stack.kafka.bootstrap)
    own = Office(stack, database, producer)
    # What a service left behind that ended in an earlier test is none of these.
    await own.relay_once()
    yield own
    await producer.stop()
    await database.close()


async def die_after_sending(office: Office) -> None:
    """Send, and lose what notes it: as in a crash between the broker's answer and PostgreSQL's."""
    office.administer(f"REVOKE DELETE ON {SCHEMA}.outbox FROM {SCHEMA}")
    try:
        with pytest.raises(InsufficientPrivilege):
            await office.relay_once()
    finally:
        office.administer(f"GRANT DELETE ON {SCHEMA}.outbox TO {SCHEMA}")


async def test_what_was_sent_before_a_crash_is_not_sent_again(office: Office) -> None:
    await office.write(OWN.name, "one", "two")
    await die_after_sending(office)
    await office.write(OWN.name, "three")
    assert await office.relay_once() == 3
    assert await office.told(OWN.name) == ["one", "two", "three"]
    assert office.administer(f"SELECT count(*) FROM {SCHEMA}.outbox") == [(0,)]


async def test_a_compacted_topic_ends_with_the_newest_event_after_a_crash(office: Office) -> None:
    await office.write(CONTRACTS_CHANGED.name, "version 1", "version 2")
    await die_after_sending(office)
    await office.relay_once()
    assert (await office.told(CONTRACTS_CHANGED.name))[-1] == "version 2"


async def test_one_relay_leads_until_its_session_ends(office: Office) -> None:
    first, second = office.relay(), office.relay()
    async with office.database.session() as one:
        await first.relay_once(one)
        await office.write(OWN.name, "led")
        async with office.database.session() as other:
            assert await second.relay_once(other) == 0
            assert await first.relay_once(one) == 1
    await office.write(OWN.name, "led by another")
    async with office.database.session() as other:
        assert await second.relay_once(other) == 1
    assert await office.told(OWN.name) == ["led", "led by another"]


async def test_an_undone_change_tells_nothing(office: Office) -> None:
    async def change_and_fail() -> None:
        async with office.database.transaction() as tx:
            await add_message(tx, SCHEMA, Outgoing(OWN.name, b"undone", office.key.encode()))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    await office.relay_once()
    assert await office.told(OWN.name) == []


async def test_an_event_that_cannot_be_sent_grows_old_and_none_that_was_sent_does(office: Office) -> None:
    relay = office.relay()
    await office.write(OWN.name, "waits")
    office.administer(f"UPDATE {SCHEMA}.outbox SET written_at = now() - interval '2 minutes'")
    office.administer(f"REVOKE DELETE ON {SCHEMA}.outbox FROM {SCHEMA}")
    try:
        async with office.database.session() as session:
            with pytest.raises(InsufficientPrivilege):
                await relay.relay_once(session)
    finally:
        office.administer(f"GRANT DELETE ON {SCHEMA}.outbox TO {SCHEMA}")
    assert 120 <= relay.oldest_age_s() < 150
    async with office.database.session() as session:
        await relay.relay_once(session)
    assert relay.oldest_age_s() == 0
