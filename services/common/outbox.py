"""The outbox: an event is written in the transaction of the change it tells of, and sent afterwards."""

import asyncio
import json
import zlib

from aiokafka import AIOKafkaProducer
from psycopg import sql
from psycopg.types.json import Json

from schemas.event import CORRELATION_HEADER, Event
from schemas.topics import Topic
from services.common import logs, metrics
from services.common.health import Progress
from services.common.kafka import Outgoing, outgoing, send_all
from services.common.postgres import Database, Transaction

RELAY_BATCH = 500
IDLE_WAIT_S = 0.2


async def add(tx: Transaction, schema: str, topic: Topic, key: str, event: Event, **headers: str) -> None:
    """Write an event to be sent once this transaction is committed, and not at all where it is undone."""
    await add_message(tx, schema, outgoing(topic, key, event, **headers))


async def add_message(tx: Transaction, schema: str, message: Outgoing) -> None:
    """Write a message to be sent once this transaction is committed. Its partition is chosen by its key.

    It carries the id of the request or message that is being handled, so that one id is followed through all services.
    """
    statement = sql.SQL("INSERT INTO {} (topic, key, headers, value) VALUES (%s, %s, %s, %s)").format(
        sql.Identifier(schema, "outbox")
    )
    texts = {name: value.decode() for name, value in message.headers}
    if correlation_id := logs.correlation_id():
        texts.setdefault(CORRELATION_HEADER, correlation_id)
    await tx.execute(statement, [message.topic, message.key, Json(texts), message.value])


class Relay:
    """Sends what stands in a service's outbox and deletes what the broker acknowledged.

    Ids commit out of order, so the relay never remembers how far it came: it takes what is there. One relay
    works at a time, by an advisory lock. An event may be sent twice; consumers compare its version.
    """

    def __init__(self, database: Database, producer: AIOKafkaProducer, schema: str, pulse: Progress) -> None:
        self._database = database
        self._producer = producer
        self._pulse = pulse
        self._lock = zlib.crc32(f"{schema}.outbox".encode())
        table = sql.Identifier(schema, "outbox")
        self._take = sql.SQL("SELECT id, topic, key, headers, value FROM {} ORDER BY id LIMIT %s").format(table)
        self._delete = sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(table)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until told to stop."""
        while not stop.is_set():
            self._pulse.beat()
            if await self.relay_once() < RELAY_BATCH:
                await _wait(stop, IDLE_WAIT_S)

    async def relay_once(self) -> int:
        """Send one batch; returns how many events were sent, 0 also where another relay is at work."""
        async with self._database.transaction() as tx:
            locked = await (await tx.execute("SELECT pg_try_advisory_xact_lock(%s)", [self._lock])).fetchone()
            if not locked or not locked[0]:
                return 0
            rows = await (await tx.execute(self._take, [RELAY_BATCH])).fetchall()
            if not rows:
                return 0
            await send_all(self._producer, [_message(*row[1:]) for row in rows])
            await tx.execute(self._delete, [[row[0] for row in rows]])
        for _, topic, *_ in rows:
            metrics.OUTBOX_RELAYED.labels(topic).inc()
        logs.get_logger().info("outbox_relayed", events=len(rows))
        return len(rows)


def _message(topic: str, key: bytes | None, headers: dict[str, str] | str, value: bytes | None) -> Outgoing:
    texts = json.loads(headers) if isinstance(headers, str) else headers
    return Outgoing(topic, value, key, headers=[(name, text.encode()) for name, text in texts.items()])


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
