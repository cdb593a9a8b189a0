"""The ingest worker's storing, on the real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from deploy.local.stack import Stack
from services.common.kafka import Outgoing
from services.common.postgres import Database
from services.ingest.decode import Message
from services.ingest.handlers import ReadingHandlers
from tests.builders import Points, batch

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LATEST_S = 2**33


class Worker:
    """Stores batches of readings as the worker does, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.handlers = ReadingHandlers(database, STOCKHOLM, 300)
        self._offsets = count(1)

    async def take(self, *messages: Iterable[Mapping[str, Any]] | pa.RecordBatch) -> list[Outgoing]:
        items = [self.message(one if isinstance(one, pa.RecordBatch) else batch(one)) for one in messages]
        return await self.store(items)

    def message(self, rows: pa.RecordBatch) -> Message:
        return Message(rows, None, 0, "", 0, next(self._offsets), LATEST_S)

    async def store(self, items: Sequence[Message]) -> list[Outgoing]:
        async with self.database.transaction() as tx:
            return list(await self.handlers.store(tx, items))

    async def again(self, items: Sequence[Message]) -> list[Outgoing]:
        async with self.database.transaction() as tx:
            return [one async for share in await self.handlers.announcements(tx, items) for one in share]


@pytest.fixture
def points(stack: Stack) -> Points:
    return Points(stack)


@pytest.fixture
async def worker(stack: Stack) -> AsyncIterator[Worker]:
    database = Database(stack.dsn("ingest"), 1, 3)
    await database.open()
    yield Worker(database)
    await database.close()
    await asyncio.sleep(0)
