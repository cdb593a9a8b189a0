"""Live readings while a bulk source sends a year: how late they become visible, and how fast the year comes in."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import httpx
import numpy as np
import psycopg
import pyarrow as pa
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.services import INGEST_API, ingest_worker
from deploy.local.stack import Stack
from schemas.readings import METER_READINGS as READINGS
from schemas.topics import METER_READINGS
from tests.bench.figures import Figure
from tests.bench.fleet import Fleet, readings
from tests.bench.http import api_address, source_key
from tests.bench.latency import LIVE, POINTS_A_POST, ROUND_S, Post, latencies_of, live_readings
from tests.bench.programs import own_stack, running, service
from tests.bench.progress import committed_by, written_to

FLEET = Fleet(3_000_001, points=1_000, hours=365 * 24 + 1)
POINTS_A_FILE = 100
QUIET_S = 3 * ROUND_S
"""Two rounds of live readings that complete hours before the backfill begins."""
STORED_WITHIN_S = 60
LOOK_EVERY_S = 0.05
MOST_MS = 2_000


@dataclass(frozen=True)
class Backfill:
    """When its sender started, when it began to send, and when all was stored; and the live posts around."""

    started: float
    began: float
    ended: float
    posts: list[Post]

    @property
    def before(self) -> list[Post]:
        """The posts before its sender started."""
        return [post for post in self.posts if post.scheduled_at < self.started]

    @property
    def meanwhile(self) -> list[Post]:
        """The posts while it was under way."""
        return [post for post in self.posts if self.began <= post.scheduled_at <= self.ended]


def backfill_live_p99() -> Iterator[Figure]:
    """Send a year of many meters beside the live readings, and watch these appear; everything must be stored."""
    with own_stack() as stack, tempfile.TemporaryDirectory() as work:
        LIVE.register(stack)
        FLEET.register(stack)
        file = Path(work) / "year.arrow"
        _write(file)
        with service(stack, INGEST_API), service(stack, ingest_worker(1)):
            done = asyncio.run(_side_by_side(stack, file))
            asked_to_wait = _asked_to_wait(stack)
        deliveries = _check_stored(stack)
    before_ms, meanwhile_ms = latencies_of(done.before), latencies_of(done.meanwhile)
    took_s = done.ended - done.began
    p99, p99_before = (float(np.percentile(each, 99)) for each in (meanwhile_ms, before_ms))
    yield Figure("p99", p99, "ms", "most", MOST_MS)
    yield Figure("p99", p99, "ms", "before the backfill", p99_before)
    yield Figure("median", float(np.median(meanwhile_ms)), "ms", "before the backfill", float(np.median(before_ms)))
    live_per_s = len(done.meanwhile) * POINTS_A_POST / took_s
    yield Figure("rate", FLEET.readings / took_s, "readings/s", "live ones meanwhile", live_per_s)
    yield Figure("asked_to_wait", asked_to_wait, "times", "deliveries", deliveries)


def _write(file: Path) -> None:
    """Lay the readings ready, one meter after another, as an import has them."""
    hours = np.arange(FLEET.hours)
    end = FLEET.first_point + FLEET.points
    with pa.ipc.new_file(str(file), READINGS) as batches:
        for first in range(FLEET.first_point, end, POINTS_A_FILE):
            points = np.arange(first, min(first + POINTS_A_FILE, end))
            batches.write_batch(readings(np.repeat(points, len(hours)), np.tile(hours, len(points))))


async def _side_by_side(stack: Stack, file: Path) -> Backfill:
    is_stored = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        live = group.create_task(live_readings(stack, lambda _: is_stored.is_set()))
        await asyncio.sleep(QUIET_S)
        started, began = time.monotonic(), await _send(stack, file)
        await _all_stored(stack)
        ended = time.monotonic()
        is_stored.set()
    return Backfill(started, began, ended, live.result())


async def _send(stack: Stack, file: Path) -> float:
    arguments = [api_address(stack), source_key(stack, "bulk"), str(file)]
    command = [sys.executable, "-m", "tests.bench.bulk_source", *arguments]
    with running(command, {}, PIPE) as process:
        said, _ = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    return float(said)


async def _all_stored(stack: Stack) -> None:
    """Wait until the worker has committed all that the topic holds by now."""
    bootstrap, group = stack.kafka.bootstrap, f"ingest-{METER_READINGS.name}"
    async with (
        asyncio.timeout(STORED_WITHIN_S),
        committed_by(bootstrap, group) as committed,
        written_to(bootstrap, METER_READINGS.name, METER_READINGS.partitions) as written,
    ):
        wanted = waiting = await written()
        while waiting > 0:
            waiting = wanted - await committed()
            await asyncio.sleep(LOOK_EVERY_S)


def _asked_to_wait(stack: Stack) -> float:
    """Give how often the API has answered that bulk sources are to wait."""
    told = httpx.get(f"http://127.0.0.1:{stack.port(INGEST_API.metrics)}/metrics").raise_for_status().text
    samples = (sample for family in text_string_to_metric_families(told) for sample in family.samples)
    return sum(
        sample.value
        for sample in samples
        if sample.name == "kulvert_http_seconds_count" and sample.labels["status"] == "429"
    )


def _check_stored(stack: Stack) -> int:
    """Make sure that every reading of the backfill counts and every hour is there; gives how many deliveries it was."""
    points = [FLEET.first_point, FLEET.first_point + FLEET.points - 1]
    with psycopg.connect(stack.admin_dsn) as connection:
        [(stored,)] = connection.execute(
            "SELECT count(*) FROM ingest.reading WHERE verdict = 1 AND point_id BETWEEN %s AND %s", points
        )
        [(hours,)] = connection.execute(
            "SELECT count(*) FROM ingest.hour WHERE energy_wh > 0 AND point_id BETWEEN %s AND %s", points
        )
        [(deliveries,)] = connection.execute(
            "SELECT count(*) FROM ingest.delivery JOIN ingest.source USING (source_id) WHERE kind = 'bulk'"
        )
    assert stored == FLEET.readings
    assert hours == FLEET.points * (FLEET.hours - 1)
    return int(deliveries)
