"""Who stores a partition, and from where: two owners, a trimmed topic, a database put back, another cluster."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import ConsumerRecord
from psycopg.errors import InsufficientPrivilege

from deploy.local import supervisor
from deploy.local.services import PERMISSIONS
from deploy.local.stack import Stack
from schemas.topics import METER_READINGS, Topic
from services.common import metrics
from services.common.consume import Loop, Source
from services.common.health import Progress
from services.common.kafka import Outgoing, send_all, start_producer
from services.common.postgres import Database, Transaction
from services.common.proof import MessagesGoneError, PutBackError, crc
from tests.running import running

SCHEMA = "two_owners"
TIMEOUT_S = 40
ENDED_TIMEOUT_S = 60


class Notes:
    """Handlers that write each message down; `gate` holds a batch back in the middle of its transaction."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.is_inside = asyncio.Event()
        self.gate.set()

    def decode(self, record: ConsumerRecord) -> int:
        return int(record.value)

    async def store(self, tx: Transaction, items: Sequence[int]) -> Sequence[Outgoing]:
        self.is_inside.set()
        await self.gate.wait()
        for item in items:
            await tx.execute(f"INSERT INTO {SCHEMA}.note VALUES (%s)".encode(), [item])
        return ()

    async def announcements(self, tx: Transaction, items: Sequence[int]) -> Sequence[Outgoing]:  # noqa: ARG002
        return ()


class Desk:
    """A topic of its own with one partition, and a schema of its own with positions and notes."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack = stack
        self.topic = Topic(name, METER_READINGS.carries, "explicit", 1, 3_600_000, (), ())

    def run(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.admin_dsn) as connection:
            found = connection.execute(statement.encode(), parameters)
            return found.fetchall() if found.description else []

    def notes(self) -> list[int]:
        return [row[0] for row in self.run(f"SELECT value FROM {SCHEMA}.note ORDER BY value")]

    def put_back(self, kept: int) -> None:
        """Put the tables back to when so many messages were stored; before the first there was no position."""
        self.run(f"DELETE FROM {SCHEMA}.note WHERE value >= %s", kept)
        if kept == 0:
            self.run(f"DELETE FROM {SCHEMA}.stored_position")
        position = f"UPDATE {SCHEMA}.stored_position SET next_offset = %s, last_value_crc = %s"
        self.run(position, kept, crc(str(kept - 1).encode()))

    async def send(self, numbers: range) -> None:
        producer = await start_producer(self.stack.kafka.bootstrap)
        try:
            await send_all(producer, [Outgoing(self.topic.name, str(number).encode()) for number in numbers])
        finally:
            await producer.stop()

    @asynccontextmanager
    async def loop(self, notes: Notes, group: str) -> AsyncIterator["asyncio.Task[None]"]:
        """Run a loop; gives its task."""
        database = Database(self.stack.dsn("ingest"), 1, 2)
        await database.open()
        producer: AIOKafkaProducer = await start_producer(self.stack.kafka.bootstrap)
        source = Source(self.stack.kafka.bootstrap, f"{self.topic.name}-{group}", SCHEMA, [self.topic])
        stop = asyncio.Event()
        task = asyncio.create_task(Loop(source, notes, database, producer, Progress()).run(stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.gather(task, return_exceptions=True)
            await producer.stop()
            await database.close()


@pytest.fixture
def desk(stack: Stack, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    # A worker that waits looks so often whether its topic is still the same: a tenth of the time that it takes else.
    monkeypatch.setattr("services.common.consume.METADATA_AGE_MS", 1_000)
    own = Desk(stack, re.sub(r"\W+", "-", str(request.node.name))[:60])
    own.run(f"CREATE SCHEMA {SCHEMA}")
    own.run(f"CREATE TABLE {SCHEMA}.stored_position (LIKE ingest.stored_position INCLUDING ALL)")
    own.run(f"CREATE TABLE {SCHEMA}.note (value integer)")
    own.run(f"GRANT USAGE ON SCHEMA {SCHEMA} TO ingest")
    own.run(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {SCHEMA} TO ingest")
    asyncio.run(_with_admin(stack, lambda admin: admin.create_topics([NewTopic(own.topic.name, 1, 1)])))
    yield own
    own.run(f"DROP SCHEMA {SCHEMA} CASCADE")


async def _with_admin(stack: Stack, ask: Any) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap)
    await admin.start()
    try:
        return await ask(admin)
    finally:
        await admin.close()


async def until(is_true: Any) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not is_true():  # noqa: ASYNC110 - it is the database that is waited for
            await asyncio.sleep(0.05)


async def test_of_two_workers_that_both_hold_a_partition_only_one_stores_each_message(desk: Desk) -> None:
    lost_before = metrics.PARTITIONS_LOST._value.get()
    slow, quick = Notes(), Notes()
    slow.gate.clear()
    await desk.send(range(10))
    # Two groups over one schema: each worker is given the partition, and neither knows of the other.
    async with desk.loop(slow, "slow") as one:
        await until(slow.is_inside.is_set)
        async with desk.loop(quick, "quick") as other:
            await desk.send(range(10, 20))
            await asyncio.sleep(1)
            assert desk.notes() == []
            slow.gate.set()
            await until(lambda: len(desk.notes()) >= 20)
            await desk.send(range(20, 30))
            await until(lambda: len(desk.notes()) >= 30)
            assert not one.done()
            assert not other.done()
    assert desk.notes() == list(range(30))
    assert metrics.PARTITIONS_LOST._value.get() > lost_before


async def test_what_a_fenced_worker_wrote_is_undone(desk: Desk) -> None:
    notes = Notes()
    notes.gate.clear()
    await desk.send(range(5))
    async with desk.loop(notes, "fenced"):
        await until(notes.is_inside.is_set)
        # It holds the position's lock, so nobody can store beside it; only its death lets another go on.
        with pytest.raises(psycopg.errors.LockNotAvailable):
            desk.run(f"SET lock_timeout = 200; UPDATE {SCHEMA}.stored_position SET next_offset = 5")
        desk.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE %s", "%stored_position%")
        desk.run(f"UPDATE {SCHEMA}.stored_position SET next_offset = 5")
        notes.gate.set()
        await asyncio.sleep(0.5)
    assert desk.notes() == []


async def test_a_trimmed_topic_stops_the_worker_and_skips_nothing(desk: Desk) -> None:
    await desk.send(range(3))
    async with desk.loop(Notes(), "late"):
        await until(lambda: len(desk.notes()) == 3)
    await desk.send(range(3, 10))
    place = TopicPartition(desk.topic.name, 0)
    await _with_admin(desk.stack, lambda admin: admin.delete_records({place: RecordsToDelete(6)}))
    async with desk.loop(Notes(), "late") as task:
        with pytest.raises(MessagesGoneError, match=f"{desk.topic.name}/0/3 on are not in Kafka"):
            await asyncio.wait_for(task, TIMEOUT_S)
    assert desk.notes() == [0, 1, 2]


async def make_anew(desk: Desk) -> None:
    name = desk.topic.name
    await _with_admin(desk.stack, lambda admin: admin.delete_topics([name]))
    async with asyncio.timeout(TIMEOUT_S):
        while name in await _with_admin(desk.stack, lambda admin: admin.list_topics()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await _with_admin(desk.stack, lambda admin: admin.create_topics([NewTopic(name, 1, 1)]))


async def test_a_topic_made_anew_stops_the_worker_while_it_is_short_and_once_it_has_outgrown_the_place(
    desk: Desk,
) -> None:
    await desk.send(range(5))
    async with desk.loop(Notes(), "anew"):
        await until(lambda: len(desk.notes()) == 5)
    await make_anew(desk)
    for numbers in (range(100, 103), range(103, 110)):
        await desk.send(numbers)
        async with desk.loop(Notes(), "anew") as task:
            with pytest.raises(MessagesGoneError, match=f"{desk.topic.name}/0/5 on are not in Kafka"):
                await asyncio.wait_for(task, TIMEOUT_S)
    assert desk.notes() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("grown_to", [0, 3, 10])
async def test_a_topic_made_anew_under_a_worker_that_waits_stops_it(desk: Desk, grown_to: int) -> None:
    await desk.send(range(5))
    async with desk.loop(Notes(), "waiting") as task:
        await until(lambda: len(desk.notes()) == 5)
        await make_anew(desk)
        await desk.send(range(100, 100 + grown_to))
        with pytest.raises(MessagesGoneError, match=f"{desk.topic.name}/0/5 on are not in Kafka"):
            await asyncio.wait_for(task, TIMEOUT_S)
    assert desk.notes() == [0, 1, 2, 3, 4]


async def test_a_topic_made_anew_under_a_worker_at_its_work_stops_it_though_it_has_outgrown_the_place(
    desk: Desk,
) -> None:
    notes = Notes()
    notes.gate.clear()
    await desk.send(range(5))
    async with desk.loop(notes, "working") as task:
        await until(notes.is_inside.is_set)
        # What lies ready is not asked for again, so the consumer never hears that the topic was gone.
        await desk.send(range(5, 8))
        await asyncio.sleep(1)
        await make_anew(desk)
        await desk.send(range(100, 120))
        notes.gate.set()
        with pytest.raises(MessagesGoneError, match=f"{desk.topic.name}/0/5 on are not in Kafka"):
            await asyncio.wait_for(task, TIMEOUT_S)
    assert desk.notes() == [0, 1, 2, 3, 4]


async def test_a_topic_made_anew_of_which_nothing_was_stored_is_taken_from_its_beginning(desk: Desk) -> None:
    notes = Notes()
    async with desk.loop(notes, "nothing") as task:
        await until(lambda: desk.run(f"SELECT next_offset FROM {SCHEMA}.stored_position"))
        await make_anew(desk)
        await desk.send(range(100, 103))
        await until(lambda: desk.notes() == [100, 101, 102])
        assert not task.done()


async def test_a_place_whose_last_message_was_deleted_after_it_was_stored_is_kept(desk: Desk) -> None:
    await desk.send(range(5))
    async with desk.loop(Notes(), "kept"):
        await until(lambda: len(desk.notes()) == 5)
    place = TopicPartition(desk.topic.name, 0)
    await _with_admin(desk.stack, lambda admin: admin.delete_records({place: RecordsToDelete(5)}))
    await desk.send(range(5, 8))
    async with desk.loop(Notes(), "kept"):
        await until(lambda: len(desk.notes()) == 8)


async def test_a_place_from_before_the_last_message_was_noted_is_taken_as_it_is(desk: Desk) -> None:
    await desk.send(range(5))
    async with desk.loop(Notes(), "unknown"):
        await until(lambda: len(desk.notes()) == 5)
    desk.run(f"UPDATE {SCHEMA}.stored_position SET last_value_crc = NULL")
    await desk.send(range(5, 8))
    async with desk.loop(Notes(), "unknown"):
        await until(lambda: len(desk.notes()) == 8)


@pytest.mark.parametrize("kept", [3, 0])
async def test_a_database_put_back_stops_the_worker_until_told(desk: Desk, kept: int) -> None:
    await desk.send(range(5))
    async with desk.loop(Notes(), "back"):
        await until(lambda: len(desk.notes()) == 5)
    desk.put_back(kept)
    async with desk.loop(Notes(), "back") as task:
        with pytest.raises(
            PutBackError, match=rf"{desk.topic.name}/0 up to {kept} of 5: it was put back from a backup"
        ):
            await asyncio.wait_for(task, TIMEOUT_S)
    assert desk.notes() == list(range(kept))
    await go_back(desk, "back", kept)
    await desk.send(range(5, 7))
    async with desk.loop(Notes(), "back"):
        await until(lambda: len(desk.notes()) >= 7)
    assert desk.notes() == list(range(7))


async def go_back(desk: Desk, group: str, offset: int) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=desk.stack.kafka.bootstrap, group_id=f"{desk.topic.name}-{group}", enable_auto_commit=False
    )
    await consumer.start()
    place = TopicPartition(desk.topic.name, 0)
    consumer.assign([place])
    await consumer.commit({place: offset})
    await consumer.stop()


async def test_a_worker_whose_database_is_put_back_under_it_ends(desk: Desk) -> None:
    await desk.send(range(5))
    async with desk.loop(Notes(), "under") as task:
        await until(lambda: len(desk.notes()) == 5)
        desk.put_back(3)
        await desk.send(range(5, 7))
        with pytest.raises(PutBackError):
            await asyncio.wait_for(task, TIMEOUT_S)
    assert desk.notes() == [0, 1, 2]


async def test_a_worker_that_cannot_find_its_place_ends(desk: Desk) -> None:
    desk.run(f"REVOKE INSERT ON {SCHEMA}.stored_position FROM ingest")
    await desk.send(range(3))
    async with desk.loop(Notes(), "placeless") as task:
        with pytest.raises(InsufficientPrivilege):
            await asyncio.wait_for(task, TIMEOUT_S)


def test_a_broker_made_anew_stops_the_services_with_what_to_do(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "anew")
    try:
        stack.start()
        with running(stack, PERMISSIONS, tmp_path / "permissions.log"):
            _wait_for_positions(stack)
        stack.stop()
        shutil.rmtree(tmp_path / "anew/kafka/data")
        stack.start()
        service = [sys.executable, "-m", PERMISSIONS.module]
        ended = subprocess.run(
            service, env=supervisor.settings_for(stack, PERMISSIONS), capture_output=True, timeout=ENDED_TIMEOUT_S,
            text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 1
        assert "point the service at the old broker, or, if that one is gone for good, delete" in ended.stdout
    finally:
        stack.remove()


def _wait_for_positions(stack: Stack) -> None:
    with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        for _ in range(ENDED_TIMEOUT_S * 10):
            if connection.execute("SELECT FROM permissions.stored_position").fetchone() is not None:
                return
            connection.execute("SELECT pg_sleep(0.1)")
    pytest.fail("no position was ever stored")
