"""The nightly audit: it finds what differs, says so, and leaves a night that is over alone."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from deploy.local.stack import Stack
from services.common.schedule import Job
from services.ingest import metrics
from services.ingest.audit import audit
from services.ingest.rebuild import FiguresDifferError
from services.ingest.store import rebuild as store
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest.conftest import STOCKHOLM, Worker


class Audited:
    """A metering point with an altered hour, and the job of a night in which hardly any other one is looked at."""

    def __init__(self, worker: Worker, point_id: int) -> None:
        self.number = f"MP-{point_id}"
        self.due_at = datetime.now(UTC)
        self.seen = 0
        nights = point_id - self.due_at.toordinal()
        self.job: Job = audit(worker.database, worker.handlers, STOCKHOLM, nights, self._alive)

    def _alive(self) -> None:
        self.seen += 1


@pytest.fixture
async def audited(stack: Stack, worker: Worker, points: Points) -> Audited:
    (point_id,) = points.add()
    rows = [
        {"metering_point": f"MP-{point_id}", "read_at": MIDNIGHT_S + hour * HOUR_S, "energy_wh": hour * 1_000}
        for hour in range(10)
    ]
    await worker.take(rows)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("UPDATE ingest.hour SET volume_l = 7 WHERE point_id = %s", [point_id])
    return Audited(worker, point_id)


async def test_what_differs_is_noted_measured_and_left_as_it_is(audited: Audited, points: Points) -> None:
    with pytest.raises(FiguresDifferError, match=rf"{audited.number}.* differs in 9 rows"):
        await audited.job.run(audited.due_at)
    assert metrics.FIGURES_DIFFER.labels("hours")._value.get() == 9
    assert audited.seen >= 1
    left = "SELECT DISTINCT volume_l FROM ingest.hour JOIN ingest.point USING (point_id) WHERE number = %s"
    assert points.rows(left, [audited.number]) == [(7,)]


async def test_a_night_that_is_over_is_not_made_up_for_by_day(audited: Audited) -> None:
    await audited.job.run(audited.due_at - timedelta(hours=7))
    assert audited.seen == 0


async def test_as_many_nights_as_there_are_look_at_each_point_once(worker: Worker, points: Points) -> None:
    ids = points.add(10)
    async with worker.database.transaction() as tx:
        nights = [await store.every_point(tx, night, 3) for night in range(3)]
    assert sorted(one for night in nights for one in night if one in ids) == ids
