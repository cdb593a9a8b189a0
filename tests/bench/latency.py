"""From a reading's post to its hour, visible to whoever reads the published view, while readings flow."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import httpx
import numpy as np
import psycopg

from deploy.local.services import INGEST_API, ingest_worker
from deploy.local.stack import Stack
from schemas.event import ARROW
from services.heat.arrays import Float64
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
ROUND_S = GROUPS / POSTS_PER_S
LIVE = Fleet(FIRST_POINT, POINTS_A_POST * GROUPS, ROUNDS)
BEGINS_IN_S = 0.5
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
        LIVE.register(stack)
        with service(stack, INGEST_API), service(stack, ingest_worker(1)):
            posts = asyncio.run(live_readings(stack, lambda post: post.hour == ROUNDS))
    latencies_ms = latencies_of(posts)
    yield Figure("p99", float(np.percentile(latencies_ms, 99)), "ms", "most", MOST_MS)
    yield Figure("median", float(np.median(latencies_ms)), "ms", "most", MOST_MS)


def latencies_of(posts: Iterable[Post]) -> Float64:
    """Give the latency of every reading of some posts, in ms."""
    return np.array([latency_s * 1000 for post in posts for latency_s in post.latencies_s])


async def live_readings(stack: Stack, is_over: Callable[[Post], bool]) -> list[Post]:
    """Post the readings of LIVE, which must be registered, until a post comes that is not to be sent any more.

    Gives the posts that completed an hour, once all of them are visible. A point's first reading begins an hour and
    completes none; it also warms everything up.
    """
    sent: list[Post] = []
    headers = {"Authorization": f"Bearer {source_key(stack)}", "Content-Type": ARROW}
    async with (
        httpx.AsyncClient(base_url=api_address(stack), headers=headers, timeout=30) as client,
        asyncio.TaskGroup() as group,
    ):
        sending = group.create_task(_send_on_schedule(client, sent, is_over))
        group.create_task(_watch(stack, sent, sending))
    return sent


def _schedule() -> Iterator[Post]:
    began = time.monotonic() + BEGINS_IN_S
    for number in count():
        hour, group = divmod(number, GROUPS)
        yield Post(began + number / POSTS_PER_S, FIRST_POINT + group * POINTS_A_POST, hour)


async def _send_on_schedule(client: httpx.AsyncClient, sent: list[Post], is_over: Callable[[Post], bool]) -> None:
    async with asyncio.TaskGroup() as group:
        for post in _schedule():
            body = post.body
            await asyncio.sleep(post.scheduled_at - time.monotonic())
            if is_over(post):
                return
            if post.hour > 0:
                sent.append(post)
            group.create_task(_send(client, body))


async def _send(client: httpx.AsyncClient, body: bytes) -> None:
    (await client.post("/v1/readings", content=body)).raise_for_status()


async def _watch(stack: Stack, sent: list[Post], sending: asyncio.Task[None]) -> None:
    """Note for each reading how long after its scheduled time its hour was first seen."""
    async with await psycopg.AsyncConnection.connect(stack.dsn("alerts"), autocommit=True) as connection:
        while (waiting := [post for post in sent if post.visible < POINTS_A_POST]) or not sending.done():
            for post in waiting:
                assert time.monotonic() < post.scheduled_at + WITHIN_S, f"{len(waiting)} posts are not visible"
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
