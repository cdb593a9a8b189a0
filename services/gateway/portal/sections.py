"""Parts of a page that fail alone and say so."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from services.common import logs
from services.gateway import metrics
from services.gateway.store.reader import Connection

log = logs.get_logger()
Found = TypeVar("Found")


async def section(connection: Connection, name: str, read: Callable[[], Awaitable[Found]]) -> Found | None:
    """Read a part of a page; None where its owner's view does not answer, so that the rest of the page stands."""
    try:
        async with connection.transaction():
            return await read()
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.QueryCanceledError) as error:
        metrics.SECTIONS_FAILED.labels(name).inc()
        log.error("section_failed", section=name, reason=str(error))
        return None
