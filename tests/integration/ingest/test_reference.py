"""Who judges, and who changes what is judged by, wait for each other: nothing falls between the two."""

import asyncio

import pytest

from services.ingest import holding
from services.ingest.store import reference
from tests.builders import HOUR_S, MIDNIGHT_S, Points, batch
from tests.integration.ingest.conftest import Worker


async def test_a_reading_is_not_held_for_a_meter_that_is_being_registered_meanwhile(
    worker: Worker, points: Points
) -> None:
    (point,) = points.add()
    serial = f"race-{point}"
    unknown = worker.message(batch([{"serial": serial, "read_at": MIDNIGHT_S, "energy_wh": 1}]))
    async with worker.database.transaction() as judging:
        await worker.handlers.store(judging, [unknown])

        async def register() -> int:
            points.install(serial, point, MIDNIGHT_S - HOUR_S)
            async with worker.database.transaction() as tx:
                await reference.changed(tx)
                return await holding.release(tx, [serial], [])

        registering = asyncio.create_task(register())
        with pytest.raises(TimeoutError):
            # It must not look for what waits before it can see what is being held.
            await asyncio.wait_for(asyncio.shield(registering), 1)
    assert await registering == 1
    assert points.rows("SELECT count(*) FROM ingest.held_reading WHERE serial = %s", [serial]) == [(0,)]
