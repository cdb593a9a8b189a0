"""Readings, hours and days that are older than the settings say go, and what is only about them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg.errors import LockNotAvailable

from services.common import logs
from services.common.postgres import Database, Transaction
from services.ingest import metrics
from services.ingest.core.retention import Cut, is_further
from services.ingest.store import reference, retention

log = logs.get_logger()

AT_ONCE = 1_000
"""Deliveries or held readings of one transaction, so that nobody waits for it."""
TRIES = 20
PAUSE_S = 10.0

Forget = Callable[[Transaction, datetime, int], Awaitable[int]]


async def forget_older(database: Database, wanted: Cut, zone: ZoneInfo) -> None:
    """Drop what lies before, and what came in before. Raises LockNotAvailable where readers never let go."""
    dropped = await _drop_patiently(database, wanted, zone)
    metrics.PARTITIONS_DROPPED.inc(len(dropped))
    deliveries = await _forget(database, retention.forget_deliveries, wanted.readings_from)
    metrics.DELIVERIES_DROPPED.inc(deliveries)
    held = await _forget(database, retention.forget_held, wanted.readings_from)
    metrics.HELD_DROPPED.inc(held)
    if dropped or deliveries or held:
        before = wanted.readings_from.isoformat()
        log.info("older_forgotten", before=before, partitions=dropped, deliveries=deliveries, held=held)


async def _drop_patiently(database: Database, wanted: Cut, zone: ZoneInfo) -> list[str]:
    """Try again where somebody reads: to wait for him would make all others wait behind."""
    for _ in range(TRIES - 1):
        try:
            return await _drop(database, wanted, zone)
        except LockNotAvailable:
            await asyncio.sleep(PAUSE_S)
    return await _drop(database, wanted, zone)


async def _drop(database: Database, wanted: Cut, zone: ZoneInfo) -> list[str]:
    async with database.transaction() as tx:
        if not is_further(wanted, await retention.kept(tx)):
            return []
        # Nobody judges meanwhile, and everybody learns from which reading on.
        await reference.changed(tx)
        return await retention.drop_older(tx, wanted, zone.key)


async def _forget(database: Database, some: Forget, before: datetime) -> int:
    total = 0
    while True:
        async with database.transaction() as tx:
            forgotten = await some(tx, before, AT_ONCE)
        total += forgotten
        if forgotten < AT_ONCE:
            return total
