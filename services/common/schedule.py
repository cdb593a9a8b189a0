"""Jobs that run because time passed, not because a message came: missing data sends no event."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import sql

from services.common import logs
from services.common.health import Progress
from services.common.postgres import Database

log = logs.get_logger()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Job:
    """Something to do at every multiple of an interval since 1970, UTC. `run` gets the time it was due."""

    name: str
    every: timedelta
    run: Callable[[datetime], Awaitable[None]]

    def due_at(self, now: datetime) -> datetime:
        """Give the newest time at which the job was due."""
        return EPOCH + (now - EPOCH) // self.every * self.every


async def run(database: Database, schema: str, jobs: Sequence[Job], pulse: Progress, stop: asyncio.Event) -> None:
    """Run each job once per due time, however many processes look, until told to stop.

    A job that raises is logged and noted with its error; the next due time tries again.
    """
    while not stop.is_set():
        pulse.beat()
        for job in jobs:
            await _run_if_due(database, schema, job)
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
        except TimeoutError:
            continue


async def _run_if_due(database: Database, schema: str, job: Job) -> None:
    table = sql.Identifier(schema, "job_run")
    due_at = job.due_at(datetime.now(UTC))
    claim = sql.SQL("INSERT INTO {} (job, due_at) VALUES (%s, %s) ON CONFLICT DO NOTHING").format(table)
    async with database.transaction() as tx:
        claimed = (await tx.execute(claim, [job.name, due_at])).rowcount == 1
    if not claimed:
        return
    error = None
    try:
        await job.run(due_at)
    except Exception as failure:  # One job's failure must not stop the others; it is kept and alarmed on.
        error = f"{type(failure).__name__}: {failure}"
        log.exception("job_failed", job=job.name, due_at=due_at.isoformat())
    finish = sql.SQL("UPDATE {} SET finished_at = clock_timestamp(), error = %s WHERE job = %s AND due_at = %s").format(
        table
    )
    async with database.transaction() as tx:
        await tx.execute(finish, [error, job.name, due_at])
