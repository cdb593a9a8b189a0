"""From long gaps to the course that the facility's own signature and the outdoor temperature expect of them."""

from zoneinfo import ZoneInfo

import numpy as np

from services.common.postgres import Transaction
from services.heat.arrays import Float64, Int64, values_at
from services.heat.gaps import HOUR_S, NO_SHAPES, Gaps, Shapes, hours_of_gaps, shapes_of
from services.heat.local_time import local_day
from services.ingest.core.identify import Reference
from services.ingest.core.signatures import expected_kw, month_of, of_months
from services.ingest.store import estimation, weather
from services.ingest.store.estimation import Months


class Shaping:
    """Shapes gaps of metering points that this transaction has locked."""

    def __init__(self, tx: Transaction, reference: Reference, zone: ZoneInfo) -> None:
        self._tx = tx
        self._reference = reference
        self._zone = zone

    async def shapes(self, gaps: Gaps) -> Shapes:
        """Give the gaps a course where a signature holds and every hour's temperature is known.

        The others stay without one: the register then rises evenly. Source: domain.md, VEE rule 5.
        """
        gaps = gaps.take(np.array([station is not None for station in self._stations(gaps.owner)], bool))
        if len(gaps.owner) == 0:
            return NO_SHAPES
        # Of the month in which a gap begins: it rests on days before the gap, so that no gap is shaped by itself.
        months = Months(gaps.owner, month_of(local_day(gaps.from_s, self._zone)))
        signatures = await estimation.fitted(self._tx, months)
        at, has_signature = of_months(signatures, *months)
        if not has_signature.any():
            return NO_SHAPES
        gaps, signatures = gaps.take(has_signature), signatures.take(at[has_signature])
        gap, _ = hours_of_gaps(gaps)
        is_cooling = self._reference.cooling_of(gaps.owner)
        outdoor_c = await self._outdoor_c(gaps)
        return shapes_of(gaps, expected_kw(signatures.take(gap), is_cooling[gap], outdoor_c))

    def _stations(self, point_id: Int64) -> list[str | None]:
        return [self._reference.station_id[at] for at in np.searchsorted(self._reference.point_id, point_id)]

    async def _outdoor_c(self, gaps: Gaps) -> Float64:
        """Give the outdoor temperature of each hour of the gaps, NaN where it is not known."""
        gap, hour_s = hours_of_gaps(gaps)
        stations, of_gap = np.unique(np.array(self._stations(gaps.owner), str), return_inverse=True)
        result = np.full(len(hour_s), np.nan)
        # No temperature changes while it is used here, so that who changes one finds all that follow from it.
        await weather.share(self._tx, stations.tolist())
        span = int(hour_s.min()), int(hour_s.max()) + HOUR_S
        known = await weather.effective_hours(self._tx, stations.tolist(), *span)
        for number, station_id in enumerate(stations.tolist()):
            mine = np.flatnonzero(of_gap[gap] == number)
            result[mine] = values_at(known[station_id].starts_s, known[station_id].celsius, hour_s[mine])
        return result
