"""The outbox: an event is written in the transaction of the change it tells of, and sent afterwards."""

import asyncio
import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from psycopg import sql
from psycopg.types.json import Json

from schemas.event import CORRELATION_HEADER, EVENT_ID_HEADER, Event, header
from schemas.topics import TOPICS, Topic
from services.common import logs, metrics
from services.common.health import Progress
from services.common.kafka import Outgoing, newest, outgoing, send_all
from services.common.postgres import Database, Transaction

RELAY_BATCH = 500
IDLE_WAIT_S = 0.2
_COMPACTED = frozenset(topic.name for topic in TOPICS if topic.retention == "compact")


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
    texts = {name: value.decode() for name, value in message.headers} | {EVENT_ID_HEADER: str(uuid4())}
    if correlation_id := logs.correlation_id():
        texts.setdefault(CORRELATION_HEADER, correlation_id)
    await tx.execute(statement, [message.topic, message.key, Json(texts), message.value])


class _Row(NamedTuple):
    id: int
    topic: str
    key: bytes | None
    headers: dict[str, str]
    value: bytes | None
    written_at: datetime

    def message(self) -> Outgoing:
        headers = [(name, text.encode()) for name, text in self.headers.items()]
        return Outgoing(self.topic, self.value, self.key, headers=headers)


class Relay:
    """Sends what stands in a service's outbox and deletes what the broker acknowledged.

    Ids commit out of order, so the relay never remembers how far it came: it takes what is there. One relay leads
    at a time, by a lock of its session. Whoever begins to lead does not know whether the one before died between
    sending and deleting, and looks into the topics first, so that nothing is told twice. Only in compacted topics
    an event may come twice, since an older one must never come after a newer; consumers compare its version.
    """

    def __init__(self, database: Database, producer: AIOKafkaProducer, schema: str, pulse: Progress) -> None:
        self._database = database
        self._producer = producer
        self._pulse = pulse
        self._leads = False
        self._is_certain = False
        self._oldest_at: datetime | None = None
        self._lock = zlib.crc32(f"{schema}.outbox".encode())
        table = sql.Identifier(schema, "outbox")
        self._take = sql.SQL("SELECT id, topic, key, headers, value, written_at FROM {} ORDER BY id LIMIT %s").format(
            table
        )
        self._delete = sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(table)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until told to stop."""
        metrics.OUTBOX_OLDEST_SECONDS.set_function(self.oldest_age_s)
        async with self._database.session() as session:
            while not stop.is_set():
                self._pulse.beat()
                if await self.relay_once(session) < RELAY_BATCH:
                    await _wait(stop, IDLE_WAIT_S)

    def oldest_age_s(self) -> float:
        """Give the age of the oldest event that this relay has taken and not sent; 0 where none waits for it."""
        return (datetime.now(UTC) - self._oldest_at).total_seconds() if self._oldest_at else 0.0

    async def relay_once(self, session: Transaction) -> int:
        """Send one batch; returns how many events it had, 0 also where another relay leads.

        The session must be the same each time: its lock is what makes this relay the only one.
        """
        async with session.transaction():
            if not await self._is_leading(session):
                return 0
            found = await (await session.execute(self._take, [RELAY_BATCH])).fetchall()
            rows = [
                _Row(number, topic, key, _texts(headers), value, written_at)
                for number, topic, key, headers, value, written_at in found
            ]
            # Before it is sent: the broker may be the one that keeps it waiting.
            self._oldest_at = min((row.written_at for row in rows), default=None)
            unsent = rows if self._is_certain else await self._unsent(rows)
            await send_all(self._producer, [row.message() for row in unsent])
            await session.execute(self._delete, [[row.id for row in rows]])
        self._oldest_at = None
        self._is_certain = self._is_certain or len(rows) < RELAY_BATCH
        for row in unsent:
            metrics.OUTBOX_RELAYED.labels(row.topic).inc()
        if rows:
            logs.get_logger().info("outbox_relayed", events=len(unsent), sent_before=len(rows) - len(unsent))
        return len(rows)

    async def _is_leading(self, session: Transaction) -> bool:
        if not self._leads:
            row = await (await session.execute("SELECT pg_try_advisory_lock(%s)", [self._lock])).fetchone()
            self._leads = bool(row and row[0])
        return self._leads

    async def _unsent(self, rows: Sequence[_Row]) -> list[_Row]:
        """Leave out what the relay before has sent: it is among the last messages, since nobody else writes there."""
        topics = {row.topic for row in rows} - _COMPACTED
        messages = await newest(self._producer, topics, RELAY_BATCH) if topics else []
        sent = {header(message.headers, EVENT_ID_HEADER) for message in messages}
        return [row for row in rows if row.topic in _COMPACTED or row.headers[EVENT_ID_HEADER] not in sent]


def _texts(headers: Any) -> dict[str, str]:
    texts: dict[str, str] = json.loads(headers) if isinstance(headers, str) else headers
    return texts


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
