"""From a reading's post to its hour, visible to whoever reads the published view, while readings flow."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import numpy as np
import psycopg

from deploy.local.services import INGEST_API, ingest_worker
from deploy.local.stack import Stack
from schemas.event import ARROW
from tests.bench.figures import Figure
from tests.bench.fleet import Fleet, readings
from tests.bench.http import api_address, source_key
from tests.bench.programs import own_stack, service
from tests.builders import HOUR_S, MIDNIGHT_S, stream

FIRST_POINT = 2_000_001
POINTS_A_POST = 100
POSTS_PER_S = 10
ROUNDS, GROUPS = 4, 60
"""Each group of points sends its next hour once a round."""
LOOK_EVERY_S = 0.01
WITHIN_S = 60
MOST_MS = 1_000

_VISIBLE = """
    SELECT count(*) FROM ingest_v1.hour
     WHERE point_id BETWEEN %s AND %s AND starts_at = %s
"""


@dataclass
class Post:
    """One hour of a group of points: when it was to be sent, and which hour it completes."""

    scheduled_at: float
    first_point: int
    hour: int
    visible: int = 0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        """The post's readings as an Arrow stream."""
        points = np.arange(self.first_point, self.first_point + POINTS_A_POST)
        return stream(readings(points, np.full(POINTS_A_POST, self.hour)))


def reading_to_visible_p99() -> Iterator[Figure]:
    """Post 1,000 readings a second, on schedule whatever the answers take, and watch each hour appear."""
    with own_stack() as stack:
        Fleet(FIRST_POINT, POINTS_A_POST * GROUPS, ROUNDS).register(stack)
        with service(stack, INGEST_API), service(stack, ingest_worker(1)):
            latencies_ms = asyncio.run(_latencies_s(stack)) * 1000
    yield Figure("p99", float(np.percentile(latencies_ms, 99)), "ms", "most", MOST_MS)
    yield Figure("median", float(np.median(latencies_ms)), "ms", "most", MOST_MS)


async def _latencies_s(stack: Stack) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    began = time.monotonic() + 0.5
    posts = [
        Post(began + (hour * GROUPS + group) / POSTS_PER_S, FIRST_POINT + group * POINTS_A_POST, hour)
        for hour in range(ROUNDS)
        for group in range(GROUPS)
    ]
    headers = {"Authorization": f"Bearer {source_key(stack)}", "Content-Type": ARROW}
    async with httpx.AsyncClient(base_url=api_address(stack), headers=headers, timeout=30) as client:
        # A point's first reading begins an hour and completes none; it also warms everything up.
        watched = [post for post in posts if post.hour > 0]
        await asyncio.gather(_watch(stack, watched), *(_send(client, post) for post in posts))
    return np.array([latency for post in watched for latency in post.latencies_s])


async def _send(client: httpx.AsyncClient, post: Post) -> None:
    body = post.body
    await asyncio.sleep(post.scheduled_at - time.monotonic())
    (await client.post("/v1/readings", content=body)).raise_for_status()


async def _watch(stack: Stack, posts: list[Post]) -> None:
    """Note for each reading how long after its scheduled time its hour was first seen."""
    deadline = posts[-1].scheduled_at + WITHIN_S
    async with await psycopg.AsyncConnection.connect(stack.dsn("alerts"), autocommit=True) as connection:
        while waiting := [post for post in posts if post.visible < POINTS_A_POST]:
            assert time.monotonic() < deadline, f"{len(waiting)} posts are not visible"
            for post in waiting:
                if post.scheduled_at > time.monotonic():
                    break
                await _look(connection, post)
            await asyncio.sleep(LOOK_EVERY_S)


async def _look(connection: "psycopg.AsyncConnection[tuple[int]]", post: Post) -> None:
    completed = datetime.fromtimestamp(MIDNIGHT_S + (post.hour - 1) * HOUR_S, UTC)
    last_point = post.first_point + POINTS_A_POST - 1
    row = await (await connection.execute(_VISIBLE, [post.first_point, last_point, completed])).fetchone()
    assert row is not None
    latency_s = time.monotonic() - post.scheduled_at
    post.latencies_s += [latency_s] * (row[0] - post.visible)
    post.visible = row[0]
