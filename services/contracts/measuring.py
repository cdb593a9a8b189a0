"""Powers measured from what is stored: the days, temperatures and normal years that a method asks for, read at once."""

import asyncio
from collections.abc import Sequence

from schemas.price_list_terms import PowerMethod
from schemas.values import PointId
from services.common.postgres import Transaction
from services.contracts.core.measuring import Asked, Measured, measure, measure_by_category
from services.contracts.core.methods import rule_of
from services.contracts.store import days
from services.heat.power_methods.measurement import Period


async def measured(tx: Transaction, asked: Sequence[Asked], period: Period) -> dict[PointId, Measured]:
    """Measure metering points by the one method that all of them have, over the same days."""
    method, points = asked[0].method, [one.point_id for one in asked]
    rows = await days.day_rows(tx, points, period, rule_of(method).statistic)
    weather = await days.weather(tx, sorted({one.station_id for one in asked if one.station_id}), period)
    if method in (PowerMethod.CATEGORY_NUMBER, PowerMethod.YEARLY_ENERGY):
        return measure_by_category(asked, period, rows, weather, await days.normal_years(tx, points, period))
    # In a thread, so that requests are answered meanwhile.
    return await asyncio.to_thread(measure, asked, period, rows, weather)


async def measured_one(tx: Transaction, asked: Asked, period: Period) -> Measured:
    """Measure one metering point over the days of its method."""
    return (await measured(tx, [asked], period))[asked.point_id]
