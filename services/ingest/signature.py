"""A metering point's power signature, computed when somebody asks for it."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from services.common.postgres import Transaction
from services.heat.local_time import EPOCH
from services.heat.signature import Limits, Refused, cooling_signatures, heating_signatures
from services.ingest.core.signatures import YEAR_DAYS
from services.ingest.store import signatures


async def signature(tx: Transaction, number: str, until: date | None) -> dict[str, Any] | None:
    """Fit a metering point's mean daily power to the outdoor temperature of the year before a day.

    until: the first day that is left out; without it the one after the newest measured day, so that the answer
    depends on what is stored alone. Only measured days enter. None for a point that is not known here.
    """
    point = await signatures.point(tx, number)
    if point is None:
        return None
    newest = await signatures.newest_measured_day(tx, point.point_id)
    end = (until - EPOCH).days if until else (0 if newest is None else newest + 1)
    days = await signatures.days_with_temperature(tx, np.array([point.point_id]), end - YEAR_DAYS, end)
    fit = cooling_signatures if point.medium == "cooling" else heating_signatures
    found = fit(days.outdoor_c, days.mean_kw[None, :], Limits())
    refused = Refused(int(found.refused[0]))
    holds = refused is Refused.NOT
    return {
        "metering_point": number,
        "medium": point.medium,
        "station_id": point.station_id,
        "from": (EPOCH + timedelta(days=max(0, end - YEAR_DAYS))).isoformat(),
        "until": (EPOCH + timedelta(days=end)).isoformat(),
        "base_kw": round(float(found.base_kw[0]), 4) if holds else None,
        "slope_kw_per_c": round(float(found.slope_kw_per_c[0]), 4) if holds else None,
        "balance_c": round(float(found.balance_c[0]), 2) if holds else None,
        "r2": round(float(found.r2[0]), 4),
        "days": int(found.days[0]),
        "refused": None if holds else refused.name.lower(),
    }
