"""`kulvert show` of the past: what was known at a time, and every version of one hour or day."""

import asyncio
from datetime import datetime

import pytest

from deploy.local.stack import Stack
from services.common.postgres import Database
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest.conftest import Worker
from tests.integration.kulvert_command import Kulvert


@pytest.fixture(scope="module")
def kulvert(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Kulvert:
    return Kulvert(stack, tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="module")
def corrected(stack: Stack) -> tuple[str, str]:
    """A metering point read through 10 January 2024, with a late correction at 12:00, and an instant before that."""
    (point_id,) = Points(stack).add()
    rows = [
        {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hour * HOUR_S, "energy_wh": hour * 1_000}
        for hour in range(25)
    ]
    late = rows[12] | {"energy_wh": 12_250, "recorded_at": MIDNIGHT_S + 90 * HOUR_S}
    before = asyncio.run(_take(stack, [rows, [late]]))
    return f"MP-{point_id}", before


async def _take(stack: Stack, deliveries: list[list[dict[str, object]]]) -> str:
    database = Database(stack.dsn("ingest"), 1, 2)
    await database.open()
    try:
        worker = Worker(database)
        await worker.take(deliveries[0])
        async with database.transaction() as tx:
            [(before,)] = await (await tx.execute("SELECT clock_timestamp()")).fetchall()
        await asyncio.sleep(1.1)  # The option is in whole seconds.
        await worker.take(deliveries[1])
    finally:
        await database.close()
    assert isinstance(before, datetime)
    return datetime.fromtimestamp(int(before.timestamp()) + 1, before.tzinfo).isoformat()


def test_figures_are_shown_as_they_were_known(kulvert: Kulvert, corrected: tuple[str, str]) -> None:
    point, before = corrected
    noon = ["2024-01-10T11:00:00+01:00", "2024-01-10T12:00:00+01:00"]

    def energies(*more: str) -> list[str]:
        return [row["energy_wh"] for row in kulvert.rows("hours", point, *more) if row["starts_at"] in noon]

    assert energies() == ["1250", "750"]
    assert energies("--as-known-on", before) == ["1000", "1000"]
    assert energies("--as-known-on", "2024-01-09T00:00") == []
    highest = [kulvert.rows("days", point, *more)[0]["maximum_hour_wh"] for more in ([], ["--as-known-on", before])]
    assert highest == ["1250", "1000"]


def test_every_version_of_an_hour_and_of_a_day_is_shown(kulvert: Kulvert, corrected: tuple[str, str]) -> None:
    point, _ = corrected
    old, new = kulvert.rows("versions", point, "2024-01-10T12:00")
    assert (old["energy_wh"], old["revision"], new["energy_wh"], new["revision"]) == ("1000", "1", "750", "2")
    assert old["known_from"] < old["known_to"] == new["known_from"]
    assert new["known_to"] == ""
    assert [row["maximum_hour_wh"] for row in kulvert.rows("versions", point, "2024-01-10")] == ["1000", "1250"]


def test_a_time_that_names_no_hour_is_told_as_that(kulvert: Kulvert, corrected: tuple[str, str]) -> None:
    point, _ = corrected
    within = kulvert.run("show", "versions", point, "2024-01-10T12:30")
    assert (within.returncode, within.stdout) == (1, "")
    assert "at which an hour begins" in within.stderr
    twice = kulvert.run("show", "versions", point, "2024-10-27T02:00")
    assert "twice, or never; give an offset" in " ".join(twice.stderr.split())
    assert kulvert.run("show", "hours", point, "--as-known-on", "yesterday").returncode == 2
