"""Yearly runs: how far each has come, and what it has measured."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Json
from pydantic import BaseModel

from schemas.facilities import Category
from schemas.values import Activity, ContractId
from services.common.postgres import Transaction
from services.contracts.core.determination import InForce
from services.contracts.core.proposals import LeftOut, Proposal, RunContract, looked_at, octets_of

_BEGIN = """
    INSERT INTO contracts.power_run (run_id, asked_on, winter, contracts)
    SELECT %(run_id)s, %(asked_on)s, %(winter)s, count(*)
      FROM contracts.contract WHERE daterange(valid_from, valid_to) @> %(asked_on)s::date
        ON CONFLICT (asked_on) DO NOTHING
"""
_RUN = """
    SELECT run_id, asked_on, winter, contracts, done, left_out, begun_at, finished_at, error
      FROM contracts.power_run
"""
_ON_DAY = _RUN + " WHERE asked_on = %s"
_BY_ID = _RUN + " WHERE run_id = %s"
_ALL = _RUN + " ORDER BY asked_on DESC LIMIT 100"
_OF_WINTER = "SELECT EXISTS (SELECT FROM contracts.power_run WHERE winter = %s)"
_COUNTS = """
    SELECT decision, state, count(*) FROM contracts.power_proposal WHERE run_id = %s GROUP BY decision, state
"""
# Whoever else works at runs takes another one, or none.
_TAKE = """
    SELECT run_id, asked_on, winter, reached, left_out FROM contracts.power_run
     WHERE finished_at IS NULL ORDER BY asked_on LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_CONTRACTS = """
    SELECT contract.contract_id, contract.contract_number, contract.point_id, point.number, facility.network_id,
           point.medium, point.station_id, facility.activity, facility.category,
           (SELECT term.price_list_id FROM contracts.contract_term AS term
             WHERE term.contract_id = contract.contract_id AND term.valid_from <= %(day)s
             ORDER BY term.valid_from DESC LIMIT 1)
      FROM contracts.contract
      JOIN contracts.metering_point AS point USING (point_id)
      JOIN contracts.facility USING (facility_id)
     WHERE contract.point_id > %(after)s AND daterange(contract.valid_from, contract.valid_to) @> %(day)s::date
     ORDER BY contract.point_id
     LIMIT %(limit)s
"""
# A power that winters have set for days to come is not what the next one is held against.
_POWERS = """
    SELECT wanted.contract_id, power.kw, power.method
      FROM unnest(%(contracts)s::uuid[], %(begins)s::date[]) AS wanted(contract_id, begins)
     CROSS JOIN LATERAL (
           SELECT counts.kw, counts.method FROM contracts.power_in_force AS counts
            WHERE counts.contract_id = wanted.contract_id AND counts.valid_from <= wanted.begins
              AND (counts.determination_id IS NULL OR counts.valid_from <= %(today)s)
            ORDER BY counts.valid_from DESC, counts.determination_id IS NULL, counts.recorded_at DESC LIMIT 1) AS power
"""
_PROPOSE = """
    INSERT INTO contracts.power_proposal (
           run_id, point_id, contract_id, network_id, medium, method, reason, period_from, period_to, window_from,
           window_to, points, slope_kw_per_c, intercept_kw, r2, coverage, measured_kw, in_force_kw, decision, kw,
           effective_on, input_revision, revision_sum, weather_of_period)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
            true)
"""
_REPLACE = """
    UPDATE contracts.power_proposal AS earlier SET state = 'replaced'
      FROM contracts.power_run AS run
     WHERE run.run_id = earlier.run_id AND run.asked_on < %s AND earlier.state = 'proposed'
       AND earlier.contract_id = ANY(%s)
"""
_ADVANCE = """
    UPDATE contracts.power_run SET done = done + %s, reached = %s, left_out = %s, error = NULL WHERE run_id = %s
"""
_FAIL = """
    UPDATE contracts.power_run SET error = %s
     WHERE asked_on = (SELECT min(asked_on) FROM contracts.power_run WHERE finished_at IS NULL)
"""
_SUM_UP = """
    INSERT INTO contracts.power_run_network (run_id, network_id, medium, sum_kw)
    SELECT run_id, network_id, medium,
           coalesce(sum(coalesce(measured_kw, in_force_kw, 0)) FILTER (WHERE method <> 'yearly_energy'), 0)
      FROM contracts.power_proposal WHERE run_id = %s GROUP BY run_id, network_id, medium
"""
_FINISH = "UPDATE contracts.power_run SET finished_at = clock_timestamp(), error = NULL WHERE run_id = %s"


class Run(BaseModel):
    """A yearly run as it stands; left_out counts contracts that are not measured, by reason.

    error: what its newest batch failed with; it is tried again.
    """

    run_id: UUID
    asked_on: date
    winter: str
    contracts: int
    done: int
    left_out: dict[LeftOut, int]
    begun_at: datetime
    finished_at: datetime | None
    error: str | None


class Work(BaseModel):
    """A run that is taken to go on with: nobody else does meanwhile."""

    run_id: UUID
    asked_on: date
    winter: str
    reached: int
    left_out: dict[LeftOut, int]


async def begin(tx: Transaction, asked_on: date, winter: str) -> tuple[bool, Run]:
    """Begin the run of a day, unless there is one; gives whether it is new."""
    values = {"run_id": uuid4(), "asked_on": asked_on, "winter": winter}
    is_new = (await tx.execute(_BEGIN, values)).rowcount == 1
    async with tx.cursor(row_factory=class_row(Run)) as cursor:
        found = await (await cursor.execute(_ON_DAY, [asked_on])).fetchone()
    if found is None:
        raise LookupError(f"the run of {asked_on} is gone")
    return is_new, found


async def run(tx: Transaction, run_id: UUID) -> Run | None:
    """Give a run as it stands, None where there is none."""
    async with tx.cursor(row_factory=class_row(Run)) as cursor:
        return await (await cursor.execute(_BY_ID, [run_id])).fetchone()


async def runs(tx: Transaction) -> list[Run]:
    """Give the newest runs, newest first, at most 100."""
    async with tx.cursor(row_factory=class_row(Run)) as cursor:
        return await (await cursor.execute(_ALL)).fetchall()


async def is_begun(tx: Transaction, winter: str) -> bool:
    """Tell whether a winter has a run."""
    row = await (await tx.execute(_OF_WINTER, [winter])).fetchone()
    return bool(row and row[0])


async def counts(tx: Transaction, run_id: UUID) -> list[tuple[str, str, int]]:
    """Count a run's proposals by decision and state."""
    return [(row[0], row[1], row[2]) for row in await (await tx.execute(_COUNTS, [run_id])).fetchall()]


async def take(tx: Transaction) -> Work | None:
    """Take the oldest unfinished run and lock it; None where there is none, or somebody else has it."""
    async with tx.cursor(row_factory=class_row(Work)) as cursor:
        return await (await cursor.execute(_TAKE)).fetchone()


async def contracts_after(tx: Transaction, day: date, after: int, limit: int) -> list[RunContract]:
    """Give the contracts that count on a day, from the metering point after `after` on."""
    rows = await (await tx.execute(_CONTRACTS, {"day": day, "after": after, "limit": limit})).fetchall()
    return [RunContract._make([*row[:7], Activity(row[7]), Category(row[8]), row[9]]) for row in rows]


async def powers(tx: Transaction, begins: Mapping[ContractId, date], today: date) -> dict[ContractId, InForce]:
    """Give the power, or yearly energy, of each contract on a day of its own, without what winters set after today."""
    values = {"contracts": list(begins), "begins": list(begins.values()), "today": today}
    rows = await (await tx.execute(_POWERS, values)).fetchall()
    return {contract_id: InForce(*counts) for contract_id, *counts in rows}


async def add(tx: Transaction, work: Work, proposals: Iterable[Proposal]) -> None:
    """Store what was measured, in place of what earlier runs propose for the same contracts."""
    rows = [_row(work.run_id, one) for one in proposals]
    await tx.execute(_REPLACE, [work.asked_on, [row[2] for row in rows]])
    async with tx.cursor() as cursor:
        await cursor.executemany(_PROPOSE, rows)


async def advance(tx: Transaction, work: Work, contracts: Sequence[RunContract], left_out: Iterable[LeftOut]) -> None:
    """Note how far a run has come."""
    counted = Counter(work.left_out) + Counter(left_out)
    await tx.execute(_ADVANCE, [len(contracts), contracts[-1].point_id, Json(counted), work.run_id])


async def finish(tx: Transaction, work: Work) -> None:
    """Note that a run has measured all, and what its contracts' shares are shares of."""
    await tx.execute(_SUM_UP, [work.run_id])
    await tx.execute(_FINISH, [work.run_id])


async def fail(tx: Transaction, error: str) -> None:
    """Note what the run that is worked at failed with."""
    await tx.execute(_FAIL, [error])


def _row(run_id: UUID, proposal: Proposal) -> list[Any]:
    contract, measured, outcome = proposal.contract, proposal.measured, proposal.outcome
    found = measured.measurement
    window = found.period and looked_at(found.period)
    line = found.line
    return [
        *(run_id, contract.point_id, contract.contract_id, contract.network_id, contract.medium),
        *(proposal.method.value, found.reason and found.reason.value),
        *looked_at(measured.looked_at),
        *(window or (None, None)),
        octets_of(found.points),
        *((line.slope_kw_per_c, line.intercept_kw, line.r2) if line else (None, None, None)),
        *(found.coverage, found.measured_kw, outcome.in_force_kw, outcome.decision.value, outcome.kw),
        *(outcome.effective_on, measured.newest_revision, Decimal(measured.revision_sum)),
    ]
