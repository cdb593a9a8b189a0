"""`kulvert rebuild`, as a person runs it and as a process of its own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from deploy.local import supervisor
from deploy.local.folder import ROOT
from deploy.local.services import ingest_worker
from deploy.local.stack import Stack
from services.common.postgres import Database
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest.conftest import Worker
from tests.integration.kulvert_command import Kulvert


@pytest.fixture(scope="module")
def kulvert(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Kulvert:
    return Kulvert(stack, tmp_path_factory.mktemp("rebuild"))


@pytest.fixture
def point_id(stack: Stack) -> int:
    """A metering point with a day of readings."""
    (point_id,) = Points(stack).add()
    rows = [
        {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hour * HOUR_S, "energy_wh": hour * 1_000}
        for hour in range(25)
    ]

    async def take() -> None:
        database = Database(stack.dsn("ingest"), 1, 2)
        await database.open()
        await Worker(database).take(rows)
        await database.close()

    asyncio.run(take())
    return point_id


def alter(stack: Stack, point_id: int) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE ingest.hour SET energy_wh = 7 WHERE point_id = %s AND starts_at = '2024-01-10 12:00+01'", [point_id]
        )


def test_what_differs_is_said_and_mended_where_that_is_asked(stack: Stack, kulvert: Kulvert, point_id: int) -> None:
    number = f"MP-{point_id}"
    alter(stack, point_id)
    found = kulvert.run("rebuild", number)
    span = "from 2024-01-10 12:00+01:00 to 2024-01-10 12:00+01:00"
    assert found.returncode == 1
    assert found.stdout.splitlines()[0] == f"{number}: hours differ in 1 row, {span}"
    assert f"what is stored of 1 metering point ({number}) differs in 1 row" in " ".join(found.stderr.split())
    mended = kulvert.run("rebuild", number, "--mend")
    assert (mended.returncode, "it was mended" in " ".join(mended.stderr.split())) == (1, True)
    again = kulvert.does("rebuild", number)
    assert again.startswith("Compared 1 metering point with 25 readings: 24 hours, 1 day, in ")
    assert again.endswith(" s. Nothing differs.\n")


def test_what_cannot_be_rebuilt_is_told_in_a_sentence(kulvert: Kulvert) -> None:
    for arguments, said in (
        (("nowhere",), "there are no metering points nowhere here"),
        ((), "name metering points, or say --all"),
        (("MP-1", "--all"), "name metering points, or say --all"),
    ):
        done = kulvert.run("rebuild", *arguments)
        assert (done.returncode, done.stdout, " ".join(done.stderr.split())) == (1, "", said)


def test_a_process_of_its_own_ends_with_an_error_where_something_differs(
    stack: Stack, point_id: int, tmp_path: Path
) -> None:
    environment = os.environ | supervisor.settings_for(stack, ingest_worker(1))
    command = [sys.executable, "-m", "services.ingest", "rebuild", f"MP-{point_id}"]

    def rebuild() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    assert rebuild().returncode == 0
    alter(stack, point_id)
    found = rebuild()
    assert found.returncode == 1
    assert "hours differ in 1 row" in found.stdout
