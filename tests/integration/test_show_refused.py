"""`kulvert show refused`: whoever asks for a metering point finds what was held of its meters, too."""

import asyncio

import pytest

from deploy.local.stack import Stack
from services.common.postgres import Database
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest.conftest import Worker
from tests.integration.kulvert_command import Kulvert


@pytest.fixture(scope="module")
def kulvert(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Kulvert:
    return Kulvert(stack, tmp_path_factory.mktemp("refused"))


def test_a_reading_that_named_the_meter_alone_is_shown_at_its_metering_point(stack: Stack, kulvert: Kulvert) -> None:
    points = Points(stack)
    here, elsewhere = points.add(2)
    points.install("held-here", here, MIDNIGHT_S)
    points.install("held-elsewhere", elsewhere, MIDNIGHT_S)
    before = {"read_at": MIDNIGHT_S - HOUR_S, "energy_wh": 1_000}
    asyncio.run(_take(stack, [before | {"serial": "held-here"}, before | {"serial": "held-elsewhere"}]))
    (shown,) = kulvert.rows("refused", f"MP-{here}")
    assert (shown["serial"], shown["verdict"]) == ("held-here", "meter_not_installed")


async def _take(stack: Stack, rows: list[dict[str, object]]) -> None:
    database = Database(stack.dsn("ingest"), 1, 2)
    await database.open()
    try:
        await Worker(database).take(rows)
    finally:
        await database.close()
