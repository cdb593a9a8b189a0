"""Readings from Kafka through the worker into the tables and out as announcements, HTTP left out."""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer

from deploy.local.services import ingest_worker
from deploy.local.stack import Stack
from schemas.topics import METER_READINGS
from services.common.kafka import Outgoing, create_topics
from tests.bench import bare_copy, faust_day_sums
from tests.bench.figures import Figure
from tests.bench.fleet import Fleet, produce
from tests.bench.kafka_streams import program as kafka_streams
from tests.bench.programs import own_stack, peak_memory_mb, program, service
from tests.bench.progress import Pace, committed_by, pace, written_to

FIRST_POINT = 2_000_001
ZONE = "Europe/Stockholm"
LEAST_PER_S = 80_000
WITHIN_S = 180
FAUST_WITHIN_S = 20
"""Long enough for a rate; it would take minutes to get through."""


@dataclass(frozen=True)
class Case:
    """One way in which readings arrive."""

    name: str
    fleet: Fleet
    messages: Callable[[], Iterator[Outgoing]]


def cases() -> list[Case]:
    """Give the two ways: many metering points an hour each, and few with many hours."""
    live = Fleet(FIRST_POINT, points=60_000, hours=26)
    past = Fleet(FIRST_POINT, points=240, hours=5_000)
    return [Case("hour_mark", live, live.at_the_hour_mark), Case("backfill", past, past.backfill)]


def whole_path() -> Iterator[Figure]:
    """Measure the worker, and beside it what others would do with the same topic, and the tables' own limit."""
    for case in cases():
        with own_stack() as stack, tempfile.TemporaryDirectory() as work:
            yield from _measured(case, stack, Path(work))


def _measured(case: Case, stack: Stack, work: Path) -> Iterator[Figure]:
    case.fleet.register(stack)
    messages = asyncio.run(produce(stack, case.messages()))

    with service(stack, ingest_worker(1)) as pid:
        ours = asyncio.run(_pace(stack, f"ingest-{METER_READINGS.name}", messages))
        our_memory_mb = peak_memory_mb(pid)
    our_sums = _check_stored(stack, case.fleet)
    limit_per_s = case.fleet.readings / bare_copy.seconds(stack, work)
    with _streams(stack, work) as pid:
        streams = asyncio.run(_pace(stack, kafka_streams.GROUP, messages))
        streams_memory_mb = peak_memory_mb(pid)
    asyncio.run(_check_same(stack, our_sums))
    with _faust(stack, work):
        faust = asyncio.run(_pace_of_faust(stack, case.fleet.readings))

    each = case.fleet.readings / messages
    for compared_with, per_s in (
        ("least", LEAST_PER_S),
        ("bare COPY of the same rows", limit_per_s),
        ("Kafka Streams, day sums alone", streams.per_second * each),
        ("Faust, day sums alone", faust.per_second),
    ):
        yield Figure(case.name, ours.per_second * each, "readings/s", compared_with, per_s)
    yield Figure(f"{case.name}_memory", our_memory_mb, "MB", "Kafka Streams, day sums alone", streams_memory_mb)


async def _pace(stack: Stack, group: str, messages: int) -> Pace:
    async with committed_by(stack.kafka.bootstrap, group) as count:
        return await pace(count, messages, WITHIN_S)


async def _pace_of_faust(stack: Stack, readings: int) -> Pace:
    # By what it wrote: Faust commits only once all that it has queued is sent, which takes longer than we watch.
    changelog = faust_day_sums.REGISTERS
    async with written_to(stack.kafka.bootstrap, changelog.name, changelog.partitions) as count:
        return await pace(count, readings, FAUST_WITHIN_S)


def _streams(stack: Stack, work: Path) -> AbstractContextManager[int]:
    return program(kafka_streams.command(stack, work, ZONE), {}, stack.log("kafka_streams"))


def _faust(stack: Stack, work: Path) -> AbstractContextManager[int]:
    asyncio.run(create_topics(stack.kafka.bootstrap, [faust_day_sums.REGISTERS, faust_day_sums.DAY_SUMS]))
    module = "tests.bench.faust_day_sums"
    command = [sys.executable, "-m", module, stack.kafka.bootstrap, str(work / "faust"), ZONE]
    return program(command, {}, stack.log("faust"))


def _check_stored(stack: Stack, fleet: Fleet) -> Mapping[str, int]:
    """Make sure that every reading was accepted; gives the energy of each whole day by point and day."""
    with psycopg.connect(stack.admin_dsn) as connection:
        readings = connection.execute("SELECT count(*) FROM ingest.reading WHERE verdict = 1").fetchone()
        hours = connection.execute("SELECT count(*) FROM ingest.hour WHERE energy_wh > 0").fetchone()
        days = connection.execute(
            "SELECT 'MP-' || point_id || ':' || (day - DATE '1970-01-01'), energy_wh FROM ingest.day"
        ).fetchall()
    assert readings == (fleet.readings,)
    assert hours == (fleet.points * (fleet.hours - 1),)
    return dict(days)


async def _check_same(stack: Stack, ours: Mapping[str, int]) -> None:
    """Make sure that Kafka Streams came to the same sums."""
    sums: dict[str, int] = {}
    consumer: Any = AIOKafkaConsumer(
        f"{kafka_streams.GROUP}-day-sums-changelog",
        bootstrap_servers=stack.kafka.bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                sums |= {record.key.decode(): int.from_bytes(record.value, "big") for record in records}
    finally:
        await consumer.stop()
    assert {key: sums.get(key) for key in ours} == ours
