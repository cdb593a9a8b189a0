"""The yearly run killed in its middle: it goes on by itself and ends in what a run that nobody broke off ends in."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Json

from deploy.local import supervisor
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from services.common.health import Progress
from services.common.postgres import Database
from services.contracts import approving, power_runs
from services.contracts.store import power_runs as store
from tests.integration.contracts_house import BAS_2018, serving
from tests.integration.looking import wait_for
from tests.integration.power_street import Street

HOUSES = 60
KILLS = 3
BATCH = {"KULVERT_POWER_RUN_BATCH": "3"}
DONE = "SELECT coalesce(max(done), 0) FROM contracts.power_run WHERE asked_on = '2019-05-20'"


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


def killed_while_measuring(stack: Stack, street: Street, log: Path) -> int:
    """Start the service, let it come further, and kill it; gives how far it had come."""
    environment = os.environ | supervisor.settings_for(stack, CONTRACTS) | BATCH
    before = street.rows(DONE)[0][0]
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", CONTRACTS.module], env=environment, stdout=output)
    try:
        wait_for(lambda: supervisor.is_ready(stack, CONTRACTS))
        begin(stack, "2019-05-20")
        deadline = time.monotonic() + 20
        while street.rows(DONE)[0][0] <= before and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    return int(street.rows(DONE)[0][0])


def begin(stack: Stack, day: str) -> dict[str, Any]:
    key = {"Authorization": f"Bearer {stack.integration_key}"}
    address = f"http://127.0.0.1:{stack.port(CONTRACTS.http)}/v1/power-runs"
    return dict(httpx.post(address, headers=key, json={"day": day}, timeout=60).json())


def finished(api: httpx.Client, day: str) -> str:
    path = f"/v1/power-runs/{api.post('/v1/power-runs', json={'day': day}).json()['run_id']}"
    wait_for(lambda: api.get(path).json()["finished_at"] is not None)
    return str(api.get(path).json()["run_id"])


def test_a_run_that_is_killed_again_and_again_ends_in_the_same_proposals(stack: Stack, tmp_path: Path) -> None:
    log, street = tmp_path / "contracts.log", Street(stack)
    for number in range(HOUSES):
        street.house(None if number % 10 == 0 else f"{8 + number / 8:.3f}")
    seen = [killed_while_measuring(stack, street, log) for _ in range(KILLS)]
    assert len(set(seen)) > 1, f"the kills did not come in the middle: {seen}"
    with serving(stack, log) as api:
        broken_off = finished(api, "2019-05-20")
        whole = finished(api, "2019-05-21")
        sums = [
            street.rows(
                "SELECT network_id, medium, sum_kw FROM contracts.power_run_network WHERE run_id = %s ORDER BY 1, 2",
                run_id,
            )
            for run_id in (broken_off, whole)
        ]
        assert (
            api.get(f"/v1/power-runs/{broken_off}").json()["done"] == api.get(f"/v1/power-runs/{whole}").json()["done"]
        )
    proposed = street.proposals(broken_off)
    assert len(proposed) == HOUSES
    assert proposed == street.proposals(whole)
    assert sums[0] == sums[1]


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
