"""The yearly run that fails, and an approval that is broken off: both are taken up where they ended."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import psycopg
import pytest
from psycopg.types.json import Json

from deploy.local.stack import Stack
from services.common.health import Progress
from services.common.postgres import Database
from services.contracts import approving, power_runs
from services.contracts.store import power_runs as store
from tests.integration.contracts_house import BAS_2018
from tests.integration.looking import wait_for
from tests.integration.power_street import Street


@pytest.fixture(autouse=True)
def price_list(stack: Stack) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO contracts.price_list (price_list_id, version, valid_from, status, document)"
            " VALUES ('bas', 1, '2018-01-01', 'firm', %s) ON CONFLICT DO NOTHING",
            [Json(BAS_2018)],
        )


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """The database as the service has it."""
    opened = Database(stack.dsn("contracts"), 1, 2)
    await opened.open()
    yield opened
    await opened.close()


async def test_an_approval_that_is_broken_off_is_taken_up_where_it_ended(
    stack: Stack, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = Street(stack)
    numbers = [street.house("12.40") for _ in range(24)]
    async with database.transaction() as tx:
        _, run = await store.begin(tx, date(2019, 5, 22), "2018/2019")
    await measured_to_the_end(database)
    monkeypatch.setattr(approving, "AT_ONCE", 2)
    approval = approving.Approval("Åsa Berg", numbers)
    task = asyncio.create_task(approving.approve(database, run.run_id, approval, date(2026, 11, 26)))
    approved = "SELECT count(*) FROM contracts.power_proposal WHERE run_id = %s AND state = 'approved'"
    await asyncio.to_thread(wait_for, lambda: street.rows(approved, run.run_id) != [(0,)])
    task.cancel()
    await asyncio.wait([task])
    assert street.rows(approved, run.run_id)[0][0] < len(numbers), "it was not broken off in its middle"
    await approving.approve(database, run.run_id, approval, date(2026, 11, 26))
    assert {tuple(street.powers(number)) for number in numbers} == {(("9.00", "entered"), ("12.00", "minus_five"))}
    points = [street.point_id(number) for number in numbers]
    made = "SELECT count(*), count(DISTINCT contract_id) FROM contracts.determination WHERE point_id = ANY(%s)"
    assert street.rows(made, points) == [(len(numbers), len(numbers))]


async def measured_to_the_end(database: Database) -> None:
    has_more = True
    while has_more:
        async with database.transaction() as tx:
            has_more = await power_runs.go_on(tx, 10_000)


async def test_a_run_that_fails_says_so_and_goes_on_once_it_can(stack: Stack, database: Database) -> None:
    street = Street(stack)
    number = street.house("12.40", price_list="spoilt")
    street.change(
        "INSERT INTO contracts.price_list (price_list_id, version, valid_from, status, document)"
        " VALUES ('spoilt', 1, '2018-01-01', 'firm', '{}')"
    )
    stop = asyncio.Event()
    working = asyncio.create_task(power_runs.work(database, 10_000, Progress(60), stop))
    try:
        async with database.transaction() as tx:
            _, run = await store.begin(tx, date(2019, 5, 23), "2018/2019")
        error = "SELECT error FROM contracts.power_run WHERE run_id = %s"
        await asyncio.to_thread(wait_for, lambda: street.rows(error, run.run_id) != [(None,)])
        assert street.rows(error, run.run_id)[0][0].startswith("ValidationError: ")
        assert street.proposals(run.run_id) == []
        street.change("UPDATE contracts.price_list SET document = %s WHERE price_list_id = 'spoilt'", Json(BAS_2018))
    finally:
        stop.set()
        await working
    await measured_to_the_end(database)
    async with database.transaction() as tx:
        ended = await store.run(tx, run.run_id)
    assert ended is not None
    assert (ended.error, ended.finished_at is not None) == (None, True)
    assert [row[0] for row in street.proposals(run.run_id)] == [street.point_id(number)]
