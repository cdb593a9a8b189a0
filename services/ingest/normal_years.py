"""A station's own normal year, kept as its days come, and the one that somebody else made."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from services.common.postgres import Transaction
from services.heat.degree_days import HEATING_BASE_C, leap_year, normal_year, spread_over_days
from services.ingest.core.documents import NormalYear
from services.ingest.core.refusals import Refusal, RefusedError
from services.ingest.store import normal_years, stations
from services.ingest.store.normal_years import Calendar, Own
from services.ingest.store.stations import Station


async def refresh(
    tx: Transaction, station_id: str, station: Station | None, changed: Sequence[date], today: date
) -> None:
    """Average a station's years anew where days of a year that is over have changed, or a year has ended.

    today: the last local day that counts. A day after it, if one is stored, would end years that have not been.
    """
    base_c = station.degree_day_base_c if station else HEATING_BASE_C
    stored = await normal_years.own(tx, station_id, today)
    if not _is_stale(stored, changed, base_c):
        return
    day, mean_c = await normal_years.days(tx, station_id, today)
    await normal_years.put_own(tx, station_id, normal_year(day, mean_c, base_c), base_c)


def _is_stale(stored: Own, changed: Sequence[date], base_c: float) -> bool:
    if stored.newest is None or stored.last_year is None:
        return bool(changed)
    last_year = (stored.newest + timedelta(days=1)).year - 1
    touched = any(day.year <= stored.last_year for day in changed)
    return touched or (last_year, base_c) != (stored.last_year, stored.base_c)


async def put(tx: Transaction, station_id: str, document: NormalYear) -> None:
    """Take in a normal year, or factors of months, that somebody else made. Raises RefusedError."""
    if not await stations.exists(tx, station_id):
        raise RefusedError(Refusal.UNKNOWN_STATION, f"there is no station '{station_id}'; put the station first")
    if document.degree_days is not None:
        month, day_of_month = leap_year()
        spread = spread_over_days(np.array(document.degree_days, np.float64))
        await normal_years.put_imported(tx, station_id, document.source, Calendar(month, day_of_month, spread))
    months = [factor.month for factor in document.factors]
    factors = [factor.factor for factor in document.factors]
    await normal_years.put_factors(tx, station_id, document.source, months, factors)


async def forget(tx: Transaction, station_id: str) -> bool:
    """Let a station's own years count again; tells whether an imported normal year did. Factors of months stay."""
    return await normal_years.forget_imported(tx, station_id)
