"""The worker's memory over ten million readings: how much at most, and whether it grows."""

import asyncio
from collections.abc import Iterator
from statistics import median

from deploy.local.services import ingest_worker
from deploy.local.stack import Stack
from schemas.topics import METER_READINGS
from tests.bench.figures import Figure
from tests.bench.fleet import Fleet, produce
from tests.bench.programs import memory_mb, own_stack, peak_memory_mb, service
from tests.bench.progress import Count, committed_by, pace

FLEET = Fleet(2_000_001, points=60_000, hours=168)
WITHIN_S = 400
MOST_MEMORY_MB = 300


def whole_path_rss() -> Iterator[Figure]:
    """Let the worker take a week of 60,000 metering points, and look at its memory all the while."""
    with own_stack() as stack:
        FLEET.register(stack)
        messages = asyncio.run(produce(stack, FLEET.at_the_hour_mark()))
        with service(stack, ingest_worker(1)) as pid:
            seen_mb = asyncio.run(_watched(stack, pid, messages))
            peak_mb = peak_memory_mb(pid)
    quarter = len(seen_mb) // 4
    yield Figure("peak", peak_mb, "MB", "most", MOST_MEMORY_MB)
    # By the median: the most of a quarter is where two batches happened to be largest at once.
    second, last = median(seen_mb[quarter : 2 * quarter]), median(seen_mb[-quarter:])
    yield Figure("last_quarter", last, "MB", "second quarter", second)


async def _watched(stack: Stack, pid: int, messages: int) -> list[float]:
    seen_mb: list[float] = []
    async with committed_by(stack.kafka.bootstrap, f"ingest-{METER_READINGS.name}") as committed:
        await pace(_noting(committed, pid, seen_mb), messages, WITHIN_S)
    return seen_mb


def _noting(count: Count, pid: int, seen_mb: list[float]) -> Count:
    async def counted() -> int:
        seen_mb.append(memory_mb(pid))
        return await count()

    return counted
