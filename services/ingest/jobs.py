"""What the worker does because time passed."""

from datetime import datetime, timedelta

from services.common.postgres import Database
from services.common.schedule import Job
from services.ingest.core.retention import cut
from services.ingest.partitions import look_ahead, sort_closed
from services.ingest.retention import forget_older
from services.ingest.settings import IngestSettings
from services.ingest.store import deliveries, estimation, outcome

MADE_AHEAD = timedelta(days=62)
"""So that at a month's turn nobody waits for a partition, even where the job has failed for weeks."""


FORGOTTEN_AT_ONCE = 1_000
"""Deliveries of one transaction, so that nobody waits for it."""


def jobs(database: Database, settings: IngestSettings) -> list[Job]:
    """Give the jobs: partitions are made ahead, closed ones sorted, and what is older than the settings say goes."""
    payload_months = settings.payload_months

    async def make_partitions(due_at: datetime) -> None:
        async with database.transaction() as tx:
            await outcome.ensure_partitions(tx, int(due_at.timestamp()), int((due_at + MADE_AHEAD).timestamp()))

    async def forget_payloads(due_at: datetime) -> None:
        if payload_months is None:
            return
        while await _forget_some(database, due_at, payload_months) == FORGOTTEN_AT_ONCE:
            continue

    async def look(due_at: datetime) -> None:
        await look_ahead(database, due_at)

    async def sort(_due_at: datetime) -> None:
        await sort_closed(database)

    async def forget(due_at: datetime) -> None:
        if settings.keep_readings_years is not None:
            years = settings.keep_readings_years, settings.keep_days_years
            await forget_older(database, cut(due_at, *years, settings.zone), settings.zone)

    async def want_signatures(_due_at: datetime) -> None:
        async with database.transaction() as tx:
            await estimation.want_all(tx)

    return [
        Job("want_signatures", timedelta(days=1), want_signatures),
        Job("make_partitions", timedelta(days=1), make_partitions),
        Job("look_ahead", timedelta(hours=1), look),
        Job("sort_closed_months", timedelta(hours=1), sort),
        Job("forget_older", timedelta(days=1), forget),
        Job("forget_payloads", timedelta(days=1), forget_payloads),
    ]


async def _forget_some(database: Database, due_at: datetime, months: int) -> int:
    async with database.transaction() as tx:
        return await deliveries.forget_payloads(tx, due_at, months, FORGOTTEN_AT_ONCE)
