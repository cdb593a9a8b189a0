"""Approving what a yearly run proposes: from here on a power counts, from a day that is reckoned from today."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID, uuid4

from schemas.price_list_terms import PowerMethod
from schemas.values import ContractId, DeterminationId, PointId
from services.common import logs
from services.common.postgres import Database, Transaction
from services.contracts import metrics
from services.contracts.core import determination as core
from services.contracts.core.proposals import StoredProposal
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.determining import set_coming_powers
from services.contracts.power_runs import lists_on
from services.contracts.store import contracts, determinations, power_runs, proposals
from services.contracts.store.determinations import NewDetermination, RestsOn
from services.heat.power_methods.decision import Decision

log = logs.get_logger()

AT_ONCE = 200


class Approval(NamedTuple):
    """A command: who approves which metering points of a run, by their numbers; None for all."""

    by: str
    metering_points: Sequence[str] | None


async def approve(database: Database, run_id: UUID, approval: Approval, today: date) -> Counter[str]:
    """Approve a run's proposals; gives how many of them became what. Raises RefusedError.

    Each batch is a transaction of its own. Where the process dies on the way, asking again approves the rest; those
    that are approved already, or that a later run has replaced, are left as they are.
    """
    async with database.transaction() as tx:
        points = await _points(tx, run_id, approval.metering_points)
    became: Counter[str] = Counter()
    while True:
        async with database.transaction() as tx:
            some = await proposals.take(tx, run_id, points, AT_ONCE)
            if not some:
                log.info("power_run_approved", run_id=str(run_id), by=approval.by, **became)
                return became
            became.update(await _approve(tx, run_id, approval.by, some, today))


async def _points(tx: Transaction, run_id: UUID, numbers: Sequence[str] | None) -> list[PointId] | None:
    run = await power_runs.run(tx, run_id)
    if run is None or run.finished_at is None:
        raise RefusedError(
            Refusal.RUN_NOT_FINISHED,
            f"there is no finished run '{run_id}'; look at the runs and how far they have come",
        )
    if numbers is None:
        return None
    found = await proposals.point_ids(tx, numbers)
    unknown = sorted(set(numbers) - found.keys())
    if unknown:
        raise RefusedError(Refusal.UNKNOWN_METERING_POINT, f"there is no metering point '{unknown[0]}'")
    return list(found.values())


async def _approve(tx: Transaction, run_id: UUID, by: str, some: Sequence[StoredProposal], today: date) -> Counter[str]:
    in_force = await proposals.in_force(tx, [one.contract_id for one in some], today)
    lists = await lists_on(tx, {one for one in in_force.values() if one}, today)
    coming = {contract_id: lists.get(price_list_id or "") for contract_id, price_list_id in in_force.items()}
    counts_today = [one for one in some if one.contract_id in in_force and _is_billed(one, coming[one.contract_id])]
    known = await _determined_before(tx, counts_today)
    new = [one for one in counts_today if one.point_id not in known]
    again = {known[one.point_id]: _rests_on(one) for one in counts_today if one.point_id in known}
    await determinations.looked_at_again(tx, again)
    made = await _decided(tx, by, new, coming, today)
    await _put_in_force(tx, made, today)
    became: dict[PointId, DeterminationId | None] = {one.point_id: None for one in some}
    became |= known | {one.point_id: one.determination_id for one in made}
    await proposals.approve(tx, run_id, by, became)
    decisions = Counter(one.outcome.decision for one in made)
    for decision, count in decisions.items():
        metrics.DETERMINATIONS.labels(decision.value).inc(count)
    return Counter(
        {
            "approved": len(counts_today),
            "changed": decisions[Decision.CHANGED],
            "known_before": len(known),
            "lapsed": len(some) - len(counts_today),
        }
    )


async def _determined_before(tx: Transaction, some: Sequence[StoredProposal]) -> dict[PointId, DeterminationId]:
    """Give the determinations of those whose winter says the same already, as where somebody asked for it by hand."""
    if not some:
        return {}
    newest = await proposals.newest(tx, [one.contract_id for one in some], some[0].winter)
    return {
        one.point_id: newest[one.contract_id][0]
        for one in some
        if one.contract_id in newest and newest[one.contract_id][1:] == (one.method, one.findings().sha256)
    }


def _is_billed(one: StoredProposal, coming: core.Coming | None) -> bool:
    """Tell whether the price list bills what was measured: kW no more where it has turned to MWh, nor the other way."""
    if coming is None or not coming.price_list.needs_power_in_force:
        return True
    return coming.price_list.is_by_yearly_energy == (one.method == PowerMethod.YEARLY_ENERGY)


async def _decided(
    tx: Transaction,
    by: str,
    some: Sequence[StoredProposal],
    coming: Mapping[ContractId, core.Coming | None],
    today: date,
) -> list[NewDetermination]:
    """Compare each with the power in force once more: it may be another than on the day of the run."""
    begins = {one.contract_id: _begins(coming[one.contract_id], today) for one in some}
    powers = await power_runs.powers(tx, begins, today)
    return [
        NewDetermination(
            DeterminationId(uuid4()),
            one.point_id,
            one.contract_id,
            one.findings(),
            core.held_against(one.measured_kw, powers.get(one.contract_id), begins[one.contract_id], one.method),
            _rests_on(one),
            one.network_sum_kw,
            by,
        )
        for one in some
    ]


def _begins(coming: core.Coming | None, today: date) -> date:
    return coming.begins if coming else core.begins_on(today, None)


def _rests_on(one: StoredProposal) -> RestsOn:
    return RestsOn(one.period_from, one.period_to, one.input_revision, one.revision_sum, one.weather_of_period)


async def _put_in_force(tx: Transaction, made: Sequence[NewDetermination], today: date) -> None:
    """Keep determinations, and set the powers of those contracts for which anything is to come."""
    changed = {one.contract_id for one in made if one.outcome.decision is Decision.CHANGED}
    touched = changed | await proposals.with_coming_power(tx, [one.contract_id for one in made], today)
    before = await contracts.contract_events(tx, sorted(touched))
    await contracts.withdraw_measured_powers(tx, list(before), today)
    await determinations.add_all(tx, made)
    await set_coming_powers(tx, before, today)
