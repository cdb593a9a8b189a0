"""A year of hourly readings held against the stored figures, by the real process, beside reading the same rows."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg

from deploy.local import supervisor
from deploy.local.services import ingest_worker
from deploy.local.stack import Stack
from schemas.topics import METER_READINGS
from tests.bench.bare_copy import TABLES
from tests.bench.figures import Figure
from tests.bench.fleet import Fleet, produce
from tests.bench.programs import memory_mb, own_stack, running, service
from tests.bench.progress import committed_by, pace

FLEET = Fleet(3_000_001, points=1_000, hours=365 * 24 + 1)
MOST_S = 60
LOADED_WITHIN_S = 300
LOOK_EVERY_S = 0.2


def rebuild() -> Iterator[Figure]:
    """Load a year through the worker, end it, and rebuild everything; it must find no difference."""
    with own_stack() as stack:
        _load(stack)
        read_s = _read_all(stack)
        took_s, memory = _rebuilt(stack)
    yield Figure("duration", took_s, "s", "most", MOST_S)
    yield Figure("duration", took_s, "s", "COPY of the same rows to a client that drops them", read_s)
    half = len(memory) // 2
    yield Figure("memory", max(memory[half:]), "MB", "in the first half", max(memory[:half]))


def _load(stack: Stack) -> None:
    FLEET.register(stack)
    messages = asyncio.run(produce(stack, FLEET.backfill()))

    async def loaded() -> None:
        async with committed_by(stack.kafka.bootstrap, f"ingest-{METER_READINGS.name}") as count:
            await pace(count, messages, LOADED_WITHIN_S)

    with service(stack, ingest_worker(1)):
        asyncio.run(loaded())


def _read_all(stack: Stack) -> float:
    began = time.monotonic()
    with psycopg.connect(stack.dsn("ingest")) as connection:
        for table in TABLES:
            query = f"COPY (SELECT * FROM ingest.{table}) TO STDOUT (FORMAT binary)"
            with connection.cursor().copy(query.encode()) as rows:
                for _ in rows:
                    continue
    return time.monotonic() - began


def _rebuilt(stack: Stack) -> tuple[float, list[float]]:
    """Give how long it took by its own clock, and how much memory it had at each look."""
    command = [sys.executable, "-m", "services.ingest", "rebuild", "--all"]
    environment = supervisor.settings_for(stack, ingest_worker(1))
    log = Path(stack.home) / "rebuild.log"
    memory: list[float] = []
    began = time.monotonic()
    with log.open("wb") as output, running(command, environment, output) as process:
        while process.poll() is None:
            with suppress(StopIteration):  # It may have ended since.
                memory.append(memory_mb(process.pid))
            time.sleep(LOOK_EVERY_S)
    took_s = time.monotonic() - began
    assert process.returncode == 0, log.read_text()
    said = [json.loads(line).get("said", "") for line in log.read_text().splitlines()]
    assert any(f"{FLEET.readings:,} readings" in one and "Nothing differs" in one for one in said), said
    return took_s, memory
