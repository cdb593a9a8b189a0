"""Jobs: once per due time, by one process at a time, again where a process died, and shown where they fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from deploy.local.stack import Stack
from services.common import metrics, schedule
from services.common.health import Progress
from services.common.postgres import Database
from services.common.schedule import Job

SCHEMA = "contracts"
TIMEOUT_S = 20
DAY = timedelta(days=1)


class Office:
    """A service's notes of its jobs, and processes that look at them."""

    def __init__(self, stack: Stack, database: Database) -> None:
        self.job = f"job-{uuid4()}"
        self._stack = stack
        self._database = database

    def administer(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._stack.admin_dsn) as connection:
            done = connection.execute(statement.encode(), parameters)
            return done.fetchall() if done.description else []

    def finished(self) -> list[datetime]:
        found = self.administer(
            f"SELECT due_at FROM {SCHEMA}.job_run WHERE job = %s AND finished_at IS NOT NULL ORDER BY due_at", self.job
        )
        return [row[0].astimezone(UTC) for row in found]

    @asynccontextmanager
    async def looking(self, work: Callable[[datetime], Awaitable[None]], every: timedelta = DAY) -> AsyncIterator[None]:
        """Let a process look for what is due, and end it."""
        stop = asyncio.Event()
        jobs = [Job(self.job, every, work)]
        task = asyncio.create_task(schedule.run(self._database, SCHEMA, jobs, Progress(), stop))
        try:
            yield
        finally:
            stop.set()
            await task

    def failed(self) -> float:
        return float(metrics.JOB_FAILED.labels(self.job)._value.get())


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    database = Database(stack.dsn(SCHEMA), 1, 6)
    await database.open()
    yield Office(stack, database)
    await database.close()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not is_true():  # noqa: ASYNC110 - it is the database that is waited for
            await asyncio.sleep(0.05)


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def test_of_two_processes_only_one_does_what_is_due_and_the_other_does_not_after_it(office: Office) -> None:
    done: list[datetime] = []
    gate = asyncio.Event()

    async def work(due_at: datetime) -> None:
        done.append(due_at)
        await gate.wait()

    async with office.looking(work), office.looking(work):
        await asyncio.sleep(2.5)
        gate.set()
        await until(lambda: len(office.finished()) == 1)
        await asyncio.sleep(1.5)
    assert len(done) == 1


async def test_a_run_whose_process_died_is_done_again_also_after_its_day(office: Office) -> None:
    done: list[datetime] = []

    async def work(due_at: datetime) -> None:
        done.append(due_at.astimezone(UTC))

    yesterday = today() - DAY
    office.administer(f"INSERT INTO {SCHEMA}.job_run (job, due_at) VALUES (%s, %s)", office.job, yesterday)
    async with office.looking(work):
        await until(lambda: len(office.finished()) == 2)
    assert done == office.finished() == [yesterday, today()]


async def test_a_job_that_fails_is_shown_until_it_goes_well(office: Office) -> None:
    goes_well = False

    async def work(_due_at: datetime) -> None:
        if not goes_well:
            raise RuntimeError("the disk is full")

    async with office.looking(work, every=timedelta(seconds=1)):
        await until(lambda: office.failed() == 1)
        noted = office.administer(f"SELECT error FROM {SCHEMA}.job_run WHERE job = %s LIMIT 1", office.job)
        assert noted == [("RuntimeError: the disk is full",)]
        goes_well = True
        await until(lambda: office.failed() == 0)
