"""What the worker does because time passed."""

from datetime import datetime, timedelta

from services.common.postgres import Database
from services.common.schedule import Job
from services.ingest.core.retention import cut
from services.ingest.partitions import look_ahead, sort_closed
from services.ingest.retention import forget_older
from services.ingest.settings import IngestSettings
from services.ingest.store import outcome

MADE_AHEAD = timedelta(days=62)
"""So that at a month's turn nobody waits for a partition, even where the job has failed for weeks."""


def jobs(database: Database, settings: IngestSettings) -> list[Job]:
    """Give the jobs: partitions are made ahead, closed ones sorted, and what is older than the settings say goes."""

    async def make_partitions(due_at: datetime) -> None:
        async with database.transaction() as tx:
            await outcome.ensure_partitions(tx, int(due_at.timestamp()), int((due_at + MADE_AHEAD).timestamp()))

    async def look(due_at: datetime) -> None:
        await look_ahead(database, due_at)

    async def sort(_due_at: datetime) -> None:
        await sort_closed(database)

    async def forget(due_at: datetime) -> None:
        if settings.keep_readings_years is not None:
            years = settings.keep_readings_years, settings.keep_days_years
            await forget_older(database, cut(due_at, *years, settings.zone), settings.zone)

    return [
        Job("make_partitions", timedelta(days=1), make_partitions),
        Job("look_ahead", timedelta(hours=1), look),
        Job("sort_closed_months", timedelta(hours=1), sort),
        Job("forget_older", timedelta(days=1), forget),
    ]
