"""What the worker does because time passed."""

from datetime import datetime, timedelta

from services.common.postgres import Database
from services.common.schedule import Job
from services.ingest.store import outcome

MADE_AHEAD = timedelta(days=62)
"""So that at a month's turn nobody waits for a partition, even where the job has failed for weeks."""


def jobs(database: Database) -> list[Job]:
    """Give the jobs: every day, the partitions of the coming months are made."""

    async def make_partitions(due_at: datetime) -> None:
        async with database.transaction() as tx:
            await outcome.ensure_partitions(tx, int(due_at.timestamp()), int((due_at + MADE_AHEAD).timestamp()))

    return [Job("make_partitions", timedelta(days=1), make_partitions)]
