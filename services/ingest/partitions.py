"""Months of readings and hours: those to come are looked out for, those that are closed are sorted."""

import time
from datetime import UTC, datetime, timedelta

from psycopg.errors import LockNotAvailable

from services.common import logs
from services.common.postgres import Database
from services.ingest import metrics
from services.ingest.store import partitions

log = logs.get_logger()

NEEDED_AHEAD = timedelta(days=7)
CLOSED_AFTER = timedelta(days=35)
"""So long after its end a month is closed: late readings and corrections mostly come before."""
QUIET_FOR = timedelta(days=7)
"""So long nothing was written to it: years that are read in now are not sorted while that goes on."""
WORK_S = 120.0
"""After so long no further month is begun: the others wait for the next hour, so that jobs beside are not held up."""


async def look_ahead(database: Database, now: datetime) -> None:
    """Note until when there are partitions, and warn where that is too soon."""
    async with database.transaction() as tx:
        until_s = await partitions.until_s(tx)
    metrics.PARTITIONS_UNTIL_SECONDS.set(until_s)
    if until_s < (now + NEEDED_AHEAD).timestamp():
        log.warning("partitions_missing", until=datetime.fromtimestamp(until_s, UTC).isoformat())


async def sort_closed(
    database: Database, closed_after: timedelta = CLOSED_AFTER, quiet_for: timedelta = QUIET_FOR
) -> list[str]:
    """Sort the closed months that are not, as many as there is time for; returns those that are now.

    They were written hour by hour, all metering points side by side: a year of one meter lay on a page per row.
    """
    async with database.transaction() as tx:
        names = await partitions.to_sort(tx, closed_after, quiet_for)
    began, done = time.monotonic(), []
    for name in names:
        if time.monotonic() - began > WORK_S:
            break
        outcome = await _sort(database, name)
        metrics.PARTITIONS_SORTED.labels(outcome).inc()
        log.info("partition_sorted", partition=name, outcome=outcome)
        if outcome == "sorted":
            done.append(name)
    return done


async def _sort(database: Database, name: str) -> str:
    try:
        async with database.transaction() as tx:
            await partitions.begin_sorting(tx, name)
        async with database.transaction() as tx:
            copied = await partitions.copy_sorted(tx, name)
        async with database.transaction() as tx:
            is_sorted = await partitions.end_sorting(tx, name, copied)
    except LockNotAvailable:
        # Whoever waits for a lock makes others wait behind him.
        return "busy"
    return "sorted" if is_sorted else "written"
