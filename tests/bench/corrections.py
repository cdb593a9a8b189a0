"""Corrected readings, posted on schedule, and where and how soon each one's new value is seen."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import psycopg
import pyarrow as pa
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.services import GATEWAY
from deploy.local.stack import Stack
from schemas.topics import HOURLY_POWER
from services.gateway.portal.security import cookie_name
from tests.bench.houses import facility_of
from tests.builders import HOUR_S

LOOK_EVERY_S = 0.02
SEEN_WITHIN_S = 60
SHOWN_KWH = 0.1
"""The step in which the page shows an hour."""

IN_VIEWS = {
    "hour": """
        SELECT energy_wh = %(hour_wh)s FROM ingest_v1.hour WHERE point_id = %(point_id)s AND starts_at = %(starts_at)s
    """,
    "day": "SELECT energy_wh = %(day_wh)s FROM ingest_v1.day WHERE point_id = %(point_id)s AND day = %(day)s",
    "month": "SELECT energy_wh = %(month_wh)s FROM ingest_v1.month WHERE point_id = %(point_id)s AND month = %(month)s",
    # Signatures become stale in the transaction that changes the day: before it none is.
    "signatures": """
        SELECT energy_wh = %(day_wh)s
               AND NOT EXISTS (SELECT FROM ingest.signature WHERE point_id = %(point_id)s AND is_stale)
          FROM ingest_v1.day WHERE point_id = %(point_id)s AND day = %(day)s
    """,
}


@dataclass
class Correction:
    """A reading that is corrected: the hour before it, and what its hour, day and month shall then show."""

    point_id: int
    scheduled_at: float
    read_at_s: int
    day: date
    hour_wh: int
    day_wh: int
    month_wh: int
    seen_s: dict[str, float] = field(default_factory=dict)
    """By place, how long after it was to be sent."""

    @property
    def starts_at(self) -> datetime:
        """The beginning of the hour before the reading."""
        return datetime.fromtimestamp(self.read_at_s - HOUR_S, UTC)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the queries are given."""
        return vars(self) | {"starts_at": self.starts_at, "month": self.day.replace(day=1)}

    def see(self, place: str) -> None:
        """Note that the new value is there."""
        self.seen_s.setdefault(place, time.monotonic() - self.scheduled_at)


Look = Callable[[Correction], Awaitable[bool]]


async def watch_views(stack: Stack, corrections: Sequence[Correction], place: str) -> None:
    """Watch a published view, or the signatures."""
    async with await psycopg.AsyncConnection.connect(stack.dsn("ingest"), autocommit=True) as connection:

        async def is_seen(one: Correction) -> bool:
            row = await (await connection.execute(IN_VIEWS[place].encode(), one.parameters)).fetchone()
            return bool(row and row[0])

        await _watch(corrections, place, is_seen)


async def watch_page(stack: Stack, corrections: Sequence[Correction], token: str) -> None:
    """Watch the hours of the day on each facility's page, as its chart asks for them."""
    base = f"http://127.0.0.1:{stack.port(GATEWAY.http)}"
    async with httpx.AsyncClient(base_url=base, cookies={cookie_name(is_local=True): token}, timeout=30) as client:

        async def is_seen(one: Correction) -> bool:
            span = {"from": str(one.day), "to": str(one.day)}
            answer = await client.get(f"/facilities/{facility_of(one.point_id)}/hours", params=span)
            shown_kwh: float = answer.raise_for_status().json()["energy_kwh"][-1]
            return abs(shown_kwh - one.hour_wh / 1_000) <= SHOWN_KWH

        await _watch(corrections, "page", is_seen)


async def _watch(corrections: Sequence[Correction], place: str, is_seen: Look) -> None:
    while waiting := [one for one in corrections if place not in one.seen_s]:
        for one in waiting:
            now = time.monotonic()
            if now < one.scheduled_at:
                break
            assert now < one.scheduled_at + SEEN_WITHIN_S, f"{len(waiting)} corrections are not seen: {place}"
            if await is_seen(one):
                one.see(place)
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def at_the_end_of_hourly_power(stack: Stack) -> AsyncIterator[Any]:
    """Give a consumer of hourly-power that hears what comes from now on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka.bootstrap)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(HOURLY_POWER.name, number) for number in range(HOURLY_POWER.partitions)])
        await consumer.seek_to_end()
        yield consumer
    finally:
        await consumer.stop()


async def watch_topic(consumer: Any, corrections: Sequence[Correction]) -> None:
    """Watch what others are told."""
    wanted = {(one.point_id, one.starts_at, one.hour_wh): one for one in corrections}
    async with asyncio.timeout(corrections[-1].scheduled_at - time.monotonic() + SEEN_WITHIN_S):
        while any("topic" not in one.seen_s for one in corrections):
            message = await consumer.getone()
            for row in pa.ipc.open_stream(message.value).read_all().to_pylist():
                if one := wanted.get((row["point_id"], row["starts_at"], row["energy_wh"])):
                    one.see("topic")
