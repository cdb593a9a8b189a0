"""Jobs that run because time passed, not because a message came: missing data sends no event."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import sql

from services.common import logs, metrics
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


class _Runs:
    """What is noted of a service's jobs."""

    def __init__(self, database: Database, schema: str) -> None:
        self._database = database
        self._schema = schema
        table = sql.Identifier(schema, "job_run")
        self._look = sql.SQL(
            "SELECT coalesce((SELECT error IS NOT NULL FROM {runs} WHERE job = %(job)s AND finished_at IS NOT NULL"
            "                  ORDER BY due_at DESC LIMIT 1), false),"
            "       ARRAY(SELECT due_at FROM {runs} WHERE job = %(job)s AND finished_at IS NULL ORDER BY due_at),"
            "       EXISTS (SELECT FROM {runs} WHERE job = %(job)s AND due_at = %(due_at)s)"
        ).format(runs=table)
        self._begin = sql.SQL(
            "INSERT INTO {} (job, due_at) VALUES (%s, %s) ON CONFLICT (job, due_at)"
            " DO UPDATE SET started_at = clock_timestamp()"
        ).format(table)
        self._finish = sql.SQL(
            "UPDATE {} SET finished_at = clock_timestamp(), error = %s WHERE job = %s AND due_at = %s"
        ).format(table)

    async def unfinished(self, job: Job) -> list[datetime]:
        """Give the due times of a job that are still to be done, and show whether its newest run has failed."""
        due_at = job.due_at(datetime.now(UTC))
        async with self._database.transaction() as tx:
            found = await tx.execute(self._look, {"job": job.name, "due_at": due_at})
            [(has_failed, begun, is_known)] = await found.fetchall()
        metrics.JOB_FAILED.labels(job.name).set(has_failed)
        return begun if is_known else [*begun, due_at]

    @asynccontextmanager
    async def alone(self, job: Job) -> AsyncIterator[bool]:
        """Tell whether nobody else is at a job, and keep it so: the lock ends with the process that holds it."""
        lock = zlib.crc32(f"{self._schema}.job.{job.name}".encode())
        async with self._database.session() as session:
            async with session.transaction():
                row = await (await session.execute("SELECT pg_try_advisory_lock(%s)", [lock])).fetchone()
            yield bool(row and row[0])

    async def begin(self, job: Job, due_at: datetime) -> None:
        """Note that a run begins."""
        async with self._database.transaction() as tx:
            await tx.execute(self._begin, [job.name, due_at])

    async def finish(self, job: Job, due_at: datetime, error: str | None) -> None:
        """Note that a run has ended, and how."""
        async with self._database.transaction() as tx:
            await tx.execute(self._finish, [error, job.name, due_at])


async def run(database: Database, schema: str, jobs: Sequence[Job], pulse: Progress, stop: asyncio.Event) -> None:
    """Run each job once per due time, however many processes look, until told to stop.

    A run whose process died is done again, so a job must change nothing where it finds its work done. One that
    raises is logged, noted with its error and alarmed on; the next due time tries again.
    """
    runs = _Runs(database, schema)
    while not stop.is_set():
        pulse.beat()
        for job in jobs:
            if await runs.unfinished(job):
                await _catch_up(runs, job)
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
        except TimeoutError:
            continue


async def _catch_up(runs: _Runs, job: Job) -> None:
    async with runs.alone(job) as is_alone:
        if not is_alone:
            return
        # Again, now that nobody else can finish one of them.
        for due_at in await runs.unfinished(job):
            await runs.begin(job, due_at)
            await runs.finish(job, due_at, await _error_of(job, due_at))


async def _error_of(job: Job, due_at: datetime) -> str | None:
    try:
        await job.run(due_at)
    except Exception as failure:  # One job's failure must not stop the others.
        log.exception("job_failed", job=job.name, due_at=due_at.isoformat())
        return f"{type(failure).__name__}: {failure}"
    return None
