"""Determining subscription power for one metering point on command, at once in force from its day."""

from collections.abc import Mapping
from datetime import date
from uuid import uuid4

from schemas.contracts import ContractChanged
from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import ContractId, DeterminationId, PointId
from services.common.postgres import Transaction
from services.contracts import metrics
from services.contracts.core import determination as core
from services.contracts.core.measuring import Measured
from services.contracts.core.methods import method_of, period_of
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.core.winters import require_over
from services.contracts.handlers import tell_of_contracts
from services.contracts.measuring import measured_one
from services.contracts.store import contracts, determinations, facilities, price_lists
from services.contracts.store.determinations import Determination, NewDetermination, RestsOn


async def determine(tx: Transaction, metering_point: str, winter: str, today: date) -> tuple[bool, Determination]:
    """Determine the power of a metering point's contract from a winter, and decide what it changes.

    Returns whether it is new: days that say what the winter's newest determination says give that one, and change
    nothing. So the power in force follows from the days as they are now, whatever was determined between. Raises
    RefusedError.
    """
    require_over(winter, today)
    found = await facilities.metering_point(tx, metering_point)
    if found is None:
        raise RefusedError(
            Refusal.UNKNOWN_METERING_POINT, f"there is no metering point '{metering_point}'; put it first"
        )
    point_id = found[0]
    contract_id = await contracts.on_day(tx, point_id, today)
    if contract_id is None:
        raise RefusedError(
            Refusal.NO_CONTRACT_TODAY,
            f"metering point '{metering_point}' has no contract on {today}, so no power could change",
        )
    coming = await coming_list(tx, contract_id, today)
    price_list = coming and coming.price_list
    method = _measured_method(price_list, metering_point)
    asked = await determinations.asked(tx, point_id, method, price_list)
    measured = await measured_one(tx, asked, period_of(method, winter, today))
    findings = core.findings_of(winter, method, measured.measurement)
    known = await determinations.same(tx, contract_id, findings)
    if known is not None:
        await determinations.looked_at_again(tx, {known: rests_on(measured)})
        return False, await determinations.determination(tx, known)
    begins = coming.begins if coming else core.begins_on(today, None)
    determination_id = await _decide(tx, point_id, contract_id, (findings, rests_on(measured)), begins, today)
    return True, await determinations.determination(tx, determination_id)


def rests_on(measured: Measured) -> RestsOn:
    """Say which days a measurement took, and their revisions."""
    first, last = measured.looked_at.first, measured.looked_at.end - 1
    days = core.day_numbered(first), core.day_numbered(last)
    return RestsOn(*days, measured.newest_revision, measured.revision_sum, weather_of_period=True)


async def coming_list(tx: Transaction, contract_id: ContractId, day: date) -> core.Coming | None:
    """Give the price list of a contract on a day, as it counts when a change of that day would."""
    price_list_id = await determinations.price_list_on(tx, contract_id, day)
    if price_list_id is None:
        return None
    return core.coming_list(await price_lists.price_list_event(tx, price_list_id), day)


async def set_coming_powers(tx: Transaction, before: Mapping[ContractId, ContractChanged], today: date) -> None:
    """Let the newest winters' powers count, and tell of contracts whose powers are others than before by that."""
    made = await determinations.newest_of_each_winter(tx, list(before))
    coming = {one: core.coming_power(winters, today) for one, winters in made.items()}
    await contracts.add_measured_powers(tx, {one: power for one, power in coming.items() if power is not None})
    after = await contracts.contract_events(tx, list(before))
    await tell_of_contracts(tx, {one: was for one, was in before.items() if after[one].powers != was.powers})


def _measured_method(price_list: PriceList | None, metering_point: str) -> PowerMethod:
    method = method_of(price_list) or PowerMethod.MINUS_FIVE
    if method is PowerMethod.CUSTOMER_CHOSEN:
        raise RefusedError(
            Refusal.POWER_IS_CHOSEN,
            f"the power of metering point '{metering_point}' is chosen by its customer, as its price list says; put it"
            " with the contract",
        )
    if method.is_of_month:
        raise RefusedError(
            Refusal.POWER_IS_OF_MONTHS,
            f"each month of metering point '{metering_point}' is billed by its own power, as its price list says; see"
            " its invoices",
        )
    return method


async def _decide(
    tx: Transaction,
    point_id: PointId,
    contract_id: ContractId,
    found: tuple[core.Findings, RestsOn],
    begins: date,
    today: date,
) -> DeterminationId:
    findings, rests = found
    before = await contracts.contract_event(tx, contract_id)
    # What winters have set for days to come is taken back first: no winter is compared with itself or another one that
    # does not count yet, so what each decides does not depend on which was determined before it.
    await contracts.withdraw_measured_powers(tx, [contract_id], today)
    in_force = await determinations.power_on(tx, contract_id, begins)
    outcome = core.held_against(findings.measured_kw, in_force, begins, findings.method)
    # MWh are no share of a network's kW.
    is_energy = findings.method is PowerMethod.YEARLY_ENERGY
    own_kw = 0 if is_energy else findings.measured_kw or outcome.in_force_kw or 0
    network_kw = own_kw + await determinations.others_of_network(tx, point_id, contract_id, today)
    new = NewDetermination(DeterminationId(uuid4()), point_id, contract_id, findings, outcome, rests, network_kw)
    await determinations.add_all(tx, [new])
    metrics.DETERMINATIONS.labels(outcome.decision.value).inc()
    await set_coming_powers(tx, {contract_id: before}, today)
    return new.determination_id
