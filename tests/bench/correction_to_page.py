"""From the correction of an old reading to everything that follows from it, the customer's page last."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import httpx
import numpy as np
import psycopg
import pyarrow as pa

from deploy.local.services import GATEWAY, INGEST_API, ingest_worker
from deploy.local.stack import Stack
from schemas.event import ARROW
from schemas.readings import METER_READINGS as READINGS
from schemas.topics import METER_READINGS
from tests.bench.corrections import (
    IN_VIEWS,
    Correction,
    at_the_end_of_hourly_power,
    watch_page,
    watch_topic,
    watch_views,
)
from tests.bench.figures import Figure
from tests.bench.fleet import Fleet, produce, readings
from tests.bench.houses import put_houses
from tests.bench.http import api_address, source_key
from tests.bench.programs import own_stack, service, wait_until
from tests.bench.progress import committed_by, pace
from tests.builders import HOUR_S, MIDNIGHT_S, stream
from tests.signatures import want_signatures

FLEET = Fleet(4_000_001, points=500, hours=200 * 24 + 1)
"""From January to July."""
LAST_DAY_OF_MONTH = date(2024, 5, 31)
CORRECTED_S = int(datetime(2024, 5, 31, 22, tzinfo=UTC).timestamp())
"""The local midnight that ends a month eight weeks before the newest readings: what is shown then moves between hours,
days and months at once."""
SIGNATURES_BEHIND = 2
"""Those of June and July rest on the last day of May."""
RAISED_WH = 2_000
WARM_UP, CORRECTIONS, PER_S = 5, 100, 5
BEGINS_IN_S = 0.5
WITHIN_S = 300
MOST_MS = 2_000
PLACES = (*IN_VIEWS, "topic", "page")

_BEFORE = """
    SELECT point_id, hour.energy_wh, day.energy_wh, month.energy_wh
      FROM ingest_v1.hour JOIN ingest_v1.day USING (point_id) JOIN ingest_v1.month USING (point_id)
     WHERE starts_at = to_timestamp(%(ends_s)s - 3600) AND day.day = %(day)s AND month.month = %(month)s
     ORDER BY point_id LIMIT %(count)s
"""
_TEMPERATURES = """
    INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)
    SELECT 'bench', day, 8 - 12 * cos((extract(doy FROM day) - 20) / 58), 24, 1
      FROM generate_series(date '2024-01-01', date '2024-12-31', interval '1 day') AS day
"""
_BEHIND = "SELECT count(*) FROM ingest.signature WHERE month > %s"
_STALE = "SELECT count(*) FROM ingest.signature WHERE is_stale"


def correction_to_page() -> Iterator[Figure]:
    """Correct readings of different facilities one after the other, and watch each everywhere."""
    with own_stack() as stack:
        FLEET.register(stack)
        token = put_houses(stack, FLEET)
        messages = asyncio.run(produce(stack, FLEET.backfill()))
        with service(stack, INGEST_API), service(stack, ingest_worker(1)), service(stack, GATEWAY):
            asyncio.run(_loaded(stack, messages))
            _want_signatures(stack)
            corrections = asyncio.run(_corrected(stack, token))
    seen_ms = np.array([[one.seen_s[place] * 1000 for place in PLACES] for one in corrections[WARM_UP:]])
    slowest_ms = seen_ms.max(axis=1)
    yield Figure("p99", float(np.percentile(slowest_ms, 99)), "ms", "most", MOST_MS)
    yield Figure("median", float(np.median(slowest_ms)), "ms", "most", MOST_MS)
    for place, place_ms in zip(PLACES, seen_ms.T, strict=True):
        yield Figure(f"{place}_p99", float(np.percentile(place_ms, 99)), "ms", "most", MOST_MS)


async def _loaded(stack: Stack, messages: int) -> None:
    async with committed_by(stack.kafka.bootstrap, f"ingest-{METER_READINGS.name}") as count:
        await pace(count, messages, WITHIN_S)


def _want_signatures(stack: Stack) -> None:
    """Ask for each metering point's signatures, and wait until all are computed."""
    with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        connection.execute(_TEMPERATURES)
        asyncio.run(want_signatures(stack.dsn("ingest")))
        connection.execute("VACUUM ANALYZE")
        wait_until(lambda: _count(connection, _STALE) == 0, "the signatures are not computed", WITHIN_S)
        assert _count(connection, _BEHIND, LAST_DAY_OF_MONTH) == FLEET.points * SIGNATURES_BEHIND


def _count(connection: "psycopg.Connection[tuple[int]]", query: str, *parameters: date) -> int:
    [(count,)] = connection.execute(query.encode(), parameters).fetchall()
    return count


async def _corrected(stack: Stack, token: str) -> list[Correction]:
    """Post corrections on schedule, whatever the answers take; gives them once all are seen everywhere."""
    headers = {"Authorization": f"Bearer {source_key(stack)}", "Content-Type": ARROW}
    async with (
        httpx.AsyncClient(base_url=api_address(stack), headers=headers, timeout=30) as client,
        at_the_end_of_hourly_power(stack) as consumer,
    ):
        corrections = _corrections(stack)
        async with asyncio.TaskGroup() as group:
            for place in IN_VIEWS:
                group.create_task(watch_views(stack, corrections, place))
            group.create_task(watch_topic(consumer, corrections))
            group.create_task(watch_page(stack, corrections, token))
            for one in corrections:
                group.create_task(_send(client, one))
    return corrections


def _corrections(stack: Stack) -> list[Correction]:
    known = {
        "ends_s": CORRECTED_S,
        "day": LAST_DAY_OF_MONTH,
        "month": LAST_DAY_OF_MONTH.replace(day=1),
        "count": WARM_UP + CORRECTIONS,
    }
    with psycopg.connect(stack.dsn("ingest")) as connection:
        before = connection.execute(_BEFORE, known).fetchall()
    assert len(before) == WARM_UP + CORRECTIONS
    began = time.monotonic() + BEGINS_IN_S
    return [
        Correction(
            point_id,
            began + number / PER_S,
            CORRECTED_S,
            LAST_DAY_OF_MONTH,
            *(energy_wh + RAISED_WH for energy_wh in energies_wh),
        )
        for number, (point_id, *energies_wh) in enumerate(before)
    ]


async def _send(client: httpx.AsyncClient, one: Correction) -> None:
    body = _body(one)
    await asyncio.sleep(one.scheduled_at - time.monotonic())
    (await client.post("/v1/readings", content=body)).raise_for_status()


def _body(one: Correction) -> bytes:
    """Make the reading again, with a register that had risen further."""
    hour = (one.read_at_s - MIDNIGHT_S) // HOUR_S
    [row] = readings(np.array([one.point_id]), np.array([hour])).to_pylist()
    corrected = row | {"energy_wh": row["energy_wh"] + RAISED_WH, "recorded_at": datetime.now(UTC)}
    return stream(pa.RecordBatch.from_pylist([corrected], READINGS))
