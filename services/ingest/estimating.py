"""Signatures that are wanted or stale, computed, and the hours that they shape judged again."""

from zoneinfo import ZoneInfo

import numpy as np

from services.common import logs
from services.common.postgres import Database, Transaction
from services.heat.local_time import day_start_s
from services.ingest.core.identify import Reference
from services.ingest.core.signatures import YEAR_DAYS, MonthSignatures, are_changed, fitted_by_month, month_after
from services.ingest.handlers import ReadingHandlers
from services.ingest.store import estimation, points, signatures, weather
from services.ingest.store.estimation import Months

log = logs.get_logger()
AT_ONCE = 200
"""Signatures of one transaction, which keeps their metering points from others meanwhile."""


class Estimating:
    """Keeps signatures what the stored days and temperatures give, and estimates by them."""

    def __init__(self, database: Database, readings: ReadingHandlers, zone: ZoneInfo) -> None:
        self._database = database
        self._readings = readings
        self._zone = zone

    async def take_one(self) -> bool:
        """Take what waits longest: changed temperatures, then stale signatures; tells whether there was any."""
        async with self._database.transaction() as tx:
            if await estimation.take_temperatures(tx):
                return True
        async with self._database.transaction() as tx:
            return await self._compute_some(tx)

    async def _compute_some(self, tx: Transaction) -> bool:
        wanted = await estimation.stale(tx, AT_ONCE)
        if len(wanted.point_id) == 0:
            return False
        reference = await self._readings.reference(tx)
        # The days stand from here to the end of the transaction.
        await points.lock(tx, np.unique(wanted.point_id))
        before = await estimation.lock(tx, wanted)
        computed = await self._computed(tx, reference, wanted)
        changed = are_changed(computed, before)
        await estimation.put(tx, computed)
        point_id, month = wanted.point_id[changed], wanted.month[changed]
        from_s, to_s = day_start_s(month, self._zone), day_start_s(month_after(month), self._zone)
        await estimation.rejudge(tx, point_id, from_s, to_s)
        log.info("signatures_computed", signatures=len(changed), changed=len(point_id))
        return True

    async def _computed(self, tx: Transaction, reference: Reference, wanted: Months) -> MonthSignatures:
        point_id, month = wanted
        at = np.searchsorted(reference.point_id, point_id)
        stations = {station_id for one in at.tolist() if (station_id := reference.station_id[one])}
        await weather.share(tx, sorted(stations))
        first_day, end_day = int(month.min()) - YEAR_DAYS, int(month.max())
        days = await signatures.days_with_temperature(tx, np.unique(point_id), first_day, end_day)
        return fitted_by_month(point_id, month, reference.is_cooling[at], days)
