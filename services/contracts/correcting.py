"""Days that were corrected after a power was determined from them: reported, never applied by themselves."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from schemas.price_list_terms import PowerMethod
from schemas.values import ContractId, DeterminationId, PointId
from services.common.postgres import Database, Transaction
from services.contracts.determining import coming_list
from services.contracts.measuring import measured_one
from services.contracts.store import corrected, determinations
from services.heat.local_time import EPOCH
from services.heat.power_methods.decision import Decision
from services.heat.power_methods.measurement import Period, Reason


class Corrected(BaseModel):
    """A determination that holds and rests on days that are others now, with what they measure now."""

    determination_id: DeterminationId
    metering_point: str
    contract_number: str
    winter: str
    method: PowerMethod
    decision: Decision
    measured_kw: Decimal | None
    measured_now_kw: Decimal | None
    reason_now: Reason | None


async def corrected_determinations(database: Database, at_once: int, limit: int, zone: ZoneInfo) -> list[Corrected]:
    """Find what holds, of each contract's newest winter, and rests on days that have another revision now."""
    found: list[Corrected] = []
    after: PointId | None = PointId(0)
    while after is not None and len(found) < limit:
        async with database.transaction() as tx:
            some, after = await corrected.after(tx, after, at_once, zone)
            found += [await _measured_now(tx, one) for one in some]
    return found[:limit]


async def _measured_now(tx: Transaction, one: corrected.Touched) -> Corrected:
    method = PowerMethod(one.method)
    # As the price list was when it was determined, so that nothing but the days can make a difference.
    coming = await coming_list(tx, ContractId(one.contract_id), one.determined_on)
    asked = await determinations.asked(tx, PointId(one.point_id), method, coming and coming.price_list)
    now = (await measured_one(tx, asked, Period(_number(one.period_from), _number(one.period_to) + 1))).measurement
    return Corrected(
        determination_id=DeterminationId(one.determination_id),
        metering_point=one.metering_point,
        contract_number=one.contract_number,
        winter=one.winter,
        method=method,
        decision=Decision(one.decision),
        measured_kw=one.measured_kw,
        measured_now_kw=now.measured_kw,
        reason_now=now.reason,
    )


def _number(day: date) -> int:
    return (day - EPOCH).days
