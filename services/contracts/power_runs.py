"""The yearly run: every contract's power measured, batch by batch, and kept as a proposal."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from itertools import chain

from psycopg import OperationalError

from services.common import logs, metrics
from services.common.health import Progress
from services.common.postgres import Database, Transaction
from services.contracts import measuring
from services.contracts.core import determination as core
from services.contracts.core.methods import newest_period
from services.contracts.core.preview import Preview
from services.contracts.core.proposals import LeftOut, Proposal, RunContract, to_measure
from services.contracts.core.winters import last_whole_winter
from services.contracts.store import power_runs, price_lists

log = logs.get_logger()

JOB = "power_run"
"""By this name a run that fails is alarmed on."""

LOOK_EVERY_S = 1.0
AGAIN_AFTER_S = 30.0
"""So long a run that failed waits before it is tried again."""


async def work(database: Database, at_once: int, pulse: Progress, stop: asyncio.Event) -> None:
    """Go on with unfinished runs until told to stop.

    Each batch is a transaction of its own that also notes how far the run has come: a process that dies leaves what
    is stored, and whoever goes on begins behind it. So a run ends in the same proposals, however often it broke off.
    """
    while not stop.is_set():
        pulse.beat()
        pause_s = await _one_batch(database, at_once)
        if pause_s:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)


async def _one_batch(database: Database, at_once: int) -> float:
    """Give how long to wait before the next one."""
    try:
        async with database.transaction() as tx:
            has_more = await go_on(tx, at_once)
    except OperationalError:
        raise
    except Exception as failure:  # A run that fails must not take the service with it.
        log.exception("power_run_failed")
        async with database.transaction() as tx:
            await power_runs.fail(tx, f"{type(failure).__name__}: {failure}")
        metrics.JOB_FAILED.labels(JOB).set(1)
        return AGAIN_AFTER_S
    metrics.JOB_FAILED.labels(JOB).set(0)
    return 0 if has_more else LOOK_EVERY_S


async def go_on(tx: Transaction, at_once: int) -> bool:
    """Measure the next batch of the oldest unfinished run; gives whether there was one."""
    taken = await power_runs.take(tx)
    if taken is None:
        return False
    contracts = await power_runs.contracts_after(tx, taken.asked_on, taken.reached, at_once)
    if not contracts:
        await power_runs.finish(tx, taken)
        log.info("power_run_finished", winter=taken.winter, asked_on=taken.asked_on.isoformat())
        return True
    proposals, left_out = await propose(tx, contracts, taken.winter, taken.asked_on)
    await power_runs.add(tx, taken, proposals)
    await power_runs.advance(tx, taken, contracts, left_out)
    return True


async def preview(database: Database, day: date, at_once: int) -> Preview:
    """Measure every contract as a run of a day would, and store nothing; what changes is listed."""
    winter, reached = last_whole_winter(day), 0
    seen = Preview(winter)
    while True:
        async with database.transaction() as tx:
            contracts = await power_runs.contracts_after(tx, day, reached, at_once)
            if not contracts:
                return seen
            seen.take(*await propose(tx, contracts, winter, day))
        reached = contracts[-1].point_id


async def propose(
    tx: Transaction, contracts: Sequence[RunContract], winter: str, day: date
) -> tuple[list[Proposal], list[LeftOut]]:
    """Measure contracts as a run of a day does, and compare each with the power in force."""
    lists = await lists_on(tx, {one.price_list_id for one in contracts if one.price_list_id}, day)
    versions = {price_list_id: one.price_list for price_list_id, one in lists.items()}
    by_method, left_out = to_measure(contracts, versions, winter, day)
    begins = {one.contract_id: lists[one.price_list_id or ""].begins for one in chain.from_iterable(by_method.values())}
    powers = await power_runs.powers(tx, begins, day)
    found = []
    for method, some in by_method.items():
        _, period = newest_period(method, day)
        asked = [one.asked(method, versions.get(one.price_list_id or "")) for one in some]
        measured = await measuring.measured(tx, asked, period)
        for one in some:
            mine, in_force = measured[one.point_id], powers.get(one.contract_id)
            outcome = core.held_against(mine.measurement.measured_kw, in_force, begins[one.contract_id], method)
            found.append(Proposal(one, method, mine, outcome))
    return found, left_out


async def lists_on(tx: Transaction, price_list_ids: Iterable[str], day: date) -> dict[str, core.Coming]:
    """Give price lists as they count when changes of a day would, without those that do not count yet."""
    events = await price_lists.price_list_events(tx, sorted(price_list_ids))
    found = {price_list_id: core.coming_list(event, day) for price_list_id, event in events.items()}
    return {price_list_id: one for price_list_id, one in found.items() if one}
