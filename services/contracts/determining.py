"""Determining subscription power: for one metering point on command, for all of them after each winter."""

from datetime import date, timedelta

from schemas.price_lists import PriceList
from schemas.values import ContractId, DeterminationId, PointId
from services.common import logs
from services.common.postgres import Database, Transaction
from services.contracts import metrics
from services.contracts.core import determination as core
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.handlers import tell_of_contract
from services.contracts.store import contracts, determinations, facilities, price_lists
from services.contracts.store.determinations import Determination
from services.heat.local_time import EPOCH
from services.heat.power_methods.minus_five import winter as winter_span

log = logs.get_logger()

POINTS_AT_ONCE = 200


async def determine(tx: Transaction, metering_point: str, winter: str, today: date) -> tuple[bool, Determination]:
    """Determine the power of a metering point's contract from a winter, and decide what it changes.

    Returns whether it is new: days that say what the winter's newest determination says give that one, and change
    nothing. So the power in force follows from the days as they are now, whatever was determined between. Raises
    RefusedError.
    """
    core.require_over(winter, today)
    found = await facilities.metering_point(tx, metering_point)
    if found is None:
        raise RefusedError(
            Refusal.UNKNOWN_METERING_POINT, f"there is no metering point '{metering_point}'; put it first"
        )
    point_id, _, point = found
    contract_id = await contracts.on_day(tx, point_id, today)
    if contract_id is None:
        raise RefusedError(
            Refusal.NO_CONTRACT_TODAY,
            f"metering point '{metering_point}' has no contract on {today}, so no power could change",
        )
    first, end = (EPOCH + timedelta(days=number) for number in winter_span(core.winter_years(winter)))
    stored = await determinations.winter_days(tx, point_id, point.station_id, first, end)
    findings = core.find(winter, stored, await determinations.activity(tx, point_id))
    known = await determinations.same(tx, contract_id, findings)
    determination_id = known or await _decide(tx, point_id, contract_id, findings, stored.revision, today)
    return known is None, await determinations.determination(tx, determination_id)


async def _decide(
    tx: Transaction,
    point_id: PointId,
    contract_id: ContractId,
    findings: core.Findings,
    input_revision: int,
    today: date,
) -> DeterminationId:
    before = await contracts.contract_event(tx, contract_id)
    # What winters have set for days to come is taken back first: no winter is compared with itself or another one that
    # does not count yet, so what each decides does not depend on which was determined before it.
    await contracts.withdraw_measured_powers(tx, contract_id, today)
    begins = core.begins_on(today, await _price_list_on(tx, contract_id, today))
    outcome = core.outcome(findings, await determinations.power_on(tx, contract_id, begins), begins)
    determination_id = await determinations.add(tx, point_id, contract_id, findings, outcome, input_revision)
    metrics.DETERMINATIONS.labels(outcome.decision.value).inc()
    power = core.coming_power(await determinations.newest_of_each_winter(tx, contract_id), today)
    if power is not None:
        await contracts.add_measured_power(tx, contract_id, power)
    after = await contracts.contract_event(tx, contract_id)
    if after.powers != before.powers:
        await tell_of_contract(tx, contract_id, before)
    return determination_id


async def _price_list_on(tx: Transaction, contract_id: ContractId, day: date) -> PriceList | None:
    price_list_id = await determinations.price_list_on(tx, contract_id, day)
    if price_list_id is None:
        return None
    return (await price_lists.price_list_event(tx, price_list_id)).in_force(day)


async def determine_all(database: Database, winter: str, today: date) -> int:
    """Determine every contract's power from a winter that has none of that winter yet; returns how many.

    Each contract has a transaction of its own, so what is done stays done where the process ends on the way.
    """
    count, after = 0, ""
    while True:
        async with database.transaction() as tx:
            numbers = await determinations.points_without(tx, winter, today, after, POINTS_AT_ONCE)
        for number in numbers:
            async with database.transaction() as tx:
                await determine(tx, number, winter, today)
        count += len(numbers)
        if len(numbers) < POINTS_AT_ONCE:
            log.info("winter_determined", winter=winter, contracts=count)
            return count
        after = numbers[-1]
