"""Determinations of subscription power: the days they are made from, and what came out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from psycopg.rows import class_row
from psycopg.types.json import Json
from pydantic import Field

from schemas.facilities import Category
from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import Activity, ContractId, DeterminationId, PointId
from services.common.postgres import Transaction
from services.contracts.core.determination import Findings, InForce, Made, Outcome
from services.contracts.core.measuring import Asked
from services.contracts.core.methods import utilisation_hours
from services.contracts.store.of_contracts import of_contracts
from services.heat.power_methods.decision import Decision

_ASKED = """
    SELECT point.station_id, facility.activity, facility.category
      FROM contracts.metering_point AS point JOIN contracts.facility USING (facility_id)
     WHERE point.point_id = %s
"""
_POWER_ON = """
    SELECT kw, method FROM contracts_v1.power_in_force
     WHERE contract_id = %s AND valid_from <= %s ORDER BY valid_from DESC LIMIT 1
"""
_PRICE_LIST_ON = """
    SELECT price_list_id FROM contracts.contract_term
     WHERE contract_id = %s AND valid_from <= %s ORDER BY valid_from DESC LIMIT 1
"""
_ADD = """
    INSERT INTO contracts.determination
           (determination_id, point_id, contract_id, winter, method, window_from, window_to, days, points,
            slope_kw_per_c, intercept_kw, r2, coverage, measured_kw, in_force_kw, decision, reason, effective_on,
            input_revision, input_sha256, period_from, period_to, revision_sum, weather_of_period, network_sum_kw,
            approved_by)
    VALUES (%(determination_id)s, %(point_id)s, %(contract_id)s, %(winter)s, %(method)s, %(window_from)s,
            %(window_to)s, %(days)s, %(points)s, %(slope_kw_per_c)s, %(intercept_kw)s, %(r2)s, %(coverage)s,
            %(measured_kw)s, %(in_force_kw)s, %(decision)s, %(reason)s, %(effective_on)s, %(input_revision)s,
            %(input_sha256)s, %(period_from)s, %(period_to)s, %(revision_sum)s, %(weather_of_period)s,
            %(network_sum_kw)s, %(approved_by)s)
"""
_LOOKED_AT_AGAIN = """
    UPDATE contracts.determination SET revision_sum = %s, weather_of_period = %s WHERE determination_id = %s
"""
# A winter that measured nothing holds nothing.
_RECORD = """
    SELECT determination.determination_id, point.number AS metering_point, contract.contract_number,
           determination.winter, determination.method, determination.reason, determination.window_from,
           determination.window_to, determination.days, determination.points, determination.slope_kw_per_c,
           determination.intercept_kw, determination.r2, determination.coverage, determination.measured_kw,
           determination.in_force_kw, determination.decision, power.kw, determination.effective_on,
           newer.winter AS newer_winter, determination.determined_at, determination.approved_by,
           CASE WHEN determination.method <> 'yearly_energy'
                THEN round(100 * coalesce(determination.measured_kw, determination.in_force_kw)
                           / nullif(determination.network_sum_kw, 0), 4) END AS share_percent
      FROM contracts.determination
      JOIN contracts.contract USING (contract_id)
      JOIN contracts.metering_point AS point ON point.point_id = determination.point_id
      LEFT JOIN contracts.power_in_force AS power USING (determination_id)
      LEFT JOIN LATERAL (
           SELECT max(newest.winter) AS winter
             FROM (SELECT DISTINCT ON (later.winter) later.winter, later.measured_kw
                     FROM contracts.determination AS later
                    WHERE later.contract_id = determination.contract_id AND later.winter > determination.winter
                    ORDER BY later.winter, later.determined_at DESC) AS newest
            WHERE newest.measured_kw IS NOT NULL) AS newer ON true
"""
_BY_ID = _RECORD + " WHERE determination.determination_id = %s"
# An older one is not asked: what it set was taken back by the one that came after it.
_NEWEST_WHERE_SAME = """
    SELECT newest.determination_id
      FROM (SELECT determination_id, method, input_sha256 FROM contracts.determination
             WHERE contract_id = %s AND winter = %s ORDER BY determined_at DESC LIMIT 1) AS newest
     WHERE newest.method = %s AND newest.input_sha256 = %s
"""
_NEWEST_OF_EACH_WINTER = """
    SELECT DISTINCT ON (contract_id, winter)
           contract_id, determination_id, winter, method, measured_kw, in_force_kw, effective_on
      FROM contracts.determination
     WHERE contract_id = ANY(%s)
     ORDER BY contract_id, winter, determined_at DESC
"""
# Its own measured power is to be held against the powers of the others.
_OTHERS_OF_NETWORK = """
    SELECT coalesce(sum(power.kw), 0)
      FROM contracts.metering_point AS own
      JOIN contracts.facility AS own_facility USING (facility_id)
      JOIN contracts.facility AS facility ON facility.network_id = own_facility.network_id
      JOIN contracts.metering_point AS point ON point.facility_id = facility.facility_id AND point.medium = own.medium
      JOIN contracts.contract ON contract.point_id = point.point_id
       AND daterange(contract.valid_from, contract.valid_to) @> %(today)s::date
     CROSS JOIN LATERAL (
           SELECT counts.kw, counts.method FROM contracts.power_in_force AS counts
            WHERE counts.contract_id = contract.contract_id AND counts.valid_from <= %(today)s
            ORDER BY counts.valid_from DESC, counts.determination_id IS NULL, counts.recorded_at DESC LIMIT 1) AS power
     WHERE own.point_id = %(point_id)s AND contract.contract_id <> %(contract_id)s
       AND power.method NOT IN ('entered_energy', 'yearly_energy')
"""
_OF_POINT = _RECORD + " WHERE point.number = %s ORDER BY determination.determined_at DESC LIMIT %s"
MOST_LISTED = 100


class RestsOn(NamedTuple):
    """The days that a method took, the last one included, and the revisions of what it rests on.

    weather_of_period: whether they are of the temperatures of all these days, or of the measuring period's alone.
    """

    period_from: date
    period_to: date
    newest_revision: int
    revision_sum: int | Decimal
    weather_of_period: bool


class NewDetermination(NamedTuple):
    """A determination to be kept; approved_by: None where it was asked for."""

    determination_id: DeterminationId
    point_id: PointId
    contract_id: ContractId
    findings: Findings
    outcome: Outcome
    rests_on: RestsOn
    network_sum_kw: Decimal | None
    approved_by: str | None = None


class Determination(Findings):
    """A determination as it is stored and shown. kw is set where it changed the power in force.

    newer_winter: the newest winter that measured a power after this one, and holds whatever this one decided.
    approved_by: who approved it; None where it was determined on demand. share_percent: of its network's sum.
    """

    determination_id: DeterminationId
    metering_point: str
    contract_number: str
    in_force_kw: Decimal | None
    decision: Decision
    kw: Decimal | None
    effective_on: date | None
    newer_winter: str | None
    determined_at: datetime = Field(description="when the power was determined")
    approved_by: str | None
    share_percent: Decimal | None


async def asked(tx: Transaction, point_id: PointId, method: PowerMethod, price_list: PriceList | None = None) -> Asked:
    """Give what a metering point is measured by; price_list: whose hours count for a category. Raises LookupError."""
    row = await (await tx.execute(_ASKED, [point_id])).fetchone()
    if row is None:
        raise LookupError(f"metering point {point_id} is gone")
    return Asked(point_id, row[0], Activity(row[1]), method, utilisation_hours(price_list, Category(row[2])))


async def power_on(tx: Transaction, contract_id: ContractId, day: date) -> InForce | None:
    """Give the power or yearly energy that is in force for a contract on a day, if any."""
    row = await (await tx.execute(_POWER_ON, [contract_id, day])).fetchone()
    return None if row is None else InForce(*row)


async def price_list_on(tx: Transaction, contract_id: ContractId, day: date) -> str | None:
    """Name the price list that counts for a contract on a day, if any."""
    row = await (await tx.execute(_PRICE_LIST_ON, [contract_id, day])).fetchone()
    return None if row is None else str(row[0])


async def same(tx: Transaction, contract_id: ContractId, findings: Findings) -> DeterminationId | None:
    """Find a contract's newest determination of a winter where it found the very same; None where it did not."""
    values = [contract_id, findings.winter, findings.method.value, findings.sha256]
    row = await (await tx.execute(_NEWEST_WHERE_SAME, values)).fetchone()
    return None if row is None else DeterminationId(row[0])


async def newest_of_each_winter(tx: Transaction, ids: Sequence[ContractId]) -> dict[ContractId, list[Made]]:
    """Give what the newest determination of each winter of contracts says."""
    rows = await of_contracts(tx, _NEWEST_OF_EACH_WINTER, ids)
    return {one: [Made(**winter) for winter in winters] for one, winters in rows.items()}


async def others_of_network(tx: Transaction, point_id: PointId, contract_id: ContractId, today: date) -> Decimal:
    """Give the sum of the powers in force of all other contracts in a metering point's network, of its medium."""
    values = {"point_id": point_id, "contract_id": contract_id, "today": today}
    row = await (await tx.execute(_OTHERS_OF_NETWORK, values)).fetchone()
    return Decimal(0) if row is None else row[0]


async def add_all(tx: Transaction, made: Iterable[NewDetermination]) -> None:
    """Keep determinations with their data, lines and decisions."""
    async with tx.cursor() as cursor:
        await cursor.executemany(_ADD, [_row(one) for one in made])


async def looked_at_again(tx: Transaction, found: Mapping[DeterminationId, RestsOn]) -> None:
    """Note that determinations were found to say the same of days with these revisions."""
    rows = [(Decimal(rests.revision_sum), rests.weather_of_period, one) for one, rests in found.items()]
    async with tx.cursor() as cursor:
        await cursor.executemany(_LOOKED_AT_AGAIN, rows)


def _row(made: NewDetermination) -> dict[str, object]:
    findings, rests_on = made.findings, made.rests_on
    return findings.model_dump() | {
        "determination_id": made.determination_id,
        "point_id": made.point_id,
        "contract_id": made.contract_id,
        "points": Json([point.model_dump(mode="json") for point in findings.points]),
        "decision": made.outcome.decision,
        "in_force_kw": made.outcome.in_force_kw,
        "effective_on": made.outcome.effective_on,
        "input_revision": rests_on.newest_revision,
        "input_sha256": findings.sha256,
        "period_from": rests_on.period_from,
        "period_to": rests_on.period_to,
        "revision_sum": rests_on.revision_sum,
        "weather_of_period": rests_on.weather_of_period,
        "network_sum_kw": made.network_sum_kw,
        "approved_by": made.approved_by,
    }


async def determination(tx: Transaction, determination_id: DeterminationId) -> Determination:
    """Give one determination. Raises LookupError."""
    async with tx.cursor(row_factory=class_row(Determination)) as cursor:
        found = await (await cursor.execute(_BY_ID, [determination_id])).fetchone()
    if found is None:
        raise LookupError(f"determination {determination_id} is not there")
    return found


async def determinations(tx: Transaction, metering_point: str) -> list[Determination]:
    """Give a metering point's newest determinations, newest first, at most 100."""
    async with tx.cursor(row_factory=class_row(Determination)) as cursor:
        return await (await cursor.execute(_OF_POINT, [metering_point, MOST_LISTED])).fetchall()
