"""Every night what is stored is held against the readings that it follows from."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.common import logs
from services.common.postgres import Database
from services.common.schedule import Job
from services.ingest import metrics
from services.ingest.core.differences import Kind
from services.ingest.handlers import ReadingHandlers
from services.ingest.rebuild import Compared, FiguresDifferError, Rebuild, in_a_sentence
from services.ingest.store import rebuild as store

log = logs.get_logger()

ROWS_AT_ONCE = 20_000
"""Few, since those who store readings in the same process stand still while some are computed."""
LATE_BY = timedelta(hours=6)
"""An audit that could not begin in its night is left to the next one: by day it would slow down what comes in."""


def audit(database: Database, readings: ReadingHandlers, zone: ZoneInfo, nights: int, alive: Callable[[], None]) -> Job:
    """Give the job. nights: over how many nights all metering points are spread. alive: called as it goes on.

    A run that finds a difference raises FiguresDifferError, so that it is noted as failed.
    """
    rebuild = Rebuild(database, readings, zone, ROWS_AT_ONCE)

    async def run(due_at: datetime) -> None:
        if datetime.now(UTC) - due_at > LATE_BY:
            return
        for kind in Kind:
            metrics.FIGURES_DIFFER.labels(kind).set(0)
        async with database.transaction() as tx:
            names = (await readings.reference(tx)).number_by_point
            ids = await store.every_point(tx, due_at.toordinal() % nights, nights)

        def told(compared: Compared) -> None:
            alive()
            for one in compared.differences:
                metrics.FIGURES_DIFFER.labels(one.kind).inc(one.rows)
                log.error("figures_differ", number=names.get(one.point_id), **one._asdict())

        found = await rebuild.compare(ids, told)
        log.info("figures_compared", points=found.points, readings=found.readings, waiting=found.waiting)
        if found.differences:
            raise FiguresDifferError(in_a_sentence(found.differences, names))

    return Job("audit", timedelta(days=1), run)
