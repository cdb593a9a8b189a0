"""Determinations of subscription power: the days they are made from, and what came out."""

from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

from psycopg.rows import class_row
from psycopg.types.json import Json
from pydantic import Field

from schemas.values import Activity, ContractId, DeterminationId, PointId
from services.common.postgres import Transaction
from services.contracts.core.determination import Findings, Made, Outcome, WinterDays
from services.heat.local_time import EPOCH
from services.heat.power_methods.decision import Decision

_ACTIVITY = """
    SELECT facility.activity
      FROM contracts.metering_point JOIN contracts.facility USING (facility_id)
     WHERE point_id = %s
"""
_HIGHEST_HOURS = """
    SELECT day.day, day.maximum_hour_wh, day.revision
      FROM ingest_v1.day AS day
     WHERE day.point_id = %s AND day.day >= %s AND day.day < %s
       AND day.hours_measured = day.hours_expected AND day.maximum_hour_wh IS NOT NULL
"""
_DAILY_MEANS = """
    SELECT daily.day, daily.mean_c, daily.revision
      FROM ingest_v1.daily_temperature AS daily
     WHERE daily.station_id = %s AND daily.day >= %s AND daily.day < %s AND daily.mean_c IS NOT NULL
"""
_POWER_ON = """
    SELECT kw FROM contracts_v1.power_in_force
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
            input_revision, input_sha256)
    VALUES (%(determination_id)s, %(point_id)s, %(contract_id)s, %(winter)s, %(method)s, %(window_from)s,
            %(window_to)s, %(days)s, %(points)s, %(slope_kw_per_c)s, %(intercept_kw)s, %(r2)s, %(coverage)s,
            %(measured_kw)s, %(in_force_kw)s, %(decision)s, %(reason)s, %(effective_on)s, %(input_revision)s,
            %(input_sha256)s)
"""
# A winter that measured nothing holds nothing.
_RECORD = """
    SELECT determination.determination_id, point.number AS metering_point, contract.contract_number,
           determination.winter, determination.method, determination.reason, determination.window_from,
           determination.window_to, determination.days, determination.points, determination.slope_kw_per_c,
           determination.intercept_kw, determination.r2, determination.coverage, determination.measured_kw,
           determination.in_force_kw, determination.decision, power.kw, determination.effective_on,
           newer.winter AS newer_winter, determination.determined_at
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
    SELECT DISTINCT ON (winter) determination_id, winter, method, measured_kw, in_force_kw, effective_on
      FROM contracts.determination
     WHERE contract_id = %s
     ORDER BY winter, determined_at DESC
"""
_OF_POINT = _RECORD + " WHERE point.number = %s ORDER BY determination.determined_at DESC LIMIT %s"
_POINTS_WITHOUT = """
    SELECT point.number
      FROM contracts.metering_point AS point
      JOIN contracts.contract ON contract.point_id = point.point_id
       AND daterange(contract.valid_from, contract.valid_to) @> %(today)s::date
     WHERE point.point_id > coalesce(
               (SELECT point_id FROM contracts.metering_point WHERE number = %(after)s), 0)
       AND NOT EXISTS (SELECT FROM contracts.determination
                        WHERE determination.contract_id = contract.contract_id
                          AND determination.winter = %(winter)s)
     ORDER BY point.point_id
     LIMIT %(limit)s
"""
MOST_LISTED = 100


class Determination(Findings):
    """A determination as it is stored and shown. kw is set where it changed the power in force.

    newer_winter: the newest winter that measured a power after this one, and holds whatever this one decided.
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


async def activity(tx: Transaction, point_id: PointId) -> Activity:
    """Give the activity of a metering point's facility."""
    row = await (await tx.execute(_ACTIVITY, [point_id])).fetchone()
    if row is None:
        raise LookupError(f"metering point {point_id} is gone")
    return Activity(row[0])


async def winter_days(tx: Transaction, point_id: PointId, station_id: str | None, first: date, end: date) -> WinterDays:
    """Read the complete days of measured hours and the daily mean temperatures from `first` up to `end`."""
    highest = await (await tx.execute(_HIGHEST_HOURS, [point_id, first, end])).fetchall()
    means = await (await tx.execute(_DAILY_MEANS, [station_id, first, end])).fetchall()
    return WinterDays(
        highest_wh={(day - EPOCH).days: wh for day, wh, _ in highest},
        mean_c={(day - EPOCH).days: celsius for day, celsius, _ in means},
        revision=max((revision for *_, revision in [*highest, *means]), default=0),
    )


async def power_on(tx: Transaction, contract_id: ContractId, day: date) -> Decimal | None:
    """Give the power that is in force for a contract on a day, if any."""
    row = await (await tx.execute(_POWER_ON, [contract_id, day])).fetchone()
    return None if row is None else row[0]


async def price_list_on(tx: Transaction, contract_id: ContractId, day: date) -> str | None:
    """Name the price list that counts for a contract on a day, if any."""
    row = await (await tx.execute(_PRICE_LIST_ON, [contract_id, day])).fetchone()
    return None if row is None else str(row[0])


async def same(tx: Transaction, contract_id: ContractId, findings: Findings) -> DeterminationId | None:
    """Find a contract's newest determination of a winter where it found the very same; None where it did not."""
    values = [contract_id, findings.winter, findings.method.value, findings.sha256]
    row = await (await tx.execute(_NEWEST_WHERE_SAME, values)).fetchone()
    return None if row is None else DeterminationId(row[0])


async def newest_of_each_winter(tx: Transaction, contract_id: ContractId) -> list[Made]:
    """Give what the newest determination of each of a contract's winters says."""
    async with tx.cursor(row_factory=class_row(Made)) as cursor:
        return await (await cursor.execute(_NEWEST_OF_EACH_WINTER, [contract_id])).fetchall()


async def add(
    tx: Transaction,
    point_id: PointId,
    contract_id: ContractId,
    findings: Findings,
    outcome: Outcome,
    input_revision: int,
) -> DeterminationId:
    """Keep a determination with its data, line and decision."""
    determination_id = DeterminationId(uuid4())
    values = findings.model_dump() | {
        "determination_id": determination_id,
        "point_id": point_id,
        "contract_id": contract_id,
        "points": Json([point.model_dump(mode="json") for point in findings.points]),
        "decision": outcome.decision,
        "in_force_kw": outcome.in_force_kw,
        "effective_on": outcome.effective_on,
        "input_revision": input_revision,
        "input_sha256": findings.sha256,
    }
    await tx.execute(_ADD, values)
    return determination_id


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


async def points_without(tx: Transaction, winter: str, today: date, after: str, limit: int) -> list[str]:
    """Name metering points with a contract but no determination of a winter, from the one after `after` on."""
    values = {"winter": winter, "today": today, "after": after, "limit": limit}
    return [row[0] for row in await (await tx.execute(_POINTS_WITHOUT, values)).fetchall()]
