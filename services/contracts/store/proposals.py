"""Proposals of yearly runs: listed, taken for approval, and what became of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from pydantic import BaseModel

from schemas.values import ContractId, DeterminationId, PointId
from services.common.postgres import Transaction
from services.contracts.core.proposals import StoredProposal
from services.heat.power_methods.decision import Decision

_LISTED = """
    SELECT point.number AS metering_point, contract.contract_number, proposal.method, proposal.reason,
           proposal.window_from, proposal.window_to, proposal.coverage, proposal.r2, proposal.measured_kw,
           proposal.in_force_kw, proposal.decision, proposal.kw, proposal.effective_on, proposal.state,
           proposal.approved_by, proposal.approved_at, proposal.determination_id,
           CASE WHEN proposal.method <> 'yearly_energy'
                THEN round(100 * coalesce(proposal.measured_kw, proposal.in_force_kw) / nullif(network.sum_kw, 0), 4)
                END AS share_percent
      FROM contracts.power_proposal AS proposal
      JOIN contracts.metering_point AS point USING (point_id)
      JOIN contracts.contract USING (contract_id)
      LEFT JOIN contracts.power_run_network AS network
             ON network.run_id = proposal.run_id AND network.network_id = proposal.network_id
            AND network.medium = proposal.medium
     WHERE proposal.run_id = %(run_id)s AND point.number > %(after)s
       AND (%(decision)s::text IS NULL OR proposal.decision = %(decision)s)
     ORDER BY point.number
     LIMIT %(limit)s
"""
_TAKE = """
    SELECT proposal.point_id, proposal.contract_id, run.winter, proposal.method, proposal.reason, proposal.period_from,
           proposal.period_to, proposal.window_from, proposal.window_to, proposal.points, proposal.slope_kw_per_c,
           proposal.intercept_kw, proposal.r2, proposal.coverage, proposal.measured_kw, proposal.input_revision,
           proposal.revision_sum, proposal.weather_of_period, network.sum_kw
      FROM contracts.power_proposal AS proposal
      JOIN contracts.power_run AS run USING (run_id)
      JOIN contracts.power_run_network AS network USING (run_id, network_id, medium)
     WHERE proposal.run_id = %(run_id)s AND proposal.state = 'proposed'
       AND (%(points)s::int[] IS NULL OR proposal.point_id = ANY(%(points)s))
     ORDER BY proposal.point_id
     LIMIT %(limit)s
       FOR UPDATE OF proposal
"""
_POINT_IDS = "SELECT number, point_id FROM contracts.metering_point WHERE number = ANY(%s)"
# Locked, so that nobody ends one of them meanwhile.
_IN_FORCE = """
    SELECT contract.contract_id,
           (SELECT term.price_list_id FROM contracts.contract_term AS term
             WHERE term.contract_id = contract.contract_id AND term.valid_from <= %(today)s
             ORDER BY term.valid_from DESC LIMIT 1)
      FROM contracts.contract
     WHERE contract.contract_id = ANY(%(contracts)s)
       AND daterange(contract.valid_from, contract.valid_to) @> %(today)s::date
     ORDER BY contract.contract_id
       FOR UPDATE
"""
_NEWEST = """
    SELECT DISTINCT ON (contract_id) contract_id, determination_id, method, input_sha256
      FROM contracts.determination
     WHERE contract_id = ANY(%s) AND winter = %s
     ORDER BY contract_id, determined_at DESC
"""
_WITH_COMING_POWER = """
    SELECT DISTINCT contract_id FROM contracts.determination WHERE contract_id = ANY(%s) AND effective_on > %s
"""
_APPROVE = """
    UPDATE contracts.power_proposal AS proposal
       SET state = CASE WHEN became.determination_id IS NULL THEN 'lapsed' ELSE 'approved' END,
           approved_by = %(by)s, approved_at = clock_timestamp(), determination_id = became.determination_id
      FROM unnest(%(points)s::int[], %(determinations)s::uuid[]) AS became(point_id, determination_id)
     WHERE proposal.run_id = %(run_id)s AND proposal.point_id = became.point_id
"""


class ListedProposal(BaseModel):
    """A proposal as an economist sees it; share_percent: of its network's sum, once the run is finished."""

    metering_point: str
    contract_number: str
    method: str
    reason: str | None
    window_from: date | None
    window_to: date | None
    coverage: float | None
    r2: float | None
    measured_kw: Decimal | None
    in_force_kw: Decimal | None
    decision: Decision
    kw: Decimal | None
    effective_on: date | None
    share_percent: Decimal | None
    state: str
    approved_by: str | None
    approved_at: datetime | None
    determination_id: DeterminationId | None


async def listed(
    tx: Transaction, run_id: UUID, decision: Decision | None, after: str, limit: int
) -> list[ListedProposal]:
    """Give a run's proposals by metering point, from the one after `after` on."""
    values = {"run_id": run_id, "decision": decision and decision.value, "after": after, "limit": limit}
    async with tx.cursor(row_factory=class_row(ListedProposal)) as cursor:
        return await (await cursor.execute(_LISTED, values)).fetchall()


async def take(tx: Transaction, run_id: UUID, points: Sequence[PointId] | None, limit: int) -> list[StoredProposal]:
    """Take proposals that wait for approval and lock them; points: None for all."""
    values: dict[str, Any] = {"run_id": run_id, "points": None if points is None else list(points), "limit": limit}
    return [StoredProposal(*row) for row in await (await tx.execute(_TAKE, values)).fetchall()]


async def point_ids(tx: Transaction, numbers: Sequence[str]) -> dict[str, PointId]:
    """Find metering points by their numbers."""
    return dict(await (await tx.execute(_POINT_IDS, [list(numbers)])).fetchall())


async def in_force(tx: Transaction, contracts: Sequence[ContractId], today: date) -> dict[ContractId, str | None]:
    """Give those of the contracts that count today, locked, with their price lists."""
    values = {"contracts": list(contracts), "today": today}
    return dict(await (await tx.execute(_IN_FORCE, values)).fetchall())


async def newest(
    tx: Transaction, contracts: Sequence[ContractId], winter: str
) -> dict[ContractId, tuple[DeterminationId, str, bytes]]:
    """Give each contract's newest determination of a winter: its method and digest."""
    rows = await (await tx.execute(_NEWEST, [list(contracts), winter])).fetchall()
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def with_coming_power(tx: Transaction, contracts: Sequence[ContractId], today: date) -> set[ContractId]:
    """Give those of the contracts to which a winter has set a power for days to come, or would."""
    return {row[0] for row in await (await tx.execute(_WITH_COMING_POWER, [list(contracts), today])).fetchall()}


async def approve(tx: Transaction, run_id: UUID, by: str, became: Mapping[PointId, DeterminationId | None]) -> None:
    """Note what proposals became; those without a determination have lapsed."""
    values = {"run_id": run_id, "by": by, "points": list(became), "determinations": list(became.values())}
    await tx.execute(_APPROVE, values)
